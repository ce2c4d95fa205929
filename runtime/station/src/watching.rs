//! Watches the project folder, and says when files have settled.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::change::Changes;
use crate::change::text::{FOLDERS, is_text};

/// Editors save in several steps; this is how long a folder must be quiet before it is read, in ms.
const QUIET_MS: u64 = 100;
/// A folder that is never quiet is read all the same after this, in ms.
const RESTLESS_MS: u64 = 2_000;

/// A project folder that is watched. Dropping it ends the watching.
pub struct FolderWatch {
    following: tokio::task::JoinHandle<()>,
}

impl FolderWatch {
    /// Begins. Where the system can't watch, changes are applied by request only.
    pub fn start(root: &Path, changes: Arc<Changes>) -> Self {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let (news, changed) = mpsc::channel(1);
        let of_project = root.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let is_news =
                event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(|path| concerns(&of_project, path)));
            if is_news {
                // One waiting notice is enough.
                let _ = news.try_send(());
            }
        });
        let watcher = watcher.inspect_err(|error| tracing::warn!("saved files are not noticed: {error}")).ok();
        let mut watched = Watched { root, watcher, folders: HashMap::new() };
        watched.look();
        Self { following: tokio::spawn(follow(watched, changed, changes)) }
    }
}

impl Drop for FolderWatch {
    fn drop(&mut self) {
        self.following.abort();
    }
}

/// Whether a path is part of the project: its text, a folder of it, or a component.
fn concerns(root: &Path, path: &Path) -> bool {
    path == root || is_text(root, path, false) || is_text(root, path, true) || path.starts_with(root.join("plugins"))
}

struct Watched {
    root: PathBuf,
    watcher: Option<notify::RecommendedWatcher>,
    /// Watched folders, and which folder each was: one that is made anew must be watched anew.
    folders: HashMap<PathBuf, u64>,
}

impl Watched {
    /// Watches the folder itself, and those below it that belong to the project: never the data folder.
    fn look(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        let below = FOLDERS.iter().chain(&["plugins"]).map(|name| (self.root.join(name), RecursiveMode::Recursive));
        let all = std::iter::once((self.root.clone(), RecursiveMode::NonRecursive)).chain(below);
        for (folder, mode) in all {
            let Some(identity) = std::fs::metadata(&folder).ok().filter(std::fs::Metadata::is_dir).map(|kind| identity(&kind))
            else {
                self.folders.remove(&folder);
                continue;
            };
            if self.folders.get(&folder) == Some(&identity) {
                continue;
            }
            match watcher.watch(&folder, mode) {
                Ok(()) => drop(self.folders.insert(folder, identity)),
                Err(error) => tracing::warn!("files saved there are not noticed ({error}): {}", folder.display()),
            }
        }
    }
}

#[cfg(unix)]
fn identity(kind: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(kind)
}

#[cfg(not(unix))]
fn identity(_kind: &std::fs::Metadata) -> u64 {
    0
}

async fn follow(mut watched: Watched, mut changed: mpsc::Receiver<()>, changes: Arc<Changes>) {
    while changed.recv().await.is_some() {
        let quiet = async {
            let quiet = Duration::from_millis(QUIET_MS);
            while let Ok(Some(())) = tokio::time::timeout(quiet, changed.recv()).await {}
        };
        let _ = tokio::time::timeout(Duration::from_millis(RESTLESS_MS), quiet).await;
        watched.look();
        let changes = Arc::clone(&changes);
        // Reading, checking and applying wait for disks and plugins.
        let _ = tokio::task::spawn_blocking(move || changes.saved()).await;
    }
}
