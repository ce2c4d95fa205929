//! Writing an archive.

use std::collections::BTreeMap;

use crate::read::whole;
use crate::{Archive, ArchiveError, Day, SIGNATURES, SUMS, SecretKey, Signature, Signer, limits, signature, sums, tape};

/// Makes an archive of these files, by path. The same files give the same bytes.
///
/// # Errors
/// When a file is missing, too large, or doesn't belong into an archive.
pub fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ArchiveError> {
    let views: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    if views.len() > limits::FILES {
        return Err(ArchiveError::files(format!("it holds more than {} files", limits::FILES)));
    }
    for (path, _) in &views {
        if [SUMS, SIGNATURES].contains(path) {
            return Err(ArchiveError::files(format!("`{path}` is made by packing; take it out")));
        }
        tape::check_path(path)?;
    }
    whole(&views)?;
    let bytes = assemble(&views, &[]);
    // What is written is read again with all checks: limits have one place.
    Archive::read(bytes.clone()).map(|_| bytes)
}

fn assemble(files: &[(&str, &[u8])], signatures: &[Signature]) -> Vec<u8> {
    let list = sums::render(files.iter().copied());
    let mut bytes = Vec::new();
    tape::push(&mut bytes, SUMS, list.as_bytes());
    files.iter().for_each(|(path, content)| tape::push(&mut bytes, path, content));
    if !signatures.is_empty() {
        tape::push(&mut bytes, SIGNATURES, signature::render(signatures).as_bytes());
    }
    tape::finish(&mut bytes);
    bytes
}

impl Archive {
    /// The same archive with one more signature. A key that has signed before, as the same signer, signs anew.
    ///
    /// # Errors
    /// When it has all the signatures that an archive can have.
    pub fn signed(&self, signer: Signer, day: Day, key: &SecretKey) -> Result<Vec<u8>, ArchiveError> {
        let mut signatures = self.signatures().to_vec();
        signatures.push(Signature::over(self.list(), signer, day, key));
        let files: Vec<(&str, &[u8])> = self.files().collect();
        let bytes = assemble(&files, &signatures);
        Self::read(bytes.clone()).map(|_| bytes)
    }

    /// The same archive without signatures.
    pub fn unsigned(&self) -> Vec<u8> {
        assemble(&self.files().collect::<Vec<_>>(), &[])
    }
}
