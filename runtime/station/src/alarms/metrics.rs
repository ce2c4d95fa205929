//! Figures of alarms for `/metrics`, in the Prometheus text format. What each means stands in ALARMS.md, for whoever makes
//! dashboards.

use std::fmt::Write as _;

use plantroom_alarms::figures::NowFigures;
use plantroom_historian::JournalHealth;
use plantroom_model::{AlarmCounts, AlarmState, Priority};

use super::Alarms;
use super::scripts::ScriptFigures;
use super::stats::{AlarmStats, Took};
use crate::figures::head;

/// States that are shown, and how they are called.
const STATES: [(AlarmState, &str); 5] = [
    (AlarmState::Unacknowledged, "unacknowledged"),
    (AlarmState::Acknowledged, "acknowledged"),
    (AlarmState::Returned, "returned"),
    (AlarmState::LatchedUnacknowledged, "latched_unacknowledged"),
    (AlarmState::LatchedAcknowledged, "latched_acknowledged"),
];

impl Alarms {
    /// Adds what there is to say of alarms.
    pub fn metrics(&self, mut text: String) -> String {
        let (plant, now) = (self.commands.plant(), self.commands.clock.now());
        let configured = plant.alarms.iter().filter(|alarm| !alarm.name.is_empty()).count();
        plain(&mut text, "alarms_configured", "gauge", "Alarms of the project.", configured as f64);
        let counts = *self.board.borrow().counts();
        standing(&mut text, &counts);
        happened(&mut text, &self.stats);
        rates(&mut text, &self.live.now(now.utc));
        took(&mut text, "alarm_engine", "The alarms' part of a scan", self.stats.engine());
        journal(&mut text, &self.journal.health(), (&self.stats, self.stats.lag_s(now.mono)));
        scripts(&mut text, &self.scripts.figures());
        text
    }
}

/// How many stand how.
fn standing(text: &mut String, counts: &AlarmCounts) {
    head(text, "alarms", "gauge", "Alarms that aren't hidden and not normal, by priority and state.");
    for priority in Priority::ALL.into_iter().filter(|priority| *priority != Priority::Event) {
        for (state, word) in STATES {
            let (number, priority_word) = (counts.states[priority as usize][state as usize], priority.word());
            let _ = writeln!(text, "plantroom_alarms{{priority=\"{priority_word}\",state=\"{word}\"}} {number}");
        }
    }
    head(text, "alarms_hidden", "gauge", "Alarms that something hides; one that two things hide counts for both.");
    for (by, number) in
        [("shelved", counts.shelved), ("suppressed", counts.suppressed), ("out_of_service", counts.out_of_service)]
    {
        let _ = writeln!(text, "plantroom_alarms_hidden{{by=\"{by}\"}} {number}");
    }
    for (name, help, number) in [
        ("alarms_unknown", "Alarms that have come and of which nobody can tell whether they still hold.", counts.unknown),
        ("alarms_chattering", "Alarms that come and go too often.", counts.chattering),
        ("alarms_standing", "Alarms that have been active for more than 24 h.", counts.standing),
    ] {
        plain(text, name, "gauge", help, f64::from(number));
    }
}

/// What happened since the start.
fn happened(text: &mut String, stats: &AlarmStats) {
    plain(text, "alarms_announced_total", "counter", "Alarms that operators were told of.", stats.announced() as f64);
    head(text, "alarm_events_total", "counter", "Rows for the alarm journal, by what happened.");
    for (kind, number) in stats.events() {
        let word = serde_json::to_value(kind).unwrap_or_default();
        let word = word.as_str().unwrap_or_default().replace('-', "_");
        let _ = writeln!(text, "plantroom_alarm_events_total{{event=\"{word}\"}} {number}");
    }
}

/// Rates and floods, position by position.
fn rates(text: &mut String, positions: &[(String, NowFigures)]) {
    head(text, "alarms_announced_recently", "gauge", "Alarms that an operator position was told of in the last 10 min and 1 h.");
    for (position, now) in positions {
        let position = escaped(position);
        for (window, number) in [("10m", now.in_10_min), ("1h", now.in_1_h)] {
            let labels = format!("position=\"{position}\",window=\"{window}\"");
            let _ = writeln!(text, "plantroom_alarms_announced_recently{{{labels}}} {number}");
        }
    }
    head(text, "alarm_flood_active", "gauge", "1 from more than 10 alarms within 10 min until fewer than 5.");
    for (position, now) in positions {
        let flood = u8::from(now.in_flood_since.is_some());
        let _ = writeln!(text, "plantroom_alarm_flood_active{{position=\"{}\"}} {flood}", escaped(position));
    }
}

/// How the journal is.
fn journal(text: &mut String, health: &JournalHealth, (stats, lag_s): (&AlarmStats, f64)) {
    let (progress, has_failed) = (&health.progress, health.trouble.is_some());
    took(text, "alarm_journal_commit", "From a scan's decision until it is on the disk", stats.journalled());
    for (name, kind, help, value) in [
        ("lag_seconds", "gauge", "Age of the oldest decision that isn't on the disk yet; 0 where all are.", lag_s),
        ("waiting_rows", "gauge", "Rows that wait for the disk.", progress.waiting as f64),
        ("lost_rows_total", "counter", "Rows that found no room while the disk took none; must be 0.", progress.lost as f64),
        ("rows_total", "counter", "Rows written since the start.", health.rows as f64),
        ("commits_total", "counter", "Waits for the disk since the start.", health.commits as f64),
        ("failed", "gauge", "1 while the disk doesn't take the journal, or only its reserve.", f64::from(u8::from(has_failed))),
        ("files", "gauge", "Files of the journal.", health.files as f64),
        ("bytes", "gauge", "Bytes of all of them.", health.bytes as f64),
    ] {
        plain(text, &format!("alarm_journal_{name}"), kind, help, value);
    }
}

/// How scripts are.
fn scripts(text: &mut String, all: &[ScriptFigures]) {
    type Read = fn(&ScriptFigures) -> f64;
    let families: [(&str, &str, &str, Read); 4] = [
        ("runs_total", "counter", "Scripted alarms that were evaluated.", |of| of.runs as f64),
        ("errors_total", "counter", "Evaluations that failed.", |of| of.failures as f64),
        ("stopped", "gauge", "Alarms that can't be told because their script failed.", |of| of.stopped as f64),
        ("seconds_total", "counter", "How long all evaluations took.", |of| of.took_ns as f64 / 1e9),
    ];
    for (name, kind, help, read) in families {
        head(text, &format!("alarm_script_{name}"), kind, help);
        for script in all {
            let _ = writeln!(text, "plantroom_alarm_script_{name}{{script=\"{}\"}} {}", escaped(&script.path), read(script));
        }
    }
}

/// A sum with its count, and the last and the longest one.
fn took(text: &mut String, name: &str, what: &str, took: &Took) {
    let [all, last, most] = took.seconds();
    head(text, &format!("{name}_seconds"), "summary", &format!("{what}."));
    let _ = writeln!(text, "plantroom_{name}_seconds_sum {all}\nplantroom_{name}_seconds_count {}", took.times());
    plain(text, &format!("{name}_last_seconds"), "gauge", &format!("{what}, the last time."), last);
    plain(text, &format!("{name}_max_seconds"), "gauge", &format!("{what}, the longest since the start."), most);
}

fn plain(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    head(text, name, kind, help);
    let _ = writeln!(text, "plantroom_{name} {value}");
}

/// A label's value: positions are named by people.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_every_family_has_its_words() {
        let mut text = String::new();
        rates(&mut text, &[("north \"a\"\\".to_owned(), NowFigures { in_10_min: 12, in_1_h: 30, ..NowFigures::default() })]);
        standing(&mut text, &AlarmCounts { shelved: 2, ..AlarmCounts::default() });
        assert!(text.contains("{position=\"north \\\"a\\\"\\\\\",window=\"10m\"} 12"), "{text}");
        assert!(text.contains("plantroom_alarms_hidden{by=\"shelved\"} 2"), "{text}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let family = line.split(['{', ' ']).next().unwrap_or_default();
            assert!(text.contains(&format!("# TYPE {family} ")), "{family}");
        }
    }
}
