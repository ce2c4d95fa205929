//! Changes of readable tags, for analytics.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use crate::executor::{self, Pump};
use crate::raw::Columns;
use crate::{Input, Sample, Status, TagValue, Value, port};

/// Changes in the order in which the station accepted them. A tag can occur more than once.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    columns: Columns,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Handle of the tag.
    pub tag: u32,
    /// Its new value.
    pub value: Value,
    /// How good it is.
    pub status: Status,
    /// Its time, ns UTC.
    pub utc_ns: i64,
}

impl Change {
    /// The same as a sample of a type; without a value where it isn't one.
    pub fn sample<T: TagValue>(&self) -> Sample<T> {
        Sample { value: T::from_value(&self.value), status: self.status, utc_ns: self.utc_ns }
    }
}

impl Changes {
    pub(crate) fn new(columns: Columns) -> Self {
        Self { columns }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns as they crossed the sandbox.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// All changes, in order.
    pub fn iter(&self) -> impl Iterator<Item = Change> + '_ {
        (0..self.columns.len()).map(|row| self.row(row))
    }

    /// The changes of one tag, in order.
    pub fn of<'a, T: TagValue>(&'a self, tag: &Input<T>) -> impl Iterator<Item = Sample<T>> + 'a {
        let handle = tag.handle();
        let rows = self.columns.handles.iter().enumerate().filter(move |(_, of)| **of == handle);
        rows.map(|(row, _)| self.row(row).sample())
    }

    fn row(&self, row: usize) -> Change {
        let columns = &self.columns;
        Change {
            tag: columns.handles.get(row).copied().unwrap_or(u32::MAX),
            value: columns.value(row),
            status: Status(columns.statuses.get(row).copied().unwrap_or(Status::BAD_DECODING.0)),
            utc_ns: columns.times.get(row).copied().unwrap_or(0),
        }
    }
}

#[derive(Default)]
struct Inbox {
    arrived: RefCell<Columns>,
    waiting: RefCell<Option<Waker>>,
}

thread_local! {
    static INBOX: Inbox = Inbox::default();
}

static PUMP: Pump = Pump { name: "tags", before: take, after: || {}, reset };

pub(crate) async fn next() -> Changes {
    executor::register(&PUMP);
    poll_fn(|context| {
        INBOX.with(|inbox| {
            let arrived = inbox.arrived.take();
            if arrived.is_empty() {
                inbox.waiting.replace(Some(context.waker().clone()));
                Poll::Pending
            } else {
                Poll::Ready(Changes { columns: arrived })
            }
        })
    })
    .await
}

fn take() {
    INBOX.with(|inbox| {
        // While the plugin is busy, changes gather in the host, which counts what it loses.
        if inbox.waiting.borrow().is_none() {
            return;
        }
        let arrived = port::changes();
        if !arrived.is_empty() {
            inbox.arrived.replace(arrived);
            if let Some(waker) = inbox.waiting.take() {
                waker.wake();
            }
        }
    });
}

fn reset() {
    INBOX.with(|inbox| {
        inbox.arrived.take();
        inbox.waiting.take();
    });
}
