//! Streams on a bench: as the fieldbus keeps them, in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{Mono, STREAM_BYTES, StreamEar, StreamEvent, StreamLine, Utc, stream_cost};

use super::{Inner, MONO_START_NS, UTC_START_NS, pause_ms};
use crate::Peer;
use crate::event::{Event, Happened};
use crate::peer::Say;

/// One stream.
pub(super) struct Link {
    peer: Peer,
    ear: Option<StreamEar>,
    /// Whoever has held it, counted.
    holder: u64,
    session: u64,
    is_open: bool,
    /// When it is opened next.
    opens_ns: u64,
    /// Sessions in a row in which nothing came.
    failures: u32,
    heard_something: bool,
    /// What comes from the device, by time and then in order.
    coming: BTreeMap<(u64, u64), Say>,
    order: u64,
    untaken: usize,
    /// What waits to leave.
    leaving: VecDeque<(Vec<u8>, Mono)>,
    waiting: usize,
    wants_room: bool,
    end: Option<String>,
}

/// What is to be told to somebody, when the lock is free.
pub(super) type News = (StreamEar, StreamEvent, Utc);

impl Link {
    pub fn new(peer: Peer) -> Self {
        Self {
            peer,
            ear: None,
            holder: 0,
            session: 0,
            is_open: false,
            opens_ns: 0,
            failures: 0,
            heard_something: false,
            coming: BTreeMap::new(),
            order: 0,
            untaken: 0,
            leaving: VecDeque::new(),
            waiting: 0,
            wants_room: false,
            end: None,
        }
    }

    pub fn next_due_ns(&self, now_ns: u64) -> Option<u64> {
        self.ear.as_ref()?;
        if !self.is_open {
            return Some(self.opens_ns);
        }
        let can_leave = !self.leaving.is_empty() && self.peer.takes();
        let is_due = can_leave || self.end.is_some() || self.peer.has_own() || self.tells_room();
        let coming = self.coming.first_key_value().map(|((due_ns, _), _)| *due_ns).filter(|_| self.untaken < STREAM_BYTES);
        if is_due { Some(now_ns) } else { coming }
    }

    /// Does what is due. Bytes that left are told.
    pub fn turn(&mut self, now_ns: u64, news: &mut Vec<News>, sent: &mut Vec<Vec<u8>>) {
        let Some(ear) = self.ear.clone() else { return };
        let mut tell = |event| news.push((ear.clone(), event, Utc(UTC_START_NS + now_ns as i64)));
        if !self.is_open {
            if self.opens_ns > now_ns {
                return;
            }
            if self.peer.refuses() {
                let reason = "the device refuses the connection".to_owned();
                tell(StreamEvent::Closed { session: 0, reason });
                self.failures += 1;
                self.opens_ns = now_ns + pause_ms(self.failures) * 1_000_000;
                return;
            }
            self.begin();
            tell(StreamEvent::Opened { session: self.session });
        }
        let session = self.session;
        if let Some(reason) = self.end.take() {
            self.finish(now_ns);
            return tell(StreamEvent::Closed { session, reason });
        }
        let own = self.peer.take_own();
        self.schedule(own, now_ns);
        while self.peer.takes()
            && let Some((bytes, valid_until)) = self.leaving.pop_front()
        {
            self.waiting -= stream_cost(bytes.len());
            if valid_until > Mono(0) && valid_until.0 <= MONO_START_NS + now_ns {
                continue;
            }
            let said = self.peer.hear(&bytes, now_ns / 1_000_000);
            sent.push(bytes);
            self.schedule(said, now_ns);
        }
        if self.tells_room() {
            self.wants_room = false;
            tell(StreamEvent::Room { session });
        }
        while self.untaken < STREAM_BYTES
            && let Some(first) = self.coming.first_entry().filter(|first| first.key().0 <= now_ns)
        {
            match first.remove() {
                Say::Bytes(bytes) | Say::After(_, bytes) => {
                    self.untaken += stream_cost(bytes.len());
                    self.heard_something = true;
                    tell(StreamEvent::Bytes { session, bytes });
                }
                Say::HangUp => {
                    self.finish(now_ns);
                    return tell(StreamEvent::Closed { session, reason: "the device has closed the connection".to_owned() });
                }
            }
        }
    }

    fn begin(&mut self) {
        self.peer.begin();
        (self.is_open, self.heard_something, self.untaken) = (true, false, 0);
        self.session += 1;
    }

    fn finish(&mut self, now_ns: u64) {
        self.failures = if self.heard_something { 1 } else { self.failures + 1 };
        self.opens_ns = now_ns + pause_ms(self.failures) * 1_000_000;
        self.is_open = false;
        self.coming.clear();
        self.leaving.clear();
        (self.waiting, self.wants_room, self.end) = (0, false, None);
    }

    fn schedule(&mut self, said: Vec<Say>, now_ns: u64) {
        for say in said {
            let after_ms = if let Say::After(ms, _) = &say { *ms } else { 0 };
            self.order += 1;
            self.coming.insert((now_ns + after_ms * 1_000_000, self.order), say);
        }
    }

    fn tells_room(&self) -> bool {
        self.wants_room && self.waiting <= STREAM_BYTES / 2
    }

    /// Somebody takes it into their hands.
    fn attach(&mut self, ear: StreamEar, now_ns: u64) -> u64 {
        if self.is_open {
            self.finish(now_ns);
        }
        self.opens_ns = now_ns;
        self.holder += 1;
        self.ear = Some(ear);
        self.holder
    }
}

/// A stream in somebody's hands.
struct Hand {
    world: Arc<Mutex<Inner>>,
    connection: u32,
    holder: u64,
}

/// Takes a stream into somebody's hands, if the bench has it.
pub(super) fn attach(world: &Arc<Mutex<Inner>>, connection: u32, ear: StreamEar) -> Option<Box<dyn StreamLine>> {
    let mut inner = world.lock();
    let now_ns = inner.elapsed_ns;
    let holder = inner.streams.get_mut(&connection)?.attach(ear, now_ns);
    drop(inner);
    Some(Box::new(Hand { world: Arc::clone(world), connection, holder }))
}

impl Hand {
    fn with<T: Default>(&self, act: impl FnOnce(&mut Link) -> T) -> T {
        let mut inner = self.world.lock();
        let link = inner.streams.get_mut(&self.connection).filter(|link| link.holder == self.holder);
        link.map_or_else(T::default, act)
    }
}

impl StreamLine for Hand {
    fn send(&self, session: u64, bytes: Vec<u8>, valid_until: Mono) {
        self.with(|link| {
            if link.is_open && link.session == session {
                link.waiting += stream_cost(bytes.len());
                link.leaving.push_back((bytes, valid_until));
            }
        });
    }

    fn waiting(&self) -> usize {
        self.with(|link| link.waiting)
    }

    fn call_for_room(&self) {
        self.with(|link| link.wants_room = true);
    }

    fn taken(&self, cost: usize) {
        self.with(|link| link.untaken = link.untaken.saturating_sub(cost));
    }

    fn close(&self, session: u64, reason: &str) {
        let connection = self.connection;
        let closes = self.with(|link| {
            let closes = link.is_open && link.session == session;
            if closes {
                link.end = Some(reason.to_owned());
            }
            closes
        });
        if closes {
            let mut inner = self.world.lock();
            let at_ms = inner.elapsed_ns / 1_000_000;
            inner.events.push(Event { at_ms, happened: Happened::HungUp { connection, reason: reason.to_owned() } });
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut inner = self.world.lock();
        let now_ns = inner.elapsed_ns;
        if let Some(link) = inner.streams.get_mut(&self.connection).filter(|link| link.holder == self.holder) {
            link.finish(now_ns);
            link.ear = None;
        }
    }
}
