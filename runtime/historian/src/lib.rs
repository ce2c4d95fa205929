//! What happened, kept.
//!
//! In:  the events of alarms, frame by frame.
//! Out: rows that survive a power cut; queries, figures' steps and exports over them; where every alarm stood.
//! Start at [`Journal::open`]; `FORMAT.md` beside this crate has the bytes.
//!
//! Invariant: a frame that [`Journal::progress`] tells as recorded is on the disk, and is read back after a crash at any
//! later write.
//! Invariant: handing rows over never waits for the disk; what can't be kept is counted and told as a gap.
//! Invariant: knows neither clocks nor the project: times come in with what happened, names with the alarms.

mod bytes;
mod error;
mod journal;
pub mod limits;

pub use error::JournalError;
pub use journal::{
    AlarmTexts, Catalog, Columns, CsvExport, Gap, GapReason, Journal, JournalHealth, JournalReader, JournalReport, JournalRow,
    JournalSetup, KeptAlarm, Order, Page, ParquetExport, Progress, Query, Restored, Retention, Steps,
};
