//! Alarms: what a plugin says of them and hears of them.

mod event;
mod glob;
mod handle;
mod inbox;
mod info;
mod outbox;

pub use event::{AlarmEvent, AlarmEventKind, AlarmEvents, AlarmState, Standing};
pub use glob::matches;
pub use handle::{Alarm, Condition};
pub(crate) use inbox::next;
pub(crate) use info::DocumentAlarm;
pub use info::{AlarmInfo, Priority};
