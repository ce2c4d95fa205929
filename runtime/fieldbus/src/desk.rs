//! What a connection's task and those who ask of it share, under one lock: what waits, what is on the way, who answers.
//!
//! Over TCP whoever submits a request also sends it, if there is room on the way: the connection's task is then only
//! woken by the answer. That saves a change of threads for each transaction (runtime/DECISIONS.md).

use std::io;
use std::sync::Arc;

use plantroom_model::{LinkState, ModbusCompletion, ModbusRequest, Mono, Now, Utc, field_error};
use tokio::net::tcp::OwnedWriteHalf;

use crate::figures::LinkFigures;
use crate::flight::{Airborne, Flight};
use crate::limits::{ERROR_BYTES, GATEWAY_EXCEPTIONS};
use crate::mbap;
use crate::pdu::Reply;
use crate::queue::{Gate, Open, Queue};
use crate::units::Units;
use crate::words::{cut, exception_words};

/// How transactions ended; told when the lock is free again, because who is told may ask for the next one at once.
pub(crate) type Ends = Vec<(Open, ModbusCompletion)>;

/// What there is of a connection, beside its settings.
pub(crate) struct Desk {
    pub gate: Gate,
    pub queue: Queue,
    /// What is on the way over TCP.
    pub flight: Flight,
    /// What is on the way over a line, which carries one at a time.
    pub on_the_line: usize,
    pub units: Units,
    pub figures: LinkFigures,
    pub wire: Wire,
}

/// The sending side of a TCP connection.
#[derive(Default)]
pub(crate) struct Wire {
    /// While it stands.
    pub stream: Option<Arc<OwnedWriteHalf>>,
    /// The rest of a frame that the socket has taken in part.
    pub rest: Vec<u8>,
    /// The socket takes nothing at the moment.
    pub stalled: bool,
    /// Sending has failed.
    pub broken: Option<io::Error>,
    /// When the task looks at deadlines next.
    pub armed: Mono,
    /// Room for the frame that is sent.
    pub frame: Vec<u8>,
}

/// How fast a connection is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    pub timeout_ms: u32,
    pub pipeline: usize,
}

impl Pace {
    /// How long this request may take.
    pub fn longest_ms(self, request: &ModbusRequest) -> u32 {
        match request.timeout_ms {
            0 => self.timeout_ms,
            asked => asked.min(self.timeout_ms),
        }
    }
}

impl Desk {
    pub fn new() -> Self {
        Self {
            gate: Gate::First,
            queue: Queue::default(),
            flight: Flight::default(),
            on_the_line: 0,
            units: Units::default(),
            figures: LinkFigures::default(),
            wire: Wire::default(),
        }
    }

    /// From now on nothing leaves and nothing comes in, until another connection stands.
    pub fn hang_up(&mut self) {
        if self.gate != Gate::Closed {
            self.gate = Gate::Shut;
        }
        self.wire = Wire::default();
    }

    /// Requests that have come in and not ended.
    pub fn open(&self) -> usize {
        self.queue.len() + self.flight.len() + self.on_the_line
    }

    /// The next request that may leave now. Orders that have expired never do, nor does what a resting unit is asked.
    pub fn next(&mut self, now: Now, ends: &mut Ends) -> Option<Open> {
        loop {
            let open = self.queue.take()?;
            if open.request.valid_until.0 > 0 && now.mono >= open.request.valid_until {
                ends.push((open, failed(field_error::BAD_REQUEST, now.utc)));
            } else if self.units.spares(open.request.unit, now.mono) {
                let error = resting_error(&open.request);
                ends.push((open, failed(error, now.utc)));
            } else {
                return Some(open);
            }
        }
    }

    /// Sends what waits, as far as there is room on the way. True when the connection's task has something to do.
    pub fn pump(&mut self, pace: Pace, now: impl FnOnce() -> Now, ends: &mut Ends) -> bool {
        if self.queue.is_empty() {
            return false;
        }
        let Some(stream) = self.wire.stream.take() else { return false };
        let now = now();
        let mut wake = false;
        while self.flight.len() < pace.pipeline && self.wire.is_free() {
            let Some(open) = self.next(now, ends) else { break };
            wake |= self.send(&stream, open, pace, now);
        }
        self.wire.stream = Some(stream);
        wake
    }

    fn send(&mut self, stream: &OwnedWriteHalf, mut open: Open, pace: Pace, now: Now) -> bool {
        let id = self.flight.next_id();
        self.wire.frame.clear();
        mbap::encode(id, &open.request, &mut self.wire.frame);
        let sent = match stream.try_write(&self.wire.frame) {
            Ok(sent) if sent > 0 => sent,
            Ok(_) => return self.hold_back(open, None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return self.hold_back(open, None),
            Err(error) => return self.hold_back(open, Some(error)),
        };
        self.wire.rest.extend_from_slice(&self.wire.frame[sent..]);
        let timeout_ms = pace.longest_ms(&open.request);
        let deadline = now.mono.plus_ms(u64::from(timeout_ms));
        self.asked(&mut open);
        self.flight.depart(Airborne { open, id, sent: now, deadline, timeout_ms });
        !self.wire.rest.is_empty() || deadline < self.wire.armed
    }

    /// Nothing of it has left: it waits on, and ends with the connection if that is lost.
    fn hold_back(&mut self, open: Open, error: Option<io::Error>) -> bool {
        self.queue.put_back(open);
        self.wire.stalled = error.is_none();
        self.wire.broken = error;
        true
    }

    /// It is put on the wire.
    pub fn asked(&mut self, open: &mut Open) {
        // If the station stops now, nobody knows what became of it.
        open.otherwise = field_error::TIMEOUT;
        self.figures.transactions += 1;
        self.units.asked(open.request.unit);
    }

    /// A good answer has come for it.
    pub fn answered(&mut self, open: Open, reply: Reply, sent: Now, now: Now, ends: &mut Ends) {
        let round_trip_us = now.mono.since(sent.mono) / 1_000;
        self.figures.round_trip_us = round_trip_us;
        self.figures.round_trip_max_us = self.figures.round_trip_max_us.max(round_trip_us);
        let unit = open.request.unit;
        let completion = match reply {
            Reply::Words(data) => {
                self.units.answered(unit);
                ModbusCompletion { error: 0, data, at: now.utc }
            }
            Reply::Exception(code) => {
                // A gateway's word that the unit doesn't answer: the next one to it would cost the line as much.
                if GATEWAY_EXCEPTIONS.contains(&code) {
                    self.units.missed(unit, now.mono);
                } else {
                    self.units.answered(unit);
                }
                self.note_exception(&open.request, code);
                failed(u16::from(code), now.utc)
            }
        };
        ends.push((open, completion));
    }

    fn note_exception(&mut self, request: &ModbusRequest, code: u8) {
        self.figures.errors += 1;
        self.figures.exceptions += 1;
        let (unit, function, address) = (request.unit, request.function, request.address);
        let words = exception_words(code);
        self.figures.last_error = format!("unit {unit}, function {function}, address {address}: {words} (exception {code})");
    }

    /// No answer has come for it in time.
    pub fn missed(&mut self, open: Open, timeout_ms: u32, now: Now, ends: &mut Ends) {
        let unit = open.request.unit;
        self.units.missed(unit, now.mono);
        self.units.count_timeout(unit);
        self.figures.timeouts += 1;
        self.figures.errors += 1;
        self.note_error(&format!("unit {unit} didn't answer within {timeout_ms} ms"));
        ends.push((open, failed(field_error::TIMEOUT, now.utc)));
    }

    /// It ends without an answer, and not because of silence.
    pub fn broken_off(&mut self, open: Open, error: u16, at: Utc, ends: &mut Ends) {
        self.units.broken_off(open.request.unit);
        self.figures.errors += 1;
        ends.push((open, failed(error, at)));
    }

    /// How the link is, as far as answers tell.
    pub fn state_by_answers(&self) -> LinkState {
        if self.units.all_silent() { LinkState::Silent } else { LinkState::Up }
    }

    pub fn note_error(&mut self, reason: &str) {
        cut(reason, ERROR_BYTES).clone_into(&mut self.figures.last_error);
    }
}

impl Wire {
    fn is_free(&self) -> bool {
        self.rest.is_empty() && !self.stalled && self.broken.is_none()
    }

    /// Sends the rest of a frame, when the socket takes bytes again.
    pub fn flush(&mut self) {
        self.stalled = false;
        let Some(stream) = &self.stream else { return };
        while !self.rest.is_empty() {
            match stream.try_write(&self.rest) {
                Ok(sent) if sent > 0 => drop(self.rest.drain(..sent)),
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                    self.broken = Some(error);
                    return;
                }
                _ => {
                    self.stalled = true;
                    return;
                }
            }
        }
    }

    /// Whether it waits for the socket.
    pub fn waits(&self) -> bool {
        self.stalled || !self.rest.is_empty()
    }
}

/// How a request to a unit that rests ends: a read as one that wasn't answered, a write as one that never left.
pub(crate) fn resting_error(request: &ModbusRequest) -> u16 {
    if request.writes() { field_error::NOT_CONNECTED } else { field_error::TIMEOUT }
}

/// How a request ends whose connection is lost while it is on the way: a read has changed nothing, a write is not known
/// to be undone.
pub(crate) fn cut_error(request: &ModbusRequest) -> u16 {
    if request.writes() { field_error::TIMEOUT } else { field_error::NOT_CONNECTED }
}

pub(crate) fn failed(error: u16, at: Utc) -> ModbusCompletion {
    ModbusCompletion { error, data: Vec::new(), at }
}
