//! What an alarm costs: held against a sample, when it moves, and in memory.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use plantroom_alarms::AlarmEngine;
use plantroom_model::{
    AlarmDetail, AlarmFrame, AlarmId, AlarmSpec, Changes, Condition, Label, LimitKind, LimitSource, LimitState, Mono, Now,
    Origin, PackedChange, Priority, Role, Status, TagId, TagSpec, Utc, ValueKind,
};

use self::bare::Bare;
use crate::figures::{Row, Target};
use crate::workplace::progress;

mod bare;
pub mod table;

/// Limits of a tag.
const LIMITS: u32 = 4;
/// Rows of one scan.
const ROWS: u32 = 4_096;
/// Scans of one round.
const SCANS: u32 = 64;
/// Alarms of the flood of record (a regional grid's collapse: 15,000 in 5 s), here in one scan.
const FLOOD: u32 = 15_000;

/// Measures it.
///
/// # Errors
/// When the engine and the loop come to different states.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (tags, words) in [(25_000, "100,000"), (250_000, "1,000,000")] {
        progress(&format!("alarms: {words} limits, samples at random"));
        let figures = race(tags, rounds)?;
        let what = format!("{words} limit alarms with hysteresis, 4 a tag, samples at random: a sample held against one alarm");
        let ours: Vec<f64> = figures.iter().map(|(ours, _)| *ours).collect();
        let unit = "ns an alarm";
        rows.push(
            Row::of_rounds("alarms", what, unit, "bare loop over the same limits", &figures).target(Target::RatioAtMost(3.0)),
        );
        let figure = crate::figures::Figure::of(&ours);
        rows.push(Row::alone("alarms", "- the same", unit, figure).target(Target::AtMost(30.0)));
    }
    progress("alarms: floods");
    let flood: Vec<f64> = (0..rounds).map(|_| flood()).collect::<Result<_>>()?;
    let what = "15,000 alarms come in one scan: the scan's part of it";
    rows.push(Row::alone("alarms", what, "ms", crate::figures::Figure::of(&flood)));
    let chatter: Vec<f64> = (0..rounds).map(|_| chatter()).collect::<Result<_>>()?;
    let what = "100 alarms that come and go, 50,000 transitions: one of them";
    rows.push(Row::alone("alarms", what, "ns", crate::figures::Figure::of(&chatter)));
    rows.extend(table::measure()?);
    Ok(rows)
}

/// Engine and bare loop in turns: ns an alarm that a sample was held against.
fn race(tags: u32, rounds: usize) -> Result<Vec<(f64, f64)>> {
    let (specs, tag_specs) = plant(tags);
    let mut engine = AlarmEngine::new(Arc::clone(&specs), &tag_specs, &[], 1, now(0));
    let mut bare = Bare::new(&specs, tags);
    // Every tag once, so that nothing is unknown.
    engine.apply(&(0..tags).map(|tag| row(tag, 50.0)).collect::<Rows>().0, now(0));
    black_box(engine.take());
    let mut random = fastrand::Rng::with_seed(1);
    let mut figures = Vec::new();
    // The first round warms up.
    for round in 0..=rounds {
        let scans: Vec<Changes> = (0..SCANS).map(|_| scan(&mut random, tags)).collect();
        let compared = f64::from(SCANS * ROWS * LIMITS);
        let begin = Instant::now();
        let mut moved = 0;
        for changes in &scans {
            engine.apply(changes, now(round as u64));
            moved += black_box(engine.take()).events.len();
        }
        let ours = begin.elapsed().as_secs_f64() * 1e9 / compared;
        let begin = Instant::now();
        let mut theirs_moved = 0;
        for changes in &scans {
            theirs_moved += bare.apply(changes);
            black_box(&bare.holds);
        }
        let theirs = begin.elapsed().as_secs_f64() * 1e9 / compared;
        ensure!(moved == theirs_moved, "{moved} alarms moved, and {theirs_moved} in the bare loop");
        ensure!(moved > 0, "nothing moved at all");
        for (alarm, holds) in bare.holds.iter().enumerate() {
            let ours = engine.standing(AlarmId(bare.alarms[alarm])).state.is_holding();
            ensure!(ours == *holds, "alarm {alarm} is another in the bare loop");
        }
        if round > 0 {
            figures.push((ours, theirs));
        }
    }
    Ok(figures)
}

/// A scan in which one limit of each of so many tags is passed, in ms.
fn flood() -> Result<f64> {
    let (specs, tag_specs) = plant(25_000);
    let mut engine = AlarmEngine::new(specs, &tag_specs, &[], 1, now(0));
    engine.apply(&(0..25_000).map(|tag| row(tag, 50.0)).collect::<Rows>().0, now(0));
    black_box(engine.take());
    let changes = (0..FLOOD).map(|tag| row(tag, 92.0)).collect::<Rows>().0;
    let begin = Instant::now();
    engine.apply(&changes, now(1));
    let frame: AlarmFrame = engine.take();
    let took = begin.elapsed().as_secs_f64() * 1e3;
    ensure!(frame.events.len() == FLOOD as usize, "{} of {FLOOD} alarms came", frame.events.len());
    Ok(took)
}

/// What one transition costs where nothing else happens, in ns.
fn chatter() -> Result<f64> {
    let (specs, tag_specs) = plant(1_000);
    let mut engine = AlarmEngine::new(specs, &tag_specs, &[], 1, now(0));
    engine.apply(&(0..1_000).map(|tag| row(tag, 50.0)).collect::<Rows>().0, now(0));
    black_box(engine.take());
    let (up, down): (Rows, Rows) = ((0..100).map(|tag| row(tag, 92.0)).collect(), (0..100).map(|tag| row(tag, 50.0)).collect());
    let mut moved = 0;
    let begin = Instant::now();
    for scan in 0..500_u64 {
        let changes = if scan % 2 == 0 { &up.0 } else { &down.0 };
        engine.apply(changes, now(scan + 1));
        moved += black_box(engine.take()).events.len();
    }
    let took = begin.elapsed().as_secs_f64() * 1e9;
    ensure!(moved == 50_000, "{moved} transitions instead of 50,000");
    Ok(took / 50_000.0)
}

/// So many tags with four limits each; alarms of one kind share what they have in common, as a project's do.
fn plant(tags: u32) -> (Arc<[AlarmSpec]>, Vec<TagSpec>) {
    let detail = Arc::new(AlarmDetail {
        priority: Priority::Medium,
        area: "area".into(),
        consequence: "The tank runs over within ten minutes.".into(),
        action: "Close the inlet valve; look for a stuck level switch.".into(),
        respond_s: 600,
        screen: Label::default(),
        instance: Label::default(),
        on_delay_ms: 0,
        off_delay_ms: 0,
        latching: false,
        acknowledge: true,
        realarm_s: 0,
        shelve_max_s: 8 * 3_600,
        shelve_role: Role::Operate,
        first_out: Label::default(),
    });
    let limits = [(LimitKind::HighHigh, 95.0), (LimitKind::High, 90.0), (LimitKind::Low, 10.0), (LimitKind::LowLow, 5.0)];
    let spec = |tag: u32, (kind, at): (LimitKind, f64), name: Label| AlarmSpec {
        name,
        message: "High-lift pump level beyond its limit".into(),
        condition: Condition::Limit { tag: TagId(tag), kind, at: LimitSource::Constant(at), hysteresis: 1.0 },
        detail: Arc::clone(&detail),
    };
    // Names lie together, as a project keeps them.
    let mut text = String::new();
    let mut pieces = Vec::new();
    for tag in 0..tags {
        for side in ["high_high", "high", "low", "low_low"] {
            let start = text.len() as u32;
            text.push_str(&format!("area_{}/level_{tag}/{side}", tag % 100));
            pieces.push(start..text.len() as u32);
        }
    }
    let text: Arc<Box<str>> = Arc::new(text.into());
    let message = Label::from("High-lift pump level beyond its limit");
    let all = (0..tags).flat_map(|tag| limits.into_iter().map(move |limit| (tag, limit)));
    let specs = all
        .zip(pieces)
        .map(|((tag, limit), piece)| AlarmSpec { message: message.clone(), ..spec(tag, limit, Label::of(&text, piece)) });
    let one = TagSpec::new("t", ValueKind::Float, Origin::System);
    (specs.collect(), vec![one; tags as usize])
}

fn now(s: u64) -> Now {
    Now { mono: Mono(1_000_000_000 * (s + 1)), utc: Utc(1_790_000_000_000_000_000 + s as i64 * 1_000_000_000) }
}

/// Mostly well within the limits, as plants are: some 2 % of the samples lie beyond one of them.
fn scan(random: &mut fastrand::Rng, tags: u32) -> Changes {
    let mut number = |_| {
        let tag = random.u32(0..tags);
        let value = if random.u32(0..50) == 0 { random.f64() * 100.0 } else { 15.0 + random.f64() * 70.0 };
        row(tag, value)
    };
    (0..ROWS).map(&mut number).collect::<Rows>().0
}

fn row(tag: u32, value: f64) -> PackedChange {
    PackedChange {
        bits: value.to_bits(),
        source_time: Utc(1),
        server_time: Utc(1),
        tag: TagId(tag),
        status: Status::GOOD,
        kind: ValueKind::Float,
        limit: LimitState::Normal,
        is_news: true,
    }
}

/// Rows as changes.
struct Rows(Changes);

impl FromIterator<PackedChange> for Rows {
    fn from_iter<T: IntoIterator<Item = PackedChange>>(rows: T) -> Self {
        let mut changes = Changes::default();
        for row in rows {
            changes.push_row(row);
        }
        Self(changes)
    }
}
