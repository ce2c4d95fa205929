//! The rules of the house that a compiler doesn't know.
//!
//! In:  the workspace's metadata and its sources. Out: every breach, as a sentence with its place.
//! Start at [`imports::breaches`] and [`sources::Source`].
//!
//! Invariant: a rule that finds nothing to look at is itself a breach, so that no rule passes by reading nothing.

pub mod imports;
pub mod links;
pub mod sources;
pub mod words;

use std::path::PathBuf;

/// The workspace's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}
