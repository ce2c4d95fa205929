//! Watches the room on the disk of the data folder, so that somebody is told before anything is refused.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

/// With less room than this the disk counts as full, in bytes: a new file of the audit trail and a rewritten log of
/// retained values have room in it, so that what is told here is told first.
const LOW_BYTES: u64 = 16 << 20;
/// How often it is looked at, in ms.
const LOOK_MS: u64 = 2_000;

/// A task that looks until this is dropped.
#[derive(Debug)]
pub struct DiskWatch {
    low: Arc<Mutex<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl DiskWatch {
    /// Looks at the disk that holds a folder, never on the scan's thread: a disk on a network may take its time.
    pub fn start(folder: PathBuf) -> Self {
        let low = Arc::<Mutex<String>>::default();
        let told = Arc::clone(&low);
        let task = tokio::spawn(async move {
            let mut turns = tokio::time::interval(Duration::from_millis(LOOK_MS));
            turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                turns.tick().await;
                let folder = folder.clone();
                // A system that doesn't say leaves it to what is refused.
                if let Ok(Ok(free)) = tokio::task::spawn_blocking(move || plantroom_store::free_bytes(&folder)).await {
                    tell(&told, free);
                }
            }
        });
        Self { low, task }
    }

    /// Where the words are; empty while there is room.
    pub fn words(&self) -> Arc<Mutex<String>> {
        Arc::clone(&self.low)
    }
}

impl Drop for DiskWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn tell(told: &Mutex<String>, free: u64) {
    let mut told = told.lock();
    let now = match free {
        LOW_BYTES.. => String::new(),
        free => format!("the disk of the station's data is full but for {} MB: free some space", free >> 20),
    };
    match (told.is_empty(), now.is_empty()) {
        (true, false) => tracing::warn!("{now}"),
        (false, true) => tracing::info!("the disk of the station's data has room again"),
        _ => {}
    }
    *told = now;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_without_room_is_told_until_there_is_some() {
        let told = Mutex::default();
        for (free, words) in [(LOW_BYTES, ""), (LOW_BYTES - 1, "but for 15 MB"), (0, "but for 0 MB"), (u64::MAX, "")] {
            tell(&told, free);
            assert_eq!(told.lock().is_empty(), words.is_empty(), "{free}: {}", told.lock());
            assert!(told.lock().contains(words), "{free}: {}", told.lock());
        }
    }
}
