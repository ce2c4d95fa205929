//! What a frame brings for alarms, handed on: onto the board, and into the journal.

use std::sync::Arc;

use plantroom_historian::{Catalog, Journal};
use plantroom_model::{AlarmBoard, AlarmId, AlarmSpec, Frame, Priority, TagSpec};
use tokio::sync::watch;

use crate::inbox::ScanPlant;

/// The scan's way to hand alarms on. Waits for nobody.
pub struct AlarmOutlet {
    board: watch::Sender<Arc<AlarmBoard>>,
    journal: Arc<Journal>,
    catalog: Arc<Catalog>,
    alarms: Arc<[AlarmSpec]>,
}

impl AlarmOutlet {
    /// For a plant that starts.
    pub fn new(journal: Arc<Journal>, alarms: Arc<[AlarmSpec]>, tags: Arc<[TagSpec]>) -> Self {
        let catalog = Catalog::new(Arc::clone(&alarms), tags);
        Self { board: watch::Sender::new(Arc::default()), journal, catalog, alarms }
    }

    /// Where the board can be seen.
    pub fn board(&self) -> watch::Receiver<Arc<AlarmBoard>> {
        self.board.subscribe()
    }

    /// The project was changed.
    pub(crate) fn change_plant(&mut self, plant: &ScanPlant) {
        self.catalog = Catalog::new(Arc::clone(&plant.alarms), Arc::clone(&plant.tags));
        self.alarms = Arc::clone(&plant.alarms);
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
        self.journal.note(frame.number, &frame.alarms.events, &self.catalog);
    }
}
