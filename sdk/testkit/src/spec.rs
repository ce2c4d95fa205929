//! What a project would say: a plugin's configuration, its connections and its tags.

mod alarms;
mod file;
#[cfg(feature = "component")]
mod plant;

use plantroom_model::{TagId, ValueKind};
use serde_json::{Value as Json, json};

use crate::{Device, Peer};

pub(crate) use alarms::SpecAlarm;

/// A small project around one plugin: a driver with connections and tags on them, an analytics plugin with inputs and
/// outputs, or alarm logic with inputs, conditions of its own and other alarms.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    pub(crate) config: Json,
    pub(crate) connections: Vec<SpecConnection>,
    pub(crate) tags: Vec<SpecTag>,
    pub(crate) alarms: Vec<SpecAlarm>,
    pub(crate) extras: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct SpecConnection {
    pub name: String,
    pub settings: Json,
    /// What answers, by unit; the last one also for every other unit.
    pub devices: Vec<(Option<u8>, Device)>,
    /// Names and settings of several devices behind the link, as the project says them.
    pub units: Vec<(String, Json)>,
    pub timeout_ms: u32,
    /// What is behind it where it carries bytes, and whether in datagrams.
    pub peer: Option<(Peer, bool)>,
}

#[derive(Clone, Debug)]
pub(crate) struct SpecTag {
    pub name: String,
    pub kind: ValueKind,
    pub connection: Option<u32>,
    pub device: Option<u32>,
    pub address: String,
    pub group: String,
    pub publish: bool,
    pub read: bool,
    pub write: bool,
    pub link: Option<String>,
}

impl Spec {
    /// Without configuration, connections or tags.
    pub fn new() -> Self {
        Self { config: json!({}), ..Self::default() }
    }

    /// The plugin's own configuration.
    #[must_use]
    pub fn config(mut self, config: Json) -> Self {
        self.config = config;
        self
    }

    /// Adds a connection with its device settings; the tags that follow belong to it. Its time-out is 1,000 ms.
    #[must_use]
    pub fn connection(mut self, name: &str, settings: Json, device: &Device) -> Self {
        self.connections.push(SpecConnection {
            name: name.to_owned(),
            settings,
            devices: vec![(None, device.clone())],
            units: Vec::new(),
            timeout_ms: 1_000,
            peer: None,
        });
        self
    }

    /// Adds a connection that carries bytes, with its device settings; the tags that follow belong to it.
    #[must_use]
    pub fn stream(mut self, name: &str, settings: Json, peer: &Peer) -> Self {
        self.connections.push(SpecConnection { settings, peer: Some((peer.clone(), false)), ..SpecConnection::named(name) });
        self
    }

    /// As [`Spec::stream`], in datagrams.
    #[must_use]
    pub fn datagrams(mut self, name: &str, settings: Json, peer: &Peer) -> Self {
        self.connections.push(SpecConnection { settings, peer: Some((peer.clone(), true)), ..SpecConnection::named(name) });
        self
    }

    /// Adds a connection to a line with several devices, which [`Spec::unit`] adds. Its time-out is 1,000 ms. What is sent
    /// to a unit that isn't there is never answered.
    #[must_use]
    pub fn line(mut self, name: &str, defaults: Json) -> Self {
        self.connections.push(SpecConnection { settings: defaults, ..SpecConnection::named(name) });
        self
    }

    /// Adds a device to the last line: its name, its unit address, its other settings, and what answers; the tags that follow
    /// belong to it.
    #[must_use]
    pub fn unit(mut self, name: &str, unit: u8, settings: Json, device: &Device) -> Self {
        if let Some(connection) = self.connections.last_mut() {
            let mut own = connection.settings.clone();
            if let (Some(own), Some(settings)) = (own.as_object_mut(), settings.as_object()) {
                own.extend(settings.clone());
                own.insert("unit".to_owned(), json!(unit));
            }
            connection.units.push((name.to_owned(), own));
            connection.devices.push((Some(unit), device.clone()));
        }
        self
    }

    /// The time-out of the last connection, in ms.
    #[must_use]
    pub fn timeout_ms(mut self, timeout_ms: u32) -> Self {
        if let Some(connection) = self.connections.last_mut() {
            connection.timeout_ms = timeout_ms;
        }
        self
    }

    /// Adds a tag of the last connection and, on a line, of its last device: its kind as in a tag file, its address, its
    /// polling group (empty for none).
    #[must_use]
    pub fn tag(mut self, name: &str, kind: &str, address: &str, group: &str) -> Self {
        let connection = self.connections.len().saturating_sub(1);
        let device = self.connections.get(connection).and_then(|connection| connection.units.len().checked_sub(1));
        let tag = SpecTag {
            connection: Some(connection as u32),
            device: device.map(|device| device as u32),
            address: address.to_owned(),
            group: group.to_owned(),
            publish: true,
            ..SpecTag::new(name, kind)
        };
        self.tags.push(tag);
        self
    }

    /// Adds a tag that an analytics plugin reads; [`crate::Bench::change`] changes it.
    #[must_use]
    pub fn input(mut self, name: &str, kind: &str) -> Self {
        self.tags.push(SpecTag { read: true, ..SpecTag::new(name, kind) });
        self
    }

    /// Adds a tag that an analytics plugin publishes.
    #[must_use]
    pub fn output(mut self, name: &str, kind: &str) -> Self {
        self.tags.push(SpecTag { publish: true, ..SpecTag::new(name, kind) });
        self
    }

    /// The last tag can be written.
    #[must_use]
    pub fn writable(mut self) -> Self {
        if let Some(tag) = self.tags.last_mut() {
            tag.write = true;
        }
        self
    }

    pub(crate) fn tag_id(&self, name: &str) -> Option<TagId> {
        self.tags.iter().position(|tag| tag.name == name).map(|place| TagId(place as u32))
    }

    /// Places of connections that carry bytes.
    pub(crate) fn stream_places(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.connections).filter(|(_, connection)| connection.peer.is_some()).map(|(place, _)| place)
    }

    pub(crate) fn tag_names(&self) -> Vec<String> {
        self.tags.iter().map(|tag| tag.name.clone()).collect()
    }
}

impl SpecConnection {
    /// A link that nothing is behind.
    pub(crate) fn named(name: &str) -> Self {
        let (devices, units) = (Vec::new(), Vec::new());
        Self { name: name.to_owned(), settings: json!({}), devices, units, timeout_ms: 1_000, peer: None }
    }
}

impl SpecTag {
    fn new(name: &str, kind: &str) -> Self {
        let kinds = [ValueKind::Bool, ValueKind::Int, ValueKind::Uint, ValueKind::Float, ValueKind::Text];
        Self {
            name: name.to_owned(),
            kind: kinds.into_iter().find(|known| known.word() == kind).unwrap_or(ValueKind::Null),
            connection: None,
            device: None,
            address: String::new(),
            group: String::new(),
            publish: false,
            read: false,
            write: false,
            link: None,
        }
    }

    fn access(&self) -> Vec<&'static str> {
        let sets = [("publish", self.publish), ("read", self.read), ("write", self.write)];
        sets.into_iter().filter(|(_, has)| *has).map(|(word, _)| word).collect()
    }
}

impl Spec {
    /// The init document, as the host writes it (wit/README.md).
    pub(crate) fn document(&self) -> String {
        let connections = self.connections.iter().map(|connection| {
            let units = connection.units.iter().map(|(name, settings)| json!({ "name": name, "settings": settings }));
            let units = units.collect::<Vec<_>>();
            let mut entry = json!({ "name": connection.name, "device": connection.settings, "pipeline": 1, "devices": units });
            if let Some((_, datagrams)) = connection.peer {
                entry["carries"] = json!(if datagrams { "datagrams" } else { "bytes" });
            }
            entry
        });
        let connections = connections.collect::<Vec<_>>();
        let tags = self.tags.iter().map(|tag| {
            let mut entry = json!({ "name": tag.name, "kind": tag.kind.word(), "access": tag.access() });
            if let Some(connection) = tag.connection {
                entry["connection"] = json!(connection);
                entry["address"] = json!(tag.address);
                entry["group"] = json!(tag.group);
            }
            if let Some(device) = tag.device {
                entry["device"] = json!(device);
            }
            if let Some(link) = tag.link.as_ref().filter(|_| !self.alarms.is_empty()) {
                entry["link"] = json!(link);
            }
            entry
        });
        let mut document = json!({ "plugin": self.config, "connections": connections, "tags": tags.collect::<Vec<_>>() });
        if !self.alarms.is_empty() {
            document["alarms"] = self.alarms.iter().map(SpecAlarm::entry).collect();
        }
        if self.extras {
            add_unknown_keys(&mut document);
        }
        document.to_string()
    }
}

/// What a later host might add: keys that no plugin of today knows, at every level that is the contract's own.
fn add_unknown_keys(document: &mut Json) {
    let novelty = || json!({ "since": "0.9", "list": [1, 2, 3] });
    document["a_new_section"] = novelty();
    for list in ["connections", "tags", "alarms"] {
        if let Some(entries) = document.get_mut(list).and_then(Json::as_array_mut) {
            entries.iter_mut().for_each(|entry| entry["a_new_key"] = novelty());
        }
    }
}
