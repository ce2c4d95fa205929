//! The ways out. Each delivers one letter and waits for its answer, at most as long as the project says.

mod command;
mod secret;
mod smtp;
mod webhook;

use std::fmt;

use plantroom_model::Utc;
use plantroom_project::OutletKind;

use crate::desk::Job;

/// Why a letter didn't get out: a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means for the next attempt.
    pub kind: FailureKind,
    /// In words.
    pub why: String,
}

/// What a failure means for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The other side asks for patience: greylisting, too many requests.
    Later,
    /// Something around the letter is wrong, and may be mended: the network, the server, a password.
    Outside,
    /// This letter is refused, and always will be.
    ForGood,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }
}

/// Delivers a letter; gives what the other side said.
///
/// # Errors
/// When it didn't get out, or nobody can tell whether it did: it may then arrive twice, under the same name.
pub fn deliver(job: &Job, now: Utc) -> Result<String, Failure> {
    match &job.outlet.kind {
        OutletKind::Smtp { .. } => smtp::deliver(job, now),
        OutletKind::Webhook { .. } => webhook::deliver(job),
        OutletKind::Command { .. } => command::deliver(job),
        OutletKind::Horn => Ok("to the consoles".to_owned()),
    }
}

/// A letter as programs read it.
fn as_json(job: &Job) -> serde_json::Value {
    let letter = &job.letter;
    serde_json::json!({
        "id": letter.id,
        "plant": job.plant,
        "outlet": letter.outlet,
        "to": letter.to,
        "subject": letter.subject,
        "text": letter.text,
        "priority": letter.priority.word(),
        "urgency": letter.priority as u8,
        "count": letter.count,
        "alarm": letter.alarm,
    })
}
