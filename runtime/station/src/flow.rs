//! The data path, top to bottom in the order things happen. Read this first.
//!
//! ```text
//! field -> fieldbus -> driver plugin -> inbox -+
//! analytics plugins ---------------> inbox ----+-> scan -> frame -> snapshot -> server -> consoles
//! permitted writes to the station's own tags --+                 -> retained values
//!                                                                -> analytics plugins
//!                                             -> board of alarms -> server; alarm journal; outlets
//! ```
//!
//! One thread, the only writer of tag state. It waits for nobody: what it hands on is a shared pointer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use plantroom_model::{Frame, Now, Snapshot, TagId, Value};
use plantroom_project::ScanSpec;
use tokio::sync::watch;

use crate::alarms::AlarmOutlet;
use crate::clock::Clock;
use crate::inbox::{Inbox, Input, Outlet, ScanPlant, What};
use crate::retained::Retained;
use crate::scan::Scan;
use crate::system::SystemTags;

/// How often the station's own figures become tags, in ms.
const FIGURES_MS: u64 = 1_000;

/// Receives what the scan received: the seam at which a station is recorded.
pub trait Tape: Send {
    /// One scan's number, time, lost tags and inputs, before they are carried out.
    fn scan(&mut self, number: u64, now: Now, lost_tags: &[TagId], inputs: &[Input]);
}

/// Whoever computes from frames.
pub trait FrameReader: Send + Sync {
    /// A frame; must return at once.
    fn frame(&self, frame: &Arc<Frame>);
}

/// How the disk takes what the station keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// Whether the audit trail takes no more records.
    pub audit_fails: bool,
    /// What the disk doesn't take, or soon won't, and what to do; empty while all is well.
    pub trouble: String,
}

/// What the scan thread works with.
pub struct Flow {
    /// The state.
    pub scan: Scan,
    /// Its pace.
    pub pace: ScanSpec,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The way in, for what is said of the station itself and for what was lost.
    pub inbox: Arc<Inbox>,
    /// Where inputs come out.
    pub outlet: Outlet,
    /// Where the current values go.
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    /// Where the alarms go.
    pub alarms: AlarmOutlet,
    /// Keeps values over a restart.
    pub retained: Arc<Retained>,
    /// Analytics plugins.
    pub readers: Vec<Arc<dyn FrameReader>>,
    /// Where the station's own tags are.
    pub system: SystemTags,
    /// How the disk is.
    pub keeping: Box<dyn Fn() -> Keeping + Send>,
    /// A recorder, where there is one.
    pub tape: Option<Box<dyn Tape>>,
    /// Says which change of the project was taken in last.
    pub taken: watch::Sender<u64>,
    /// Set when the station is to stop.
    pub stop: Arc<AtomicBool>,
}

impl Flow {
    /// Does the first scan, so that what is known already is there when this returns, and goes on with the others on a
    /// thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(mut self) -> std::io::Result<JoinHandle<()>> {
        self.one_scan(Duration::ZERO);
        std::thread::Builder::new().name("scan".to_owned()).spawn(move || {
            let mut figures_due = self.clock.now().mono;
            while !self.stop.load(Ordering::Relaxed) {
                let longest = Duration::from_millis(u64::from(self.pace.max_ms));
                let Some(took_ns) = self.one_scan(longest) else { return };
                let now = self.clock.now();
                if now.mono >= figures_due {
                    self.tell_figures(now, took_ns);
                    figures_due = now.mono.plus_ms(FIGURES_MS);
                }
                sleep(Duration::from_millis(u64::from(self.pace.min_ms)).saturating_sub(Duration::from_nanos(took_ns)));
            }
        })
    }

    /// Waits for work at most so long, does one scan, and says how long the work took; `None` when nothing can come
    /// any more.
    fn one_scan(&mut self, longest: Duration) -> Option<u64> {
        let inputs = self.outlet.take(self.until_due(longest))?;
        let now = self.clock.now();
        let lost_tags = self.inbox.take_lost_tags();
        if let Some(tape) = &mut self.tape {
            tape.scan(self.scan.next_number(), now, &lost_tags, &inputs);
        }
        let mut begun = now.mono;
        let (clock, stats) = (&self.clock, self.alarms.stats());
        let lap = |begins| {
            let at = clock.now().mono;
            if begins { begun = at } else { stats.engine_took(at.since(begun)) }
        };
        let frame = Arc::new(self.scan.run_timed(&inputs, &lost_tags, now, lap));
        let changed = inputs.iter().filter_map(|input| if let What::Plant(plant) = &input.what { Some(plant) } else { None });
        if let Some(plant) = changed.last() {
            self.make_room(plant);
        }
        self.hand_on(&frame);
        Some(self.clock.now().mono.since(now.mono))
    }

    /// Alarms that wait for time don't wait longer than they should.
    fn until_due(&self, longest: Duration) -> Duration {
        let due = self.scan.next_due().map(|due| Duration::from_nanos(due.since(self.clock.now().mono)));
        due.map_or(longest, |due| due.min(longest))
    }

    /// A changed project: there may be more tags, and another pace.
    fn make_room(&mut self, plant: &ScanPlant) {
        self.pace = ScanSpec { min_ms: plant.scan_ms.0, max_ms: plant.scan_ms.1 };
        self.snapshots.send_modify(|shared| Arc::make_mut(shared).grow(plant.tags.len()));
        self.alarms.change_plant(plant);
        self.taken.send_replace(plant.number);
    }

    fn hand_on(&self, frame: &Arc<Frame>) {
        // A frame without changes moves the snapshot's time, and wakes nobody.
        self.snapshots.send_if_modified(|shared| {
            Arc::make_mut(shared).apply(frame);
            !frame.changes.is_empty()
        });
        self.alarms.frame(frame);
        if frame.changes.is_empty() && frame.alarms.is_empty() {
            return;
        }
        self.retained.note(frame);
        for reader in &self.readers {
            reader.frame(frame);
        }
    }

    /// The station's own figures enter by the front door, like everything else.
    fn tell_figures(&self, now: Now, took_ns: u64) {
        let tell = |tag: Option<TagId>, value: Value| {
            if let Some(tag) = tag {
                self.inbox.put(now, What::Set { tag, value });
            }
        };
        tell(self.system.scan_last_ms, Value::Float(took_ns as f64 / 1e6));
        let Keeping { audit_fails, trouble } = (self.keeping)();
        tell(self.system.audit_ok, Value::Bool(!audit_fails));
        tell(self.system.disk_ok, Value::Bool(trouble.is_empty()));
        tell(self.system.disk_message, Value::Text(trouble.into()));
        tell(self.system.inbox_lost, Value::Uint(self.inbox.lost()));
    }
}

#[cfg(test)]
mod tests;
