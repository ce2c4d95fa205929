//! Writes that end by themselves, while they are held.
//!
//! What is held is noted in `pulses.json` before it is sent, so that a station that was cut off says after its restart
//! which values may still stand. It doesn't write them then: what the plant has done in between isn't known, and a
//! person must look.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use plantroom_access::{Act, Category};
use plantroom_model::{Outcome, OutcomeKind, PulseSpec, TagSpec, Utc, Value};
use plantroom_store::{RealDisk, StoreError, read_file, replace_file};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::command::CommandPath;
use crate::target;

/// Largest file that is read back, in bytes; more pulses are never held at once.
const FILE_BYTES: u64 = 4 << 20;

/// A value that is being held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Which tag.
    pub tag: String,
    /// What was written, in words with unit.
    pub value: String,
    /// What is to be written afterwards, in words with unit.
    pub rest: String,
    /// When it was written.
    pub at: Utc,
}

/// Names a pulse while it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PulseId(u64);

/// All pulses that are being held.
#[derive(Debug)]
pub struct Pulses {
    path: PathBuf,
    next: AtomicU64,
    held: Mutex<Vec<(PulseId, Held)>>,
    /// Held over each change of the file.
    saving: std::sync::Arc<Mutex<()>>,
    count: watch::Sender<usize>,
    stop: watch::Sender<bool>,
}

impl Pulses {
    /// Opens the note in a data folder; gives what a station that was cut off had not put back yet.
    ///
    /// # Errors
    /// When the note can't be read or written.
    pub fn open(folder: &Path) -> Result<(Self, Vec<Held>), StoreError> {
        let path = folder.join("pulses.json");
        let bytes = read_file(&RealDisk, &path, FILE_BYTES)?.unwrap_or_default();
        let left: Vec<Held> = serde_json::from_slice(&bytes).unwrap_or_default();
        let (count, stop) = (watch::Sender::new(0), watch::Sender::new(false));
        let (next, held, saving) = (AtomicU64::new(1), Mutex::default(), std::sync::Arc::default());
        Ok((Self { path, next, held, saving, count, stop }, left))
    }

    /// Forgets what was found at the start; called when it has been told and recorded.
    ///
    /// # Errors
    /// When the note can't be written.
    pub fn forget(&self) -> Result<(), StoreError> {
        replace_file(&RealDisk, &self.path, b"[]")
    }

    /// Notes that a value is about to be held. Where the disk doesn't take the note it is told in the log: the audit
    /// trail has the write, and stopping it now would help nobody.
    pub async fn begin(&self, spec: &TagSpec, value: &Value, pulse: &PulseSpec, at: Utc) -> PulseId {
        let id = PulseId(self.next.fetch_add(1, Ordering::Relaxed));
        let (tag, value, rest) = (spec.name.to_string(), target::shown(spec, value), target::shown(spec, &pulse.rest));
        self.held.lock().push((id, Held { tag, value, rest, at }));
        self.save().await;
        id
    }

    /// The value was put back, or couldn't be; either way its record says so.
    pub async fn end(&self, id: PulseId) {
        self.held.lock().retain(|(held, _)| *held != id);
        self.save().await;
    }

    /// Waits for the time that a value is held; false when it was less because the station stops.
    pub async fn hold(&self, hold_ms: u64) -> bool {
        let mut stop = self.stop.subscribe();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(hold_ms)) => true,
            _ = stop.wait_for(|stop| *stop) => false,
        }
    }

    /// Ends every pulse now, and waits until its value is put back, at most so long.
    pub async fn finish(&self, limit: Duration) {
        self.stop.send_replace(true);
        let mut count = self.count.subscribe();
        let _ = tokio::time::timeout(limit, count.wait_for(|count| *count == 0)).await;
    }

    async fn save(&self) {
        let held: Vec<Held> = self.held.lock().iter().map(|(_, held)| held.clone()).collect();
        self.count.send_replace(held.len());
        let (path, saving) = (self.path.clone(), std::sync::Arc::clone(&self.saving));
        let saved = tokio::task::spawn_blocking(move || {
            let _turn = saving.lock();
            let bytes = serde_json::to_vec(&held).unwrap_or_default();
            replace_file(&RealDisk, &path, &bytes)
        });
        if let Ok(Err(error)) = saved.await {
            tracing::error!("the note of pulses could not be written; a restart now would not tell of them: {error}");
        }
    }
}

impl CommandPath {
    /// Tells, and puts on record, what an earlier run of the station had not put back when it was cut off.
    pub(crate) fn tell_cut_off(&self, left: &[Held]) {
        let (now, plant) = (self.clock.now(), self.plant());
        for held in left {
            let message = format!(
                "The station was cut off while {} was held at {}; it may still stand. Look, and set it to {} by hand.",
                held.tag, held.value, held.rest
            );
            tracing::error!("{message}");
            self.access.audit().event(Act::new(Category::Request, "pulse cut off", &held.tag), &message, now);
            if let Some((tag, _)) = plant.tag(&held.tag) {
                let outcome = Outcome { kind: OutcomeKind::Unknown, message, audit: 0 };
                self.recent.note(tag, "station", &held.value, &outcome, now.utc);
            }
        }
        if !left.is_empty()
            && let Err(error) = self.pulses.forget()
        {
            tracing::error!("the note of pulses can't be cleared; they will be told again: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{Origin, ValueKind};

    #[tokio::test]
    async fn what_was_held_when_the_station_was_cut_off_is_told_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let spec = TagSpec::new("p1/start", ValueKind::Bool, Origin::Memory { initial: Value::Bool(false) });
        let pulse = PulseSpec { hold_ms: 500, rest: Value::Bool(false) };
        let (pulses, left) = Pulses::open(folder.path()).unwrap();
        assert_eq!(left, []);
        let ended = pulses.begin(&spec, &Value::Bool(true), &pulse, Utc(5)).await;
        let cut_off = pulses.begin(&spec, &Value::Bool(true), &pulse, Utc(7)).await;
        assert_ne!(ended, cut_off);
        pulses.end(ended).await;
        drop(pulses);
        let (pulses, left) = Pulses::open(folder.path()).unwrap();
        assert_eq!(left.iter().map(|held| (held.tag.as_str(), held.at)).collect::<Vec<_>>(), [("p1/start", Utc(7))]);
        pulses.forget().unwrap();
        assert_eq!(Pulses::open(folder.path()).unwrap().1, []);
    }

    #[tokio::test]
    async fn a_stop_ends_the_holding_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pulses = std::sync::Arc::new(Pulses::open(folder.path()).unwrap().0);
        let begun = tokio::time::Instant::now();
        let holding = {
            let pulses = pulses.clone();
            tokio::spawn(async move { pulses.hold(600_000).await })
        };
        pulses.finish(Duration::from_secs(3)).await;
        assert!(!holding.await.unwrap(), "it says that it was cut short");
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}
