//! The key figures of alarm management (ANSI/ISA-18.2-2016 clause 16, IEC 62682, EEMUA 191), per operator position.
//!
//! In:  steps of alarms in the order in which they were recorded, and what was known before the first of them.
//! Out: rates, floods, chattering and standing alarms, who contributes most, times to acknowledge, and what that means.
//! Start at [`Figures::apply`]; [`Figures::figures`] says what came of it, [`report`] prints it.
//!
//! Invariant: a step costs the same whatever came before it; the same code serves the running station and any past time.
//! Invariant: memory grows with the time (a window of 10 minutes, an hour, a day each) and the alarms, never with the steps.
//! Invariant: knows no clock; a clock that is set back neither loses a step nor counts one twice.

mod acknowledge;
mod assess;
mod calendar;
mod outcome;
mod per_alarm;
mod position;
pub mod report;
mod sliding;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use plantroom_model::{AlarmEventKind, AlarmId, AlarmState, AlarmStep, Hidden, Priority, Utc};

pub use acknowledge::AcknowledgeFigures;
pub use assess::{Finding, Verdict};
pub use outcome::{
    AlarmWords, Chattering, Contributor, DayRow, Flood, HiddenFigures, HourRow, KeyFigures, NowFigures, PositionFigures,
    Standing24,
};
pub use position::Position;

use calendar::Calendar;
use per_alarm::{Change, PerAlarm};
use position::{Positions, Tally};

/// So many ns are a second.
pub(crate) const SECOND_NS: i64 = 1_000_000_000;
/// The window that all rates are about: 10 minutes, in ns.
pub(crate) const WINDOW_NS: i64 = 600 * SECOND_NS;
/// A rate of so many alarms in 10 minutes is more than one person follows: a flood begins above it.
pub const FLOOD_ABOVE: u32 = 10;
/// A flood is over when there are fewer in 10 minutes.
pub const FLOOD_ENDS_BELOW: u32 = 5;
/// So many times within a minute are chattering.
pub const CHATTER_TIMES: u32 = 3;
/// Active for longer than this is standing, in ns: 24 h.
pub(crate) const STANDING_NS: i64 = 86_400 * SECOND_NS;
/// Alarms of a page; a page is made when something first happens to one of them.
const PAGE: usize = 512;

/// Counts what happens to alarms from a time on.
#[derive(Clone, Debug)]
pub struct Figures {
    calendar: Calendar,
    positions: Positions,
    tallies: Vec<Tally>,
    /// By alarm: for which positions it counts (a bit each), and how urgent it is.
    about: Vec<(u32, Priority)>,
    pages: Vec<Option<Box<[PerAlarm; PAGE]>>>,
    from: i64,
    /// The newest time that was seen, and the end of its second.
    now: i64,
    second_end: i64,
    gaps: Vec<(i64, i64)>,
}

impl Figures {
    /// From a time on. Without positions there is one, `plant`, for everything.
    pub fn new(positions: &[Position], zone: TimeZone, from: Utc) -> Self {
        let positions = Positions::new(positions);
        let calendar = Calendar::new(zone, from.0);
        let tallies = (0..positions.count()).map(|_| Tally::new(from.0)).collect();
        let (from, second_end) = (from.0, end_of_second(from.0));
        let (about, pages, gaps) = (Vec::new(), Vec::new(), Vec::new());
        Self { calendar, positions, tallies, about, pages, from, now: from, second_end, gaps }
    }

    /// The same positions and alarms, from a later time on: what stands and what came in the last 10 minutes goes over.
    pub fn carried_over(&self, from: Utc) -> Self {
        let mut next = self.clone();
        next.advance(from);
        next.calendar = self.calendar.anew(from.0);
        (next.from, next.gaps) = (from.0, Vec::new());
        next.tallies.iter_mut().for_each(|tally| tally.begin_anew(from.0));
        next.pages.iter_mut().flatten().for_each(|page| page.iter_mut().for_each(PerAlarm::begin_anew));
        next
    }

    /// What an alarm is: before its first step, and again when the project changes.
    pub fn alarm(&mut self, alarm: AlarmId, priority: Priority, area: &str) {
        let place = alarm.0 as usize;
        if self.about.len() <= place {
            self.about.resize(place + 1, (0, Priority::Event));
        }
        self.about[place] = (self.positions.of_area(area), priority);
    }

    /// Where an alarm stood at the beginning; the step's time is when it last came.
    pub fn stood(&mut self, step: &AlarmStep) {
        let Some((of, alarm)) = self.touch(step.alarm) else { return };
        let change = alarm.stood(step);
        self.count_now(of, change);
    }

    /// What happened to an alarm.
    #[inline]
    pub fn apply(&mut self, step: &AlarmStep) {
        if step.at.0 >= self.second_end {
            self.advance(step.at);
        }
        // A clock that was set back: what happens now counts for the newest time that was seen.
        let at = step.at.0.max(self.now);
        self.now = at;
        let Some(((positions, priority), alarm)) = self.touch(step.alarm) else { return };
        let seen = alarm.apply(step, at);
        let mut bits = positions;
        while bits != 0 {
            let tally = &mut self.tallies[bits.trailing_zeros() as usize];
            bits &= bits - 1;
            tally.now(seen.change);
            if seen.is_announced {
                tally.announced(at, step.alarm, priority, &self.calendar);
            }
            if step.kind == AlarmEventKind::Occurred && step.hidden.any() {
                tally.hidden(step.hidden);
            }
            if step.kind == AlarmEventKind::Shelved {
                tally.shelved += 1;
            }
            if let Some(took_ns) = seen.acknowledged_after {
                tally.acknowledge.add(took_ns);
            }
        }
    }

    /// Nothing was recorded from a time to another.
    pub fn gap(&mut self, from: Utc, to: Utc) {
        let (from, to) = (from.0.max(self.from), to.0);
        if from < to {
            self.gaps.push((from, to));
        }
    }

    /// Lets time pass: floods end, windows close.
    pub fn advance(&mut self, now: Utc) {
        if now.0 > self.now {
            (self.now, self.second_end) = (now.0, end_of_second(now.0));
            self.calendar.advance(now.0);
            self.tallies.iter_mut().for_each(|tally| tally.advance(&self.calendar));
        }
    }

    /// How it is at this moment, for a position by its place; costs nothing.
    pub fn now(&self, position: usize) -> Option<NowFigures> {
        self.tallies.get(position).map(Tally::figures_now)
    }

    /// The names of all positions; their places are those of [`Figures::now`].
    pub fn positions(&self) -> impl Iterator<Item = &str> {
        self.positions.names()
    }

    /// The first time that counts.
    pub fn from(&self) -> Utc {
        Utc(self.from)
    }

    /// What came of it until a time, at or after the last step; `words` says what alarms are called.
    pub fn figures(&self, until: Utc, words: &dyn Fn(AlarmId) -> AlarmWords) -> KeyFigures {
        outcome::figures(self, until.0, words)
    }

    /// An alarm's own figures, and for whom it counts; `None` where it is none (an event, or unknown).
    #[inline]
    fn touch(&mut self, alarm: AlarmId) -> Option<((u32, Priority), &mut PerAlarm)> {
        let place = alarm.0 as usize;
        let about = *self.about.get(place)?;
        if about.1 == Priority::Event {
            return None;
        }
        let page = place / PAGE;
        if self.pages.len() <= page {
            self.pages.resize(page + 1, None);
        }
        let alarms = self.pages[page].get_or_insert_with(|| Box::new([PerAlarm::default(); PAGE]));
        Some((about, &mut alarms[place % PAGE]))
    }

    fn count_now(&mut self, (mut bits, _): (u32, Priority), change: Change) {
        while bits != 0 {
            self.tallies[bits.trailing_zeros() as usize].now(change);
            bits &= bits - 1;
        }
    }

    /// All alarms to which something has happened, with the positions that they count for.
    fn touched(&self) -> impl Iterator<Item = (AlarmId, u32, Priority, &PerAlarm)> {
        let pages = self.pages.iter().enumerate().filter_map(|(place, page)| Some((place, page.as_deref()?)));
        pages.flat_map(move |(page, alarms)| {
            alarms.iter().enumerate().filter_map(move |(slot, alarm)| {
                let place = page * PAGE + slot;
                let (positions, priority) = *self.about.get(place)?;
                alarm.is_touched().then_some((AlarmId(place as u32), positions, priority, alarm))
            })
        })
    }
}

/// The first moment of the hour that a time is in, as clocks on the wall show hours in a zone.
pub fn start_of_hour(at: Utc, zone: &TimeZone) -> Utc {
    Utc(calendar::start_of_hour(at.0, zone))
}

/// Of the second that a time is in.
fn end_of_second(at: i64) -> i64 {
    at.div_euclid(SECOND_NS).saturating_add(1).saturating_mul(SECOND_NS)
}

/// The first moment of the day that a time is in, in a zone.
pub fn start_of_day(at: Utc, zone: &TimeZone) -> Utc {
    Utc(calendar::start_of_day(at.0, zone))
}

/// Whether an alarm that stands so is in the list: not hidden, and active or unacknowledged.
fn is_visible(state: AlarmState, hidden: Hidden) -> bool {
    state != AlarmState::Normal && !hidden.any()
}
