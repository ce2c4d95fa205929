//! Tries a plugin on a bench: scripted devices, a virtual clock, and everything it did on record.
//!
//! In:  a plugin, natively or as a component; a [`Spec`] of its project; scripted [`Device`]s, or [`Peer`]s where it speaks in
//!      bytes, and orders for a driver,
//!      changes of its inputs for an analytics plugin, and of alarms for alarm logic.
//! Out: [`Event`]s, transcripts, faults; [`conformance`], [`analytics_conformance`] and [`alarm_logic_conformance`] say where a
//!      plugin breaks the contract.
//! Start at [`Bench::start`] and [`Bench::run_for`].
//!
//! Invariant: time passes only in [`Bench::run_for`]; nothing here asks a clock or opens a socket.
//! Invariant: the same test gives the same transcript natively and in the sandbox.
//!
//! Without the feature `component` plugins are tried natively only, and nothing of wasmtime is built.

mod alarms;
mod bench;
mod conform;
mod device;
mod event;
mod native;
mod peer;
mod runner;
mod spec;
mod world;

pub use bench::Bench;
pub use conform::{alarm_logic_conformance, analytics_conformance, conformance};
pub use device::{Device, Fault, FaultRule, Seen};
pub use event::{Event, Happened};
pub use peer::{Peer, Say};
pub use runner::{Runner, StartError};
pub use spec::Spec;

pub use plantroom_model::{AlarmState, ConditionWord, Explanation, Hidden, Marks, SettleCode, Standing, Status, Value};
