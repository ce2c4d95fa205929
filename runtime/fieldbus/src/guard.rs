//! Stands between tokio-modbus and the socket, and lets one answer pass: the one that was asked for.
//!
//! tokio-modbus compares transaction id, unit and function, and decodes. It doesn't check the length of a
//! frame before it waits for it, nor the length of an answer against the question (in debug builds it asserts,
//! which a device could trigger), and it forgets what it has read ahead when the next request begins, so that
//! half a doubled answer would shift everything after it. All of that is checked here, on bytes, before
//! tokio-modbus sees them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::limits::FRAME_BODY_BYTES;

/// Transaction id, protocol id, length.
const PREFIX_BYTES: usize = 6;
/// Room for one whole frame and what was read ahead of the next.
const BUFFER_BYTES: usize = 2 * (PREFIX_BYTES + FRAME_BODY_BYTES);

/// What the next answer must be like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub unit: u8,
    pub function: u8,
    /// Bytes after the function code.
    pub answer_bytes: usize,
}

/// Both ends of the guard: tokio-modbus has one as its transport, the connection's task the other.
#[derive(Clone, Debug)]
pub(crate) struct Guard(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    stream: Arc<TcpStream>,
    /// What the transaction on the wire expects; `None` between transactions.
    expected: Option<Expected>,
    /// Transaction id of the request that was sent last, and of the one before it.
    id: Option<u16>,
    id_before: Option<u16>,
    /// Bytes of the current request that the socket has taken.
    sent: usize,
    fault: Option<String>,
    doubled: u64,
    buffer: [u8; BUFFER_BYTES],
    filled: usize,
    /// Bytes at the front of the buffer that are a good answer, not yet handed over.
    passed: usize,
}

/// What stands at the front of the buffer.
enum Front {
    /// Not a whole frame yet.
    More,
    /// The answer, so many bytes.
    Answer(usize),
    /// An answer that came a second time, so many bytes.
    Doubled(usize),
}

impl Guard {
    pub fn new(stream: Arc<TcpStream>) -> Self {
        let (buffer, filled, passed) = ([0; BUFFER_BYTES], 0, 0);
        let (id, id_before, fault) = (None, None, None);
        let inner = Inner { stream, expected: None, id, id_before, sent: 0, fault, doubled: 0, buffer, filled, passed };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// Before a request: nothing but answers that came twice may have arrived.
    pub fn expect(&self, expected: Expected) -> io::Result<()> {
        let mut inner = self.lock();
        inner.idle()?;
        inner.id_before = inner.id.take();
        inner.expected = Some(expected);
        inner.sent = 0;
        Ok(())
    }

    /// Between transactions: takes what has arrived unasked. An error means that the connection is of no more use.
    pub fn idle(&self) -> io::Result<()> {
        self.lock().idle()
    }

    /// Whether any of the request may have left.
    pub fn has_sent(&self) -> bool {
        self.lock().sent > 0
    }

    /// What was wrong with an answer that was thrown away.
    pub fn fault(&self) -> Option<String> {
        self.lock().fault.clone()
    }

    /// How many answers have come a second time.
    pub fn doubled(&self) -> u64 {
        self.lock().doubled
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn idle(&mut self) -> io::Result<()> {
        loop {
            match self.front() {
                Ok(Front::More) => {}
                Ok(Front::Doubled(length)) => {
                    self.skip(length);
                    continue;
                }
                Ok(Front::Answer(_)) => return Err(self.refuse("an answer came that nobody had asked for".into())),
                Err(fault) => return Err(self.refuse(fault)),
            }
            match self.read() {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.front() {
                Ok(Front::More) => {}
                Ok(Front::Doubled(length)) => {
                    self.skip(length);
                    continue;
                }
                Ok(Front::Answer(length)) => {
                    self.passed = length;
                    return Poll::Ready(Ok(()));
                }
                Err(fault) => return Poll::Ready(Err(self.refuse(fault))),
            }
            match self.read() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(self.stream.poll_read_ready(cx))?,
                other => other?,
            }
        }
    }

    /// Reads once. There is always room: what waits in the buffer is less than a frame.
    fn read(&mut self) -> io::Result<()> {
        match self.stream.try_read(&mut self.buffer[self.filled..])? {
            0 if self.filled > 0 => {
                self.fault = Some("the device closed the connection in the middle of an answer".into());
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                self.filled += count;
                Ok(())
            }
        }
    }

    fn front(&self) -> Result<Front, String> {
        let bytes = &self.buffer[..self.filled];
        let Some(length) = frame_length(bytes)? else { return Ok(Front::More) };
        let whole = bytes.len() >= length;
        let id = Some(be(bytes, 0));
        match self.expected {
            Some(expected) if id == self.id => {
                expected.check(bytes, length)?;
                Ok(if whole { Front::Answer(length) } else { Front::More })
            }
            // The device answers twice: the second answer still has the id of the transaction that is over.
            Some(_) if id == self.id_before => Ok(if whole { Front::Doubled(length) } else { Front::More }),
            None if id == self.id => Ok(if whole { Front::Doubled(length) } else { Front::More }),
            _ => Err(format!("an answer came with transaction id {}, which was not asked", be(bytes, 0))),
        }
    }

    fn refuse(&mut self, fault: String) -> io::Error {
        self.fault = Some(fault);
        io::ErrorKind::InvalidData.into()
    }

    fn skip(&mut self, length: usize) {
        self.doubled += 1;
        self.drop_front(length);
    }

    fn drop_front(&mut self, length: usize) {
        self.buffer.copy_within(length..self.filled, 0);
        self.filled -= length;
    }
}

impl Expected {
    /// Checks as much of a frame as is there.
    fn check(self, bytes: &[u8], length: usize) -> Result<(), String> {
        let Self { unit, function, answer_bytes } = self;
        if let Some(from) = bytes.get(PREFIX_BYTES).filter(|from| **from != unit) {
            return Err(format!("unit {from} answered, unit {unit} was asked"));
        }
        let Some(answered) = bytes.get(PREFIX_BYTES + 1) else { return Ok(()) };
        let expected = if *answered == function {
            answer_bytes
        } else if *answered == function | 0x80 {
            1
        } else {
            return Err(format!("the answer is to function {answered}, function {function} was asked"));
        };
        let got = length - PREFIX_BYTES - 2;
        if got != expected {
            return Err(format!("the answer has {got} bytes of data, {expected} were expected"));
        }
        if *answered != function && bytes.get(PREFIX_BYTES + 2) == Some(&0) {
            return Err("the device answered an exception without a code".into());
        }
        Ok(())
    }
}

/// The whole length of the frame at the front, as soon as its prefix is there.
fn frame_length(bytes: &[u8]) -> Result<Option<usize>, String> {
    if bytes.len() < PREFIX_BYTES {
        return Ok(None);
    }
    let (protocol, body) = (be(bytes, 2), usize::from(be(bytes, 4)));
    if protocol != 0 {
        return Err(format!("the answer isn't Modbus: its protocol id is {protocol}"));
    }
    // Unit, function and at least one byte.
    if !(3..=FRAME_BODY_BYTES).contains(&body) {
        return Err(format!("the answer isn't Modbus: its length is {body}"));
    }
    Ok(Some(PREFIX_BYTES + body))
}

/// A number of the frame's prefix; not a value of the device.
fn be(bytes: &[u8], at: usize) -> u16 {
    u16::from(bytes[at]) << 8 | u16::from(bytes[at + 1])
}

impl AsyncRead for Guard {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut inner = self.lock();
        if inner.passed == 0 {
            ready!(inner.poll_answer(cx))?;
        }
        let count = inner.passed.min(buf.remaining());
        buf.put_slice(&inner.buffer[..count]);
        inner.drop_front(count);
        inner.passed -= count;
        if inner.passed == 0 {
            // One answer a question: whatever follows was not asked.
            inner.expected = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Guard {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut inner = self.lock();
        loop {
            match inner.stream.try_write(buf) {
                Ok(count) => {
                    if inner.sent == 0 && buf.len() >= PREFIX_BYTES {
                        inner.id = Some(be(buf, 0));
                    }
                    inner.sent += count;
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(inner.stream.poll_write_ready(cx))?,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
