//! The key figures of a time, read from the journal: the same code for the last day and for a year ago.

use jiff::tz::TimeZone;
use plantroom_alarms::figures::report::{About, html};
use plantroom_alarms::figures::{AlarmWords, Figures, KeyFigures, Position, PositionFigures};
use plantroom_historian::{JournalReader, Steps};
use plantroom_model::Utc;
use plantroom_project::{Plant, PositionSpec};
use plantroom_wire::{AlarmFiguresNow, FigureNow, FloodNow};

/// The time that is meant where nobody says one, in ns: 24 h.
const DAY_NS: i64 = 86_400_000_000_000;
/// Most points of one plot; more are summed up.
const POINTS: usize = 600;

/// A time that people ask about: from and to in ns UTC; without them the last 24 hours.
pub type Time = (Option<i64>, Option<i64>);

/// The figures of all positions.
///
/// # Errors
/// In a sentence: a time that ends before it begins, or what the disk refuses.
pub fn key_figures(reader: &JournalReader, plant: &Plant, time: Time, now: Utc) -> Result<KeyFigures, String> {
    let until = time.1.unwrap_or(now.0).min(now.0);
    let from = time.0.unwrap_or(until.saturating_sub(DAY_NS));
    if from >= until {
        return Err("The time ends before it begins.".to_owned());
    }
    let settings = &plant.alarm_settings.positions;
    let positions: Vec<Position> =
        settings.iter().filter(|position| !position.areas.iter().any(|area| area == "*")).map(of_plant).collect();
    let mut figures = Figures::new(&positions, zone(plant), Utc(from));
    let mut words: Vec<AlarmWords> = Vec::new();
    let read = reader.steps(Utc(from), Utc(until), |step| match step {
        Steps::Alarm(id, texts) => {
            figures.alarm(id, texts.priority, &texts.area);
            let place = id.0 as usize;
            if words.len() <= place {
                words.resize_with(place + 1, AlarmWords::default);
            }
            words[place] = AlarmWords { name: texts.name.clone(), message: texts.message.clone() };
        }
        Steps::Stood(step) => figures.stood(&step),
        Steps::Rows(rows) => rows.iter().for_each(|step| figures.apply(step)),
        Steps::Gap(gap) => figures.gap(gap.from, gap.to),
    });
    read.map_err(|error| error.to_string())?;
    Ok(figures.figures(Utc(until), &|id| words.get(id.0 as usize).cloned().unwrap_or_default()))
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
pub fn report(all: &KeyFigures, plant: &Plant, now: Utc) -> String {
    html(all, &About { plant: &plant.name, made_at: now, made_for: "", zone: &zone(plant) })
}

/// The position for all that no other one has (`*`) is there by itself.
fn of_plant(position: &PositionSpec) -> Position {
    Position { name: position.name.clone(), areas: position.areas.clone() }
}

fn zone(plant: &Plant) -> TimeZone {
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
