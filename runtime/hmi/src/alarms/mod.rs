//! Alarms at this console: what stands how, what the horn does, and the panes in which operators work with them.
//!
//! In:  the station's pictures and changes ([`plantroom_wire::AlarmBatch`]). Out: what is shown, and wishes for acts.
//! Start at [`Table`] (all alarms) and [`List`] (what is shown of them); the banner is always there ([`banner`]).
//!
//! Invariant: nothing here acknowledges anything; an act names the occurrence that was on the screen.
//! Invariant: a list that is held doesn't move under the pointer; what is new is counted.

pub mod acts;
pub mod banner;
pub mod behind;
mod causes;
mod detail;
pub mod figures;
mod horn;
mod journal;
mod list;
pub mod marks;
mod of;
mod pane;
mod plots;
mod selection;
pub mod sign;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod views;
mod words;

pub use detail::{AlarmDetail, TREND_MS};
pub use figures::Figures;
pub use journal::Journal;
pub use of::AlarmsOfPane;
pub use pane::AlarmList;
pub use table::Table;
pub use tally::Tally;
