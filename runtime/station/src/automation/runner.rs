//! A script's task: waits for a cause, runs the script, carries out what it asks for, one thing after the other.

use std::sync::Arc;
use std::time::Duration;

use plantroom_model::{Mono, Now, Snapshot, Status, Value};
use plantroom_project::ScriptWork;
use plantroom_script::{Program, ScriptError};
use plantroom_store::{RealDisk, read_file, replace_file};
use tokio::sync::watch;
use tokio::time::sleep;

use super::journal::Happened;
use super::schedule::{self, Schedule};
use super::script::{Memory, Moment, Ran};
use super::{Own, State};

/// How often schedules look at the clock, in ms: it may be set at any time.
const LOOK_MS: u64 = 1_000;
/// Largest file of what a script remembers that is read back, in bytes: 100 texts of the longest kind.
const MEMORY_BYTES: u64 = 1 << 20;

/// What a script knows from run to run.
struct Kept {
    memory: Memory,
    /// Tags that it has read.
    known: Vec<Arc<str>>,
    /// What its tags held when they last made it run.
    seen: Vec<Option<(Value, Status)>>,
    /// Why the last run was held back: told once.
    held: Option<String>,
}

/// Runs a script until its automation is changed or it fails.
pub(super) async fn run(own: Arc<Own>, work: ScriptWork) {
    let program = match own.scripts.compile(&work.file, &work.text) {
        Ok(program) => program,
        Err(error) => return own.stop_with("start", &error.to_string()),
    };
    let mut snapshots = own.commands.snapshots.clone();
    snapshots.mark_changed();
    let mut kept = Kept { memory: load(&own), known: Vec::new(), seen: vec![None; work.on.len()], held: None };
    let zone = own.commands.plant().time_zone.clone();
    let mut schedule = Schedule::new(&work, &zone, own.commands.clock.now());
    let mut timer = work.every_ms.map(|ms| (u64::from(ms.max(1)), own.commands.clock.now().mono));
    loop {
        let cause = next_cause(&own, &work, &mut snapshots, &mut schedule, &mut timer, &mut kept.seen).await;
        let Some(cause) = cause else { return };
        own.state(State::Running, "");
        let now = own.commands.clock.now();
        match one_run(&own, &program, &mut kept, now, &cause).await {
            Ok(ran) => carry_out(&own, &mut kept, ran, &cause).await,
            Err(error) => return own.stop_with(&cause, &error.to_string()),
        }
        own.ran(now.utc);
        own.state(State::Waiting, "");
        sleep(Duration::from_millis(u64::from(work.pause_ms))).await;
    }
}

/// Waits for the next cause; `None` when the station is stopping.
async fn next_cause(
    own: &Own,
    work: &ScriptWork,
    snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    schedule: &mut Schedule,
    timer: &mut Option<(u64, Mono)>,
    seen: &mut [Option<(Value, Status)>],
) -> Option<String> {
    loop {
        let due_in = timer.map(|(_, due)| Duration::from_nanos(due.since(own.commands.clock.now().mono)));
        tokio::select! {
            changed = snapshots.changed(), if !work.on.is_empty() => {
                changed.ok()?;
                let snapshot = Arc::clone(&snapshots.borrow_and_update());
                if let Some(name) = news(own, work, &snapshot, seen) {
                    return Some(format!("change of {name}"));
                }
            }
            () = after(due_in) => {
                if let Some((period_ms, due)) = timer {
                    // Turns that were missed are left out, and the pace stays in phase.
                    let late_ms = own.commands.clock.now().mono.since(*due) / 1_000_000;
                    *due = due.plus_ms((late_ms / *period_ms + 1) * *period_ms);
                }
                return Some("timer".to_owned());
            }
            () = sleep(Duration::from_millis(LOOK_MS)), if !work.at.is_empty() => {
                if let Some(time) = schedule.due(own.commands.clock.now()) {
                    return Some(time);
                }
            }
            else => std::future::pending().await,
        }
    }
}

async fn after(pause: Option<Duration>) {
    match pause {
        Some(pause) => sleep(pause).await,
        None => std::future::pending().await,
    }
}

/// The first tag that holds something else than when it was last looked at. What tags hold at the start is news.
fn news(own: &Own, work: &ScriptWork, snapshot: &Snapshot, seen: &mut [Option<(Value, Status)>]) -> Option<String> {
    let plant = own.commands.plant();
    let mut first = None;
    for (name, seen) in work.on.iter().zip(seen) {
        let Some(sample) = plant.tag(name).and_then(|(tag, _)| snapshot.get(tag)) else { continue };
        let is_news = match seen {
            Some((value, status)) => !value.same(&sample.value) || *status != sample.status,
            None => sample.value != Value::Null,
        };
        if is_news {
            *seen = Some((sample.value.clone(), sample.status));
            first.get_or_insert_with(|| name.to_string());
        }
    }
    first
}

/// One run on a thread of the blocking pool.
async fn one_run(own: &Arc<Own>, program: &Arc<Program>, kept: &mut Kept, now: Now, cause: &str) -> Result<Ran, ScriptError> {
    let plant = own.commands.plant();
    let snapshot = Arc::clone(&own.commands.snapshots.borrow());
    let moment =
        Moment { local: schedule::local(now.utc, &plant.time_zone), seconds: now.mono.0 as f64 / 1e9, cause: cause.to_owned() };
    let (scripts, program, memory) = (Arc::clone(&own.scripts), Arc::clone(program), kept.memory.clone());
    let mut known = std::mem::take(&mut kept.known);
    let file = Arc::clone(program.file());
    let ran = tokio::task::spawn_blocking(move || {
        let ran = scripts.run(&program, (&plant, &snapshot), (&memory, &mut known), &moment);
        (ran, known)
    });
    match ran.await {
        Ok((ran, known)) => {
            kept.known = known;
            ran
        }
        Err(_) => Err(ScriptError::new(&file, (0, 0), "the script engine failed on this script; please report it")),
    }
}

async fn carry_out(own: &Arc<Own>, kept: &mut Kept, ran: Ran, cause: &str) {
    if let Some(held) = ran.held {
        if kept.held.as_ref() != Some(&held) && !ran.wishes.is_empty() {
            own.note(cause, Happened::Held(held.clone()));
            own.tell("last_action", super::text(&format!("held back: {held}")));
        }
        kept.held = Some(held);
        return;
    }
    kept.held = None;
    for line in ran.lines {
        own.note(cause, Happened::Line(line));
    }
    if ran.memory != kept.memory {
        kept.memory = ran.memory;
        save(own, kept.memory.clone()).await;
    }
    for wish in ran.wishes {
        own.request(wish, cause).await;
    }
}

fn file(own: &Own) -> std::path::PathBuf {
    own.folder.join(format!("{}.json", own.spec.name))
}

fn load(own: &Own) -> Memory {
    match read_file(&RealDisk, &file(own), MEMORY_BYTES) {
        Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(automation = &*own.spec.name, "what it remembered can't be read, and is forgotten: {error}");
            Memory::new()
        }),
        Ok(None) => Memory::new(),
        Err(error) => {
            tracing::warn!(automation = &*own.spec.name, "what it remembered can't be read, and is forgotten: {error}");
            Memory::new()
        }
    }
}

/// What a script remembers is on the disk before its requests are made: after a restart it knows of what it did.
async fn save(own: &Own, memory: Memory) {
    let path = file(own);
    let saved = tokio::task::spawn_blocking(move || {
        let bytes = serde_json::to_vec(&memory).unwrap_or_default();
        std::fs::create_dir_all(path.parent().unwrap_or(&path)).ok();
        replace_file(&RealDisk, &path, &bytes)
    });
    if let Ok(Err(error)) = saved.await {
        tracing::error!(automation = &*own.spec.name, "what it remembers could not be kept: {error}");
    }
}
