//! Modbus transactions a second through the sandboxed driver, the host and the fieldbus, beside a bare tokio-modbus loop.

mod bare;
pub mod device;
mod driven;

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::figures::{Figure, Row, Target};
use crate::modbus::device::DeviceProcess;
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
        let (mut figures, mut samples, mut answers_a_step) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=rounds {
            let ours = driver.round(&runtime)?;
            let theirs = runtime.block_on(bare::round(device.address()))?;
            progress(&format!(
                "modbus: round {round} of {rounds}: {:.0} through the driver, {theirs:.0} bare",
                ours.transactions_per_s
            ));
            figures.push((ours.transactions_per_s, theirs));
            samples.push(ours.samples_per_s / 1e6);
            answers_a_step.push(ours.transactions_per_s / ours.steps_per_s);
        }
        let name = match layout {
            Layout::Dense => "60 floats a request, all decoded and published",
            Layout::Sparse => "2 floats a request",
        };
        let peer = "bare tokio-modbus loop, nothing decoded";
        let row = Row::of_rounds("modbus", name, "transactions/s", peer, &figures);
        // The target is for full decoding, the harder of the two.
        rows.push(if layout == Layout::Dense { row.target(Target::RatioAtLeast(0.8)) } else { row });
        if layout == Layout::Dense {
            rows.push(Row::alone("modbus", "the same: samples published", "million samples/s", Figure::of(&samples)));
            rows.push(Row::alone("modbus", "the same: answers that one step takes in", "answers", Figure::of(&answers_a_step)));
        }
    }
    Ok(rows)
}
