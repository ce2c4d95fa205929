//! Bytes over a named connection, for protocols that only a plugin knows.

use std::sync::Arc;

use crate::{Mono, Utc};

/// What one connection may hold in each direction, in bytes: what has come and wasn't taken ([`stream_cost`]), and what waits
/// to leave. While so much waits to be taken, nothing more is read.
pub const STREAM_BYTES: usize = 256 << 10;

/// What one piece of bytes costs of [`STREAM_BYTES`]: a device that sends crumbs fills memory too.
pub fn stream_cost(bytes: usize) -> usize {
    bytes + 64
}

/// Most bytes that are sent in one piece, of which there may be as many as there is room for.
pub const STREAM_PIECE_BYTES: usize = 64 << 10;

/// What happened on a connection. Sessions are counted up from 1: each time that the connection stands is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamEvent {
    /// The connection stands.
    Opened {
        /// Names what has begun.
        session: u64,
    },
    /// Bytes have come, in order; over UDP these are one datagram.
    Bytes {
        /// In which session.
        session: u64,
        /// At least one, except for an empty datagram.
        bytes: Vec<u8>,
    },
    /// It is over; another session follows after a pause.
    Closed {
        /// Which one; 0 where the connection couldn't be opened.
        session: u64,
        /// Why, in a sentence for the log.
        reason: String,
    },
    /// After [`StreamLine::call_for_room`] at least half of the room is free.
    Room {
        /// In which session.
        session: u64,
    },
}

/// Hears what happens on a connection, in order, from one thread at a time; it must return at once.
pub type StreamEar = Arc<dyn Fn(StreamEvent, Utc) + Send + Sync>;

/// A connection in somebody's hands. Every call returns at once. Dropping it closes the connection.
pub trait StreamLine: Send + Sync {
    /// Queues bytes; over UDP they are one datagram. They are dropped if the session is over by then, or if this time has come
    /// before the first of them left (0: at any time). Whoever sends keeps to [`STREAM_BYTES`] and [`STREAM_PIECE_BYTES`].
    fn send(&self, session: u64, bytes: Vec<u8>, valid_until: Mono);

    /// What waits to leave ([`stream_cost`] of each piece).
    fn waiting(&self) -> usize;

    /// Asks to be told of room, once.
    fn call_for_room(&self);

    /// So much of what had come was taken ([`stream_cost`] of each piece): as much more may come.
    fn taken(&self, cost: usize);

    /// Ends a session, because of what the device said or didn't say; nothing happens if it is over already.
    fn close(&self, session: u64, reason: &str);
}
