//! What is told of the project folder: to the API, to consoles by system tags, to the log.

use std::sync::Arc;

use plantroom_model::{Diagnostic, Severity, TagId, Value, limits};
use plantroom_project::ApplyWhen;
use plantroom_server::{ChangeError, ProjectNow, ProjectWord};

use super::Changes;
use super::plan::Plan;
use crate::inbox::What;

/// Most mistakes that are told over the network; `plantroom check` tells all.
const DIAGNOSTICS: usize = 200;
/// Most lines of a preview by name.
const DETAILS: usize = 1_000;

impl Changes {
    /// Says how the folder stands to what runs.
    pub(super) fn tell(&self, state: ProjectWord, message: String, plan: Option<&Plan>, mut diagnostics: Vec<Diagnostic>) {
        let running = self.machinery.running.get();
        let change = self.history.numbers().last().copied().unwrap_or(0);
        let message = if message.is_empty() { "The project folder holds what runs.".to_owned() } else { message };
        diagnostics.truncate(DIAGNOSTICS);
        let mut details = plan.map(Plan::details).unwrap_or_default();
        details.truncate(DETAILS);
        let now = ProjectNow {
            state,
            message: message.clone(),
            change,
            preview: plan.map(|plan| plan.preview.to_string()).unwrap_or_default(),
            details,
            diagnostics,
            on_save: running.plant.change.apply == ApplyWhen::OnSave,
        };
        self.state.send_replace(Arc::new(now));
        let at = self.machinery.clock.now();
        let cut = message.floor_char_boundary(limits::TEXT_BYTES);
        let set = |tag: Option<TagId>, value: Value| {
            if let Some(tag) = tag {
                self.machinery.inbox.put(at, What::Set { tag, value });
            }
        };
        set(running.system.project_state, Value::Uint(state as u64));
        set(running.system.project_message, Value::Text(message[..cut].into()));
        set(running.system.project_change, Value::Uint(change));
    }

    /// Says what is wrong with the folder.
    pub(super) fn refuse(&self, diagnostics: Vec<Diagnostic>) {
        let message = refusal(&diagnostics);
        tracing::error!("{message}");
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).take(20) {
            tracing::error!("{diagnostic}");
        }
        self.tell(ProjectWord::Refused, message, None, diagnostics);
    }
}

/// How many mistakes, and the first of them.
pub fn refusal(diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<_> = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
    let first =
        errors.first().map(|first| format!(" First: {}:{}: {}.", first.file, first.line, first.message.trim_end_matches('.')));
    let count = if errors.len() == 1 { "a mistake".to_owned() } else { format!("{} mistakes", errors.len()) };
    format!("The project folder has {count}, so the project from before runs on.{}", first.unwrap_or_default())
}

/// A refusal with all mistakes, as a request gets it.
pub fn mistakes(mut diagnostics: Vec<Diagnostic>) -> ChangeError {
    let message = refusal(&diagnostics);
    diagnostics.truncate(DIAGNOSTICS);
    ChangeError::Mistakes { message, diagnostics }
}

/// Why a change was not made, in a sentence.
pub fn sentence(error: &ChangeError) -> String {
    match error {
        ChangeError::Denied(refusal) => refusal.to_string(),
        ChangeError::NotFound(message) | ChangeError::NotNow(message) | ChangeError::Mistakes { message, .. } => message.clone(),
        ChangeError::Audit(error) => format!("It can't be recorded, so it was not done: {error}."),
    }
}
