//! The one sandboxed Rhai engine.
//!
//! In:  script texts that integrators wrote, functions that a crate offers them, and current tag values.
//! Out: what a script or a closure gave, which tags it read, or a [`ScriptError`] with file, line and column.
//! Start at [`Sandbox::new`], [`Sandbox::compile`], [`Sandbox::run`] and [`Sandbox::call`]; [`Expression`] for derived tags,
//! [`AlarmScript`] and [`AlarmRunner`] for scripted alarms, [`NotifyScript`] for who is told of them.
//!
//! Invariant: every run ends, within its [`Budget`] of steps and bytes, whatever the script says.
//! Invariant: a script reaches nothing but the functions registered here and by its crate: no files, clock, network or modules.
//! Invariant: the same script over the same tag values gives the same result on every machine: maths comes from `libm`.
//! Invariant: a panic inside the engine ends as an error of the script, never of the process (where panics unwind).

mod alarm;
mod error;
mod expression;
mod format;
pub mod limits;
mod maths;
mod memory;
mod notify;
mod pattern;
mod program;
mod run;
mod sandbox;
mod strings;
mod tags;

#[cfg(test)]
mod tests;

pub use alarm::{AlarmRunner, AlarmScript, DeclaredAlarm, DeclaredValue, Evaluated, Watch};
pub use error::ScriptError;
pub use expression::{Computed, Expression};
pub use format::{fixed, tidy};
pub use limits::Budget;
pub use notify::{AlarmFacts, Escalation, LocalTime, Moment, Notification, NotifyScript};
pub use pattern::fits;
pub use program::{Closure, Program};
pub use rhai;
pub use run::here;
pub use sandbox::{Evaluation, Sandbox};
pub use tags::{TagNow, TagTable};
