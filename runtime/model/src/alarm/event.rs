//! What happened to an alarm: one row of the journal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AlarmId, AlarmState, Hidden, Now, Occurrence, Standing, Status, Utc, Value};

/// What happened. Numbers are those of the journal's format: they never change, and new ones are added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum AlarmEventKind {
    /// It came (A or D, E, F to B; without acknowledgement A to C).
    Occurred = 1,
    /// The condition is gone (B to D or E, C to A or F).
    Returned = 2,
    /// An operator has acknowledged it.
    Acknowledged = 3,
    /// An operator has reset a latched one.
    Reset = 4,
    /// Announced anew because it is still active (C to B).
    ReAlarmed = 5,
    /// An operator has shelved it.
    Shelved = 6,
    /// An operator has taken it from the shelf.
    Unshelved = 7,
    /// The time on the shelf is over, or its one shot.
    ShelfEnded = 8,
    /// Logic hides it.
    Suppressed = 9,
    /// Logic hides it no more.
    Unsuppressed = 10,
    /// Maintenance has taken it out of service.
    OutOfService = 11,
    /// Maintenance has put it back in service.
    InService = 12,
    /// Whether the condition holds can't be told any more.
    Unknown = 13,
    /// It can be told again.
    Known = 14,
    /// It was marked as the first of its group, or the group's order as undetermined.
    FirstOut = 15,
    /// An operator has written a remark; without one's name, the plugin that raised it tells more.
    Remarked = 16,
    /// The project has it no more.
    Removed = 17,
    /// Where it stood when the station started, or when a new file of the journal began.
    Standing = 18,
    /// A plugin says what it belongs to (a flood's likely cause).
    Grouped = 19,
}

impl AlarmEventKind {
    /// All of them, by number from 1.
    pub const ALL: [Self; 19] = [
        Self::Occurred,
        Self::Returned,
        Self::Acknowledged,
        Self::Reset,
        Self::ReAlarmed,
        Self::Shelved,
        Self::Unshelved,
        Self::ShelfEnded,
        Self::Suppressed,
        Self::Unsuppressed,
        Self::OutOfService,
        Self::InService,
        Self::Unknown,
        Self::Known,
        Self::FirstOut,
        Self::Remarked,
        Self::Removed,
        Self::Standing,
        Self::Grouped,
    ];

    /// The kind with this number.
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }
}

/// What happened to an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmEvent {
    /// Which.
    pub alarm: AlarmId,
    /// The occurrence that it happened to.
    pub occurrence: Occurrence,
    /// When the station decided it.
    pub at: Now,
    /// The source time of what caused it; 0 where no sample did.
    pub source_time: Utc,
    /// What.
    pub kind: AlarmEventKind,
    /// Where it stood before.
    pub from: Standing,
    /// Where it stands now.
    pub to: Standing,
    /// The tag's value at that time.
    pub value: Value,
    /// The tag's quality at that time.
    pub status: Status,
    /// The limit that was passed, in engineering units.
    pub limit: Option<f64>,
    /// For shelving: when it ends.
    pub until: Option<Utc>,
    /// Who did it; `None` where the plant did.
    pub by: Option<Arc<str>>,
    /// A comment, a reason, what a plugin says; `None` for none.
    pub comment: Option<Arc<str>>,
}

/// What key figures need of a row of the journal: 16 bytes, without texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmStep {
    /// When, by the station's clock.
    pub at: Utc,
    /// Which alarm: a place in a list that comes with the steps.
    pub alarm: AlarmId,
    /// What.
    pub kind: AlarmEventKind,
    /// A to F, afterwards.
    pub state: AlarmState,
    /// What hides it afterwards.
    pub hidden: Hidden,
}

impl AlarmEvent {
    /// The same for key figures.
    pub fn step(&self) -> AlarmStep {
        let (state, hidden) = (self.to.state, self.to.hidden);
        AlarmStep { at: self.at.utc, alarm: self.alarm, kind: self.kind, state, hidden }
    }

    /// Whether operators are to be told by it (horn, banner, notification): a visible alarm has become active, has come
    /// again, or has come out from behind what hid it. Hidden alarms never announce;
    /// whoever tells people leaves out those of [`crate::Priority::Event`], which the row doesn't say.
    pub fn announces(&self) -> bool {
        let was_told = !self.from.hidden.any() && self.from.state == AlarmState::Unacknowledged;
        let comes = self.to.state == AlarmState::Unacknowledged && !was_told;
        let is_news = self.kind != AlarmEventKind::Standing;
        is_news && !self.to.hidden.any() && (comes || self.kind == AlarmEventKind::Occurred)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_their_numbers_are_one_table() {
        for (place, kind) in AlarmEventKind::ALL.into_iter().enumerate() {
            assert_eq!((kind as usize, AlarmEventKind::from_u8(kind as u8)), (place + 1, Some(kind)));
        }
        assert_eq!((AlarmEventKind::from_u8(0), AlarmEventKind::from_u8(20)), (None, None));
    }
}
