//! The order in which a machine's trips came: the first one, what followed, and what nobody can know.
//!
//! In:  trips, as alarms that hold or as states of tags, with the times of their sources.
//! Out: one alarm a machine whose detail tells the sequence; a mark on the alarm that was first.
//! Start at [`FirstOut::update`].
//!
//! Invariant: a source time decides only within one clock; what is nearer than a poll period over several is not known.
//! Invariant: a sequence is held until it is reset, also over a restart of the plugin.

mod config;
mod sequence;
mod watch;

use plantroom_sdk::prelude::*;

use config::{Group, groups};
use sequence::Entry;
use watch::Seen;

/// The plugin.
pub struct FirstOut {
    groups: Vec<Group>,
    seen: RefCell<Vec<Seen>>,
    /// The store was full, and that was told.
    told_full: Cell<bool>,
}

impl Create for FirstOut {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        Ok(Self { groups: groups(setup)?, seen: RefCell::default(), told_full: Cell::new(false) })
    }
}

impl AlarmLogic for FirstOut {
    async fn begin(&self, io: &Io) -> Result<()> {
        let begun = self.groups.iter().map(|group| {
            let kept: Vec<Entry> = memory::load(&key(group)).unwrap_or_default();
            group.begin(io, kept)
        });
        let begun = begun.collect();
        self.seen.replace(begun);
        self.groups.iter().zip(&*self.seen.borrow()).for_each(|(group, seen)| self.keep(group, seen));
        Ok(())
    }

    async fn update(&self, io: &Io, changes: &Changes) -> Result<()> {
        self.each(|group, seen| group.update(io, seen, changes));
        Ok(())
    }

    async fn events(&self, io: &Io, events: &AlarmEvents) -> Result<()> {
        self.each(|group, seen| group.events(io, seen, events));
        Ok(())
    }
}

impl FirstOut {
    /// Lets every group work, and keeps the sequences that have changed.
    fn each(&self, work: impl Fn(&Group, &mut Seen)) {
        for (group, seen) in self.groups.iter().zip(&mut *self.seen.borrow_mut()) {
            let before: Vec<Entry> = seen.kept().into_iter().cloned().collect();
            work(group, seen);
            if !before.iter().eq(seen.kept()) {
                self.keep(group, seen);
            }
        }
    }

    fn keep(&self, group: &Group, seen: &Seen) {
        let kept = seen.kept();
        if kept.is_empty() {
            memory::remove(&key(group));
        } else if let Err(error) = memory::save(&key(group), &kept)
            && !self.told_full.replace(true)
        {
            log_warn!("a sequence of trips will not survive a restart: {error}");
        }
    }
}

/// Keys of the store are at most 256 bytes, names of alarms at most 200.
fn key(group: &Group) -> String {
    format!("sequence/{}", group.alarm.name())
}

plantroom_sdk::export_alarm_logic!(FirstOut);
