//! What the alarm journal takes in, and how quickly it answers: on the disk that holds the build folder.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use plantroom_alarms::figures::{AlarmWords, Figures};
use plantroom_historian::{Journal, JournalReader, JournalSetup, Query, Steps};
use plantroom_model::{AlarmEvent, Now, Priority, Utc};
use plantroom_store::RealDisk;
use tempfile::TempDir;

use self::plant::{ALARMS, Plant};
use crate::figures::{Figure, Row, Target, percentile};
use crate::workplace::{folder, progress};

mod peer;
mod plant;

/// Rows that figures and questions are asked over.
const ROWS: u64 = 10_000_000;
/// Rows a second that have to be kept.
const RATE: usize = 50_000;
/// A scan of the station, in ms.
const SCAN_MS: u64 = 10;
/// How long the rate is kept up, in s.
const SUSTAINED_S: u64 = 10;

/// Measures it.
///
/// # Errors
/// When the journal can't be written, or loses a row.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    let mut rows = sustained()?;
    rows.extend(capacity(rounds.min(3))?);
    rows.extend(over_ten_million(rounds)?);
    Ok(rows)
}

fn open(folder: &TempDir, now: Now) -> Result<Journal> {
    Ok(Journal::open(Arc::new(RealDisk), folder.path(), JournalSetup::default(), now)?.0)
}

/// Frames as a station makes them, at the rate that has to be kept, and how long each is on its way to the disk.
fn sustained() -> Result<Vec<Row>> {
    progress("journal: 50,000 rows a second for 10 s");
    let folder = folder()?;
    let mut plant = Plant::new();
    let journal = open(&folder, plant.now())?;
    let noted: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let took: Arc<Mutex<(u64, Vec<f64>)>> = Arc::default();
    let (starts, times) = (noted.clone(), took.clone());
    journal.on_progress(move |progress| {
        let done = Instant::now();
        let starts = starts.lock();
        let mut times = times.lock();
        for frame in times.0..progress.recorded {
            let start = starts[frame as usize];
            times.1.push((done - start).as_secs_f64() * 1e3);
        }
        times.0 = progress.recorded;
    });
    let scans = SUSTAINED_S * 1_000 / SCAN_MS;
    let rows = RATE * SCAN_MS as usize / 1_000;
    let begun = Instant::now();
    let mut in_scan = Duration::ZERO;
    for scan in 0..scans {
        let events = plant.frame(rows);
        let due = begun + Duration::from_millis(scan * SCAN_MS);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let start = Instant::now();
        noted.lock().push(start);
        journal.note(scan + 1, &events, &plant.catalog);
        in_scan += start.elapsed();
    }
    ensure!(journal.wait_for(scans, 30_000), "the disk doesn't keep up with 50,000 rows a second: {:?}", journal.progress());
    ensure!(journal.progress().lost == 0, "rows were lost: {:?}", journal.progress());
    let times = took.lock().1.clone();
    let alone = |what: &str, unit, value: f64| Row::alone("journal", what.to_owned(), unit, Figure::of(&[value]));
    let what = "50,000 rows a second for 10 s, in scans of 500: from the scan to the disk, p50";
    Ok(vec![
        alone(what, "ms", percentile(&times, 0.5)).target(Target::AtMost(10.0)),
        alone("the same, p99", "ms", percentile(&times, 0.99)),
        alone("the same: the scan's part of a row", "ns", in_scan.as_nanos() as f64 / (scans as f64 * rows as f64)),
    ])
}

/// As many rows as it takes, in commits of 500 that each wait for the disk; SQLite with the same commits in turns.
fn capacity(rounds: usize) -> Result<Vec<Row>> {
    let mut figures = Vec::new();
    for round in 0..rounds {
        progress(&format!("journal: as quickly as it goes, round {}", round + 1));
        let folder = folder()?;
        let mut plant = Plant::new();
        let journal = open(&folder, plant.now())?;
        let frames: Vec<Vec<AlarmEvent>> = (0..200).map(|_| plant.frame(500)).collect();
        let begun = Instant::now();
        for (place, events) in frames.iter().enumerate() {
            journal.note(place as u64 + 1, events, &plant.catalog);
            ensure!(journal.wait_for(place as u64 + 1, 30_000), "the disk doesn't answer");
        }
        let ours = 100_000.0 / begun.elapsed().as_secs_f64();
        figures.push((ours, peer::sqlite(folder.path(), 200, 500)?));
    }
    let what = "commits of 500 rows, one after the other, each on the disk";
    let ours: Vec<f64> = figures.iter().map(|(ours, _)| *ours).collect();
    let with_peer: Option<Vec<(f64, f64)>> = figures.iter().map(|(ours, peer)| peer.map(|peer| (*ours, peer))).collect();
    Ok(vec![match with_peer {
        Some(rounds) => {
            Row::of_rounds("journal", what, "rows/s", "SQLite (WAL, synchronous FULL, 4 indexes), same commits", &rounds)
        }
        None => Row::alone("journal", what, "rows/s", Figure::of(&ours)),
    }])
}

/// A month of 10 million rows: figures, questions, opening.
fn over_ten_million(rounds: usize) -> Result<Vec<Row>> {
    progress("journal: writing 10 million rows");
    let folder = folder()?;
    let mut plant = Plant::new();
    let from = plant.now().utc;
    let journal = open(&folder, plant.now())?;
    let begun = Instant::now();
    let frames = ROWS / 10_000;
    for frame in 1..=frames {
        journal.note(frame, &plant.frame(10_000), &plant.catalog);
        // At most what may wait.
        ensure!(journal.wait_for(frame.saturating_sub(8), 60_000), "the disk doesn't answer");
    }
    ensure!(journal.wait_for(frames, 60_000) && journal.progress().lost == 0, "rows are missing");
    let written_s = begun.elapsed().as_secs_f64();
    journal.close(plant.now());
    let bytes: u64 = std::fs::read_dir(folder.path())?.map(|entry| Ok(entry?.metadata()?.len())).sum::<std::io::Result<u64>>()?;
    let alone = |what: &str, unit, values: &[f64]| Row::alone("journal", what.to_owned(), unit, Figure::of(values));
    let mut rows = vec![
        alone("10 million rows written, making them included", "s", &[written_s]),
        alone("10 million rows: bytes a row on the disk", "", &[bytes as f64 / ROWS as f64]),
    ];
    let mut opened = Vec::new();
    for _ in 0..rounds.min(3) {
        let begun = Instant::now();
        let journal = open(&folder, plant.now())?;
        opened.push(begun.elapsed().as_secs_f64() * 1e3);
        journal.close(plant.now());
    }
    rows.push(alone("10 million rows: opened, with where every alarm stands", "ms", &opened));
    let reader = JournalReader::open(Arc::new(RealDisk), folder.path())?;
    rows.extend(figures(&reader, (from, plant.now().utc), rounds)?);
    rows.extend(questions(&reader, (from, plant.now().utc), rounds)?);
    Ok(rows)
}

/// Key figures over everything, read from the disk; against counting rows that lie in memory.
fn figures(reader: &JournalReader, (from, until): (Utc, Utc), rounds: usize) -> Result<Vec<Row>> {
    let mut whole = Vec::new();
    let mut live = Vec::new();
    let mut kept = Vec::new();
    for round in 0..rounds {
        progress(&format!("journal: key figures over 10 million rows, round {}", round + 1));
        let mut figures = Figures::new(&[], TimeZone::UTC, from);
        let begun = Instant::now();
        reader.steps(from, Utc(until.0 + 1), |steps| match steps {
            Steps::Alarm(alarm, texts) => figures.alarm(alarm, texts.priority, &texts.area),
            Steps::Stood(step) => figures.stood(&step),
            Steps::Rows(rows) => rows.iter().for_each(|step| figures.apply(step)),
            Steps::Gap(gap) => figures.gap(gap.from, gap.to),
        })?;
        let all = figures.figures(until, &|_| AlarmWords::default());
        let ours = begun.elapsed().as_secs_f64();
        ensure!(all.positions[0].alarms > 0, "no alarm was counted");
        if kept.is_empty() {
            reader.steps(from, Utc(until.0 + 1), |steps| {
                if let Steps::Rows(rows) = steps {
                    kept.extend_from_slice(rows);
                }
            })?;
            ensure!(kept.len() as u64 == ROWS, "{} rows were read", kept.len());
        }
        let begun = Instant::now();
        let counted = peer::count(&kept);
        let bare = begun.elapsed().as_secs_f64();
        ensure!(counted > 0, "no row was counted");
        whole.push((ours, bare));
        let mut figures = Figures::new(&[], TimeZone::UTC, from);
        (0..ALARMS).for_each(|alarm| figures.alarm(plantroom_model::AlarmId(alarm), Priority::Low, "area"));
        let begun = Instant::now();
        kept.iter().for_each(|step| figures.apply(step));
        live.push(begun.elapsed().as_nanos() as f64 / kept.len() as f64);
    }
    let what = "key figures over 10 million rows, read from the disk";
    let peer = "bare loop over rows in memory: by alarm and by window";
    Ok(vec![
        Row::of_rounds("journal", what, "s", peer, &whole).target(Target::AtMost(1.0)),
        Row::alone("journal", "key figures live: an event", "ns", Figure::of(&live)),
    ])
}

fn questions(reader: &JournalReader, (from, until): (Utc, Utc), rounds: usize) -> Result<Vec<Row>> {
    progress("journal: questions over 10 million rows");
    let middle = Utc(from.0 + (until.0 - from.0) / 2);
    let hour = Query { from: Some(middle), until: Some(Utc(middle.0 + 3_600_000_000_000)), ..Query::default() };
    let area = Query { areas: vec!["area_6".into()], priorities: vec![Priority::High], ..Query::default() };
    let nowhere = Query { text: Some("no such text".into()), look_at: u64::MAX, ..Query::default() };
    let asked = [
        ("the newest 100 of 10 million rows", Query::default()),
        ("100 rows of an hour in the middle of 10 million", hour),
        ("the newest 100 of an area and a priority, of 10 million", area),
        ("a text that is nowhere in 10 million rows", nowhere),
    ];
    let mut rows = Vec::new();
    for (what, query) in asked {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let begun = Instant::now();
            let page = reader.page(&query)?;
            times.push(begun.elapsed().as_secs_f64() * 1e3);
            ensure!(page.rows.len() == if query.text.is_some() { 0 } else { 100 }, "{what}: {} rows", page.rows.len());
        }
        rows.push(Row::alone("journal", what, "ms", Figure::of(&times)));
    }
    Ok(rows)
}
