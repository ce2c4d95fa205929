//! From the init document to what runs: every tag with its place, every mistake told at once.

use std::collections::BTreeMap;
use std::time::Duration;

use plantroom_sdk::{ConnectionInfo, Problems, Setup, Tag, TagInfo, Value, ValueKind};
use serde::Deserialize;

use crate::address::Address;
use crate::data::DataType;
use crate::frame::{PDU_BYTES, PDU_LEAST_BYTES};

/// Shortest and longest period of a polling group, in ms.
const PERIOD_MS: (u64, u64) = (20, 86_400_000);
/// The group of a tag that names none.
const DEFAULT_GROUP: &str = "normal";

/// `[plugin.config]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    /// Polling groups and their periods, in ms.
    groups: BTreeMap<String, u64>,
}

/// `[connection.device]`: which controller it is and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Controller {
    /// Rack of the CPU; 0 almost always.
    pub rack: u8,
    /// Slot of the CPU: 2 for S7-300, 1 (or 0) for S7-1200 and 1500; by the hardware configuration for S7-400.
    pub slot: u8,
    /// As what the station speaks to it: `pg`, `op` or `basic`; controllers keep connections for each apart.
    pub connection: Role,
    /// The station's TSAP; for controllers like LOGO! that name one.
    pub local_tsap: u16,
    /// The controller's TSAP, in the place of rack, slot and connection.
    pub remote_tsap: Option<u16>,
    /// Largest PDU that is asked for, in bytes.
    pub pdu_bytes: u16,
    /// Unwanted bytes that may be read between two values of one item.
    pub gap: u32,
    /// How long one answer may take, in ms.
    pub timeout_ms: u64,
}

/// As what the station speaks to a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A programming device.
    Pg,
    /// An operator panel.
    Op,
    /// Neither.
    Basic,
}

impl Default for Controller {
    fn default() -> Self {
        Self {
            rack: 0,
            slot: 1,
            connection: Role::Op,
            local_tsap: 0x0100,
            remote_tsap: None,
            pdu_bytes: PDU_BYTES,
            // An item costs 16 bytes of question and answer: 20 unwanted bytes are as cheap.
            gap: 20,
            timeout_ms: 2_000,
        }
    }
}

impl Controller {
    /// The TSAP that leads to its CPU.
    pub fn remote(&self) -> u16 {
        let role = match self.connection {
            Role::Pg => 1,
            Role::Op => 2,
            Role::Basic => 3,
        };
        self.remote_tsap.unwrap_or(role << 8 | u16::from(self.rack) << 5 | u16::from(self.slot))
    }

    fn check(&self, problems: &mut Vec<String>) {
        for (key, value, low, high) in [
            ("rack", u64::from(self.rack), 0, 7),
            ("slot", u64::from(self.slot), 0, 31),
            ("pdu_bytes", u64::from(self.pdu_bytes), u64::from(PDU_LEAST_BYTES), u64::from(PDU_BYTES)),
            ("gap", u64::from(self.gap), 0, 400),
            ("timeout_ms", self.timeout_ms, 50, 60_000),
        ] {
            if !(low..=high).contains(&value) {
                problems.push(format!("`{key}` is {value}; it is a whole number of {low} to {high}"));
            }
        }
    }
}

/// A polling group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name, as tags say it.
    pub name: String,
    /// How often it is read.
    pub period: Duration,
}

/// One tag.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its handle.
    pub handle: u32,
    /// Where it lies.
    pub address: Address,
    /// Where it is published, and a place in [`Plan::groups`]; `None` where it is only written.
    pub read: Option<(Tag<Value>, usize)>,
}

/// One controller and its tags.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its connection.
    pub connection: ConnectionInfo,
    /// How it is asked.
    pub controller: Controller,
    /// Its tags, in the order of the project.
    pub targets: Vec<Target>,
}

/// What the driver will do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Polling groups.
    pub groups: Vec<Group>,
    /// One for each connection.
    pub stations: Vec<Station>,
    /// Whether any tag can be written.
    pub writes: bool,
}

/// Reads the whole setup.
///
/// # Errors
/// Every problem of the configuration, the controllers and the tags.
pub fn plan(setup: &Setup) -> Result<Plan, Problems> {
    let mut problems = Problems::new();
    let groups = groups(setup, &mut problems);
    let mut stations: Vec<Station> = setup.connections.iter().map(|connection| station(connection, &mut problems)).collect();
    for tag in &setup.tags {
        let station = tag.connection.and_then(|index| stations.get_mut(index as usize));
        let Some(station) = station else {
            let sentence = "is on no connection that this plugin may use: add its connection to the plugin's grant.connections";
            problems.add_tag(tag, format!("`{}` {sentence}", tag.name));
            continue;
        };
        match target(tag, &groups) {
            Ok(target) => station.targets.push(target),
            Err(sentences) => sentences.into_iter().for_each(|sentence| problems.add_tag(tag, sentence)),
        }
    }
    let writes = setup.tags.iter().any(|tag| tag.write);
    problems.result(Some(Plan { groups, stations, writes }))
}

fn groups(setup: &Setup, problems: &mut Problems) -> Vec<Group> {
    let config: Config = problems.keep(setup.config()).unwrap_or_default();
    let mut periods = BTreeMap::from([(DEFAULT_GROUP.to_owned(), 1_000)]);
    periods.extend(config.groups);
    for (name, period_ms) in &periods {
        if !(PERIOD_MS.0..=PERIOD_MS.1).contains(period_ms) {
            problems.add(format!(
                "the period of the polling group `{name}` is {period_ms} ms; it is a whole number of {} to {} ms",
                PERIOD_MS.0, PERIOD_MS.1
            ));
        }
    }
    periods
        .into_iter()
        .map(|(name, period_ms)| Group { name, period: Duration::from_millis(period_ms.max(PERIOD_MS.0)) })
        .collect()
}

fn station(connection: &ConnectionInfo, problems: &mut Problems) -> Station {
    let name = &connection.name;
    if connection.carries != "bytes" {
        problems.add(format!("connection `{name}` doesn't carry bytes, which S7 needs; write stream = {{ tcp = \"host:102\" }}"));
    }
    if !connection.devices.is_empty() {
        problems.add(format!(
            "connection `{name}` lists several devices, but an S7 connection leads to one controller; \
                              write one connection for each"
        ));
    }
    let controller: Controller = problems.keep(connection.device()).unwrap_or_default();
    let mut wrong = Vec::new();
    controller.check(&mut wrong);
    wrong.into_iter().for_each(|sentence| problems.add(format!("connection `{name}`, [connection.device]: {sentence}")));
    Station { connection: connection.clone(), controller, targets: Vec::new() }
}

fn target(tag: &TagInfo, groups: &[Group]) -> Result<Target, Vec<String>> {
    let mut wrong = Vec::new();
    let wanted = if tag.group.is_empty() { DEFAULT_GROUP } else { &tag.group };
    let group = groups.iter().position(|group| group.name == wanted);
    if group.is_none() {
        let known: Vec<String> = groups.iter().map(|group| format!("`{}`", group.name)).collect();
        wrong.push(format!(
            "`{}` is in the polling group `{wanted}`, which the plugin doesn't have; use one of {} or add it to `groups` in plugins.toml",
            tag.name,
            known.join(", ")
        ));
    }
    let address = match Address::parse(&tag.address) {
        Ok(address) => address,
        Err(sentence) => {
            wrong.push(sentence);
            return Err(wrong);
        }
    };
    wrong.extend(misfit(tag, &address));
    let publishes = tag.publish.then(|| tag.to_publish::<Value>()).transpose();
    match (publishes, group) {
        (Ok(tag_out), Some(group)) if wrong.is_empty() => {
            Ok(Target { handle: tag.handle, address, read: tag_out.map(|tag| (tag, group)) })
        }
        (Err(problems), _) => {
            wrong.extend(problems.into_raw().into_iter().map(|problem| problem.message));
            Err(wrong)
        }
        _ => Err(wrong),
    }
}

/// What of a tag doesn't go with what lies at its address.
fn misfit(tag: &TagInfo, address: &Address) -> Option<String> {
    let kind = address.data.kind();
    let (is_text, holds_text) = (tag.kind == ValueKind::Text, kind == ValueKind::Text);
    if is_text != holds_text {
        return Some(format!(
            "`{}` holds {}, but `{address}` is {}; declare the tag as {}",
            tag.name,
            tag.kind.word(),
            kind.word(),
            kind.word()
        ));
    }
    if tag.write && !address.data.is_writable() {
        return Some(format!(
            "`{}` can be written, but `{address}` belongs to the controller's program; remove `write`",
            tag.name
        ));
    }
    if tag.kind == ValueKind::Bool && address.data != DataType::Bool {
        return Some(format!(
            "`{}` is a bool, but `{address}` is {}; name its bit, as in DB10.DBX2.3",
            tag.name,
            address.data.word()
        ));
    }
    None
}
