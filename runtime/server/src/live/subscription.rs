//! What one console shows, and what it was told last.

use plantroom_model::{Columns, Role, Sample, Snapshot, TagId, TagSpec};
use plantroom_project::Plant;
use plantroom_tags::is_news;
use plantroom_wire::{PermissiveInfo, TagInfo, WriteInfo};

use crate::limits;

/// The tags of one console's screens.
#[derive(Debug)]
pub(super) struct Subscription {
    generation: u32,
    names: Vec<String>,
    slots: Vec<Slot>,
    /// The snapshot that was told last.
    told: Option<u64>,
}

#[derive(Debug)]
struct Slot {
    tag: Option<TagId>,
    /// Engineering units.
    deadband: f64,
    /// What the console holds.
    sent: Option<Sample>,
}

impl Subscription {
    pub(super) fn new(generation: u32, names: Vec<String>, plant: &Plant) -> Self {
        let mut subscription = Self { generation, names, slots: Vec::new(), told: None };
        subscription.resolve(plant);
        subscription
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Finds the tags in a plant, and forgets what was told.
    pub(super) fn resolve(&mut self, plant: &Plant) {
        self.told = None;
        let slots = self.names.iter().map(|name| {
            let tag = plant.tag_ids.get(name.as_str()).copied();
            let deadband = tag.and_then(|tag| plant.tags.get(tag.0 as usize)).map_or(0.0, |spec| spec.deadband.console);
            Slot { tag, deadband, sent: None }
        });
        self.slots = slots.collect();
    }

    /// What the console must know to show them.
    pub(super) fn infos(&self, plant: &Plant, role: Role) -> Vec<Option<TagInfo>> {
        let info = |slot: &Slot| {
            let spec = plant.tags.get(slot.tag?.0 as usize)?;
            let write = spec.write.as_ref().filter(|write| role >= write.role);
            Some(TagInfo {
                name: spec.name.to_string(),
                kind: spec.kind as u8,
                unit: spec.unit.clone(),
                description: spec.description.to_string(),
                decimals: spec.decimals,
                range: spec.range,
                limits: spec.limits,
                states: spec.states.clone(),
                write: write
                    .map(|write| WriteInfo { range: write.range.or(spec.range), confirmation: write.confirmation.clone() }),
                permissives: permissives(spec, plant),
            })
        };
        self.slots.iter().map(info).collect()
    }

    /// What has changed since the last call, in messages of a bounded size; and takes it for told.
    pub(super) fn changes(&mut self, snapshot: &Snapshot) -> Vec<Columns> {
        if self.told == Some(snapshot.number()) {
            return Vec::new();
        }
        self.told = Some(snapshot.number());
        let mut messages = Vec::new();
        let mut columns = Columns::default();
        for (handle, slot) in self.slots.iter_mut().enumerate() {
            let Some(sample) = slot.tag.and_then(|tag| snapshot.get(tag)) else { continue };
            if slot.sent.as_ref().is_some_and(|sent| !is_news(sent, sample, slot.deadband)) {
                continue;
            }
            columns.push_sample(handle as u32, sample);
            slot.sent = Some(sample.clone());
            if columns.len() >= limits::VALUES_ROWS || columns.text.len() >= limits::VALUES_TEXT_BYTES {
                messages.push(std::mem::take(&mut columns));
            }
        }
        if !columns.is_empty() {
            messages.push(columns);
        }
        messages
    }
}

/// What must be so before the tag may be written; whoever looks at a screen wants to know, also who may not write.
fn permissives(spec: &TagSpec, plant: &Plant) -> Vec<PermissiveInfo> {
    let all = spec.write.iter().flat_map(|write| &write.permissives);
    let known = all.filter_map(|permissive| {
        let tag = plant.tags.get(permissive.tag.0 as usize)?.name.to_string();
        Some(PermissiveInfo { tag, test: permissive.test, message: permissive.message.clone(), only_for: permissive.only_for })
    });
    known.collect()
}
