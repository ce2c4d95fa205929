//! One scan: inputs in, a frame out. Pure: no clock, no thread, no disk.
//!
//! What links are is told to the alarms before the samples of the same scan. Behind them comes, in the order in which it
//! happened, what plugins and scripts say, that one of them is dead, and what operators do: an act is decided on what the
//! operator could at best have seen, and a dead plugin's last words don't outlive it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use plantroom_alarms::AlarmEngine;
use plantroom_model::{ConditionSource, ConnectionId, Frame, LinkState, Mono, Now, Origin, Status, TagId, TagSpec, Value};
use plantroom_project::Plant;
use plantroom_tags::TagEngine;

use crate::inbox::{Input, PluginWord, ScanPlant, What};
use crate::system::SystemTags;

/// All state that a scan changes; the scan thread owns it.
pub struct Scan {
    engine: TagEngine,
    alarms: AlarmEngine,
    tags: Arc<[TagSpec]>,
    /// Devices of which nothing is heard, of several behind one link.
    silent: BTreeSet<(ConnectionId, u32)>,
    system: SystemTags,
    told_implausible: Option<u64>,
    number: u64,
}

impl Scan {
    /// The state of a station that has just started.
    pub fn new(plant: &Plant, engine: TagEngine, alarms: AlarmEngine) -> Self {
        let (tags, system) = (Arc::clone(&plant.tags), SystemTags::of(plant));
        Self { engine, alarms, tags, silent: BTreeSet::new(), system, told_implausible: None, number: 0 }
    }

    /// Decides one frame. `lost_tags` are those whose inputs were dropped before they reached this scan.
    #[cfg(test)]
    pub fn run(&mut self, inputs: &[Input], lost_tags: &[TagId], now: Now) -> Frame {
        self.run_timed(inputs, lost_tags, now, |_| {})
    }

    /// The same; calls back when the alarms' part begins (true) and ends (false), for whoever measures it.
    pub fn run_timed(&mut self, inputs: &[Input], lost_tags: &[TagId], now: Now, mut lap: impl FnMut(bool)) -> Frame {
        for input in inputs {
            self.take(input, now);
        }
        self.engine.missed(lost_tags, Status::UNCERTAIN, now);
        self.engine.tick(now);
        let implausible = self.engine.implausible_times();
        if self.system.implausible_times.is_some() && self.told_implausible != Some(implausible) {
            self.told_implausible = Some(implausible);
            self.tell(self.system.implausible_times, Value::Uint(implausible), now);
        }
        self.number += 1;
        let changes = self.engine.take_changes();
        lap(true);
        self.alarms.apply(&changes, now);
        for input in inputs {
            match &input.what {
                What::Conditions { from, words } => self.alarms.conditions(*from, words, now),
                What::Alarm(act) => self.alarms.act(act, now),
                // What it says afterwards counts again by itself.
                What::Plugin { plugin, state, .. } if !matches!(state, PluginWord::Running | PluginWord::Starting) => {
                    self.alarms.source_down(ConditionSource::Plugin(*plugin), now);
                }
                _ => {}
            }
        }
        self.alarms.tick(now);
        let alarms = self.alarms.take();
        lap(false);
        Frame { number: self.number, now, changes, alarms }
    }

    /// When alarms have something to do without any input; `None` while nothing waits for time.
    pub fn next_due(&self) -> Option<Mono> {
        self.alarms.next_due()
    }

    /// The number that the next frame will have.
    pub fn next_number(&self) -> u64 {
        self.number + 1
    }

    fn take(&mut self, input: &Input, now: Now) {
        let at = input.at;
        match &input.what {
            What::Samples { columns, .. } => {
                self.engine.apply(columns, at);
                if !self.silent.is_empty() {
                    self.heard(columns.handles.iter().map(|handle| TagId(*handle)), now);
                }
            }
            What::Missed { tags, reason, .. } => {
                self.engine.missed(tags, *reason, at);
                self.unheard(tags, now);
            }
            What::Plugin { plugin, state, fault } => {
                if *state != PluginWord::Running && *state != PluginWord::Starting {
                    self.engine.plugin_down(*plugin, Status::BAD_NO_COMMUNICATION, at);
                }
                if let Some(tags) = self.system.plugins.get(plugin.0 as usize).copied() {
                    self.tell(tags.state, Value::Uint(*state as u64), at);
                    if !fault.is_empty() {
                        let faults = self.number_of(tags.faults) + 1;
                        self.tell(tags.faults, Value::Uint(faults), at);
                        self.tell(tags.last_fault, Value::Text(Arc::from(fault.as_str())), at);
                    } else if *state == PluginWord::Starting && self.number_of(tags.faults) == 0 {
                        // No fault yet is a good value too, and nothing that is missing.
                        self.tell(tags.faults, Value::Uint(0), at);
                        self.tell(tags.last_fault, Value::Text(Arc::from("")), at);
                    }
                }
            }
            What::Link { connection, state } => {
                let number = match state {
                    LinkState::Connecting => 0,
                    LinkState::Up => 1,
                    LinkState::Silent => 2,
                    LinkState::Down => 3,
                };
                let tag = self.system.connections.get(connection.0 as usize).copied().flatten();
                self.tell(tag, Value::Uint(number), at);
                match state {
                    LinkState::Up => self.answers((*connection, None), true, now),
                    LinkState::Silent | LinkState::Down => self.answers((*connection, None), false, now),
                    LinkState::Connecting => {}
                }
            }
            // Decided after the samples of this scan.
            What::Conditions { .. } | What::Alarm(_) => {}
            What::Plant(plant) => self.change_plant(plant, at),
            What::Set { tag, value } => self.engine.set(*tag, value.clone(), Status::GOOD, at),
            What::Mode { tag, mode, value } => {
                // The command path has looked at it; what doesn't fit any more changes nothing.
                self.engine.set_mode(*tag, *mode, value.clone(), at);
            }
        }
    }

    /// Goes on with a changed table; values that were kept of new tags come back.
    fn change_plant(&mut self, plant: &ScanPlant, at: Now) {
        self.engine.change_plant(Arc::clone(&plant.tags), at);
        self.tags = Arc::clone(&plant.tags);
        let engine = &self.engine;
        self.alarms.change(Arc::clone(&plant.alarms), &plant.tags, &|tag| engine.current(tag), at);
        let system = (0..).map(TagId).zip(plant.tags.iter()).filter(|(_, tag)| tag.origin == Origin::System);
        let ids: HashMap<&str, TagId> = system.map(|(id, tag)| (&*tag.name, id)).collect();
        self.system = SystemTags::named(&plant.connections, &plant.plugins, |name| ids.get(name).copied());
        for (tag, value, _) in &plant.kept {
            let is_memory = |spec: &TagSpec| matches!(spec.origin, Origin::Memory { .. });
            let status = match plant.tags.get(tag.0 as usize) {
                Some(spec) if is_memory(spec) => Status::GOOD,
                _ => Status::UNCERTAIN_INITIAL,
            };
            self.engine.set(*tag, value.clone(), status, at);
        }
    }

    /// A connection, or one of the devices behind it, answers, or does not any more.
    fn answers(&mut self, (connection, device): (ConnectionId, Option<u32>), answers: bool, now: Now) {
        let engine = &self.engine;
        self.alarms.link(connection, device, answers, &|tag| engine.current(tag), now);
    }

    /// Polls got no answer: a device of which every answer is missed for too long is lost.
    fn unheard(&mut self, tags: &[TagId], now: Now) {
        for tag in tags {
            let Some(device) = self.device_of(*tag).filter(|device| !self.silent.contains(device)) else { continue };
            let is_lost = self.engine.current(*tag).is_some_and(|sample| sample.status == Status::BAD_NO_COMMUNICATION);
            if is_lost {
                self.silent.insert(device);
                self.answers((device.0, Some(device.1)), false, now);
            }
        }
    }

    /// Something was heard of these tags: their devices are there.
    fn heard(&mut self, tags: impl Iterator<Item = TagId>, now: Now) {
        for tag in tags {
            if let Some(device) = self.device_of(tag).filter(|device| self.silent.contains(device)) {
                self.silent.remove(&device);
                self.answers((device.0, Some(device.1)), true, now);
            }
        }
    }

    /// The device that a tag is polled from, where there are several behind its link.
    fn device_of(&self, tag: TagId) -> Option<(ConnectionId, u32)> {
        match self.tags.get(tag.0 as usize)?.origin {
            Origin::Driver { connection, device: Some(device), .. } => Some((connection, device)),
            _ => None,
        }
    }

    fn tell(&mut self, tag: Option<TagId>, value: Value, at: Now) {
        if let Some(tag) = tag {
            self.engine.set(tag, value, Status::GOOD, at);
        }
    }

    fn number_of(&self, tag: Option<TagId>) -> u64 {
        match tag.and_then(|tag| self.engine.current(tag)).map(|sample| sample.value) {
            Some(Value::Uint(number)) => number,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{no_alarms, plant_with_logic, small_plant};
