//! One connection, as its task and those who ask of it see it.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plantroom_model::{ConnectionId, LinkState, Now, field_error, limits};
use plantroom_project::{ConnectionSpec, LinkSpec};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use crate::desk::{Desk, Ends, Pace, failed, resting_error};
use crate::fieldbus::{Clock, OnLink};
use crate::figures::LinkFigures;
use crate::limits::PIPELINE;
use crate::queue::{Gate, Open};

/// A connection.
pub(crate) struct Line {
    id: ConnectionId,
    name: Arc<str>,
    pub link: LinkSpec,
    /// Kept between an answer and the next request on a serial line, at least; in ms.
    pub quiet_ms: u32,
    timeout_ms: AtomicU32,
    pipeline: AtomicU8,
    pub now: Clock,
    on_link: OnLink,
    desk: Mutex<Desk>,
    /// Calls the connection's task.
    pub bell: Notify,
}

impl Line {
    pub fn new(id: ConnectionId, spec: &ConnectionSpec, now: Clock, on_link: OnLink) -> Self {
        let line = Self {
            id,
            name: Arc::clone(&spec.name),
            link: spec.link.clone(),
            quiet_ms: spec.quiet_ms,
            timeout_ms: AtomicU32::new(1),
            pipeline: AtomicU8::new(1),
            now,
            on_link,
            desk: Mutex::new(Desk::new()),
            bell: Notify::new(),
        };
        line.set_pace(spec.timeout_ms, spec.pipeline);
        line
    }

    /// Another time-out and pipeline, from the next transaction on.
    pub fn set_pace(&self, timeout_ms: u32, pipeline: u8) {
        self.timeout_ms.store(timeout_ms.max(1), Ordering::Relaxed);
        self.pipeline.store(pipeline.clamp(1, PIPELINE), Ordering::Relaxed);
    }

    pub fn pace(&self) -> Pace {
        let pipeline = usize::from(self.pipeline.load(Ordering::Relaxed));
        Pace { timeout_ms: self.timeout_ms.load(Ordering::Relaxed), pipeline }
    }

    /// Sends a request, queues it, or ends it at once.
    pub fn submit(&self, open: Open) {
        let mut ends = Ends::new();
        let wake = self.admit(open, &mut ends);
        if wake {
            self.bell.notify_one();
        }
        tell(ends);
    }

    fn admit(&self, open: Open, ends: &mut Ends) -> bool {
        let mut guard = self.desk();
        let desk = &mut *guard;
        let request = &open.request;
        let gate = desk.gate;
        let error = match gate {
            Gate::Shut | Gate::Closed => Some(field_error::NOT_CONNECTED),
            Gate::First if request.writes() => Some(field_error::NOT_CONNECTED),
            _ if desk.open() >= limits::OPEN_TRANSACTIONS => Some(field_error::QUEUE_FULL),
            _ if desk.units.knows_resting() && desk.units.spares(request.unit, (self.now)().mono) => Some(resting_error(request)),
            Gate::First | Gate::Open => None,
        };
        if let Some(error) = error {
            ends.push((open, failed(error, (self.now)().utc)));
            return false;
        }
        desk.queue.push(open);
        if desk.wire.stream.is_some() { desk.pump(self.pace(), || (self.now)(), ends) } else { true }
    }

    /// A connection stands: requests may leave.
    pub fn open_gate(&self, stream: Option<Arc<OwnedWriteHalf>>) {
        let mut ends = Ends::new();
        {
            let mut desk = self.desk();
            if desk.gate == Gate::Closed {
                return;
            }
            desk.gate = Gate::Open;
            desk.units.forgive();
            desk.wire = crate::desk::Wire { stream, ..Default::default() };
            desk.pump(self.pace(), || (self.now)(), &mut ends);
        }
        tell(ends);
    }

    /// The connection is lost. What waits ends as not connected: nothing is carried over to the next one. What is on the
    /// way ends as `on_the_way` says.
    pub fn shut_gate(&self, on_the_way: impl Fn(&Open) -> u16) {
        let mut ends = Ends::new();
        {
            let mut desk = self.desk();
            let at = (self.now)().utc;
            desk.hang_up();
            for one in desk.flight.clear() {
                let error = on_the_way(&one.open);
                desk.broken_off(one.open, error, at, &mut ends);
            }
            ends.extend(desk.queue.drain().map(|open| (open, failed(field_error::NOT_CONNECTED, at))));
        }
        tell(ends);
    }

    /// The end. What waits ends as not connected, what is on the way as not answered.
    pub fn close(&self) {
        self.desk().gate = Gate::Closed;
        self.shut_gate(|_| field_error::TIMEOUT);
    }

    pub fn figures(&self) -> LinkFigures {
        let desk = self.desk();
        LinkFigures { open: desk.open(), units: desk.units.figures(), ..desk.figures.clone() }
    }

    pub fn note_error(&self, reason: &str) {
        self.desk().note_error(reason);
    }

    pub fn down(&self, reason: &str) {
        if self.desk().figures.state != LinkState::Down {
            tracing::warn!("connection {}: {reason}", self.name);
        }
        self.set_state(LinkState::Down);
    }

    /// The state of a connection that was just opened: a silent one stays so until somebody answers.
    pub fn first_state(&self, otherwise: LinkState) -> LinkState {
        let desk = self.desk();
        if desk.units.all_silent() { LinkState::Silent } else { otherwise }
    }

    /// Only the connection's task calls this; the lock is free then, and whoever is told may ask for figures.
    pub fn set_state(&self, state: LinkState) {
        let news = {
            let mut desk = self.desk();
            let before = std::mem::replace(&mut desk.figures.state, state);
            before != state && desk.gate != Gate::Closed
        };
        if news {
            (self.on_link)(self.id, state);
        }
    }

    /// Tells the state that a connection begins with.
    pub fn tell_connecting(&self) {
        (self.on_link)(self.id, LinkState::Connecting);
    }

    pub fn time(&self) -> Now {
        (self.now)()
    }

    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells how transactions ended; the lock must be free.
pub(crate) fn tell(ends: Ends) {
    for (open, completion) in ends {
        open.end(completion);
    }
}
