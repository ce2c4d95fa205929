//! What can go wrong, in sentences for the person at the console.

use std::path::PathBuf;

use plantroom_store::StoreError;

use crate::Refusal;

/// Why a change of users, or opening the data folder, did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Another process has the folder open.
    #[error(
        "another Plantroom process is using this data folder; stop it, or use its HTTP API or console: {}",
        .0.display()
    )]
    InUse(PathBuf),
    /// The disk.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The users' file can't be understood.
    #[error("the list of users can't be read ({reason}); put back a backup of {}", .path.display())]
    UsersDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// No audit record, no change.
    #[error("nothing was changed, because {0}")]
    Audit(#[from] AuditError),
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such user or token.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// `user` or `token`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A user of that name exists.
    #[error("there is already a user `{0}`")]
    Exists(String),
    /// The current password that was given is not the right one.
    #[error("the current password is not right")]
    WrongPassword,
    /// A rule is broken; the sentence says which and what to do.
    #[error("{0}")]
    Rule(String),
    /// The machine has no randomness, or argon2 failed.
    #[error("the machine can't make secrets: {0}")]
    Secrets(String),
}

/// Why an act could not be recorded; it must not be carried out.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuditError {
    /// The trail can't be written.
    #[error("the audit trail can't be written: {0}")]
    Unavailable(String),
    /// Our own mistake: the permit is for something else.
    #[error("the permit is not for writing a tag")]
    NotAWrite,
    /// The trail was closed; the station is stopping.
    #[error("the station is stopping")]
    Stopping,
}
