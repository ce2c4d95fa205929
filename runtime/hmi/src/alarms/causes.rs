//! Alarms that were grouped under one likely cause: how many there are, and which came first.
//!
//! Pure: kept up to date row by row.

use std::collections::{BTreeSet, HashMap};

use plantroom_model::Marks;
use plantroom_wire::AlarmNow;

/// So many make a group: two alarms are read faster than a word about them.
const GROUP: usize = 3;
/// What came within this time of each other came together, in ns: then a mark says which was the first. Marks of other groups
/// (of a machine's trips) don't make a follower the first.
pub const TOGETHER_NS: i64 = 1_000_000_000;

#[derive(Debug, Default)]
struct Group {
    /// By when they came, by occurrence; with whether each is not marked as the first.
    members: BTreeSet<(i64, u64, u32, bool)>,
    waiting: u32,
}

/// All groups, by cause.
#[derive(Debug, Default)]
pub struct Causes(HashMap<String, Group>);

impl Causes {
    /// A row with a cause comes to the list, or leaves it.
    pub fn count(&mut self, row: &AlarmNow, waits: bool, comes: bool) {
        let key = (row.came, row.occurrence, row.id, !Marks(row.marks).has(Marks::FIRST_OUT));
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
        let group = groups.max_by_key(|group| (group.members.len(), group.members.first().map(|first| -first.0)))?;
        let began = group.members.first()?.0;
        let together = group.members.iter().take_while(|member| member.0 <= began.saturating_add(TOGETHER_NS));
        let (.., id, _) = together.min_by_key(|(came, occurrence, _, unmarked)| (*unmarked, *came, *occurrence))?;
        Some((*id, group.members.len() as u32))
    }
}
