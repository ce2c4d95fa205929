//! Scripted alarms: a thread of their own evaluates what is due, and what they say enters by the inbox like samples.
//! A script that loops or throws costs its own alarms their certainty, and nobody any time.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use plantroom_model::{AlarmId, ConditionSource, ConditionWord, Conditions, Frame, Mono, Snapshot, Status, TagId};
use plantroom_project::Plant;
use plantroom_script::{AlarmRunner, AlarmScript, TagNow, Watch};
use serde_json::json;
use tokio::sync::watch;

use super::keep::{self, Keeper, Kept};
use crate::alarms::OwnAlarms;
use crate::change::text::digest;
use crate::clock::Clock;
use crate::flow::FrameReader;
use crate::inbox::{Inbox, What};
use crate::now_running::NowRunning;

/// How long the thread sleeps at most, in ms: so it notices that the station stops, or that its project was changed.
const LOOK_MS: u64 = 250;
/// How long what scripts say waits for room in the inbox before it is tried again, in ms.
const RETRY_MS: u64 = 20;

/// How often it is kept what alarms keep, in ms, while scripts run: so much of it a power cut may cost.
const KEEP_MS: u64 = 5_000;

/// Frames that wait as they are; of more only the tags are kept.
const FRAMES: usize = 16;

/// What has changed since the scripts looked last.
#[derive(Debug, Default)]
struct Desk {
    /// There are scripts that want to know.
    wanted: AtomicBool,
    heard: Mutex<Heard>,
    bell: Condvar,
}

/// Frames and not tags: whoever looks at them is this thread, not the scan that hands them over.
#[derive(Debug, Default)]
struct Heard {
    frames: Vec<Arc<Frame>>,
    /// The tags of frames that there was no room for.
    tags: HashSet<TagId>,
    stop: bool,
}

impl Heard {
    /// Keeps of its frames what the scripts need of them.
    fn gather(&mut self) {
        let rows = self.frames.iter().flat_map(|frame| frame.changes.rows().iter().map(|row| row.tag));
        self.tags.extend(rows);
        self.frames.clear();
    }
}

/// Evaluates scripted alarms.
pub struct AlarmScripts {
    desk: Arc<Desk>,
    figures: Arc<Mutex<Vec<ScriptFigures>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What is counted of one script, since it was begun with.
#[derive(Clone, Debug, Default)]
pub struct ScriptFigures {
    /// Its path: `alarms/clogs.rhai`.
    pub path: String,
    /// Alarms that were evaluated.
    pub runs: u64,
    /// Of these, those whose script failed.
    pub failures: u64,
    /// Alarms that can't be told at the moment, because their script failed last or can't be run at all.
    pub stopped: u64,
    /// How long all of it took, in ns.
    pub took_ns: u64,
}

/// What the thread works with.
struct Work {
    desk: Arc<Desk>,
    running: Arc<NowRunning>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    clock: Arc<dyn Clock>,
    inbox: Arc<Inbox>,
    own: Arc<OwnAlarms>,
    plant: Arc<Plant>,
    /// One a file, in the order of the plant's list; `None` where it can't be run.
    runners: Vec<Option<(Arc<str>, AlarmRunner)>>,
    /// What has changed and wasn't looked at yet.
    changed: HashSet<TagId>,
    /// What found no room in the inbox yet; until it has, nothing more is evaluated.
    waiting: Vec<What>,
    /// What was kept before the start, until the first runners have it.
    before: Kept,
    keeper: Keeper,
    /// When it is kept next.
    keep_at: Mono,
    figures: Arc<Mutex<Vec<ScriptFigures>>>,
}

impl AlarmScripts {
    /// Starts.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        running: Arc<NowRunning>,
        snapshots: watch::Receiver<Arc<Snapshot>>,
        (clock, inbox, own): (Arc<dyn Clock>, Arc<Inbox>, Arc<OwnAlarms>),
        data: &Path,
    ) -> std::io::Result<Arc<Self>> {
        let desk = Arc::new(Desk::default());
        let figures = Arc::default();
        let keep_at = clock.now().mono.plus_ms(KEEP_MS);
        let plant = running.plant();
        let mut work = Work {
            desk: Arc::clone(&desk),
            running,
            snapshots,
            clock,
            inbox,
            own,
            plant: Arc::clone(&plant),
            runners: Vec::new(),
            changed: HashSet::new(),
            waiting: Vec::new(),
            before: keep::read(data),
            keeper: Keeper::start(data)?,
            keep_at,
            figures: Arc::clone(&figures),
        };
        let run = move || {
            work.begin(&plant);
            work.run();
            work.keep();
        };
        let thread = std::thread::Builder::new().name("alarm-scripts".to_owned()).spawn(run)?;
        Ok(Arc::new(Self { desk, figures, thread: Mutex::new(Some(thread)) }))
    }

    /// What is counted of each script.
    pub fn figures(&self) -> Vec<ScriptFigures> {
        self.figures.lock().clone()
    }

    /// Stops; what is being evaluated is finished.
    pub fn stop(&self) {
        self.desk.heard.lock().stop = true;
        self.desk.bell.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl FrameReader for AlarmScripts {
    fn frame(&self, frame: &Arc<Frame>) {
        if frame.changes.is_empty() || !self.desk.wanted.load(Ordering::Relaxed) {
            return;
        }
        let mut heard = self.desk.heard.lock();
        if heard.frames.len() >= FRAMES {
            heard.gather();
        }
        heard.frames.push(Arc::clone(frame));
        drop(heard);
        self.desk.bell.notify_one();
    }
}

impl Work {
    fn run(&mut self) {
        let mut due = Some(self.clock.now().mono);
        loop {
            let now = self.clock.now().mono;
            let longest = due.map_or(LOOK_MS, |due| (due.since(now).div_ceil(1_000_000)).min(LOOK_MS));
            let longest = if self.waiting.is_empty() { longest } else { longest.min(RETRY_MS) };
            let Some(changed) = self.wait(Duration::from_millis(longest)) else { return };
            self.changed.extend(changed);
            let plant = self.running.plant();
            if !Arc::ptr_eq(&plant, &self.plant) {
                self.begin(&plant);
                due = Some(self.clock.now().mono);
            }
            let is_due = due.is_some_and(|due| due <= self.clock.now().mono);
            if self.waiting.is_empty() && (is_due || !self.changed.is_empty()) {
                let changed = std::mem::take(&mut self.changed);
                due = self.evaluate(&changed);
            }
            self.hand_over();
            let now = self.clock.now().mono;
            if now >= self.keep_at {
                self.keep_at = now.plus_ms(KEEP_MS);
                self.keep();
            }
        }
    }

    /// Waits for changes, at most so long; `None` when the station stops.
    fn wait(&self, longest: Duration) -> Option<HashSet<TagId>> {
        let mut heard = self.desk.heard.lock();
        if heard.frames.is_empty() && heard.tags.is_empty() && !heard.stop {
            self.desk.bell.wait_for(&mut heard, longest);
        }
        if heard.stop {
            return None;
        }
        let mut taken = std::mem::take(&mut *heard);
        drop(heard);
        taken.gather();
        Some(taken.tags)
    }

    /// Makes runners for a plant; what alarms of the same names and the same script kept goes on.
    fn begin(&mut self, plant: &Arc<Plant>) {
        let instances: Arc<[(String, String)]> = plant.instances.clone().into();
        let mut old: Vec<_> = self.runners.drain(..).flatten().collect();
        let (before, now) = (std::mem::take(&mut self.before), self.clock.now().mono);
        let file = |file: &plantroom_project::ScriptFile| ScriptFigures { path: file.path.clone(), ..ScriptFigures::default() };
        *self.figures.lock() = plant.alarm_scripts.iter().map(file).collect();
        for (place, file) in plant.alarm_scripts.iter().enumerate() {
            let of_it = plant.scripted_alarms.iter().filter(|alarm| alarm.script as usize == place);
            let watches: Vec<Watch> = of_it.clone().map(|alarm| watch_of(plant, alarm)).collect();
            let alarms: Vec<AlarmId> = of_it.map(|alarm| alarm.alarm).collect();
            let made =
                AlarmScript::compile(&file.path, &file.text).and_then(|script| AlarmRunner::new(&script, &instances, watches));
            match made {
                Ok(mut runner) => {
                    let same = old.iter().position(|(text, _)| *text == file.text);
                    if let Some((_, old)) = same.map(|place| old.swap_remove(place)) {
                        runner.take_over(old);
                    } else if let Some(kept) = kept_of(&before, file) {
                        runner.restore(kept, now);
                    }
                    self.runners.push(Some((Arc::clone(&file.text), runner)));
                }
                Err(error) => {
                    // `check` has compiled it; here only what changed in between can be wrong.
                    tracing::error!("an alarm script can't be run: {error}");
                    self.unknown(place, &alarms);
                    self.runners.push(None);
                    if let Some(figures) = self.figures.lock().get_mut(place) {
                        figures.stopped = alarms.len() as u64;
                    }
                }
            }
        }
        self.desk.wanted.store(!self.runners.is_empty(), Ordering::Relaxed);
        self.plant = Arc::clone(plant);
    }

    /// Evaluates what reads one of these tags or is due; when the next is due.
    fn evaluate(&mut self, changed: &HashSet<TagId>) -> Option<Mono> {
        let snapshot = self.snapshots.borrow().clone();
        let (plant, now) = (Arc::clone(&self.plant), self.clock.now());
        let names: Vec<&str> =
            changed.iter().filter_map(|tag| plant.tags.get(tag.0 as usize)).map(|spec| spec.name.as_str()).collect();
        let mut read = |name: &str| tag_now(&plant, &snapshot, name);
        let mut due: Option<Mono> = None;
        let mut said = Vec::new();
        for (place, slot) in self.runners.iter_mut().enumerate() {
            let Some((_, runner)) = slot else { continue };
            let begun = self.clock.now().mono;
            let evaluated = runner.evaluate(&names, &mut read, now);
            if evaluated.runs > 0
                && let Some(figures) = self.figures.lock().get_mut(place)
            {
                (figures.runs, figures.failures) = (figures.runs + evaluated.runs, figures.failures + evaluated.failures);
                figures.stopped = runner.failing().count() as u64;
                figures.took_ns += self.clock.now().mono.since(begun);
            }
            for line in &evaluated.printed {
                tracing::info!(script = plant.alarm_scripts.get(place).map_or("", |file| &file.path), "{line}");
            }
            for (alarm, error) in &evaluated.errors {
                let name = plant.alarms.get(alarm.0 as usize).map_or("", |spec| spec.name.as_str());
                tracing::error!(alarm = name, "a scripted alarm can't be told: {error}");
            }
            due = [due, evaluated.due].into_iter().flatten().min();
            if !evaluated.conditions.rows.is_empty() {
                said.push(What::Conditions { from: ConditionSource::Script(place as u32), words: evaluated.conditions });
            }
        }
        self.waiting.append(&mut said);
        self.tell_errors();
        due
    }

    /// What fails is an alarm of the station, until it works again.
    fn tell_errors(&self) {
        let failing = self.runners.iter().flatten().flat_map(|(_, runner)| runner.failing());
        let mut words = failing.map(|(alarm, error)| {
            let name = self.plant.alarms.get(alarm.0 as usize).map_or("", |spec| spec.name.as_str());
            format!("{name}: {error}")
        });
        let (first, more) = (words.next(), words.count());
        let wrong = first.map(|first| if more == 0 { first } else { format!("{first} (and {more} more)") });
        let broken = self.runners.iter().filter(|runner| runner.is_none()).count();
        let wrong =
            wrong.or_else(|| (broken > 0).then(|| format!("{broken} file(s) of alarm scripts can't be run; see the log")));
        self.own.set("system/alarms/scripts", "scripts", wrong);
    }

    fn unknown(&mut self, place: usize, alarms: &[AlarmId]) {
        let word = |alarm: &AlarmId| (*alarm, ConditionWord::Unknown(Status::BAD_CONFIGURATION));
        let words = Conditions { rows: alarms.iter().map(word).collect() };
        self.waiting.push(What::Conditions { from: ConditionSource::Script(place as u32), words });
    }

    /// Hands over what alarms keep, where any of them was evaluated.
    fn keep(&mut self) {
        if !self.runners.iter().flatten().any(|(_, runner)| runner.has_run()) {
            return;
        }
        let mut kept = Kept::new();
        for (file, slot) in self.plant.alarm_scripts.iter().zip(&mut self.runners) {
            let Some((text, runner)) = slot else { continue };
            kept.insert(file.path.clone(), json!({ "text": digest(text.as_bytes()), "alarms": runner.keep() }));
        }
        self.keeper.keep(kept);
    }

    /// What is said must not be lost: it waits here, in order, until there is room.
    fn hand_over(&mut self) {
        let now = self.clock.now();
        let taken = self.waiting.iter().take_while(|what| self.inbox.try_put(now, what)).count();
        self.waiting.drain(..taken);
    }
}

/// What was kept of a script's alarms, where its text is the same.
fn kept_of<'a>(before: &'a Kept, file: &plantroom_project::ScriptFile) -> Option<&'a Kept> {
    let kept = before.get(&file.path).filter(|kept| kept["text"] == digest(file.text.as_bytes()).as_str())?;
    kept["alarms"].as_object()
}

/// A tag as scripts see it; `None` where there is none.
pub(crate) fn tag_now(plant: &Plant, snapshot: &Snapshot, name: &str) -> Option<TagNow> {
    let (id, spec) = plant.tag(name)?;
    Some(TagNow {
        sample: snapshot.get(id)?.clone(),
        kind: Some(spec.kind),
        unit: spec.unit.clone(),
        decimals: spec.decimals,
        states: spec.states.clone(),
    })
}

fn watch_of(plant: &Plant, alarm: &plantroom_project::ScriptedAlarm) -> Watch {
    Watch {
        alarm: alarm.alarm,
        name: plant.alarms.get(alarm.alarm.0 as usize).map(|spec| spec.name.to_string()).unwrap_or_default(),
        call: alarm.call,
        on: Arc::clone(&alarm.on),
        parameters: alarm.parameters.clone(),
    }
}
