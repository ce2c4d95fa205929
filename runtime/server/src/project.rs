//! The project that runs, and changes of it, as the network sees them.

use plantroom_access::{AuditError, Refusal, Session};
use plantroom_model::{Diagnostic, Door, Utc};

/// How the project folder stands to what runs. The number is what `system/project/state` holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum ProjectWord {
    /// What the folder holds runs.
    #[default]
    Current = 0,
    /// The folder holds a change that waits until somebody applies it.
    Waiting = 1,
    /// The folder has mistakes; the project from before runs on.
    Refused = 2,
}

impl ProjectWord {
    /// The word in answers of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Waiting => "waiting",
            Self::Refused => "refused",
        }
    }
}

/// What is known of the project folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectNow {
    /// In a word.
    pub state: ProjectWord,
    /// In a sentence.
    pub message: String,
    /// Number of the newest change; 0 before the first.
    pub change: u64,
    /// What applying would do; empty where nothing waits.
    pub preview: String,
    /// The same by name, one line each; bounded.
    pub details: Vec<String>,
    /// What is wrong with the folder or probably not meant; bounded.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether what is saved is applied at once.
    pub on_save: bool,
}

/// One change that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeInfo {
    /// Counts from 1.
    pub number: u64,
    /// `apply`, `rollback` or `while-stopped`.
    pub kind: &'static str,
    /// The change that a rollback went back before.
    pub of: Option<u64>,
    /// When.
    pub at: Utc,
    /// Who.
    pub user: String,
    /// Why.
    pub comment: String,
    /// What it did, in a sentence.
    pub preview: String,
    /// Files that it changed.
    pub files: Vec<String>,
    /// The difference of the texts, as `diff -u` shows it; bounded.
    pub diff: String,
}

/// A change that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeDone {
    /// Its number.
    pub number: u64,
    /// What it did.
    pub message: String,
    /// Files that somebody had edited meanwhile, as they were: kept beside the project's.
    pub kept: Vec<String>,
}

/// Why a change was not made. The plant runs on as before.
#[derive(Debug)]
pub enum ChangeError {
    /// The user may not.
    Denied(Refusal),
    /// There is nothing of the kind.
    NotFound(String),
    /// The project has mistakes.
    Mistakes {
        /// In a sentence.
        message: String,
        /// All of them; bounded.
        diagnostics: Vec<Diagnostic>,
    },
    /// It is not possible now.
    NotNow(String),
    /// It could not be recorded.
    Audit(AuditError),
}

impl From<Refusal> for ChangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Denied(refusal)
    }
}

impl From<AuditError> for ChangeError {
    fn from(error: AuditError) -> Self {
        Self::Audit(error)
    }
}

/// Changes of the running project. All calls may wait for the disk, for plugins and for the scan: call them where
/// nobody else has to wait.
pub trait ProjectDoor: Send + Sync {
    /// What is known of the project folder; waits a moment for files that were just saved.
    fn now(&self) -> ProjectNow;

    /// The text of the project that runs: path and bytes.
    ///
    /// # Errors
    /// With a sentence.
    fn files(&self) -> Result<Vec<(String, Vec<u8>)>, String>;

    /// Changes that are kept, newest first.
    fn list(&self) -> Vec<ChangeInfo>;

    /// One of them.
    fn change(&self, number: u64) -> Option<ChangeInfo>;

    /// Applies what the project folder holds.
    ///
    /// # Errors
    /// When it may not or can't be done.
    fn apply(&self, by: (&Session, Door), comment: &str) -> Result<ChangeDone, ChangeError>;

    /// Puts back the project as it was before a change, by default before the newest that did more
    /// than save screens.
    ///
    /// # Errors
    /// When it may not or can't be done.
    fn roll_back(&self, by: (&Session, Door), before: Option<u64>, comment: &str) -> Result<ChangeDone, ChangeError>;

    /// Starts a plugin again out of quarantine.
    ///
    /// # Errors
    /// When it may not or can't be done.
    fn release(&self, by: (&Session, Door), plugin: &str, comment: &str) -> Result<String, ChangeError>;
}
