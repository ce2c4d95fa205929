//! Modbus transactions a second through the sandboxed driver, the host and the fieldbus, beside a bare tokio-modbus loop.

mod bare;
pub mod device;
mod driven;
mod native;

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::figures::{Figure, Row, Target};
use crate::modbus::device::DeviceProcess;
use crate::modbus::driven::Rates;
use crate::modbus::native::Native;
use crate::workplace::{Workplace, progress};

/// Connections, each with one transaction at a time, and how the registers are covered with tags. At 100 connections a
/// dense cover would be half a million tags: that is the scan's benchmark.
const CASES: [(usize, Layout); 3] = [(16, Layout::Dense), (16, Layout::Sparse), (100, Layout::Sparse)];
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
    fn words(self, connections: usize) -> String {
        match self {
            Self::Dense => format!("{connections} connections, 60 floats a request, all decoded and published"),
            Self::Sparse => format!("{connections} connections, 2 floats a request"),
        }
    }
}

/// Measures it.
///
/// # Errors
/// When the devices or the driver don't work.
pub fn measure(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    progress("modbus: 120 registers a request; starting the devices");
    // The bare loop's; the fieldbus has its own thread, as in the station.
    let runtime = tokio::runtime::Runtime::new().context("the network can't be started")?;
    let device = DeviceProcess::start()?;
    let native = Native::build().map_err(|error| progress(&format!("modbus: without libmodbus: {error:#}"))).ok();
    let mut rows = Vec::new();
    for (connections, layout) in CASES {
        let driver = driven::Driver::load(workplace, device.address(), connections, layout)?;
        let (mut rates, mut against_c, mut cpu, mut driven) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for round in 1..=rounds {
            let ours = driver.round()?;
            let (bare_per_s, bare_cpu_us) = runtime.block_on(bare::round(device.address(), connections))?;
            if let Some(native) = &native {
                against_c.push((ours.transactions_per_s, native.round(device.address(), connections)?.0));
            }
            let words = format!("{:.0} transactions/s through the driver, {bare_per_s:.0} bare", ours.transactions_per_s);
            progress(&format!("modbus: round {round} of {rounds}: {words}"));
            rates.push((ours.transactions_per_s, bare_per_s));
            cpu.push((ours.cpu_us, bare_cpu_us));
            driven.push(ours);
        }
        let what = layout.words(connections);
        let peer = "bare tokio-modbus loop, nothing decoded";
        let row = Row::of_rounds("modbus", &*what, "transactions/s", peer, &rates);
        rows.push(row.target(Target::RatioAtLeast(0.9)));
        if !against_c.is_empty() {
            let row = Row::of_rounds("modbus", what, "transactions/s", "libmodbus's C client, a thread a connection", &against_c);
            rows.push(row.target(Target::RatioAtLeast(0.9)));
        }
        rows.push(Row::of_rounds("modbus", "- CPU time of this process", "us a transaction", peer, &cpu));
        let of = |pick: fn(&Rates) -> f64| Figure::of(&driven.iter().map(pick).collect::<Vec<_>>());
        let alone = |what: &str, unit, figure| Row::alone("modbus", what, unit, figure);
        rows.push(alone("- of it the driver's thread", "us a transaction", of(|rates| rates.driver_cpu_us)));
        rows.push(alone("- samples published", "million/s", of(|rates| rates.samples_per_s / 1e6)));
        rows.push(alone("- transactions that one step answers", "", of(|rates| rates.transactions_per_s / rates.steps_per_s)));
    }
    Ok(rows)
}
