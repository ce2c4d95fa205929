//! What one scan decided.

use crate::{AlarmFrame, Changes, Now};

/// What one scan decided: every accepted change, in order. A tag can occur more than once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Counts scans from 1 at the start of the station.
    pub number: u64,
    /// The time the scan worked with.
    pub now: Now,
    /// Every accepted sample, in the order of arrival.
    pub changes: Changes,
    /// What it meant for alarms.
    pub alarms: AlarmFrame,
}
