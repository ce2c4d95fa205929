//! Memory of a million alarms, in a process of its own: what it takes is what they take.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use plantroom_alarms::AlarmEngine;

use super::{Rows, now, plant, row};
use crate::figures::{Figure, Row, Target};
use crate::workplace::progress;

/// With four limits each.
const TAGS: u32 = 250_000;

/// Measures it.
///
/// # Errors
/// When the process doesn't start or says nothing.
pub fn measure() -> Result<Vec<Row>> {
    progress("alarms: memory of a million");
    let this = std::env::current_exe().context("this program's own file can't be found")?;
    let said = Command::new(this).arg("alarm-table").output().context("the process for memory did not start")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let figures: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [specs, all, took_ms] = figures[..] else { bail!("the process for memory said {said:?}") };
    let row = |what: &str, unit: &'static str, figure: f64| Row::alone("alarms", what, unit, Figure::of(&[figure]));
    Ok(vec![
        row("1,000,000 limit alarms: what the project says of them", "MB", specs),
        row("the same with the engine, every alarm judged and 100,000 of them active", "MB", all).target(Target::AtMost(600.0)),
        row("the same: time to make the engine", "ms", took_ms),
    ])
}

/// What that process does: prints what the definitions take, what everything takes, in MB, and how long the engine took to
/// be made, in ms.
///
/// # Errors
/// When the system doesn't say.
pub fn table() -> Result<()> {
    let start = resident_mb()?;
    let (specs, tags) = plant(TAGS);
    let with_specs = resident_mb()?;
    let begin = Instant::now();
    let mut engine = AlarmEngine::new(Arc::clone(&specs), &tags, &[], 1, now(0));
    let took_ms = begin.elapsed().as_secs_f64() * 1e3;
    for first in (0..TAGS).step_by(4_096) {
        let values = (first..(first + 4_096).min(TAGS)).map(|tag| row(tag, if tag < 100_000 { 92.0 } else { 50.0 }));
        engine.apply(&values.collect::<Rows>().0, now(1));
        drop(engine.take());
    }
    let all = resident_mb()?;
    ensure!(engine.len() == 1_000_000 && engine.totals().unacknowledged == 100_000, "the engine holds something else");
    println!("{:.1} {:.1} {took_ms:.1}", with_specs - start, all - start);
    Ok(())
}

/// Resident memory of this process, in MB.
fn resident_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("the system does not say how much memory is used")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).context("no such figure")?;
    let kib: f64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).context("no number")?;
    Ok(kib * 1_024.0 / 1e6)
}
