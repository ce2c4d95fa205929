//! Devices that misbehave, for tests: bytes bent on their way out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::field::device::Device;
use crate::process::Kinds;

/// How a device misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    #[default]
    None,
    /// Takes requests and never answers; writes are carried out.
    Silent,
    /// Cuts its connections and refuses new ones.
    Refuse,
    /// Answers so many milliseconds late.
    Late(u64),
    /// Answers everything twice.
    Doubled,
    /// Answers under another unit's number.
    WrongUnit,
    /// Answers with bytes that are no Modbus.
    Garbage,
    /// Sends half of each answer and cuts the connection.
    Truncated,
    /// Sends its answers byte by byte, so many milliseconds apart.
    Trickled(u64),
    /// Answers every request with this exception code.
    Exception(u8),
    /// Has NaN in the place of every float.
    NaN,
    /// A bit flips in one of four answers: a line without a screen, beside a converter.
    Noise,
}

/// How devices fail when they are told to by name.
pub(crate) const KINDS: Kinds = &[
    ("offline", "it refuses connections, as with its power off"),
    ("silent", "it takes requests and never answers"),
    ("slow", "it answers 700 ms late"),
    ("garbage", "it answers with bytes that are no Modbus"),
    ("half", "it sends half of each answer and cuts the connection"),
    ("busy", "it answers exception 6: busy"),
    ("nan", "it has NaN in the place of every float"),
    // Only where a checksum finds it; over TCP a flipped bit would be a wrong value.
    ("noise", "a bit flips in one of four of its answers"),
];

/// How one unit behind a device fails.
pub(crate) const UNIT_KINDS: Kinds = &[("offline", "this unit doesn't answer; the others do")];

/// The fault of one of these words.
pub(crate) fn fault_of(kind: Option<&str>) -> Fault {
    match kind {
        Some("offline") => Fault::Refuse,
        Some("silent") => Fault::Silent,
        Some("slow") => Fault::Late(700),
        Some("garbage") => Fault::Garbage,
        Some("half") => Fault::Truncated,
        Some("busy") => Fault::Exception(6),
        Some("nan") => Fault::NaN,
        Some("noise") => Fault::Noise,
        _ => Fault::None,
    }
}

/// A connection whose answers are bent by the device's fault.
pub(crate) struct BentStream {
    stream: TcpStream,
    device: Arc<Device>,
    outgoing: Vec<u8>,
    /// Cuts the connection when everything is out.
    cut: bool,
    /// Between two trickled bytes.
    pause: Option<(Pin<Box<tokio::time::Sleep>>, u64)>,
    refused: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl BentStream {
    pub fn new(stream: TcpStream, device: Arc<Device>) -> Self {
        let watched = Arc::clone(&device);
        let refused = Box::pin(async move { watched.refuses().await });
        Self { stream, device, outgoing: Vec::new(), cut: false, pause: None, refused }
    }

    /// Bends one answer, which tokio-modbus hands over as a whole.
    fn bend(&mut self, answer: &[u8]) {
        match self.device.fault() {
            Fault::Doubled => self.outgoing.extend([answer, answer].concat()),
            Fault::WrongUnit if answer.len() > 6 => {
                let start = self.outgoing.len();
                self.outgoing.extend(answer);
                self.outgoing[start + 6] = answer[6].wrapping_add(1);
            }
            Fault::Noise => {
                let start = self.outgoing.len();
                self.outgoing.extend(answer);
                if let Some((at, mask)) = self.device.flipped_bit(answer.len()) {
                    self.outgoing[start + at] ^= mask;
                }
            }
            Fault::Garbage => self.outgoing.extend(answer.iter().map(|byte| byte ^ 0xA5)),
            Fault::Truncated => {
                self.outgoing.extend(&answer[..answer.len() / 2]);
                self.cut = true;
            }
            Fault::Trickled(pause_ms) => {
                self.outgoing.extend(answer);
                self.pause = Some((Box::pin(tokio::time::sleep(std::time::Duration::ZERO)), pause_ms));
            }
            _ => self.outgoing.extend(answer),
        }
    }
}

impl AsyncRead for BentStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.refused.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for BentStream {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.bend(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.outgoing.is_empty() {
            let mut part = this.outgoing.len();
            if let Some((sleep, pause_ms)) = &mut this.pause {
                ready!(sleep.as_mut().poll(cx));
                sleep.as_mut().reset(tokio::time::Instant::now() + std::time::Duration::from_millis(*pause_ms));
                part = 1;
            }
            let count = ready!(Pin::new(&mut this.stream).poll_write(cx, &this.outgoing[..part]))?;
            this.outgoing.drain(..count);
        }
        this.pause = None;
        if this.cut {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
