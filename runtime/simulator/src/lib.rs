//! A field without a field: a process with real dynamics behind real Modbus TCP devices.
//!
//! In:  `simulation.toml` of a project; what Modbus clients write; a speed.
//! Out: Modbus TCP servers whose registers show the process.
//! Start at [`Simulator::load`] and [`Simulator::start`].
//!
//! `file.rs` is what an engineer writes. `process/` computes: named quantities, and elements (tanks, pumps,
//! valves, controllers, sensors ...) that move them a fixed step at a time. `field/` shows quantities as
//! registers, and has devices misbehave when a test asks for it.
//!
//! Invariant: the same file, the same writes at the same steps give the same plant: its only chance is a seeded one.
//! Invariant: knows nothing of stations, tags or plugins.

mod field;
mod file;
mod load;
mod process;
mod simulator;

pub use field::{Device, Fault};
pub use load::LoadError;
pub use process::Process;
pub use simulator::{Running, Simulator, StartError, StartOptions};
