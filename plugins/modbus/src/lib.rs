//! The Modbus driver: polls Modbus devices and carries out write orders, inside the sandbox.
//!
//! In:  addresses, settings and polling groups from the init document; answers of devices; write orders.
//! Out: values of tags, missed polls, outcomes of orders; transactions on named connections.
//! Start at [`driver::ModbusDriver`]; [`setup::plan`] says what runs, [`poller::Poller`] reads, [`command`] writes.
//!
//! Invariant: a value of several registers is read and written in one request, never torn.
//! Invariant: a write is never repeated by itself, and what may have happened is never called refused.
//! Invariant: knows no socket and no clock; time is what the station's step says.

pub mod address;
pub mod blocks;
pub mod command;
pub mod decode;
pub mod driver;
pub mod encode;
pub mod lanes;
pub mod poller;
pub mod quiet;
pub mod settings;
pub mod setup;
pub mod unit;
pub mod words;

pub use driver::ModbusDriver;

plantroom_sdk::export_driver!(ModbusDriver);
