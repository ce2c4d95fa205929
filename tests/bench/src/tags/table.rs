//! Memory of a station's tables for a million tags, in a process of its own: what it takes is what they take.

use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use plantroom_model::{Frame, Snapshot, TagSpec};
use plantroom_tags::TagEngine;

use super::{MILLION, batches, now, plant_tag};
use crate::figures::{Figure, Row, Target};

/// Measures it.
///
/// # Errors
/// When the process doesn't start or says nothing.
pub fn measure() -> Result<Vec<Row>> {
    let this = std::env::current_exe().context("this program's own file can't be found")?;
    let said = Command::new(this).arg("tag-table").output().context("the process for memory did not start")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let figures: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [specs, engine, snapshot] = figures[..] else { anyhow::bail!("the process for memory said {said:?}") };
    let row = |what: &str, figure: f64| Row::alone("tags", what, "MB", Figure::of(&[figure]));
    Ok(vec![
        row("1 million tags of 100 types: engine and snapshot, every tag with a value", engine + snapshot),
        row("the same with what the project says of each (name, unit, description, address, limits)", specs + engine + snapshot)
            .target(Target::AtMost(300.0)),
    ])
}

/// What that process does: prints what specs, engine and snapshot take, in MB.
///
/// # Errors
/// When the system doesn't say.
pub fn table() -> Result<()> {
    let start = resident_mb()?;
    let specs: Arc<[TagSpec]> = (0..MILLION).map(plant_tag).collect();
    let with_specs = resident_mb()?;
    let mut engine = TagEngine::with_totals(&specs, &[], &[], now(0));
    let mut snapshot = Snapshot::waiting(specs.len());
    for batch in &batches(MILLION, true) {
        engine.apply(batch, now(1));
        snapshot.apply(&Frame { number: 1, now: now(1), changes: engine.take_changes() });
    }
    let with_snapshot = resident_mb()?;
    drop(snapshot);
    drop(engine);
    println!("{:.1} {:.1} 0", with_specs - start, with_snapshot - with_specs);
    Ok(())
}

fn resident_mb() -> Result<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").context("the system does not say how much memory is used")?;
    let pages: f64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).context("statm")?;
    Ok(pages * 4_096.0 / 1e6)
}
