//! What a guest may call, one file a capability. Every call returns at once and only stages.

mod conditions;
mod log;
mod memory;
mod modbus;
mod orders;
mod samples;
mod stream;
mod tags;
mod types;

pub(crate) use modbus::Transactions;
pub(crate) use orders::Orders;
pub(crate) use samples::Sets;
pub(crate) use stream::{Arrival, StreamAct, Streams};
