//! Where every alarm stands, by name: what a new file begins with, and what a restarted station takes over.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{AlarmBoard, AlarmEvent, AlarmId, AlarmRow, Priority};

use super::AlarmTexts;

/// All alarms to which something has happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standings {
    places: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<AlarmTexts>>,
    board: AlarmBoard,
    /// The highest number of an occurrence.
    pub last_occurrence: u64,
}

impl Standings {
    /// The place of an alarm, which stays.
    pub fn place(&mut self, texts: &Arc<AlarmTexts>) -> u32 {
        if let Some(place) = self.places.get(&texts.name) {
            self.texts[*place as usize].clone_from(texts);
            return *place;
        }
        let place = self.texts.len() as u32;
        self.places.insert(texts.name.clone(), place);
        self.texts.push(texts.clone());
        place
    }

    /// The texts of the alarm at a place are these now.
    pub fn renamed(&mut self, place: u32, texts: &Arc<AlarmTexts>) {
        if let Some(kept) = self.texts.get_mut(place as usize)
            && !Arc::ptr_eq(kept, texts)
        {
            kept.clone_from(texts);
        }
    }

    /// Takes in what a file began with.
    pub fn begin(&mut self, texts: &Arc<AlarmTexts>, row: AlarmRow) {
        let place = self.place(texts);
        self.last_occurrence = self.last_occurrence.max(row.standing.occurrence.0);
        self.board.restore(AlarmId(place), row, texts.priority);
    }

    /// Takes in what happened to the alarm at a place.
    pub fn apply(&mut self, place: u32, mut event: AlarmEvent) {
        self.last_occurrence = self.last_occurrence.max(event.to.occurrence.0).max(event.occurrence.0);
        let priority = self.texts.get(place as usize).map_or(Priority::Low, |texts| texts.priority);
        event.alarm = AlarmId(place);
        self.board.apply(1, &[event], |_| priority);
    }

    /// What is to be shown of the alarm at a place; `None` where nothing ever happened to it.
    pub fn get(&self, place: u32) -> Option<&AlarmRow> {
        self.board.get(AlarmId(place))
    }

    /// All that stand other than normal.
    pub fn shown(&self) -> impl Iterator<Item = (&Arc<AlarmTexts>, &AlarmRow)> {
        let all = self.texts.iter().enumerate().filter_map(|(place, texts)| Some((texts, self.get(place as u32)?)));
        all.filter(|(_, row)| !row.standing.is_at_rest())
    }
}
