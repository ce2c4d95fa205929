//! What a person may do to an automation.

use serde::{Deserialize, Serialize};

/// A word to one of the station's automations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutomationVerb {
    /// It works again after a person has stopped it.
    Start,
    /// It does nothing more until a person starts it; also over restarts of the station.
    Stop,
    /// It begins anew, also after an error of its own.
    Restart,
}

impl AutomationVerb {
    /// The word in addresses and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
        }
    }

    /// The verb of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Start, Self::Stop, Self::Restart].into_iter().find(|verb| verb.word() == word)
    }
}
