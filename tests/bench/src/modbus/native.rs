//! The other peer: libmodbus's C client, compiled here where its header and a C compiler are installed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::modbus::{REGISTERS, WARM_UP, WINDOW};
use crate::workplace::root;

const SOURCE: &str = include_str!("libmodbus.c");

/// The compiled client.
pub struct Native(PathBuf);

impl Native {
    /// Compiles it.
    ///
    /// # Errors
    /// Why it can't be, and what to type.
    pub fn build() -> Result<Self> {
        let folder = root().join("target/bench");
        std::fs::create_dir_all(&folder)?;
        let (source, program) = (folder.join("libmodbus.c"), folder.join("libmodbus"));
        std::fs::write(&source, SOURCE)?;
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-o"]).arg(&program).arg(&source).args(["-lmodbus", "-lpthread"]);
        let done = cc.output().context("there is no C compiler `cc`: apt-get install gcc libmodbus-dev")?;
        ensure!(
            done.status.success(),
            "libmodbus's client can't be compiled: apt-get install gcc libmodbus-dev\n{}",
            String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or_default()
        );
        Ok(Self(program))
    }

    /// Transactions a second, and its CPU time in us a transaction.
    ///
    /// # Errors
    /// When the devices don't answer it.
    pub fn round(&self, device: SocketAddr, connections: usize) -> Result<(f64, f64)> {
        let numbers =
            [u128::from(device.port()), connections as u128, u128::from(REGISTERS), WARM_UP.as_millis(), WINDOW.as_millis()];
        let run = Command::new(&self.0).args(numbers.map(|number| number.to_string())).output()?;
        ensure!(run.status.success(), "libmodbus's client got no answers");
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        let (per_s, cpu_us) = text.trim().split_once(' ').context("libmodbus's client said nothing")?;
        Ok((per_s.parse()?, cpu_us.parse()?))
    }
}
