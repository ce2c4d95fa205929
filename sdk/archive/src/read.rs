//! Reading an archive: form, hashes, signatures, in this order.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::{
    ArchiveError, COMPONENT, CORE_MODULE, MANIFEST, Manifest, SIGNATURES, SUMS, Signature, limits, signature, sums, tape,
};

/// SHA-256 in hexadecimal digits.
pub(crate) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// What names content for people: `sha256:` and 64 digits.
pub fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hash(bytes))
}

/// An archive whose form, hashes and signatures hold. Whether anybody trusts its signers is another question.
pub struct Archive {
    bytes: Vec<u8>,
    files: Vec<(String, Range<usize>)>,
    manifest: Manifest,
    sums: Range<usize>,
    signatures: Vec<Signature>,
}

impl Archive {
    /// Whether these bytes begin as an archive does.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"SHA256SUMS\0")
    }

    /// Reads an archive and checks all of it that can be checked without trusting anybody.
    ///
    /// # Errors
    /// The end of a sentence that says what is wrong and what to do.
    pub fn read(bytes: Vec<u8>) -> Result<Self, ArchiveError> {
        if bytes.len() as u64 > limits::ARCHIVE_BYTES {
            return Err(ArchiveError::Size(bytes.len() as u64));
        }
        let mut entries = tape::read(&bytes)?.into_iter().peekable();
        let first = entries.next().filter(|entry| entry.path == SUMS);
        let list = first
            .ok_or_else(|| ArchiveError::form("it doesn't begin with a list of hashes, so it isn't a plugin archive"))?
            .range;
        let (mut files, mut signed) = (Vec::new(), None);
        while let Some(entry) = entries.next() {
            if entry.path == SIGNATURES && entries.peek().is_none() {
                signed = Some(entry.range);
            } else if entry.path == SIGNATURES {
                return Err(ArchiveError::form("its signatures don't stand at its end; make it with `plantroom plugin pack`"));
            } else {
                files.push((entry.path, entry.range));
            }
        }
        if !files.is_sorted_by_key(|(path, _)| path) {
            return Err(ArchiveError::form("its files aren't in order; make it with `plantroom plugin pack`"));
        }
        let views: Vec<(&str, &[u8])> = files.iter().map(|(path, range)| (path.as_str(), &bytes[range.clone()])).collect();
        sums::check(&bytes[list.clone()], &views)?;
        let manifest = whole(&views)?;
        let signatures = match signed {
            Some(range) => signature::read(&bytes[range], &bytes[list.clone()])?,
            None => Vec::new(),
        };
        Ok(Self { bytes, files, manifest, sums: list, signatures })
    }

    /// A file in it.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        let (_, range) = self.files.iter().find(|(name, _)| name == path)?;
        self.bytes.get(range.clone())
    }

    /// Every file in it, by path, without the lists of hashes and signatures.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, range)| (path.as_str(), &self.bytes[range.clone()]))
    }

    /// The component.
    pub fn component(&self) -> &[u8] {
        self.file(COMPONENT).unwrap_or_default()
    }

    /// What it is and asks for.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Who has signed it; every signature is over this archive.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The digest of its list of hashes: the same whoever has signed it.
    pub fn digest(&self) -> String {
        digest_of(self.list())
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `NAME-VERSION.plantroom`.
    pub fn file_name(&self) -> String {
        self.manifest.file_name()
    }

    pub(crate) fn list(&self) -> &[u8] {
        &self.bytes[self.sums.clone()]
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive {} {} {}", self.manifest.name, self.manifest.version, self.digest())
    }
}

/// What every archive must have; and its manifest.
pub(crate) fn whole(files: &[(&str, &[u8])]) -> Result<Manifest, ArchiveError> {
    let find = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, bytes)| *bytes);
    let missing = |what: &str| ArchiveError::files(format!("{what} is missing in it; make it with `plantroom plugin pack`"));
    find(COMPONENT).ok_or_else(|| missing("the component (plugin.wasm)"))?;
    let text = find(MANIFEST).ok_or_else(|| missing("plugin.toml"))?;
    let is_text = |path: &&(&str, &[u8])| path.0 != COMPONENT && path.0 != CORE_MODULE;
    if !files.iter().filter(is_text).any(|(path, _)| path.starts_with("wit/")) {
        return Err(missing("the contract (wit/)"));
    }
    if !files.iter().any(|(path, _)| ["LICENSE", "LICENCE", "COPYING"].iter().any(|word| path.starts_with(word))) {
        return Err(missing("the licence"));
    }
    Manifest::parse(text).map_err(ArchiveError::Manifest)
}
