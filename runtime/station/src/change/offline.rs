//! Changes of a station that is stopped, by whoever can reach its data folder.

use std::path::Path;
use std::sync::Arc;

use plantroom_access::{Access, Act, Category};
use plantroom_model::Now;
use plantroom_store::RealDisk;

use super::diff::diff;
use super::history::{Change, History, Kept, Kind, Pending};
use super::plan::has_errors;
use super::rollback::{self, Target};
use crate::clock::{Clock as _, MachineClock};

/// What is kept in a data folder.
pub struct Looked {
    /// All changes, newest first.
    pub changes: Vec<Change>,
}

/// Reads the changes of a data folder; the station may be running.
pub fn look_offline(data: &Path) -> Looked {
    Looked { changes: History::look(Arc::new(RealDisk), data).list() }
}

/// Puts back the project as it was before a change, while no station uses the data folder. Returns a sentence.
///
/// # Errors
/// With a sentence; what was begun is completed at the station's next start.
pub fn roll_back_offline(root: &Path, data: &Path, before: Option<u64>, comment: &str) -> Result<String, String> {
    let now: Now = MachineClock::start().now();
    // Holds the data folder's lock: no station can start meanwhile.
    let access = Access::open(data, now.utc).map_err(|error| error.to_string())?;
    let history = History::open(Arc::new(RealDisk), data).map_err(|error| error.to_string())?;
    let running = history.running().map_err(|error| error.to_string())?.unwrap_or_default();
    let Target { of, text } = Target::find(&history, &running, before)?;
    let folder = tempfile::tempdir().and_then(|folder| text.write_into(folder.path()).map(|()| folder));
    let folder = folder.map_err(|error| format!("There is no place to check it: {error}."))?;
    let loaded = plantroom_project::load(folder.path());
    if has_errors(&loaded.diagnostics) {
        return Err(format!("The project from before change {of} has mistakes by the rules of this version of Plantroom."));
    }
    let known = history.text(&running.files).unwrap_or_default();
    let files = text.digests();
    let pending =
        Pending { files: files.clone(), known: running.files.clone(), of, user: MACHINE.to_owned(), comment: comment.to_owned() };
    let kept = rollback::write(&history, root, &pending, &text, &known)?;
    let number = history.numbers().last().copied().unwrap_or(0).max(running.change) + 1;
    let change = Change {
        number,
        kind: Kind::Rollback,
        of: Some(of),
        at: now.utc,
        user: MACHINE.to_owned(),
        comment: comment.to_owned(),
        preview: "rolled back while the station was stopped".to_owned(),
        diff: diff(&known, &text),
        before: running.files,
        after: files.clone(),
    };
    let failed = |error: plantroom_access::StoreError| error.to_string();
    history.record(&change).map_err(failed)?;
    history.set_running(&Kept { change: number, files }).map_err(failed)?;
    history.rolled_back().map_err(failed)?;
    let act = Act::new(Category::Configuration, "roll back project", &root.display().to_string());
    access.audit().event(act, &format!("done: change {number}, to before change {of}; by {MACHINE}"), now);
    access.audit().flush();
    let beside = if kept.is_empty() { String::new() } else { format!(" Kept beside: {}.", kept.join(", ")) };
    Ok(format!("Change {number}: the project is as it was before change {of}.{beside}"))
}

/// Who it was.
const MACHINE: &str = "somebody on the station's machine";
