//! Runs plugins where they can't hurt the plant.
//!
//! In:  a component's bytes, what the project grants it, and what arrives for it (orders, completions, frames).
//! Out: what its steps did (samples, misses, transactions, settled orders, conditions of alarms), through
//!      [`Outside`]; faults as records.
//! Start at [`Host::load`], then [`Supervised::turn`], which reads in the order things happen.
//!
//! Invariant: a step is a transaction; nothing that a plugin did counts before its step has returned.
//! Invariant: a component is linked with what its grant names, and with nothing else.
//! Invariant: after a trap nothing of the instance is used again.
//! Invariant: knows no clock but [`Outside::now`], and no socket.

mod alarm_rights;
mod bindings;
mod cache;
mod commit;
mod compile;
mod engine;
mod error;
mod examine;
mod explain;
mod fault;
mod figures;
mod grant;
mod held;
mod host;
mod image;
mod imports;
mod instance;
mod limiter;
pub mod limits;
mod link;
mod news;
mod offer;
mod post;
mod rate;
mod readings;
mod run;
mod stage;
mod supervise;

pub use compile::compile_main;
pub use error::{HostError, InitError, LoadError};
pub use figures::PluginFigures;
pub use host::{Host, HostOptions, Loaded};
pub use offer::{ComponentFile, Looked, PluginOrigin, look};
pub use run::PluginRun;
pub use supervise::{Supervised, Turn};

pub use plantroom_archive::{Ask, Manifest};
pub use plantroom_model::{Explanation, FaultKind, FaultRecord, Outside, PluginOrder, PluginState};

/// Name of the custom section that holds a component's `plugin.toml`; `plantroom plugin build` writes it.
pub(crate) const SECTION: &str = "plantroom:plugin.toml";
