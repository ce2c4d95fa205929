//! Modbus transactions a second through the sandboxed driver, the host and the fieldbus, beside a bare tokio-modbus loop.

mod bare;
pub mod device;
mod driven;

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::figures::{Figure, Row, Target};
use crate::modbus::device::DeviceProcess;
use crate::modbus::driven::Rates;
use crate::workplace::{Workplace, progress};

/// Connections, each with one transaction at a time.
const CONNECTIONS: usize = 16;
/// Registers of one request.
const REGISTERS: u16 = 120;
/// How long one side of a round is counted.
const WINDOW: Duration = Duration::from_secs(3);
/// What passes before counting begins.
const WARM_UP: Duration = Duration::from_secs(1);

/// How densely a device's registers are covered with tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// 60 floats a request: every register is decoded and published.
    Dense,
    /// 2 floats a request, at its ends.
    Sparse,
}

impl Layout {
    fn words(self) -> &'static str {
        match self {
            Self::Dense => "16 connections, 60 floats a request, all decoded and published",
            Self::Sparse => "16 connections, 2 floats a request",
        }
    }
}

/// Measures it.
///
/// # Errors
/// When the devices or the driver don't work.
pub fn measure(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    progress("modbus: 16 connections, 120 registers a request; starting the devices");
    // The same runtime for both: what the station gives its fieldbus.
    let runtime = tokio::runtime::Runtime::new().context("the network can't be started")?;
    let device = DeviceProcess::start()?;
    let mut rows = Vec::new();
    for layout in [Layout::Dense, Layout::Sparse] {
        let driver = driven::Driver::load(workplace, device.address(), layout)?;
        let (mut rates, mut cpu, mut driven) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=rounds {
            let ours = driver.round(&runtime)?;
            let (bare_per_s, bare_cpu_us) = runtime.block_on(bare::round(device.address()))?;
            let words = format!("{:.0} transactions/s through the driver, {bare_per_s:.0} bare", ours.transactions_per_s);
            progress(&format!("modbus: round {round} of {rounds}: {words}"));
            rates.push((ours.transactions_per_s, bare_per_s));
            cpu.push((ours.cpu_us, bare_cpu_us));
            driven.push(ours);
        }
        let peer = "bare tokio-modbus loop, nothing decoded";
        let row = Row::of_rounds("modbus", layout.words(), "transactions/s", peer, &rates);
        // The target is for full decoding, the harder of the two.
        rows.push(if layout == Layout::Dense { row.target(Target::RatioAtLeast(0.8)) } else { row });
        rows.push(Row::of_rounds("modbus", "- CPU time of this process", "us a transaction", peer, &cpu));
        let of = |pick: fn(&Rates) -> f64| Figure::of(&driven.iter().map(pick).collect::<Vec<_>>());
        let alone = |what: &str, unit, figure| Row::alone("modbus", what, unit, figure);
        rows.push(alone("- of it the driver's thread", "us a transaction", of(|rates| rates.driver_cpu_us)));
        rows.push(alone("- samples published", "million/s", of(|rates| rates.samples_per_s / 1e6)));
        rows.push(alone("- transactions that one step answers", "", of(|rates| rates.transactions_per_s / rates.steps_per_s)));
    }
    Ok(rows)
}
