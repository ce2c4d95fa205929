//! One position's flood: what came within the window, and what it amounts to.

use std::collections::VecDeque;

use crate::causes::Arrival;
use crate::config::Bounds;

/// Most announcements that are counted one by one; beyond it the flood is one in any case.
const ANNOUNCEMENTS: usize = 100_000;

/// What a position has heard.
#[derive(Debug, Default)]
pub struct Flood {
    /// Announcements within the window: when, ns on the monotonic clock, and of which alarm.
    window: VecDeque<(u64, u32)>,
    /// The flood that goes on, if one does.
    ongoing: Option<Ongoing>,
}

/// A flood that goes on.
#[derive(Debug, Default)]
pub struct Ongoing {
    /// Every alarm of it once, in the order of its first arrival.
    pub arrivals: Vec<Arrival>,
    /// By handle: whether it is among them.
    known: std::collections::BTreeSet<u32>,
    /// Announcements since it began.
    pub count: u64,
    /// When the first and the last alarm of it came, ns on the monotonic clock.
    pub first_ns: u64,
    /// See `first_ns`.
    pub last_ns: u64,
}

/// What became of a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing to tell.
    Quiet,
    /// It has begun, or goes on.
    Ongoing,
    /// It is over.
    Ended,
}

impl Flood {
    /// An alarm was announced.
    pub fn announce(&mut self, alarm: u32, now_ns: u64, bounds: Bounds) {
        self.window.push_back((now_ns, alarm));
        if self.window.len() > ANNOUNCEMENTS {
            self.window.pop_front();
        }
        match &mut self.ongoing {
            Some(ongoing) => ongoing.add(alarm, now_ns),
            None => {
                self.forget(now_ns, bounds);
                if self.window.len() > bounds.start {
                    let mut ongoing =
                        Ongoing { first_ns: self.window.front().map_or(now_ns, |(at, _)| *at), ..Ongoing::default() };
                    self.window.iter().for_each(|(at, alarm)| ongoing.add(*alarm, *at));
                    self.ongoing = Some(ongoing);
                }
            }
        }
    }

    /// What it amounts to now.
    pub fn turn(&mut self, now_ns: u64, bounds: Bounds) -> Turn {
        self.forget(now_ns, bounds);
        match &self.ongoing {
            None => Turn::Quiet,
            Some(_) if self.window.len() < bounds.end => {
                self.ongoing = None;
                Turn::Ended
            }
            Some(_) => Turn::Ongoing,
        }
    }

    /// The flood that goes on.
    pub fn ongoing(&self) -> Option<&Ongoing> {
        self.ongoing.as_ref()
    }

    /// When it would end if nothing came any more, ns on the monotonic clock; `None` without a flood.
    pub fn end_ns(&self, bounds: Bounds) -> Option<u64> {
        self.ongoing.as_ref()?;
        let last_but = self.window.len().checked_sub(bounds.end)?;
        self.window.get(last_but).map(|(at, _)| at.saturating_add(bounds.window_ns).saturating_add(1))
    }

    fn forget(&mut self, now_ns: u64, bounds: Bounds) {
        while self.window.front().is_some_and(|(at, _)| now_ns.saturating_sub(*at) > bounds.window_ns) {
            self.window.pop_front();
        }
    }
}

impl Ongoing {
    fn add(&mut self, alarm: u32, at_ns: u64) {
        self.count += 1;
        self.last_ns = self.last_ns.max(at_ns);
        if self.known.insert(alarm) {
            self.arrivals.push((alarm, at_ns));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { start: 10, end: 5, window_ns: 600 };

    #[test]
    fn a_flood_begins_above_ten_and_ends_below_five() {
        let mut flood = Flood::default();
        for at in 0..10 {
            flood.announce(at as u32, at, BOUNDS);
        }
        assert_eq!(flood.turn(9, BOUNDS), Turn::Quiet, "ten are no flood");
        flood.announce(10, 10, BOUNDS);
        assert_eq!(flood.turn(10, BOUNDS), Turn::Ongoing);
        assert_eq!(flood.ongoing().map(|ongoing| (ongoing.count, ongoing.arrivals.len(), ongoing.first_ns)), Some((11, 11, 0)));
        let end = flood.end_ns(BOUNDS);
        assert_eq!(end, Some(607), "five are left then, and at 607 four");
        assert_eq!(flood.turn(606, BOUNDS), Turn::Ongoing);
        assert_eq!(flood.turn(607, BOUNDS), Turn::Ended);
        assert_eq!(flood.turn(608, BOUNDS), Turn::Quiet);
    }

    #[test]
    fn one_alarm_that_chatters_is_counted_each_time_and_listed_once() {
        let mut flood = Flood::default();
        for at in 0..300_000 {
            flood.announce(7, at / 1_000, BOUNDS);
        }
        assert!(flood.window.len() <= ANNOUNCEMENTS);
        assert_eq!(flood.ongoing().map(|ongoing| ongoing.arrivals.len()), Some(1));
    }

    #[test]
    fn ten_in_each_window_are_never_a_flood() {
        let mut flood = Flood::default();
        for at in 0..1_000 {
            flood.announce(at as u32, at * 61, BOUNDS);
            assert_eq!(flood.turn(at * 61, BOUNDS), Turn::Quiet);
        }
    }
}
