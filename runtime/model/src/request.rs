//! What people and programs ask of the plant, and what came of it.

use serde::{Deserialize, Serialize};

use crate::{TagId, Value};

/// What a user may do; each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    View,
    /// Also write tags.
    Operate,
    /// Also change users, plugins and the project.
    Engineer,
}

impl Role {
    /// The word in files, messages and flags.
    pub fn word(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Operate => "operate",
            Self::Engineer => "engineer",
        }
    }
}

/// The way a request came in; written into the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    /// An operator's console, over the WebSocket.
    Console,
    /// The HTTP API.
    Api,
    /// The command line on the station's machine.
    Cli,
    /// The station itself.
    Station,
    /// An automation of the project: a station script, or a plugin whose outputs it copies.
    Script,
}

/// A wish to write a tag, before anyone has checked it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteRequest {
    /// Which tag.
    pub tag: TagId,
    /// What to write, in engineering units.
    pub value: Value,
    /// Why, in the user's words; may be empty. At most [`crate::limits::COMMENT_BYTES`].
    pub comment: String,
    /// Whether they said yes to the tag's own question ([`crate::WriteSpec::confirmation`]); tags without one don't care.
    pub confirmed: bool,
}

/// Names a write order for the life of a station's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub u64);

/// What a driver says of an order (wit/plugin-0.1, `orders.settle`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum SettleCode {
    /// The device confirmed.
    Done = 0,
    /// The device refused.
    Refused = 1,
    /// It may or may not have happened.
    Unknown = 2,
    /// It never left.
    NotSent = 3,
}

impl SettleCode {
    /// The code with this number, if there is one.
    pub fn from_u8(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Done,
            1 => Self::Refused,
            2 => Self::Unknown,
            3 => Self::NotSent,
            _ => return None,
        })
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// Done, and read back as asked.
    Confirmed,
    /// The device accepted it, and the tag has nothing to read back.
    Done,
    /// The device accepted it, and reads back something else.
    Mismatch,
    /// It may or may not have happened: look before trying again.
    Unknown,
    /// Not allowed, not possible, or refused by the device; nothing was changed.
    Refused,
    /// It never reached the device.
    NotSent,
}

/// How a request ended, in a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The kind, for programs and colours.
    pub kind: OutcomeKind,
    /// Calm and short.
    pub message: String,
    /// The number of its audit record; 0 if it couldn't be written.
    pub audit: u64,
}
