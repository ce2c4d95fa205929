//! The harness of the tests that run the real program against devices that nobody here wrote.
//!
//! In:  a project folder, the program `plantroom` as a child process, pymodbus devices, devices that misbehave.
//! Out: what came out of the station: samples over its WebSocket, answers of its API, exit codes, its log.
//! Start at [`Station::start`] and [`Project`]; the tests are in `tests/main`.
//!
//! Invariant: links neither station nor host; it sees what a console, a script and a device see.
//! Invariant: nothing is skipped. What is missing on the machine fails the test with what to type.

mod alarm_log;
mod api;
mod bit_field;
mod clock;
mod companion;
mod console;
mod faulty;
mod program;
mod project;
mod pymodbus;
mod record;
mod serial;
mod small_disk;
mod station;
mod wait;

pub use alarm_log::{Entry, entries};
pub use api::{Answer, Api, TagNow};
pub use bit_field::{BitField, Told, utc_ns};
pub use clock::Clock;
pub use companion::{Companion, free_port};
pub use console::{AlarmHeard, Console, Row};
pub use faulty::{FaultyDevice, Misdeed, WriteSeen};
/// Where an alarm stands, as a console was told.
pub use plantroom_wire::AlarmNow as AlarmSeen;
pub use program::{Run, command, plantroom, workspace};
pub use project::Project;
pub use pymodbus::{Pymodbus, Written, python};
pub use record::{BarePoller, Recorder, Seen};
pub use serial::SerialLine;
pub use small_disk::SmallDisk;
pub use station::Station;
pub use wait::{eventually, holds_for, wait_until};
