//! Why bytes are no archive, as a sentence's end: "the archive X can't be used: ...".

use crate::limits;

/// Why bytes are no archive. Each is the end of a sentence that names the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// It is larger than any archive.
    #[error("it has {0} bytes; an archive has at most {most}", most = limits::ARCHIVE_BYTES)]
    Size(u64),
    /// Its bytes aren't in the one form that archives have.
    #[error("{0}")]
    Form(String),
    /// A newer format.
    #[error("it is an archive of format {0}, and this Plantroom reads format 1; install a newer Plantroom")]
    Newer(String),
    /// A file in it isn't what its list of hashes says.
    #[error("`{0}` in it isn't what its list of hashes says: it was damaged or changed after it was packed; get it anew")]
    Hash(String),
    /// A file is missing, or is one too many.
    #[error("{0}")]
    Files(String),
    /// A signature in it isn't over this archive.
    #[error("{0}")]
    Signature(String),
    /// Its `plugin.toml` can't be used.
    #[error("its plugin.toml can't be used: {0}")]
    Manifest(String),
}

impl ArchiveError {
    pub(crate) fn form(sentence: impl Into<String>) -> Self {
        Self::Form(sentence.into())
    }

    pub(crate) fn files(sentence: impl Into<String>) -> Self {
        Self::Files(sentence.into())
    }

    pub(crate) fn signature(sentence: impl Into<String>) -> Self {
        Self::Signature(sentence.into())
    }
}
