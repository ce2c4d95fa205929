//! Alarms under fire, on the real station: floods, kills, full disks, clocks that are set, logic that dies. Each test holds
//! what the device told against what the journal says.

mod chatter;
mod clock;
mod disk;
mod flood;
mod kill;
mod logic;
mod operators;
mod plant;
mod restart;
mod values;
