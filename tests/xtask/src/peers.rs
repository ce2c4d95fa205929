//! Peers that nobody here wrote: they judge the driver.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{install, stage};

/// What the tests talk with, from PyPI: Modbus devices, serial lines, an S7 controller, a mail server that takes messages.
const PACKAGES: [&str; 4] = ["pymodbus==3.16.1", "pyserial==3.5", "python-snap7==3.3.0", "aiosmtpd==1.4.6"];

/// Makes a Python environment of our own below `target/` with the peers in it, and returns its interpreter.
///
/// # Errors
/// When Python or PyPI can't be reached; the tests then fail rather than skip.
pub fn python() -> Result<PathBuf> {
    let folder = stage::root().join("target/peers");
    let python = folder.join("bin/python");
    let is_ready = |python: &PathBuf| {
        Command::new(python)
            .args(["-c", "import pymodbus, serial, snap7, aiosmtpd"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if is_ready(&python) {
        return Ok(python);
    }
    install::program("python3", &["python3", "python3-venv"])?;
    println!("   installing from PyPI into target/peers: {}", PACKAGES.join(", "));
    let make = |folder: &PathBuf| stage::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder));
    if make(&folder).is_err() {
        install::program("pyvenv-for-this-python", &["python3-venv"]).or_else(|_| make(&folder))?;
    }
    stage::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES))?;
    Ok(python)
}
