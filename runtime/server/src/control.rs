//! What the station tells of tags that were taken over, of why a tag is as it is, and of automations.

use plantroom_model::{TagMode, Utc, Value};
use serde::Serialize;
use utoipa::ToSchema;

/// A tag that a person has taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Its name.
    pub tag: String,
    /// Never normal.
    pub mode: TagMode,
    /// What stands in for the source's value; `None` off scan.
    pub value: Option<Value>,
    /// The same in words with unit; empty off scan.
    pub shown: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub user: String,
    /// Since when.
    pub since: Utc,
}

/// Why a tag holds what it holds: from the device to the screen, step by step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Why {
    /// Its name.
    pub tag: String,
    /// What it holds, in words with unit.
    pub value: String,
    /// good, uncertain or bad.
    pub quality: String,
    /// The status in words.
    pub reason: String,
    /// From the source to the value, and then who was refused what.
    pub steps: Vec<WhyStep>,
    /// The same for people, line by line.
    pub text: String,
}

/// One step of a [`Why`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct WhyStep {
    /// 0 for the tag itself; 1 and more for what it is computed from.
    pub depth: u8,
    /// What is told: source, connection, device, raw, scaling, range, age, mode, input, last write, last refusal ...
    pub what: String,
    /// In a sentence, or a figure with its unit.
    pub text: String,
    /// good, uncertain or bad, where the step has a quality.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub quality: String,
}

/// A tag of a connection as its driver reads it: raw registers beside the decoded value, for commissioning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RegisterNow {
    /// The tag's name.
    pub tag: String,
    /// The device behind the connection, where there are several.
    pub device: String,
    /// Where the project says it is, in the driver's notation.
    pub address: String,
    /// Where the driver reads it, in the words of the device's manual; empty where it doesn't say.
    pub place: String,
    /// The words from which it was decoded last, as they stood on the wire.
    pub words: Vec<u16>,
    /// When those words were read (RFC 3339); empty for never.
    pub read: String,
    /// The same as a moment.
    #[serde(skip)]
    pub read_at: Utc,
    /// What else the driver knows.
    pub note: String,
    /// What the tag holds, in words with unit.
    pub value: String,
    /// good, uncertain or bad.
    pub quality: String,
    /// The status in words.
    pub reason: String,
}

/// What the project lets the station do by itself, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AutomationNow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The script, or the plugin whose outputs are written.
    pub does: String,
    /// The technical user whose rights count.
    pub user: String,
    /// The tags that it may write.
    pub write: Vec<String>,
    /// waiting, running or stopped; empty while not known.
    pub state: String,
    /// When it last ran, in the plant's time.
    pub last_run: String,
    /// What it last did, and why.
    pub last_action: String,
    /// Why it has stopped; empty while it hasn't.
    pub last_error: String,
    /// A person has stopped it, and may start it again.
    pub by_person: bool,
}

/// One thing that an automation did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AutomationEntry {
    /// RFC 3339.
    pub time: String,
    /// The same as a moment.
    #[serde(skip)]
    pub at: Utc,
    /// Which.
    pub automation: String,
    /// What made it run.
    pub cause: String,
    /// request, line, held (not done, because what it had read can't be trusted) or error.
    pub what: String,
    /// The tag it asked for; empty for none.
    pub tag: String,
    /// What it wanted to write, in words with unit.
    pub value: String,
    /// Why, in its author's words.
    pub why: String,
    /// confirmed, done, mismatch, unknown, refused or not-sent; empty without a request.
    pub outcome: String,
    /// In a sentence.
    pub message: String,
    /// Number of its audit record; 0 for none.
    pub audit: u64,
}

/// A moment as RFC 3339; empty where it isn't known.
pub fn time_text(utc: Utc) -> String {
    crate::views::time(utc).unwrap_or_default()
}
