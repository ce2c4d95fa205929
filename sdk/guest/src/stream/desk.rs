//! What came over streams and who waits for it. Bytes that nobody reads stay in the host, and hold back the device.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::task::{Context, Poll, Waker};

use super::StreamError;
use crate::executor::{self, Pump};
use crate::port;
use crate::raw::StreamArrivals;

/// Bytes taken in one call.
const COLLECT_BYTES: u32 = 256 << 10;
/// Bytes that may lie here unread before no more are collected by themselves.
const UNREAD_BYTES: usize = 2 << 20;

/// What came in one session.
#[derive(Default)]
pub(super) struct Flow {
    number: u64,
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that were read.
    skip: usize,
    unread: usize,
    /// Why it is over.
    ended: Option<String>,
    reader: Option<Waker>,
    senders: Vec<Waker>,
}

#[derive(Default)]
struct Place {
    /// In somebody's hands.
    held: Option<Flow>,
    /// The next one.
    fresh: Option<Flow>,
    reason: String,
    waiting: Vec<Waker>,
}

thread_local! {
    static PLACES: RefCell<BTreeMap<u32, Place>> = const { RefCell::new(BTreeMap::new()) };
    /// Something was left in the host, because too much lies here.
    static LEFT: Cell<bool> = const { Cell::new(false) };
}

static PUMP: Pump = Pump { name: "stream", before: collect_some, after: || {}, reset };

/// Begins to listen. What has come before waits in the host.
pub(super) fn open() {
    executor::register(&PUMP);
    collect_some();
}

/// The session of a connection that stands and that nobody has taken.
pub(super) fn take(index: u32, context: &Context<'_>) -> Poll<u64> {
    PLACES.with_borrow_mut(|places| {
        let place = places.entry(index).or_default();
        if place.held.is_none()
            && let Some(flow) = place.fresh.take()
        {
            let number = flow.number;
            place.held = Some(flow);
            return Poll::Ready(number);
        }
        place.waiting.push(context.waker().clone());
        Poll::Pending
    })
}

/// Nobody holds the session any more; says whether it still stands.
pub(super) fn let_go(index: u32) -> bool {
    // At the end of a thread there is nothing to close.
    let held = PLACES.try_with(|places| {
        let mut places = places.try_borrow_mut().ok()?;
        let place = places.get_mut(&index)?;
        wake(std::mem::take(&mut place.waiting));
        place.held.take()
    });
    held.ok().flatten().is_some_and(|flow| flow.ended.is_none())
}

pub(super) fn is_open(index: u32) -> bool {
    with(index, |flow| flow.ended.is_none()).unwrap_or(false)
}

pub(super) fn last_reason(index: u32) -> String {
    PLACES.with_borrow(|places| places.get(&index).map(|place| place.reason.clone()).unwrap_or_default())
}

/// The session that is held.
pub(super) fn with<T>(index: u32, look: impl FnOnce(&mut Flow) -> T) -> Option<T> {
    PLACES.with_borrow_mut(|places| places.get_mut(&index).and_then(|place| place.held.as_mut()).map(look))
}

/// Takes in what has come, as long as what lies here is being read.
fn collect_some() {
    let unread = || -> usize {
        PLACES.with_borrow(|places| {
            places.values().flat_map(|place| [&place.held, &place.fresh]).flatten().map(|flow| flow.unread).sum()
        })
    };
    while unread() < UNREAD_BYTES {
        let arrivals = port::stream_collect(COLLECT_BYTES);
        if arrivals.is_empty() {
            LEFT.set(false);
            return;
        }
        PLACES.with_borrow_mut(|places| take_in(places, &arrivals));
    }
    LEFT.set(true);
}

/// Takes in what was left, now that something was read; says whether there was anything to take in.
pub(super) fn collect_left() -> bool {
    let left = LEFT.get();
    if left {
        collect_some();
    }
    left
}

fn take_in(places: &mut BTreeMap<u32, Place>, arrivals: &StreamArrivals) {
    for row in arrivals.rows() {
        let place = places.entry(row.connection).or_default();
        if row.kind == StreamArrivals::OPENED {
            place.fresh = Some(Flow { number: row.session, ..Flow::default() });
            wake(std::mem::take(&mut place.waiting));
            continue;
        }
        if row.kind == StreamArrivals::CLOSED {
            place.reason = String::from_utf8_lossy(row.bytes).into_owned();
        }
        let Place { held, fresh, .. } = place;
        let Some(flow) = [held.as_mut(), fresh.as_mut()].into_iter().flatten().find(|flow| flow.number == row.session) else {
            continue;
        };
        match row.kind {
            StreamArrivals::BYTES => {
                flow.unread += row.bytes.len();
                flow.chunks.push_back(row.bytes.to_vec());
                wake(flow.reader.take());
            }
            StreamArrivals::CLOSED => {
                flow.ended = Some(String::from_utf8_lossy(row.bytes).into_owned());
                wake(flow.reader.take());
                wake(std::mem::take(&mut flow.senders));
            }
            StreamArrivals::ROOM => wake(std::mem::take(&mut flow.senders)),
            _ => {}
        }
        // A session that ended before anybody took it is of no use.
        if place.fresh.as_ref().is_some_and(|flow| flow.ended.is_some()) {
            place.fresh = None;
        }
    }
}

fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

fn reset() {
    let places = PLACES.with_borrow_mut(std::mem::take);
    drop(places);
}

impl Flow {
    /// What was looked for, the end, or a place to wait.
    pub fn poll<T>(&mut self, context: &Context<'_>, look: impl FnOnce(&mut Self) -> Option<T>) -> Poll<Result<T, StreamError>> {
        if let Some(found) = look(self) {
            return Poll::Ready(Ok(found));
        }
        if let Some(reason) = &self.ended {
            return Poll::Ready(Err(StreamError::Closed(reason.clone())));
        }
        self.reader = Some(context.waker().clone());
        Poll::Pending
    }

    pub fn wait_for_room(&mut self, context: &Context<'_>) {
        self.senders.push(context.waker().clone());
    }

    /// The rest of the first chunk.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let mut chunk = self.chunks.pop_front()?;
        if self.skip > 0 {
            chunk.drain(..std::mem::take(&mut self.skip));
        }
        self.unread -= chunk.len();
        Some(chunk)
    }

    /// So many bytes, if they are there.
    pub fn exact(&mut self, count: usize) -> Option<Vec<u8>> {
        if self.unread < count {
            return None;
        }
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let chunk = self.chunks.front()?;
            let rest = &chunk[self.skip..];
            let wanted = rest.len().min(count - bytes.len());
            bytes.extend_from_slice(&rest[..wanted]);
            if wanted == rest.len() {
                self.chunks.pop_front();
                self.skip = 0;
            } else {
                self.skip += wanted;
            }
        }
        self.unread -= count;
        Some(bytes)
    }

    /// Everything up to a byte; too long, where it isn't among the first so many.
    pub fn until(&mut self, last: u8, most: usize) -> Option<Result<Vec<u8>, StreamError>> {
        let bytes = self.chunks.iter().flatten().skip(self.skip);
        match bytes.take(most).position(|byte| *byte == last) {
            Some(at) => self.exact(at + 1).map(Ok),
            None if self.unread >= most => Some(Err(StreamError::TooLong)),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(chunks: &[&[u8]]) -> Flow {
        let mut flow = Flow::default();
        for chunk in chunks {
            flow.unread += chunk.len();
            flow.chunks.push_back(chunk.to_vec());
        }
        flow
    }

    #[test]
    fn bytes_are_read_however_they_came() {
        let mut flow = flow(&[b"ab", b"", b"cde", b"f\n", b"g"]);
        assert_eq!(flow.exact(3).as_deref(), Some(&b"abc"[..]));
        assert_eq!(flow.until(b'\n', 3), Some(Err(StreamError::TooLong)));
        assert_eq!(flow.until(b'\n', 4), Some(Ok(b"def\n".to_vec())));
        assert_eq!((flow.exact(2), flow.until(b'\n', 9)), (None, None));
        assert_eq!(flow.chunk().as_deref(), Some(&b"g"[..]));
        assert_eq!((flow.chunk(), flow.unread, flow.exact(0)), (None, 0, Some(Vec::new())));
    }

    #[test]
    fn the_rest_of_a_chunk_is_read_once() {
        let mut flow = flow(&[b"abc"]);
        assert_eq!(flow.exact(1).as_deref(), Some(&b"a"[..]));
        assert_eq!(flow.chunk().as_deref(), Some(&b"bc"[..]));
        assert_eq!(flow.unread, 0);
    }
}
