//! A field without a field: a process with real dynamics behind real Modbus TCP devices.
//!
//! In:  `simulation.toml` of a project; what Modbus clients write; a speed; what is to fail.
//! Out: Modbus devices (TCP, and RTU over TCP) whose registers show the process.
//! Start at [`Simulator::load`] and [`Simulator::start`].
//!
//! `file.rs` is what an engineer writes. `process/` computes: named quantities, and elements (tanks, pumps,
//! valves, controllers, sensors ...) that move them a fixed step at a time. `field/` shows quantities as
//! registers, and has devices misbehave when a test asks for it. `failing.rs` makes parts of both fail by name, and
//! `control.rs` lets another process on this machine ask for that while the field runs. `upset.rs` plays whole courses of both.
//!
//! Invariant: the same file, the same writes at the same steps give the same plant: its only chance is a seeded one.
//! Invariant: knows nothing of stations, tags or plugins.

mod control;
mod failing;
mod field;
mod file;
mod load;
mod process;
mod simulator;
mod upset;

pub use control::{ask, control_address};
pub use field::{Device, Fault};
pub use load::LoadError;
pub use process::{FailError, FailurePoint, Kinds, MEND, Process};
pub use simulator::{Running, Simulator, StartError, StartOptions};
pub use upset::Upset;
