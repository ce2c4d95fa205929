//! What a frame brings for alarms, handed on: onto the board, and into the journal.

use std::sync::Arc;

use plantroom_historian::{Catalog, Journal};
use plantroom_model::{AlarmBoard, AlarmId, AlarmSpec, Frame, Priority, TagSpec};
use tokio::sync::watch;

use super::stats::AlarmStats;
use crate::inbox::ScanPlant;

/// The scan's way to hand alarms on. Waits for nobody.
pub struct AlarmOutlet {
    board: watch::Sender<Arc<AlarmBoard>>,
    journal: Arc<Journal>,
    catalog: Arc<Catalog>,
    alarms: Arc<[AlarmSpec]>,
    stats: Arc<AlarmStats>,
}

impl AlarmOutlet {
    /// For a plant that starts.
    pub fn new(journal: Arc<Journal>, alarms: Arc<[AlarmSpec]>, tags: Arc<[TagSpec]>) -> Self {
        let catalog = Catalog::new(Arc::clone(&alarms), tags);
        Self { board: watch::Sender::new(Arc::default()), journal, catalog, alarms, stats: Arc::default() }
    }

    /// Where the board can be seen.
    pub fn board(&self) -> watch::Receiver<Arc<AlarmBoard>> {
        self.board.subscribe()
    }

    /// What is counted on the way.
    pub fn stats(&self) -> &Arc<AlarmStats> {
        &self.stats
    }

    /// The project was changed.
    pub(crate) fn change_plant(&mut self, plant: &ScanPlant) {
        self.alarms = with_names_of_gone(&self.alarms, &plant.alarms);
        self.catalog = Catalog::new(Arc::clone(&self.alarms), Arc::clone(&plant.tags));
    }

    /// Hands a frame on. A frame without anything about alarms wakes nobody.
    pub(crate) fn frame(&self, frame: &Frame) {
        if frame.alarms.events.is_empty() && frame.alarms.quiet.is_empty() {
            return;
        }
        let alarms = &self.alarms;
        let priority = |alarm: AlarmId| alarms.get(alarm.0 as usize).map_or(Priority::Low, |spec| spec.priority);
        self.board.send_modify(|shared| {
            let board = Arc::make_mut(shared);
            board.apply(frame.number, &frame.alarms.events, priority);
            board.apply_quiet(frame.number, &frame.alarms.quiet);
        });
        self.stats.handed_on(frame, priority);
        self.journal.note(frame.number, &frame.alarms.events, &self.catalog);
    }
}

/// That an alarm is gone is told by its name too: otherwise the journal would know it as standing for ever.
fn with_names_of_gone(before: &[AlarmSpec], now: &Arc<[AlarmSpec]>) -> Arc<[AlarmSpec]> {
    let is_gone = |(spec, was): &(&AlarmSpec, &AlarmSpec)| spec.name.is_empty() && !was.name.is_empty();
    if !now.iter().zip(before).any(|pair| is_gone(&pair)) {
        return Arc::clone(now);
    }
    let known = before.iter().map(Some).chain(std::iter::repeat(None));
    now.iter().zip(known).map(|(spec, was)| was.filter(|was| is_gone(&(spec, was))).unwrap_or(spec).clone()).collect()
}
