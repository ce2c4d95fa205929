//! What the holder of a stream and its task share: what waits to leave, and how much may still come.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use plantroom_model::{Mono, STREAM_BYTES, stream_cost};
use tokio::sync::Notify;

/// The two directions of a stream.
#[derive(Default)]
pub(super) struct Wire {
    state: Mutex<State>,
    /// There is something to send.
    out: Notify,
    /// There is room for what comes.
    room: Notify,
    /// The session is to end.
    end: Notify,
}

#[derive(Default)]
struct State {
    /// The session that stands; 0 for none.
    session: u64,
    queue: VecDeque<(Vec<u8>, Mono)>,
    /// What the queue costs, with the piece that is being sent.
    waiting: usize,
    wants_room: bool,
    /// What came and wasn't taken.
    untaken: usize,
    /// Why the session is to end.
    end: Option<String>,
}

/// A piece to send.
pub(super) struct Piece {
    pub bytes: Vec<u8>,
    pub valid_until: Mono,
}

impl Wire {
    /// A session stands.
    pub fn begin(&self, session: u64) {
        let mut state = self.state();
        state.session = session;
        state.end = None;
    }

    /// No session stands; returns the one that did. What waits to leave is dropped with it.
    pub fn hang_up(&self) -> u64 {
        let mut state = self.state();
        state.queue.clear();
        (state.waiting, state.wants_room, state.end) = (0, false, None);
        std::mem::take(&mut state.session)
    }

    pub fn put(&self, session: u64, bytes: Vec<u8>, valid_until: Mono) {
        let mut state = self.state();
        if state.session != session || session == 0 {
            return;
        }
        state.waiting += stream_cost(bytes.len());
        state.queue.push_back((bytes, valid_until));
        drop(state);
        self.out.notify_one();
    }

    pub fn waiting(&self) -> usize {
        self.state().waiting
    }

    pub fn call_for_room(&self) {
        self.state().wants_room = true;
        // Room may have come since it was looked at.
        self.out.notify_one();
    }

    pub fn taken(&self, cost: usize) {
        let mut state = self.state();
        state.untaken = state.untaken.saturating_sub(cost);
        drop(state);
        self.room.notify_one();
    }

    pub fn ask_for_end(&self, session: u64, reason: &str) {
        let mut state = self.state();
        if state.session == session && session > 0 {
            state.end = Some(reason.to_owned());
            drop(state);
            self.end.notify_one();
        }
    }

    /// Waits until bytes may come, and says how many.
    pub async fn room(&self) -> usize {
        loop {
            let left = STREAM_BYTES.saturating_sub(self.state().untaken);
            if left > 0 {
                return left;
            }
            self.room.notified().await;
        }
    }

    /// So many bytes have come in one piece.
    pub fn came(&self, bytes: usize) {
        self.state().untaken += stream_cost(bytes);
    }

    /// Waits for a piece to send, or until room is to be told: `None`.
    pub async fn next(&self) -> Option<Piece> {
        loop {
            {
                let mut state = self.state();
                if state.tells_room() {
                    return None;
                }
                if let Some((bytes, valid_until)) = state.queue.pop_front() {
                    return Some(Piece { bytes, valid_until });
                }
            }
            self.out.notified().await;
        }
    }

    /// A piece of so many bytes is done with.
    pub fn done(&self, bytes: usize) {
        let mut state = self.state();
        state.waiting = state.waiting.saturating_sub(stream_cost(bytes));
    }

    /// Waits until the holder wants the end, and says why.
    pub async fn ended(&self) -> String {
        loop {
            if let Some(reason) = self.state().end.take() {
                return reason;
            }
            self.end.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether room is to be told now; it is told once.
    fn tells_room(&mut self) -> bool {
        let tells = self.wants_room && self.waiting <= STREAM_BYTES / 2;
        self.wants_room &= !tells;
        tells
    }
}
