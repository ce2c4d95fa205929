//! Which alarm of a group was the first.

use std::collections::BTreeMap;

use plantroom_model::{AlarmEventKind, Marks, Mono, Now, Standing, Utc};

use super::AlarmEngine;
use crate::field::Place;
use crate::rules::Rule;

/// A first-out group: quiet, or with those that may have been the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// One that is the first, or several of which nobody can say.
    pub first: Vec<Entry>,
    /// How many of its alarms aren't normal.
    pub up: u32,
    /// Longest time between two looks at the same tag, in ms: what came to be within it can't be put in order by arrival.
    pub blur_ms: u64,
    /// The earliest of all that have come, clock by clock: what surely came after one that wasn't the first itself wasn't
    /// either, though nobody could tell it from the first.
    earliest: BTreeMap<Option<Place>, Earliest>,
}

/// The earliest that has come on one clock.
#[derive(Clone, Copy, Debug)]
struct Earliest {
    /// By its source time; `None` where none had any.
    source: Option<Entry>,
    began: Entry,
}

/// One that may have been the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub alarm: u32,
    /// On whose clock the source time is: a device's; `None` for the station's own.
    pub clock: Option<Place>,
    pub source_time: Utc,
    /// When its condition began to hold, as the station saw it.
    pub began: Mono,
    /// Somebody has reset it: it still counts as having come before all that follow, and isn't marked any more.
    pub is_reset: bool,
}

/// Which of two came first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Before,
    After,
    Undetermined,
}

impl Entry {
    /// Source times decide within one clock. Otherwise only a distance decides that no poll can explain.
    fn order(&self, other: &Self, blur_ms: u64) -> Order {
        let both_known = self.source_time.0 != 0 && other.source_time.0 != 0;
        if self.clock.is_some() && self.clock == other.clock && both_known {
            return match self.source_time.cmp(&other.source_time) {
                std::cmp::Ordering::Less => Order::Before,
                std::cmp::Ordering::Greater => Order::After,
                std::cmp::Ordering::Equal => Order::Undetermined,
            };
        }
        if self.began.plus_ms(blur_ms) < other.began {
            Order::Before
        } else if other.began.plus_ms(blur_ms) < self.began {
            Order::After
        } else {
            Order::Undetermined
        }
    }
}

impl Group {
    /// One more that has come.
    fn join(&mut self, entry: Entry) {
        let orders: Vec<Order> = self.first.iter().map(|one| entry.order(one, self.blur_ms)).collect();
        let came_before = self.earliest.values().flat_map(|earliest| [earliest.source, Some(earliest.began)]).flatten();
        let is_later = came_before.into_iter().any(|one| entry.order(&one, self.blur_ms) == Order::After);
        self.note(entry);
        if is_later || orders.contains(&Order::After) {
            return;
        }
        let mut kept = orders.iter().map(|order| *order == Order::Undetermined);
        self.first.retain(|_| kept.next().unwrap_or(false));
        self.first.push(entry);
    }

    /// Remembers the earliest of each clock.
    fn note(&mut self, entry: Entry) {
        let source = Some(entry).filter(|entry| entry.source_time.0 != 0);
        let earliest = self.earliest.entry(entry.clock).or_insert(Earliest { source, began: entry });
        if entry.began < earliest.began.began {
            earliest.began = entry;
        }
        if source.is_some() && earliest.source.is_none_or(|known| entry.source_time < known.source_time) {
            earliest.source = source;
        }
    }

    /// All is normal again: who was first is history.
    fn end(&mut self) -> Vec<Entry> {
        self.earliest.clear();
        std::mem::take(&mut self.first)
    }

    /// The same group of a changed project.
    pub fn goes_on(&self) -> Self {
        Self { first: self.first.clone(), earliest: self.earliest.clone(), ..Self::default() }
    }
}

impl AlarmEngine {
    /// Without any member's poll period known, in ms.
    pub(super) const BLUR_MS: u64 = 1_000;

    /// An alarm that is visible has come: it may be the first of its group.
    pub(super) fn join_group(&mut self, alarm: u32, source_time: Utc, began: Mono) {
        let place = self.rule(alarm).group;
        if place == Rule::NO_GROUP {
            return;
        }
        self.joins.push((place, Entry { alarm, clock: self.clock_of(alarm), source_time, began, is_reset: false }));
    }

    /// Who of all that have come since the last time was the first of a group; told once, after all of them.
    pub(super) fn settle_groups(&mut self, now: Now) {
        if self.joins.is_empty() {
            return;
        }
        let mut before: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, entry) in std::mem::take(&mut self.joins) {
            let group = &mut self.groups[place as usize];
            if group.up > 0 && group.first.iter().all(|one| one.alarm != entry.alarm) {
                before.entry(place).or_insert_with(|| group.first.iter().map(|one| one.alarm).collect());
                group.join(entry);
            }
        }
        for (place, before) in before {
            let first = &self.groups[place as usize].first;
            let is_alone = first.len() == 1;
            let after: Vec<u32> = first.iter().filter(|one| !one.is_reset).map(|one| one.alarm).collect();
            for one in before.iter().filter(|one| !after.contains(one)) {
                self.mark_order(*one, None, now);
            }
            for one in &after {
                self.mark_order(*one, Some(is_alone), now);
            }
        }
    }

    /// Some for one that may have been the first: whether it was.
    fn mark_order(&mut self, alarm: u32, first: Option<bool>, now: Now) {
        let from = self.hot[alarm as usize].standing();
        let bare = from.marks.without(Marks::FIRST_OUT).without(Marks::ORDER_UNDETERMINED);
        let marks = match first {
            Some(true) => bare.with(Marks::FIRST_OUT),
            Some(false) => bare.with(Marks::ORDER_UNDETERMINED),
            None => bare,
        };
        if marks != from.marks {
            self.put(alarm, Standing { marks, ..from });
            self.event(alarm, AlarmEventKind::FirstOut, from, now);
        }
    }

    /// An alarm is reset: it isn't the first any more, and nobody else is in its place until the group is at rest.
    pub(super) fn leave_group(&mut self, alarm: u32) {
        let place = self.rule(alarm).group;
        if let Some(group) = self.groups.get_mut(place as usize)
            && let Some(entry) = group.first.iter_mut().find(|one| one.alarm == alarm)
        {
            entry.is_reset = true;
        }
    }

    /// When all alarms of a group are normal again, the next one that comes is the first.
    pub(super) fn rest_group(&mut self, alarm: u32) {
        let place = self.rule(alarm).group;
        let Some(group) = self.groups.get_mut(place as usize).filter(|group| group.up == 0) else {
            return;
        };
        let first: Vec<u32> = group.end().iter().map(|one| one.alarm).collect();
        for one in first {
            self.mark(one, |marks| marks.without(Marks::FIRST_OUT).without(Marks::ORDER_UNDETERMINED));
        }
    }
}
