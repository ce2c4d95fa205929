//! A frame of a console with 10,000 objects of which 10 % change ten times a second: what is kept is painted again from
//! triangles; against painting everything anew. CPU time of the painting thread, from messages to triangles.

use std::time::Duration;

use anyhow::{Result, ensure};
use plantroom_hmi::{Script, Stand};
use plantroom_model::{Origin, Status, TagSpec, Value, ValueKind};
use plantroom_scene::SampleTags;

use crate::figures::{Figure, Row, Target, percentile};
use crate::workplace::progress;

/// Objects of the large screen.
const OBJECTS: usize = 10_000;
/// Objects of an ordinary screen.
const FEW: usize = 1_000;
/// Frames of one round: so many that a hundredth of them is more than the slowest one.
const FRAMES: usize = 300;
/// The same of painting everything anew, of which only the middle is held against anything.
const FRAMES_ANEW: usize = 60;

/// How the C library's allocator is told to treat a console's memory: as the program tells it.
#[path = "../../../runtime/cli/src/memory.rs"]
#[expect(dead_code, reason = "a station is told something else")]
mod memory;

/// Measures it.
///
/// # Errors
/// When a screen can't be built, or paints nothing.
pub fn measure(rounds: usize) -> Result<Vec<Row>> {
    progress("paint: frames of 10,000 objects");
    memory::for_a_console();
    let mut kept = Place::new(OBJECTS, true)?;
    let mut naive = Place::new(OBJECTS, false)?;
    let (mut middles, mut slowest) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (ours, theirs) = (kept.frames(OBJECTS / 10, FRAMES), naive.frames(OBJECTS / 10, FRAMES_ANEW));
        middles.push((percentile(&ours, 0.5), percentile(&theirs, 0.5)));
        slowest.push((percentile(&ours, 0.99), percentile(&theirs, 0.99)));
    }
    let what = format!("10,000 objects, 10 % of them changed, {} corners: CPU of a frame", kept.vertices);
    let peer = "everything painted anew";
    let mut rows = vec![
        Row::of_rounds("paint", format!("{what}, p50"), "ms", peer, &middles).target(Target::RatioAtMost(0.5)),
        Row::of_rounds("paint", format!("{what}, p99"), "ms", peer, &slowest).target(Target::AtMost(8.0)),
    ];
    progress("paint: an idle screen, and opening one");
    let mut still = Place::new(FEW, true)?;
    // Two frames a second: the clock, and ages where there are any.
    let idle: Vec<f64> = (0..rounds).map(|_| percentile(&still.frames(0, FRAMES_ANEW), 0.5) * 2.0 / 10.0).collect();
    let what = "1,000 objects, nothing changes, 2 frames a second: CPU of a core";
    rows.push(Row::alone("paint", what, "%", Figure::of(&idle)).target(Target::AtMost(1.0)));
    let opened = (0..rounds).map(|_| Place::opened(FEW)).collect::<Result<Vec<_>>>()?;
    let part = |at: usize| Figure::of(&opened.iter().map(|one| one[at]).collect::<Vec<_>>());
    let what = "a screen of 1,000 objects: from its script's text to its first triangles with values";
    rows.push(Row::alone("paint", what, "ms CPU", part(0)).target(Target::AtMost(100.0)));
    let what = "the same, opened again with its script compiled";
    rows.push(Row::alone("paint", what, "ms CPU", part(1)).target(Target::AtMost(30.0)));
    Ok(rows)
}

/// A console with one large screen.
struct Place {
    stand: Stand,
    objects: usize,
    turn: usize,
    vertices: usize,
}

impl Place {
    fn new(objects: usize, keep: bool) -> Result<Self> {
        let mut place = Self { stand: stand(objects, keep), objects, turn: 0, vertices: 0 };
        for _ in 0..12 {
            place.vertices = place.stand.frame(100).vertices;
        }
        ensure!(place.vertices > objects * 10, "the screen wasn't painted: {} corners", place.vertices);
        Ok(place)
    }

    /// CPU of each of some frames, ms; before each so many values change.
    fn frames(&mut self, changes: usize, count: usize) -> Vec<f64> {
        let mut spent = Vec::with_capacity(count);
        for _ in 0..count {
            self.change(changes);
            let start = cpu();
            self.vertices = self.stand.frame(100).vertices;
            spent.push((cpu() - start).as_secs_f64() * 1_000.0);
        }
        spent
    }

    fn change(&mut self, changes: usize) {
        self.turn += 1;
        let (turn, objects) = (self.turn, self.objects);
        if changes == 0 {
            return;
        }
        self.stand.rehearsal().change(|tags, now| {
            for at in 0..changes {
                // Scattered over the whole screen, others each time.
                let tag = (at * 7_919 + turn * 104_729) % objects;
                let number = ((tag * 31 + turn * 17) % 1_000) as f64 / 10.0;
                let value = if is_switch(tag) { Value::Bool(number > 50.0) } else { Value::Float(number) };
                let _ = tags.set(&name(tag), &value, Status::GOOD, now);
            }
        });
    }

    /// CPU until a screen is painted with values, ms: from its text, and again from its compiled script.
    fn opened(objects: usize) -> Result<[f64; 2]> {
        let start = cpu();
        let mut stand = stand(objects, true);
        let mut vertices = 0;
        for _ in 0..12 {
            vertices = stand.frame(20).vertices;
            if vertices > objects * 10 {
                break;
            }
        }
        let first = (cpu() - start).as_secs_f64() * 1_000.0;
        ensure!(vertices > objects * 10, "the screen wasn't painted: {vertices} corners");
        let start = cpu();
        stand.open_again();
        stand.frame(20);
        Ok([first, (cpu() - start).as_secs_f64() * 1_000.0])
    }
}

fn name(tag: usize) -> String {
    if is_switch(tag) { format!("u{tag}/running") } else { format!("u{tag}/value") }
}

/// Three of ten are pumps and lamps, the others show numbers.
fn is_switch(tag: usize) -> bool {
    tag % 10 < 3
}

fn stand(objects: usize, keep: bool) -> Stand {
    let columns = 125;
    let rows = objects.div_ceil(columns);
    let script = format!(
        r#"screen("Large", #{{ level: 2, size: [{}, {}] }});
for i in 0..{objects} {{
    let x = 20 + (i % {columns}) * 44;
    let y = 20 + (i / {columns}) * 30;
    let kind = i % 10;
    if kind < 2 {{ pump(x + 12, y + 8, "u" + i, #{{ label: "", size: 16 }}); }}
    else if kind < 3 {{ lamp(x, y, "u" + i + "/running", #{{ label: "" }}); }}
    else if kind < 5 {{ bar(x, y, "u" + i + "/value", #{{ lying: true, w: 38, h: 8, number: false }}); }}
    else if kind < 6 {{ tank(x, y, #{{ w: 20, h: 20, tag: "u" + i + "/value", label: "" }}); }}
    else {{ value(x, y, "u" + i + "/value", #{{ w: 40, h: 18 }}); }}
}}
"#,
        columns * 44 + 40,
        rows * 30 + 40
    );
    let tag = |tag: usize| {
        let kind = if is_switch(tag) { ValueKind::Bool } else { ValueKind::Float };
        let mut spec = TagSpec::new(&name(tag), kind, Origin::System);
        spec.range = (!is_switch(tag)).then_some((0.0, 100.0));
        spec.limits.high = (!is_switch(tag)).then_some(95.0);
        spec
    };
    let tags: Vec<TagSpec> = (0..objects).map(tag).collect();
    let mut tags = SampleTags::new(&tags);
    tags.fill(plantroom_scene::Fill::Normal, plantroom_model::Utc(1_767_268_800_000_000_000));
    let files = vec![("1_large.rhai".to_owned(), script)];
    let script = Script { plant: "Bench".into(), time_zone: "UTC".into(), home: "1_large".into(), files, ..Script::default() };
    Stand::new(script, tags, "1_large", (1_600.0, 900.0), keep)
}

/// CPU time of this thread.
pub fn cpu() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer, and the clock exists on every Linux.
    let done = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    assert_eq!(done, 0, "this machine has no CPU clock for threads");
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}
