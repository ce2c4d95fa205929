//! Carries a change out in a running station, part after part, while everything that it doesn't touch goes on.
//!
//! In this order: the tag table (an input of the scan, so that a recording holds it), plugins that are gone, the plant
//! that everybody asks, connections, changed and new plugins, screens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use plantroom_fieldbus::Fieldbus;
use plantroom_host::{Loaded, Outside, PluginRun};
use plantroom_model::{AlarmBoard, AlarmFrame, Change, Frame, PluginId, Snapshot, TagId};
use plantroom_project::{Plant, PluginSpec};
use plantroom_server::ScreenSet;
use tokio::sync::watch;

use super::plan::{Plan, PluginStep};
use crate::clock::Clock;
use crate::handles;
use crate::inbox::{Inbox, ScanPlant, What};
use crate::now_running::{NowRunning, Running};
use crate::outside::StationOutside;
use crate::retained::Retained;
use crate::system::SystemTags;

/// How long the scan may take to take a change in, in ms: it is busy with inputs that came before.
const SCAN_MS: u64 = 10_000;
/// How long a replaced plugin is waited for, in ms: longer than it may take to finish what it has begun.
const REPLACED_MS: u64 = 3_000;
/// How often it is looked, in ms.
const LOOK_MS: u64 = 2;

/// Everything that a change reaches.
pub struct Machinery {
    /// What runs.
    pub running: Arc<NowRunning>,
    /// The way to the scan.
    pub inbox: Arc<Inbox>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Values that outlive the process.
    pub retained: Arc<Retained>,
    /// Connections.
    pub fieldbus: Arc<Fieldbus>,
    /// What plugins reach.
    pub outside: Arc<StationOutside>,
    /// Current values.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Where alarms stand.
    pub boards: watch::Receiver<Arc<AlarmBoard>>,
    /// The last change that the scan has taken in.
    pub taken: watch::Receiver<u64>,
    /// Counts them.
    pub sent: AtomicU64,
    /// Screen scripts.
    pub screens: watch::Sender<Arc<ScreenSet>>,
}

impl Machinery {
    /// Carries it out.
    ///
    /// # Errors
    /// With a sentence; nothing was changed then.
    pub fn apply(&self, plan: Plan) -> Result<(), String> {
        let before = self.running.get();
        let Plan { plant, plugins: steps, only_screens, .. } = plan;
        if only_screens {
            self.running.set(Running { plant: Arc::clone(&plant), ..Running::clone(&before) });
            self.show_screens(&before.plant, &plant);
            return Ok(());
        }
        handles::enough(&plant)?;
        self.change_tags(&plant)?;
        for (run, _) in before.plugins.iter().zip(&steps).filter(|(_, step)| matches!(step, PluginStep::Stop)) {
            // While its name is still known: its store is saved under it.
            run.iter().for_each(|run| run.stop());
        }
        let mut next = Running { plant: Arc::clone(&plant), system: Arc::new(SystemTags::of(&plant)), ..Running::clone(&before) };
        next.plugins.resize(plant.plugins.len(), None);
        next.loaded.resize(plant.plugins.len(), None);
        self.running.set(next.clone());
        self.fieldbus.apply(&plant.connections);
        let replaced = self.change_plugins(steps, &mut next);
        self.running.set(next);
        self.show_screens(&before.plant, &plant);
        wait_until(REPLACED_MS, || replaced.iter().all(|(run, times)| run.figures().replaced > *times));
        Ok(())
    }

    /// Hands the new table to the scan, and waits until it works with it.
    fn change_tags(&self, plant: &Plant) -> Result<(), String> {
        let tags = Arc::clone(&plant.tags);
        let kept = self.retained.change_plant(&tags)?;
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        let what = What::Plant(Arc::new(ScanPlant {
            number,
            tags,
            alarms: Arc::clone(&plant.alarms),
            connections: plant.connections.iter().map(|connection| Arc::clone(&connection.name)).collect(),
            plugins: plant.plugins.iter().map(|plugin| Arc::clone(&plugin.name)).collect(),
            scan_ms: (plant.scan.min_ms, plant.scan.max_ms),
            kept,
        }));
        let handed = wait_until(SCAN_MS, || self.inbox.try_put(self.clock.now(), &what));
        if handed && wait_until(SCAN_MS, || *self.taken.borrow() >= number) {
            return Ok(());
        }
        Err("The scan is too busy to take the change in; try again when there is less to do.".to_owned())
    }

    /// Starts and replaces plugins; returns those that are to be waited for, with how often they were replaced before.
    fn change_plugins(&self, steps: Vec<PluginStep>, next: &mut Running) -> Vec<(Arc<PluginRun>, u64)> {
        let mut replaced = Vec::new();
        for (index, step) in steps.into_iter().enumerate() {
            match step {
                PluginStep::Untouched => {}
                PluginStep::Stop => (next.plugins[index], next.loaded[index]) = (None, None),
                PluginStep::Replace(loaded) => {
                    self.outside.tell_origin(PluginId(index as u32), &loaded);
                    if let Some(run) = &next.plugins[index] {
                        replaced.push((Arc::clone(run), run.figures().replaced));
                        run.replace(loaded.clone(), || self.current(&next.plant.plugins[index]));
                    }
                    next.loaded[index] = Some(loaded);
                }
                PluginStep::Start(loaded) => {
                    self.outside.tell_origin(PluginId(index as u32), &loaded);
                    next.plugins[index] = self.start(loaded, index, next);
                }
            }
        }
        replaced
    }

    fn start(&self, loaded: Loaded, index: usize, next: &mut Running) -> Option<Arc<PluginRun>> {
        let spec = &next.plant.plugins[index];
        match loaded.start(Arc::clone(&self.outside) as Arc<dyn Outside>) {
            Ok(run) => {
                run.deliver_changes(self.current(spec));
                next.loaded[index] = Some(loaded);
                Some(Arc::new(run))
            }
            Err(error) => {
                tracing::error!(plugin = &*spec.name, "the plugin was not started, the system gives it no thread: {error}");
                None
            }
        }
    }

    /// What the tags hold that a plugin reads, and where the alarms stand that it hears of.
    fn current(&self, plugin: &PluginSpec) -> Arc<Frame> {
        let snapshot = self.snapshots.borrow().clone();
        let sample = |tag: &TagId| snapshot.get(*tag).map(|sample| Change { tag: *tag, sample: sample.clone() });
        let changes = plugin.grant.read.iter().filter_map(sample).collect();
        let board = self.boards.borrow().clone();
        let heard = plugin.grant.alarms.raise.iter().chain(&plugin.grant.alarms.read);
        let quiet = heard.filter_map(|alarm| board.get(*alarm).map(|row| (*alarm, row.standing))).collect();
        let alarms = AlarmFrame { quiet, ..AlarmFrame::default() };
        Arc::new(Frame { number: snapshot.number(), now: snapshot.at(), changes, alarms })
    }

    /// Consoles get scripts, instances and system tags together.
    fn show_screens(&self, old: &Plant, new: &Plant) {
        let is_same = old.screens == new.screens
            && old.assets == new.assets
            && old.instances == new.instances
            && old.home_screen == new.home_screen
            && old.tags.len() == new.tags.len();
        if !is_same {
            let next = crate::screens::set(new, self.screens.borrow().revision + 1);
            self.screens.send_replace(Arc::new(next));
        }
    }
}

/// Looks again and again; false when the time is over.
fn wait_until(longest_ms: u64, mut is_so: impl FnMut() -> bool) -> bool {
    for _ in 0..longest_ms / LOOK_MS {
        if is_so() {
            return true;
        }
        sleep(Duration::from_millis(LOOK_MS));
    }
    is_so()
}
