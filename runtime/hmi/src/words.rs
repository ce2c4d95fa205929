//! Units, ages, times and outcomes as an operator reads them.

use jiff::{Timestamp, tz::TimeZone};
use plantroom_model::{OutcomeKind, Utc};

/// A value with its unit.
pub fn with_unit(text: &str, unit: &str) -> String {
    if unit.is_empty() { text.to_owned() } else { format!("{text} {unit}") }
}

/// How old something is: `42 s`, `3 min`, `2 h`, `5 d`. Nothing where the time isn't known.
pub fn age_text(then: Utc, now: Option<Utc>) -> Option<String> {
    let now = now?;
    if then.0 <= 0 {
        return None;
    }
    let seconds = now.0.saturating_sub(then.0).max(0) / 1_000_000_000;
    Some(match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5_999 => format!("{} min", seconds / 60),
        6_000..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    })
}

/// How an outcome is told: a word, and whether all is well.
pub fn outcome_word(kind: OutcomeKind) -> (&'static str, bool) {
    match kind {
        OutcomeKind::Confirmed => ("Confirmed", true),
        OutcomeKind::Done => ("Done", true),
        OutcomeKind::Mismatch => ("Mismatch", false),
        OutcomeKind::Unknown => ("Unknown", false),
        OutcomeKind::Refused => ("Refused", false),
        OutcomeKind::NotSent => ("Not sent", false),
    }
}

/// A time in the plant's zone, by a strftime pattern.
pub fn local(utc: Utc, zone: &TimeZone, pattern: &str) -> String {
    Timestamp::from_nanosecond(i128::from(utc.0))
        .map(|time| time.to_zoned(zone.clone()).strftime(pattern).to_string())
        .unwrap_or_else(|_| "time not known".to_owned())
}

/// The zone of that name; UTC where this machine doesn't know it.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        let s = |seconds: i64| age_text(Utc(1), Some(Utc(1 + seconds * 1_000_000_000)));
        assert_eq!(s(42).as_deref(), Some("42 s"));
        assert_eq!(s(120).as_deref(), Some("2 min"));
        assert_eq!(s(7_200).as_deref(), Some("2 h"));
        assert_eq!(s(864_000).as_deref(), Some("10 d"));
        assert_eq!(age_text(Utc(0), Some(Utc(5))), None);
        assert_eq!(age_text(Utc(5), None), None);
    }

    #[test]
    fn times_are_told_in_the_plants_zone() {
        let time = Utc(1_795_352_564_000_000_000);
        assert_eq!(local(time, &zone("Europe/Berlin"), "%H:%M:%S"), "14:02:44");
        assert_eq!(local(time, &zone("Nowhere/Here"), "%H:%M:%S"), "13:02:44");
    }
}
