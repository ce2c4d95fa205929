//! Turns samples into tag values.
//!
//! In:  samples from drivers, in order of arrival, missed polls, and the time of this scan.
//! Out: every accepted sample as a change, and the current value of each tag.
//! Start at [`TagEngine::apply`].
//!
//! Invariant: does not know about plugins, disks, screens or clocks.
//! Invariant: same samples and same times give the same changes.
//! Invariant: total: a reading that can't be used becomes a value of bad quality, never an error.
//! Invariant: a number on its way through [`TagEngine::apply`] allocates nothing but its place among the changes.

mod accept;
mod deadband;
mod engine;
mod graph;
mod hot;
mod modes;
mod params;
mod total;

pub use deadband::is_news;
pub use engine::TagEngine;
