//! Compiled components, kept under a key that only this station has.
//!
//! An entry is `PRCWASM1`, an HMAC-SHA256 over its name and its code, and the code. Its name is the SHA-256 of
//! component and engine fingerprint, so a changed component, wasmtime or setting finds nothing. What does not check
//! out counts as absent and is compiled again: a torn write, a tampered file, a lost key cost time and nothing else.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempDir};

use crate::limits;

const MAGIC: &[u8; 8] = b"PRCWASM1";
const TAG_BYTES: usize = 32;
const HEADER_BYTES: usize = MAGIC.len() + TAG_BYTES;
const KEY_FILE: &str = "secret.key";
const WORKPLACE: &str = "compile-";

/// The folder of compiled components.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    key: [u8; 32],
}

impl Cache {
    /// Opens the folder, making it and its key where they are missing.
    pub fn open(dir: &Path) -> io::Result<Self> {
        make_private_dir(dir)?;
        remove_leftovers(dir)?;
        let key = read_key(&dir.join(KEY_FILE)).map_or_else(|| make_key(dir), Ok)?;
        Ok(Self { dir: dir.to_owned(), key })
    }

    /// The name under which a component's code is kept.
    pub fn name(component: &[u8], fingerprint: &[u8; 32]) -> String {
        let mut hash = Sha256::new();
        hash.update(Sha256::digest(component));
        hash.update(fingerprint);
        hex::encode(hash.finalize())
    }

    /// Code that this station compiled itself, if it has it.
    pub fn get(&self, name: &str) -> Option<Verified> {
        let file = File::open(self.dir.join(format!("{name}.cwasm"))).ok()?;
        let mut bytes = Vec::new();
        file.take(limits::COMPILED_BYTES + HEADER_BYTES as u64 + 1).read_to_end(&mut bytes).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let (tag, code) = rest.split_at_checked(TAG_BYTES)?;
        self.mac(name, code)?.verify_slice(tag).ok()?;
        Some(Verified { bytes, start: HEADER_BYTES })
    }

    /// Keeps code that was just compiled. A full disk only means that it is compiled again next time.
    pub fn put(&self, name: &str, code: &[u8]) -> io::Result<()> {
        let tag = self.mac(name, code).ok_or_else(|| io::Error::other("no key"))?.finalize().into_bytes();
        let mut file = NamedTempFile::new_in(&self.dir)?;
        file.write_all(MAGIC)?;
        file.write_all(&tag)?;
        file.write_all(code)?;
        file.persist(self.dir.join(format!("{name}.cwasm"))).map_err(|error| error.error)?;
        self.thin()
    }

    /// A private folder for one compilation; it goes when the value is dropped.
    pub fn workplace(&self) -> io::Result<TempDir> {
        tempfile::Builder::new().prefix(WORKPLACE).tempdir_in(&self.dir)
    }

    fn mac(&self, name: &str, code: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(name.as_bytes());
        mac.update(code);
        Some(mac)
    }

    /// Removes the entries that were written longest ago.
    fn thin(&self) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ext| ext == "cwasm") {
                entries.push((fs::metadata(&path)?.modified()?, path));
            }
        }
        entries.sort();
        for (_, path) in entries.iter().rev().skip(limits::CACHE_ENTRIES) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// Compiled code that this station produced: by its own compiler, or from the cache with a tag that checks out.
/// Whoever holds one may hand it to wasmtime.
#[derive(Debug)]
pub(crate) struct Verified {
    bytes: Vec<u8>,
    start: usize,
}

impl Verified {
    /// Code that the compiler has just returned.
    pub fn fresh(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    /// The code.
    pub fn code(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[cfg(unix)]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn make_private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}

/// Removes workplaces of compilations that a killed station left behind; never those of another process at work.
fn remove_leftovers(dir: &Path) -> io::Result<()> {
    // The age is told by the file system's own clock.
    let now = NamedTempFile::new_in(dir)?.as_file().metadata()?.modified()?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(WORKPLACE) {
            let old = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            let age = old.and_then(|old| now.duration_since(old).ok()).unwrap_or_default();
            if age.as_secs() > 2 * limits::COMPILE_S {
                fs::remove_dir_all(entry.path())?;
            }
        }
    }
    Ok(())
}

/// The key, unless someone else could have read it or made it.
fn read_key(path: &Path) -> Option<[u8; 32]> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let metadata = fs::metadata(path).ok()?;
        if metadata.permissions().mode() & 0o077 != 0 || metadata.uid() != rustix::process::geteuid().as_raw() {
            return None;
        }
    }
    fs::read(path).ok()?.try_into().ok()
}

fn make_key(dir: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
    // A temporary file is made with mode 0600, and renaming it keeps that.
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(&key)?;
    file.persist(dir.join(KEY_FILE)).map_err(|error| error.error)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tamper(change: impl Fn(&mut Vec<u8>)) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        cache.put("a", b"code").unwrap();
        let path = dir.path().join("a.cwasm");
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        cache.get("a").is_some_and(|found| found.code() == b"code")
    }

    #[test]
    fn only_untouched_entries_are_found() {
        assert!(tamper(|_| {}));
        for position in [0, 8, 39, 40, 43] {
            assert!(!tamper(|bytes| bytes[position] ^= 1), "byte {position}");
        }
        assert!(!tamper(|bytes| bytes.truncate(42)));
        assert!(!tamper(|bytes| bytes.truncate(3)));
        assert!(!tamper(|bytes| bytes.push(0)));
    }

    #[test]
    fn an_entry_under_another_name_is_not_found() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        cache.put("a", b"code").unwrap();
        fs::rename(dir.path().join("a.cwasm"), dir.path().join("b.cwasm")).unwrap();
        assert!(cache.get("b").is_none());
    }

    #[test]
    fn the_key_is_private_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        cache.put("a", b"code").unwrap();
        assert!(Cache::open(dir.path()).unwrap().get("a").is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = dir.path().join(KEY_FILE);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(Cache::open(dir.path()).unwrap().get("a").is_none(), "a key that others could read is not used again");
        }
    }

    #[test]
    fn the_cache_keeps_to_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        for number in 0..limits::CACHE_ENTRIES + 5 {
            cache.put(&format!("{number}"), b"code").unwrap();
        }
        let kept = fs::read_dir(dir.path()).unwrap().filter(|e| e.as_ref().unwrap().path().extension().is_some()).count();
        assert_eq!(kept, limits::CACHE_ENTRIES + 1, "all entries and the key");
    }
}
