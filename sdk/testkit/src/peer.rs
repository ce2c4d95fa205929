//! A device that speaks in bytes and does what a test says.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

/// What a [`Peer`] does when it has heard something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// Answers at once.
    Bytes(Vec<u8>),
    /// Answers after so many ms.
    After(u64, Vec<u8>),
    /// Ends the connection.
    HangUp,
}

type Answer = Box<dyn FnMut(&mut Vec<u8>) -> Vec<Say> + Send>;

/// A scripted device behind a stream. Clones are the same device, so a test keeps one and gives one to the bench.
#[derive(Clone)]
pub struct Peer(Arc<Mutex<Inner>>);

struct Inner {
    answer: Answer,
    unheard: Vec<u8>,
    heard: Vec<(u64, Vec<u8>)>,
    piece_bytes: usize,
    refuses: bool,
    deaf: bool,
    stuffed: bool,
    /// What it does on its own, at the next moment.
    own: Vec<Say>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("heard", &self.0.lock().heard.len()).finish_non_exhaustive()
    }
}

impl Peer {
    /// A device that is asked whenever bytes have come: it takes out of what it has heard what it understands (over UDP one
    /// datagram at a time), and says what it does. What it leaves is there again with the next bytes of the session.
    pub fn new(answer: impl FnMut(&mut Vec<u8>) -> Vec<Say> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            answer: Box::new(answer),
            unheard: Vec::new(),
            heard: Vec::new(),
            piece_bytes: usize::MAX,
            refuses: false,
            deaf: false,
            stuffed: false,
            own: Vec::new(),
        })))
    }

    /// Its answers come in pieces of so many bytes.
    pub fn set_piece_bytes(&self, piece_bytes: usize) {
        self.0.lock().piece_bytes = piece_bytes.max(1);
    }

    /// It refuses connections, or doesn't any more. What stands goes on.
    pub fn set_refuses(&self, refuses: bool) {
        self.0.lock().refuses = refuses;
    }

    /// It hears nothing and says nothing, or does again; the connection stands.
    pub fn set_deaf(&self, deaf: bool) {
        self.0.lock().deaf = deaf;
    }

    /// It takes no bytes, or does again: what is sent waits.
    pub fn set_stuffed(&self, stuffed: bool) {
        self.0.lock().stuffed = stuffed;
    }

    /// Says something on its own, as soon as time runs.
    pub fn say(&self, bytes: &[u8]) {
        self.0.lock().own.push(Say::Bytes(bytes.to_vec()));
    }

    /// Ends the connection, as soon as time runs.
    pub fn hang_up(&self) {
        self.0.lock().own.push(Say::HangUp);
    }

    /// Everything that was sent to it: when, in ms since the bench began, and what.
    pub fn heard(&self) -> Vec<(u64, Vec<u8>)> {
        self.0.lock().heard.clone()
    }

    pub(crate) fn refuses(&self) -> bool {
        self.0.lock().refuses
    }

    pub(crate) fn takes(&self) -> bool {
        !self.0.lock().stuffed
    }

    /// A new connection: what is left of the one before means nothing.
    pub(crate) fn begin(&self) {
        self.0.lock().unheard.clear();
    }

    pub(crate) fn hear(&self, bytes: &[u8], at_ms: u64) -> Vec<Say> {
        let mut inner = self.0.lock();
        inner.heard.push((at_ms, bytes.to_vec()));
        if inner.deaf {
            return Vec::new();
        }
        let Inner { answer, unheard, .. } = &mut *inner;
        unheard.extend_from_slice(bytes);
        let said = answer(unheard);
        inner.pieces(said)
    }

    pub(crate) fn take_own(&self) -> Vec<Say> {
        let mut inner = self.0.lock();
        let own = std::mem::take(&mut inner.own);
        inner.pieces(own)
    }

    pub(crate) fn has_own(&self) -> bool {
        !self.0.lock().own.is_empty()
    }
}

impl Inner {
    fn pieces(&self, said: Vec<Say>) -> Vec<Say> {
        let size = self.piece_bytes;
        let piece = |said: Say| -> Vec<Say> {
            match said {
                Say::Bytes(bytes) => bytes.chunks(size).map(|piece| Say::Bytes(piece.to_vec())).collect(),
                Say::After(ms, bytes) => bytes.chunks(size).map(|piece| Say::After(ms, piece.to_vec())).collect(),
                Say::HangUp => vec![Say::HangUp],
            }
        };
        said.into_iter().flat_map(piece).collect()
    }
}
