//! Screen scripts: checked, served, and served again when a file is saved.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use plantroom_model::Diagnostic;
use plantroom_project::Plant;
use plantroom_server::ScreenSet;
use tokio::sync::{mpsc, watch};

/// Editors save in several steps; this is how long a folder must be quiet before it is read, in ms.
const QUIET_MS: u64 = 100;

/// A project's `screens/` folder, watched. Dropping it ends the watching.
pub struct ScreenFolder {
    set: watch::Receiver<Arc<ScreenSet>>,
    _watcher: Option<notify::RecommendedWatcher>,
}

impl ScreenFolder {
    /// Serves what the plant was loaded with, and begins to watch the folder. Where the system can't watch, the
    /// scripts stay as they are until the next start.
    pub fn open(plant: &Plant) -> Self {
        let files = plant.screens.iter().map(|screen| (screen.path.clone(), screen.text.clone())).collect();
        let (sender, set) = watch::channel(Arc::new(ScreenSet { revision: 1, files }));
        let folder = plant.root.join("screens");
        let (news, changed) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // One waiting notice is enough.
                let _ = news.try_send(());
            }
        });
        let watcher = watcher.and_then(|mut watcher| watcher.watch(&folder, RecursiveMode::Recursive).map(|()| watcher));
        let watcher = watcher.inspect_err(|error| tracing::warn!("screens are not reloaded when they are saved: {error}")).ok();
        tokio::spawn(follow(plant.root.clone(), changed, sender));
        Self { set, _watcher: watcher }
    }

    /// The newest scripts.
    pub fn set(&self) -> watch::Receiver<Arc<ScreenSet>> {
        self.set.clone()
    }
}

async fn follow(root: PathBuf, mut changed: mpsc::Receiver<()>, set: watch::Sender<Arc<ScreenSet>>) {
    while changed.recv().await.is_some() {
        tokio::time::sleep(Duration::from_millis(QUIET_MS)).await;
        let _ = changed.try_recv();
        let read = {
            let root = root.clone();
            tokio::task::spawn_blocking(move || plantroom_project::read_screens(&root)).await
        };
        let Ok(Ok(screens)) = read else {
            tracing::warn!("the screens could not be read again; the old ones stay");
            continue;
        };
        let files: Vec<_> = screens.into_iter().map(|screen| (screen.path, screen.text)).collect();
        set.send_if_modified(|current| {
            let is_news = current.files != files;
            if is_news {
                *current = Arc::new(ScreenSet { revision: current.revision + 1, files });
                tracing::info!(revision = current.revision, "screens were saved; consoles get them");
            }
            is_news
        });
    }
}

/// Builds every screen once against the plant's tags; files are named as in the project folder.
pub fn check(plant: &Plant) -> Vec<Diagnostic> {
    let files: Vec<_> = plant.screens.iter().map(|screen| (screen.path.clone(), screen.text.clone())).collect();
    plantroom_scene::check(&files, &plant.instances, &plant.tags)
}
