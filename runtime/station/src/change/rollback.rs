//! Going back before a change.

use std::path::Path;

use plantroom_access::Session;
use plantroom_model::Door;
use plantroom_server::{ChangeDone, ChangeError};

use super::history::{History, Kept, Kind, Pending};
use super::plan::Plan;
use super::text::ProjectText;
use super::{Changes, Wanted, Who, state};

/// What a rollback puts back: the number of the change that it goes back before, and the files.
pub struct Target {
    /// The change.
    pub of: u64,
    /// The project before it.
    pub text: ProjectText,
}

/// The change before which a rollback goes where nobody says: the newest that did more than save screens, which are shown as
/// they are saved and applied by nobody; where there are only such, the newest. Changes come newest first, with their files.
pub fn usual_target<F: AsRef<str>>(changes: impl IntoIterator<Item = (u64, Vec<F>)>) -> Option<u64> {
    let mut newest = None;
    for (number, files) in changes {
        newest = newest.or(Some(number));
        if files.is_empty() || files.iter().any(|file| !file.as_ref().starts_with("screens/")) {
            return Some(number);
        }
    }
    newest
}

impl Target {
    /// The project before a change; by default before the newest that did more than save screens ([`usual_target`]).
    ///
    /// # Errors
    /// With a sentence, when there is none that could be gone back to.
    pub fn find(history: &History, running: &Kept, before: Option<u64>) -> Result<Self, String> {
        let by_itself = || usual_target(history.list().iter().map(|change| (change.number, change.files())));
        let of = before.or_else(by_itself).ok_or("There is nothing to roll back: the project was never changed.")?;
        let change = history.change(of).map_err(|error| format!("Change {of} can't be read: {error}."))?;
        let change = change.ok_or_else(|| format!("There is no change {of}; `plantroom change list` shows what is kept."))?;
        if change.before == running.files {
            return Err(format!("The project from before change {of} is what runs; there is nothing to do."));
        }
        let text =
            history.text(&change.before).map_err(|error| format!("The project from before change {of} is lost: {error}."))?;
        Ok(Self { of, text })
    }
}

impl Changes {
    /// Puts back the project as it was before a change, into the folder and into the station.
    ///
    /// # Errors
    /// When it may not or can't be done; then nothing was written.
    pub fn roll_back_request(&self, by: (&Session, Door), before: Option<u64>, comment: &str) -> Result<ChangeDone, ChangeError> {
        let mut turn = self.my_turn();
        let Target { of, text } = Target::find(&self.history, &turn, before).map_err(ChangeError::NotFound)?;
        let plan = self.plan_of(&text)?;
        let pending = Pending {
            files: self.history.keep(&text).map_err(|error| ChangeError::NotNow(error.to_string()))?,
            known: turn.files.clone(),
            of,
            user: by.0.user.to_string(),
            comment: comment.to_owned(),
        };
        let known = self.history.text(&turn.files).unwrap_or_default();
        let wanted = Wanted { kind: Kind::Rollback, of: Some(of), text, plan };
        let written = |text: &ProjectText| write(&self.history, &self.root, &pending, text, &known);
        let done = self.carry_out(&mut turn, wanted, Who::User(by.0, by.1, comment), written);
        if let Err(error) = self.history.rolled_back() {
            tracing::error!("the rollback is done, and the disk could not be told so: {error}");
        }
        done
    }

    /// Checks a text before anything of it is written.
    fn plan_of(&self, text: &ProjectText) -> Result<Plan, ChangeError> {
        let folder = tempfile::tempdir().and_then(|folder| text.write_into(folder.path()).map(|()| folder));
        let folder = folder.map_err(|error| ChangeError::NotNow(format!("There is no place to check it: {error}.")))?;
        Plan::make(folder.path(), &self.root, &self.machinery.running.get(), &self.sandbox).map_err(state::mistakes)
    }
}

/// Writes a project back; a kill in between is made up for at the next start.
///
/// # Errors
/// With a sentence.
pub fn write(
    history: &History,
    root: &Path,
    pending: &Pending,
    text: &ProjectText,
    known: &ProjectText,
) -> Result<Vec<String>, String> {
    history.roll_back(pending).map_err(|error| format!("The rollback can't be kept: {error}."))?;
    text.write_back(root, known).map_err(|error| {
        format!("The project folder can't be written ({error}); the station's user needs write access to it: {}", root.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_screens_are_not_what_is_rolled_back_where_anything_else_was_changed() {
        let check = |changes: &[(u64, &[&str])], wanted| {
            assert_eq!(usual_target(changes.iter().map(|(number, files)| (*number, files.to_vec()))), wanted, "{changes:?}");
        };
        check(&[], None);
        check(&[(2, &["tags/a.toml"]), (1, &["plant.toml"])], Some(2));
        check(&[(3, &["screens/1.rhai"]), (2, &["tags/a.toml", "screens/1.rhai"]), (1, &["plant.toml"])], Some(2));
        check(&[(2, &["screens/1.rhai"]), (1, &["screens/parts/x.rhai"])], Some(2));
        check(&[(2, &["screens/1.rhai"]), (1, &[])], Some(1));
    }
}
