//! What waits to be written: bounded, and never in the scan's way.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use plantroom_model::{AlarmEvent, AlarmEventKind, AlarmId, Utc};

use super::{Catalog, JournalHealth, Progress};
use crate::limits;

type Tell = Box<dyn Fn(&Progress) + Send + Sync>;

/// Rows of one frame.
#[derive(Debug)]
pub(crate) struct Batch {
    pub events: Vec<AlarmEvent>,
    /// Rows before these were counted instead of kept.
    pub is_behind_gap: bool,
    pub catalog: Arc<Catalog>,
}

/// Rows that found no room: how many, between which times, and where their alarms stand.
#[derive(Debug)]
pub(crate) struct Overflow {
    pub rows: u64,
    pub from: Utc,
    pub to: Utc,
    /// By alarm, so that the order is always the same: the newest standing as an event.
    pub newest: BTreeMap<AlarmId, AlarmEvent>,
    pub catalog: Arc<Catalog>,
}

/// What the writing thread takes at once.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub batches: Vec<Batch>,
    /// Comes behind the batches.
    pub overflow: Option<Overflow>,
    /// Everything up to this frame is in it.
    pub frame: u64,
    pub rows: usize,
    /// No more will come.
    pub stopping: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    batches: VecDeque<(u64, Batch)>,
    rows: usize,
    /// Rows of people are among them.
    acts: usize,
    frame: u64,
    overflow: Option<Overflow>,
    stopping: bool,
    ended: bool,
    /// When the station stopped, where it has said so.
    stopped_at: Option<i64>,
    flushes: u64,
    health: JournalHealth,
}

/// The door between the scan and the thread that writes.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    /// Something to do.
    arrived: Condvar,
    /// Something was done.
    done: Condvar,
    tell: Mutex<Vec<Tell>>,
    most: usize,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

impl Queue {
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { waiting: Mutex::default(), arrived: Condvar::new(), done: Condvar::new(), tell: Mutex::default(), most }
    }

    /// Takes rows in, or counts them.
    pub fn note(&self, frame: u64, events: &[AlarmEvent], catalog: &Arc<Catalog>) {
        let mut waiting = self.waiting.lock();
        waiting.frame = frame;
        if events.is_empty() {
            if waiting.is_idle() {
                waiting.health.progress.recorded = frame;
                let progress = waiting.progress();
                drop(waiting);
                self.tell(&progress);
            }
            return;
        }
        let was_quiet = waiting.batches.is_empty();
        let no_acts = waiting.acts == 0;
        let (kept, behind_gap) = waiting.admit(events, catalog, self.most);
        for (events, is_behind_gap) in [(kept, false), (behind_gap, true)] {
            if !events.is_empty() {
                waiting.rows += events.len();
                waiting.acts += events.iter().filter(|event| event.by.is_some()).count();
                waiting.batches.push_back((frame, Batch { events, is_behind_gap, catalog: catalog.clone() }));
            }
        }
        if was_quiet || no_acts && waiting.acts > 0 {
            self.arrived.notify_all();
        }
    }

    pub fn progress(&self) -> Progress {
        let waiting = self.waiting.lock();
        waiting.progress()
    }

    pub fn health(&self) -> JournalHealth {
        let waiting = self.waiting.lock();
        JournalHealth { progress: waiting.progress(), ..waiting.health.clone() }
    }

    pub fn on_progress(&self, tell: Tell) {
        self.tell.lock().push(tell);
    }

    pub fn wait_for(&self, frame: u64, at_most_ms: u64) -> bool {
        let mut waiting = self.waiting.lock();
        let wait = Duration::from_millis(at_most_ms);
        self.done.wait_while_for(&mut waiting, |waiting| waiting.health.progress.recorded < frame && !waiting.ended, wait);
        waiting.health.progress.recorded >= frame
    }

    pub fn flush(&self) {
        let mut waiting = self.waiting.lock();
        if waiting.is_idle() {
            return;
        }
        let frame = waiting.frame;
        let tries = waiting.flushes;
        self.arrived.notify_all();
        self.done.wait_while(&mut waiting, |waiting| {
            waiting.health.progress.recorded < frame && waiting.flushes == tries && !waiting.ended
        });
    }

    /// No more will come; `at` is when the station stopped, ns UTC.
    pub fn stop(&self, at: Option<i64>) {
        let mut waiting = self.waiting.lock();
        waiting.stopping = true;
        waiting.stopped_at = waiting.stopped_at.or(at);
        drop(waiting);
        self.arrived.notify_all();
        self.done.notify_all();
    }

    /// The next rows to write; waits until there are some (or so long at most, in ms), and a little longer for others where
    /// nobody is in a hurry.
    pub fn take(&self, gather_ms: u64, at_most_ms: Option<u64>) -> Taken {
        let mut waiting = self.waiting.lock();
        let nothing = |waiting: &mut Waiting| waiting.rows == 0 && waiting.overflow.is_none() && !waiting.stopping;
        match at_most_ms {
            Some(ms) => drop(self.arrived.wait_while_for(&mut waiting, nothing, Duration::from_millis(ms))),
            None => self.arrived.wait_while(&mut waiting, nothing),
        }
        if nothing(&mut waiting) {
            return Taken::default();
        }
        let gather = Duration::from_millis(gather_ms);
        let in_no_hurry = |waiting: &mut Waiting| waiting.acts == 0 && waiting.rows < limits::COMMIT_ROWS && !waiting.stopping;
        if in_no_hurry(&mut waiting) {
            self.arrived.wait_while_for(&mut waiting, in_no_hurry, gather);
        }
        let mut taken = Taken { stopping: waiting.stopping, ..Taken::default() };
        while taken.rows < limits::COMMIT_ROWS
            && let Some((frame, batch)) = waiting.batches.pop_front()
        {
            taken.rows += batch.events.len();
            taken.frame = frame;
            taken.batches.push(batch);
        }
        waiting.rows -= taken.rows;
        if waiting.batches.is_empty() {
            waiting.acts = 0;
            taken.frame = waiting.frame;
            taken.overflow = waiting.overflow.take();
        }
        waiting.health.progress.waiting = taken.rows;
        taken
    }

    /// When the station stopped, ns UTC, where it has said so.
    pub fn stopped_at(&self) -> Option<i64> {
        self.waiting.lock().stopped_at
    }

    /// The writing thread is at its end: nobody waits for it any more.
    pub fn ended(&self) {
        let mut waiting = self.waiting.lock();
        (waiting.stopping, waiting.ended) = (true, true);
        self.done.notify_all();
    }

    /// Whether the station is being stopped.
    pub fn is_stopping(&self) -> bool {
        self.waiting.lock().stopping
    }

    /// Waits before the next try, so long that the disk has a chance; not while the station is being stopped.
    pub fn pause(&self, ms: u64) {
        let mut waiting = self.waiting.lock();
        waiting.flushes += 1;
        self.done.notify_all();
        self.arrived.wait_while_for(&mut waiting, |waiting| !waiting.stopping, Duration::from_millis(ms));
    }

    /// What was taken is on the disk.
    pub fn written(&self, taken: &Taken, change: impl FnOnce(&mut JournalHealth)) {
        let mut waiting = self.waiting.lock();
        waiting.health.progress.recorded = waiting.health.progress.recorded.max(taken.frame);
        waiting.health.progress.waiting = 0;
        waiting.health.commits += 1;
        // Frames without rows came meanwhile.
        if waiting.is_idle() {
            waiting.health.progress.recorded = waiting.frame.max(taken.frame);
        }
        change(&mut waiting.health);
        let progress = waiting.progress();
        drop(waiting);
        self.done.notify_all();
        self.tell(&progress);
    }

    fn tell(&self, progress: &Progress) {
        self.tell.lock().iter().for_each(|tell| tell(progress));
    }

    /// Says what is wrong, or that all is well.
    pub fn trouble(&self, trouble: Option<Arc<str>>) {
        self.waiting.lock().health.trouble = trouble;
    }

    /// Changes what is told of the files.
    pub fn told(&self, change: impl FnOnce(&mut JournalHealth)) {
        change(&mut self.waiting.lock().health);
    }
}

impl Waiting {
    fn is_idle(&self) -> bool {
        self.rows == 0 && self.overflow.is_none() && self.health.progress.waiting == 0
    }

    fn progress(&self) -> Progress {
        Progress { waiting: self.health.progress.waiting + self.rows, ..self.health.progress }
    }

    /// The rows that find room, and those that find it behind others that don't: these are counted, and where their alarms
    /// stand is kept. As long as anything is counted, all further rows of the plant are, so that what is kept of an alarm is
    /// never older than what was written.
    fn admit(&mut self, events: &[AlarmEvent], catalog: &Arc<Catalog>, most: usize) -> (Vec<AlarmEvent>, Vec<AlarmEvent>) {
        if self.overflow.is_none() && self.rows + events.len() <= most {
            return (events.to_vec(), Vec::new());
        }
        let mut kept = Vec::new();
        let mut behind_gap = Vec::new();
        let mut counted = 0;
        for event in events {
            let room = self.rows + kept.len() < most && self.overflow.is_none();
            if room {
                kept.push(event.clone());
                continue;
            }
            let waiting = self.rows + kept.len() + behind_gap.len();
            let is_act = event.by.is_some() && waiting < most + limits::WAITING_ACTS;
            let overflow = self.overflow.get_or_insert_with(|| Overflow {
                rows: 0,
                from: event.at.utc,
                to: event.at.utc,
                newest: BTreeMap::new(),
                catalog: catalog.clone(),
            });
            overflow.catalog = catalog.clone();
            overflow.newest.insert(event.alarm, as_standing(event));
            if is_act {
                behind_gap.push(event.clone());
            } else {
                counted += 1;
                overflow.rows += 1;
                overflow.to = event.at.utc;
            }
        }
        self.health.progress.lost += counted;
        (kept, behind_gap)
    }
}

fn as_standing(event: &AlarmEvent) -> AlarmEvent {
    AlarmEvent { kind: AlarmEventKind::Standing, from: event.to, by: None, comment: None, ..event.clone() }
}
