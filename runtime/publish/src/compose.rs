//! Several notifications become one letter.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plantroom_model::{Priority, Utc};

use crate::item::{Item, Letter, cut};
use crate::limits;

/// What a letter is made of.
pub struct Parts<'a> {
    /// The plant's name.
    pub plant: &'a str,
    /// Its time zone.
    pub zone: &'a TimeZone,
    /// The notifications in their order; at least one.
    pub items: &'a [Item],
    /// Notifications that found no room.
    pub dropped: u32,
    /// Letters to this address that never got out.
    pub lost: u32,
    /// More notifications than this are told as a digest.
    pub digest_over: u32,
    /// Now.
    pub at: Utc,
}

/// Makes a letter; `None` of nothing.
pub fn letter(parts: &Parts<'_>) -> Option<Letter> {
    let first = parts.items.first()?;
    let priority = parts.items.iter().map(|item| item.priority).max().unwrap_or_default();
    let (subject, mut text) = match parts.items {
        [only] if parts.dropped == 0 => (only.subject.clone(), format!("{}{}", single(only, parts.zone), again(only))),
        many if many.len() <= parts.digest_over as usize && parts.dropped == 0 => several(many, parts.zone),
        many => digest(many, parts),
    };
    if parts.lost > 0 {
        let _ = write!(text, "\n\n{} earlier message(s) to this address did not get out.", parts.lost);
    }
    let id = format!("{:x}.{}", parts.at.0, first.number);
    let footer =
        format!("\n\n--\n{}, {} (Plantroom, message {id})", parts.plant, stamp(parts.at, parts.zone, "%Y-%m-%d %H:%M:%S %Z"));
    let room = limits::LETTER_BYTES.saturating_sub(footer.len());
    Some(Letter {
        number: first.number,
        id,
        outlet: first.outlet.clone(),
        to: first.to.clone(),
        priority,
        count: u32::try_from(parts.items.len()).unwrap_or(u32::MAX).saturating_add(parts.dropped),
        alarm: first.alarm.clone(),
        subject: format!("{}: {subject}", parts.plant),
        text: format!("{}{footer}", cut(&text, room)),
        made_at: parts.at,
        attempts: 0,
        trial: parts.items.iter().all(|item| item.trial),
    })
}

fn stamp(at: Utc, zone: &TimeZone, form: &str) -> String {
    let time = Timestamp::from_nanosecond(i128::from(at.0)).unwrap_or_default();
    time.to_zoned(zone.clone()).strftime(form).to_string()
}

fn clock(at: Utc, zone: &TimeZone) -> String {
    stamp(at, zone, "%H:%M:%S")
}

fn again(item: &Item) -> String {
    if item.times > 1 { format!("\nThis has happened {} times since you were last told.", item.times) } else { String::new() }
}

fn single(item: &Item, zone: &TimeZone) -> String {
    format!("{}\nTime: {}", item.text, stamp(item.at, zone, "%Y-%m-%d %H:%M:%S"))
}

fn several(items: &[Item], zone: &TimeZone) -> (String, String) {
    let more = items.len() - 1;
    let most = items.iter().max_by_key(|item| (item.priority, std::cmp::Reverse(item.number))).unwrap_or(&items[0]);
    let parts = items.iter().map(|item| format!("{} {}{}", clock(item.at, zone), item.text, again(item)));
    (format!("{} (and {more} more)", most.subject), parts.collect::<Vec<_>>().join("\n\n"))
}

/// A flood: how many, how urgent, where; the first ones, since they tell the cause; the most urgent ones.
fn digest(items: &[Item], parts: &Parts<'_>) -> (String, String) {
    let count = items.len() + parts.dropped as usize;
    let first = &items[0];
    let last = items.last().unwrap_or(first);
    let span_s = u64::try_from((last.at.0 - first.at.0).max(0)).unwrap_or(0) / 1_000_000_000;
    let subject = format!("flood: {count} notifications in {}, first: {}", span(span_s), first.subject);
    let mut by_priority: BTreeMap<std::cmp::Reverse<Priority>, usize> = BTreeMap::new();
    for item in items {
        *by_priority.entry(std::cmp::Reverse(item.priority)).or_default() += 1;
    }
    let split: Vec<String> = by_priority.iter().map(|(priority, count)| format!("{count} {}", priority.0.word())).collect();
    let mut text = format!("{count} notifications in {}: {}.", span(span_s), split.join(", "));
    if parts.dropped > 0 {
        let _ = write!(text, "\n{} of them found no room any more and are not named here.", parts.dropped);
    }
    let line = |item: &Item| format!("\n{}  {:<8}  {}", clock(item.at, parts.zone), item.priority.word(), item.subject);
    let _ = write!(text, "\n\nFirst, in their order:");
    for item in items.iter().take(limits::NAMED / 2) {
        text.push_str(&line(item));
    }
    let mut urgent: Vec<&Item> = items.iter().skip(limits::NAMED / 2).collect();
    urgent.sort_by_key(|item| (std::cmp::Reverse(item.priority), item.number));
    if !urgent.is_empty() {
        let _ = write!(text, "\n\nThe most urgent of the others:");
    }
    for item in urgent.iter().take(limits::NAMED / 2) {
        text.push_str(&line(item));
    }
    let _ = write!(text, "\n\nAbout the first:\n{}", first.text);
    let _ = write!(text, "\n\nThe console's list of alarms has them all; `plantroom alarm journal` too.");
    (subject, text)
}

fn span(s: u64) -> String {
    match s {
        0..=119 => format!("{} s", s.max(1)),
        120..=7_199 => format!("{} min", s / 60),
        _ => format!("{} h", s / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(count: u64) -> Vec<Item> {
        let item = |number: u64| Item {
            number,
            outlet: "mail".to_owned(),
            to: "anna@x".to_owned(),
            alarm: format!("a/{number}"),
            priority: if number == 60 { Priority::Critical } else { Priority::Low },
            subject: format!("Alarm {number}"),
            text: format!("Alarm {number}\nWhat to do: this"),
            at: Utc(1_700_000_000_000_000_000 + number as i64 * 100_000_000),
            times: if number == 2 { 12 } else { 1 },
            trial: false,
        };
        (1..=count).map(item).collect()
    }

    fn made(count: u64, dropped: u32, lost: u32) -> Letter {
        let items = items(count);
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let at = Utc(1_700_000_010_000_000_000);
        letter(&Parts { plant: "Works", zone: &zone, items: &items, dropped, lost, digest_over: 10, at }).unwrap()
    }

    #[test]
    fn one_is_told_as_it_is_and_several_one_by_one() {
        let one = made(1, 0, 0);
        assert_eq!((one.subject.as_str(), one.count, one.priority), ("Works: Alarm 1", 1, Priority::Low));
        assert!(
            one.text.starts_with("Alarm 1\nWhat to do: this\nTime: 2023-11-14 23:13:20\n\n--\nWorks, 2023-11-14"),
            "{}",
            one.text
        );
        let three = made(3, 0, 2);
        assert_eq!((three.subject.as_str(), three.count), ("Works: Alarm 1 (and 2 more)", 3));
        for words in ["23:13:20 Alarm 2", "happened 12 times", "2 earlier message(s)"] {
            assert!(three.text.contains(words), "{words}: {}", three.text);
        }
    }

    #[test]
    fn a_flood_is_one_short_letter_with_the_first_and_the_most_urgent() {
        let flood = made(80, 5, 0);
        assert_eq!(flood.subject, "Works: flood: 85 notifications in 7 s, first: Alarm 1");
        assert_eq!((flood.count, flood.priority), (85, Priority::Critical));
        let named = flood.text.lines().filter(|line| line.contains("  Alarm ")).count();
        assert_eq!(named, limits::NAMED);
        assert!(flood.text.contains("1 critical, 79 low.\n5 of them found no room"), "{}", flood.text);
        let (first, urgent) = flood.text.split_once("The most urgent of the others:").unwrap();
        assert!(first.contains("  Alarm 10") && urgent.starts_with("\n23:13:26  critical  Alarm 60"), "{}", flood.text);
        assert!(flood.text.len() < 3_000, "{}", flood.text.len());
    }

    #[test]
    fn a_letter_has_a_longest_length() {
        let mut many = items(9);
        for item in &mut many {
            item.text = "ä".repeat(10_000);
        }
        let parts = Parts { plant: "W", zone: &TimeZone::UTC, items: &many, dropped: 0, lost: 0, digest_over: 10, at: Utc(1) };
        let text = letter(&parts).unwrap().text;
        assert!(text.len() <= limits::LETTER_BYTES && text.ends_with(')'), "{}", text.len());
    }
}
