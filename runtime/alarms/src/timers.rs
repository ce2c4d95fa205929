//! What waits for time to pass, in order.

use std::collections::BTreeSet;

use plantroom_model::Mono;

/// What is due. The order is that in which things that are due at the same time happen to one alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// An on- or off-delay is over.
    Delay,
    /// The time on the shelf is over.
    Shelf,
    /// What suppresses it has been dead for too long.
    Suppressor,
    /// It is to be announced anew.
    ReAlarm,
    /// A rate of change is to be looked at without a sample.
    Look,
    /// It has not come for a minute.
    Chatter,
    /// It has been active for a day.
    Standing,
}

/// All times that somebody waits for. Whoever sets one takes it out again: there is never more than one of a kind an alarm
/// (suppressors: one a suppressor), so a chattering alarm doesn't make this grow.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    waiting: BTreeSet<(Mono, u32, Due)>,
}

impl Timers {
    /// No time.
    pub const NEVER: Mono = Mono(u64::MAX);

    pub fn set(&mut self, alarm: u32, what: Due, at: Mono) {
        if at != Self::NEVER {
            self.waiting.insert((at, alarm, what));
        }
    }

    pub fn remove(&mut self, alarm: u32, what: Due, at: Mono) {
        if at != Self::NEVER {
            self.waiting.remove(&(at, alarm, what));
        }
    }

    /// What is due first of all that is due, taken out.
    pub fn pop(&mut self, now: Mono) -> Option<(u32, Due)> {
        let (at, alarm, what) = *self.waiting.first()?;
        if at > now {
            return None;
        }
        self.waiting.pop_first();
        Some((alarm, what))
    }

    pub fn next(&self) -> Option<Mono> {
        self.waiting.first().map(|(at, ..)| *at)
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}
