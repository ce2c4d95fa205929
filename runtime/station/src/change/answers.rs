//! What the server's callers get.

use std::sync::Arc;
use std::time::Duration;

use plantroom_access::{Act, Category, Session};
use plantroom_model::{Door, Role};
use plantroom_server::{ChangeDone, ChangeError, ChangeInfo, ProjectDoor, ProjectNow};
use serde_json::json;

use super::text::ProjectText;
use super::{Change, Changes};

/// How long a question after the folder's state waits for files that were just saved, in ms: they are left to settle, read
/// and checked with their plugins.
const PATIENCE_MS: u64 = 5_000;
/// How often it looks meanwhile, in ms.
const LOOK_MS: u64 = 25;
/// What is told where that isn't enough.
const BEING_READ: &str = "Saved files are being read; ask again in a moment.";

impl Changes {
    /// Waits until what was saved last has been looked at; false where that takes too long.
    fn catch_up(&self) -> bool {
        for _ in 0..PATIENCE_MS / LOOK_MS {
            // What was looked at is told right after, within the same turn.
            if ProjectText::stamp(&self.root) == *self.looked.lock() {
                drop(self.turn.lock());
                return true;
            }
            std::thread::sleep(Duration::from_millis(LOOK_MS));
        }
        false
    }
}

impl ProjectDoor for Changes {
    fn now(&self) -> ProjectNow {
        let is_current = self.catch_up();
        let now = ProjectNow::clone(&self.state.borrow());
        if is_current { now } else { ProjectNow { message: BEING_READ.to_owned(), details: Vec::new(), ..now } }
    }

    fn files(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        let files = self.my_turn().files.clone();
        let text = self.history.text(&files).map_err(|error| error.to_string())?;
        Ok(text.files.into_iter().collect())
    }

    fn list(&self) -> Vec<ChangeInfo> {
        self.history.list().into_iter().map(info).collect()
    }

    fn change(&self, number: u64) -> Option<ChangeInfo> {
        self.history.change(number).ok().flatten().map(info)
    }

    fn apply(&self, by: (&Session, Door), comment: &str) -> Result<ChangeDone, ChangeError> {
        self.apply_request(by, comment)
    }

    fn roll_back(&self, by: (&Session, Door), before: Option<u64>, comment: &str) -> Result<ChangeDone, ChangeError> {
        self.roll_back_request(by, before, comment)
    }

    fn release(&self, (session, door): (&Session, Door), plugin: &str, comment: &str) -> Result<String, ChangeError> {
        let now = self.clock.now();
        let act = Act::new(Category::Configuration, "release plugin", plugin);
        let permit = self.access.authorise(session, door, Role::Engineer, act, now)?;
        let running = self.machinery.running.get();
        let found = running.plant.plugin(plugin).filter(|_| !plugin.is_empty());
        let Some(run) = found.and_then(|(id, _)| running.plugin(id)).map(Arc::clone) else {
            self.access.audit().note(permit, "refused: there is no such plugin", now);
            return Err(ChangeError::NotFound(format!("There is no plugin `{plugin}`.")));
        };
        let quarantined = 3;
        if run.figures().state != quarantined {
            self.access.audit().note(permit, "refused: it is not in quarantine", now);
            let message = format!("Plugin `{plugin}` is not in quarantine; there is nothing to release.");
            return Err(ChangeError::NotNow(message));
        }
        let begun = self.access.audit().begin(permit, (None, Some(json!("released"))), comment, now)?;
        run.release();
        self.access.audit().finish(begun, "done", self.clock.now())?;
        Ok(format!("Plugin `{plugin}` starts again; system/plugins/{plugin}/state says how it goes on."))
    }
}

fn info(change: Change) -> ChangeInfo {
    let files = change.files();
    ChangeInfo {
        number: change.number,
        kind: change.kind.word(),
        of: change.of,
        at: change.at,
        user: change.user,
        comment: change.comment,
        preview: change.preview,
        files,
        diff: change.diff,
    }
}
