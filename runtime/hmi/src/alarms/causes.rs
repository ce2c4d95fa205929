//! Alarms that were grouped under one likely cause: how many there are, and which came first.
//!
//! Pure: kept up to date row by row.

use std::collections::{BTreeSet, HashMap};

use plantroom_model::Marks;
use plantroom_wire::AlarmNow;

/// So many make a group: two alarms are read faster than a word about them.
const GROUP: usize = 3;

#[derive(Debug, Default)]
struct Group {
    /// Marked as the first of its kind before others, then by when they came, by occurrence.
    members: BTreeSet<(bool, i64, u64, u32)>,
    waiting: u32,
}

/// All groups, by cause.
#[derive(Debug, Default)]
pub struct Causes(HashMap<String, Group>);

impl Causes {
    /// A row with a cause comes to the list, or leaves it.
    pub fn count(&mut self, row: &AlarmNow, waits: bool, comes: bool) {
        let key = (!Marks(row.marks).has(Marks::FIRST_OUT), row.came, row.occurrence, row.id);
        if comes {
            let group = self.0.entry(row.cause.clone()).or_default();
            group.members.insert(key);
            group.waiting += u32::from(waits);
        } else if let Some(group) = self.0.get_mut(&row.cause) {
            group.members.remove(&key);
            group.waiting -= u32::from(waits).min(group.waiting);
            if group.members.is_empty() {
                self.0.remove(&row.cause);
            }
        }
    }

    /// The first alarm of the largest group of which some wait for an acknowledgement, and how many it has.
    pub fn largest(&self) -> Option<(u32, u32)> {
        let groups = self.0.values().filter(|group| group.waiting > 0 && group.members.len() >= GROUP);
        let group = groups.max_by_key(|group| (group.members.len(), group.members.first().map(|first| -first.1)))?;
        Some((group.members.first()?.3, group.members.len() as u32))
    }
}
