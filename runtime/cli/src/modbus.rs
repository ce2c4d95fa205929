//! `plantroom modbus`: devices, without a station: what is there, and what is in their registers.

mod identity;
mod read;
mod report;
mod scan;
mod target;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

/// Both verbs only read; nothing is ever written to a device.
#[derive(Args)]
pub struct Modbus {
    #[command(subcommand)]
    verb: ModbusVerb,
}

#[derive(Subcommand)]
enum ModbusVerb {
    /// Finds the units behind an address or on a serial line, and which registers each of them serves.
    ///
    /// Give HOST, HOST:PORT or a serial port: `plantroom modbus scan 192.168.1.10`,
    /// `plantroom modbus scan /dev/ttyUSB0 --units 1-32`. It only reads, at a polite pace; Ctrl-C ends it and shows
    /// what was found so far.
    Scan(scan::Scan),
    /// Reads registers or coils of one unit and shows the raw words beside what they may mean.
    ///
    /// `plantroom modbus read 192.168.1.10 --unit 1 --holding 0 --count 10`
    Read(read::Read),
}

impl Modbus {
    pub fn run(self) -> Result<()> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("the network can't be started")?;
        runtime.block_on(async {
            match self.verb {
                ModbusVerb::Scan(verb) => verb.run().await,
                ModbusVerb::Read(verb) => verb.run().await,
            }
        })
    }
}

/// A number of the wire, high byte first.
fn be(bytes: &[u8], at: usize) -> u16 {
    let byte = |at: usize| u16::from(bytes.get(at).copied().unwrap_or(0));
    byte(at) << 8 | byte(at + 1)
}
