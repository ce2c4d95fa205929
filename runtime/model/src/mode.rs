//! Whether a tag shows what its source says, or what a person has put in its place.

use serde::{Deserialize, Serialize};

use crate::{TagId, Value};

/// Where a tag's value comes from at present. Every mode but the first is set by a person, with a reason, is audited,
/// outlives a restart, and is marked wherever the tag is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagMode {
    /// What its source says.
    #[default]
    Normal,
    /// Taken off scan: the last value stands, bad (out of service); what the source says is not taken in.
    OffScan,
    /// A person vouches for another value in the place of the measured one: good (local override).
    Substituted,
    /// Made up for tests: good (local override); writes to the tag change the simulation and reach no device.
    Simulated,
}

impl TagMode {
    /// The word in files, messages and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::OffScan => "off-scan",
            Self::Substituted => "substituted",
            Self::Simulated => "simulated",
        }
    }

    /// The mode of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Normal, Self::OffScan, Self::Substituted, Self::Simulated].into_iter().find(|mode| mode.word() == word)
    }
}

/// A wish to change a tag's mode, before anyone has checked it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModeRequest {
    /// Which tag.
    pub tag: TagId,
    /// What it is to be.
    pub mode: TagMode,
    /// In engineering units, for substituted and simulated tags; without one the present value stands.
    pub value: Option<Value>,
    /// Why, in the user's words; never empty. At most [`crate::limits::COMMENT_BYTES`].
    pub reason: String,
}
