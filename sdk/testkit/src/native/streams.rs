//! Streams of a plugin that runs in this process: what the host does in `imports/stream.rs`.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_host::Outside as _;
use plantroom_model::{ConnectionId, Mono, STREAM_BYTES, STREAM_PIECE_BYTES, StreamEvent, StreamLine, Utc, stream_cost};
use plantroom_sdk::raw::{StreamArrival, StreamArrivals, StreamSent};

use crate::world::World;

type Arrived = Arc<Mutex<VecDeque<(u32, StreamEvent, Utc)>>>;

/// The streams of one plugin.
#[derive(Default)]
pub(super) struct StreamSide {
    lines: RefCell<BTreeMap<u32, Line>>,
    /// What has happened since the last step.
    mail: Arrived,
    arrived: RefCell<VecDeque<(u32, StreamEvent, Utc)>>,
    staged: RefCell<Vec<(u32, Act)>>,
}

struct Line {
    hand: Box<dyn StreamLine>,
    session: u64,
    staged: Cell<usize>,
    wants_room: Cell<bool>,
}

enum Act {
    Send(u64, Vec<u8>, Mono),
    Close(u64, String),
}

impl StreamSide {
    pub fn attach(&self, world: &World, connections: impl Iterator<Item = u32>) {
        for connection in connections {
            let mail = Arc::clone(&self.mail);
            let ear = Arc::new(move |event, at| mail.lock().push_back((connection, event, at)));
            if let Some(hand) = world.attach(ConnectionId(connection), ear) {
                let line = Line { hand, session: 0, staged: Cell::new(0), wants_room: Cell::new(false) };
                self.lines.borrow_mut().insert(connection, line);
            }
        }
    }

    /// Before a step.
    pub fn take_in(&self) {
        let mut lines = self.lines.borrow_mut();
        for (connection, event, at) in self.mail.lock().drain(..) {
            let Some(line) = lines.get_mut(&connection) else { continue };
            match &event {
                StreamEvent::Opened { session } => line.session = *session,
                StreamEvent::Closed { session, .. } if *session == line.session => line.session = 0,
                _ => {}
            }
            self.arrived.borrow_mut().push_back((connection, event, at));
        }
    }

    /// After a step.
    pub fn commit(&self) {
        let lines = self.lines.borrow();
        for (connection, act) in self.staged.take() {
            let Some(line) = lines.get(&connection) else { continue };
            match act {
                Act::Send(session, bytes, valid_until) => line.hand.send(session, bytes, valid_until),
                Act::Close(session, reason) => line.hand.close(session, &reason),
            }
        }
        for line in lines.values() {
            line.staged.set(0);
            if line.wants_room.take() {
                line.hand.call_for_room();
            }
        }
    }

    /// The plugin is gone.
    pub fn close(&self) {
        self.lines.borrow_mut().clear();
    }

    pub fn collect(&self, max_bytes: usize) -> StreamArrivals {
        let (mut rows, lines, mut arrived) = (StreamArrivals::default(), self.lines.borrow(), self.arrived.borrow_mut());
        while let Some((connection, event, at)) = arrived.pop_front() {
            let (kind, session, bytes) = match &event {
                StreamEvent::Opened { session } => (StreamArrivals::OPENED, *session, &[][..]),
                StreamEvent::Bytes { session, bytes } => (StreamArrivals::BYTES, *session, &bytes[..]),
                StreamEvent::Closed { session, reason } => (StreamArrivals::CLOSED, *session, reason.as_bytes()),
                StreamEvent::Room { session } => (StreamArrivals::ROOM, *session, &[][..]),
            };
            if !rows.is_empty() && rows.data.len() + bytes.len() > max_bytes {
                arrived.push_front((connection, event, at));
                break;
            }
            if kind == StreamArrivals::BYTES
                && let Some(line) = lines.get(&connection)
            {
                line.hand.taken(stream_cost(bytes.len()));
            }
            rows.push(StreamArrival { connection, kind, session, at: at.0, bytes });
        }
        rows
    }

    /// # Errors
    /// With a breach of the contract.
    pub fn send(&self, connection: u32, session: u64, bytes: &[u8], valid_until: Mono) -> Result<StreamSent, String> {
        let lines = self.lines.borrow();
        let Some(line) = lines.get(&connection) else { return Err(format!("connection {connection} is no stream")) };
        if bytes.len() > STREAM_PIECE_BYTES {
            return Err(format!("{} bytes were sent at once", bytes.len()));
        }
        if session == 0 || line.session != session {
            return Ok(StreamSent::NoSession);
        }
        let cost = stream_cost(bytes.len());
        if line.hand.waiting() + line.staged.get() + cost > STREAM_BYTES {
            line.wants_room.set(true);
            return Ok(StreamSent::NoRoom);
        }
        line.staged.set(line.staged.get() + cost);
        self.staged.borrow_mut().push((connection, Act::Send(session, bytes.to_vec(), valid_until)));
        Ok(StreamSent::Queued)
    }

    /// # Errors
    /// With a breach of the contract.
    pub fn end(&self, connection: u32, session: u64, reason: &str) -> Result<(), String> {
        let mut lines = self.lines.borrow_mut();
        let Some(line) = lines.get_mut(&connection) else { return Err(format!("connection {connection} is no stream")) };
        if line.session == session && session != 0 {
            line.session = 0;
            self.staged.borrow_mut().push((connection, Act::Close(session, reason.to_owned())));
        }
        Ok(())
    }
}
