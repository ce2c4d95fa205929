//! Why the journal can't be read, written or taken elsewhere, in sentences.

use std::path::PathBuf;

use plantroom_store::StoreError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file comes from a newer Plantroom.
    #[error(
        "this part of the alarm journal has format version {version}, which is newer than this Plantroom; update it to read {}",
        .path.display()
    )]
    Version {
        /// What the file says.
        version: u32,
        /// The file.
        path: PathBuf,
    },
    /// A thread of its own doesn't start.
    #[error("the journal's thread can't be started: {0}")]
    Thread(std::io::Error),
    /// An export could not be written.
    #[error("the export can't go on: {0}")]
    Export(String),
}
