//! What came of it: the figures of a time, ready to be shown.

use std::borrow::Cow;
use std::sync::Arc;

use plantroom_model::{AlarmId, Priority, Utc};
use serde::Serialize;

use super::acknowledge::AcknowledgeFigures;
use super::assess::{self, Finding, Verdict};
use super::position::Tally;
use super::sliding::FloodSeen;
use super::{FLOOD_ABOVE, Figures, SECOND_NS, WINDOW_NS};

/// Alarms of a list: the worst of them.
const LISTED: usize = 50;
/// Those that contribute most.
const TOP: usize = 10;

/// What an alarm is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AlarmWords {
    /// Its name.
    pub name: Arc<str>,
    /// Its message.
    pub message: Arc<str>,
}

/// The key figures of a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyFigures {
    /// From.
    pub from: Utc,
    /// Until before.
    pub until: Utc,
    /// The plant's zone, by its name: hours and days are its.
    pub zone: String,
    /// How much of the time was recorded, in s.
    pub observed_s: f64,
    /// How much of it wasn't, in s.
    pub missing_s: f64,
    /// Each operator position.
    pub positions: Vec<PositionFigures>,
}

/// The key figures of one operator position. Rates are about alarms that were announced: hidden ones are counted apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PositionFigures {
    /// Its name.
    pub position: String,
    /// Alarms that were announced.
    pub alarms: u64,
    /// The same by priority: event, low, medium, high, critical.
    pub by_priority: [u64; Priority::ALL.len()],
    /// Alarms in 10 minutes, on the average of the recorded time.
    pub average_in_10_min: f64,
    /// Most in one of the fixed windows of 10 minutes.
    pub most_in_fixed_10_min: u32,
    /// Most within any 10 minutes, to the second.
    pub most_in_any_10_min: u32,
    /// Whole fixed windows in the recorded time.
    pub windows: u32,
    /// Those with more than 10 alarms.
    pub windows_over_10: u32,
    /// The same in %.
    pub windows_over_10_pct: f64,
    /// The part of the recorded time in which the 10 minutes before had more than 10 alarms, in %.
    pub time_over_10_pct: f64,
    /// Floods: from more than 10 alarms in 10 minutes until fewer than 5. At most 4,096 of them.
    pub floods: Vec<Flood>,
    /// How many there were.
    pub flood_count: u32,
    /// The part of the recorded time that they took, in %.
    pub flood_pct: f64,
    /// Alarms that chattered (3 times or more in a minute), the worst first; at most 50.
    pub chattering: Vec<Chattering>,
    /// How many did.
    pub chattering_count: u32,
    /// Alarms that have been active for more than 24 h, the longest first; at most 50.
    pub standing: Vec<Standing24>,
    /// How many have been.
    pub standing_count: u32,
    /// Times that one was and has ended.
    pub stood: u64,
    /// The ten that came most often.
    pub top: Vec<Contributor>,
    /// Their share of all, in %.
    pub top_pct: f64,
    /// Times to acknowledge.
    pub acknowledge: AcknowledgeFigures,
    /// Alarms that came hidden.
    pub hidden: HiddenFigures,
    /// Acts of shelving.
    pub shelving_acts: u64,
    /// How it is at the end.
    pub now: NowFigures,
    /// Hour by hour.
    pub hours: Vec<HourRow>,
    /// Day by day.
    pub days: Vec<DayRow>,
    /// What it means.
    pub verdict: Verdict,
    /// Figure by figure, against what it should be.
    pub findings: Vec<Finding>,
}

/// A flood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flood {
    /// When the first of its alarms came, to the second.
    pub first_at: Utc,
    /// When it became a flood: the 11th alarm within 10 minutes.
    pub start: Utc,
    /// When it was over; `None` while it goes on.
    pub end: Option<Utc>,
    /// Alarms from the first to the end.
    pub alarms: u32,
    /// Most within 10 minutes.
    pub peak: u32,
    /// When that was.
    pub peak_at: Utc,
    /// What came first.
    pub first: AlarmWords,
}

/// An alarm that chattered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chattering {
    /// Which.
    pub alarm: AlarmWords,
    /// The most announcements in a minute, counted from one of them.
    pub most_in_minute: u32,
    /// Announcements while it chattered.
    pub times: u32,
    /// How often it began.
    pub bursts: u32,
}

/// An alarm that has been active for more than 24 h.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing24 {
    /// Which.
    pub alarm: AlarmWords,
    /// Since when.
    pub since: Utc,
}

/// An alarm that came often.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contributor {
    /// Which.
    pub alarm: AlarmWords,
    /// How urgent.
    pub priority: Priority,
    /// How often.
    pub times: u32,
    /// Its share of all, in %.
    pub share_pct: f64,
}

/// Alarms that came while something hid them. One that two things hid counts for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HiddenFigures {
    /// Shelved by operators.
    pub shelved: u64,
    /// Suppressed by design.
    pub suppressed: u64,
    /// Out of service.
    pub out_of_service: u64,
}

/// How it is at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NowFigures {
    /// Active and not hidden.
    pub active: u64,
    /// Unacknowledged and not hidden.
    pub unacknowledged: u64,
    /// Shelved.
    pub shelved: u64,
    /// Suppressed by design.
    pub suppressed: u64,
    /// Out of service.
    pub out_of_service: u64,
    /// Announced in the last 10 minutes.
    pub in_10_min: u32,
    /// Announced in the last hour, to the minute.
    pub in_1_h: u32,
    /// Announced since counting began.
    pub announced: u64,
    /// Since when there is a flood.
    pub in_flood_since: Option<Utc>,
}

/// An hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HourRow {
    /// When it began.
    pub start: Utc,
    /// Alarms that were announced.
    pub alarms: u32,
    /// Most within 10 minutes that ended in it.
    pub most_in_10_min: u32,
}

/// A day of the plant's zone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayRow {
    /// Its date: `2026-10-25`.
    pub date: String,
    /// When it began.
    pub start: Utc,
    /// Its length, in h: 23, 24 or 25.
    pub hours: f64,
    /// Alarms that were announced.
    pub alarms: u32,
    /// The same by priority.
    pub by_priority: [u32; Priority::ALL.len()],
    /// Most within 10 minutes that ended in it.
    pub most_in_10_min: u32,
    /// Whole windows of 10 minutes with more than 10 alarms.
    pub windows_over_10: u32,
}

type Words<'a> = &'a dyn Fn(AlarmId) -> AlarmWords;

pub(super) fn figures(of: &Figures, until: i64, words: Words<'_>) -> KeyFigures {
    let until = until.max(of.from);
    // Floods and windows end with the time that is asked for, on a copy where that is still to come.
    let mut at_end = Cow::Borrowed(of);
    if until > of.now {
        at_end.to_mut().advance(Utc(until));
    }
    let gaps = merged(&of.gaps, of.from, until);
    let missing_ns: i64 = gaps.iter().map(|(from, to)| to - from).sum();
    let observed_ns = (until - of.from - missing_ns).max(0);
    let frame = Frame { figures: &at_end, until, gaps, observed_s: observed_ns as f64 / SECOND_NS as f64, words };
    let places = (0..at_end.positions.count()).filter(|place| !at_end.positions.is_rest(*place) || frame.concerns(*place));
    KeyFigures {
        from: Utc(of.from),
        until: Utc(until),
        zone: of.calendar.zone().iana_name().unwrap_or("UTC").to_owned(),
        observed_s: frame.observed_s,
        missing_s: missing_ns as f64 / SECOND_NS as f64,
        positions: places.map(|place| frame.position(place)).collect(),
    }
}

/// Gaps in order, cut to the time, without those that lie in others.
fn merged(gaps: &[(i64, i64)], from: i64, until: i64) -> Vec<(i64, i64)> {
    let mut sorted: Vec<_> = gaps.iter().map(|gap| (gap.0.max(from), gap.1.min(until))).filter(|gap| gap.0 < gap.1).collect();
    sorted.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for gap in sorted {
        match merged.last_mut() {
            Some(last) if gap.0 <= last.1 => last.1 = last.1.max(gap.1),
            _ => merged.push(gap),
        }
    }
    merged
}

struct Frame<'a> {
    figures: &'a Figures,
    until: i64,
    gaps: Vec<(i64, i64)>,
    observed_s: f64,
    words: Words<'a>,
}

impl Frame<'_> {
    fn concerns(&self, place: usize) -> bool {
        self.figures.touched().any(|(_, positions, ..)| positions & 1 << place != 0)
    }

    fn position(&self, place: usize) -> PositionFigures {
        let tally = &self.figures.tallies[place];
        let alarms: u64 = tally.by_priority.iter().sum();
        let windows: Vec<(usize, u32)> = self.whole_windows(tally).collect();
        let over = windows.iter().filter(|(_, count)| *count > FLOOD_ABOVE).count() as u32;
        let floods: Vec<Flood> = tally.sliding.floods.iter().map(|flood| self.flood(flood)).collect();
        let flood_s = total(floods.iter().map(|flood| (flood.end.unwrap_or(Utc(self.until)).0 - flood.start.0) as f64 / 1e9));
        let mut of = PositionFigures {
            position: self.figures.positions.names().nth(place).unwrap_or_default().to_owned(),
            alarms,
            by_priority: tally.by_priority,
            average_in_10_min: part(alarms as f64, self.observed_s / 600.0),
            most_in_fixed_10_min: tally.windows.iter().copied().max().unwrap_or(0),
            most_in_any_10_min: tally.sliding.most,
            windows: windows.len() as u32,
            windows_over_10: over,
            windows_over_10_pct: 100.0 * part(f64::from(over), windows.len() as f64),
            time_over_10_pct: (100.0 * part(tally.sliding.seconds_over as f64, self.observed_s)).min(100.0),
            floods,
            flood_count: tally.sliding.flood_count,
            flood_pct: (100.0 * part(flood_s, self.observed_s)).min(100.0),
            acknowledge: tally.acknowledge.figures(),
            hidden: tally.hidden,
            shelving_acts: tally.shelved,
            now: tally.figures_now(),
            hours: self.hours(tally),
            days: self.days(tally, &windows),
            ..PositionFigures::default()
        };
        self.alarms(place, &mut of);
        assess::assess(&mut of, self.observed_s);
        of
    }

    /// Windows that lie wholly in the recorded time, with their counts.
    fn whole_windows<'t>(&'t self, tally: &'t Tally) -> impl Iterator<Item = (usize, u32)> + 't {
        let calendar = &self.figures.calendar;
        let last = calendar.window(self.until).unwrap_or(0);
        let mut gaps = self.gaps.iter().peekable();
        (0..=last).filter_map(move |window| {
            let start = calendar.window_start(window);
            let end = start + WINDOW_NS;
            while gaps.next_if(|gap| gap.1 <= start).is_some() {}
            let is_whole = start >= self.figures.from && end <= self.until && gaps.peek().is_none_or(|gap| gap.0 >= end);
            is_whole.then(|| (window, tally.windows.get(window).copied().unwrap_or(0)))
        })
    }

    fn flood(&self, flood: &FloodSeen) -> Flood {
        Flood {
            first_at: Utc(flood.first_at),
            start: Utc(flood.start),
            end: flood.end.map(Utc),
            alarms: flood.alarms,
            peak: flood.peak,
            peak_at: Utc(flood.peak_at),
            first: (self.words)(flood.first),
        }
    }

    fn hours(&self, tally: &Tally) -> Vec<HourRow> {
        let calendar = &self.figures.calendar;
        let last = calendar.hour(self.until.saturating_sub(1)).unwrap_or(0);
        let row = |hour: usize| {
            let (alarms, most_in_10_min) = tally.hours.get(hour).copied().unwrap_or_default();
            HourRow { start: Utc(calendar.hour_start(hour)), alarms, most_in_10_min }
        };
        (0..=last).map(row).collect()
    }

    fn days(&self, tally: &Tally, windows: &[(usize, u32)]) -> Vec<DayRow> {
        let calendar = &self.figures.calendar;
        let mut over = windows.iter().filter(|(_, count)| *count > FLOOD_ABOVE).peekable();
        let days = calendar.days.windows(2).enumerate().filter(|(_, day)| day[0] < self.until.max(1));
        days.map(|(place, day)| {
            let (by_priority, most_in_10_min) = tally.days.get(place).copied().unwrap_or_default();
            let mut windows_over_10 = 0;
            while over.next_if(|(window, _)| calendar.window_start(*window) < day[1]).is_some() {
                windows_over_10 += 1;
            }
            DayRow {
                date: calendar.date(place),
                start: Utc(day[0]),
                hours: (day[1] - day[0]) as f64 / 3.6e12,
                alarms: by_priority.iter().sum(),
                by_priority,
                most_in_10_min,
                windows_over_10,
            }
        })
        .collect()
    }

    /// What is told alarm by alarm.
    fn alarms(&self, place: usize, of: &mut PositionFigures) {
        let mut top = Vec::new();
        let mut chattering = Vec::new();
        let mut standing = Vec::new();
        for (id, positions, priority, alarm) in self.figures.touched() {
            if positions & 1 << place == 0 {
                continue;
            }
            of.stood += u64::from(alarm.stood);
            top.extend((alarm.times > 0).then_some((alarm.times, id, priority)));
            chattering.extend((alarm.chattered > 0).then_some((alarm.chattered, id, alarm)));
            standing.extend(alarm.standing_since(self.until).map(|since| (since, id)));
        }
        top.sort_unstable_by_key(|(times, id, _)| (std::cmp::Reverse(*times), *id));
        top.truncate(TOP);
        let contributor = |(times, id, priority): (u32, AlarmId, Priority)| Contributor {
            alarm: (self.words)(id),
            priority,
            times,
            share_pct: 100.0 * part(f64::from(times), of.alarms as f64),
        };
        of.top = top.into_iter().map(contributor).collect();
        of.top_pct = total(of.top.iter().map(|top| top.share_pct));
        (of.chattering_count, of.standing_count) = (chattering.len() as u32, standing.len() as u32);
        chattering.sort_unstable_by_key(|(times, id, _)| (std::cmp::Reverse(*times), *id));
        let row = |(times, id, alarm): &(u32, AlarmId, &super::per_alarm::PerAlarm)| Chattering {
            alarm: (self.words)(*id),
            most_in_minute: alarm.most_in_minute,
            times: *times,
            bursts: alarm.bursts,
        };
        of.chattering = chattering.iter().take(LISTED).map(row).collect();
        standing.sort_unstable();
        of.standing = standing
            .into_iter()
            .take(LISTED)
            .map(|(since, id)| Standing24 { alarm: (self.words)(id), since: Utc(since) })
            .collect();
    }
}

/// A sum; of nothing it is 0 and not the -0 that adding floats begins with.
fn total(of: impl Iterator<Item = f64>) -> f64 {
    of.fold(0.0, |sum, one| sum + one)
}

/// A part of a whole; 0 of nothing.
fn part(of: f64, whole: f64) -> f64 {
    if whole > 0.0 { of / whole } else { 0.0 }
}
