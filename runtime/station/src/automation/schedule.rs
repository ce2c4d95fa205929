//! When scheduled scripts run: times of day in the plant's time zone.
//!
//! Where the clocks are put forward over a time, it runs once, later by as much as the clocks moved (02:30 runs at 03:30).
//! Where they are put back over it, it runs the first time and not the second. When the station was down at a time, that
//! time is passed over: what was right in the morning may be wrong at noon.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use plantroom_model::{Mono, Now, Utc};
use plantroom_project::ScriptWork;

/// A clock that was set forward over a time runs it late at most by this, in s; beyond, the time is passed over.
const LATE_S: i64 = 600;
/// A clock that goes another way than the monotonic one by more than this, in s, was set.
const SET_S: i64 = 2;

/// The next time of a schedule.
#[derive(Debug)]
pub(crate) struct Schedule {
    times: Vec<(u8, u8)>,
    days: [bool; 7],
    zone: TimeZone,
    next: Option<Timestamp>,
    /// What ran last: a clock that is set back a little doesn't run it twice.
    last: Option<Timestamp>,
    seen: (Timestamp, Mono),
}

impl Schedule {
    pub(crate) fn new(work: &ScriptWork, zone: &str, now: Now) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let seen = (timestamp(now.utc), now.mono);
        let mut schedule = Self { times: work.at.clone(), days: work.days, zone, next: None, last: None, seen };
        schedule.next = schedule.after(seen.0);
        schedule
    }

    /// The time that is due, as `06:00`; each is given once.
    pub(crate) fn due(&mut self, now: Now) -> Option<String> {
        let utc = timestamp(now.utc);
        let (before, mono) = self.seen;
        self.seen = (utc, now.mono);
        let passed_s = i64::try_from(now.mono.since(mono) / 1_000_000_000).unwrap_or(i64::MAX);
        let set_by_s = utc.as_second() - before.as_second() - passed_s;
        if set_by_s < -SET_S {
            self.next = self.after(utc);
        }
        let due = self.next.filter(|next| *next <= utc)?;
        self.next = self.after(utc);
        let ran_before = self.last.is_some_and(|last| last == due);
        if utc.as_second() - due.as_second() > LATE_S || ran_before {
            return None;
        }
        self.last = Some(due);
        Some(due.to_zoned(self.zone.clone()).strftime("%H:%M").to_string())
    }

    /// The first time after a moment.
    fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let local: Zoned = moment.to_zoned(self.zone.clone());
        // Eight days hold each day of the week after this moment.
        let days = (0..=8_i64).filter_map(|days| local.date().checked_add(days.days()).ok());
        let allowed = days.filter(|date| self.days[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]);
        let times =
            allowed.flat_map(|date| self.times.iter().map(move |(hour, minute)| date.at(*hour as i8, *minute as i8, 0, 0)));
        times.filter_map(|time| Some(time.to_zoned(self.zone.clone()).ok()?.timestamp())).filter(|time| *time > moment).min()
    }
}

fn timestamp(utc: Utc) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(utc.0)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Hour, minute and day of the week (1 is Monday) of a moment, in a time zone.
pub(crate) fn local(at: Utc, zone: &str) -> (i64, i64, i64) {
    let local = timestamp(at).to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC));
    (i64::from(local.hour()), i64::from(local.minute()), i64::from(local.weekday().to_monday_one_offset()))
}

/// A moment in a time zone, for people: `2026-11-22 18:40:05`.
pub(crate) fn shown(at: Utc, zone: &str) -> String {
    timestamp(at).to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, second: u64) -> Now {
        let utc: Timestamp = text.parse().unwrap();
        Now { mono: Mono(second * 1_000_000_000), utc: Utc(i64::try_from(utc.as_nanosecond()).unwrap()) }
    }

    fn schedule(times: &[(u8, u8)], days: [bool; 7], now: Now) -> Schedule {
        let (file, text) = ("".into(), "".into());
        let work = ScriptWork { file, text, on: vec![], every_ms: None, at: times.to_vec(), days, pause_ms: 100 };
        Schedule::new(&work, "Europe/Berlin", now)
    }

    /// Walks minute by minute from one time (UTC) for so many hours, and says at which UTC times something was due.
    fn walk(times: &[(u8, u8)], days: [bool; 7], from: &str, hours: u64) -> Vec<String> {
        let start = at(from, 0);
        let mut schedule = schedule(times, days, start);
        let minutes = (1..=hours * 60).filter_map(|minute| {
            let now = Now { mono: start.mono.plus_ms(minute * 60_000), utc: Utc(start.utc.0 + minute as i64 * 60_000_000_000) };
            schedule.due(now).map(|_| timestamp(now.utc).to_string())
        });
        minutes.collect()
    }

    #[test]
    fn a_time_of_day_follows_the_plants_own_clock() {
        let every = [true; 7];
        assert_eq!(walk(&[(6, 0)], every, "2026-06-01T00:00:00Z", 48), ["2026-06-01T04:00:00Z", "2026-06-02T04:00:00Z"]);
        assert_eq!(walk(&[(6, 0)], every, "2026-12-01T00:00:00Z", 24), ["2026-12-01T05:00:00Z"]);
        let sundays = [false, false, false, false, false, false, true];
        assert_eq!(walk(&[(6, 0)], sundays, "2026-06-01T00:00:00Z", 14 * 24), ["2026-06-07T04:00:00Z", "2026-06-14T04:00:00Z"]);
    }

    #[test]
    fn the_days_on_which_clocks_change_run_each_time_once() {
        let every = [true; 7];
        // Clocks go from 02:00 to 03:00 on 29 March 2026: 02:30 runs at 03:30.
        assert_eq!(walk(&[(2, 30)], every, "2026-03-28T23:30:00Z", 24), ["2026-03-29T01:30:00Z"]);
        // Clocks go from 03:00 to 02:00 on 25 October 2026: 02:30 runs the first time.
        assert_eq!(walk(&[(2, 30)], every, "2026-10-24T22:30:00Z", 24), ["2026-10-25T00:30:00Z"]);
    }

    #[test]
    fn a_clock_that_is_set_runs_nothing_twice_and_nothing_long_past() {
        let mut schedule = schedule(&[(6, 0)], [true; 7], at("2026-06-01T03:59:00Z", 0));
        assert!(schedule.due(at("2026-06-01T04:00:00Z", 60)).is_some());
        assert!(schedule.due(at("2026-06-01T03:30:00Z", 61)).is_none(), "set back half an hour");
        assert!(schedule.due(at("2026-06-01T04:00:00Z", 1_861)).is_none(), "the same morning again");
        assert!(schedule.due(at("2036-06-01T12:00:00Z", 1_862)).is_none(), "set forward ten years");
        assert!(schedule.due(at("2036-06-02T04:00:00Z", 59_462)).is_some(), "and on from there");
        assert!(schedule.due(at("2026-06-01T12:00:00Z", 59_463)).is_none(), "set back ten years");
        assert!(schedule.due(at("2026-06-02T04:00:30Z", 117_093)).is_some(), "and on from there");
    }
}
