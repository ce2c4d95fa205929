//! Waiting for what happens to alarms.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use super::AlarmEvents;
use crate::executor::{self, Pump};
use crate::port;
use crate::raw::AlarmEventColumns;

#[derive(Default)]
struct Inbox {
    arrived: RefCell<AlarmEventColumns>,
    waiting: RefCell<Option<Waker>>,
}

thread_local! {
    static INBOX: Inbox = Inbox::default();
}

static PUMP: Pump = Pump { name: "alarm events", before: take, after: || {}, reset };

pub(crate) async fn next() -> AlarmEvents {
    executor::register(&PUMP);
    poll_fn(|context| {
        INBOX.with(|inbox| {
            let arrived = inbox.arrived.take();
            if arrived.rows.is_empty() {
                inbox.waiting.replace(Some(context.waker().clone()));
                Poll::Pending
            } else {
                Poll::Ready(AlarmEvents::new(arrived))
            }
        })
    })
    .await
}

fn take() {
    INBOX.with(|inbox| {
        // While the plugin is busy, events gather in the host, which counts what it loses.
        if inbox.waiting.borrow().is_none() {
            return;
        }
        let arrived = port::alarm_events();
        if !arrived.rows.is_empty() {
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
