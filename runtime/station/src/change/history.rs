//! What was changed, kept in the data folder: enough to show each change, and to go back before it.
//!
//! ```text
//! changes/files/SHA256   contents of project files, each once
//! changes/000001.json    one change: who, when, what it did, its text difference, all files before and after
//! changes/running.json   the project that runs: its files, and the change that brought it
//! changes/rollback.json  a rollback that is being written into the project folder
//! ```
//!
//! The crash argument: a change's files are on the disk before its record, its record before the station applies it,
//! and `running.json` last; each file changes as a whole ([`replace_file`]). After a kill at any step the folder, the
//! records and `running.json` each hold something whole, and [`History::open`] and the start put them in step: the
//! folder is what runs next, a rollback that was begun is written to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_model::Utc;
use plantroom_store::{Disk, StoreError, read_file, replace_file};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::text::{ProjectText, digest};

/// Most changes that are kept; older ones go. A plant that is changed every day keeps seven months.
pub const CHANGES: usize = 200;
/// How often contents that nothing names are looked for, in changes.
const PRUNE_EVERY: u64 = 16;
/// Contents that are kept, in bytes, all together. Over it the oldest changes go.
const KEPT_BYTES: u64 = 1 << 30;
/// Longest record, in bytes: 10,000 files before and after, and the difference.
const RECORD_BYTES: u64 = 16 << 20;
/// Longest content, in bytes.
const CONTENT_BYTES: u64 = 256 << 20;

/// What a change was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Files were saved and applied.
    Apply,
    /// An earlier project was put back.
    Rollback,
    /// The project was different when the station started.
    WhileStopped,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Counts from 1.
    pub number: u64,
    /// What it was.
    pub kind: Kind,
    /// The change that a rollback went back before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// When.
    pub at: Utc,
    /// Who: a user, or "file change on the station's machine".
    pub user: String,
    /// Why, in the user's words.
    pub comment: String,
    /// What it did, in a sentence.
    pub preview: String,
    /// The difference of the texts, as `diff -u` shows it.
    pub diff: String,
    /// Files before: path and content.
    pub before: BTreeMap<String, String>,
    /// Files after.
    pub after: BTreeMap<String, String>,
}

impl Change {
    /// The files that it changed, sorted.
    pub fn files(&self) -> Vec<String> {
        let all = self.before.keys().chain(self.after.keys());
        let mut files: Vec<String> = all.filter(|path| self.before.get(*path) != self.after.get(*path)).cloned().collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// The project that runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The newest change; 0 before the first.
    pub change: u64,
    /// Its files: path and content.
    pub files: BTreeMap<String, String>,
}

/// A rollback on its way into the project folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What the folder is to hold.
    pub files: BTreeMap<String, String>,
    /// What it held when it began.
    pub known: BTreeMap<String, String>,
    /// The change that is gone back before.
    pub of: u64,
    /// Who.
    pub user: String,
    /// Why.
    pub comment: String,
}

/// The changes of a station.
#[derive(Clone)]
pub struct History {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl History {
    /// In the data folder `data`.
    ///
    /// # Errors
    /// When its folders can't be made.
    pub fn open(disk: Arc<dyn Disk>, data: &Path) -> Result<Self, StoreError> {
        let folder = data.join("changes");
        let failed = |source| StoreError::Io { act: "make a folder for changes", path: folder.clone(), source };
        std::fs::create_dir_all(folder.join("files")).map_err(failed)?;
        Ok(Self { disk, folder })
    }

    /// For looking only; makes nothing.
    pub fn look(disk: Arc<dyn Disk>, data: &Path) -> Self {
        Self { disk, folder: data.join("changes") }
    }

    /// The project that ran last; `None` before the first start.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn running(&self) -> Result<Option<Kept>, StoreError> {
        self.read("running.json")
    }

    /// Keeps all contents of a text, and returns their names.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep(&self, text: &ProjectText) -> Result<BTreeMap<String, String>, StoreError> {
        let names = text.digests();
        for (path, name) in &names {
            let file = self.content_file(name);
            // A file of this name can only hold these bytes, or be half of a broken disk: its size tells.
            let bytes = &text.files[path];
            let is_there = std::fs::metadata(&file).is_ok_and(|kept| kept.len() == bytes.len() as u64);
            if !is_there {
                replace_file(&*self.disk, &file, bytes)?;
            }
        }
        Ok(names)
    }

    /// The contents behind names, each checked against its name.
    ///
    /// # Errors
    /// When one is missing or damaged.
    pub fn text(&self, files: &BTreeMap<String, String>) -> Result<ProjectText, StoreError> {
        let mut text = ProjectText::default();
        for (path, name) in files {
            let file = self.content_file(name);
            let bytes = read_file(&*self.disk, &file, CONTENT_BYTES)?.filter(|bytes| digest(bytes) == *name);
            let Some(bytes) = bytes else {
                let source = std::io::Error::other("it is missing or damaged");
                return Err(StoreError::Io { act: "read the kept content of a project file", path: file, source });
            };
            text.files.insert(path.clone(), bytes);
        }
        Ok(text)
    }

    /// Records a change before it is applied.
    ///
    /// # Errors
    /// When the disk refuses: it must not be applied.
    pub fn record(&self, change: &Change) -> Result<(), StoreError> {
        self.write(&record_name(change.number), change)
    }

    /// Takes a record back whose change was not applied.
    pub fn forget(&self, number: u64) {
        // A record that stays tells of a change whose result is what runs; the next start finds out.
        let _ = self.disk.remove(&self.folder.join(record_name(number)));
    }

    /// From now on this is what runs.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_running(&self, kept: &Kept) -> Result<(), StoreError> {
        self.write("running.json", kept)?;
        // Looking at all records takes its time, so not at every change.
        if kept.change.is_multiple_of(PRUNE_EVERY) || self.numbers().len() > CHANGES {
            self.prune();
        }
        Ok(())
    }

    /// Says that a rollback is being written, until [`History::rolled_back`].
    ///
    /// # Errors
    /// When the disk refuses: nothing may be written.
    pub fn roll_back(&self, pending: &Pending) -> Result<(), StoreError> {
        self.write("rollback.json", pending)
    }

    /// A rollback that was begun and not ended.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn pending(&self) -> Result<Option<Pending>, StoreError> {
        self.read("rollback.json")
    }

    /// The rollback is written.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn rolled_back(&self) -> Result<(), StoreError> {
        let path = self.folder.join("rollback.json");
        match self.disk.remove(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::Io { act: "end a rollback", path, source })
            }
            _ => Ok(()),
        }
    }

    /// One change.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn change(&self, number: u64) -> Result<Option<Change>, StoreError> {
        self.read(&record_name(number))
    }

    /// The numbers of all changes that are kept, oldest first.
    pub fn numbers(&self) -> Vec<u64> {
        let files = self.disk.list(&self.folder).unwrap_or_default();
        let number = |path: &PathBuf| path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok();
        let mut numbers: Vec<u64> = files.iter().filter_map(number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// All changes, newest first; those that can't be read are left out.
    pub fn list(&self) -> Vec<Change> {
        self.numbers().into_iter().rev().filter_map(|number| self.change(number).ok().flatten()).collect()
    }

    /// Removes what is over the limits, and contents that nothing names any more. What can't be removed stays.
    fn prune(&self) {
        let numbers = self.numbers();
        for number in numbers.iter().take(numbers.len().saturating_sub(CHANGES)) {
            self.forget(*number);
        }
        let contents = self.disk.list(&self.folder.join("files")).unwrap_or_default();
        let sizes: BTreeMap<String, u64> = contents
            .iter()
            .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), std::fs::metadata(path).ok()?.len())))
            .collect();
        let mut named = BTreeSet::new();
        let (mut bytes, mut full) = (0, false);
        let running = self.running().ok().flatten().map(|kept| (None, kept.files));
        let pending = self.pending().ok().flatten().map(|pending| (None, pending.files));
        let changes = self
            .list()
            .into_iter()
            .flat_map(|change| [(Some(change.number), change.after), (Some(change.number), change.before)]);
        for (number, files) in running.into_iter().chain(pending).chain(changes) {
            for name in files.into_values() {
                if named.insert(name.clone()) {
                    bytes += sizes.get(&name).copied().unwrap_or(0);
                }
            }
            full |= bytes > KEPT_BYTES;
            if let Some(number) = number.filter(|_| full) {
                self.forget(number);
            }
        }
        for name in sizes.keys().filter(|name| !named.contains(*name)) {
            let _ = self.disk.remove(&self.content_file(name));
        }
    }

    fn content_file(&self, name: &str) -> PathBuf {
        self.folder.join("files").join(name)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let path = self.folder.join(name);
        let Some(bytes) = read_file(&*self.disk, &path, RECORD_BYTES)? else { return Ok(None) };
        let damaged = |error: serde_json::Error| StoreError::Io {
            act: "read what was kept of a change",
            path: path.clone(),
            source: std::io::Error::other(error.to_string()),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(damaged)
    }

    fn write(&self, name: &str, record: &impl Serialize) -> Result<(), StoreError> {
        let path = self.folder.join(name);
        let bytes = serde_json::to_vec_pretty(record).map_err(|error| StoreError::Io {
            act: "write down a change",
            path: path.clone(),
            source: std::io::Error::other(error.to_string()),
        })?;
        replace_file(&*self.disk, &path, &bytes)
    }
}

fn record_name(number: u64) -> String {
    format!("{number:06}.json")
}

#[cfg(test)]
mod tests;
