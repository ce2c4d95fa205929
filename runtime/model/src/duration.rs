//! Lengths of time as engineers write them: `10 s`, `5 min`, `1 h 30 min`.

/// The units, the longest first, with their length in ms and the words that are understood.
const UNITS: [(&str, u64, &[&str]); 5] = [
    ("d", 86_400_000, &["d", "day", "days"]),
    ("h", 3_600_000, &["h", "hour", "hours"]),
    ("min", 60_000, &["min", "minute", "minutes"]),
    ("s", 1_000, &["s", "sec", "second", "seconds"]),
    ("ms", 1, &["ms"]),
];

/// The length of `5 min`, `1.5 h` or `1 h 30 min`, in ms; a number alone counts seconds. `None` for anything else, for
/// negative lengths and for such beyond 100 years.
pub fn duration_ms(text: &str) -> Option<u64> {
    const MOST: f64 = 100.0 * 365.25 * 86_400_000.0;
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse::<f64>() {
        let ms = seconds * 1_000.0;
        return (0.0..=MOST).contains(&ms).then_some(ms.round() as u64);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = rest[end..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = rest[..end].to_ascii_lowercase();
        let (_, ms, _) = UNITS.iter().find(|(_, _, words)| words.contains(&word.as_str()))?;
        total += number * *ms as f64;
        rest = rest[end..].trim_start();
    }
    (total <= MOST && !text.trim().is_empty()).then_some(total.round() as u64)
}

/// A length in ms as it is written: `1 h 30 min`. [`duration_ms`] reads it again.
pub fn duration_words(ms: u64) -> String {
    let mut left = ms;
    let mut parts = Vec::new();
    for (unit, length, _) in UNITS {
        if left >= length {
            parts.push(format!("{} {unit}", left / length));
            left %= length;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_engineers_write_them() {
        for (text, expected) in [
            ("10 s", Some(10_000)),
            ("5 min", Some(300_000)),
            ("5min", Some(300_000)),
            ("1.5 h", Some(5_400_000)),
            ("1 h 30 min", Some(5_400_000)),
            ("2 days", Some(172_800_000)),
            ("250 ms", Some(250)),
            ("30", Some(30_000)),
            ("0.5", Some(500)),
            ("0", Some(0)),
            ("", None),
            ("min", None),
            ("5 parsec", None),
            ("-5 s", None),
            ("NaN", None),
            ("1e99", None),
            ("99999999 d", None),
        ] {
            assert_eq!(duration_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for ms in [0, 1, 999, 1_000, 61_000, 3_600_000, 5_400_000, 90_061_001, 365 * 86_400_000] {
            assert_eq!(duration_ms(&duration_words(ms)), Some(ms), "{}", duration_words(ms));
        }
    }
}
