//! Bytes over granted connections: what has come is collected in steps, what is sent leaves when a step returns.

use std::collections::VecDeque;
use std::fmt;

use plantroom_model::{Mono, STREAM_BYTES, STREAM_PIECE_BYTES, StreamEvent, StreamLine, Utc, stream_cost};

use crate::bindings::stream;
use crate::limits;
use crate::stage::{StepState, breach, one_line};

/// What `send` says.
const QUEUED: u8 = 0;
const NO_ROOM: u8 = 1;
const NO_SESSION: u8 = 2;
const EXPIRED: u8 = 3;

/// Largest datagram over IPv4, in bytes: what UDP's 16 bits leave beside both headers (RFC 768, RFC 791).
const DATAGRAM_BYTES: usize = 65_507;

/// Something that happened on a connection of one instance.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The connection's place among the plugin's own.
    pub place: u32,
    /// What.
    pub event: StreamEvent,
    /// When.
    pub at: Utc,
}

/// What a step wants done.
#[derive(Debug)]
pub(crate) enum StreamAct {
    /// Bytes, and the order that they serve (0 for none).
    Send { place: u32, session: u64, order: u64, bytes: Vec<u8>, valid_until: Mono },
    /// The end of a session.
    Close { place: u32, session: u64, reason: String },
}

/// The streams of one instance. They are closed when it goes.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// By place; `None` for connections that carry transactions.
    lines: Vec<Option<Line>>,
    arrived: VecDeque<Arrival>,
    /// Of these, how many bring no bytes.
    without_bytes: usize,
}

struct Line {
    hand: Box<dyn StreamLine>,
    is_udp: bool,
    /// The session that stands, as far as the plugin can know.
    session: u64,
    /// What the running step has sent costs so much.
    staged: usize,
    /// It found no room for more.
    wants_room: bool,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("session", &self.session).field("staged", &self.staged).finish_non_exhaustive()
    }
}

impl Streams {
    /// A connection that is in this instance's hands now.
    pub fn attach(&mut self, place: u32, hand: Box<dyn StreamLine>, is_udp: bool) {
        let place = place as usize;
        if self.lines.len() <= place {
            self.lines.resize_with(place + 1, || None);
        }
        self.lines[place] = Some(Line { hand, is_udp, session: 0, staged: 0, wants_room: false });
    }

    /// Takes in what has happened. False when more waits than the plugin may leave lying.
    pub fn take_in(&mut self, arrivals: Vec<Arrival>) -> bool {
        for arrival in arrivals {
            let Some(Some(line)) = self.lines.get_mut(arrival.place as usize) else { continue };
            match &arrival.event {
                StreamEvent::Opened { session } => line.session = *session,
                StreamEvent::Closed { session, .. } if *session == line.session => line.session = 0,
                _ => {}
            }
            self.without_bytes += usize::from(!matches!(arrival.event, StreamEvent::Bytes { .. }));
            self.arrived.push_back(arrival);
        }
        self.without_bytes <= limits::STREAM_ROWS
    }

    /// Does what a committed step wants. Tells which orders something was sent for.
    pub fn carry_out(&mut self, acts: Vec<StreamAct>) -> Vec<u64> {
        let mut served = Vec::new();
        for act in acts {
            match act {
                StreamAct::Send { place, session, order, bytes, valid_until } => {
                    served.extend((order != 0).then_some(order));
                    if let Some(line) = self.line(place) {
                        line.hand.send(session, bytes, valid_until);
                    }
                }
                StreamAct::Close { place, session, reason } => {
                    if let Some(line) = self.line(place) {
                        line.hand.close(session, &reason);
                    }
                }
            }
        }
        for line in self.lines.iter_mut().flatten() {
            line.staged = 0;
            if std::mem::take(&mut line.wants_room) {
                line.hand.call_for_room();
            }
        }
        served
    }

    fn line(&mut self, place: u32) -> Option<&mut Line> {
        self.lines.get_mut(place as usize)?.as_mut()
    }

    fn collect(&mut self, max_bytes: usize) -> stream::Arrivals {
        let (connections, kinds, sessions) = (Vec::new(), Vec::new(), Vec::new());
        let mut rows = stream::Arrivals { connections, kinds, sessions, times: Vec::new(), ends: Vec::new(), data: Vec::new() };
        while let Some(Arrival { place, event, at }) = self.arrived.pop_front() {
            let (kind, session, bytes) = match &event {
                StreamEvent::Opened { session } => (1, *session, &[][..]),
                StreamEvent::Bytes { session, bytes } => (2, *session, &bytes[..]),
                StreamEvent::Closed { session, reason } => (3, *session, reason.as_bytes()),
                StreamEvent::Room { session } => (4, *session, &[][..]),
            };
            if !rows.kinds.is_empty() && rows.data.len() + bytes.len() > max_bytes {
                self.arrived.push_front(Arrival { place, event, at });
                break;
            }
            match self.lines.get(place as usize).and_then(Option::as_ref) {
                Some(line) if kind == 2 => line.hand.taken(stream_cost(bytes.len())),
                _ => self.without_bytes = self.without_bytes.saturating_sub(1),
            }
            rows.connections.push(place);
            rows.kinds.push(kind);
            rows.sessions.push(session);
            rows.times.push(at.0);
            rows.data.extend_from_slice(bytes);
            rows.ends.push(rows.data.len() as u32);
        }
        rows
    }
}

fn foreign<T>(place: u32) -> wasmtime::Result<T> {
    breach(format!("it used connection {place} as a stream, which it was not granted (`connections` in plugins.toml)"))
}

impl stream::Host for StepState {
    fn collect(&mut self, max_bytes: u32) -> wasmtime::Result<stream::Arrivals> {
        Ok(self.streams.collect(max_bytes as usize))
    }

    fn send(&mut self, place: u32, session: u64, order: u64, data: Vec<u8>) -> wasmtime::Result<u8> {
        let mut valid_until = Mono(0);
        if order != 0 {
            let Some(open) = self.orders.serving(order) else {
                return breach(format!("it sent bytes for order {order}, which is not open"));
            };
            if let Some(only) = self.rights.write_connection(open.tag)
                && only != place
            {
                return breach(format!("it sent bytes for order {order} on a connection that is not the tag's"));
            }
            let staged = |act: &StreamAct| matches!(act, StreamAct::Send { order: other, .. } if *other == order);
            // Only the first of them can come too late; what belongs to it must not be cut off half-way.
            if self.orders.untouched(order) && !self.staged.streams.iter().any(staged) {
                if open.valid_until <= self.now.mono {
                    return Ok(EXPIRED);
                }
                valid_until = open.valid_until;
            }
        }
        let Some(line) = self.streams.line(place) else { return foreign(place) };
        let most = if line.is_udp { DATAGRAM_BYTES } else { STREAM_PIECE_BYTES };
        if data.len() > most {
            return breach(format!("it sent {} bytes at once over connection {place}, which takes at most {most}", data.len()));
        }
        if session == 0 || line.session != session {
            return Ok(NO_SESSION);
        }
        let cost = stream_cost(data.len());
        if line.hand.waiting() + line.staged + cost > STREAM_BYTES {
            line.wants_room = true;
            return Ok(NO_ROOM);
        }
        line.staged += cost;
        self.staged.streams.push(StreamAct::Send { place, session, order, bytes: data, valid_until });
        Ok(QUEUED)
    }

    fn close(&mut self, place: u32, session: u64, reason: String) -> wasmtime::Result<()> {
        let Some(line) = self.streams.line(place) else { return foreign(place) };
        if line.session == session && session != 0 {
            line.session = 0;
            let reason = one_line(&reason, limits::CLOSE_REASON_BYTES);
            self.staged.streams.push(StreamAct::Close { place, session, reason });
        }
        Ok(())
    }
}
