//! What the project and its changes look like in the API's JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plantroom_model::Diagnostic;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;
use crate::{ChangeDone, ChangeInfo, ProjectNow};

/// How the project folder stands to what runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectView {
    /// The plant's name.
    pub(crate) plant: String,
    /// current, waiting (a change waits to be applied) or refused (the folder has mistakes; the project from before runs).
    pub(crate) state: &'static str,
    /// The same in a sentence.
    pub(crate) message: String,
    /// Number of the newest change; 0 before the first.
    pub(crate) change: u64,
    /// What applying would do, in a sentence; empty where nothing waits.
    pub(crate) preview: String,
    /// The same by name, one line each; at most 1,000.
    pub(crate) details: Vec<String>,
    /// What is wrong with the folder, or probably not meant; at most 200.
    pub(crate) diagnostics: Vec<DiagnosticView>,
    /// on_save or on_request.
    pub(crate) apply: &'static str,
}

impl ProjectView {
    pub(crate) fn new(plant: String, now: ProjectNow) -> Self {
        Self {
            plant,
            state: now.state.word(),
            message: now.message,
            change: now.change,
            preview: now.preview,
            details: now.details,
            diagnostics: now.diagnostics.into_iter().map(DiagnosticView::from).collect(),
            apply: if now.on_save { "on_save" } else { "on_request" },
        }
    }
}

/// A mistake in a project, or what is probably not meant.
#[derive(Serialize, ToSchema)]
pub(crate) struct DiagnosticView {
    /// error or warning.
    severity: &'static str,
    /// Relative to the project folder.
    file: String,
    /// From 1; 0 where it is about the whole file.
    line: u32,
    /// From 1; 0 where it is about the whole file.
    column: u32,
    /// What is wrong.
    message: String,
    /// What to do; may be empty.
    help: String,
}

impl From<Diagnostic> for DiagnosticView {
    fn from(diagnostic: Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            plantroom_model::Severity::Error => "error",
            plantroom_model::Severity::Warning => "warning",
        };
        let Diagnostic { file, line, column, message, help, .. } = diagnostic;
        Self { severity, file, line, column, message, help }
    }
}

/// The text of the project that runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectFilesView {
    pub(crate) files: Vec<ProjectFileView>,
}

/// One file of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectFileView {
    /// Relative to the project folder, with `/`.
    path: String,
    /// Its text; null where it isn't text.
    text: Option<String>,
    /// Its bytes in Base64 where it isn't text.
    base64: Option<String>,
}

impl From<(String, Vec<u8>)> for ProjectFileView {
    fn from((path, bytes): (String, Vec<u8>)) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self { path, text: Some(text), base64: None },
            Err(error) => Self { path, text: None, base64: Some(STANDARD.encode(error.as_bytes())) },
        }
    }
}

/// Changes that are kept, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangesView {
    pub(crate) changes: Vec<ChangeView>,
}

/// One change of the project.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeView {
    /// Counts from 1.
    number: u64,
    /// apply, rollback or while-stopped.
    kind: &'static str,
    /// The change that a rollback went back before.
    of: Option<u64>,
    /// When (RFC 3339).
    at: Option<String>,
    /// Who.
    user: String,
    /// Why.
    comment: String,
    /// What it did.
    preview: String,
    /// Files that it changed.
    files: Vec<String>,
    /// The difference of the texts, as `diff -u` shows it; only where one change is asked for. At most 256 KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
}

impl ChangeView {
    pub(crate) fn new(change: ChangeInfo, with_diff: bool) -> Self {
        Self {
            number: change.number,
            kind: change.kind,
            of: change.of,
            at: time(change.at),
            user: change.user,
            comment: change.comment,
            preview: change.preview,
            files: change.files,
            diff: with_diff.then_some(change.diff),
        }
    }
}

/// Asks for a change.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    /// Why; may be empty.
    #[serde(default)]
    pub(crate) comment: String,
}

/// Asks for a rollback.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollbackBody {
    /// The change to go back before; without it the newest that did more than save screens.
    #[serde(default)]
    pub(crate) before: Option<u64>,
    /// Why; may be empty.
    #[serde(default)]
    pub(crate) comment: String,
}

/// A change that is done.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeDoneView {
    /// Its number.
    number: u64,
    /// What it did, in a sentence.
    message: String,
    /// Files that somebody had edited meanwhile: kept beside the project's as they were.
    kept: Vec<String>,
}

impl From<ChangeDone> for ChangeDoneView {
    fn from(done: ChangeDone) -> Self {
        Self { number: done.number, message: done.message, kept: done.kept }
    }
}

/// That it was done, in a sentence.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageView {
    pub(crate) message: String,
}
