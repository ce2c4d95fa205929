//! What can fail, and what has been made to.

use plantroom_model::nearest;

use crate::process::{Element, Process};

/// Ways to fail: their words, and what each does.
pub type Kinds = &'static [(&'static str, &'static str)];

/// The word that ends a failure.
pub const MEND: &str = "ok";
/// Happens once, and is put right in the plant itself.
const ONCE: [&str; 2] = ["trip", "undervoltage"];

/// Something that can fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailurePoint {
    /// As in the file.
    pub name: String,
    /// How it can.
    pub kinds: Kinds,
    /// How it does now.
    pub now: Option<&'static str>,
}

/// Why nothing can be made to fail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailError {
    /// Nothing of this name can fail.
    #[error("nothing that can fail is called `{name}`{hint}; `--list-failures` lists all")]
    Name {
        /// What was asked for.
        name: String,
        /// The nearest name.
        hint: String,
    },
    /// It doesn't fail like this.
    #[error("`{name}` doesn't fail as `{kind}`; it can: {}", words(.kinds))]
    Kind {
        /// What should fail.
        name: String,
        /// How.
        kind: String,
        /// How it can.
        kinds: Kinds,
    },
}

fn words(kinds: Kinds) -> String {
    let all: Vec<&str> = kinds.iter().map(|(word, _)| *word).chain([MEND]).collect();
    all.join(", ")
}

/// The kind of this word: `None` for [`MEND`].
pub(crate) fn kind_of(name: &str, kind: &str, kinds: Kinds) -> Result<Option<&'static str>, FailError> {
    if kind == MEND {
        return Ok(None);
    }
    let found = kinds.iter().find(|(word, _)| *word == kind).map(|(word, _)| Some(*word));
    found.ok_or_else(|| FailError::Kind { name: name.to_owned(), kind: kind.to_owned(), kinds })
}

/// That nothing has this name.
pub(crate) fn unknown<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> FailError {
    let hint = nearest(name, names).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    FailError::Name { name: name.to_owned(), hint }
}

impl Process {
    /// What of the process can fail, in the order in which it moves.
    pub fn failures(&self) -> Vec<FailurePoint> {
        let points = self.elements.iter().filter_map(|element| element.kinds());
        let now = |name: &str| self.failing.iter().find(|(failing, _)| failing == name).map(|(_, kind)| *kind);
        points.map(|(name, kinds)| FailurePoint { name: name.to_owned(), kinds, now: now(name) }).collect()
    }

    /// Has a part of the process fail from now on, or with `ok` no longer.
    ///
    /// # Errors
    /// When there is no such part, or it doesn't fail like this.
    pub fn fail(&mut self, name: &str, kind: &str) -> Result<(), FailError> {
        let found = self.elements.iter_mut().find(|element| element.kinds().is_some_and(|(own, _)| own == name));
        let Some(element) = found else {
            return Err(unknown(name, self.failures().iter().map(|point| point.name.as_str())));
        };
        let kinds = element.kinds().map_or(&[][..], |(_, kinds)| kinds);
        let kind = kind_of(name, kind, kinds)?;
        begin(element.as_mut(), kind, &mut self.values);
        self.failing.retain(|(failing, _)| failing != name);
        if let Some(kind) = kind.filter(|kind| !ONCE.contains(kind)) {
            self.failing.push((name.to_owned(), kind));
        }
        Ok(())
    }
}

/// A trip happens besides what fails already; anything else takes its place.
fn begin(element: &mut dyn Element, kind: Option<&'static str>, values: &mut crate::process::Values) {
    if kind.is_some_and(|kind| ONCE.contains(&kind)) {
        element.fail(None, values);
    }
    element.fail(kind, values);
}
