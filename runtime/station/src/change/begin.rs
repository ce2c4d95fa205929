//! Which project a station starts with, after whatever happened to the last one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use plantroom_access::StoreError;
use plantroom_model::{Diagnostic, Utc};
use plantroom_project::Plant;

use super::diff::diff;
use super::history::{Change, History, Kept, Kind};
use super::plan::{at_root, has_errors};
use super::text::ProjectText;
use crate::error::StartError;

/// Who changes files, where nobody has asked for it.
pub const ON_THE_MACHINE: &str = "file change on the station's machine";

/// What a station starts with.
pub struct Beginning {
    /// The plant.
    pub plant: Arc<Plant>,
    /// Its files; written down by [`settle`] where they aren't yet.
    pub kept: Kept,
    /// They were changed while no station ran, or none has run before.
    pub unsettled: Option<ProjectText>,
    /// Why it is not what the folder holds: that has mistakes.
    pub refused: Option<Vec<Diagnostic>>,
}

/// Ends a rollback that was interrupted, and loads the folder; where that has mistakes, the project that ran last.
///
/// # Errors
/// When there is neither.
pub fn begin(root: &Path, history: &History) -> Result<Beginning, StartError> {
    end_rollback(root, history)?;
    let text = ProjectText::read(root);
    let loaded = plantroom_project::load(root);
    let kept = history.running().unwrap_or_else(|error| {
        tracing::error!("it is not known which project ran last: {error}");
        None
    });
    match loaded.plant.filter(|_| !has_errors(&loaded.diagnostics)) {
        Some(plant) => {
            let files = text.as_ref().map(ProjectText::digests).unwrap_or_default();
            let is_settled = kept.as_ref().is_some_and(|kept| kept.files == files);
            forget_what_never_ran(history, kept.as_ref(), &files);
            let unsettled = text.inspect_err(|error| tracing::error!("nothing can be rolled back: {error}")).ok();
            let kept = kept.unwrap_or_default();
            Ok(Beginning { plant, kept, unsettled: unsettled.filter(|_| !is_settled), refused: None })
        }
        None => match kept.and_then(|kept| Some((of_kept(root, history, &kept)?, kept))) {
            Some((plant, kept)) => {
                let count = loaded.diagnostics.len();
                tracing::error!(
                    "the project folder has mistakes ({count}; see `plantroom check`), so the station runs the project that \
                     ran last, change {}: {}",
                    kept.change,
                    root.display()
                );
                Ok(Beginning { plant, kept, unsettled: None, refused: Some(loaded.diagnostics) })
            }
            None => Err(StartError::Project(loaded.diagnostics)),
        },
    }
}

/// A rollback that a kill has cut off is written to its end: the folder may hold half of it.
fn end_rollback(root: &Path, history: &History) -> Result<(), StartError> {
    let failed = |reason: String| {
        StartError::Data(format!(
            "A rollback of the project was interrupted and can't be completed ({reason}). Mend that, or remove \
             changes/rollback.json from the data folder and look at the project folder yourself: {}",
            root.display()
        ))
    };
    let Some(pending) = history.pending().map_err(|error| failed(error.to_string()))? else { return Ok(()) };
    let wanted = history.text(&pending.files).map_err(|error| failed(error.to_string()))?;
    let known = history.text(&pending.known).unwrap_or_default();
    wanted.write_back(root, &known).map_err(|error| failed(error.to_string()))?;
    history.rolled_back().map_err(|error| failed(error.to_string()))?;
    tracing::warn!("a rollback of the project to before change {} was interrupted; it is complete now", pending.of);
    Ok(())
}

/// A change that was recorded, and whose station was killed before anything of it was done, never happened: what it would have
/// changed is what runs. Left among the changes, "roll back" would mean it, and find that there is nothing to do.
fn forget_what_never_ran(history: &History, kept: Option<&Kept>, files: &BTreeMap<String, String>) {
    let ran = kept.map_or(0, |kept| kept.change);
    for number in history.numbers().into_iter().rev().take_while(|number| *number > ran) {
        match history.change(number) {
            Ok(Some(change)) if change.before == *files && change.after != *files => {
                tracing::warn!("change {number} was recorded and never made, because the station was killed; it is forgotten");
                history.forget(number);
            }
            _ => return,
        }
    }
}

/// Writes down what the folder holds, and what was changed while no station ran.
///
/// # Errors
/// When the disk refuses.
pub fn settle(history: &History, kept: Kept, text: &ProjectText, now: Utc) -> Result<Kept, StoreError> {
    let files = text.digests();
    let last = history.numbers().last().copied().unwrap_or(0);
    // A change that was recorded, and whose station was killed before it could say that it runs.
    let cut_off = history.change(last)?.filter(|change| last > kept.change && change.after == files);
    history.keep(text)?;
    let number = match cut_off {
        Some(change) => change.number,
        None if kept.files.is_empty() => last,
        None => {
            let number = last.max(kept.change) + 1;
            history.record(&Change {
                number,
                kind: Kind::WhileStopped,
                of: None,
                at: now,
                user: ON_THE_MACHINE.to_owned(),
                comment: String::new(),
                preview: "changed while the station was stopped".to_owned(),
                diff: diff(&history.text(&kept.files).unwrap_or_default(), text),
                before: kept.files,
                after: files.clone(),
            })?;
            number
        }
    };
    let kept = Kept { change: number, files };
    history.set_running(&kept).map(|()| kept)
}

/// The project that ran last, from its kept files.
fn of_kept(root: &Path, history: &History, kept: &Kept) -> Option<Arc<Plant>> {
    let text = history.text(&kept.files).inspect_err(|error| tracing::error!("the last project is lost: {error}")).ok()?;
    let folder = tempfile::tempdir().ok()?;
    text.write_into(folder.path()).ok()?;
    let loaded = plantroom_project::load(folder.path());
    loaded.plant.filter(|_| !has_errors(&loaded.diagnostics)).map(|plant| at_root(plant, root))
}

#[cfg(test)]
mod tests {
    use plantroom_store::RealDisk;

    use super::*;
    use crate::change::rollback::Target;

    const PLANT: &str = "name = \"Test\"\ntime_zone = \"UTC\"\nhome_screen = \"1\"\n";

    /// A project folder whose plant.toml ends so, and what a station keeps of it.
    fn text(end: &str) -> ProjectText {
        let files = [("plant.toml", format!("{PLANT}{end}")), ("screens/1.rhai", "screen(\"One\", #{ level: 1 });\n".to_owned())];
        ProjectText { files: files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes())).collect() }
    }

    fn change(number: u64, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Change {
        Change {
            number,
            kind: Kind::Rollback,
            of: None,
            at: Utc(7),
            user: "eve".to_owned(),
            comment: String::new(),
            preview: String::new(),
            diff: String::new(),
            before: before.clone(),
            after: after.clone(),
        }
    }

    #[test]
    fn a_rollback_that_a_kill_cut_off_before_anything_was_written_never_happened() {
        let (root, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let history = History::open(Arc::new(RealDisk), data.path()).unwrap();
        let (old, new) = (text(""), text("# changed\n"));
        let (before, after) = (history.keep(&old).unwrap(), history.keep(&new).unwrap());
        new.write_into(root.path()).unwrap();
        history.record(&change(1, &before, &after)).unwrap();
        history.set_running(&Kept { change: 1, files: after.clone() }).unwrap();
        // Recorded; then the station was killed.
        history.record(&change(2, &after, &before)).unwrap();
        let begun = begin(root.path(), &history).unwrap();
        assert!(begun.unsettled.is_none());
        assert_eq!(history.numbers(), [1]);
        assert_eq!(Target::find(&history, &begun.kept, None).map(|target| target.of), Ok(1), "it can still be rolled back");
        // One that was made, and whose end could not be noted, stays.
        history.record(&change(2, &after, &before)).unwrap();
        old.write_into(root.path()).unwrap();
        let begun = begin(root.path(), &history).unwrap();
        assert_eq!(history.numbers(), [1, 2]);
        let kept = settle(&history, begun.kept, &begun.unsettled.unwrap(), Utc(9)).unwrap();
        assert_eq!((kept.change, &kept.files), (2, &before));
        assert_eq!(Target::find(&history, &kept, None).map(|target| target.of), Ok(2));
    }
}
