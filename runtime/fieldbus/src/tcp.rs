//! Transactions over one Modbus TCP connection: answers find their requests by transaction id.
//!
//! A late answer is told by its id and thrown away; the connection stays. It is dropped when what comes over it isn't
//! Modbus or was never asked, when nobody answers any more, or when it is cut.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use plantroom_model::{LinkState, Now, field_error};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::{Sleep, sleep};

use crate::desk::{Desk, Ends};
use crate::flight::Landing;
use crate::line::{Line, tell};
use crate::link::{Session, Why};
use crate::mbap::{self, FRAME_BYTES};
use crate::pdu;
use crate::words::io_words;

/// Room for some answers at once.
const BUFFER_BYTES: usize = 8 * FRAME_BYTES;

/// What has arrived and isn't a whole frame yet.
struct Inbound {
    half: OwnedReadHalf,
    buffer: Box<[u8; BUFFER_BYTES]>,
    filled: usize,
}

/// Why this connection is over.
struct Lost {
    why: Why,
    reason: String,
}

/// What a turn leaves behind.
struct Turned {
    lost: Option<Lost>,
    /// Deadlines are to be looked at sooner than the alarm rings.
    sooner: bool,
    /// Something waits for the socket to take bytes.
    stalled: bool,
}

/// What called the connection's task.
enum Call {
    Arrived(io::Result<()>),
    Bell,
    Alarm,
    Writable,
}

/// Carries transactions over one TCP connection, until it is of no more use.
pub(crate) async fn carry(line: &Line, stream: TcpStream) -> Session {
    let (half, sending) = stream.into_split();
    let sending = Arc::new(sending);
    let mut inbound = Inbound { half, buffer: Box::new([0; BUFFER_BYTES]), filled: 0 };
    let mut answered = false;
    let mut alarm = pin!(sleep(arm(line)));
    let mut bell = pin!(line.bell.notified());
    line.set_state(line.first_state(LinkState::Up));
    line.open_gate(Some(Arc::clone(&sending)));
    let mut stalled = line.desk().wire.waits();
    loop {
        let called = if stalled {
            tokio::select! {
                biased;
                call = call(&mut inbound, bell.as_mut(), alarm.as_mut()) => call,
                _ = sending.writable() => Call::Writable,
            }
        } else {
            call(&mut inbound, bell.as_mut(), alarm.as_mut()).await
        };
        let rang = matches!(called, Call::Alarm);
        let mut arrived = Ok(());
        match called {
            Call::Arrived(result) => arrived = result,
            Call::Bell => bell.set(line.bell.notified()),
            Call::Writable => line.desk().wire.flush(),
            Call::Alarm => {}
        }
        let turned = turn(line, &mut inbound, arrived, &mut answered);
        if let Some(Lost { why, reason }) = turned.lost {
            return Session { answered, why, reason };
        }
        stalled = turned.stalled;
        if rang || turned.sooner {
            alarm.set(sleep(arm(line)));
        }
    }
}

/// Waits for bytes, for the bell or for the alarm. Of the futures only the one that is over is made anew: all three for
/// each answer would cost as much as reading it.
async fn call(inbound: &mut Inbound, mut bell: Pin<&mut impl Future<Output = ()>>, mut alarm: Pin<&mut Sleep>) -> Call {
    std::future::poll_fn(|context| {
        if let Poll::Ready(arrived) = inbound.fill(context) {
            return Poll::Ready(Call::Arrived(arrived));
        }
        if bell.as_mut().poll(context).is_ready() {
            return Poll::Ready(Call::Bell);
        }
        alarm.as_mut().poll(context).map(|()| Call::Alarm)
    })
    .await
}

/// Looks at what has arrived and whose time is over, and sends what waits.
fn turn(line: &Line, inbound: &mut Inbound, arrived: io::Result<()>, answered: &mut bool) -> Turned {
    let mut ends = Ends::new();
    let mut guard = line.desk();
    let desk = &mut *guard;
    let now = line.time();
    let before = ends.len();
    let mut lost = inbound.read(desk, now, &mut ends).err().map(|reason| {
        desk.figures.bad_answers += 1;
        Lost { why: Why::Nonsense, reason }
    });
    *answered |= ends.len() > before;
    if let Err(error) = arrived {
        lost = lost.or_else(|| Some(inbound.cut(desk, &error)));
    }
    let mut given_up = false;
    while let Some(late) = desk.flight.expire(now.mono) {
        given_up = true;
        desk.missed(late.open, late.timeout_ms, now, &mut ends);
    }
    if let Some(error) = desk.wire.broken.take() {
        lost = lost.or_else(|| Some(Lost { why: Why::Cut, reason: io_words(&error) }));
    }
    // An answer that stopped in the middle: what comes next could be taken for its rest.
    let torn = given_up && inbound.filled > 0;
    if torn || given_up && (desk.units.all_lost() || desk.flight.has_lost_too_many()) {
        let reason = || desk.figures.last_error.clone();
        lost = lost.or_else(|| Some(Lost { why: Why::Silence, reason: reason() }));
    }
    if lost.is_none() {
        desk.pump(line.pace(), || now, &mut ends);
    } else {
        // Before anyone is told: who is told may ask at once, and nothing more leaves over this connection.
        desk.hang_up();
    }
    let sooner = desk.flight.deadline().is_some_and(|deadline| deadline < desk.wire.armed);
    let stalled = desk.wire.waits();
    let state = (given_up || !ends.is_empty()).then(|| desk.state_by_answers()).filter(|state| *state != desk.figures.state);
    drop(guard);
    if let Some(state) = state {
        line.set_state(state);
    }
    tell(ends);
    Turned { lost, sooner, stalled }
}

impl Inbound {
    /// Takes in what has arrived. A read that doesn't fill the buffer is the last one until more arrives: the socket isn't
    /// asked a second time for each answer.
    fn fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut room = ReadBuf::new(&mut self.buffer[self.filled..]);
        Pin::new(&mut self.half).poll_read(context, &mut room).map(|read| {
            let count = room.filled().len();
            self.filled += count;
            match read {
                Ok(()) if count == 0 => Err(io::ErrorKind::UnexpectedEof.into()),
                read => read,
            }
        })
    }

    /// Gives every whole answer to the request that it answers.
    ///
    /// # Errors
    /// Why what came is of no use, and the connection neither.
    fn read(&mut self, desk: &mut Desk, now: Now, ends: &mut Ends) -> Result<(), String> {
        let mut at = 0;
        let result = loop {
            match mbap::front(&self.buffer[at..self.filled]) {
                Ok(None) => break Ok(()),
                Err(reason) => break Err(reason),
                Ok(Some(frame)) => {
                    at += frame.length;
                    if let Err(reason) = take(desk, frame, now, ends) {
                        break Err(reason);
                    }
                }
            }
        };
        self.buffer.copy_within(at..self.filled, 0);
        self.filled -= at;
        result
    }

    /// The device has ended the connection.
    fn cut(&self, desk: &mut Desk, error: &io::Error) -> Lost {
        if mbap::id_of_a_part(&self.buffer[..self.filled]).is_some() && desk.flight.len() > 0 {
            desk.figures.bad_answers += 1;
            return Lost { why: Why::Nonsense, reason: "the device closed the connection in the middle of an answer".into() };
        }
        Lost { why: Why::Cut, reason: io_words(error) }
    }
}

/// One frame: an answer to something, or late, or twice, or nobody's.
fn take(desk: &mut Desk, frame: mbap::Frame<'_>, now: Now, ends: &mut Ends) -> Result<(), String> {
    let one = match desk.flight.land(frame.id) {
        Landing::Of(one) => one,
        Landing::Late => {
            desk.figures.late_answers += 1;
            return Ok(());
        }
        Landing::Doubled => {
            desk.figures.doubled_answers += 1;
            return Ok(());
        }
        Landing::Unknown => return Err(format!("an answer came with transaction id {}, which was not asked", frame.id)),
    };
    let asked = one.open.request.unit;
    let reply = if frame.unit == asked {
        pdu::decode(&one.open.request, one.open.answer_bytes, frame.pdu)
    } else {
        Err(format!("unit {} answered, unit {asked} was asked", frame.unit))
    };
    match reply {
        Ok(reply) => desk.answered(one.open, reply, one.sent, now, ends),
        Err(reason) => {
            desk.broken_off(one.open, field_error::BAD_ANSWER, now.utc, ends);
            return Err(reason);
        }
    }
    Ok(())
}

/// How long until deadlines are to be looked at. It is never longer than the connection's time-out, so that a request
/// which is sent meanwhile need not call the task for its deadline.
fn arm(line: &Line) -> Duration {
    let now = line.time().mono;
    let longest = now.plus_ms(u64::from(line.pace().timeout_ms));
    let mut desk = line.desk();
    let until = desk.flight.deadline().map_or(longest, |deadline| deadline.min(longest));
    desk.wire.armed = until;
    Duration::from_nanos(until.since(now))
}
