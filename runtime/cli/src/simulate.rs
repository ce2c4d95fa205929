//! `plantroom simulate`: a project's field, without the field.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use plantroom_simulator::Simulator;

use crate::exit::Failure;
use crate::{init_log, run};

/// Simulates what simulation.toml in the project describes (tanks, pumps, valves, sensors) and serves it as Modbus
/// TCP devices, until it is told to stop (Ctrl-C).
#[derive(Args)]
pub struct Simulate {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// How much faster than real time.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
}

impl Simulate {
    pub fn run(self) -> Result<()> {
        init_log::start("info");
        if !(self.speed > 0.0 && self.speed <= 10_000.0) {
            return Err(Failure::usage("--speed must be above 0 and at most 10000.").into());
        }
        let description = self.project.join("simulation.toml");
        if !description.exists() {
            let what =
                "There is no field to simulate: a project describes its own in simulation.toml, and this file is not there";
            return Err(Failure::problems(format!("{what}: {}", description.display())).into());
        }
        let simulator = Simulator::load(&self.project).map_err(|error| Failure::problems(error.to_string()))?;
        let runtime = tokio::runtime::Runtime::new().context("the network can't be started")?;
        runtime.block_on(async {
            let field = simulator.start(self.speed).await.map_err(|error| Failure::problems(error.to_string()))?;
            for (device, address) in field.addresses() {
                println!("{device} answers as a Modbus TCP device at {address}");
            }
            run::stop_signal().await;
            Ok(())
        })
    }
}
