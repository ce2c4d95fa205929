//! Time to load 100,000 alarm definitions, beside the same project without them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::figures::{Row, Target};
use crate::workplace::progress;

/// Tags with four limits each.
const TAGS: usize = 25_000;
/// Alarms, the station's own left out.
const ALARMS: usize = 100_000;

/// Measures it.
///
/// # Errors
/// When a project can't be written or has mistakes.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    let (unit, peer) = ("s", "the same tags, no alarms");
    let mut rows = Vec::new();
    for (what, write) in [
        ("100,000 lines of alarms/*.csv, each with message, consequence and action", by_line as fn(&Path) -> Result<()>),
        ("100,000 [[alarm]] in alarms/*.toml", by_table),
        ("25,000 tags whose four limits are alarms by one pattern", by_pattern),
        ("100,000 alarms that instances inherit from their type", by_type),
    ] {
        progress(&format!("definitions: {what}"));
        let (with, without) = (tempfile::tempdir()?, tempfile::tempdir()?);
        tags(with.path(), what.contains("inherit"))?;
        tags(without.path(), what.contains("inherit"))?;
        write(with.path())?;
        let mut figures = Vec::new();
        for _ in 0..rounds {
            figures.push((load(with.path(), ALARMS)?, load(without.path(), 0)?));
        }
        rows.push(Row::of_rounds("definitions", what, unit, peer, &figures).target(Target::AtMost(1.0)));
    }
    Ok(rows)
}

/// Loads a project and says how long it took, in s.
fn load(root: &Path, alarms: usize) -> Result<f64> {
    let start = Instant::now();
    let loaded = plantroom_project::load(root);
    let seconds = start.elapsed().as_secs_f64();
    let first = loaded.diagnostics.first().map(ToString::to_string).unwrap_or_default();
    let plant = loaded.plant.with_context(|| first)?;
    let own = plant.alarms.iter().filter(|alarm| !alarm.name.starts_with("system/")).count();
    ensure!(own == alarms, "there are {own} alarms instead of {alarms}");
    Ok(seconds)
}

fn save(root: &Path, path: &str, text: &str) -> Result<()> {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap_or(root))?;
    std::fs::write(&path, text).with_context(|| path.display().to_string())
}

/// The tags of the project: one by one, or those of a type.
fn tags(root: &Path, of_type: bool) -> Result<()> {
    save(root, "plant.toml", "name = \"Bench\"\n[alarms]\nadvice = false\n")?;
    let mut csv = String::new();
    if of_type {
        save(root, "types/loop.toml", &type_text(""))?;
        csv.push_str("name,type,description\n");
        (0..TAGS).for_each(|n| drop(writeln!(csv, "area{}/loop{n},loop,Loop {n}", n % 40)));
    } else {
        csv.push_str("name,kind,memory,unit,description,range_low,range_high,high_high,high,low,low_low,hysteresis\n");
        (0..TAGS).for_each(|n| drop(writeln!(csv, "area{}/t{n},float,50,m,Level {n},0,100,95,90,10,5,1", n % 40)));
    }
    save(root, "tags/all.csv", &csv)
}

fn type_text(alarms: &str) -> String {
    format!(
        "name = \"loop\"\n[[tag]]\nname = \"pv\"\nkind = \"float\"\nmemory = 50\nunit = \"m\"\ndescription = \"{{description}}\"\n\
         range = [0, 100]\nlimits = {{ high_high = 95, high = 90, low = 10, low_low = 5, hysteresis = 1 }}\n{alarms}"
    )
}

/// Kinds of limits with a value for each.
const LIMITS: [(&str, u32); 4] = [("high_high", 95), ("high", 90), ("low", 10), ("low_low", 5)];

fn by_line(root: &Path) -> Result<()> {
    let mut csv = "name,tag,high_high,high,low,low_low,message,priority,consequence,action,respond\n".to_owned();
    for n in 0..TAGS {
        for (place, (kind, limit)) in LIMITS.iter().enumerate() {
            let (before, after) = (",".repeat(place), ",".repeat(3 - place));
            let area = n % 40;
            writeln!(
                csv,
                "area{area}/t{n}/{kind},area{area}/t{n},{before}{limit}{after},Level {n} {kind},low,It runs over,Close the inlet,5 min"
            )?;
        }
    }
    save(root, "alarms/all.csv", &csv)
}

fn by_table(root: &Path) -> Result<()> {
    let mut toml = String::new();
    for n in 0..TAGS {
        for (kind, limit) in LIMITS {
            let area = n % 40;
            writeln!(
                toml,
                "[[alarm]]\nname = \"area{area}/t{n}/{kind}\"\ntag = \"area{area}/t{n}\"\n{kind} = {limit}\nmessage = \"Level {n} {kind}\"\n\
                 consequence = \"It runs over\"\naction = \"Close the inlet\"\nrespond = \"5 min\"\n"
            )?;
        }
    }
    save(root, "alarms/all.toml", &toml)
}

fn by_pattern(root: &Path) -> Result<()> {
    save(
        root,
        "alarms/all.toml",
        "[[alarm]]\ntag = \"**\"\nlimits = true\nconsequence = \"It runs over\"\naction = \"Close the inlet\"\n",
    )
}

fn by_type(root: &Path) -> Result<()> {
    let each = LIMITS.map(|(kind, _)| {
        format!("[[alarm]]\nname = \"{kind}\"\ntag = \"pv\"\n{kind} = true\nmessage = \"{{description}} {kind}\"\naction = \"Look at {{description}}\"\n")
    });
    save(root, "types/loop.toml", &type_text(&each.concat()))
}
