//! Turns changes of tags into alarms, by ANSI/ISA-18.2-2016 (IEC 62682:2022).
//!
//! In:  a scan's accepted samples in their order, what links, scripts, plugins and the station say, what operators do, and
//!      the time.
//! Out: what happened to alarms, in order, and an answer to each act ([`plantroom_model::AlarmFrame`]).
//! Start at [`AlarmEngine`], then `life.rs`, the table of states.
//!
//! Invariant: does no I/O, asks no clock, and looks at nothing in an order that isn't the same each time: same inputs and
//! times, same events.
//! Invariant: what can't be judged (bad quality, not a number, a dead plugin) neither raises nor clears an alarm.
//! Invariant: the events and quiet rows of its frames say where every alarm stands, but for one thing: that nothing can be
//! told of an alarm at rest ([`AlarmEngine::standing`] says it).

mod counts;
mod engine;
mod field;
pub mod figures;
mod hot;
mod index;
mod life;
mod rules;
mod timers;
mod watch;

pub use counts::{AreaCounts, Counts};
pub use engine::AlarmEngine;
