//! Assets of projects in the cache folder of whoever runs the console, one file each, named by what it holds.
//!
//! Invariant: it never grows over [`MOST_BYTES`], and losing it costs one fetch.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use plantroom_wire::{Asset, ContentHash};

use crate::files::Shelf;

/// Everything that is kept together, in bytes; what was kept first goes first.
const MOST_BYTES: u64 = 64 << 20;

/// A folder with texts.
pub struct Folder {
    path: PathBuf,
    most_bytes: u64,
    /// Whether it was told that nothing can be kept.
    told: bool,
}

impl Folder {
    /// `plantroom/assets` in the person's cache folder, where there is one.
    pub fn of_user() -> Option<Self> {
        let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let caches =
            of("XDG_CACHE_HOME").or_else(|| of("LOCALAPPDATA")).or_else(|| of("HOME").map(|home| home.join(".cache")))?;
        Some(Self::at(caches.join("plantroom/assets"), MOST_BYTES))
    }

    fn at(path: PathBuf, most_bytes: u64) -> Self {
        Self { path, most_bytes, told: false }
    }

    fn write(&self, hash: &ContentHash, text: &str) -> std::io::Result<()> {
        make_private(&self.path)?;
        // Another console may write the same: each under a name of its own, and both put the same in its place.
        let draft = self.path.join(format!("{hash}.{}", std::process::id()));
        fs::write(&draft, text).and_then(|()| fs::rename(&draft, self.path.join(hash.to_string()))).inspect_err(|_| {
            let _ = fs::remove_file(&draft);
        })
    }

    /// Takes away what was kept first, until the rest fits; what the shown project needs stays as long as anything else can go.
    fn prune(&self, now: &[Asset]) -> std::io::Result<()> {
        let mut all: Vec<(bool, SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.path)?.flatten() {
            let Ok(facts) = entry.metadata() else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_needed = now.iter().any(|asset| asset.hash.to_string() == name);
            all.push((is_needed, facts.modified().unwrap_or(SystemTime::UNIX_EPOCH), facts.len(), entry.path()));
        }
        let mut bytes: u64 = all.iter().map(|(_, _, bytes, _)| bytes).sum();
        all.sort();
        for (_, _, own, path) in all {
            if bytes <= self.most_bytes {
                break;
            }
            fs::remove_file(path)?;
            bytes = bytes.saturating_sub(own);
        }
        Ok(())
    }
}

impl Shelf for Folder {
    fn find(&self, hash: &ContentHash) -> Option<String> {
        fs::read_to_string(self.path.join(hash.to_string())).ok()
    }

    fn keep(&mut self, hash: &ContentHash, text: &str, now: &[Asset]) {
        if text.len() as u64 > self.most_bytes {
            return;
        }
        if let Err(error) = self.write(hash, text).and_then(|()| self.prune(now))
            && !std::mem::replace(&mut self.told, true)
        {
            tracing::warn!("pictures and fonts can't be kept for the next start: {error}: {}", self.path.display());
        }
    }
}

/// Screens may show what isn't for everybody on this machine.
fn make_private(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut making = fs::DirBuilder::new();
    making.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut making, 0o700);
    making.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_there_for_the_next_and_the_folder_stays_small() {
        let place = tempfile::tempdir().unwrap();
        let at = || Folder::at(place.path().join("assets"), 1_000);
        let (text, hash) = ("A".repeat(400), ContentHash::of(&"A".repeat(400)));
        at().keep(&hash, &text, &[]);
        assert_eq!(at().find(&hash), Some(text.clone()));
        assert_eq!(at().find(&ContentHash::of("none")), None);
        let needed = [Asset { path: "images/a.svg".to_owned(), hash }];
        for turn in 0..20 {
            let text = format!("{turn}").repeat(150);
            at().keep(&ContentHash::of(&text), &text, &needed);
            let bytes: u64 =
                fs::read_dir(place.path().join("assets")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
            assert!(bytes <= 1_000, "{bytes} bytes");
        }
        assert_eq!(at().find(&hash), Some(text), "what is shown stays");
        let large = "L".repeat(1_001);
        at().keep(&ContentHash::of(&large), &large, &[]);
        assert_eq!(at().find(&ContentHash::of(&large)), None);
    }

    #[test]
    fn a_folder_that_can_not_be_written_costs_nothing() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("file"), "x").unwrap();
        let mut folder = Folder::at(place.path().join("file/assets"), 1_000);
        folder.keep(&ContentHash::of("A"), "A", &[]);
        assert_eq!(folder.find(&ContentHash::of("A")), None);
        assert!(folder.told);
    }
}
