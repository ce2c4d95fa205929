//! Alarms that were grouped under one likely cause: how many there are, and which was the first.
//!
//! Pure: kept up to date row by row.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use plantroom_model::Marks;
use plantroom_wire::AlarmNow;

/// So many make a group: two alarms are read faster than a word about them.
const GROUP: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Member {
    priority: u8,
    came: i64,
    occurrence: u64,
    /// Somebody has marked it as the first: that holds for as long as it belongs to the group, whatever becomes of the mark,
    /// for a first-out group of other alarms may take it away.
    marked: bool,
}

impl Member {
    /// The smaller, the sooner it is the first: who is marked, the earliest of them; of others the earliest of the most urgent.
    fn rank(self) -> (bool, Reverse<u8>, i64, u64) {
        let priority = if self.marked { u8::MAX } else { self.priority };
        (!self.marked, Reverse(priority), self.came, self.occurrence)
    }
}

#[derive(Debug, Default)]
struct Group {
    members: BTreeMap<u32, Member>,
    waiting: u32,
    /// The first, and whether it was ever marked as that.
    first: Option<(u32, Member)>,
}

impl Group {
    fn first(&self) -> Option<u32> {
        let known = self.first.filter(|(id, _)| self.members.contains_key(id));
        let (id, first) = known.or_else(|| self.members.iter().min_by_key(|(_, one)| one.rank()).map(|(id, one)| (*id, *one)))?;
        // What came before the one that is marked, and is more urgent, is no follower of it: its own mark was taken away before
        // this console started.
        let before = self.members.iter().filter(|(_, one)| one.came < first.came && one.priority > first.priority);
        Some(before.min_by_key(|(_, one)| (Reverse(one.priority), one.came)).map_or(id, |(id, _)| *id))
    }
}

/// All groups, by cause.
#[derive(Debug, Default)]
pub struct Causes(HashMap<String, Group>);

impl Causes {
    /// A row with a cause comes to the list, or leaves it.
    pub fn count(&mut self, row: &AlarmNow, priority: u8, waits: bool, comes: bool) {
        if !comes {
            let Some(group) = self.0.get_mut(&row.cause) else { return };
            group.members.remove(&row.id);
            group.waiting -= u32::from(waits).min(group.waiting);
            return;
        }
        let group = self.0.entry(row.cause.clone()).or_default();
        let marked = Marks(row.marks).has(Marks::FIRST_OUT);
        let mut member = Member { priority, came: row.came, occurrence: row.occurrence, marked };
        match group.first {
            Some((id, first)) if id == row.id => {
                member.marked |= first.marked && first.occurrence == row.occurrence;
                group.first = Some((id, member));
            }
            Some((id, first)) if group.members.contains_key(&id) && first.rank() <= member.rank() => {}
            _ => group.first = Some((row.id, member)),
        }
        group.members.insert(row.id, member);
        group.waiting += u32::from(waits);
    }

    /// Forgets groups that nothing belongs to any more.
    pub fn tidy(&mut self) {
        self.0.retain(|_, group| !group.members.is_empty());
    }

    /// The first alarm of a cause.
    pub fn first(&self, cause: &str) -> Option<u32> {
        self.0.get(cause)?.first()
    }

    /// The first alarm of the largest group of which some wait for an acknowledgement, and how many it has.
    pub fn largest(&self) -> Option<(u32, u32)> {
        let groups = self.0.iter().filter(|(_, group)| group.waiting > 0 && group.members.len() >= GROUP);
        let (_, group) = groups.max_by_key(|(cause, group)| (group.members.len(), Reverse(*cause)))?;
        Some((group.first()?, group.members.len() as u32))
    }
}
