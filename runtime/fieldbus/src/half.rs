//! A half-duplex line: say something, hear one answer, and know when it is quiet.

use std::future::Future;
use std::io;
use std::time::Duration;

use plantroom_project::{Parity, SerialSpec};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::limits::{DRAIN_LONGEST_MS, LINE_QUIET_MS, SEND_LONGEST_MS, TCP_QUIET_MS};
use crate::rtu::{self, Expected, FRAME_BYTES, SHORTEST_BYTES};
use crate::serial::line_words;

/// Room for some frames: an answer, and what came before it.
const BUFFER_BYTES: usize = 4 * FRAME_BYTES;

/// How fast a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    /// One character.
    character: Duration,
    /// Silence between two frames: 3.5 characters, and 1.75 ms from 19,200 baud on (Modbus over serial line V1.02, 2.5.1.1).
    gap: Duration,
    /// After so long without a byte nothing more comes.
    quiet: Duration,
}

impl Timing {
    /// A serial port's.
    pub fn of(spec: &SerialSpec) -> Self {
        let bits = 1 + u64::from(spec.data_bits) + u64::from(spec.parity != Parity::None) + u64::from(spec.stop_bits);
        let character = Duration::from_nanos(bits * 1_000_000_000 / u64::from(spec.baud.max(1)));
        let gap = (character * 7 / 2).max(Duration::from_micros(1_750));
        Self { character, gap, quiet: gap.max(Duration::from_millis(LINE_QUIET_MS)) }
    }

    /// A serial line's behind a TCP connection: the serial server keeps the gaps.
    pub fn over_tcp() -> Self {
        Self { character: Duration::ZERO, gap: Duration::ZERO, quiet: Duration::from_millis(TCP_QUIET_MS) }
    }

    /// The same where a device needs more time between an answer and the next request; never less than it has anyway.
    pub fn with_gap(self, quiet_ms: u32) -> Self {
        Self { gap: self.gap.max(Duration::from_millis(u64::from(quiet_ms))), ..self }
    }
}

/// What was heard after a request.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Function code and data of an answer that fits.
    Answer(Vec<u8>),
    /// Bytes that are no answer.
    Noise(String),
    /// No answer in time.
    Nothing,
    /// The line is of no more use.
    Lost(String),
}

/// The line.
pub(crate) struct Half<S> {
    stream: S,
    timing: Timing,
    buffer: Box<[u8; BUFFER_BYTES]>,
    filled: usize,
    /// Something followed the answer.
    strays: bool,
    /// Something was said or heard, and the gap after it not kept yet.
    owes_gap: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Half<S> {
    pub fn new(stream: S, timing: Timing) -> Self {
        Self { stream, timing, buffer: Box::new([0; BUFFER_BYTES]), filled: 0, strays: false, owes_gap: false }
    }

    /// How long so many characters take.
    pub fn transmission(&self, bytes: usize) -> Duration {
        self.timing.character * bytes as u32
    }

    /// Whether something followed the last answer.
    pub fn take_strays(&mut self) -> bool {
        std::mem::take(&mut self.strays)
    }

    /// Takes what arrives while nothing was asked; returns when something has.
    ///
    /// # Errors
    /// Why the line is of no more use.
    pub async fn idle(&mut self) -> Result<(), String> {
        let mut scrap = [0; FRAME_BYTES];
        match self.stream.read(&mut scrap).await {
            Ok(0) => Err(line_words(&io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(line_words(&error)),
        }
    }

    /// Waits until the line is quiet, and throws away what came.
    ///
    /// # Errors
    /// Why the line is of no more use.
    pub async fn clear(&mut self) -> Result<(), String> {
        if std::mem::take(&mut self.owes_gap) && !self.timing.gap.is_zero() {
            tokio::time::sleep(self.timing.gap).await;
        }
        // Without a byte that is there already, nothing is waited for.
        if !within(Duration::ZERO, self.idle()).await? {
            return Ok(());
        }
        let drained = timeout(Duration::from_millis(DRAIN_LONGEST_MS), async {
            while within(self.timing.quiet, self.idle()).await? {}
            Ok::<(), String>(())
        });
        drained.await.unwrap_or_else(|_| {
            Err(format!(
                "the line isn't quiet for {DRAIN_LONGEST_MS} ms: another master, or a device that sends unasked, is on it"
            ))
        })
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.owes_gap = true;
        let longest = self.transmission(frame.len()) + Duration::from_millis(SEND_LONGEST_MS);
        timeout(longest, self.stream.write_all(frame)).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Sends a request and hears its answer, which must begin within `longest` and then come at the line's speed.
    pub async fn ask(&mut self, frame: &[u8], expected: Expected, longest: Duration) -> Heard {
        if let Err(reason) = self.clear().await {
            return Heard::Lost(reason);
        }
        (self.filled, self.strays) = (0, false);
        if let Err(error) = self.send(frame).await {
            return Heard::Lost(line_words(&error));
        }
        let answer = expected.answer_bytes.map_or(FRAME_BYTES, |data| data + 4);
        let longest = longest + self.transmission(frame.len() + answer);
        let heard = timeout(longest, self.hear(expected)).await;
        self.owes_gap = true;
        heard.unwrap_or_else(|_| if self.filled >= SHORTEST_BYTES { Heard::Noise(self.noise_words()) } else { Heard::Nothing })
    }

    async fn hear(&mut self, expected: Expected) -> Heard {
        loop {
            let read = self.stream.read(&mut self.buffer[self.filled..]);
            let read = if self.filled == 0 { Ok(read.await) } else { timeout(self.timing.quiet, read).await };
            match read {
                Ok(Ok(0)) => return Heard::Lost(line_words(&io::ErrorKind::UnexpectedEof.into())),
                Ok(Err(error)) => return Heard::Lost(line_words(&error)),
                Ok(Ok(count)) => {
                    self.filled += count;
                    // A length that isn't known is only known when the line is quiet.
                    if expected.answer_bytes.is_some()
                        && let Some(answer) = self.answer(expected)
                    {
                        return answer;
                    }
                    if self.filled == BUFFER_BYTES {
                        return Heard::Noise(self.noise_words());
                    }
                }
                Err(_) => match self.at_rest(expected) {
                    Some(heard) => return heard,
                    None => continue,
                },
            }
        }
    }

    /// What the bytes are, now that the line is quiet. `None` when the answer may still come.
    fn at_rest(&mut self, expected: Expected) -> Option<Heard> {
        if let Some(answer) = self.answer(expected) {
            return Some(answer);
        }
        let bytes = &self.buffer[..self.filled];
        // Somebody's late answer.
        if rtu::is_clean(bytes) {
            self.filled = 0;
            return None;
        }
        let begun = expected.answer_bytes.is_some_and(|data| {
            bytes[0] == expected.unit
                && bytes.get(1).is_none_or(|function| *function == expected.function)
                && bytes.len() < data + 4
        });
        if begun {
            return None;
        }
        // A click on the line.
        if bytes.len() < SHORTEST_BYTES {
            self.filled = 0;
            return None;
        }
        Some(Heard::Noise(self.noise_words()))
    }

    fn answer(&mut self, expected: Expected) -> Option<Heard> {
        let bytes = &self.buffer[..self.filled];
        let range = rtu::find(bytes, expected)?;
        self.strays = range.end + 2 < self.filled;
        Some(Heard::Answer(bytes[range].to_vec()))
    }

    fn noise_words(&self) -> String {
        let count = self.filled;
        format!("{count} bytes came that are no answer, or a damaged one: check baud rate, parity, termination and shielding")
    }
}

/// Whether it was done within this time.
async fn within(time: Duration, done: impl Future<Output = Result<(), String>>) -> Result<bool, String> {
    match timeout(time, done).await {
        Err(_) => Ok(false),
        Ok(result) => result.map(|()| true),
    }
}
