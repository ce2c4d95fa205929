//! Runs plugins where they can't hurt the plant.
//!
//! In:  a component's bytes, what the project grants it, and what arrives for it (orders, completions, frames).
//! Out: what its steps did (samples, misses, transactions, settled orders), through [`Outside`]; faults as records.
//! Start at [`Host::load`], then [`Supervised::turn`], which reads in the order things happen.
//!
//! Invariant: a step is a transaction; nothing that a plugin did counts before its step has returned.
//! Invariant: a component is linked with what its grant names, and with nothing else.
//! Invariant: after a trap nothing of the instance is used again.
//! Invariant: knows no clock but [`Outside::now`], and no socket.

mod error;
mod fault;
mod figures;
mod host;
mod limits;
mod outside;
mod run;
mod supervise;

pub use error::{HostError, InitError, LoadError};
pub use fault::{FaultKind, FaultRecord};
pub use figures::PluginFigures;
pub use host::{Host, HostOptions, Loaded, compile_main};
pub use outside::{Outside, PluginOrder, PluginState};
pub use run::PluginRun;
pub use supervise::{Supervised, Turn};
