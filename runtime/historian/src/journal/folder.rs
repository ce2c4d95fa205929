//! Names of the journal's files.

use std::path::{Path, PathBuf};

use plantroom_store::{Disk, StoreError};

/// Ending of a file that is being written, or waits to be sealed.
pub(crate) const TAIL: &str = "tail";
/// Ending of a file that never changes again.
pub(crate) const SEALED: &str = "sealed";

/// The path of a file.
pub(crate) fn path(folder: &Path, number: u64, ending: &str) -> PathBuf {
    folder.join(format!("{number:08}.{ending}"))
}

/// The files of a folder: their numbers, and whether they are sealed, oldest first. Of a number that is there twice, only the
/// sealed one: it got its name when it was whole.
pub(crate) fn files(disk: &dyn Disk, folder: &Path) -> Result<Vec<(u64, bool)>, StoreError> {
    let paths = match disk.list(folder) {
        Ok(paths) => paths,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(source) => {
            return Err(StoreError::Io { act: "read the folder of the alarm journal", path: folder.to_owned(), source });
        }
    };
    let mut files: Vec<(u64, bool)> = paths.iter().filter_map(|path| number(path)).collect();
    files.sort_by_key(|(number, sealed)| (*number, !sealed));
    files.dedup_by_key(|(number, _)| *number);
    Ok(files)
}

/// A path's number, and whether it is sealed; `None` of files that aren't the journal's.
pub(crate) fn number(path: &Path) -> Option<(u64, bool)> {
    let sealed = match path.extension()?.to_str()? {
        TAIL => false,
        SEALED => true,
        _ => return None,
    };
    let stem = path.file_stem()?.to_str()?;
    let is_ours = stem.len() >= 8 && stem.bytes().all(|byte| byte.is_ascii_digit());
    Some((if is_ours { stem.parse().ok()? } else { return None }, sealed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_store::{FaultyDisk, OpenMode};

    #[test]
    fn files_are_told_from_others_and_a_sealed_one_counts() {
        let disk = FaultyDisk::new(1);
        let folder = Path::new("journal");
        for name in ["00000002.tail", "00000001.tail", "00000001.sealed", "notes.txt", "1.tail", "00000003.tail.new"] {
            disk.open(&folder.join(name), OpenMode::Create).unwrap();
        }
        assert_eq!(files(&disk, folder).unwrap(), [(1, true), (2, false)]);
        assert_eq!(number(&path(folder, 123_456_789, SEALED)), Some((123_456_789, true)));
    }
}
