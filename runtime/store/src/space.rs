//! How much room a disk has.

use std::io;
use std::path::Path;

/// Bytes that may still be written on the disk that holds a folder. May take long where that disk is on a network.
///
/// # Errors
/// What the system says; always where it isn't a Unix.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(folder)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_room_and_what_is_not_there_has_none_to_tell() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap() > 0);
        assert_eq!(free_bytes(&folder.path().join("gone")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
