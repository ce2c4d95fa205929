//! The devices: quantities as registers, served over Modbus TCP, with faults on demand.

mod device;
mod faults;
mod layout;
mod map;

pub use device::Device;
pub(crate) use device::DeviceMap;
pub use faults::Fault;
pub(crate) use faults::{KINDS, UNIT_KINDS, fault_of};
pub(crate) use layout::read_devices;
