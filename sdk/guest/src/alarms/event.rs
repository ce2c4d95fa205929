//! What happened to alarms, and where they stand.

use super::Alarm;
use crate::raw::{AlarmEventColumns, StandingColumns};
use crate::{Status, Value};

/// What happened to an alarm. Later hosts may have more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlarmEventKind {
    /// It came.
    Occurred,
    /// Its condition is gone.
    Returned,
    /// An operator has acknowledged it.
    Acknowledged,
    /// An operator has reset a latched one.
    Reset,
    /// It was announced anew.
    ReAlarmed,
    /// It was put on the shelf.
    Shelved,
    /// It was taken from the shelf.
    Unshelved,
    /// Its time on the shelf is over.
    ShelfEnded,
    /// Logic hides it.
    Suppressed,
    /// Logic hides it no more.
    Unsuppressed,
    /// Maintenance has taken it out of service.
    OutOfService,
    /// Maintenance has put it back.
    InService,
    /// Whether it holds can't be told any more.
    Unknown,
    /// It can be told again.
    Known,
    /// It was marked as the first of its group.
    FirstOut,
    /// An operator has written a remark.
    Remarked,
    /// The project has it no more.
    Removed,
    /// Where it stands: told when the station starts.
    Standing,
    /// A plugin says what it belongs to.
    Grouped,
    /// A number of a newer host.
    Other(u8),
}

impl AlarmEventKind {
    const ALL: [Self; 19] = [
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

    /// The kind with this number in the contract.
    pub fn from_u8(number: u8) -> Self {
        let place = usize::from(number).checked_sub(1);
        place.and_then(|place| Self::ALL.get(place)).copied().unwrap_or(Self::Other(number))
    }
}

/// Where an alarm is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlarmState {
    /// Nothing is the matter.
    #[default]
    Normal,
    /// Active, and nobody has acknowledged it.
    Unacknowledged,
    /// Active and acknowledged.
    Acknowledged,
    /// The condition is gone; nobody has acknowledged it.
    Returned,
    /// The condition is gone; it stays active until it is reset; nobody has acknowledged it.
    LatchedUnacknowledged,
    /// The condition is gone; it is acknowledged and stays active until it is reset.
    LatchedAcknowledged,
}

impl AlarmState {
    /// The state with this number in the contract; normal for one that isn't known.
    pub fn from_u8(number: u8) -> Self {
        match number {
            1 => Self::Unacknowledged,
            2 => Self::Acknowledged,
            3 => Self::Returned,
            4 => Self::LatchedUnacknowledged,
            5 => Self::LatchedAcknowledged,
            _ => Self::Normal,
        }
    }

    /// Whether its condition holds.
    pub fn is_holding(self) -> bool {
        matches!(self, Self::Unacknowledged | Self::Acknowledged)
    }

    /// Whether it counts as active: it holds, or is latched.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Normal | Self::Returned)
    }
}

/// Where an alarm stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Counts the times that alarms of this station came; 0: this one never did.
    pub occurrence: u64,
    /// Where it is in its life.
    pub state: AlarmState,
    /// What hides it: 1 shelved, 2 suppressed, 4 out of service; their sum.
    pub hidden: u8,
    /// What else is to be known, as the contract's `marks` have it.
    pub marks: u8,
    /// When something last happened to it, ns UTC; 0: nothing yet.
    pub changed_ns: i64,
}

impl Standing {
    /// Whether anything hides it from operators.
    pub fn is_hidden(self) -> bool {
        self.hidden != 0
    }

    /// Whether it can't be told if its condition holds; the state is the last known one.
    pub fn is_unknown(self) -> bool {
        self.marks & 1 != 0
    }
}

/// Something that happened to an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmEvent {
    /// Handle of the alarm.
    pub alarm: u32,
    /// What happened.
    pub kind: AlarmEventKind,
    /// Where it stands after that.
    pub to: Standing,
    /// The value of its tag.
    pub value: Value,
    /// That value's quality.
    pub status: Status,
    /// When the source says that it came to be, ns UTC; 0 where no sample caused it.
    pub source_ns: i64,
    /// When the station decided it, ns UTC.
    pub decided_ns: i64,
}

impl AlarmEvent {
    /// When it was: as the source says, else as the station decided; ns UTC.
    pub fn utc_ns(&self) -> i64 {
        if self.source_ns == 0 { self.decided_ns } else { self.source_ns }
    }
}

/// What happened to alarms, in order.
#[derive(Clone, Debug, Default)]
pub struct AlarmEvents {
    columns: AlarmEventColumns,
}

impl AlarmEvents {
    pub(crate) fn new(columns: AlarmEventColumns) -> Self {
        Self { columns }
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.columns.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.columns.rows.is_empty()
    }

    /// The columns as they crossed the sandbox.
    pub fn columns(&self) -> &AlarmEventColumns {
        &self.columns
    }

    /// All events, in order.
    pub fn iter(&self) -> impl Iterator<Item = AlarmEvent> + '_ {
        (0..self.len()).map(|row| self.row(row))
    }

    /// The events of one alarm, in order.
    pub fn of<'a>(&'a self, alarm: &Alarm) -> impl Iterator<Item = AlarmEvent> + 'a {
        let handle = alarm.handle();
        let rows = self.columns.rows.handles.iter().enumerate().filter(move |(_, of)| **of == handle);
        rows.map(|(row, _)| self.row(row))
    }

    fn row(&self, row: usize) -> AlarmEvent {
        let AlarmEventColumns { rows, kinds, occurrences, states, hidden, marks, decided } = &self.columns;
        AlarmEvent {
            alarm: rows.handles.get(row).copied().unwrap_or(u32::MAX),
            kind: AlarmEventKind::from_u8(kinds.get(row).copied().unwrap_or(0)),
            to: Standing {
                occurrence: occurrences.get(row).copied().unwrap_or(0),
                state: AlarmState::from_u8(states.get(row).copied().unwrap_or(0)),
                hidden: hidden.get(row).copied().unwrap_or(0),
                marks: marks.get(row).copied().unwrap_or(0),
                changed_ns: decided.get(row).copied().unwrap_or(0),
            },
            value: rows.value(row),
            status: Status(rows.statuses.get(row).copied().unwrap_or(Status::BAD_DECODING.0)),
            source_ns: rows.times.get(row).copied().unwrap_or(0),
            decided_ns: decided.get(row).copied().unwrap_or(0),
        }
    }
}

/// Rows of an answer, in the order asked; at rest where a row is missing.
pub(super) fn standings(columns: &StandingColumns, count: usize) -> impl Iterator<Item = Standing> + '_ {
    (0..count).map(|row| Standing {
        occurrence: columns.occurrences.get(row).copied().unwrap_or(0),
        state: AlarmState::from_u8(columns.states.get(row).copied().unwrap_or(0)),
        hidden: columns.hidden.get(row).copied().unwrap_or(0),
        marks: columns.marks.get(row).copied().unwrap_or(0),
        changed_ns: columns.decided.get(row).copied().unwrap_or(0),
    })
}
