//! One scan: inputs in, a frame out. Pure: no clock, no thread, no disk.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{Frame, LinkState, Now, Origin, Status, TagId, TagSpec, Value};
use plantroom_project::Plant;
use plantroom_tags::TagEngine;

use crate::inbox::{Input, PluginWord, ScanPlant, What};
use crate::system::SystemTags;

/// All state that a scan changes; the scan thread owns it.
pub struct Scan {
    engine: TagEngine,
    system: SystemTags,
    told_implausible: Option<u64>,
    number: u64,
}

impl Scan {
    /// The state of a station that has just started.
    pub fn new(plant: &Plant, engine: TagEngine) -> Self {
        Self { engine, system: SystemTags::of(plant), told_implausible: None, number: 0 }
    }

    /// Decides one frame. `lost_tags` are those whose inputs were dropped before they reached this scan.
    pub fn run(&mut self, inputs: &[Input], lost_tags: &[TagId], now: Now) -> Frame {
        for input in inputs {
            self.take(input);
        }
        self.engine.missed(lost_tags, Status::UNCERTAIN, now);
        self.engine.tick(now);
        let implausible = self.engine.implausible_times();
        if self.system.implausible_times.is_some() && self.told_implausible != Some(implausible) {
            self.told_implausible = Some(implausible);
            self.tell(self.system.implausible_times, Value::Uint(implausible), now);
        }
        self.number += 1;
        Frame { number: self.number, now, changes: self.engine.take_changes(), ..Frame::default() }
    }

    /// The number that the next frame will have.
    pub fn next_number(&self) -> u64 {
        self.number + 1
    }

    fn take(&mut self, input: &Input) {
        let at = input.at;
        match &input.what {
            What::Samples { columns, .. } => self.engine.apply(columns, at),
            What::Missed { tags, reason, .. } => self.engine.missed(tags, *reason, at),
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
            }
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
pub(crate) use tests::small_plant;
