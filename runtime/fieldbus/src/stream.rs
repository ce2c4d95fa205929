//! Connections that carry bytes. While somebody holds one, its task keeps it open: one session after another.

mod carry;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plantroom_model::{ConnectionId, LinkState, Mono, Now, StreamEar, StreamEvent, StreamLine};
use plantroom_project::{ConnectionSpec, StreamSpec};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::fieldbus::{Clock, OnLink};
use crate::figures::LinkFigures;
use crate::limits::ERROR_BYTES;
use crate::words::cut;
use wire::Wire;

/// A connection that carries bytes.
pub(crate) struct Port {
    id: ConnectionId,
    name: Arc<str>,
    now: Clock,
    on_link: OnLink,
    runtime: Handle,
    inner: Mutex<Inner>,
}

struct Inner {
    spec: StreamSpec,
    timeout_ms: u32,
    figures: LinkFigures,
    /// The newest session.
    session: u64,
    held: Option<Held>,
    /// Whoever has held it, counted: the one before must not let go of what the next one holds.
    holders: u64,
    closed: bool,
}

struct Held {
    holder: u64,
    ear: StreamEar,
    wire: Arc<Wire>,
    task: JoinHandle<()>,
}

/// A port in somebody's hands.
struct Hand {
    port: Arc<Port>,
    holder: u64,
    wire: Arc<Wire>,
}

impl Port {
    pub fn new(
        id: ConnectionId,
        spec: &ConnectionSpec,
        stream: &StreamSpec,
        (now, on_link): (Clock, OnLink),
        at: Handle,
    ) -> Self {
        let inner = Inner {
            spec: stream.clone(),
            timeout_ms: spec.timeout_ms,
            figures: LinkFigures::default(),
            session: 0,
            held: None,
            holders: 0,
            closed: false,
        };
        Self { id, name: Arc::clone(&spec.name), now, on_link, runtime: at, inner: Mutex::new(inner) }
    }

    /// Opens it for somebody; whoever held it before holds nothing any more.
    pub fn attach(self: &Arc<Self>, ear: StreamEar) -> Box<dyn StreamLine> {
        let wire = Arc::new(Wire::default());
        let mut inner = self.inner();
        inner.let_go();
        inner.holders += 1;
        let holder = inner.holders;
        if !inner.closed {
            let task = self.runtime.spawn(carry::run(Arc::clone(self), Arc::clone(&wire), Arc::clone(&ear)));
            inner.held = Some(Held { holder, ear, wire: Arc::clone(&wire), task });
        }
        drop(inner);
        Box::new(Hand { port: Arc::clone(self), holder, wire })
    }

    /// Leads elsewhere from now on; the session that stands is ended.
    pub fn lead_to(&self, spec: &StreamSpec) {
        let mut inner = self.inner();
        inner.spec = spec.clone();
        if let Some(held) = &inner.held {
            held.wire.ask_for_end(inner.session, "the project leads it elsewhere now");
        }
    }

    /// How long opening may take, from the next time on.
    pub fn set_timeout(&self, timeout_ms: u32) {
        self.inner().timeout_ms = timeout_ms;
    }

    /// The end: whoever holds it is told.
    pub fn close(&self) {
        let mut inner = self.inner();
        inner.closed = true;
        let held = inner.held.take();
        drop(inner);
        if let Some(Held { ear, wire, task, .. }) = held {
            task.abort();
            let session = wire.hang_up();
            ear(
                StreamEvent::Closed { session, reason: "the connection was taken out of the project".to_owned() },
                (self.now)().utc,
            );
        }
    }

    pub fn figures(&self) -> LinkFigures {
        self.inner().figures.clone()
    }

    fn target(&self) -> (StreamSpec, u32) {
        let inner = self.inner();
        (inner.spec.clone(), inner.timeout_ms)
    }

    fn begin_session(&self) -> u64 {
        let mut inner = self.inner();
        inner.figures.reconnects += u64::from(inner.session > 0);
        inner.session += 1;
        inner.session
    }

    fn count(&self, change: impl FnOnce(&mut LinkFigures)) {
        change(&mut self.inner().figures);
    }

    fn down(&self, reason: &str) {
        let before = {
            let mut inner = self.inner();
            inner.figures.errors += 1;
            cut(reason, ERROR_BYTES).clone_into(&mut inner.figures.last_error);
            inner.figures.state
        };
        if before != LinkState::Down {
            tracing::warn!("connection {}: {reason}", self.name);
        }
        self.set_state(LinkState::Down);
    }

    fn set_state(&self, state: LinkState) {
        let before = std::mem::replace(&mut self.inner().figures.state, state);
        if before != state {
            (self.on_link)(self.id, state);
        }
    }

    fn time(&self) -> Now {
        (self.now)()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn let_go(&mut self) {
        if let Some(held) = self.held.take() {
            held.task.abort();
            held.wire.hang_up();
        }
    }
}

impl StreamLine for Hand {
    fn send(&self, session: u64, bytes: Vec<u8>, valid_until: Mono) {
        self.wire.put(session, bytes, valid_until);
    }

    fn waiting(&self) -> usize {
        self.wire.waiting()
    }

    fn call_for_room(&self) {
        self.wire.call_for_room();
    }

    fn taken(&self, cost: usize) {
        self.wire.taken(cost);
    }

    fn close(&self, session: u64, reason: &str) {
        self.wire.ask_for_end(session, cut(reason, ERROR_BYTES));
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut inner = self.port.inner();
        if inner.held.as_ref().is_some_and(|held| held.holder == self.holder) {
            inner.let_go();
            drop(inner);
            self.port.set_state(LinkState::Down);
        }
    }
}
