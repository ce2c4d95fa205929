//! The table of tags and the rules by which it changes.

use std::sync::Arc;

use plantroom_model::{Change, Changes, Columns, Now, Origin, PluginId, Quality, Sample, Status, TagId, TagSpec, Utc, Value};

use crate::accept::{Reading, accept};
use crate::liveness::Liveness;

/// Slices in which the watchdog walks over the tags, one a tick: at a scan every 100 ms each tag is looked at
/// once a second, which is fine for silences of seconds and keeps a tick of a million tags short.
const WATCH_SLICES: usize = 10;

/// All tags of a station. One thread owns it.
#[derive(Debug)]
pub struct TagEngine {
    specs: Arc<[TagSpec]>,
    current: Vec<Sample>,
    liveness: Vec<Liveness>,
    by_plugin: Vec<Vec<TagId>>,
    changes: Vec<Change>,
    watch_slice: usize,
    implausible_times: u64,
}

impl TagEngine {
    /// A table in which every tag waits for its source, memory tags hold their initial values, and `retained`
    /// values from before a restart stand in until they are confirmed (memory tags hold them for good).
    pub fn new(specs: Arc<[TagSpec]>, retained: &[(TagId, Value, Utc)], now: Now) -> Self {
        let mut current: Vec<Sample> = specs.iter().map(|spec| initial(spec, now)).collect();
        for (tag, value, source_time) in retained {
            let (Some(spec), Some(slot)) = (specs.get(tag.0 as usize), current.get_mut(tag.0 as usize)) else { continue };
            let Some(value) = value.converted(spec.kind) else { continue };
            let status = if is_memory(spec) { Status::GOOD } else { Status::UNCERTAIN_INITIAL };
            *slot = Sample { value, status, source_time: *source_time, server_time: now.utc };
        }
        let changes = current
            .iter()
            .enumerate()
            .filter(|(_, sample)| sample.value != Value::Null)
            .map(|(index, sample)| Change { tag: TagId(index as u32), sample: sample.clone() })
            .collect();
        Self {
            liveness: specs.iter().map(|spec| Liveness::new(spec.stale_after_ms, now.mono)).collect(),
            by_plugin: by_plugin(&specs),
            specs,
            current,
            changes,
            watch_slice: 0,
            implausible_times: 0,
        }
    }

    /// Takes in a batch whose handles are tag ids; rows of tags that don't exist are passed over.
    pub fn apply(&mut self, columns: &Columns, at: Now) {
        for row in columns.rows() {
            let reading = Reading { value: row.value, status: row.status, source_time: row.time };
            self.take(TagId(row.handle), reading, at);
        }
    }

    /// Sets one tag that the station itself keeps (memory and system tags), in engineering units.
    pub fn set(&mut self, tag: TagId, value: Value, status: Status, at: Now) {
        self.take(tag, Reading { value, status, source_time: at.utc }, at);
    }

    /// Polls of these tags got no answer. `reason` only matters when it is merely uncertain (samples were lost on
    /// the way): then the tags turn uncertain and no miss is counted.
    pub fn missed(&mut self, tags: &[TagId], reason: Status, at: Now) {
        for tag in tags {
            let Some(sample) = self.current.get(tag.0 as usize) else { continue };
            let has_value = sample.value != Value::Null;
            let before = sample.status;
            let status = if reason.quality() == Quality::Uncertain && has_value {
                reason
            } else {
                self.liveness[tag.0 as usize].missed(has_value, at.mono)
            };
            // Only an answer makes a bad value better.
            self.mark(*tag, status.worse(before), at.utc);
        }
    }

    /// A plugin is down: all tags that it feeds are bad, with this status, until it publishes again.
    pub fn plugin_down(&mut self, plugin: PluginId, status: Status, at: Now) {
        let tags = self.by_plugin.get(plugin.0 as usize).cloned().unwrap_or_default();
        for tag in tags {
            self.liveness[tag.0 as usize].heard(at.mono);
            self.mark(tag, status, at.utc);
        }
    }

    /// Lets the watchdog look at the next slice of tags; called once a scan.
    pub fn tick(&mut self, now: Now) {
        let slice_len = self.specs.len().div_ceil(WATCH_SLICES).max(1);
        let start = self.watch_slice * slice_len;
        self.watch_slice = (self.watch_slice + 1) % WATCH_SLICES;
        for index in start..(start + slice_len).min(self.specs.len()) {
            if self.liveness[index].is_silent(now.mono) {
                let has_value = self.current[index].value != Value::Null;
                let status = self.liveness[index].missed(has_value, now.mono);
                self.mark(TagId(index as u32), status.worse(self.current[index].status), now.utc);
            }
        }
    }

    /// Every accepted sample since the last call, in order.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes).into()
    }

    /// What a tag holds.
    pub fn current(&self, tag: TagId) -> Option<&Sample> {
        self.current.get(tag.0 as usize)
    }

    /// How many source times were replaced because they could not be true.
    pub fn implausible_times(&self) -> u64 {
        self.implausible_times
    }

    fn take(&mut self, tag: TagId, reading: Reading, at: Now) {
        let index = tag.0 as usize;
        let (Some(spec), Some(before)) = (self.specs.get(index), self.current.get(index)) else { return };
        let (sample, replaced) = accept(spec, before, reading, at.utc);
        self.implausible_times += u64::from(replaced);
        self.liveness[index].heard(at.mono);
        self.current[index] = sample.clone();
        self.changes.push(Change { tag, sample });
    }

    /// Keeps the value and its source time, and changes how good it is.
    fn mark(&mut self, tag: TagId, status: Status, at: Utc) {
        let sample = &mut self.current[tag.0 as usize];
        if sample.status == status {
            return;
        }
        sample.status = status;
        sample.server_time = at;
        let sample = sample.clone();
        self.changes.push(Change { tag, sample });
    }
}

fn is_memory(spec: &TagSpec) -> bool {
    matches!(spec.origin, Origin::Memory { .. })
}

fn initial(spec: &TagSpec, now: Now) -> Sample {
    match &spec.origin {
        Origin::Memory { initial } if *initial != Value::Null => {
            Sample { value: initial.clone(), status: Status::GOOD, source_time: now.utc, server_time: now.utc }
        }
        _ => Sample::waiting(),
    }
}

fn by_plugin(specs: &[TagSpec]) -> Vec<Vec<TagId>> {
    let mut by_plugin: Vec<Vec<TagId>> = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let (Origin::Driver { plugin, .. } | Origin::Analytics { plugin }) = &spec.origin else { continue };
        let place = plugin.0 as usize;
        if by_plugin.len() <= place {
            by_plugin.resize(place + 1, Vec::new());
        }
        by_plugin[place].push(TagId(index as u32));
    }
    by_plugin
}

#[cfg(test)]
mod tests;
