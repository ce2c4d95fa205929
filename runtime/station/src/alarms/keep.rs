//! What scripted alarms keep over a restart, in one file beside the journal.
//!
//! ```text
//! alarms/scripts.json    { "version": 1, "scripts": { "alarms/clogs.rhai": { "text": SHA-256, "alarms": { NAME: ... } } } }
//! ```
//!
//! A thread of its own writes it, as a whole, so that no script waits for the disk; what isn't written yet is replaced by
//! what is newer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use plantroom_store::{RealDisk, read_file, replace_file};
use serde_json::{Map, Value as Json, json};

use super::restore::FOLDER;

/// Largest file, in bytes: 64 alarms that keep as much as one may, or some 10,000 that count something. Alarms behind that
/// begin anew after a restart, and that is logged.
const KEPT_BYTES: usize = 4 << 20;
const VERSION: u64 = 1;

/// Script by script, by its path: the digest of its text, and what its alarms keep.
pub type Kept = Map<String, Json>;

#[derive(Debug, Default)]
struct Slot {
    bytes: Option<Vec<u8>>,
    stop: bool,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Slot>,
    bell: Condvar,
}

/// Writes what scripted alarms keep.
pub struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    told_full: bool,
}

/// What was kept before the start; empty where nothing was, or where it can't be read.
pub fn read(data: &Path) -> Kept {
    let path = file(data);
    let bytes = match read_file(&RealDisk, &path, 2 * KEPT_BYTES as u64) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Kept::new(),
        Err(error) => {
            tracing::error!("what scripted alarms kept can't be read, so they begin anew: {error}");
            return Kept::new();
        }
    };
    match serde_json::from_slice::<Json>(&bytes) {
        Ok(mut json) if json["version"] == VERSION => match json["scripts"].take() {
            Json::Object(kept) => kept,
            _ => Kept::new(),
        },
        _ => {
            let why = "what scripted alarms kept is damaged or from a newer Plantroom; they begin anew";
            tracing::error!("{why}: {}", path.display());
            Kept::new()
        }
    }
}

impl Keeper {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(data: &Path) -> std::io::Result<Self> {
        let (shared, path) = (Arc::<Shared>::default(), file(data));
        let writes = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("alarm-scripts-keep".to_owned()).spawn(move || write_all(&writes, &path))?;
        Ok(Self { shared, thread: Some(thread), told_full: false })
    }

    /// Hands over what is to be kept; never waits for the disk.
    pub fn keep(&mut self, mut kept: Kept) {
        let mut left = KEPT_BYTES;
        let mut forgotten = 0;
        for script in kept.values_mut() {
            if let Some(alarms) = script["alarms"].as_object_mut() {
                alarms.retain(|name, alarm| {
                    let bytes = name.len() + alarm.to_string().len() + 8;
                    let fits = bytes <= left;
                    left -= if fits { bytes } else { 0 };
                    forgotten += u32::from(!fits);
                    fits
                });
            }
        }
        if forgotten > 0 && !std::mem::replace(&mut self.told_full, true) {
            tracing::warn!(
                "scripted alarms keep more than {} MiB together; after a restart {forgotten} of them begin anew",
                KEPT_BYTES >> 20
            );
        }
        let bytes = json!({ "version": VERSION, "scripts": kept }).to_string().into_bytes();
        self.shared.slot.lock().bytes = Some(bytes);
        self.shared.bell.notify_one();
    }
}

impl Drop for Keeper {
    /// What was handed over last is written.
    fn drop(&mut self) {
        self.shared.slot.lock().stop = true;
        self.shared.bell.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn file(data: &Path) -> PathBuf {
    data.join(FOLDER).join("scripts.json")
}

fn write_all(shared: &Shared, path: &Path) {
    let mut failed = false;
    loop {
        let mut slot = shared.slot.lock();
        shared.bell.wait_while(&mut slot, |slot| slot.bytes.is_none() && !slot.stop);
        let Some(bytes) = slot.bytes.take() else { return };
        drop(slot);
        match replace_file(&RealDisk, path, &bytes) {
            Ok(()) => failed = false,
            Err(error) if !failed => {
                failed = true;
                tracing::error!("what scripted alarms keep can't be written; after a restart they go on from before: {error}");
            }
            Err(_) => {}
        }
    }
}
