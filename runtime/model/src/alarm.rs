//! The words of alarms (ANSI/ISA-18.2-2016, IEC 62682:2022): what an alarm is, its state, what happened to it, what
//! people do to it. How one leads to the other is `alarms`' business.

mod act;
mod board;
mod event;
mod frame;
mod spec;
mod state;

pub use act::{AlarmAct, AlarmReply, AlarmVerb, ConditionWord, Conditions};
pub use board::{AlarmBoard, AlarmCounts, AlarmRow};
pub use event::{AlarmEvent, AlarmEventKind, AlarmStep};
pub use frame::{AlarmFrame, ConditionSource, RestoredAlarm};
pub use spec::{AlarmDetail, AlarmId, AlarmSpec, Condition, LimitKind, LimitSource, Priority};
pub use state::{AlarmState, Hidden, Marks, Occurrence, Standing};
