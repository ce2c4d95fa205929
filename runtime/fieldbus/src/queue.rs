//! The requests that wait for one connection: bounded, writes before reads.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plantroom_model::{ModbusCompletion, ModbusRequest, Utc, field_error, limits};
use tokio::sync::Notify;

use crate::check::Checked;
use crate::fieldbus::Done;

/// A request on its way; whatever happens to it, its `done` is called exactly once.
pub(crate) struct Open {
    pub request: ModbusRequest,
    pub checked: Checked,
    /// How it ends if it is dropped before anyone has ended it.
    pub otherwise: u16,
    done: Option<Done>,
}

impl Open {
    pub fn new(request: ModbusRequest, checked: Checked, done: Done) -> Self {
        Self { request, checked, otherwise: field_error::NOT_CONNECTED, done: Some(done) }
    }

    pub fn end(mut self, completion: ModbusCompletion) {
        if let Some(done) = self.done.take() {
            done(completion);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            done(ModbusCompletion { error: self.otherwise, data: Vec::new(), at: Utc(0) });
        }
    }
}

/// What the link lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// A first try is under way: reads wait for it. Writes don't: an order is for the plant as it was seen.
    First,
    /// Everything.
    Open,
    /// Nothing.
    Shut,
}

struct Waiting {
    gate: Gate,
    writes: VecDeque<Open>,
    reads: VecDeque<Open>,
    on_the_wire: usize,
}

pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

impl Queue {
    pub fn new() -> Self {
        let waiting = Waiting { gate: Gate::First, writes: VecDeque::new(), reads: VecDeque::new(), on_the_wire: 0 };
        Self { waiting: Mutex::new(waiting), arrived: Notify::new() }
    }

    /// Lets a request in, or gives it back with the error that it ends with.
    pub fn push(&self, open: Open) -> Result<(), (Open, u16)> {
        let mut waiting = self.lock();
        let writes = open.request.writes();
        match waiting.gate {
            Gate::Shut => return Err((open, field_error::NOT_CONNECTED)),
            Gate::First if writes => return Err((open, field_error::NOT_CONNECTED)),
            Gate::First | Gate::Open => {}
        }
        if waiting.len() >= limits::OPEN_TRANSACTIONS {
            return Err((open, field_error::QUEUE_FULL));
        }
        if writes {
            waiting.writes.push_back(open)
        } else {
            waiting.reads.push_back(open)
        }
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next one, if there is one.
    pub fn take(&self) -> Option<Open> {
        let mut waiting = self.lock();
        let next = waiting.writes.pop_front().or_else(|| waiting.reads.pop_front());
        waiting.on_the_wire = usize::from(next.is_some());
        next
    }

    /// The one that was taken is over.
    pub fn finished(&self) {
        self.lock().on_the_wire = 0;
    }

    /// Waits until there may be one.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Opens or shuts the gate; shutting hands out all that wait, in order.
    pub fn set_gate(&self, gate: Gate) -> Vec<Open> {
        let mut waiting = self.lock();
        waiting.gate = gate;
        waiting.on_the_wire = 0;
        if gate != Gate::Shut {
            return Vec::new();
        }
        let Waiting { writes, reads, .. } = &mut *waiting;
        writes.drain(..).chain(reads.drain(..)).collect()
    }

    pub fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn len(&self) -> usize {
        self.writes.len() + self.reads.len() + self.on_the_wire
    }
}
