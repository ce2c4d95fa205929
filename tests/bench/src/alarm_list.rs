//! A frame of a console that knows 100,000 alarms, with its list open while alarms come and go; and opening the list with all
//! of them in it. CPU time of the painting thread, from messages to triangles.

use anyhow::{Result, ensure};
use plantroom_hmi::{Script, Stand};
use plantroom_model::{AlarmState, Priority, Value};
use plantroom_scene::SampleTags;
use plantroom_wire::{AlarmBatch, AlarmInfo, AlarmNow, AlarmTotals};

use crate::figures::{Figure, Row, Target, percentile};
use crate::paint::cpu;
use crate::workplace::progress;

/// Alarms that the console has heard of.
const KNOWN: u32 = 100_000;
/// Of them in the list: the flood of record, a regional grid's collapse.
const ACTIVE: u32 = 15_000;
/// Changes before each frame: all of that flood would be over within a second.
const CHANGES: u32 = 250;
/// Frames of one round.
const FRAMES: usize = 60;
/// 2026-01-01 12:00:00 UTC, in s.
const START_S: i64 = 1_767_268_800;

/// Measures it.
///
/// # Errors
/// When nothing is painted.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    progress("alarm-list: frames with 15,000 of 100,000 alarms active");
    let mut flood = Desk::new(ACTIVE)?;
    let closed: Vec<f64> = (0..rounds).map(|_| percentile(&flood.frames(), 0.5)).collect();
    flood.open()?;
    let (mut middles, mut slowest) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let frames = flood.frames();
        middles.push(percentile(&frames, 0.5));
        slowest.push(percentile(&frames, 0.99));
    }
    progress("alarm-list: opening a list of 100,000");
    let mut opened = Vec::new();
    for _ in 0..rounds {
        opened.push(Desk::new(KNOWN)?.open()?);
    }
    let pairs: Vec<(f64, f64)> = middles.iter().zip(&closed).map(|(ours, bare)| (*ours, *bare)).collect();
    let what = format!("100,000 alarms known, 15,000 in the open list, {CHANGES} change before each frame: CPU of a frame");
    Ok(vec![
        Row::of_rounds("alarm-list", format!("{what}, p50"), "ms", "the same without the list", &pairs)
            .target(Target::AtMost(16.0)),
        Row::alone("alarm-list", format!("{what}, p99"), "ms", Figure::of(&slowest)).target(Target::AtMost(16.0)),
        Row::alone(
            "alarm-list",
            "a list of 100,000 active alarms: opened, ms CPU until it is painted",
            "ms",
            Figure::of(&opened),
        )
        .target(Target::AtMost(100.0)),
    ])
}

/// A console over a station that tells of alarms.
struct Desk {
    stand: Stand,
    active: u32,
    turn: u32,
    vertices: usize,
}

impl Desk {
    fn new(active: u32) -> Result<Self> {
        let files = vec![("1_bench.rhai".to_owned(), "screen(\"Bench\", #{ level: 1 });\n".to_owned())];
        let script =
            Script { plant: "Bench".into(), time_zone: "UTC".into(), home: "1_bench".into(), files, ..Script::default() };
        let stand = Stand::new(script, SampleTags::new(&[]), "1_bench", (1_600.0, 900.0), true);
        let mut desk = Self { stand, active, turn: 0, vertices: 0 };
        for part in 0..KNOWN / 4_000 {
            let ids = part * 4_000..(part + 1) * 4_000;
            let more = ids.end < KNOWN;
            let (infos, rows) = (ids.clone().map(info).collect(), ids.map(|id| desk.row(id)).collect());
            desk.stand.rehearsal().change_alarms(AlarmBatch {
                whole: part == 0,
                more,
                infos,
                rows,
                counts: desk.counts(),
                ..AlarmBatch::default()
            });
        }
        for _ in 0..12 {
            desk.vertices = desk.stand.frame(100).vertices;
        }
        ensure!(desk.vertices > 1_000, "the console wasn't painted: {} corners", desk.vertices);
        Ok(desk)
    }

    fn row(&self, id: u32) -> AlarmNow {
        // Scattered, so that what is active isn't what was told first.
        let is_active = (u64::from(id) * 7_919 + u64::from(self.turn) * 104_729) % u64::from(KNOWN) < u64::from(self.active);
        let state =
            if is_active { [AlarmState::Unacknowledged, AlarmState::Acknowledged][id as usize % 2] } else { AlarmState::Normal };
        let came = (START_S + i64::from(id % 3_600) - 3_600 + i64::from(self.turn)) * 1_000_000_000;
        let (occurrence, value) = (u64::from(self.turn) * u64::from(KNOWN) + u64::from(id) + 1, Value::Float(92.4));
        AlarmNow { id, occurrence, state: state as u8, came, value, limit: Some(90.0), ..AlarmNow::default() }
    }

    fn counts(&self) -> AlarmTotals {
        let each = self.active / 4;
        AlarmTotals {
            listed: [0, each, each, each, each],
            unacknowledged: [0, each / 2, each / 2, each / 2, each / 2],
            ..AlarmTotals::default()
        }
    }

    /// CPU of each of some frames, ms; before each so many alarms change.
    fn frames(&mut self) -> Vec<f64> {
        let mut spent = Vec::with_capacity(FRAMES);
        for _ in 0..FRAMES {
            self.turn += 1;
            let rows = (0..CHANGES).map(|at| self.row((at * 397 + self.turn * 7_919) % KNOWN)).collect();
            self.stand.rehearsal().change_alarms(AlarmBatch { rows, counts: self.counts(), ..AlarmBatch::default() });
            let start = cpu();
            self.vertices = self.stand.frame(16).vertices;
            spent.push((cpu() - start).as_secs_f64() * 1_000.0);
        }
        spent
    }

    /// Opens the list: CPU until it is painted, ms.
    fn open(&mut self) -> Result<f64> {
        let before = self.vertices;
        self.stand.show_alarms();
        let start = cpu();
        // A window of egui's finds its size in its first frame, unseen.
        for _ in 0..2 {
            self.vertices = self.stand.frame(16).vertices;
        }
        let spent = (cpu() - start).as_secs_f64() * 1_000.0;
        ensure!(self.vertices > before + 4_000, "the list wasn't painted: {} corners, {before} before", self.vertices);
        Ok(spent)
    }
}

fn info(id: u32) -> AlarmInfo {
    AlarmInfo {
        id,
        name: format!("area{}/unit{}/alarm{id}", id % 40, id % 900),
        message: format!("Motor {id} draws too much current"),
        priority: Priority::ALL[1 + id as usize % 4] as u8,
        area: format!("area{}", id % 40),
        tag: format!("area{}/unit{}/current{id}", id % 40, id % 900),
        unit: "A".into(),
        decimals: 1,
        consequence: "It trips within seconds, or its winding is damaged".into(),
        action: "Change over to the standby, then look for a jammed impeller or a worn bearing".into(),
        respond_s: 600,
        screen: format!("2_area{}", id % 40),
        instance: format!("area{}/unit{}", id % 40, id % 900),
        may_operate: true,
        ..AlarmInfo::default()
    }
}
