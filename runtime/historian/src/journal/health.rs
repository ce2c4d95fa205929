//! How far the journal is, and what is in its way.

use std::sync::Arc;

/// How far the journal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Everything up to this frame is on the disk; until then it is shown as not recorded yet.
    pub recorded: u64,
    /// Rows that wait for the disk.
    pub waiting: usize,
    /// Rows that were counted instead of kept since the start.
    pub lost: u64,
}

/// Whether the journal is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalHealth {
    /// What is wrong, and what to do; `None` while all is well. For operators.
    pub trouble: Option<Arc<str>>,
    /// How far it is.
    pub progress: Progress,
    /// Rows written since the start.
    pub rows: u64,
    /// Commits since the start: one wait for the disk each.
    pub commits: u64,
    /// Files it has.
    pub files: usize,
    /// Bytes of all its files.
    pub bytes: u64,
}
