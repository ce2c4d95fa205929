//! What would change between two plants: the preview of an online change.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use plantroom_model::{Origin, TagSpec};

use crate::Plant;

/// How many things of one kind would be added, removed and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Only in the new plant.
    pub added: usize,
    /// Only in the old plant.
    pub removed: usize,
    /// In both, but not the same.
    pub changed: usize,
}

/// What would change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Tags, system tags left out.
    pub tags: Counts,
    /// Connections: a changed one is dropped and opened again.
    pub connections: Counts,
    /// Plugins: a changed one is started again.
    pub plugins: Counts,
    /// Screen scripts and parts.
    pub screens: Counts,
    /// The plant itself: name, time zone, home screen, scan, listening.
    pub settings: bool,
}

impl Preview {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changes");
        }
        let kinds =
            [("tags", self.tags), ("connections", self.connections), ("plugins", self.plugins), ("screens", self.screens)];
        let mut parts: Vec<String> = Vec::new();
        for (kind, counts) in kinds {
            let each = [("added", counts.added), ("removed", counts.removed), ("changed", counts.changed)];
            let words: Vec<String> = each.iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")).collect();
            if !words.is_empty() {
                parts.push(format!("{kind}: {}", words.join(", ")));
            }
        }
        if self.settings {
            parts.push("settings of the plant changed".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

/// Compares two plants by name; ids don't matter, and nor does the order of files.
pub fn difference(old: &Plant, new: &Plant) -> Preview {
    let tags = |plant: &Plant| -> HashMap<String, String> {
        let project = plant.tags.iter().filter(|tag| tag.origin != Origin::System);
        project.map(|tag| (tag.name.to_string(), tag_words(plant, tag))).collect()
    };
    let connections = |plant: &Plant| -> HashMap<String, String> {
        let words =
            |c: &crate::ConnectionSpec| format!("{} {:?} {} {}", plugin_name(plant, c.driver.0), c.link, c.timeout_ms, c.device);
        plant.connections.iter().map(|connection| (connection.name.to_string(), words(connection))).collect()
    };
    let plugins = |plant: &Plant| -> HashMap<String, String> {
        plant.plugins.iter().map(|plugin| (plugin.name.to_string(), plugin_words(plant, plugin))).collect()
    };
    let screens = |plant: &Plant| -> HashMap<String, String> {
        plant.screens.iter().map(|screen| (screen.path.clone(), screen.text.clone())).collect()
    };
    let settings = |plant: &Plant| {
        (plant.name.clone(), plant.time_zone.clone(), plant.home_screen.clone(), plant.scan, plant.listen.clone())
    };
    Preview {
        tags: count(&tags(old), &tags(new)),
        connections: count(&connections(old), &connections(new)),
        plugins: count(&plugins(old), &plugins(new)),
        screens: count(&screens(old), &screens(new)),
        settings: settings(old) != settings(new),
    }
}

fn count<K: Eq + Hash, V: PartialEq>(old: &HashMap<K, V>, new: &HashMap<K, V>) -> Counts {
    Counts {
        added: new.keys().filter(|key| !old.contains_key(key)).count(),
        removed: old.keys().filter(|key| !new.contains_key(key)).count(),
        changed: old.iter().filter(|(key, value)| new.get(key).is_some_and(|now| now != *value)).count(),
    }
}

/// Everything that a tag says, with names in the place of ids.
fn tag_words(plant: &Plant, tag: &TagSpec) -> String {
    let mut plain = tag.clone();
    let origin = match &tag.origin {
        Origin::Driver { plugin, connection, device, address, group } => {
            let connection = plant.connections.get(connection.0 as usize).map_or("", |connection| &*connection.name);
            format!("{} {connection} {device:?} {address} {group}", plugin_name(plant, plugin.0))
        }
        Origin::Analytics { plugin } => plugin_name(plant, plugin.0).to_owned(),
        Origin::Memory { initial } => format!("{initial:?}"),
        Origin::System | Origin::Gone => String::new(),
        Origin::Derived(derived) => {
            let inputs: Vec<&str> = derived.inputs.iter().map(|id| tag_name(plant, id.0)).collect();
            format!("{} {inputs:?}", derived.expression)
        }
        Origin::Total(total) => format!("{} {:?}", tag_name(plant, total.source.0), total.how),
    };
    plain.origin = Origin::System;
    let mut references: Vec<&str> = Vec::new();
    if let Some(write) = &mut plain.write {
        references.extend(write.feedback.take().map(|id| tag_name(plant, id.0)));
        for permissive in &mut write.permissives {
            references.push(tag_name(plant, permissive.tag.0));
            permissive.tag = plantroom_model::TagId(0);
        }
    }
    format!("{plain:?} {origin} {references:?}")
}

fn plugin_words(plant: &Plant, plugin: &crate::PluginSpec) -> String {
    let grant = &plugin.grant;
    let names = |ids: &[plantroom_model::TagId]| ids.iter().map(|id| tag_name(plant, id.0)).collect::<Vec<_>>().join(",");
    let connections: Vec<&str> =
        grant.connections.iter().filter_map(|id| plant.connections.get(id.0 as usize)).map(|c| &*c.name).collect();
    let limits =
        (grant.store_bytes, grant.memory_bytes, grant.soft_ms, grant.hard_ms, grant.samples_per_s, grant.log_lines_per_s);
    let tags = [names(&grant.publish), names(&grant.read), names(&grant.write)];
    format!("{} {} {connections:?} {tags:?} {limits:?}", plugin.component, plugin.config)
}

fn plugin_name(plant: &Plant, id: u32) -> &str {
    plant.plugins.get(id as usize).map_or("", |plugin| &plugin.name)
}

fn tag_name(plant: &Plant, id: u32) -> &str {
    plant.tags.get(id as usize).map_or("", |tag| &tag.name)
}
