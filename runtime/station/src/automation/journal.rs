//! What automations did and why: the last of it. What they wrote is in the audit trail for good.

use std::collections::VecDeque;

use parking_lot::Mutex;
use plantroom_model::{OutcomeKind, Utc};

/// Entries that are kept of each automation. At the limit its oldest goes.
const ENTRIES: usize = 200;
/// Automations whose entries are kept. At the limit the one that was quiet longest is forgotten.
const AUTOMATIONS: usize = 1_000;
/// Longest line of a script's own, in bytes; the rest is cut off.
pub(crate) const LINE_BYTES: usize = 400;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Utc,
    /// Whose.
    pub automation: String,
    /// What made it run: `change of intake/level`, `timer`, `06:00`.
    pub cause: String,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It asked for a write.
    Request {
        /// Which tag.
        tag: String,
        /// What, in words with unit.
        value: String,
        /// Why, in its author's words.
        why: String,
        /// What came of it.
        kind: OutcomeKind,
        /// In a sentence.
        message: String,
        /// The number of its audit record; 0 for none.
        audit: u64,
    },
    /// A line that it wrote itself.
    Line(String),
    /// What it wanted was not done, because what it had read can't be trusted.
    Held(String),
    /// It has stopped.
    Error(String),
}

/// The last of what every automation did.
#[derive(Debug, Default)]
pub struct Journal {
    each: Mutex<Vec<(String, VecDeque<Entry>)>>,
}

impl Journal {
    /// Takes an entry down.
    pub fn add(&self, entry: Entry) {
        let mut each = self.each.lock();
        let place = each.iter().position(|(name, _)| *name == entry.automation).unwrap_or_else(|| {
            if each.len() >= AUTOMATIONS {
                let quiet = each.iter().enumerate().min_by_key(|(_, (_, entries))| entries.back().map(|entry| entry.at));
                if let Some(quiet) = quiet.map(|(place, _)| place) {
                    each.swap_remove(quiet);
                }
            }
            each.push((entry.automation.clone(), VecDeque::new()));
            each.len() - 1
        });
        let entries = &mut each[place].1;
        if entries.len() >= ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// The newest entries of one automation, or of all; newest first.
    pub fn newest(&self, automation: Option<&str>, most: usize) -> Vec<Entry> {
        let each = self.each.lock();
        let wanted = each.iter().filter(|(name, _)| automation.is_none_or(|wanted| wanted == name));
        let mut entries: Vec<Entry> = wanted.flat_map(|(_, entries)| entries.iter().cloned()).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        entries.truncate(most);
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_a_busy_automation_pushes_out_only_itself() {
        let journal = Journal::default();
        let entry = |name: &str, at| Entry {
            at: Utc(at),
            automation: name.to_owned(),
            cause: "timer".to_owned(),
            what: Happened::Line(at.to_string()),
        };
        journal.add(entry("calm", 1));
        (2..1_000).for_each(|at| journal.add(entry("busy", at)));
        assert_eq!(journal.newest(Some("calm"), 10), [entry("calm", 1)]);
        assert_eq!(journal.newest(Some("busy"), 1_000).len(), ENTRIES);
        assert_eq!(journal.newest(None, 2), [entry("busy", 999), entry("busy", 998)]);
    }
}
