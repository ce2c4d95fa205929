//! `cargo xtask demo`.

use std::process::Command;

use anyhow::Result;

use crate::stage::{self, Stages, cargo, plantroom};

/// The plugins of the demo plant.
pub const DEMO_PLUGINS: &[&str] = &[
    "plugins/modbus",
    "plugins/average",
    "plugins/pid",
    "plugins/first-out",
    "plugins/state-suppression",
    "plugins/flood-advisor",
    "plugins/s7",
];

/// Builds the program and the demo's plugins, then hands over to `plantroom demo`.
///
/// # Errors
/// What the build or the demo failed with.
pub fn run(build_only: bool, rest: &[String]) -> Result<()> {
    println!("This builds Plantroom (some minutes the first time) and starts its demo waterworks.");
    let mut stages = Stages::default();
    stages.run("build the program", || stage::run(&mut cargo(&["build", "--package", "plantroom"])))?;
    stages.run("build the demo's plugins", || build_plugins(DEMO_PLUGINS))?;
    if build_only {
        return Ok(());
    }
    let mut command = Command::new(plantroom());
    command.arg("demo").args(rest).current_dir(stage::root());
    let status = command.status()?;
    anyhow::ensure!(status.success(), "The demo ended with {status}.");
    Ok(())
}

/// Builds and packs plugins with the product's own verb.
///
/// # Errors
/// When one of them can't be built.
pub fn build_plugins(folders: &[&str]) -> Result<()> {
    let mut command = Command::new(plantroom());
    command.args(["plugin", "build", "--out", "target/debug/plugins"]).args(folders).current_dir(stage::root());
    stage::run(&mut command)
}
