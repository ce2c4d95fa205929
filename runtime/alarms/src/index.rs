//! From a tag to the alarms that look at it: columns, so that a sample finds all of them in a row.

use plantroom_model::{AlarmSpec, Condition, LimitKind, LimitSource, PackedChange, TagId};

/// One alarm's interest in one tag. Numbers are mirrored for low limits, so that beyond is always above.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(crate) struct Trigger {
    /// At or above: the condition holds.
    pub set: f64,
    /// Below, once it holds: it doesn't any more.
    pub clear: f64,
    pub alarm: u32,
    pub what: What,
    pub flags: u8,
    /// Which of the watch's inputs the tag is.
    pub input: u8,
    _room: u8,
}

/// What a sample is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum What {
    /// A constant from above.
    High,
    /// A constant from below.
    Low,
    /// Something that looks at several tags, or keeps more than whether it holds.
    Watch,
}

/// The condition holds.
pub(crate) const HOLDS: u8 = 1;
/// The tag says nothing that can be used.
pub(crate) const BLIND: u8 = 2;
/// The tag's device doesn't answer.
pub(crate) const CUT_OFF: u8 = 4;
/// A delay runs, and its samples are kept for when it is over.
pub(crate) const PENDING: u8 = 8;
/// An online change wants it looked at.
pub(crate) const FRESH: u8 = 16;

impl Trigger {
    /// Whether the condition holds at a number.
    #[inline]
    pub fn holds(&self, number: f64) -> bool {
        let beyond = if self.what == What::High { number } else { -number };
        beyond >= if self.flags & HOLDS != 0 { self.clear } else { self.set }
    }

    /// Whether a number changes nothing. NaN never does: there is nothing that it is above or below.
    #[inline]
    pub fn is_still(&self, number: f64) -> bool {
        let beyond = if self.what == What::High { number } else { -number };
        match self.flags {
            0 => beyond < self.set && self.what != What::Watch,
            HOLDS => beyond >= self.clear && self.what != What::Watch,
            _ => false,
        }
    }

    pub fn limit(&self) -> f64 {
        if self.what == What::Low { -self.set } else { self.set }
    }

    pub fn set_flag(&mut self, flag: u8, on: bool) {
        self.flags = if on { self.flags | flag } else { self.flags & !flag };
    }
}

/// So many triggers fit the second-level cache of any machine: 192 kB.
const FEW: usize = 8_192;

/// All triggers, those of one tag together, in the order of alarms.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Of tag `n` the triggers from `starts[n]` to `starts[n + 1]`.
    pub starts: Vec<u32>,
    pub triggers: Vec<Trigger>,
}

impl Index {
    /// The index over so many tags; `blind`: nothing is known of any of them. `place` is told where each trigger lies.
    pub fn of(specs: &[AlarmSpec], tags: usize, mut place: impl FnMut(u32, u32)) -> Self {
        let mut starts = vec![0_u32; tags + 1];
        for spec in specs {
            for tag in inputs(&spec.condition).into_iter().flatten() {
                if let Some(count) = starts.get_mut(tag.0 as usize + 1).filter(|_| (tag.0 as usize) < tags) {
                    *count += 1;
                }
            }
        }
        for tag in 0..tags {
            starts[tag + 1] += starts[tag];
        }
        let mut next = starts.clone();
        let empty = Trigger { set: 0.0, clear: 0.0, alarm: 0, what: What::Watch, flags: BLIND, input: 0, _room: 0 };
        let mut triggers = vec![empty; starts.last().map_or(0, |end| *end as usize)];
        for (alarm, spec) in (0_u32..).zip(specs) {
            for (input, tag) in (0_u8..).zip(inputs(&spec.condition)) {
                let Some(tag) = tag.filter(|tag| (tag.0 as usize) < tags) else { continue };
                let at = next[tag.0 as usize];
                next[tag.0 as usize] += 1;
                triggers[at as usize] = Trigger { alarm, input, ..trigger(&spec.condition) };
                place(alarm, at);
            }
        }
        Self { starts, triggers }
    }

    /// The first trigger of some that a number doesn't leave as it is.
    #[inline]
    pub fn first_moved(&self, places: std::ops::Range<usize>, number: f64) -> Option<usize> {
        for place in places {
            if !self.triggers.get(place)?.is_still(number) {
                return Some(place);
            }
        }
        None
    }

    /// Asks for the cache lines of triggers that are looked at next.
    pub fn fetch(&self, rows: &[PackedChange]) {
        if self.triggers.len() <= FEW {
            // They stay in the cache by themselves.
            return;
        }
        // Plain, so that no line waits for another one.
        let mut sum = 0.0;
        for row in rows {
            let start = self.starts.get(row.tag.0 as usize).map_or(0, |start| *start as usize);
            if let Some(trigger) = self.triggers.get(start) {
                sum += trigger.set;
            }
        }
        std::hint::black_box(sum);
    }

    /// Places of a tag's triggers.
    #[inline]
    pub fn of_tag(&self, tag: TagId) -> std::ops::Range<usize> {
        let tag = tag.0 as usize;
        match (self.starts.get(tag), self.starts.get(tag + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }
}

fn trigger(condition: &Condition) -> Trigger {
    let watch = Trigger { set: 0.0, clear: 0.0, alarm: 0, what: What::Watch, flags: BLIND, input: 0, _room: 0 };
    let Condition::Limit { kind, at: LimitSource::Constant(limit), hysteresis, .. } = condition else { return watch };
    let is_high = matches!(kind, LimitKind::High | LimitKind::HighHigh);
    let (what, set) = if is_high { (What::High, *limit) } else { (What::Low, -limit) };
    Trigger { set, clear: set - hysteresis, what, ..watch }
}

/// The tags that a condition looks at; the first is what the alarm is about.
pub(crate) fn inputs(condition: &Condition) -> [Option<TagId>; 3] {
    let of = |source: &LimitSource| match source {
        LimitSource::Tag(tag) => Some(*tag),
        LimitSource::Constant(_) => None,
    };
    match condition {
        Condition::Limit { tag, at, .. } => [Some(*tag), of(at), None],
        Condition::Deviation { tag, setpoint, by, .. } => [Some(*tag), Some(*setpoint), of(by)],
        Condition::Rate { tag, per_s, .. } => [Some(*tag), of(per_s), None],
        Condition::State { tag, .. } | Condition::Change { tag } | Condition::BadQuality { tag } => [Some(*tag), None, None],
        Condition::Disagree { command, feedback, .. } => [Some(*feedback), Some(*command), None],
        Condition::Link { .. } | Condition::Script { .. } | Condition::Plugin { .. } | Condition::System | Condition::Gone => {
            [None; 3]
        }
    }
}
