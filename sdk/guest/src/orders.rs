//! Write orders: taken, carried out one after the other on each device, and always settled.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::executor::{self, Pump};
use crate::{Error, ModbusError, Result, Tag, Value, ValueKind, executor::spawn, port};

/// Most orders that are taken and not settled; the others wait in the host, where they can expire.
const OPEN: usize = 256;
/// Longest sentence of an outcome, in bytes.
const DETAIL_BYTES: usize = 512;

/// A request to write one tag. The SDK settles it when [`Driver::write`](crate::Driver::write) returns; if that is cut
/// short, the order ends as unknown when something was sent for it, else as not sent.
#[derive(Debug)]
pub struct Order {
    id: u64,
    tag: u32,
    value: Value,
    valid_until_ns: u64,
    /// Something was sent for it that the device didn't refuse.
    carried: Cell<bool>,
    settled: bool,
}

impl Order {
    /// Its name in the contract.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Handle of the tag to write.
    pub fn tag(&self) -> u32 {
        self.tag
    }

    /// Whether it is about this tag.
    pub fn is<T>(&self, tag: &Tag<T>) -> bool {
        tag.handle() == self.tag
    }

    /// The value to write, in the device's own scale.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The value as a finite number.
    ///
    /// # Errors
    /// Refuses, with a sentence, what isn't one.
    pub fn f64(&self) -> Result<f64> {
        self.value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| self.not_a("number"))
    }

    /// The value as a whole number.
    ///
    /// # Errors
    /// Refuses, with a sentence, what isn't one.
    pub fn i64(&self) -> Result<i64> {
        self.value.as_i64().ok_or_else(|| self.not_a("whole number"))
    }

    /// The value as true or false.
    ///
    /// # Errors
    /// Refuses, with a sentence, what is neither.
    pub fn bool(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.not_a("switch position"))
    }

    /// The value as text.
    ///
    /// # Errors
    /// Refuses, with a sentence, what isn't text.
    pub fn text(&self) -> Result<&str> {
        self.value.as_text().ok_or_else(|| self.not_a(ValueKind::Text.word()))
    }

    /// Whether its time is over: it must not be carried out any more.
    pub fn expired(&self) -> bool {
        crate::now().mono_ns >= self.valid_until_ns
    }

    /// Runs a transaction for it; returns what the transaction said.
    pub(crate) async fn carry<T>(&self, transaction: impl Future<Output = Result<T, ModbusError>>) -> Result<T, ModbusError> {
        if self.expired() {
            return Err(ModbusError::Expired);
        }
        let before = self.carried.replace(true);
        let answer = transaction.await;
        if answer.as_ref().err().is_some_and(|error| error.is_certain()) {
            self.carried.set(before);
        }
        answer
    }

    /// Something was sent for it.
    pub(crate) fn mark_carried(&self) {
        self.carried.set(true);
    }

    /// What an error means after all that was sent for this order.
    pub(crate) fn outcome_of(&self, error: Error) -> Outcome {
        match Outcome::from(error) {
            Outcome::Refused(detail) | Outcome::NotSent(detail) if self.carried.get() => {
                Outcome::Unknown(format!("a part of it was carried out, then: {detail}"))
            }
            outcome => outcome,
        }
    }

    fn not_a(&self, what: &str) -> Error {
        Error::refused(format!("{} is not a {what}", self.value))
    }

    fn settle(mut self, outcome: Outcome) {
        self.settled = true;
        push_settled(self.id, outcome);
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        if !self.settled {
            let outcome = if self.carried.get() {
                Outcome::Unknown("the driver stopped before the device answered".to_owned())
            } else {
                Outcome::NotSent("the driver stopped before it sent anything".to_owned())
            };
            push_settled(self.id, outcome);
        }
    }
}

/// How a write order ended. The sentences are for the operator, at most 512 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "an order ends with its outcome"]
pub enum Outcome {
    /// The device confirmed.
    Done,
    /// The device refused.
    Refused(String),
    /// It may or may not have happened.
    Unknown(String),
    /// Nothing was sent.
    NotSent(String),
}

impl Outcome {
    /// Its number in the contract.
    pub fn code(&self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused(_) => 1,
            Self::Unknown(_) => 2,
            Self::NotSent(_) => 3,
        }
    }

    /// Its sentence; empty when it is done.
    pub fn detail(&self) -> &str {
        match self {
            Self::Done => "",
            Self::Refused(detail) | Self::Unknown(detail) | Self::NotSent(detail) => {
                let mut end = detail.len().min(DETAIL_BYTES);
                while !detail.is_char_boundary(end) {
                    end -= 1;
                }
                &detail[..end]
            }
        }
    }
}

impl<E: Into<Error>> From<std::result::Result<(), E>> for Outcome {
    fn from(result: std::result::Result<(), E>) -> Self {
        result.map_or_else(|error| error.into().into(), |()| Self::Done)
    }
}

type Writing<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;
type Carry = Rc<dyn for<'a> Fn(&'a Order) -> Writing<'a>>;

/// Orders of one device, carried out one after the other: a read-modify-write must not meet another one.
struct Lane {
    carry: Carry,
    waiting: RefCell<VecDeque<Order>>,
    busy: Cell<bool>,
}

#[derive(Default)]
struct Orders {
    listening: Cell<bool>,
    open: Cell<usize>,
    lanes: RefCell<BTreeMap<u32, Rc<Lane>>>,
    settled: RefCell<Vec<(u64, Outcome)>>,
}

thread_local! {
    static ORDERS: Orders = Orders::default();
}

static PUMP: Pump = Pump { name: "orders", before: take, after: give_back, reset };

/// Takes orders from now on.
pub(crate) fn listen() {
    ORDERS.with(|orders| orders.listening.set(true));
    executor::register(&PUMP);
}

pub(crate) fn listening() -> bool {
    ORDERS.with(|orders| orders.listening.get())
}

/// Says who carries out the orders of these tags, in one lane.
pub(crate) fn serve(tags: impl IntoIterator<Item = u32>, carry: Carry) {
    let lane = Rc::new(Lane { carry, waiting: RefCell::default(), busy: Cell::new(false) });
    ORDERS.with(|orders| orders.lanes.borrow_mut().extend(tags.into_iter().map(|tag| (tag, lane.clone()))));
}

fn take() {
    let room = ORDERS.with(|orders| OPEN.saturating_sub(orders.open.get()));
    if room == 0 {
        return;
    }
    let batch = port::take_orders(room as u32);
    let now_ns = crate::now().mono_ns;
    for (row, id) in batch.ids.iter().copied().enumerate() {
        let valid_ms = u64::from(batch.valid_ms.get(row).copied().unwrap_or(0));
        let order = Order {
            id,
            tag: batch.values.handles.get(row).copied().unwrap_or(u32::MAX),
            value: batch.values.value(row),
            valid_until_ns: now_ns.saturating_add(valid_ms * 1_000_000),
            carried: Cell::new(false),
            settled: false,
        };
        let lane = ORDERS.with(|orders| {
            orders.open.set(orders.open.get() + 1);
            orders.lanes.borrow().get(&order.tag).cloned()
        });
        match lane {
            Some(lane) => enter(lane, order),
            None => order.settle(Outcome::NotSent("this driver can't write this tag".to_owned())),
        }
    }
}

fn enter(lane: Rc<Lane>, order: Order) {
    lane.waiting.borrow_mut().push_back(order);
    if !lane.busy.replace(true) {
        let served = Served(lane);
        spawn(async move {
            let lane = &served.0;
            loop {
                let Some(order) = lane.waiting.borrow_mut().pop_front() else { break };
                let outcome = if order.expired() {
                    Outcome::NotSent("its time was over before the device was free".to_owned())
                } else {
                    (lane.carry)(&order).await
                };
                order.settle(outcome);
            }
        });
    }
}

/// A lane whose task runs. When that ends, also early because the plugin stops, orders that still wait end as not sent.
struct Served(Rc<Lane>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.busy.set(false);
        drop(self.0.waiting.take());
    }
}

fn push_settled(id: u64, outcome: Outcome) {
    // At the end of a thread nobody listens any more.
    let _ = ORDERS.try_with(|orders| {
        orders.open.set(orders.open.get().saturating_sub(1));
        orders.settled.borrow_mut().push((id, outcome));
    });
}

fn give_back() {
    let settled = ORDERS.with(|orders| std::mem::take(&mut *orders.settled.borrow_mut()));
    for (id, outcome) in settled {
        port::settle(id, &outcome);
    }
}

fn reset() {
    let lanes = ORDERS.with(|orders| std::mem::take(&mut *orders.lanes.borrow_mut()));
    drop(lanes);
    ORDERS.with(|orders| {
        orders.listening.set(false);
        orders.open.set(0);
        orders.settled.borrow_mut().clear();
    });
}
