//! The order of trips: what can be told from their times, and what can't.

use serde::{Deserialize, Serialize};

/// A trip of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// In an operator's words; names it over restarts.
    pub words: String,
    /// The clock that its time is of; empty for the station's.
    pub link: String,
    /// When it came, ns UTC.
    pub utc_ns: i64,
}

/// How near two times may be before nobody can tell which was first, in ns.
#[derive(Clone, Copy, Debug)]
pub struct Apart {
    /// Of one clock.
    pub same_ns: i64,
    /// Of different clocks.
    pub other_ns: i64,
}

/// A sequence, sorted: trips whose order can't be told share a rank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranked {
    /// Places in the list of entries, the first rank first.
    pub ranks: Vec<Vec<usize>>,
}

impl Apart {
    /// Whether it can be told that the first came before the second.
    fn before(self, first: &Entry, second: &Entry) -> bool {
        let same = first.link == second.link && !first.link.is_empty();
        second.utc_ns.saturating_sub(first.utc_ns) >= if same { self.same_ns } else { self.other_ns }
    }
}

/// Ranks entries. A rank ends where everything in it came, for certain, before everything behind it: order can't be told
/// transitively (two links apart by a poll, and a third between them), so a rank is what lies between two certain cuts.
pub fn rank(entries: &[Entry], apart: Apart) -> Ranked {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|at| (entries[*at].utc_ns, *at));
    let mut ranks: Vec<Vec<usize>> = Vec::new();
    for (place, at) in order.iter().enumerate() {
        let (earlier, later) = (&order[..place], &order[place..]);
        let cut = earlier.iter().all(|first| later.iter().all(|second| apart.before(&entries[*first], &entries[*second])));
        match ranks.last_mut() {
            Some(rank) if !cut => rank.push(*at),
            _ => ranks.push(vec![*at]),
        }
    }
    Ranked { ranks }
}

impl Ranked {
    /// The first trip; `None` where nobody can tell, or there is none.
    pub fn first(&self) -> Option<usize> {
        match self.ranks.first().map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        }
    }

    /// `1. low suction pressure, 2. trip +40 ms`.
    pub fn words(&self, entries: &[Entry]) -> String {
        let Some(start) = self.ranks.iter().flatten().map(|at| entries[*at].utc_ns).min() else { return String::new() };
        let (mut told, mut number) = (Vec::new(), 1);
        for rank in &self.ranks {
            let words: Vec<&str> = rank.iter().map(|at| entries[*at].words.as_str()).collect();
            let since = rank.iter().map(|at| entries[*at].utc_ns).min().unwrap_or(start).saturating_sub(start);
            let after = if number == 1 { String::new() } else { format!(" +{}", span(since)) };
            told.push(match words.as_slice() {
                [only] => format!("{number}. {only}{after}"),
                several => format!("{number}.-{}. {}{after} (order not known)", number + several.len() - 1, several.join(" / ")),
            });
            number += rank.len();
        }
        told.join(", ")
    }
}

/// A span of time as people read it.
fn span(ns: i64) -> String {
    let ms = ns / 1_000_000;
    match ms {
        0..=999 => format!("{ms} ms"),
        1_000..=59_999 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[(&str, &str, i64)], wanted: &str, first: Option<&str>) {
        let entries: Vec<Entry> = entries
            .iter()
            .map(|(words, link, ms)| Entry { words: (*words).into(), link: (*link).into(), utc_ns: ms * 1_000_000 })
            .collect();
        let ranked = rank(&entries, Apart { same_ns: 1_000_000, other_ns: 1_000_000_000 });
        assert_eq!(ranked.words(&entries), wanted);
        assert_eq!(ranked.first().map(|at| entries[at].words.as_str()), first);
    }

    #[test]
    fn the_order_is_told_as_far_as_it_is_known() {
        check(&[], "", None);
        check(&[("a", "plc", 5)], "1. a", Some("a"));
        check(&[("a", "plc", 45), ("b", "plc", 5)], "1. b, 2. a +40 ms", Some("b"));
        check(&[("a", "plc", 5), ("b", "plc", 5)], "1.-2. a / b (order not known)", None);
        check(&[("a", "plc", 5), ("b", "other", 45)], "1.-2. a / b (order not known)", None);
        check(&[("a", "plc", 5), ("b", "other", 2_505)], "1. a, 2. b +2.5 s", Some("a"));
        check(&[("a", "", 5), ("b", "", 45)], "1.-2. a / b (order not known)", None);
        check(&[("a", "plc", 0), ("b", "plc", 90_000)], "1. a, 2. b +1 min 30 s", Some("a"));
    }

    #[test]
    fn a_third_clock_between_two_makes_all_three_uncertain() {
        check(
            &[("a", "plc", 0), ("b", "plc", 600), ("c", "other", 300), ("d", "plc", 5_000)],
            "1.-3. a / c / b (order not known), 4. d +5.0 s",
            None,
        );
        check(
            &[("a", "plc", 0), ("c", "other", 1_300), ("b", "plc", 1_600)],
            "1. a, 2.-3. c / b +1.3 s (order not known)",
            Some("a"),
        );
    }
}
