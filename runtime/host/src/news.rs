//! What a plugin hears of alarms: what happened since it last asked, and where they stand.

use std::collections::VecDeque;

use plantroom_model::{AlarmEvent, AlarmId, Columns, Frame, Standing, Utc, Value};

use crate::alarm_rights::AlarmRights;
use crate::bindings::conditions;
use crate::limits;

/// The hearing side of a plugin. Kept over restarts, so that standings stay true while it is down.
#[derive(Debug, Default)]
pub(crate) struct News {
    standings: Vec<(Standing, Utc)>,
    waiting: VecDeque<(u32, AlarmEvent)>,
    lost: u64,
}

/// Where alarms stand after frames that there was no room for.
pub(crate) type Overflown = std::collections::HashMap<AlarmId, (Standing, Option<Utc>)>;

impl News {
    /// Nothing heard yet.
    pub fn new(rights: &AlarmRights) -> Self {
        let handles = if rights.hears() { rights.len() } else { 0 };
        Self { standings: vec![(Standing::default(), Utc(0)); handles], ..Self::default() }
    }

    /// Whether these are somebody's news, or what is left in their place while an instance has them.
    pub fn are_whole(&self, rights: &AlarmRights) -> bool {
        !rights.hears() || !self.standings.is_empty()
    }

    /// Takes a frame in. True when something happened to an alarm that the plugin hears of.
    pub fn frame(&mut self, rights: &AlarmRights, frame: &Frame) -> bool {
        if !rights.hears() {
            return false;
        }
        let mut any = false;
        for event in &frame.alarms.events {
            if let Some(handle) = rights.heard_handle(event.alarm) {
                self.set(handle, event.to, Some(event.at.utc));
                self.waiting.push_back((handle, without_texts(event)));
                any = true;
            }
        }
        for (alarm, standing) in &frame.alarms.quiet {
            if let Some(handle) = rights.heard_handle(*alarm) {
                self.set(handle, *standing, None);
            }
        }
        while self.waiting.len() > limits::ALARM_EVENTS {
            self.waiting.pop_front();
            self.lost += 1;
        }
        any
    }

    /// Where alarms stand of which frames were lost.
    pub fn take_overflown(&mut self, rights: &AlarmRights, overflown: &Overflown) {
        for (alarm, (standing, decided)) in overflown {
            if let Some(handle) = rights.heard_handle(*alarm) {
                self.set(handle, *standing, *decided);
            }
        }
    }

    /// Takes from an earlier plugin's news what is not known here yet: where its alarms stand.
    pub fn inherit(&mut self, rights: &AlarmRights, earlier: &Self, earlier_rights: &AlarmRights) {
        for (alarm, handle) in rights.heard() {
            let known = earlier_rights.heard_handle(alarm).and_then(|handle| earlier.standings.get(handle as usize));
            if let (Some(known), Some(slot)) = (known, self.standings.get_mut(handle as usize))
                && *slot == (Standing::default(), Utc(0))
            {
                *slot = *known;
            }
        }
    }

    fn set(&mut self, handle: u32, standing: Standing, decided: Option<Utc>) {
        if let Some(slot) = self.standings.get_mut(handle as usize) {
            *slot = (standing, decided.unwrap_or(slot.1));
        }
    }

    /// What happened and never came as far as here.
    pub fn add_lost(&mut self, events: u64) {
        self.lost += events;
    }

    /// How much was lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Forgets what waits: a new instance starts from where alarms stand.
    pub fn start_over(&mut self) {
        self.waiting.clear();
    }

    /// Everything since the last call, in order.
    pub fn take(&mut self) -> conditions::Events {
        let mut rows = Columns::default();
        rows.reserve(self.waiting.len());
        let count = self.waiting.len();
        let mut told = conditions::Events {
            rows: Columns::default().into(),
            kinds: Vec::with_capacity(count),
            occurrences: Vec::with_capacity(count),
            states: Vec::with_capacity(count),
            hidden: Vec::with_capacity(count),
            marks: Vec::with_capacity(count),
            decided: Vec::with_capacity(count),
        };
        for (handle, event) in self.waiting.drain(..) {
            rows.push(handle, &event.value, event.status, event.source_time);
            told.kinds.push(event.kind as u8);
            told.occurrences.push(event.occurrence.0);
            told.states.push(event.to.state as u8);
            told.hidden.push(hidden(event.to));
            told.marks.push(event.to.marks.0);
            told.decided.push(event.at.utc.0);
        }
        told.rows = rows.into();
        told
    }

    /// Where alarms stand, in the order asked.
    pub fn stand(&self, handles: &[u32]) -> conditions::Standings {
        let mut told = conditions::Standings {
            occurrences: Vec::with_capacity(handles.len()),
            states: Vec::with_capacity(handles.len()),
            hidden: Vec::with_capacity(handles.len()),
            marks: Vec::with_capacity(handles.len()),
            decided: Vec::with_capacity(handles.len()),
        };
        for handle in handles {
            let (standing, decided) = self.standings.get(*handle as usize).copied().unwrap_or_default();
            told.occurrences.push(standing.occurrence.0);
            told.states.push(standing.state as u8);
            told.hidden.push(hidden(standing));
            told.marks.push(standing.marks.0);
            told.decided.push(decided.0);
        }
        told
    }
}

/// What is said beside it is for operators, and may be personal; and without texts the room for what waits is bounded.
fn without_texts(event: &AlarmEvent) -> AlarmEvent {
    let value = if matches!(event.value, Value::Text(_)) { Value::Null } else { event.value.clone() };
    AlarmEvent { by: None, comment: None, value, ..event.clone() }
}

/// The contract's three flags; what else the station keeps beside them is its own.
fn hidden(standing: Standing) -> u8 {
    standing.hidden.0 & 7
}
