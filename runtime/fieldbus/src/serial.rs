//! Transactions over a line without transaction ids: serial ports, and serial frames over TCP.
//!
//! One at a time. Before a request the line is drained until it is quiet. An answer is only taken if unit, function,
//! length and checksum fit. A unit that still owes an answer to an earlier request is first asked something whose
//! answer looks different from all that it owes: devices answer in order, so behind that answer nothing late can come.

use std::io;
use std::time::Duration;

use plantroom_model::{LinkState, ModbusRequest, Mono, Now, field_error};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::desk::{Ends, cut_error, failed};
pub(crate) use crate::half::Timing;
use crate::half::{Half, Heard};
use crate::limits::{BROADCAST_MS, READ_BITS, READ_REGISTERS};
use crate::line::{Line, tell};
use crate::link::{Session, Why};
use crate::pdu::{self, Reply};
use crate::queue::Open;
use crate::rtu::{self, Expected};
use crate::units::Shape;
use crate::words::io_words;

/// The address that all units of a serial line obey and none answers (Modbus over serial line V1.02, 2.1).
const BROADCAST: u8 = 0;

/// Why a line is of no more use.
struct Lost {
    why: Why,
    reason: String,
}

/// Carries transactions over one line, until it is of no more use.
pub(crate) async fn carry<S: AsyncRead + AsyncWrite + Unpin>(line: &Line, stream: S, timing: Timing) -> Session {
    let mut half = Half::new(stream, timing);
    let mut answered = false;
    // A port that is open says nothing about devices.
    line.set_state(line.first_state(LinkState::Connecting));
    line.open_gate(None);
    loop {
        let Some(open) = next(line) else {
            tokio::select! {
                () = line.bell.notified() => continue,
                idle = half.idle() => match idle {
                    Ok(()) => continue,
                    Err(reason) => return Session { answered, why: Why::Cut, reason },
                }
            }
        };
        match transact(line, &mut half, open).await {
            Ok(was_answered) => answered |= was_answered,
            Err(Lost { why, reason }) => return Session { answered, why, reason },
        }
    }
}

fn next(line: &Line) -> Option<Open> {
    let mut ends = Ends::new();
    let open = {
        let mut desk = line.desk();
        let open = desk.next(line.time(), &mut ends);
        desk.on_the_line = usize::from(open.is_some());
        open
    };
    tell(ends);
    open
}

/// Carries one transaction and ends it; says whether it was answered.
async fn transact<S: AsyncRead + AsyncWrite + Unpin>(line: &Line, half: &mut Half<S>, open: Open) -> Result<bool, Lost> {
    let unit = open.request.unit;
    let longest_ms = line.pace().longest_ms(&open.request);
    let longest = Duration::from_millis(u64::from(longest_ms));
    if unit == BROADCAST {
        return broadcast(line, half, open).await;
    }
    let owed = line.desk().units.owed(unit).to_vec();
    if !owed.is_empty() {
        let ahead = catch_up(&open, &owed);
        let shape = (ahead.function, answer_bytes(&ahead));
        line.desk().units.asked(unit);
        match ask(half, &ahead, shape.1, longest).await {
            Heard::Answer(_) => line.desk().units.caught_up(unit),
            Heard::Nothing => {
                line.desk().units.owes(unit, shape);
                // The request itself has not left: a write is not in doubt.
                let unsent = open.request.writes();
                return miss(line, open, longest_ms, shape, unsent);
            }
            Heard::Noise(reason) => {
                line.desk().units.owes(unit, shape);
                let error = if open.request.writes() { field_error::NOT_CONNECTED } else { field_error::BAD_ANSWER };
                return Ok(garbled(line, open, &reason, error));
            }
            Heard::Lost(reason) => return Err(lose(line, open, field_error::NOT_CONNECTED, reason)),
        }
        if has_expired(line, &open) {
            end(line, |desk, now, ends| desk.broken_off(open, field_error::BAD_REQUEST, now.utc, ends));
            return Ok(true);
        }
    }
    carry_one(line, half, open, longest_ms).await
}

async fn carry_one<S: AsyncRead + AsyncWrite + Unpin>(
    line: &Line,
    half: &mut Half<S>,
    mut open: Open,
    longest_ms: u32,
) -> Result<bool, Lost> {
    if let Err(reason) = half.clear().await {
        return Err(lose(line, open, field_error::NOT_CONNECTED, reason));
    }
    // Draining may have taken its time.
    if has_expired(line, &open) {
        end(line, |desk, now, ends| desk.broken_off(open, field_error::BAD_REQUEST, now.utc, ends));
        return Ok(false);
    }
    let sent = line.time();
    line.desk().asked(&mut open);
    let shape = (open.request.function, open.answer_bytes);
    let heard = ask(half, &open.request, open.answer_bytes, Duration::from_millis(u64::from(longest_ms))).await;
    let strays = half.take_strays();
    match heard {
        Heard::Answer(pdu) => match pdu::decode(&open.request, open.answer_bytes, &pdu) {
            Ok(reply) => Ok(answered(line, open, reply, sent, strays, shape)),
            Err(reason) => {
                line.desk().units.owes(open.request.unit, shape);
                Ok(garbled(line, open, &reason, field_error::BAD_ANSWER))
            }
        },
        Heard::Noise(reason) => {
            line.desk().units.owes(open.request.unit, shape);
            Ok(garbled(line, open, &reason, field_error::BAD_ANSWER))
        }
        Heard::Nothing => miss(line, open, longest_ms, shape, false),
        Heard::Lost(reason) => {
            let error = cut_error(&open.request);
            Err(lose(line, open, error, reason))
        }
    }
}

fn answered(line: &Line, open: Open, reply: Reply, sent: Now, doubled: bool, shape: Shape) -> bool {
    let unit = open.request.unit;
    end(line, |desk, now, ends| {
        if doubled {
            desk.figures.doubled_answers += 1;
            desk.units.owes(unit, shape);
        }
        desk.answered(open, reply, sent, now, ends);
    });
    let state = line.desk().state_by_answers();
    line.set_state(state);
    true
}

/// No answer. Over TCP the connection is made anew when nobody answers: it may be half-open.
fn miss(line: &Line, open: Open, longest_ms: u32, shape: Shape, unsent: bool) -> Result<bool, Lost> {
    let unit = open.request.unit;
    end(line, |desk, now, ends| {
        desk.units.owes(unit, shape);
        desk.missed(open, longest_ms, now, ends);
        if unsent && let Some((_, completion)) = ends.last_mut() {
            completion.error = field_error::NOT_CONNECTED;
        }
    });
    let (state, all_lost, reason) = {
        let desk = line.desk();
        (desk.state_by_answers(), desk.units.all_lost(), desk.figures.last_error.clone())
    };
    line.set_state(state);
    let over_tcp = matches!(line.link, plantroom_project::LinkSpec::RtuOverTcp(_));
    if over_tcp && all_lost { Err(Lost { why: Why::Silence, reason }) } else { Ok(false) }
}

/// What came can't be understood. The unit may be well; the line isn't.
fn garbled(line: &Line, open: Open, reason: &str, error: u16) -> bool {
    end(line, |desk, now, ends| {
        desk.figures.bad_answers += 1;
        desk.note_error(reason);
        desk.broken_off(open, error, now.utc, ends);
    });
    false
}

fn lose(line: &Line, open: Open, error: u16, reason: String) -> Lost {
    end(line, |desk, now, ends| desk.broken_off(open, error, now.utc, ends));
    Lost { why: Why::Cut, reason }
}

/// Writes to all units at once. None answers, so nobody can say that it was done.
async fn broadcast<S: AsyncRead + AsyncWrite + Unpin>(line: &Line, half: &mut Half<S>, mut open: Open) -> Result<bool, Lost> {
    if !open.request.writes() {
        line.note_error("unit 0 is all units of a serial line at once: it can be written, never read");
        end(line, |desk, now, ends| desk.broken_off(open, field_error::BAD_REQUEST, now.utc, ends));
        return Ok(false);
    }
    if let Err(reason) = half.clear().await {
        return Err(lose(line, open, field_error::NOT_CONNECTED, reason));
    }
    let mut frame = Vec::with_capacity(rtu::FRAME_BYTES);
    rtu::encode(&open.request, &mut frame);
    open.otherwise = field_error::TIMEOUT;
    line.desk().figures.transactions += 1;
    if let Err(error) = half.send(&frame).await {
        return Err(lose(line, open, field_error::TIMEOUT, io_words(&error)));
    }
    tokio::time::sleep(half.transmission(frame.len()) + Duration::from_millis(BROADCAST_MS)).await;
    end(line, |_, now, ends| ends.push((open, failed(field_error::TIMEOUT, now.utc))));
    Ok(false)
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    half: &mut Half<S>,
    request: &ModbusRequest,
    answer_bytes: usize,
    longest: Duration,
) -> Heard {
    let mut frame = Vec::with_capacity(rtu::FRAME_BYTES);
    rtu::encode(request, &mut frame);
    let expected = Expected { unit: request.unit, function: request.function, answer_bytes: Some(answer_bytes) };
    half.ask(&frame, expected, longest).await
}

/// A read whose answer can't be taken for any that the unit still owes.
fn catch_up(open: &Open, owed: &[Shape]) -> ModbusRequest {
    let function = if matches!(open.request.function, 1 | 2 | 4) { open.request.function } else { 3 };
    let (step, most) = if function <= 2 { (8, READ_BITS) } else { (1, READ_REGISTERS) };
    let at = |count: u16| {
        let address = if u32::from(open.request.address) + u32::from(count) <= 0x1_0000 { open.request.address } else { 0 };
        ModbusRequest { unit: open.request.unit, function, address, count, data: Vec::new(), timeout_ms: 0, valid_until: Mono(0) }
    };
    let own = (open.request.function, open.answer_bytes);
    let mut counts = (1..=most).step_by(step).map(at);
    counts.find(|read| !owed.contains(&(function, answer_bytes(read))) && own != (function, answer_bytes(read))).unwrap_or(at(1))
}

fn answer_bytes(read: &ModbusRequest) -> usize {
    let count = usize::from(read.count);
    1 + if read.function <= 2 { count.div_ceil(8) } else { 2 * count }
}

fn has_expired(line: &Line, open: &Open) -> bool {
    open.request.valid_until.0 > 0 && line.time().mono >= open.request.valid_until
}

/// Ends a transaction under the lock, and tells it when the lock is free again.
fn end(line: &Line, how: impl FnOnce(&mut crate::desk::Desk, Now, &mut Ends)) {
    let mut ends = Ends::new();
    {
        let mut desk = line.desk();
        desk.on_the_line = 0;
        let now = line.time();
        how(&mut desk, now, &mut ends);
    }
    tell(ends);
}

/// The words of an input or output error, for whoever reads and writes the line.
pub(crate) fn line_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => "the line was closed: check adapter and cable".into(),
        _ => io_words(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check;

    #[test]
    fn what_a_unit_is_asked_to_catch_up_looks_like_nothing_that_it_owes() {
        for (function, count) in [(3, 1), (3, 2), (3, 125), (4, 1), (1, 1), (2, 9), (6, 0), (5, 0), (16, 0)] {
            let data = if count == 0 { vec![1] } else { vec![] };
            let request = ModbusRequest {
                unit: 9,
                function,
                address: 65_500,
                count: count.min(30),
                data,
                timeout_ms: 0,
                valid_until: Mono(0),
            };
            let bytes = check(&request).unwrap();
            let open = Open::new(request, bytes, Box::new(|_| {}));
            let mut owed = vec![(function, bytes)];
            for _ in 0..20 {
                let read = catch_up(&open, &owed);
                let shape = (read.function, check(&read).unwrap());
                assert_eq!(shape.1, answer_bytes(&read));
                assert!(!owed.contains(&shape) && !read.writes() && read.unit == 9, "{read:?} {owed:?}");
                owed.push(shape);
            }
        }
    }
}
