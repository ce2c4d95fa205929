//! The words that every crate of Plantroom shares.
//!
//! In:  nothing; these are plain types.
//! Out: values, statuses, samples, columns, tags, times, requests, frames, limits, diagnostics.
//! Start at [`Sample`] and [`TagSpec`].
//!
//! Invariant: does no I/O, starts no thread, asks no clock.
//! Invariant: builds for `wasm32-unknown-unknown`, because consoles in browsers use it.

mod alarm;
mod automation;
mod changes;
mod columns;
mod diagnostic;
mod duration;
mod field;
mod frame;
mod label;
mod limit_state;
pub mod limits;
mod mode;
mod plugin;
mod request;
mod sample;
mod snapshot;
mod status;
mod stream;
mod tag;
mod time;
mod value;

pub use alarm::{
    AlarmAct, AlarmBoard, AlarmCounts, AlarmDetail, AlarmEvent, AlarmEventKind, AlarmFrame, AlarmId, AlarmReply, AlarmRow,
    AlarmSpec, AlarmState, AlarmStep, AlarmVerb, Condition, ConditionSource, ConditionWord, Conditions, Hidden, LimitKind,
    LimitSource, Marks, Occurrence, Priority, RestoredAlarm, Standing,
};
pub use automation::AutomationVerb;
pub use changes::{Change, ChangeIter, Changes, KeptTotal, PackedChange};
pub use columns::{ColumnError, Columns, Row};
pub use diagnostic::{Diagnostic, Severity, SourceText, nearest};
pub use duration::{duration_ms, duration_words};
pub use field::{ConnectionId, LinkState, ModbusCompletion, ModbusRequest, field_error};
pub use frame::Frame;
pub use label::Label;
pub use limit_state::LimitState;
pub use mode::{ModeRequest, TagMode};
pub use plugin::{Explanation, FaultKind, FaultRecord, Outside, PluginOrder, PluginState};
pub use request::{Door, OrderId, Outcome, OutcomeKind, Role, SettleCode, WriteRequest};
pub use sample::Sample;
pub use snapshot::Snapshot;
pub use status::{Quality, Status};
pub use stream::{STREAM_BYTES, STREAM_PIECE_BYTES, StreamEar, StreamEvent, StreamLine, stream_cost};
pub use tag::{
    Deadband, DerivedSpec, Detail, FaultBand, Instance, LimitSet, Origin, Permissive, PermissiveTest, PluginId, PulseSpec,
    Scaling, TagId, TagSpec, TotalSpec, Totalise, WriteSpec, concerns,
};
pub use time::{Mono, Now, Utc};
pub use value::{Value, ValueKind};
