//! The files behind a preview, and the way back.

use plantroom_scene::SampleTags;

use crate::rehearsal::Script;

/// A project as it was just saved.
pub struct Saved {
    /// Its screens; none where it can't be read: what is open stays.
    pub script: Option<Script>,
    /// Its tags, where they were read again.
    pub tags: Option<SampleTags>,
    /// What is wrong with it, one a line; the screens are shown all the same.
    pub problems: Vec<String>,
}

/// Who reads and writes the project's files. The console itself knows none.
pub trait Workshop {
    /// Is to be called whenever [`Self::poll`] has something.
    fn wake_with(&mut self, wake: Box<dyn Fn() + Send + Sync>);

    /// The project, if it was saved since the last call; does not block.
    fn poll(&mut self) -> Option<Saved>;

    /// Replaces a file below `screens/` as a whole, if it still holds `before`.
    ///
    /// # Errors
    /// A sentence: it was changed meanwhile, or can't be written.
    fn save(&mut self, file: &str, before: &str, after: &str) -> Result<(), String>;

    /// Opens an editor at a line; tells which one.
    ///
    /// # Errors
    /// A sentence: there is none.
    fn open_editor(&mut self, file: &str, line: u32, column: u32) -> Result<String, String>;
}

/// Steps that can be taken back.
const STEPS: usize = 200;

/// One change of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Below `screens/`.
    pub file: String,
    /// Its text before.
    pub before: String,
    /// Its text after.
    pub after: String,
    /// What was done, for the button.
    pub what: String,
}

/// What was done, and what was taken back.
#[derive(Default)]
pub struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
}

impl History {
    /// Notes a change that was made.
    pub fn did(&mut self, step: Step) {
        self.undone.clear();
        if self.done.len() == STEPS {
            self.done.remove(0);
        }
        self.done.push(step);
    }

    /// What can be taken back next.
    pub fn last(&self) -> Option<&Step> {
        self.done.last()
    }

    /// What can be done again next.
    pub fn next(&self) -> Option<&Step> {
        self.undone.last()
    }

    /// The last step was taken back.
    pub fn undid(&mut self) {
        self.undone.extend(self.done.pop());
    }

    /// The next step was done again.
    pub fn redid(&mut self) {
        self.done.extend(self.undone.pop());
    }
}
