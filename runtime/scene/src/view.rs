//! How a scene sees the plant.

use plantroom_model::Sample;
use plantroom_wire::TagInfo;

/// Current values and facts by tag name. The console implements it over its subscriptions, the station's check over the project.
pub trait TagView {
    /// The newest sample; `None` where there is no such tag or nothing has been heard yet.
    /// A console that has lost its station gives every sample a bad status.
    fn sample(&self, tag: &str) -> Option<Sample>;

    /// What the tag is; `None` where there is no such tag or its facts haven't arrived yet.
    fn info(&self, tag: &str) -> Option<&TagInfo>;

    /// Changes whenever any `info` may have changed (a new answer from the station); lets the scene skip looking.
    fn info_revision(&self) -> u64;

    /// How far this view's log of samples has come.
    fn stamp(&self) -> u64 {
        0
    }

    /// The tags whose samples may have changed since the log had come so far; `None` where all must be looked at.
    fn changed_since(&self, _stamp: u64) -> Option<Vec<&str>> {
        None
    }
}

/// A view without any tags, for building a scene before there is a station.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTags;

impl TagView for NoTags {
    fn sample(&self, _: &str) -> Option<Sample> {
        None
    }

    fn info(&self, _: &str) -> Option<&TagInfo> {
        None
    }

    fn info_revision(&self) -> u64 {
        0
    }
}
