//! Memory of a plant of a million tags, in a process of its own: what it takes is what they take.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use plantroom_model::{Columns, Frame, Snapshot, Status, Utc, Value};
use plantroom_project::load;
use plantroom_tags::TagEngine;

use super::{MILLION, ROWS, now};
use crate::figures::{Figure, Row, Target};
use crate::workplace::progress;

/// Tags of one file; with the system tags all of them together stay within the limit of a project.
const TAGS_OF_FILE: u32 = 99_990;
const FILES: u32 = MILLION / 100_000;

/// Measures it.
///
/// # Errors
/// When the process doesn't start or says nothing.
pub fn measure() -> Result<Vec<Row>> {
    progress("million: writing, loading and filling a project of a million tags");
    let this = std::env::current_exe().context("this program's own file can't be found")?;
    let said = Command::new(this).arg("tag-table").output().context("the process for memory did not start")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let figures: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [plant, tables, peak, load_s] = figures[..] else { bail!("the process for memory said {said:?}") };
    let row = |what: &str, unit: &'static str, figure: f64| Row::alone("million", what, unit, Figure::of(&[figure]));
    Ok(vec![
        row("a project of 1 million tags in CSV files, each with name, description, address, limits: loaded", "MB", plant),
        row("the same with engine and snapshot, every tag with a value", "MB", plant + tables).target(Target::AtMost(300.0)),
        row("the same at the peak, while it was loaded", "MB", peak),
        row("the same: time to load it", "s", load_s),
    ])
}

/// What that process does: prints what the plant takes, what engine and snapshot add to it, and the peak, in MB, and how
/// long loading took, in s.
///
/// # Errors
/// When the project can't be written or loaded, or the system doesn't say.
pub fn table() -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    write_project(folder.path())?;
    let start = resident_mb("VmRSS")?;
    let begin = Instant::now();
    let loaded = load(folder.path());
    let took = begin.elapsed();
    let plant = loaded.plant.with_context(|| format!("the project: {:?}", loaded.diagnostics.first()))?;
    let with_plant = resident_mb("VmRSS")?;
    let mut engine = TagEngine::with_totals(&plant.tags, &[], &[], now(0));
    let mut snapshot = Snapshot::waiting(plant.tags.len());
    for first in (0..FILES * TAGS_OF_FILE).step_by(ROWS as usize) {
        let mut batch = Columns::default();
        for tag in first..(first + ROWS).min(FILES * TAGS_OF_FILE) {
            batch.push(tag, &Value::Float(f64::from(tag % 90)), Status::GOOD, Utc(0));
        }
        engine.apply(&batch, now(1));
        snapshot.apply(&Frame { number: 1, now: now(1), changes: engine.take_changes(), ..Frame::default() });
    }
    let with_tables = resident_mb("VmRSS")?;
    let peak = resident_mb("VmHWM")?;
    ensure!(engine.len() == plant.tags.len() && plant.tag_ids.get("area_3/flow_7").is_some(), "the plant has other tags");
    drop(snapshot);
    println!("{:.1} {:.1} {:.1} {:.2}", with_plant - start, with_tables - with_plant, peak - start, took.as_secs_f64());
    Ok(())
}

/// A hundred connections, and tags that differ in name, description and address, as a list from a spreadsheet has them.
fn write_project(root: &Path) -> Result<()> {
    let mut connections = String::new();
    let mut names = Vec::new();
    for number in 0..100 {
        writeln!(connections, "[[connection]]\nname = \"plc{number}\"\ndriver = \"modbus\"\ntcp = \"10.0.0.{number}:502\"")?;
        names.push(format!("\"plc{number}\""));
    }
    let grant = format!("connections = [{}]\npublish = [\"**\"]\n", names.join(", "));
    let plugins = format!("[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\n{grant}");
    let files = [("plant.toml", "name = \"Large\"\n"), ("connections.toml", &connections), ("plugins.toml", &plugins)];
    for (path, text) in files {
        std::fs::write(root.join(path), text)?;
    }
    std::fs::create_dir(root.join("tags"))?;
    for file in 0..FILES {
        let mut csv = "name,kind,unit,description,range_low,range_high,low,high,connection,address\n".to_owned();
        for tag in 0..TAGS_OF_FILE {
            let plc = file * 10 + tag / 10_000;
            let address = tag % 10_000 * 2;
            writeln!(
                csv,
                "area_{file}/flow_{tag},float,m3/h,Flow {tag} of area {file},0,100,5,90,plc{plc},holding {address} f32"
            )?;
        }
        std::fs::write(root.join(format!("tags/area_{file}.csv")), csv)?;
    }
    Ok(())
}

/// A figure of `/proc/self/status`, in MB.
fn resident_mb(key: &str) -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status").context("the system does not say how much memory is used")?;
    let line = status.lines().find(|line| line.starts_with(key)).context("no such figure")?;
    let kib: f64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).context("no number")?;
    Ok(kib * 1_024.0 / 1e6)
}
