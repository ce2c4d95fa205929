//! Debian packages that a stage needs, installed only where they are missing and only by root.

use std::process::Command;

use anyhow::{Result, bail};

use crate::stage;

/// Sees to it that a program is there, installing Debian packages if it isn't.
///
/// # Errors
/// When it isn't there and can't be installed; the message says what to type.
pub fn program(name: &str, packages: &[&str]) -> Result<()> {
    if is_there(name) {
        return Ok(());
    }
    let wanted = packages.join(" ");
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root || !is_there("apt-get") {
        bail!("The program `{name}` is missing. On Debian or Ubuntu type: sudo apt-get install {wanted}");
    }
    println!("   installing with apt-get: {wanted}");
    stage::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    stage::run(&mut install)?;
    if is_there(name) { Ok(()) } else { bail!("`{name}` is still missing after installing {wanted}") }
}

fn is_there(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}
