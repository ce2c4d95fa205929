//! What people, scripts and plugins say to alarms. All of it reaches the scan through its inbox.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AlarmId, Occurrence, Status, Utc, Value};

/// An operator's act, after it was authorised and recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmAct {
    /// Names the act for its answer; unique in the station's process.
    pub request: u64,
    /// Which alarm.
    pub alarm: AlarmId,
    /// What is to be done.
    pub verb: AlarmVerb,
    /// Who.
    pub by: Arc<str>,
    /// Why; may be empty. At most [`crate::limits::COMMENT_BYTES`].
    pub comment: Arc<str>,
}

/// What can be done to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmVerb {
    /// Acknowledge this occurrence, and no other.
    Acknowledge {
        /// The occurrence that the operator saw.
        occurrence: Occurrence,
    },
    /// Reset a latched one.
    Reset,
    /// Hide it for so long, in s; with `one_shot` at most until it returns to normal.
    Shelve {
        /// In s, at most what the alarm allows.
        for_s: u32,
        /// Ends also when the alarm returns to normal.
        one_shot: bool,
    },
    /// Take it from the shelf.
    Unshelve,
    /// Hide it by an engineer's hand, as logic does.
    Suppress,
    /// Hide it no more.
    Unsuppress,
    /// Maintenance takes it out of service.
    OutOfService,
    /// Maintenance puts it back.
    InService,
    /// Write a remark.
    Remark,
}

/// What came of an act, in the same frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmReply {
    /// Which act.
    pub request: u64,
    /// Done, or why not: a sentence for the operator.
    pub done: Result<(), Arc<str>>,
}

/// What a script, a plugin or the station says of its conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Alarm by alarm, in order.
    pub rows: Vec<(AlarmId, ConditionWord)>,
}

/// A word about one condition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConditionWord {
    /// It holds.
    Raise {
        /// The number or state that it was decided by.
        value: Value,
        /// When it came to be, as the source says; 0 where it doesn't.
        source_time: Utc,
        /// What to add to the alarm's message; may be empty.
        detail: Arc<str>,
    },
    /// It doesn't hold any more.
    Clear {
        /// The number or state that it was decided by.
        value: Value,
    },
    /// Whether it holds can't be told, and why.
    Unknown(Status),
    /// It makes no sense in the plant's present state.
    Suppress {
        /// Why.
        reason: Arc<str>,
    },
    /// It makes sense again.
    Unsuppress,
    /// It is, or is not, the first of its group.
    First(bool),
    /// It belongs to a group with a likely cause.
    Group {
        /// The cause, in words.
        cause: Arc<str>,
        /// Whether it is the first of them.
        first: bool,
    },
}
