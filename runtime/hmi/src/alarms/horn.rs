//! When the horn sounds, and when so many alarms come that nobody can follow.
//!
//! Pure: rows and times go in.

use std::collections::VecDeque;

use plantroom_model::{Marks, Priority, Utc};
use plantroom_wire::AlarmNow;

/// The horn of this console. The next new alarm sounds again after it was silenced.
#[derive(Debug, Default)]
pub struct Horn {
    sounds: bool,
    /// The worst of what it sounds for.
    worst: u8,
    /// The newest occurrence that was heard of: numbers grow over the whole station.
    newest: u64,
    /// The newest one when it was silenced last.
    silenced: Option<u64>,
}

impl Horn {
    /// A row has come; gives whether it is news to the operator. What stood there when the console started isn't: it is in
    /// the banner, and somebody may have heard it long ago.
    pub fn hear(&mut self, before: Option<(&AlarmNow, bool)>, row: &AlarmNow, waits: bool, first: bool) -> bool {
        let is_new = row.occurrence > self.newest;
        let again = before.is_some_and(|(before, waited)| {
            let mark = Marks::RE_ALARMED;
            let re_alarmed = Marks(row.marks).has(mark) && !Marks(before.marks).has(mark);
            !waited || re_alarmed || row.occurrence != before.occurrence
        });
        self.newest = self.newest.max(row.occurrence);
        waits && !first && (is_new || again)
    }

    /// It sounds from now on, at least as for this priority.
    pub fn sound(&mut self, priority: u8) {
        self.worst = if self.sounds { self.worst.max(priority) } else { priority };
        self.sounds = true;
    }

    /// The worst priority that it sounds for now.
    pub fn worst(&self) -> Option<Priority> {
        self.sounds.then(|| Priority::from_u8(self.worst)).flatten()
    }

    /// Whether it sounds now.
    pub fn sounds(&self) -> bool {
        self.sounds
    }

    /// The operator has heard it.
    pub fn silence(&mut self) {
        self.sounds = false;
        self.silenced = Some(self.newest);
    }

    /// The newest occurrence for which the operator has silenced it last.
    pub fn silenced(&self) -> Option<u64> {
        self.silenced
    }

    /// It was silenced in another window of this console, for this occurrence: it is silent here unless there is a newer one.
    pub fn silenced_elsewhere(&mut self, newest: u64) {
        if self.sounds && newest == self.newest {
            self.silence();
        }
    }

    /// Nothing waits for an acknowledgement any more.
    pub fn settle(&mut self) {
        self.sounds = false;
    }
}

/// More than 10 alarms in 10 minutes begin a flood, fewer than 5 end it (IEC 62682).
#[derive(Debug, Default)]
pub struct Flood {
    /// Ten seconds each: their number, and how many came. The oldest first.
    slots: VecDeque<(i64, u32)>,
    on: bool,
}

impl Flood {
    /// Over how long they are counted, in ns.
    pub const SPAN_NS: i64 = 600_000_000_000;
    const SLOT_NS: i64 = 10_000_000_000;
    const BEGINS: u32 = 10;
    const ENDS: u32 = 5;

    /// An alarm has come.
    pub fn came(&mut self, at: i64) {
        let slot = at.div_euclid(Self::SLOT_NS);
        match self.slots.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(place) => self.slots[place].1 = self.slots[place].1.saturating_add(1),
            Err(place) => self.slots.insert(place, (slot, 1)),
        }
        // A clock that steps leaves no more of them than this.
        while self.slots.len() > 128 {
            self.slots.pop_front();
        }
    }

    /// How many came in the last 10 minutes, while it is a flood.
    pub fn at(&mut self, now: Utc) -> Option<u32> {
        let (oldest, newest) = (now.0.saturating_sub(Self::SPAN_NS).div_euclid(Self::SLOT_NS), now.0.div_euclid(Self::SLOT_NS));
        self.slots.retain(|(slot, _)| *slot > oldest && *slot <= newest + 1);
        let came: u32 = self.slots.iter().map(|(_, count)| count).sum();
        self.on = if self.on { came >= Self::ENDS } else { came > Self::BEGINS };
        self.on.then_some(came)
    }
}
