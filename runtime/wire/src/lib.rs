//! What a console and the station say to each other over the WebSocket.
//!
//! In:  messages as types. Out: bytes, and back.
//! Start at [`ToStation`] and [`ToConsole`].
//!
//! Every binary WebSocket message is one byte with [`VERSION`], then the message in postcard 1.0's wire
//! format (integers as varints, sequences with their length first). Values travel as columns.
//!
//! Invariant: a message that can't be decoded is an error, never a panic, whatever its bytes.
//! Invariant: knows no socket, and nothing of screens but their source text.

mod alarm;
mod asset;
mod engineer;

use plantroom_model::{Columns, LimitSet, Outcome, PermissiveTest, Role, TagMode, Value};
use serde::{Deserialize, Serialize};

pub use alarm::{
    ALARM_ACTS, ALARM_ROWS, AlarmBatch, AlarmFiguresNow, AlarmInfo, AlarmLine, AlarmNow, AlarmTotals, AlarmWish, FigureNow,
    FloodNow, JournalAsk,
};
pub use asset::{Asset, ContentHash, Contents, FETCHED_ASSETS};
pub use engineer::{
    Ask, AutomationNow, ChangeNow, Deed, JournalLine, OverrideNow, ProjectNow, ProjectState, RegisterNow, Reply, WhyNow, WhyStep,
};

/// The version of this protocol; both ends must have the same.
pub const VERSION: u8 = 5;

/// Largest message that either end accepts, in bytes; a larger one closes the connection.
pub const MESSAGE_BYTES: usize = 16 << 20;

/// From a console to the station.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToStation {
    /// Who is there, by name and password. Answered by `Welcome` or `Denied`.
    Login {
        /// User name.
        user: String,
        /// Password.
        password: String,
    },
    /// Who is there, by the token of an earlier `Welcome` or an API token. Answered by `Welcome` or `Denied`.
    Resume {
        /// The token.
        token: String,
    },
    /// Ends the session; its token is void from then on.
    Logout,
    /// Which tags this console shows, by name; replaces what it said before. Answered by `Tags`, then `Values`.
    Subscribe {
        /// Counts this console's subscriptions from 1; `Tags` and `Values` name the one they belong to.
        generation: u32,
        /// Tag names; a handle in `Values` is a place in this list.
        names: Vec<String>,
    },
    /// Asks for a tag to be written. Answered by `Outcome`.
    Write {
        /// Chosen by the console; comes back in `Outcome`.
        request: u64,
        /// Tag name.
        tag: String,
        /// In engineering units.
        value: Value,
        /// Why; may be empty.
        comment: String,
        /// The operator said yes to the tag's own question ([`WriteInfo::confirmation`]).
        confirmed: bool,
    },
    /// Asks why a tag holds what it holds. Answered by `Why`.
    Why {
        /// Chosen by the console; comes back in the answer.
        request: u64,
        /// Tag name.
        tag: String,
    },
    /// Asks for a tag to be taken over, or put back. Answered by `Outcome`.
    SetMode {
        /// Chosen by the console; comes back in `Outcome`.
        request: u64,
        /// Tag name.
        tag: String,
        /// What it is to be.
        mode: TagMode,
        /// In engineering units; without one the present value stands.
        value: Option<Value>,
        /// Why; never empty.
        reason: String,
    },
    /// Asks something that isn't the value of a tag. Answered by `Reply`.
    Ask {
        /// Chosen by the console; comes back in the answer.
        request: u64,
        /// What.
        ask: Ask,
    },
    /// Asks for something to be done that isn't a write. Answered by `Outcome`.
    Do {
        /// Chosen by the console; comes back in `Outcome`.
        request: u64,
        /// What.
        deed: Deed,
    },
    /// Asks for what assets hold that `Screens` has named; at most [`FETCHED_ASSETS`]. Answered by `Contents`.
    Fetch {
        /// Which.
        hashes: Vec<ContentHash>,
    },
}

/// From the station to a console.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToConsole {
    /// The login is good.
    Welcome {
        /// The plant's name.
        plant: String,
        /// Name of the user.
        user: String,
        /// What the user may do.
        role: Role,
        /// For `Resume` after a broken connection.
        token: String,
        /// Time zone of the plant, IANA name.
        time_zone: String,
    },
    /// The login is not good, or the session has ended.
    Denied {
        /// A sentence for the user.
        reason: String,
    },
    /// All screen scripts and the plant's instances; sent after `Welcome` and whenever they change.
    Screens {
        /// Counts changes.
        revision: u64,
        /// Path below `screens/` (`1_overview.rhai`, `parts/pump.rhai`), and its text.
        files: Vec<(String, String)>,
        /// Pictures, fonts, languages and the theme, each by what it holds: `Fetch` gives that.
        assets: Vec<Asset>,
        /// The screen to open first: its file name without `.rhai`.
        home: String,
        /// Instances of types: type, name.
        instances: Vec<(String, String)>,
        /// Names of all tags that the station itself says (`system/...`): the console's footer shows them.
        system_tags: Vec<String>,
    },
    /// What the subscribed tags are, in the order asked; `None` where there is no such tag.
    Tags {
        /// The subscription it answers.
        generation: u32,
        /// One a name.
        infos: Vec<Option<TagInfo>>,
    },
    /// Values that changed; handles are places in the subscription's list of names.
    Values {
        /// The subscription it belongs to.
        generation: u32,
        /// The newest of each; what a slow console missed in between is gone. Times are source times.
        columns: Columns,
    },
    /// What has changed of the alarms; the whole picture after `Welcome` and whenever the project has changed.
    Alarms(Box<AlarmBatch>),
    /// The station lives.
    Heartbeat {
        /// Its time, ns UTC.
        utc: i64,
    },
    /// Why a tag holds what it holds.
    Why {
        /// As the console named it.
        request: u64,
        /// Tag name.
        tag: String,
        /// `None` where there is no such tag.
        why: Option<Box<WhyNow>>,
    },
    /// The answer to what was asked.
    Reply {
        /// As the console named it.
        request: u64,
        /// The answer.
        reply: Box<Reply>,
    },
    /// How a request ended: a write, a tag that was taken over, a deed.
    Outcome {
        /// As the console named it.
        request: u64,
        /// What came of it.
        outcome: Outcome,
    },
    /// What assets hold. An answer comes in several when it is large.
    Contents(Contents),
}

/// What a console must know of a tag to show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagInfo {
    /// Its name.
    pub name: String,
    /// [`plantroom_model::ValueKind`] as a number.
    pub kind: u8,
    /// Engineering unit.
    pub unit: String,
    /// For people.
    pub description: String,
    /// Digits after the point.
    pub decimals: u8,
    /// Engineering range.
    pub range: Option<(f64, f64)>,
    /// Limits.
    pub limits: LimitSet,
    /// Words for numbers.
    pub states: Vec<(i64, String)>,
    /// Whether this user may write it, and in what range.
    pub write: Option<WriteInfo>,
    /// What must be so before anybody may write it. The console judges by the tags it subscribes to; the station has the
    /// last word.
    pub permissives: Vec<PermissiveInfo>,
}

/// What must be so before a tag may be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PermissiveInfo {
    /// The tag that is looked at; it must be good.
    pub tag: String,
    /// What its number must be.
    pub test: PermissiveTest,
    /// What the operator is told when it isn't, as the project says it.
    pub message: String,
    /// Needed only where this value is written (booleans are 0 and 1); `None`: whatever is written.
    pub only_for: Option<f64>,
}

/// How a tag may be written by this user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WriteInfo {
    /// Lowest and highest value that may be asked for.
    pub range: Option<(f64, f64)>,
    /// What the operator must say yes to once more.
    pub confirmation: Option<String>,
}

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Nothing there.
    #[error("an empty message")]
    Empty,
    /// Another version of the protocol.
    #[error("this station and this console are of different versions ({theirs} and {VERSION}); update the older one")]
    Version {
        /// What the other end speaks.
        theirs: u8,
    },
    /// Too long.
    #[error("a message of {0} bytes is over the limit of {MESSAGE_BYTES}")]
    TooLong(usize),
    /// Not decodable, or something is left over.
    #[error("a message that can't be read")]
    Malformed,
}

/// A message's bytes.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    // Serialising plain owned types to a growing buffer has no way to fail; an empty message is refused by the reader.
    postcard::to_extend(message, vec![VERSION]).unwrap_or_default()
}

/// A message from bytes.
///
/// # Errors
/// When the bytes aren't exactly one message of this version.
pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, WireError> {
    if bytes.len() > MESSAGE_BYTES {
        return Err(WireError::TooLong(bytes.len()));
    }
    let (version, body) = bytes.split_first().ok_or(WireError::Empty)?;
    if *version != VERSION {
        return Err(WireError::Version { theirs: *version });
    }
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        _ => Err(WireError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_message_survives_the_wire() {
        let message = ToStation::Write {
            request: 9,
            tag: "a/b".into(),
            value: Value::Float(1.5),
            comment: "läuft".into(),
            confirmed: true,
        };
        assert_eq!(decode::<ToStation>(&encode(&message)), Ok(message));
    }

    #[test]
    fn another_version_is_named() {
        let mut bytes = encode(&ToStation::Logout);
        bytes[0] = 200;
        assert_eq!(decode::<ToStation>(&bytes), Err(WireError::Version { theirs: 200 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode::<ToStation>(&bytes);
            let _ = decode::<ToConsole>(&bytes);
        }
    }
}
