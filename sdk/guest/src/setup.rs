//! The init document: what the project gives this plugin.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::alarms::DocumentAlarm;
use crate::raw::Problem;
use crate::{AlarmInfo, Input, Tag, TagValue, ValueKind};

/// What the project gives this plugin (wit/README.md, "The init document"). Only to look at: `init` runs in
/// `plantroom check` too.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The plugin's own configuration, an object.
    pub plugin: Json,
    /// Its connections; the index in the contract is the place in this list.
    pub connections: Vec<ConnectionInfo>,
    /// Its tags; the handle is the place in this list.
    pub tags: Vec<TagInfo>,
    /// Its alarms; the handle is the place in this list. Empty for a plugin that has none.
    pub alarms: Vec<AlarmInfo>,
    /// Operators' positions; empty for a plugin without alarms, and where the plant is one position.
    pub positions: Vec<PositionInfo>,
}

/// An operator's position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PositionInfo {
    /// Its name in the project.
    #[serde(default)]
    pub name: String,
    /// Its areas; `*` for all that no other position has.
    #[serde(default)]
    pub areas: Vec<String>,
}

/// A named link to a device.
#[derive(Clone, Debug)]
pub struct ConnectionInfo {
    /// Its place in [`Setup::connections`].
    pub index: u32,
    /// Its name in the project.
    pub name: String,
    /// Settings of the only device behind it, or the defaults of several, an object: `[connection.device]` in the project.
    pub device: Json,
    /// What it carries: `bytes` or `datagrams`; empty for Modbus.
    pub carries: String,
    /// How many transactions may be on the way at once, at least 1.
    pub pipeline: u8,
    /// The devices behind it, where there are several; empty for a link to one device. A tag's device is a place in this list.
    pub devices: Vec<DeviceInfo>,
}

/// One of several devices behind a link.
#[derive(Clone, Debug)]
pub struct DeviceInfo {
    /// Its place in [`ConnectionInfo::devices`].
    pub index: u32,
    /// Its name in the project, unique on its link.
    pub name: String,
    /// Its settings, an object, with those of `[connection.device]` already in it.
    pub settings: Json,
}

/// A tag that was granted to this plugin.
#[derive(Clone, Debug)]
pub struct TagInfo {
    /// Its place in [`Setup::tags`].
    pub handle: u32,
    /// Path with `/`, as in the project.
    pub name: String,
    /// What it holds.
    pub kind: ValueKind,
    /// The connection it belongs to; none for analytics.
    pub connection: Option<u32>,
    /// The device it belongs to, where its connection has several: a place in [`ConnectionInfo::devices`].
    pub device: Option<u32>,
    /// Where in the device it is, in the driver's own notation; empty where the project says none.
    pub address: String,
    /// Polling group; empty where the project says none.
    pub group: String,
    /// For alarm logic: the link that its samples come over (`plc` or `line/meter_1`); source times of one link are of one
    /// clock. Empty for what the station computes, and for other plugins.
    pub link: String,
    /// May be published.
    pub publish: bool,
    /// May be read.
    pub read: bool,
    /// Write orders for it may come.
    pub write: bool,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    plugin: Json,
    #[serde(default)]
    connections: Vec<DocumentConnection>,
    #[serde(default)]
    tags: Vec<DocumentTag>,
    #[serde(default)]
    alarms: Vec<DocumentAlarm>,
    #[serde(default)]
    positions: Vec<PositionInfo>,
}

#[derive(Deserialize)]
struct DocumentConnection {
    name: String,
    #[serde(default)]
    device: Json,
    #[serde(default)]
    carries: String,
    #[serde(default)]
    pipeline: Option<u8>,
    #[serde(default)]
    devices: Vec<DocumentDevice>,
}

#[derive(Deserialize)]
struct DocumentDevice {
    name: String,
    #[serde(default)]
    settings: Json,
}

#[derive(Deserialize)]
struct DocumentTag {
    name: String,
    kind: String,
    connection: Option<u32>,
    #[serde(default)]
    device: Option<u32>,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    link: String,
    #[serde(default)]
    access: Vec<String>,
}

impl Setup {
    /// Reads the init document; keys it doesn't know are ignored.
    ///
    /// # Errors
    /// One problem, when the document isn't what the contract says.
    pub fn parse(document: &str) -> Result<Self, Problems> {
        let document: Document = serde_json::from_str(document).map_err(|error| {
            Problems::one(format!(
                "the station's init document can't be read ({error}); the plugin may be made for another version of Plantroom"
            ))
        })?;
        let object = |value: Json| if value.is_null() { Json::Object(Map::new()) } else { value };
        let connections = (0..).zip(document.connections).map(|(index, connection)| ConnectionInfo {
            index,
            name: connection.name,
            device: object(connection.device),
            carries: connection.carries,
            pipeline: connection.pipeline.unwrap_or(1).max(1),
            devices: (0..)
                .zip(connection.devices)
                .map(|(index, device)| DeviceInfo { index, name: device.name, settings: object(device.settings) })
                .collect(),
        });
        let tags = (0..).zip(document.tags).map(|(handle, tag)| {
            let may = |word: &str| tag.access.iter().any(|access| access == word);
            TagInfo {
                handle,
                kind: ValueKind::from_word(&tag.kind).unwrap_or(ValueKind::Null),
                connection: tag.connection,
                device: tag.device,
                publish: may("publish"),
                read: may("read"),
                write: may("write"),
                name: tag.name,
                address: tag.address.unwrap_or_default(),
                group: tag.group.unwrap_or_default(),
                link: tag.link,
            }
        });
        let alarms = (0..).zip(document.alarms).map(|(handle, alarm)| alarm.info(handle)).collect();
        let (connections, tags) = (connections.collect(), tags.collect());
        Ok(Self { plugin: object(document.plugin), connections, tags, alarms, positions: document.positions })
    }

    /// The plugin's own configuration as a type of yours. Use `#[serde(deny_unknown_fields)]` so that a
    /// misspelt key is told.
    ///
    /// # Errors
    /// One problem that says which key is wrong.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, Problems> {
        T::deserialize(&self.plugin).map_err(|error| Problems::one(format!("the plugin's configuration can't be used: {error}")))
    }

    /// The tags of one connection, in the order of their handles.
    pub fn tags_of(&self, connection: &ConnectionInfo) -> impl Iterator<Item = &TagInfo> {
        let index = connection.index;
        self.tags.iter().filter(move |tag| tag.connection == Some(index))
    }

    /// The connection with this name.
    pub fn connection(&self, name: &str) -> Option<&ConnectionInfo> {
        self.connections.iter().find(|connection| connection.name == name)
    }
}

impl ConnectionInfo {
    /// The device's settings as a type of yours.
    ///
    /// # Errors
    /// One problem that names the connection and says which key is wrong.
    pub fn device<T: DeserializeOwned>(&self) -> Result<T, Problems> {
        T::deserialize(&self.device)
            .map_err(|error| Problems::one(format!("the device settings of connection `{}` can't be used: {error}", self.name)))
    }

    /// The device that a tag of this connection belongs to; `None` where the link has only one.
    pub fn device_of(&self, tag: &TagInfo) -> Option<&DeviceInfo> {
        self.devices.get(tag.device? as usize)
    }

    /// A handle for transactions on it.
    pub fn modbus(&self) -> crate::Modbus {
        crate::Modbus::new(self)
    }

    /// A handle for bytes on it.
    pub fn stream(&self) -> crate::Stream {
        crate::Stream::new(self)
    }
}

impl TagInfo {
    /// A handle to publish this tag with.
    ///
    /// # Errors
    /// One problem, when the project doesn't let the plugin publish it or its kind can't take a `T`.
    pub fn to_publish<T: TagValue>(&self) -> Result<Tag<T>, Problems> {
        if !self.publish {
            return Err(Problems::tag(
                self,
                format!("`{}` may not be published by this plugin; add it to the plugin's grant.publish", self.name),
            ));
        }
        if !T::fits(self.kind) {
            let own = T::KIND.map_or("value", ValueKind::word);
            let sentence = format!(
                "`{}` is declared as {}, but this plugin gives it a {own}; declare it as {own}",
                self.name,
                self.kind.word()
            );
            return Err(Problems::tag(self, sentence));
        }
        Ok(Tag::new(self))
    }

    /// A handle to read this tag with.
    ///
    /// # Errors
    /// One problem, when the project doesn't let the plugin read it or its kind can't be a `T`.
    pub fn to_read<T: TagValue>(&self) -> Result<Input<T>, Problems> {
        if !self.read {
            return Err(Problems::tag(
                self,
                format!("`{}` may not be read by this plugin; add it to the plugin's grant.read", self.name),
            ));
        }
        if !T::reads(self.kind) {
            let own = T::KIND.map_or("value", ValueKind::word);
            let sentence = format!(
                "`{}` is declared as {}, but this plugin needs a {own} there; name another tag",
                self.name,
                self.kind.word()
            );
            return Err(Problems::tag(self, sentence));
        }
        Ok(Input(Tag::new(self)))
    }

    /// The last part of its name.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Everything that is wrong with a setup, told at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One problem with the plugin's configuration.
    pub fn one(message: impl Into<String>) -> Self {
        Self(vec![Problem { tag: None, message: message.into() }])
    }

    /// One problem with a tag.
    pub fn tag(tag: &TagInfo, message: impl Into<String>) -> Self {
        Self(vec![Problem { tag: Some(tag.handle), message: message.into() }])
    }

    /// Adds a problem with the plugin's configuration: what is wrong and what to do, in one sentence.
    pub fn add(&mut self, message: impl Into<String>) {
        self.0.push(Problem { tag: None, message: message.into() });
    }

    /// Adds a problem with a tag.
    pub fn add_tag(&mut self, tag: &TagInfo, message: impl Into<String>) {
        self.0.push(Problem { tag: Some(tag.handle), message: message.into() });
    }

    /// Adds other problems.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Keeps what is usable of a result, and its problems.
    pub fn keep<T>(&mut self, result: Result<T, Problems>) -> Option<T> {
        match result {
            Ok(usable) => Some(usable),
            Err(problems) => {
                self.0.extend(problems.0);
                None
            }
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The outcome: `created`, if nothing is wrong.
    ///
    /// # Errors
    /// All problems.
    pub fn result<T>(mut self, created: Option<T>) -> Result<T, Problems> {
        match created {
            Some(created) if self.0.is_empty() => Ok(created),
            _ => {
                if self.0.is_empty() {
                    self.add("the plugin could not be set up");
                }
                Err(self)
            }
        }
    }

    /// As the contract has them.
    pub fn into_raw(self) -> Vec<Problem> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_of_the_document_are_ignored() {
        let setup = Setup::parse(
            r#"{"plugin": {"a": 1}, "new": [], "connections": [{"name": "plc", "device": {"unit": 3}, "kind": "tcp"}],
                "tags": [{"name": "a/b", "kind": "float", "connection": 0, "address": "x", "access": ["publish", "sing"], "colour": 1},
                         {"name": "c", "kind": "bool", "access": ["read"]}]}"#,
        )
        .unwrap();
        assert_eq!((setup.tags.len(), setup.tags[0].handle, setup.tags[1].handle), (2, 0, 1));
        assert!(setup.tags[0].publish && !setup.tags[0].write && setup.tags[1].read);
        assert_eq!(setup.tags_of(&setup.connections[0]).count(), 1);
        assert_eq!((setup.connections[0].pipeline, setup.connections[0].devices.len(), setup.tags[0].device), (1, 0, None));
        assert_eq!(setup.tags[0].short_name(), "b");
    }

    #[test]
    fn devices_behind_a_link_are_told_apart() {
        let setup = Setup::parse(
            r#"{"connections": [{"name": "line", "pipeline": 4, "device": {"gap": 2},
                  "devices": [{"name": "m1", "settings": {"unit": 1, "gap": 2}}, {"name": "m2"}]}],
                "tags": [{"name": "a", "kind": "float", "connection": 0, "device": 1, "access": ["publish"]},
                         {"name": "b", "kind": "float", "connection": 0, "access": ["publish"]}]}"#,
        )
        .unwrap();
        let line = &setup.connections[0];
        assert_eq!((line.pipeline, line.devices.len(), &line.devices[0].settings["unit"]), (4, 2, &Json::from(1)));
        assert!(line.devices[1].settings.is_object());
        assert_eq!(line.device_of(&setup.tags[0]).map(|device| device.name.as_str()), Some("m2"));
        assert!(line.device_of(&setup.tags[1]).is_none());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut problems = Problems::new();
        assert_eq!(problems.keep(Ok::<_, Problems>(1)), Some(1));
        assert_eq!(problems.keep(Err::<u8, _>(Problems::one("a"))), None);
        problems.add("b");
        let told = problems.result(Some(())).unwrap_err().into_raw();
        assert_eq!(told.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}
