//! A property that is constant, or follows a tag, or is computed by a closure.

use std::sync::Arc;

use plantroom_model::Status;

/// A closure's place in its scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClosureId(pub(crate) u32);

/// Where a property's value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// Written in the script.
    #[default]
    Constant,
    /// A tag, by name.
    Tag(Arc<str>),
    /// A closure in the script.
    Closure(ClosureId),
}

/// A property with its current value; [`crate::Scene::update`] keeps it current.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prop<T> {
    pub(crate) now: T,
    pub(crate) source: Source,
    pub(crate) status: Option<Status>,
}

impl<T> Prop<T> {
    /// A property that never changes.
    pub fn constant(now: T) -> Self {
        Self { now, source: Source::Constant, status: None }
    }

    /// Its current value. Before a first value, and where a closure failed, the type's neutral value (an empty text, true for
    /// `visible`, false for `enabled`).
    pub fn get(&self) -> &T {
        &self.now
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// How good what it was made from is: the worst status of the tags it read; good for a constant.
    /// A text made from bad values must look bad.
    pub fn status(&self) -> Status {
        self.status.unwrap_or(Status::GOOD)
    }
}
