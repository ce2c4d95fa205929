//! Carries transactions to the devices and back.
//!
//! In:  requests on named connections, from any thread; the connections of a project.
//! Out: for every request exactly one completion; for every connection its state and its figures.
//! Start at [`Fieldbus::transact`].
//!
//! Each connection has one task (`link.rs`), which has at most one transaction on the wire: writes before
//! reads, otherwise first come, first served. tokio-modbus packs and unpacks the frames; between it and the
//! socket stands a guard (`guard.rs`) that lets nothing pass but the one answer that was asked for.
//!
//! Invariant: an answer is only ever given to the request that it answers. After a time-out or an answer that
//! isn't valid the TCP connection is dropped and made anew, so a late one has nowhere to arrive.
//! Invariant: a request is never sent twice, and never waits for a lost link to come back.
//! Invariant: knows no data type, byte order, block or poll rate; those live in the driver's component.

mod answer;
mod check;
mod fieldbus;
mod figures;
mod guard;
pub mod limits;
mod link;
mod queue;
mod words;

pub use fieldbus::{Applied, Clock, Done, Fieldbus, OnLink};
pub use figures::LinkFigures;
