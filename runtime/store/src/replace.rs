//! Small files that change as a whole or not at all.

use std::path::{Path, PathBuf};

use crate::{Disk, OpenMode, StoreError};

/// Replaces a file's whole content: afterwards, also after a crash at any moment, it holds the old bytes or the
/// new ones. The file is readable by its owner only. The folder must exist.
///
/// # Errors
/// When the disk does not take it; the old content is still there.
pub fn replace_file(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let temporary = beside(path, "new");
    let written = (|| {
        let mut file = disk.open(&temporary, OpenMode::Create)?;
        file.write_all_at(bytes, 0)?;
        file.sync()
    })();
    if let Err(error) = written {
        // A half-written file only takes up space; if it can't be removed either, the next call empties it.
        let _ = disk.remove(&temporary);
        return Err(StoreError::io("write a file", path, error));
    }
    disk.rename(&temporary, path).map_err(|error| StoreError::io("put a new file in the place of the old one", path, error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    disk.sync_folder(folder).map_err(|error| StoreError::io("make a new file durable", path, error))
}

/// A file's whole content, at most `limit` bytes; `None` where there is no such file.
///
/// # Errors
/// When it can't be read, or is longer than the limit.
pub fn read_file(disk: &dyn Disk, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let failed = |error| StoreError::io("read a file", path, error);
    let file = match disk.open(path, OpenMode::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let size = file.size().map_err(failed)?;
    if size > limit {
        return Err(failed(std::io::Error::other(format!("it has {size} bytes, more than the {limit} it can have"))));
    }
    let mut bytes = vec![0; size as usize];
    let got = file.read_full_at(&mut bytes, 0).map_err(failed)?;
    bytes.truncate(got);
    Ok(Some(bytes))
}

/// `users.json` and `new` to `users.json.new`.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultyDisk, RealDisk, Trouble};

    #[test]
    fn after_a_crash_at_any_step_the_file_is_old_or_new() {
        let path = Path::new("folder/users.json");
        for seed in 0..20 {
            for step in 0..12 {
                let disk = FaultyDisk::new(seed);
                replace_file(&disk, path, b"old").unwrap();
                disk.trouble_at(step, Trouble::Crash);
                let result = replace_file(&disk, path, b"newer");
                let after = disk.after_crash();
                let content = read_file(&after, path, 100).unwrap();
                match result {
                    Ok(()) => assert_eq!(content.as_deref(), Some(&b"newer"[..]), "step {step}"),
                    Err(_) => {
                        assert!(matches!(content.as_deref(), Some(b"old" | b"newer")), "step {step}: {content:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_full_disk_leaves_the_old_file() {
        let disk = FaultyDisk::new(1);
        let path = Path::new("folder/users.json");
        replace_file(&disk, path, b"old").unwrap();
        disk.set_capacity(Some(5));
        let error = replace_file(&disk, path, b"much longer").unwrap_err();
        assert!(error.is_full(), "{error}");
        assert_eq!(read_file(&disk, path, 100).unwrap().as_deref(), Some(&b"old"[..]));
    }

    #[test]
    fn a_real_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.json");
        replace_file(&RealDisk, &path, b"{}").unwrap();
        assert_eq!(read_file(&RealDisk, &path, 2).unwrap().as_deref(), Some(&b"{}"[..]));
        assert!(read_file(&RealDisk, &path, 1).is_err());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
