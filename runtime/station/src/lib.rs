//! Puts everything together into a station that runs.
//!
//! In:  a project folder and a data folder.
//! Out: a running plant behind one network door.
//! Start at [`flow`] (the data path), then [`command`] (the command path), then [`start()`].
//!
//! Invariant: one thread changes tag state; nothing that it waits for can be delayed by anybody.
//! Invariant: every write takes the command path; there is no other call of a driver's order queue.
//! Invariant: only `clock.rs` asks the machine for the time.

pub mod alarms;
mod automation;
mod builtin;
mod carry;
pub mod change;
pub mod check;
pub mod clock;
pub mod command;
mod components;
mod disk;
mod error;
mod figures;
pub mod flow;
mod handles;
pub mod inbox;
mod link;
mod modes;
mod now_running;
mod outlets;
mod outside;
mod pace;
mod prepare;
mod pulses;
mod readback;
mod recent;
mod registers;
mod retained;
pub mod scan;
mod screens;
mod start;
mod system;
mod target;
mod watching;
mod why;

pub use alarms::offline::OfflineJournal;
pub use check::{CheckOptions, Checked, check};
pub use components::find as find_component;
pub use error::StartError;
pub use start::{RunningStation, StationOptions, start};
