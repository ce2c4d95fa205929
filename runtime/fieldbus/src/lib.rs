//! Carries transactions to the devices and back.
//!
//! In:  requests on named connections, from any thread; bytes for those that carry bytes; the connections of a project.
//! Out: for every request exactly one completion; bytes that came; for every connection its state and its figures.
//! Start at [`Fieldbus::transact`], and for bytes at [`Fieldbus::attach`].
//!
//! Each connection has one task (`link.rs`). Over Modbus TCP (`tcp.rs`) some transactions may be on the way at once, each
//! under its id; over serial lines, and serial frames over TCP, (`serial.rs`) one is. Writes go before reads, otherwise
//! first come, first served. The frames are ours (`pdu.rs`, `mbap.rs`, `rtu.rs`), and know neither sockets nor clocks.
//! A unit that doesn't answer rests (`units.rs`), so that it costs those that share its connection next to nothing.
//!
//! Invariant: an answer is only ever given to the request that it answers: by its transaction id, or, where there is
//! none, because nothing that looks like it can come late.
//! Invariant: a request is never sent twice, and never waits for a lost link to come back.
//! Invariant: bytes are never carried over to another session (`stream.rs`), and never wait in more than bounded room.
//! Invariant: knows no data type, byte order, block or poll rate; those live in the driver's component.

mod check;
mod desk;
pub mod direct;
mod fieldbus;
mod figures;
mod flight;
mod half;
pub mod limits;
mod line;
mod link;
mod mbap;
mod open;
mod pdu;
mod queue;
mod rtu;
mod serial;
mod stream;
mod tcp;
mod thread;
mod units;
mod words;

pub use fieldbus::{Applied, Clock, Done, Fieldbus, OnLink};
pub use figures::{LinkFigures, UnitFigures};
