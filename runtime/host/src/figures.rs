//! What a plugin costs, counted.

use serde::Serialize;

/// Figures of one plugin since it was started. All counters only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PluginFigures {
    /// [`crate::PluginState::number`].
    pub state: u8,
    /// Steps that returned.
    pub steps: u64,
    /// How long the last step took, in ns.
    pub step_last_ns: u64,
    /// The longest step so far, in ns.
    pub step_max_ns: u64,
    /// Steps that took longer than the soft limit.
    pub soft_overruns: u64,
    /// Steps that waited because more than the granted share of the core was used.
    pub waited_steps: u64,
    /// Faults.
    pub faults: u64,
    /// Times it was started again after a fault.
    pub restarts: u64,
    /// Times it was replaced by a changed one while it ran.
    pub replaced: u64,
    /// Samples published.
    pub samples: u64,
    /// Samples dropped because they were over the granted rate.
    pub dropped_samples: u64,
    /// Log lines dropped because they were over the granted rate.
    pub dropped_log_lines: u64,
    /// Words about alarms.
    pub alarm_words: u64,
    /// Words about alarms that were lost because they were over the granted rate and a newer one came.
    pub lost_alarm_words: u64,
    /// What happened to alarms and it didn't fetch in time.
    pub lost_alarm_events: u64,
    /// Changes that it didn't fetch in time.
    pub lost_changes: u64,
    /// Transactions submitted.
    pub transactions: u64,
    /// Orders that have ended, however they did.
    pub orders: u64,
    /// Linear memory of the running instance, in bytes.
    pub memory_bytes: u64,
}
