//! What one plugin may do, ready to be asked about at every call.

use std::collections::{BTreeSet, HashMap};

use plantroom_model::{ConnectionId, Frame, Origin, PluginId, TagId};
use plantroom_project::{ConnectionSpec, Grant, LinkSpec, Plant, PluginSpec, StreamSpec};
use serde_json::json;

use crate::alarm_rights::{AlarmRights, tag_link};

/// No tag and no handle.
pub(crate) const NONE: u32 = u32::MAX;

/// A plugin's handles and what each is good for. A handle is a place in the list of all granted tags, by tag id.
#[derive(Debug, PartialEq)]
pub(crate) struct Rights {
    /// The plugin.
    pub plugin: PluginId,
    /// Its name in the project.
    pub name: String,
    /// What the project says.
    pub grant: Grant,
    /// The document that `init` gets.
    pub document: String,
    /// Handle to tag.
    pub tags: Vec<TagId>,
    /// The same for alarms.
    pub alarms: AlarmRights,
    /// Connections that carry datagrams.
    datagrams: Vec<ConnectionId>,
    /// Handle to tag id, where it may be published; else [`NONE`].
    publish: Vec<u32>,
    /// Tag id to handle, where it may be read; else [`NONE`]. Empty when nothing may be read.
    read: Vec<u32>,
    /// Handle, where it may be read.
    readable: Vec<bool>,
    /// Handle and place of the tag's connection, where its orders may be taken.
    write: HashMap<TagId, (u32, Option<u32>)>,
}

impl Rights {
    /// What a plant grants a plugin. What its component doesn't import is not of use to it: no order is handed to one that
    /// takes none, and no frame to one that reads none.
    pub fn new(spec: &PluginSpec, plugin: PluginId, plant: &Plant, imports: &BTreeSet<String>) -> Self {
        let grant = spec.grant.clone();
        let mut tags: Vec<TagId> = [&grant.publish, &grant.read, &grant.write].into_iter().flatten().copied().collect();
        tags.retain(|tag| (tag.0 as usize) < plant.tags.len());
        tags.sort_unstable();
        tags.dedup();
        let handles: HashMap<TagId, u32> = tags.iter().enumerate().map(|(handle, tag)| (*tag, handle as u32)).collect();
        let mut publish = vec![NONE; tags.len()];
        for tag in &grant.publish {
            if let Some(handle) = handles.get(tag) {
                publish[*handle as usize] = tag.0;
            }
        }
        let reads = !grant.read.is_empty() && imports.contains("tags");
        let mut readable = vec![false; tags.len()];
        let mut read = vec![NONE; if reads { plant.tags.len() } else { 0 }];
        for tag in &grant.read {
            if let Some(handle) = handles.get(tag).filter(|_| reads) {
                readable[*handle as usize] = true;
                read[tag.0 as usize] = *handle;
            }
        }
        let write = grant
            .write
            .iter()
            .filter(|_| imports.contains("orders"))
            .filter_map(|tag| Some((*tag, (*handles.get(tag)?, place_of(connection_of(plant, *tag)?, &grant)))))
            .collect();
        let carries_datagrams = |id: &&ConnectionId| {
            let connection = plant.connections.get(id.0 as usize);
            connection.is_some_and(|connection| matches!(connection.link, LinkSpec::Stream(StreamSpec::Udp(_))))
        };
        let datagrams = grant.streams.iter().filter(carries_datagrams).copied().collect();
        let alarms = AlarmRights::new(&grant.alarms, plant, imports.contains("conditions"));
        let document = document(spec, plant, &tags, &alarms);
        Self { plugin, name: spec.name.to_string(), grant, document, tags, alarms, datagrams, publish, read, readable, write }
    }

    /// Replaces handles by tag ids.
    ///
    /// # Errors
    /// With a handle that may not be published.
    pub fn published(&self, handles: &mut [u32]) -> Result<(), u32> {
        // Every published sample passes here: no branch in the loop but its own.
        let (mut foreign, mut is_foreign) = (NONE, false);
        for handle in handles {
            let tag = self.publish.get(*handle as usize).copied().unwrap_or(NONE);
            is_foreign |= tag == NONE;
            foreign = if tag == NONE { *handle } else { foreign };
            *handle = tag;
        }
        if is_foreign { Err(foreign) } else { Ok(()) }
    }

    /// The handle of a tag that may be read.
    pub fn readable_handle(&self, tag: TagId) -> Option<u32> {
        self.read.get(tag.0 as usize).copied().filter(|handle| *handle != NONE)
    }

    /// Whether this handle may be read.
    pub fn may_read(&self, handle: u32) -> bool {
        self.readable.get(handle as usize).copied().unwrap_or(false)
    }

    /// Whether frames are of any use to it.
    pub fn wants_frames(&self) -> bool {
        self.reads() || self.alarms.hears()
    }

    /// Whether any tag may be read.
    pub fn reads(&self) -> bool {
        !self.read.is_empty()
    }

    /// How many changes of a frame this plugin may see.
    pub fn count_readable(&self, frame: &Frame) -> u64 {
        frame.changes.rows().iter().filter(|row| self.readable_handle(row.tag).is_some()).count() as u64
    }

    /// The handle of a tag whose orders may be taken.
    pub fn write_handle(&self, tag: TagId) -> Option<u32> {
        self.write.get(&tag).map(|(handle, _)| *handle)
    }

    /// The place of the only connection on which this tag's orders may be carried out; `None` where it has none.
    pub fn write_connection(&self, tag: TagId) -> Option<u32> {
        self.write.get(&tag).and_then(|(_, connection)| *connection)
    }

    /// A granted connection that carries Modbus, by its place.
    pub fn connection(&self, place: u32) -> Option<ConnectionId> {
        self.grant.connections.get(place as usize).copied().filter(|id| !self.grant.streams.contains(id))
    }

    /// Granted connections that carry bytes: place, connection, and whether in datagrams.
    pub fn streams(&self) -> impl Iterator<Item = (u32, ConnectionId, bool)> {
        let granted = (0..).zip(&self.grant.connections);
        granted.filter(|(_, id)| self.grant.streams.contains(id)).map(|(place, id)| (place, *id, self.datagrams.contains(id)))
    }
}

fn connection_of(plant: &Plant, tag: TagId) -> Option<Option<ConnectionId>> {
    Some(match &plant.tags.get(tag.0 as usize)?.origin {
        Origin::Driver { connection, .. } => Some(*connection),
        _ => None,
    })
}

fn place_of(connection: Option<ConnectionId>, grant: &Grant) -> Option<u32> {
    let connection = connection?;
    // A tag on a connection that isn't granted can't be written at all: no place will ever match.
    Some(grant.connections.iter().position(|granted| *granted == connection).map_or(NONE, |place| place as u32))
}

/// What a driver learns of a connection: everything that is its own business, and nothing of the link itself.
fn connection_entry(connection: &ConnectionSpec) -> serde_json::Value {
    let devices: Vec<_> =
        connection.devices.iter().map(|device| json!({ "name": &*device.name, "settings": device.settings })).collect();
    let mut entry =
        json!({ "name": &*connection.name, "device": connection.device, "pipeline": connection.pipeline, "devices": devices });
    if let LinkSpec::Stream(stream) = &connection.link {
        entry["carries"] = json!(if matches!(stream, StreamSpec::Udp(_)) { "datagrams" } else { "bytes" });
    }
    entry
}

/// The document that `init` gets (wit/README.md, "The init document").
fn document(spec: &PluginSpec, plant: &Plant, tags: &[TagId], alarms: &AlarmRights) -> String {
    let grant = &spec.grant;
    let connections: Vec<_> = grant
        .connections
        .iter()
        .map(|id| plant.connections.get(id.0 as usize).map_or_else(|| json!({ "name": "", "device": {} }), connection_entry))
        .collect();
    let sets = [("publish", &grant.publish), ("read", &grant.read), ("write", &grant.write)];
    let sets = sets.map(|(word, tags)| (word, tags.iter().copied().collect::<std::collections::HashSet<TagId>>()));
    let tags: Vec<_> = tags
        .iter()
        .filter_map(|id| plant.tags.get(id.0 as usize).map(|tag| (id, tag)))
        .map(|(id, tag)| {
            let access: Vec<&str> = sets.iter().filter(|(_, set)| set.contains(id)).map(|(word, _)| *word).collect();
            let mut entry = json!({ "name": &*tag.name, "kind": tag.kind.word(), "access": access });
            if let Origin::Driver { connection, device, address, .. } = &tag.origin
                && let Some(place) = grant.connections.iter().position(|granted| granted == connection)
            {
                entry["connection"] = json!(place);
                entry["address"] = json!(&**address);
                entry["group"] = json!(tag.group);
                if let Some(device) = device {
                    entry["device"] = json!(device);
                }
            }
            if alarms.len() > 0
                && let Some(link) = tag_link(plant, *id)
            {
                entry["link"] = json!(link);
            }
            entry
        })
        .collect();
    let config = if spec.config.is_null() { json!({}) } else { spec.config.clone() };
    let mut document = json!({ "plugin": config, "connections": connections, "tags": tags });
    if alarms.len() > 0 {
        document["alarms"] = json!(alarms.document(plant));
        let positions = plant.alarm_settings.positions.iter();
        document["positions"] = positions.map(|position| json!({ "name": position.name, "areas": position.areas })).collect();
    }
    document.to_string()
}
