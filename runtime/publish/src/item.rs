//! What waits, and what is sent.

use plantroom_model::{Priority, Utc};
use serde::{Deserialize, Serialize};

/// What a rule asks for: one notification for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The outlet, as named in outlets.toml.
    pub outlet: String,
    /// To whom, as rules say it: people, groups, addresses; none where the outlet needs nobody.
    pub to: Vec<String>,
    /// The alarm that it is about.
    pub alarm: String,
    /// What happened: occurred, returned, acknowledged, unacknowledged; test for a trial.
    pub moment: &'static str,
    /// The minutes of an escalation's step; 0 for anything else.
    pub minutes: u32,
    /// How urgent.
    pub priority: Priority,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When it happened.
    pub at: Utc,
}

/// A notification that waits for its letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Counts all that were ever asked for.
    pub number: u64,
    /// The outlet.
    pub outlet: String,
    /// The address; empty where the outlet needs none.
    pub to: String,
    /// The alarm.
    pub alarm: String,
    /// How urgent.
    pub priority: Priority,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When it happened.
    pub at: Utc,
    /// How often the same happened to the same alarm since this address was last told.
    pub times: u32,
    /// A trial: sent at once, and never again.
    pub trial: bool,
}

/// A message on its way to one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The number of its first notification.
    pub number: u64,
    /// Names it for good: the same over retries and restarts, so that whoever gets it twice can know.
    pub id: String,
    /// The outlet.
    pub outlet: String,
    /// The address; empty where the outlet needs none.
    pub to: String,
    /// The most urgent of its notifications.
    pub priority: Priority,
    /// Notifications that it tells of.
    pub count: u32,
    /// The alarm that it is about; of several the first.
    pub alarm: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When it was made.
    pub made_at: Utc,
    /// How often it was tried.
    pub attempts: u32,
    /// A trial: never tried again.
    pub trial: bool,
}

/// Cuts a text at so many bytes, at a whole letter.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
