//! The requests that wait for one connection: bounded, writes before reads.

use std::collections::VecDeque;

use plantroom_model::{ModbusCompletion, ModbusRequest, Utc, field_error};

use crate::fieldbus::Done;

/// A request on its way; whatever happens to it, its `done` is called exactly once.
pub(crate) struct Open {
    pub request: ModbusRequest,
    /// Bytes that a good answer has after its function code.
    pub answer_bytes: usize,
    /// How it ends if it is dropped before anyone has ended it.
    pub otherwise: u16,
    done: Option<Done>,
}

impl Open {
    pub fn new(request: ModbusRequest, answer_bytes: usize, done: Done) -> Self {
        Self { request, answer_bytes, otherwise: field_error::NOT_CONNECTED, done: Some(done) }
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

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.request.fmt(f)
    }
}

/// What the link lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// A first try is under way: reads wait for it. Writes don't: an order is for the plant as it was seen.
    First,
    /// Everything.
    Open,
    /// Nothing, until there is a connection again.
    Shut,
    /// Nothing, for ever.
    Closed,
}

/// What waits, in order.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    writes: VecDeque<Open>,
    reads: VecDeque<Open>,
}

impl Queue {
    pub fn push(&mut self, open: Open) {
        if open.request.writes() { self.writes.push_back(open) } else { self.reads.push_back(open) }
    }

    /// It could not leave after all.
    pub fn put_back(&mut self, open: Open) {
        if open.request.writes() { self.writes.push_front(open) } else { self.reads.push_front(open) }
    }

    pub fn take(&mut self) -> Option<Open> {
        self.writes.pop_front().or_else(|| self.reads.pop_front())
    }

    pub fn len(&self) -> usize {
        self.writes.len() + self.reads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.reads.is_empty()
    }

    pub fn drain(&mut self) -> impl Iterator<Item = Open> {
        self.writes.drain(..).chain(self.reads.drain(..))
    }
}
