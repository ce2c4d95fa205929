//! One line for commissioning: ask a unit anything, one question at a time, without a station.
//!
//! The same frames and the same care as in a station's connections; no queue, no back-off, no writes of its own.

use std::time::Duration;

use plantroom_project::LinkSpec;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_serial::SerialStream;

use crate::half::{Half, Heard, Timing};
use crate::limits::PDU_BYTES;
use crate::mbap::{self, FRAME_BYTES};
use crate::rtu::{self, Expected};
use crate::words::{exception_words, io_words};
use crate::{open, pdu};

/// A question: function code and data, as on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who is asked.
    pub unit: u8,
    /// Function code, then its data.
    pub pdu: Vec<u8>,
    /// Bytes after the function code of a good answer; `None` where the answer itself says how long it is.
    pub answer_bytes: Option<usize>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A good answer: what follows the function code.
    Data(Vec<u8>),
    /// The unit is there, and refuses (Modbus application protocol V1.1b3, 7).
    Exception(u8),
    /// Nothing came in time.
    Nothing,
    /// Bytes came that are no answer, in words.
    Noise(String),
}

/// An open line.
pub struct Direct {
    link: LinkSpec,
    timeout: Duration,
    stream: Option<Stream>,
    last_id: u16,
}

enum Stream {
    Tcp(TcpStream),
    RtuOverTcp(Box<Half<TcpStream>>),
    Serial(Box<Half<SerialStream>>),
}

impl Direct {
    /// Opens a line; each question then gets so long for its answer, in ms.
    ///
    /// # Errors
    /// Why it can't be opened, in a sentence.
    pub async fn open(link: &LinkSpec, timeout_ms: u32) -> Result<Self, String> {
        let timeout = Duration::from_millis(u64::from(timeout_ms.max(1)));
        let mut direct = Self { link: link.clone(), timeout, stream: None, last_id: 0 };
        direct.stream = Some(direct.reopen().await?);
        Ok(direct)
    }

    /// Gives each question another time, in ms.
    pub fn set_timeout_ms(&mut self, timeout_ms: u32) {
        self.timeout = Duration::from_millis(u64::from(timeout_ms.max(1)));
    }

    async fn reopen(&self) -> Result<Stream, String> {
        let timeout_ms = u32::try_from(self.timeout.as_millis()).unwrap_or(u32::MAX);
        Ok(match &self.link {
            LinkSpec::Tcp(at) => Stream::Tcp(open::tcp(at, timeout_ms).await?),
            LinkSpec::RtuOverTcp(at) => {
                Stream::RtuOverTcp(Box::new(Half::new(open::tcp(at, timeout_ms).await?, Timing::over_tcp())))
            }
            LinkSpec::Serial(spec) => Stream::Serial(Box::new(Half::new(open::serial(spec)?, Timing::of(spec)))),
            LinkSpec::Stream(_) => {
                return Err("it carries bytes of another protocol, so nothing can be asked by Modbus".to_owned());
            }
        })
    }

    /// Asks, and hears the answer.
    ///
    /// # Errors
    /// Why the line is of no more use, in a sentence; the next question opens it anew.
    pub async fn ask(&mut self, question: &Question) -> Result<Said, String> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.reopen().await?,
        };
        let (said, reusable) = match &mut stream {
            Stream::Tcp(stream) => {
                self.last_id = self.last_id.wrapping_add(1);
                ask_tcp(stream, self.last_id, question, self.timeout).await?
            }
            Stream::RtuOverTcp(half) => {
                let said = said(half.ask(&frame(question), expected(question), self.timeout).await)?;
                // A late answer must not meet the next question.
                let clean = !matches!(said, Said::Nothing | Said::Noise(_));
                (said, clean)
            }
            // It is drained before the next question.
            Stream::Serial(half) => (said(half.ask(&frame(question), expected(question), self.timeout).await)?, true),
        };
        if reusable {
            self.stream = Some(stream);
        }
        Ok(said)
    }
}

fn frame(question: &Question) -> Vec<u8> {
    let mut frame = Vec::with_capacity(rtu::FRAME_BYTES);
    rtu::encode_raw(question.unit, &question.pdu[..question.pdu.len().min(PDU_BYTES)], &mut frame);
    frame
}

fn expected(question: &Question) -> Expected {
    let function = question.pdu.first().copied().unwrap_or(0);
    Expected { unit: question.unit, function, answer_bytes: question.answer_bytes }
}

fn said(heard: Heard) -> Result<Said, String> {
    match heard {
        Heard::Answer(pdu) => Ok(told(&pdu)),
        Heard::Noise(words) => Ok(Said::Noise(words)),
        Heard::Nothing => Ok(Said::Nothing),
        Heard::Lost(reason) => Err(reason),
    }
}

fn told(pdu: &[u8]) -> Said {
    match pdu {
        [function, code, ..] if function & pdu::EXCEPTION != 0 => Said::Exception(*code),
        [_, data @ ..] => Said::Data(data.to_vec()),
        [] => Said::Noise("the answer is empty".into()),
    }
}

/// Asks over Modbus TCP; says also whether the connection is good for more. A late answer is told by its id.
async fn ask_tcp(stream: &mut TcpStream, id: u16, question: &Question, longest: Duration) -> Result<(Said, bool), String> {
    let mut request = Vec::with_capacity(FRAME_BYTES);
    mbap::encode_raw(id, question.unit, &question.pdu[..question.pdu.len().min(PDU_BYTES)], &mut request);
    let (mut buffer, mut filled) = ([0; 2 * FRAME_BYTES], 0);
    let exchange = async {
        stream.write_all(&request).await.map_err(|error| io_words(&error))?;
        loop {
            let length = match mbap::front(&buffer[..filled]) {
                Err(reason) => return Ok((Said::Noise(reason), false)),
                // What follows the answer may be half of something.
                Ok(Some(frame)) if frame.id == id => return Ok((judged(&frame, question), frame.length == filled)),
                Ok(Some(late)) => late.length,
                Ok(None) => match stream.read(&mut buffer[filled..]).await {
                    Ok(0) => return Err("the device has closed the connection: check how many connections it allows".into()),
                    Ok(count) => {
                        filled += count;
                        continue;
                    }
                    Err(error) => return Err(io_words(&error)),
                },
            };
            buffer.copy_within(length..filled, 0);
            filled -= length;
        }
    };
    match timeout(longest, exchange).await {
        Ok(said) => said,
        Err(_) => Ok((Said::Nothing, filled == 0)),
    }
}

fn judged(frame: &mbap::Frame<'_>, question: &Question) -> Said {
    let function = question.pdu.first().copied().unwrap_or(0);
    let (answered, data) = (frame.pdu[0], frame.pdu.len() - 1);
    if frame.unit != question.unit {
        Said::Noise(format!("unit {} answered, unit {} was asked", frame.unit, question.unit))
    } else if answered & !pdu::EXCEPTION != function {
        Said::Noise(format!("the answer is to function {answered}, function {function} was asked"))
    } else if answered & pdu::EXCEPTION == 0 && question.answer_bytes.is_some_and(|bytes| bytes != data) {
        Said::Noise(format!("the answer has {data} bytes of data, and others were expected"))
    } else {
        told(frame.pdu)
    }
}

/// What an exception code means, in words.
pub fn exception_meaning(code: u8) -> &'static str {
    exception_words(code)
}
