//! Writes Plantroom plugins: a driver is a struct with `async fn`s.
//!
//! In:  the init document, the time of each step, completions, bytes of streams, write orders, changes, what happens to alarms.
//! Out: transactions, bytes, samples, missed polls, outcomes of orders, conditions of alarms, log lines.
//! Start at [`Driver`], [`Analytics`] or [`AlarmLogic`]; `README.md` beside this crate is the tutorial.
//!
//! Invariant: nothing blocks and nothing asks a clock: time is what the last `step` said.
//! Invariant: a plugin imports only the interfaces it uses; each one's pump registers itself on first use.
//! Invariant: a Modbus write can't be made without the open [`Order`] it serves; it does not compile.

// Derives and exports name this crate from outside; in its own tests too.
extern crate self as plantroom_sdk;

mod alarm_logic;
mod alarms;
mod analytics;
mod bind;
mod changes;
mod driver;
mod error;
mod executor;
mod field;
mod futures;
mod io;
pub mod life;
pub mod log;
pub mod memory;
mod modbus;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod orders;
mod port;
pub mod raw;
mod registers;
mod rows;
mod setup;
mod status;
mod stream;
mod tag;
mod time;
mod value;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod wasm;

pub use alarm_logic::AlarmLogic;
pub use alarms::{Alarm, AlarmEvent, AlarmEventKind, AlarmEvents, AlarmInfo, AlarmState, Condition, Priority, Standing, matches};
pub use analytics::Analytics;
pub use bind::{Bind, Bound, Exported};
#[doc(hidden)]
pub use bind::{
    launch_bound_alarm_logic, launch_bound_analytics, launch_bound_driver, launch_created_alarm_logic, launch_created_analytics,
    launch_created_driver,
};
pub use changes::{Change, Changes};
pub use driver::{Create, Driver};
pub use error::{DecodeError, Error, ModbusError, Result};
pub use executor::spawn;
pub use field::{Config, Field, Scope, Source};
pub use futures::{Either, Signal, first, join_all, timeout};
pub use io::{Io, Rows};
pub use modbus::{Modbus, ReadWords, Words};
pub use orders::{Order, Outcome};
pub use raw::Explanation;
pub use registers::{Registers, WordOrder};
pub use rows::RowSet;
pub use setup::{ConnectionInfo, DeviceInfo, PositionInfo, Problems, Setup, TagInfo};
pub use status::Status;
pub use stream::{Session, Stream, StreamError};
pub use tag::{Input, Sample, Setpoint, Tag};
pub use time::{Instant, Interval, Sleep, interval, now, sleep};
pub use value::{TagValue, Value, ValueKind, fit};

/// Derives: what a plugin's struct needs from its setup, bound by the names of its fields.
pub use plantroom_sdk_macros::{AlarmLogic, Analytics, Driver};

/// The contract's imports without the SDK's care, for tests of the host.
#[doc(hidden)]
pub mod unguarded {
    use crate::raw::{AlarmWords, Columns, ModbusRequest};
    use crate::{Outcome, port};

    /// `conditions.say`, as it is.
    pub fn say(words: &AlarmWords) {
        port::say(words);
    }

    /// `samples.publish`, as it is.
    pub fn publish(batch: &Columns) {
        port::publish(batch);
    }

    /// `orders.settle`, as it is.
    pub fn settle(order: u64, outcome: &Outcome) {
        port::settle(order, outcome);
    }

    /// `modbus.submit`, as it is.
    pub fn submit(request: &ModbusRequest) -> u64 {
        port::submit(request)
    }
}

/// Everything an author needs, in one line.
pub mod prelude {
    pub use crate::{
        Alarm, AlarmEvent, AlarmEventKind, AlarmEvents, AlarmInfo, AlarmLogic, AlarmState, Analytics, Bind, Change, Changes,
        Condition, Config, ConnectionInfo, Create, DecodeError, DeviceInfo, Driver, Either, Error, Explanation, Input, Instant,
        Interval, Io, Modbus, ModbusError, Order, Outcome, Priority, Problems, Registers, Result, Sample, Session, Setpoint,
        Setup, Signal, Standing, Status, Stream, StreamError, Tag, TagInfo, TagValue, Value, ValueKind, WordOrder,
        export_alarm_logic, export_analytics, export_driver, first, fit, interval, join_all, log, log_debug, log_error, log_info,
        log_warn, memory, now, sleep, spawn, timeout,
    };
    pub use std::cell::{Cell, RefCell};
    pub use std::rc::Rc;
    pub use std::time::Duration;
}
