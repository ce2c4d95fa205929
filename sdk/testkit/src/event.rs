//! What a plugin did, as tests look at it.

use std::fmt;

use plantroom_model::{ConditionWord, ModbusRequest, SettleCode, Status, Value};

/// Something that a plugin did, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// In ms since the bench began.
    pub at_ms: u64,
    /// What it did.
    pub happened: Happened,
}

/// What a plugin can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// It wrote a line into the log.
    Log {
        /// 0 error, 1 warning, 2 information, 3 debug.
        level: u8,
        /// The line.
        line: String,
    },
    /// It published a value.
    Sample {
        /// Name of the tag.
        tag: String,
        /// The value, raw.
        value: Value,
        /// How good it is.
        status: Status,
        /// Its source time, in ms since the bench began.
        source_ms: i64,
    },
    /// It told that a poll got no usable answer.
    Missed {
        /// Name of the tag.
        tag: String,
        /// Why.
        reason: Status,
    },
    /// It spoke of an alarm.
    Said {
        /// Name of the alarm.
        alarm: String,
        /// What it said.
        word: ConditionWord,
    },
    /// It asked for a transaction.
    Request {
        /// Index of the connection.
        connection: u32,
        /// What it asked for.
        request: ModbusRequest,
    },
    /// Bytes of its have left.
    Sent {
        /// Index of the connection.
        connection: u32,
        /// What left.
        bytes: Vec<u8>,
    },
    /// It ended a session of a stream.
    HungUp {
        /// Index of the connection.
        connection: u32,
        /// Why.
        reason: String,
    },
    /// It ended an order.
    Settled {
        /// Which order.
        order: u64,
        /// How.
        code: SettleCode,
        /// The sentence for the operator.
        detail: String,
    },
}

impl Happened {
    /// Within one step the contract promises no order between interfaces; transcripts use this one.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Log { .. } => 0,
            Self::Sample { .. } => 1,
            Self::Missed { .. } => 2,
            Self::Said { .. } => 3,
            Self::Settled { .. } => 4,
            Self::Request { .. } => 5,
            Self::Sent { .. } => 6,
            Self::HungUp { .. } => 7,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6} ms  ", self.at_ms)?;
        match &self.happened {
            Happened::Log { level, line } => write!(f, "log {level}: {line}"),
            Happened::Sample { tag, value, status, source_ms } => write!(f, "{tag} = {value} ({status}, of {source_ms} ms)"),
            Happened::Missed { tag, reason } => write!(f, "{tag} missed: {reason}"),
            Happened::Said { alarm, word } => write!(f, "{alarm}: {}", words(word)),
            Happened::Request { connection, request } => {
                let ModbusRequest { unit, function, address, count, data, .. } = request;
                write!(
                    f,
                    "connection {connection} unit {unit}: function {function} at {address}, {count} to read, {data:04X?} to write"
                )
            }
            Happened::Sent { connection, bytes } => write!(f, "connection {connection} sent {bytes:02X?}"),
            Happened::HungUp { connection, reason } => write!(f, "connection {connection} ended: {reason}"),
            Happened::Settled { order, code, detail } => write!(f, "order {order}: {code:?}, {detail}"),
        }
    }
}

/// A word about an alarm, as a transcript has it.
fn words(word: &ConditionWord) -> String {
    match word {
        ConditionWord::Raise { value, source_time, detail } => format!("raised by {value} of {} ns: {detail}", source_time.0),
        ConditionWord::Clear { value } => format!("cleared by {value}"),
        ConditionWord::Unknown(status) => format!("unknown: {status}"),
        ConditionWord::Suppress { reason } => format!("suppressed: {reason}"),
        ConditionWord::Unsuppress => "not suppressed".to_owned(),
        ConditionWord::First(true) => "the first of its group".to_owned(),
        ConditionWord::First(false) => "not the first of its group".to_owned(),
        ConditionWord::Group { cause, .. } if cause.is_empty() => "in no group".to_owned(),
        ConditionWord::Group { cause, first: true } => format!("the first of: {cause}"),
        ConditionWord::Group { cause, first: false } => format!("one of: {cause}"),
    }
}
