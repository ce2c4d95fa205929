//! The key figures of a time, read from the journal, for people: the same code for a running station and for a copied folder.
//! Those of the last 24 hours are kept by `live.rs`.

use jiff::tz::TimeZone;
use plantroom_alarms::figures::report::{About, html};
use plantroom_alarms::figures::{AlarmWords, KeyFigures, PositionFigures};
use plantroom_historian::JournalReader;
use plantroom_model::Utc;
use plantroom_project::{AlarmSettings, Plant};
use plantroom_wire::{AlarmFiguresNow, FigureNow, FloodNow};

use super::tally::Named;

/// The time that is meant where nobody says one, in ns: 24 h.
const DAY_NS: i64 = 86_400_000_000_000;
/// Most points of one plot; more are summed up.
const POINTS: usize = 600;

/// A time that people ask about: from and to in ns UTC; without them the last 24 hours.
pub type Time = (Option<i64>, Option<i64>);

/// Operator positions, and the zone of hours and days.
pub type Zoned<'a> = (&'a AlarmSettings, TimeZone);

/// The figures of all positions, from the journal.
///
/// # Errors
/// In a sentence: a time that ends before it begins, or what the disk refuses.
pub fn key_figures(reader: &JournalReader, zoned: Zoned<'_>, time: Time, now: Utc) -> Result<KeyFigures, String> {
    let until = time.1.unwrap_or(now.0).min(now.0);
    let from = time.0.unwrap_or(until.saturating_sub(DAY_NS));
    if from >= until {
        return Err("The time ends before it begins.".to_owned());
    }
    let mut named = Named::with(zoned, Utc(from));
    named.read(reader, (Utc(from), Utc(until)))?;
    Ok(named.key_figures(Utc(until)))
}

/// The figures of one position as consoles show them; an empty name means the first.
///
/// # Errors
/// In a sentence: there is no such position.
pub fn of_position(all: &KeyFigures, position: &str) -> Result<AlarmFiguresNow, String> {
    let names: Vec<String> = all.positions.iter().map(|of| of.position.clone()).collect();
    let of = match position {
        "" => all.positions.first(),
        name => all.positions.iter().find(|of| of.position == name),
    };
    let of = of.ok_or_else(|| format!("There is no operator position {position}; there are: {}.", names.join(", ")))?;
    let (rates, rate_s) = rates(of);
    let flood = |flood: &plantroom_alarms::figures::Flood| FloodNow {
        start: flood.start.0,
        end: flood.end.map(|end| end.0),
        alarms: flood.alarms,
        peak: flood.peak,
        first: flood.first.name.to_string(),
    };
    let named = |words: &AlarmWords| (words.name.to_string(), words.message.to_string());
    Ok(AlarmFiguresNow {
        from: all.from.0,
        to: all.until.0,
        positions: names,
        position: of.position.clone(),
        verdict: of.verdict.word().to_owned(),
        figures: of.findings.iter().map(figure).collect(),
        rates,
        rate_s,
        floods: of.floods.iter().rev().take(100).map(flood).collect(),
        top: of.top.iter().map(|one| (named(&one.alarm), one)).map(|((n, m), one)| (n, m, one.times, one.share_pct)).collect(),
        chattering: of
            .chattering
            .iter()
            .map(|one| (named(&one.alarm), one))
            .map(|((n, m), one)| (n, m, one.most_in_minute))
            .collect(),
        standing: of.standing.iter().map(|one| (named(&one.alarm), one)).map(|((n, m), one)| (n, m, one.since.0)).collect(),
        split: of.by_priority.map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
        acknowledge: of.acknowledge.bars.iter().map(|(up_to, count)| (up_to.unwrap_or(0), *count as u32)).collect(),
    })
}

/// A page for printing.
pub fn report(all: &KeyFigures, (plant, zone): (&str, &TimeZone), now: Utc) -> String {
    html(all, &About { plant, made_at: now, made_for: "", zone })
}

/// The zone of a plant's days.
pub fn zone(plant: &Plant) -> TimeZone {
    TimeZone::get(&plant.time_zone).unwrap_or(TimeZone::UTC)
}

fn figure(finding: &plantroom_alarms::figures::Finding) -> FigureNow {
    FigureNow {
        name: finding.what.to_owned(),
        value: finding.value.clone(),
        target: finding.target.to_owned(),
        good: finding.is_met,
    }
}

/// Alarms hour by hour; of long times day by day.
fn rates(of: &PositionFigures) -> (Vec<(i64, u32)>, u32) {
    if of.hours.len() <= POINTS {
        (of.hours.iter().map(|hour| (hour.start.0, hour.alarms)).collect(), 3_600)
    } else {
        (of.days.iter().map(|day| (day.start.0, day.alarms)).collect(), 86_400)
    }
}
