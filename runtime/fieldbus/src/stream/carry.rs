//! The life of a stream: open it, carry bytes both ways, tell its end, open it again.

use std::sync::Arc;
use std::time::Duration;

use plantroom_model::{LinkState, Mono, StreamEar, StreamEvent};
use plantroom_project::StreamSpec;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UdpSocket;

use super::Port;
use super::wire::{Piece, Wire};
use crate::limits::{DATAGRAM_BYTES, STREAM_READ_BYTES, backoff_ms};
use crate::open;
use crate::words::io_words;

/// One session, as its two directions see it.
struct Session<'a> {
    port: &'a Port,
    wire: &'a Wire,
    ear: &'a StreamEar,
    number: u64,
}

/// Keeps a stream open until it is aborted.
pub(super) async fn run(port: Arc<Port>, wire: Arc<Wire>, ear: StreamEar) {
    port.set_state(LinkState::Connecting);
    // Sessions in a row in which nothing came.
    let mut failures = 0_u32;
    loop {
        let came_before = port.figures().bytes_in;
        let (session, reason) = match session(&port, &wire, &ear).await {
            Ok((session, reason)) => (session, reason),
            Err(reason) => (0, reason),
        };
        let heard = port.figures().bytes_in > came_before;
        failures = if heard { 1 } else { failures.saturating_add(1) };
        wire.hang_up();
        port.down(&reason);
        ear(StreamEvent::Closed { session, reason }, port.time().utc);
        tokio::time::sleep(Duration::from_millis(backoff_ms(failures))).await;
    }
}

/// Opens the connection and carries bytes, until it is over: which session it was, and why it ended.
async fn session(port: &Port, wire: &Wire, ear: &StreamEar) -> Result<(u64, String), String> {
    let (spec, timeout_ms) = port.target();
    let begin = |state| {
        let number = port.begin_session();
        wire.begin(number);
        port.set_state(state);
        ear(StreamEvent::Opened { session: number }, port.time().utc);
        Session { port, wire, ear, number }
    };
    match &spec {
        StreamSpec::Tcp(at) => {
            let stream = open::tcp(at, timeout_ms).await?;
            Ok(begin(LinkState::Up).carry(stream).await)
        }
        StreamSpec::Serial(line) => {
            let stream = open::port(line)?;
            // A port that is open says nothing about devices.
            Ok(begin(LinkState::Connecting).carry(stream).await)
        }
        StreamSpec::Udp(at) => {
            let socket = open::udp(at, timeout_ms).await?;
            Ok(begin(LinkState::Connecting).carry_datagrams(&socket).await)
        }
    }
}

impl Session<'_> {
    async fn carry<S: AsyncRead + AsyncWrite>(self, stream: S) -> (u64, String) {
        let (mut from, mut to) = tokio::io::split(stream);
        let receive = async {
            let mut buffer = vec![0; STREAM_READ_BYTES];
            loop {
                let most = self.wire.room().await.min(buffer.len());
                match from.read(&mut buffer[..most]).await {
                    Ok(0) => return "the device has closed the connection".to_owned(),
                    Ok(count) => self.heard(&buffer[..count]),
                    Err(error) => return io_words(&error),
                }
            }
        };
        let transmit = async {
            loop {
                let Some(piece) = self.next().await else { continue };
                let count = piece.bytes.len();
                if let Err(error) = to.write_all(&piece.bytes).await {
                    return io_words(&error);
                }
                self.sent(count);
            }
        };
        self.until_the_end(receive, transmit).await
    }

    async fn carry_datagrams(self, socket: &UdpSocket) -> (u64, String) {
        let receive = async {
            let mut buffer = vec![0; DATAGRAM_BYTES];
            loop {
                self.wire.room().await;
                match socket.recv(&mut buffer).await {
                    Ok(count) => self.heard(&buffer[..count]),
                    Err(error) => return io_words(&error),
                }
            }
        };
        let transmit = async {
            loop {
                let Some(piece) = self.next().await else { continue };
                if let Err(error) = socket.send(&piece.bytes).await {
                    return io_words(&error);
                }
                self.sent(piece.bytes.len());
            }
        };
        self.until_the_end(receive, transmit).await
    }

    /// Both directions beside each other: a device that takes nothing may still have something to say.
    async fn until_the_end(
        &self,
        receive: impl Future<Output = String>,
        transmit: impl Future<Output = String>,
    ) -> (u64, String) {
        let reason = tokio::select! {
            biased;
            reason = self.wire.ended() => reason,
            reason = receive => reason,
            reason = transmit => reason,
        };
        (self.number, reason)
    }

    /// The next piece whose time isn't over; `None` where room was told instead.
    async fn next(&self) -> Option<Piece> {
        let Some(piece) = self.wire.next().await else {
            (self.ear)(StreamEvent::Room { session: self.number }, self.port.time().utc);
            return None;
        };
        if piece.valid_until > Mono(0) && piece.valid_until <= self.port.time().mono {
            self.wire.done(piece.bytes.len());
            return None;
        }
        Some(piece)
    }

    fn sent(&self, count: usize) {
        self.wire.done(count);
        self.port.count(|figures| figures.bytes_out += count as u64);
    }

    fn heard(&self, bytes: &[u8]) {
        self.wire.came(bytes.len());
        self.port.count(|figures| figures.bytes_in += bytes.len() as u64);
        self.port.set_state(LinkState::Up);
        (self.ear)(StreamEvent::Bytes { session: self.number, bytes: bytes.to_vec() }, self.port.time().utc);
    }
}
