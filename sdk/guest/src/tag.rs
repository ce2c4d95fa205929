//! Handles to tags, typed: what a plugin holds on to after its setup.

use std::marker::PhantomData;
use std::ops::Deref;
use std::rc::Rc;

use crate::{Status, TagInfo, TagValue};

/// A tag that this plugin publishes. Get one from [`TagInfo::to_publish`] or by deriving.
#[derive(Debug)]
pub struct Tag<T> {
    handle: u32,
    name: Rc<str>,
    holds: PhantomData<fn() -> T>,
}

impl<T> Clone for Tag<T> {
    fn clone(&self) -> Self {
        Self { handle: self.handle, name: self.name.clone(), holds: PhantomData }
    }
}

impl<T: TagValue> Tag<T> {
    pub(crate) fn new(info: &TagInfo) -> Self {
        Self { handle: info.handle, name: info.name.as_str().into(), holds: PhantomData }
    }
}

impl<T> Tag<T> {
    /// Its handle in the contract.
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// Its name in the project.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A tag that this plugin publishes and that operators may write: its orders come to [`Driver::write`](crate::Driver::write).
#[derive(Debug)]
pub struct Setpoint<T>(pub(crate) Tag<T>);

impl<T> Clone for Setpoint<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Setpoint<T> {
    type Target = Tag<T>;

    fn deref(&self) -> &Tag<T> {
        &self.0
    }
}

/// A tag that an analytics plugin reads.
#[derive(Debug)]
pub struct Input<T>(pub(crate) Tag<T>);

impl<T> Clone for Input<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Input<T> {
    /// Its handle in the contract.
    pub fn handle(&self) -> u32 {
        self.0.handle
    }

    /// Its name in the project.
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

/// A value with its quality and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<T> {
    /// The value, where there is one of this type; under a bad status the last one that was usable.
    pub value: Option<T>,
    /// How good it is.
    pub status: Status,
    /// Its time, ns UTC; 0 when it isn't known.
    pub utc_ns: i64,
}

impl<T> Sample<T> {
    /// The value, only if it is not bad: what may be computed with.
    pub fn usable(&self) -> Option<&T> {
        self.value.as_ref().filter(|_| !self.status.is_bad())
    }
}
