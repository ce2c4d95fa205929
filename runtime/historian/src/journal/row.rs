//! Rows of the journal, and what is missing between them.

use std::sync::Arc;

use plantroom_model::{AlarmEvent, AlarmEventKind, AlarmId, Mono, Now, Occurrence, Standing, Status, Utc, Value};

use super::AlarmTexts;

/// A row as it is read: complete in itself, whatever has become of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalRow {
    /// Its number: 1 is the first row that this journal ever had.
    pub row: u64,
    /// When the station decided it, by its clock.
    pub at: Utc,
    /// The source time of what caused it; 0 where no sample did.
    pub source_time: Utc,
    /// What the alarm was called then.
    pub alarm: Arc<AlarmTexts>,
    /// What happened.
    pub kind: AlarmEventKind,
    /// Which time that it came.
    pub occurrence: Occurrence,
    /// Where it stood before.
    pub from: Standing,
    /// Where it stood afterwards.
    pub to: Standing,
    /// The tag's value.
    pub value: Value,
    /// The tag's quality.
    pub status: Status,
    /// The limit that was passed, in engineering units.
    pub limit: Option<f64>,
    /// When a shelf ends.
    pub until: Option<Utc>,
    /// Who; `None` where the plant did it.
    pub by: Option<Arc<str>>,
    /// Why, or what was said.
    pub comment: Option<Arc<str>>,
}

impl JournalRow {
    /// The event that the row was made of, for an alarm with this number now.
    pub fn event(&self, alarm: AlarmId) -> AlarmEvent {
        AlarmEvent {
            alarm,
            occurrence: self.occurrence,
            at: Now { mono: Mono(0), utc: self.at },
            source_time: self.source_time,
            kind: self.kind,
            from: self.from,
            to: self.to,
            value: self.value.clone(),
            status: self.status,
            limit: self.limit,
            until: self.until,
            by: self.by.clone(),
            comment: self.comment.clone(),
        }
    }
}

/// A time in which rows are missing, or nobody recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// From.
    pub from: Utc,
    /// To.
    pub to: Utc,
    /// The row before which it lies.
    pub before_row: u64,
    /// How many rows are missing; `None` where nobody can say.
    pub rows: Option<u64>,
    /// So many rows from there on lie within the gap: what people did was kept.
    pub kept_rows: u64,
    /// Why.
    pub reason: GapReason,
}

/// Why rows are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum GapReason {
    /// The disk didn't take them in time: full, failing, or too slow.
    Disk = 1,
    /// The station was stopped properly; nothing is missing but what happened meanwhile.
    Stopped = 2,
    /// The station ended without warning: what wasn't on the disk yet is missing, and what happened meanwhile.
    Killed = 3,
    /// The disk has damaged what it held.
    Damaged = 4,
}

impl GapReason {
    pub(crate) fn from_u8(number: u8) -> Option<Self> {
        [Self::Disk, Self::Stopped, Self::Killed, Self::Damaged].into_iter().find(|reason| *reason as u8 == number)
    }
}

impl Gap {
    /// As operators read it.
    pub fn words(&self) -> String {
        let rows = match self.rows {
            Some(1) => "1 row is missing".to_owned(),
            Some(rows) => format!("{rows} rows are missing"),
            None => "an unknown number of rows is missing".to_owned(),
        };
        match self.reason {
            GapReason::Disk => {
                format!("{rows}: the disk was full, failing or too slow; where the alarms stood afterwards is recorded")
            }
            GapReason::Stopped => "the station was stopped: nothing was watched or recorded".to_owned(),
            GapReason::Killed => {
                "the station ended without warning: nothing was watched or recorded, and what happened in the last \
                                  moments before may be missing"
                    .to_owned()
            }
            GapReason::Damaged => format!("{rows}: the disk has damaged this part of the journal"),
        }
    }
}

/// Names of the columns of every export, in order.
#[derive(Clone, Copy, Debug)]
pub struct Columns;

impl Columns {
    /// All of them.
    pub const ALL: [&'static str; 24] = [
        "row",
        "time_utc",
        "time_local",
        "source_time_utc",
        "alarm",
        "message",
        "priority",
        "area",
        "event",
        "occurrence",
        "state_before",
        "state",
        "shelved",
        "suppressed",
        "out_of_service",
        "unknown",
        "value",
        "value_text",
        "unit",
        "limit",
        "quality",
        "until_utc",
        "user",
        "comment",
    ];
}

/// A row on its way to or from the disk: with its alarm's place in the file's list of names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PackedRow {
    pub name: u32,
    pub at: i64,
    pub source_time: i64,
    pub kind: AlarmEventKind,
    pub occurrence: u64,
    pub from: Standing,
    pub to: Standing,
    pub value: Value,
    pub status: Status,
    pub limit: Option<f64>,
    pub until: Option<i64>,
    pub by: Option<Arc<str>>,
    pub comment: Option<Arc<str>>,
}

impl PackedRow {
    pub fn of(event: &AlarmEvent, name: u32) -> Self {
        Self {
            name,
            at: event.at.utc.0,
            source_time: event.source_time.0,
            kind: event.kind,
            occurrence: event.occurrence.0,
            from: event.from,
            to: event.to,
            value: event.value.clone(),
            status: event.status,
            limit: event.limit,
            until: event.until.map(|until| until.0),
            by: event.by.clone(),
            comment: event.comment.clone(),
        }
    }

    pub fn unpacked(self, row: u64, alarm: Arc<AlarmTexts>) -> JournalRow {
        JournalRow {
            row,
            at: Utc(self.at),
            source_time: Utc(self.source_time),
            alarm,
            kind: self.kind,
            occurrence: Occurrence(self.occurrence),
            from: self.from,
            to: self.to,
            value: self.value,
            status: self.status,
            limit: self.limit,
            until: self.until.map(Utc),
            by: self.by,
            comment: self.comment,
        }
    }
}
