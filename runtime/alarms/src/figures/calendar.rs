//! Windows of 10 minutes, hours and days of the plant's zone; days have 23, 24 or 25 hours.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{SECOND_NS, WINDOW_NS};

const HOUR_NS: i64 = 3_600 * SECOND_NS;
/// Windows that are kept: 20 years. What comes later is in none.
const WINDOWS: usize = 1_052_000;

/// Where a time lies.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    /// Start of the first window, and of the first hour.
    first_window: i64,
    first_hour: i64,
    /// The last time that it was advanced to, and the window and the hour that it is in.
    pub now: i64,
    window_now: Option<usize>,
    hour_now: Option<usize>,
    /// Until then it is the same window, and the same hour.
    window_end: i64,
    hour_end: i64,
    /// Starts of days, the next one included: as many as days, and one more.
    pub days: Vec<i64>,
}

impl Calendar {
    pub fn new(zone: TimeZone, from: i64) -> Self {
        // Windows and hours begin as clocks on the wall show them.
        let floor = |length: i64| floor(from, length, &zone);
        let start = start_of_day(from, &zone);
        let days = vec![start, next_day(start, &zone)];
        let (first_window, first_hour) = (floor(WINDOW_NS), floor(HOUR_NS));
        let (window_end, hour_end) = (first_window + WINDOW_NS, first_hour + HOUR_NS);
        let (window_now, hour_now) = (Some(0), Some(0));
        Self { first_window, first_hour, now: from, window_now, hour_now, window_end, hour_end, days, zone }
    }

    /// The same zone from another time on.
    pub fn anew(&self, from: i64) -> Self {
        Self::new(self.zone.clone(), from)
    }

    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Goes on to a time.
    pub fn advance(&mut self, now: i64) {
        self.now = now;
        if now >= self.window_end {
            self.window_now = self.window(now);
            self.window_end = end_of(now, self.first_window, WINDOW_NS);
        }
        if now >= self.hour_end {
            self.hour_now = self.hour(now);
            self.hour_end = end_of(now, self.first_hour, HOUR_NS);
        }
        while let Some(end) = self.days.last().copied().filter(|end| *end <= now && self.days.len() < WINDOWS / 144) {
            self.days.push(next_day(end, &self.zone));
        }
    }

    /// The window that a time is in; `None` behind the last one that is kept.
    pub fn window(&self, at: i64) -> Option<usize> {
        let window = at.saturating_sub(self.first_window).div_euclid(WINDOW_NS);
        usize::try_from(window).ok().filter(|window| *window < WINDOWS)
    }

    /// The hour that a time is in.
    pub fn hour(&self, at: i64) -> Option<usize> {
        let hour = at.saturating_sub(self.first_hour).div_euclid(HOUR_NS);
        usize::try_from(hour).ok().filter(|hour| *hour < WINDOWS / 6)
    }

    /// The window that is now, after [`Calendar::advance`].
    pub fn this_window(&self) -> Option<usize> {
        self.window_now
    }

    /// The hour that is now, after [`Calendar::advance`].
    pub fn this_hour(&self) -> Option<usize> {
        self.hour_now
    }

    /// The day that is now, after [`Calendar::advance`].
    pub fn today(&self) -> usize {
        self.days.len().saturating_sub(2)
    }

    pub fn window_start(&self, window: usize) -> i64 {
        self.first_window + window as i64 * WINDOW_NS
    }

    pub fn hour_start(&self, hour: usize) -> i64 {
        self.first_hour + hour as i64 * HOUR_NS
    }

    /// A day's date: `2026-10-25`.
    pub fn date(&self, day: usize) -> String {
        let start = self.days.get(day).copied().unwrap_or_default();
        timestamp(start).to_zoned(self.zone.clone()).date().to_string()
    }
}

/// The beginning of the piece of a day that a time is in, where each day is cut from its midnight on.
fn floor(at: i64, length: i64, zone: &TimeZone) -> i64 {
    let offset = i64::from(zone.to_offset(timestamp(at)).seconds()) * SECOND_NS;
    (at + offset).div_euclid(length) * length - offset
}

/// The first moment of the hour that a time is in.
pub(crate) fn start_of_hour(at: i64, zone: &TimeZone) -> i64 {
    floor(at, HOUR_NS, zone)
}

/// The end of the piece that a time is in, of pieces of one length that begin at `first`.
fn end_of(now: i64, first: i64, length: i64) -> i64 {
    let piece = now.saturating_sub(first).div_euclid(length);
    piece.saturating_add(1).saturating_mul(length).saturating_add(first)
}

pub(crate) fn timestamp(ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(ns.into()).unwrap_or_default()
}

fn nanoseconds(at: &jiff::Zoned) -> i64 {
    i64::try_from(at.timestamp().as_nanosecond()).unwrap_or(i64::MAX)
}

pub(crate) fn start_of_day(at: i64, zone: &TimeZone) -> i64 {
    let zoned = timestamp(at).to_zoned(zone.clone());
    zoned.start_of_day().map_or(at, |start| nanoseconds(&start))
}

fn next_day(start: i64, zone: &TimeZone) -> i64 {
    let zoned = timestamp(start).to_zoned(zone.clone());
    let next = zoned.checked_add(1.day()).and_then(|next| next.start_of_day());
    next.map_or(start.saturating_add(24 * HOUR_NS), |next| nanoseconds(&next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        let time: Timestamp = text.parse().expect("a time");
        time.as_nanosecond() as i64
    }

    #[test]
    fn days_have_the_hours_that_they_have() {
        // 72 hours after half past midnight of a day with 25 it is half past eleven two days later.
        let rows = [
            ("2026-10-24T22:30:00Z", "Europe/Berlin", "2026-10-25", 25, 2),
            ("2026-03-28T23:30:00Z", "Europe/Berlin", "2026-03-29", 23, 3),
            ("2026-06-01T12:00:00Z", "Europe/Berlin", "2026-06-01", 24, 3),
            ("2026-06-01T20:00:00Z", "Asia/Kathmandu", "2026-06-02", 24, 3),
        ];
        for (time, zone, date, hours, days) in rows {
            let zone = TimeZone::get(zone).expect("a zone");
            let mut calendar = Calendar::new(zone, at(time));
            assert_eq!((calendar.date(0).as_str(), (calendar.days[1] - calendar.days[0]) / HOUR_NS), (date, hours), "{time}");
            calendar.advance(at(time) + 3 * 86_400 * SECOND_NS);
            assert_eq!(calendar.today(), days, "{time}");
        }
    }

    #[test]
    fn windows_and_hours_begin_as_clocks_on_the_wall_show() {
        let zone = TimeZone::get("Asia/Kathmandu").expect("a zone");
        let calendar = Calendar::new(zone, at("2026-06-01T00:17:00Z"));
        // 06:02 in Kathmandu: the hour began at 06:00, the window too.
        assert_eq!(calendar.hour_start(0), at("2026-06-01T00:15:00Z"));
        assert_eq!(calendar.window_start(0), at("2026-06-01T00:15:00Z"));
        assert_eq!((calendar.window(at("2026-06-01T00:26:00Z")), calendar.window(at("2026-06-01T00:10:00Z"))), (Some(1), None));
        assert_eq!(calendar.window(i64::MAX), None);
    }
}
