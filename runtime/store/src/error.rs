//! What can go wrong with a disk, in sentences.

use std::io;
use std::path::{Path, PathBuf};

/// Why bytes could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk is full: free some space on the disk that holds {}", .path.display())]
    Full {
        /// What was to be written.
        path: PathBuf,
    },
    /// The folder or file may not be written or read.
    #[error("can't {act}: not permitted, or read-only; give the station's user write access to {}", .path.display())]
    Denied {
        /// What was tried.
        act: &'static str,
        /// With what.
        path: PathBuf,
    },
    /// Any other trouble of the operating system.
    #[error("can't {act}: {source} ({})", .path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file isn't a log, or its first bytes are damaged.
    #[error("this is not a Plantroom log, or its first bytes are damaged; move it aside, a new one is made: {}", .path.display())]
    NotALog {
        /// The file.
        path: PathBuf,
    },
    /// The file comes from a newer Plantroom.
    #[error("this log has format version {version}, which is newer than this Plantroom; update it to read {}", .path.display())]
    Version {
        /// What the file says.
        version: u32,
        /// The file.
        path: PathBuf,
    },
    /// A record that is empty or too long.
    #[error("a record of {0} bytes can't be kept; 1 to {limit} are possible", limit = crate::RECORD_BYTES)]
    RecordLength(usize),
}

impl StoreError {
    /// Sorts what the system said.
    /// A system's refusal: what was to be done, with which file.
    pub fn io(act: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::Denied { act, path },
            _ => Self::Io { act, path, source },
        }
    }

    /// Whether space is what is missing: worth trying again after somebody has freed some.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// Whether the file does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
