//! Transactions that tasks wait for: reads leave together at the end of a step, and answers come together at its beginning.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::Words;
use crate::executor::{self, ById, Pump};
use crate::port;
use crate::raw::{AnswerHead, ModbusAnswers, ModbusReads, ModbusRequest};

/// Completions taken in one call.
const COLLECT: u32 = 4_096;

/// How a transaction ended.
pub(super) struct Ended {
    /// As the contract numbers it.
    pub error: u16,
    /// What was read.
    pub words: Words,
}

/// A place in which somebody waits.
enum Slot {
    /// For another one; the next such place.
    Free(u32),
    /// Not ended.
    Open(Option<Waker>),
    /// Not ended, and nobody waits any more.
    Abandoned,
    Ended(Ended),
}

/// No place.
const NONE: u32 = u32::MAX;

struct Desk {
    slots: Vec<Slot>,
    free: u32,
    /// Places by what the host named their transactions.
    named: ById<u32>,
    /// Reads of this step, and the place of each.
    reads: ModbusReads,
    of_reads: Vec<u32>,
}

thread_local! {
    static DESK: RefCell<Desk> = const { RefCell::new(Desk::new()) };
}

static PUMP: Pump = Pump { name: "modbus", before: collect, after: flush, reset };

/// Submits a transaction and waits for its end.
pub(super) fn transact(request: &ModbusRequest) -> Waiting {
    executor::register(&PUMP);
    let slot = if matches!(request.function, 1..=4) {
        DESK.with_borrow_mut(|desk| {
            let slot = desk.open();
            desk.reads.push(request);
            desk.of_reads.push(slot);
            slot
        })
    } else {
        // In the order in which they were asked.
        flush();
        let id = port::submit(request);
        DESK.with_borrow_mut(|desk| {
            let slot = desk.open();
            desk.named.insert(id, slot);
            slot
        })
    };
    Waiting { slot }
}

impl Desk {
    const fn new() -> Self {
        Self {
            slots: Vec::new(),
            free: NONE,
            named: ById::with_hasher(std::hash::BuildHasherDefault::new()),
            reads: ModbusReads::new(),
            of_reads: Vec::new(),
        }
    }

    fn open(&mut self) -> u32 {
        let Some(slot) = self.slots.get_mut(self.free as usize) else {
            self.slots.push(Slot::Open(None));
            return self.slots.len() as u32 - 1;
        };
        let place = self.free;
        if let Slot::Free(next) = std::mem::replace(slot, Slot::Open(None)) {
            self.free = next;
        }
        place
    }

    /// Takes out what is in a place, which is free then.
    fn take(&mut self, place: u32) -> Option<Slot> {
        let slot = self.slots.get_mut(place as usize)?;
        let next = std::mem::replace(&mut self.free, place);
        Some(std::mem::replace(slot, Slot::Free(next)))
    }

    fn end(&mut self, id: u64, ended: Ended) -> Option<Waker> {
        // An answer to nothing that was asked is never used.
        let place = self.named.remove(&id)?;
        let slot = self.slots.get_mut(place as usize)?;
        match slot {
            Slot::Open(waker) => {
                let waker = waker.take();
                *slot = Slot::Ended(ended);
                waker
            }
            _ => {
                self.take(place);
                None
            }
        }
    }
}

fn collect() {
    // While nothing is on its way nothing can have come: a step that only asks needn't call the host.
    while DESK.with_borrow(|desk| !desk.named.is_empty()) {
        let ModbusAnswers { heads, words } = port::collect_answers(COLLECT);
        if heads.is_empty() {
            return;
        }
        let (step, mut start) = (Rc::new(words), 0);
        DESK.with_borrow_mut(|desk| {
            for AnswerHead { id, error, end, at } in ModbusAnswers::rows(&heads) {
                let end = end as usize;
                let words = Words { step: Rc::clone(&step), start, end, utc_ns: at };
                start = end;
                if let Some(waker) = desk.end(id, Ended { error, words }) {
                    waker.wake();
                }
            }
        });
        if heads.len() < ModbusAnswers::HEADS * COLLECT as usize {
            return;
        }
    }
}

fn flush() {
    DESK.with_borrow_mut(|desk| {
        if desk.reads.is_empty() {
            return;
        }
        let first = port::submit_reads(&desk.reads);
        desk.named.extend((first..).zip(desk.of_reads.drain(..)));
        desk.reads.clear();
    });
}

fn reset() {
    DESK.with_borrow_mut(|desk| *desk = Desk::new());
}

/// Somebody who waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// [`NONE`] once it is over.
    slot: u32,
}

impl Future for Waiting {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        DESK.with_borrow_mut(|desk| match desk.slots.get_mut(self.slot as usize) {
            Some(Slot::Open(waker)) => {
                // Looked at again, because another future of the same task was answered.
                if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
                    *waker = Some(context.waker().clone());
                }
                Poll::Pending
            }
            Some(Slot::Ended(_)) => {
                let place = std::mem::replace(&mut self.slot, NONE);
                match desk.take(place) {
                    Some(Slot::Ended(ended)) => {
                        executor::set_answered_at(ended.words.utc_ns);
                        Poll::Ready(ended)
                    }
                    _ => Poll::Pending,
                }
            }
            _ => Poll::Pending,
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = DESK.try_with(|desk| {
            let mut desk = desk.borrow_mut();
            match desk.slots.get_mut(self.slot as usize) {
                Some(slot @ Slot::Open(_)) => *slot = Slot::Abandoned,
                Some(Slot::Ended(_)) => drop(desk.take(self.slot)),
                _ => {}
            }
        });
    }
}
