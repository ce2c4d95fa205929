//! What the server's callers get.

use std::sync::Arc;

use plantroom_access::{Act, Category, Session};
use plantroom_model::{Door, Role};
use plantroom_server::{ChangeDone, ChangeError, ChangeInfo, ProjectDoor, ProjectNow};
use serde_json::json;

use super::{Change, Changes};

impl ProjectDoor for Changes {
    fn now(&self) -> ProjectNow {
        ProjectNow::clone(&self.state.borrow())
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
    let all = change.before.keys().chain(change.after.keys());
    let mut files: Vec<String> = all.filter(|path| change.before.get(*path) != change.after.get(*path)).cloned().collect();
    files.sort_unstable();
    files.dedup();
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
