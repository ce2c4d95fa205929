//! Samples a second through the tag engine, beside a bare struct-of-arrays loop and EPICS; what a million tags take is in `table`.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use plantroom_model::{
    Columns, Deadband, Frame, LimitSet, Mono, Now, Origin, Scaling, Snapshot, Status, TagId, TagSpec, Utc, Value, ValueKind,
};
use plantroom_tags::TagEngine;

use self::bare::Bare;
use self::epics::Epics;
use crate::figures::{Row, Target};
use crate::workplace::progress;

mod bare;
mod epics;
pub mod table;

/// Tags of a large plant.
const TAGS: u32 = 100_000;
/// The most that a project can have.
const MILLION: u32 = 1_000_000;
/// Rows of one batch.
const ROWS: u32 = 4_096;
/// Batches of one round.
const BATCHES: u32 = 256;

/// Measures it.
///
/// # Errors
/// When the engine and the loop come to different values.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    let mut epics = Epics::start()?;
    let mut rows = Vec::new();
    let shared: Vec<TagSpec> = (0..TAGS).map(|tag| measured_tag(tag, 0.0)).collect();
    let (against_bare, against_epics, snapshots) = race(&shared, &mut epics, rounds, "tags of one type")?;
    let (unit, bare) = ("million samples/s", "bare struct-of-arrays loop, same work");
    let what = "scaling, range, 4 limits with hysteresis, deadband, quality, both times; 100,000 tags at random";
    rows.push(Row::of_rounds("tags", what, unit, bare, &against_bare).target(Target::RatioAtLeast(0.25)));
    if let Some(figures) = against_epics {
        let peer = "EPICS base, 10,000 calc records, million/s";
        rows.push(Row::of_rounds("tags", "the same", unit, peer, &figures).target(Target::RatioAtLeast(10.0)));
    }
    rows.push(Row::of_rounds("tags", "the same, with a snapshot that takes each frame in", unit, bare, &snapshots));
    let distinct: Vec<TagSpec> = (0..TAGS).map(|tag| measured_tag(tag, f64::from(tag) * 1e-6)).collect();
    let (figures, ..) = race(&distinct, &mut None, rounds, "no two tags alike")?;
    rows.push(
        Row::of_rounds("tags", "the same, no two tags with the same scaling", unit, bare, &figures)
            .target(Target::RatioAtLeast(0.25)),
    );
    let million: Vec<TagSpec> = (0..MILLION).map(|tag| measured_tag(tag, 0.0)).collect();
    let (figures, ..) = race(&million, &mut None, rounds, "a million tags")?;
    rows.push(Row::of_rounds("tags", "the same, 1 million tags at random", unit, bare, &figures));
    Ok(rows)
}

type Rounds = Vec<(f64, f64)>;

/// Engine, bare loop and EPICS in turns. Ours against the loop, ours against EPICS, ours with snapshots against the loop.
fn race(specs: &[TagSpec], epics: &mut Option<Epics>, rounds: usize, words: &str) -> Result<(Rounds, Option<Rounds>, Rounds)> {
    progress(&format!("tags: {} at random, {words}", specs.len()));
    let batches = batches(specs.len() as u32);
    let samples = f64::from(BATCHES * ROWS) / 1e6;
    let mut engine = TagEngine::with_totals(specs, &[], &[], now(0));
    let mut bare = Bare::new(specs);
    let mut snapshot = Snapshot::waiting(specs.len());
    let (mut against_bare, mut against_epics, mut snapshots) = (Vec::new(), epics.is_some().then(Vec::new), Vec::new());
    let mut news = 0;
    // The first round warms up.
    for round in 0..=rounds {
        let at = now(round);
        let begin = Instant::now();
        for batch in &batches {
            engine.apply(batch, at);
            let changes = engine.take_changes();
            news += black_box(changes).rows().iter().filter(|row| row.is_news).count() as u64;
        }
        let ours = samples / begin.elapsed().as_secs_f64();
        let begin = Instant::now();
        for batch in &batches {
            bare.apply(batch, at.utc.0);
            black_box(&bare.values);
        }
        let theirs = samples / begin.elapsed().as_secs_f64();
        check(&engine, &bare, news)?;
        let begin = Instant::now();
        for batch in &batches {
            engine.apply(batch, at);
            snapshot.apply(&Frame { number: 1, now: at, changes: engine.take_changes(), ..Frame::default() });
        }
        let with_snapshot = samples / begin.elapsed().as_secs_f64();
        // So that both go on from the same values.
        for batch in &batches {
            bare.apply(batch, at.utc.0);
        }
        news = bare.news;
        if round > 0 {
            against_bare.push((ours, theirs));
            snapshots.push((with_snapshot, theirs));
            if let (Some(epics), Some(figures)) = (epics.as_mut(), &mut against_epics) {
                figures.push((ours, epics.round()?));
            }
        }
    }
    Ok((against_bare, against_epics, snapshots))
}

/// Both must have come to the same, but for the last digit of values: the bare loop multiplies by a quotient.
fn check(engine: &TagEngine, bare: &Bare, news: u64) -> Result<()> {
    for (place, theirs) in bare.values.iter().enumerate() {
        let tag = TagId(place as u32);
        let Some(sample) = engine.current(tag) else { continue };
        let ours = sample.value.as_f64().unwrap_or(f64::NAN);
        let same = (ours - theirs).abs() < 1e-9 || (ours.is_nan() && theirs.is_nan());
        ensure!(same, "tag {place}: the engine has {ours}, and the bare loop {theirs}");
        let (status, state) = (sample.status.0, engine.limit(tag) as u8);
        ensure!(status == bare.statuses[place], "tag {place}: status {status:x}, and the bare loop's is another");
        ensure!(state == bare.states[place], "tag {place}: limit state {state}, and {} in the bare loop", bare.states[place]);
    }
    // A value that lies on the deadband's edge to the last digit may fall on either side.
    let apart = news.abs_diff(bare.news);
    ensure!(apart * 10_000 <= bare.news, "the engine has {news} news, and the bare loop {}", bare.news);
    Ok(())
}

fn now(round: usize) -> Now {
    Now { mono: Mono(1_000_000_000 * (round as u64 + 1)), utc: Utc(1_790_000_000_000_000_000 + round as i64) }
}

/// A tag with everything that is measured; `other` makes its numbers different from those of others.
fn measured_tag(tag: u32, other: f64) -> TagSpec {
    let scaling = Scaling { raw_low: 4_000.0, raw_high: 20_000.0, eng_low: 0.0, eng_high: 100.0 + other, fault_band: None };
    let limits = LimitSet { high_high: Some(95.0), high: Some(90.0), low: Some(10.0), low_low: Some(5.0) };
    TagSpec::new(&format!("area/t{tag}"), ValueKind::Float, Origin::System).with(|tag| {
        tag.scaling = Some(scaling);
        tag.range = Some((0.0, 100.0 + other));
        tag.limits = limits;
        tag.hysteresis = 1.0;
        tag.deadband = Deadband { console: 0.0, history: 0.5 };
    })
}

/// Random rows.
fn batches(tags: u32) -> Vec<Columns> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut batch = |_| {
        let mut columns = Columns::default();
        for _ in 0..ROWS {
            // Some 3 % lie outside the range.
            columns.push(random.u32(0..tags), &Value::Uint(random.u64(3_750..20_250)), Status::GOOD, Utc(0));
        }
        columns
    };
    (0..BATCHES).map(&mut batch).collect()
}
