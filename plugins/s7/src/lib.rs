//! The S7 driver: reads and writes Siemens S7-300, 400, 1200, 1500 and compatible controllers, inside the sandbox.
//!
//! In:  addresses, settings and polling groups from the init document; what controllers answer; write orders.
//! Out: values of tags, missed polls, outcomes of orders; bytes on named connections (`stream = { tcp = "host:102" }`).
//! Start at [`driver::S7Driver`]; [`setup::plan`] says what runs, [`join`] joins reads, [`link::Link`] asks.
//!
//! Frames ([`frame`]) and data types ([`data`]) know no connection. The protocol isn't public; it is written down in Wireshark's
//! dissector `packet-s7comm.c` and in the sources of Snap7 and libnodave, whose words are used here: PDU, item, area, rosctr.
//!
//! Invariant: an answer is only taken for the question whose number it bears, in the session in which that was asked.
//! Invariant: a value is read in one request, never torn; a write is never repeated by itself.

pub mod address;
pub mod data;
pub mod driver;
pub mod frame;
pub mod join;
pub mod link;
pub mod setup;
mod words;

pub use driver::S7Driver;

plantroom_sdk::export_driver!(S7Driver);
