//! Samples a second through the tag engine, beside a bare struct-of-arrays loop.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use plantroom_model::{Columns, Mono, Now, Origin, Scaling, Status, TagId, TagSpec, Utc, Value, ValueKind};
use plantroom_tags::TagEngine;

use crate::figures::Row;
use crate::workplace::progress;

/// Tags of the plant.
const TAGS: u32 = 100_000;
/// Rows of one batch.
const ROWS: usize = 4_096;
/// Batches of one round.
const BATCHES: usize = 256;

/// Measures it.
///
/// # Errors
/// When the engine and the loop come to different values.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    progress("tags: 100,000 tags, random samples, scaled and held against a range");
    let mut random = fastrand::Rng::with_seed(1);
    let batches: Vec<Columns> = (0..BATCHES).map(|_| batch(&mut random)).collect();
    let specs: Arc<[TagSpec]> = (0..TAGS).map(spec).collect();
    let mut engine = TagEngine::new(specs.clone(), &[], now(0));
    let mut bare = Bare::new(&specs);
    let samples = (BATCHES * ROWS) as f64;
    let mut figures = Vec::new();
    for round in 0..=rounds {
        let ours = Instant::now();
        for batch in &batches {
            engine.apply(batch, now(round));
            black_box(engine.take_changes());
        }
        let ours = samples / ours.elapsed().as_secs_f64() / 1e6;
        let theirs = Instant::now();
        for batch in &batches {
            bare.apply(batch, now(round).utc.0);
            black_box(&bare.values);
        }
        let theirs = samples / theirs.elapsed().as_secs_f64() / 1e6;
        // The first round warms up.
        if round > 0 {
            figures.push((ours, theirs));
        }
    }
    check(&engine, &bare)?;
    Ok(vec![Row::of_rounds(
        "tags",
        "tag engine, 100,000 tags at random",
        "million samples/s",
        "bare struct-of-arrays loop",
        &figures,
    )])
}

/// Both must have come to the same values, but for the last digit: the bare loop multiplies by a quotient.
fn check(engine: &TagEngine, bare: &Bare) -> Result<()> {
    for tag in 0..TAGS {
        let ours = engine.current(TagId(tag)).and_then(|sample| sample.value.as_f64()).unwrap_or(f64::NAN);
        let theirs = bare.values[tag as usize];
        let same = (ours - theirs).abs() < 1e-9 || (ours.is_nan() && theirs.is_nan());
        ensure!(same, "tag {tag}: the engine has {ours}, and the bare loop {theirs}");
    }
    Ok(())
}

fn now(round: usize) -> Now {
    Now { mono: Mono(1_000_000_000 * (round as u64 + 1)), utc: Utc(1_790_000_000_000_000_000 + round as i64) }
}

fn spec(tag: u32) -> TagSpec {
    let scaling = Scaling { raw_low: 4_000.0, raw_high: 20_000.0, eng_low: 0.0, eng_high: 100.0, fault_band: None };
    let spec = TagSpec::new(&format!("area/t{tag}"), ValueKind::Float, Origin::System);
    TagSpec { scaling: Some(scaling), range: Some((0.0, 100.0)), ..spec }
}

fn batch(random: &mut fastrand::Rng) -> Columns {
    let mut columns = Columns::default();
    for _ in 0..ROWS {
        // Some 3 % lie outside the range.
        columns.push(random.u32(0..TAGS), &Value::Uint(random.u64(3_750..20_250)), Status::GOOD, Utc(0));
    }
    columns
}

/// What a loop over arrays does for the same result, and nothing else.
struct Bare {
    slopes: Vec<f64>,
    offsets: Vec<f64>,
    lows: Vec<f64>,
    highs: Vec<f64>,
    values: Vec<f64>,
    statuses: Vec<u32>,
    source_times: Vec<i64>,
    server_times: Vec<i64>,
}

impl Bare {
    fn new(specs: &[TagSpec]) -> Self {
        let scaled = |spec: &TagSpec| {
            spec.scaling.map_or((1.0, 0.0, 0.0), |s| (s.raw_high - s.raw_low, s.eng_high - s.eng_low, s.raw_low))
        };
        let range = |spec: &TagSpec| spec.range.unwrap_or((f64::MIN, f64::MAX));
        Self {
            slopes: specs.iter().map(|spec| scaled(spec).1 / scaled(spec).0).collect(),
            offsets: specs.iter().map(|spec| scaled(spec).2).collect(),
            lows: specs.iter().map(|spec| range(spec).0).collect(),
            highs: specs.iter().map(|spec| range(spec).1).collect(),
            values: vec![f64::NAN; specs.len()],
            statuses: vec![Status::BAD_WAITING_FOR_INITIAL_DATA.0; specs.len()],
            source_times: vec![0; specs.len()],
            server_times: vec![0; specs.len()],
        }
    }

    fn apply(&mut self, batch: &Columns, at: i64) {
        for row in 0..batch.len() {
            let tag = batch.handles[row] as usize;
            let value = (batch.values[row] as f64 - self.offsets[tag]) * self.slopes[tag];
            let held = value.clamp(self.lows[tag], self.highs[tag]);
            self.statuses[tag] = if held == value { batch.statuses[row] } else { Status::UNCERTAIN_EU_EXCEEDED.0 };
            self.values[tag] = held;
            self.source_times[tag] = if batch.times[row] == 0 { at } else { batch.times[row] };
            self.server_times[tag] = at;
        }
    }
}
