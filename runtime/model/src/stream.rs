//! Bytes over a named connection, for protocols that only a plugin knows.

use std::sync::Arc;

use crate::{Mono, Utc};

/// Bytes that one connection may hold in each direction: those that have come and weren't taken, and those that wait to leave.
/// While that many wait to be taken, nothing more is read; what there is no room for is not taken in.
pub const STREAM_BYTES: usize = 256 << 10;

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
    /// before the first of them left (0: at any time). Whoever sends keeps to [`STREAM_BYTES`].
    fn send(&self, session: u64, bytes: Vec<u8>, valid_until: Mono);

    /// Bytes that wait to leave.
    fn waiting(&self) -> usize;

    /// Asks to be told of room, once.
    fn call_for_room(&self);

    /// So many bytes that had come were taken: as many more may come.
    fn taken(&self, bytes: usize);

    /// Ends a session, because of what the device said or didn't say; nothing happens if it is over already.
    fn close(&self, session: u64, reason: &str);
}
