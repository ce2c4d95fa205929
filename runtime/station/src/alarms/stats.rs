//! What the station counts of its alarms beside the key figures: for whoever looks after the station, not after the plant.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use plantroom_model::{AlarmEventKind, AlarmId, Frame, Mono, Priority};

/// Frames that wait for the disk and whose times are kept; of more the oldest ones are.
const FRAMES: usize = 4_096;

/// Counted since the start.
#[derive(Debug, Default)]
pub struct AlarmStats {
    engine: Took,
    events: [AtomicU64; AlarmEventKind::ALL.len()],
    announced: AtomicU64,
    recorded: Took,
    on_the_way: Mutex<VecDeque<(u64, Mono)>>,
}

/// How long something takes.
#[derive(Debug, Default)]
pub struct Took {
    times: AtomicU64,
    all_ns: AtomicU64,
    last_ns: AtomicU64,
    most_ns: AtomicU64,
}

impl Took {
    fn note(&self, ns: u64) {
        self.times.fetch_add(1, Ordering::Relaxed);
        self.all_ns.fetch_add(ns, Ordering::Relaxed);
        self.last_ns.store(ns, Ordering::Relaxed);
        self.most_ns.fetch_max(ns, Ordering::Relaxed);
    }

    /// How often it was done.
    pub fn times(&self) -> u64 {
        self.times.load(Ordering::Relaxed)
    }

    /// All of it, the last time, and the longest one, in s.
    pub fn seconds(&self) -> [f64; 3] {
        [&self.all_ns, &self.last_ns, &self.most_ns].map(|ns| ns.load(Ordering::Relaxed) as f64 / 1e9)
    }
}

impl AlarmStats {
    /// The alarms' part of a scan took so long.
    pub fn engine_took(&self, ns: u64) {
        self.engine.note(ns);
    }

    /// A frame goes to the board and to the journal.
    pub(super) fn handed_on(&self, frame: &Frame, priority: impl Fn(AlarmId) -> Priority) {
        for event in &frame.alarms.events {
            if let Some(count) = self.events.get((event.kind as usize).wrapping_sub(1)) {
                count.fetch_add(1, Ordering::Relaxed);
            }
            let is_told = event.announces() && priority(event.alarm) != Priority::Event;
            self.announced.fetch_add(u64::from(is_told), Ordering::Relaxed);
        }
        let mut on_the_way = self.on_the_way.lock();
        if !frame.alarms.events.is_empty() && on_the_way.len() < FRAMES {
            on_the_way.push_back((frame.number, frame.now.mono));
        }
    }

    /// Everything up to a frame is on the disk.
    pub(super) fn recorded(&self, frame: u64, now: Mono) {
        let mut on_the_way = self.on_the_way.lock();
        while let Some((_, decided)) = on_the_way.pop_front_if(|(number, _)| *number <= frame) {
            self.recorded.note(now.since(decided));
        }
    }

    /// The alarms' part of scans.
    pub fn engine(&self) -> &Took {
        &self.engine
    }

    /// From a scan's decision until it is on the disk, frame by frame.
    pub fn journalled(&self) -> &Took {
        &self.recorded
    }

    /// How old the oldest decision is that isn't on the disk yet, in s; 0 where all are.
    pub fn lag_s(&self, now: Mono) -> f64 {
        self.on_the_way.lock().front().map_or(0.0, |(_, decided)| now.since(*decided) as f64 / 1e9)
    }

    /// Events of each kind.
    pub fn events(&self) -> impl Iterator<Item = (AlarmEventKind, u64)> {
        AlarmEventKind::ALL.into_iter().zip(&self.events).map(|(kind, count)| (kind, count.load(Ordering::Relaxed)))
    }

    /// Alarms that operators were told of by horn and banner.
    pub fn announced(&self) -> u64 {
        self.announced.load(Ordering::Relaxed)
    }
}
