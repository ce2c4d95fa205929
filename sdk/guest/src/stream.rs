//! Bytes over a named connection, for protocols of your own: sessions, reads and sends as awaits.

mod desk;

use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use crate::raw::StreamSent;
use crate::{ConnectionInfo, Order, port};

/// Most bytes of one piece, as the contract has it.
const PIECE_BYTES: usize = 64 << 10;
/// Largest datagram.
const DATAGRAM_BYTES: usize = 65_507;
/// Most bytes that [`Session::read_exact`] and [`Session::read_until`] wait for. More is [`StreamError::TooLong`].
pub const READ_BYTES: usize = 1 << 20;

/// A named connection that carries bytes: TCP, UDP or a serial line, as the project says. Cheap to clone.
///
/// The station keeps it open. Each time that it stands is a [`Session`] of its own; what a protocol does at the beginning of a
/// connection belongs at the beginning of each.
#[derive(Clone, Debug)]
pub struct Stream {
    index: u32,
    name: Rc<str>,
    datagrams: bool,
}

/// A connection while it stands. Dropping it closes the connection, and the station opens it again.
#[derive(Debug)]
pub struct Session {
    stream: Stream,
    number: u64,
    reason: Option<String>,
}

/// Why bytes didn't come or weren't sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The session is over, for this reason; what was sent before may have arrived.
    Closed(String),
    /// The order's time was over; it was not sent.
    Expired,
    /// More than a datagram holds, or more than may be waited for.
    TooLong,
}

impl Stream {
    pub(crate) fn new(connection: &ConnectionInfo) -> Self {
        Self { index: connection.index, name: connection.name.as_str().into(), datagrams: connection.carries == "datagrams" }
    }

    /// The connection's name in the project.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it carries datagrams, which stay whole and may get lost.
    pub fn is_datagrams(&self) -> bool {
        self.datagrams
    }

    /// Waits until the connection stands, and takes it. There is one session at a time: while one is held, even when it is
    /// over, nobody gets the next.
    pub async fn session(&self) -> Session {
        desk::open();
        let number = poll_fn(|context| desk::take(self.index, context)).await;
        Session { stream: self.clone(), number, reason: None }
    }

    /// Why the connection didn't stand or ended last; empty where nothing has happened.
    pub fn last_reason(&self) -> String {
        desk::last_reason(self.index)
    }
}

impl Session {
    /// Whether it stands, as far as is known.
    pub fn is_open(&self) -> bool {
        desk::is_open(self.stream.index)
    }

    /// The next bytes that come, at least one; over UDP one datagram. Nothing is lost when this is dropped.
    ///
    /// # Errors
    /// When the session is over and all that came was read.
    pub async fn read(&mut self) -> Result<Vec<u8>, StreamError> {
        self.wait(|flow| flow.chunk()).await
    }

    /// So many bytes, however they come. Nothing is lost when this is dropped.
    ///
    /// # Errors
    /// When the session ends before; when these are more than [`READ_BYTES`].
    pub async fn read_exact(&mut self, count: usize) -> Result<Vec<u8>, StreamError> {
        if count > READ_BYTES {
            return Err(StreamError::TooLong);
        }
        self.wait(|flow| flow.exact(count)).await
    }

    /// All bytes up to this one, and with it. Nothing is lost when this is dropped.
    ///
    /// # Errors
    /// When the session ends before; when it is not among the first `most` bytes ([`READ_BYTES`] at the most).
    pub async fn read_until(&mut self, last: u8, most: usize) -> Result<Vec<u8>, StreamError> {
        let most = most.min(READ_BYTES);
        self.wait(|flow| flow.until(last, most)).await?
    }

    async fn wait<T>(&mut self, mut look: impl FnMut(&mut desk::Flow) -> Option<T>) -> Result<T, StreamError> {
        let index = self.stream.index;
        poll_fn(|context| {
            let mut again = || desk::with(index, |flow| flow.poll(context, &mut look)).unwrap_or(Poll::Pending);
            let first = again();
            if first.is_pending() && desk::collect_left() { again() } else { first }
        })
        .await
    }

    /// Sends bytes; returns when the host has taken all of them. Over UDP they are one datagram.
    ///
    /// # Errors
    /// When the session is over, and a part of them may have left; for a datagram that is too long.
    pub async fn send(&self, bytes: &[u8]) -> Result<(), StreamError> {
        self.pass(0, bytes).await.map_err(|(error, _)| error)
    }

    /// As [`Session::send`], for an order: not a byte leaves when its time is over. What the device makes of them is the
    /// driver's to find out: without an answer the order's outcome is unknown.
    ///
    /// # Errors
    /// As for [`Session::send`]; when the order's time is over.
    pub async fn send_for(&self, order: &Order, bytes: &[u8]) -> Result<(), StreamError> {
        if order.expired() {
            return Err(StreamError::Expired);
        }
        match self.pass(order.id(), bytes).await {
            Ok(()) => {
                order.mark_carried();
                Ok(())
            }
            Err((error, some_left)) => {
                if some_left {
                    order.mark_carried();
                }
                Err(error)
            }
        }
    }

    /// The error says whether some bytes were taken before.
    async fn pass(&self, order: u64, bytes: &[u8]) -> Result<(), (StreamError, bool)> {
        if self.stream.datagrams && bytes.len() > DATAGRAM_BYTES {
            return Err((StreamError::TooLong, false));
        }
        let pieces: Vec<&[u8]> = if bytes.is_empty() { vec![bytes] } else { bytes.chunks(PIECE_BYTES).collect() };
        let mut some_left = false;
        for piece in pieces {
            let sent = poll_fn(|context| match port::stream_send(self.stream.index, self.number, order, piece) {
                StreamSent::NoRoom => {
                    desk::with(self.stream.index, |flow| flow.wait_for_room(context));
                    Poll::Pending
                }
                sent => Poll::Ready(sent),
            });
            match sent.await {
                StreamSent::Expired => return Err((StreamError::Expired, some_left)),
                StreamSent::NoSession => return Err((StreamError::Closed(self.stream.last_reason()), some_left)),
                StreamSent::Queued | StreamSent::NoRoom => some_left = true,
            }
        }
        Ok(())
    }

    /// Ends the session for a reason that engineers will read in the connection's last error.
    pub fn close(mut self, reason: impl Into<String>) {
        self.reason = Some(reason.into());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if desk::let_go(self.stream.index) {
            port::stream_close(self.stream.index, self.number, self.reason.as_deref().unwrap_or("its driver let go of it"));
        }
    }
}

impl StreamError {
    /// Whether it is certain that nothing was done because of it.
    pub(crate) fn is_certain(&self) -> bool {
        matches!(self, Self::Expired | Self::TooLong)
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(reason) if reason.is_empty() => f.write_str("the connection to the device is lost"),
            Self::Closed(reason) => write!(f, "the connection to the device is lost: {reason}"),
            Self::Expired => f.write_str("the order's time was over, so it was not sent"),
            Self::TooLong => f.write_str("it is longer than this connection can carry, so it was not sent"),
        }
    }
}

impl std::error::Error for StreamError {}
