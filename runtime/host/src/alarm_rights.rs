//! What one plugin may do about alarms, ready to be asked about at every call.

use plantroom_model::{AlarmId, AlarmSpec, Condition, Frame, Origin, Priority, TagId};
use plantroom_project::{AlarmGrant, Plant};
use serde_json::{Value as Json, json};

use crate::grant::NONE;

/// Something that a plugin may do about an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct May(u8);

impl May {
    /// It is its own: it says when it holds.
    pub const RAISE: Self = Self(1);
    /// It may suppress it.
    pub const SUPPRESS: Self = Self(2);
    /// It may mark it.
    pub const MARK: Self = Self(4);
    /// It hears of it; of its own alarms it always does.
    pub const READ: Self = Self(8);

    const WORDS: [(Self, &'static str); 4] =
        [(Self::RAISE, "raise"), (Self::SUPPRESS, "suppress"), (Self::MARK, "mark"), (Self::READ, "read")];

    /// The key in the grant.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(may, _)| *may == self).map_or("", |(_, word)| word)
    }
}

/// The alarms of one plugin. A handle is a place in the list of all granted alarms, by alarm id.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct AlarmRights {
    /// Handle to alarm.
    alarms: Vec<AlarmId>,
    /// By handle: what it may do.
    may: Vec<u8>,
    /// Alarm id to handle, where it hears of it; else [`NONE`]. Empty when it hears of none.
    heard: Vec<u32>,
}

impl AlarmRights {
    /// What a plant grants; nothing to a component that doesn't speak of alarms.
    pub fn new(grant: &AlarmGrant, plant: &Plant, speaks: bool) -> Self {
        if !speaks {
            return Self::default();
        }
        let lists =
            [(May::RAISE, &grant.raise), (May::SUPPRESS, &grant.suppress), (May::MARK, &grant.mark), (May::READ, &grant.read)];
        let mut alarms: Vec<AlarmId> = lists.iter().flat_map(|(_, list)| list.iter().copied()).collect();
        alarms.retain(|alarm| (alarm.0 as usize) < plant.alarms.len());
        alarms.sort_unstable();
        alarms.dedup();
        let mut may = vec![0; alarms.len()];
        for (right, list) in lists {
            for alarm in list {
                if let Ok(handle) = alarms.binary_search(alarm) {
                    may[handle] |= if right == May::RAISE { right.0 | May::READ.0 } else { right.0 };
                }
            }
        }
        let mut heard = vec![NONE; if may.iter().any(|may| may & May::READ.0 != 0) { plant.alarms.len() } else { 0 }];
        for (handle, alarm) in alarms.iter().enumerate().filter(|(handle, _)| may[*handle] & May::READ.0 != 0) {
            heard[alarm.0 as usize] = handle as u32;
        }
        Self { alarms, may, heard }
    }

    /// How many handles there are.
    pub fn len(&self) -> usize {
        self.alarms.len()
    }

    /// Whether it hears of any alarm.
    pub fn hears(&self) -> bool {
        !self.heard.is_empty()
    }

    /// The alarms that it hears of, with their handles.
    pub fn heard(&self) -> impl Iterator<Item = (AlarmId, u32)> + '_ {
        let heard = |(handle, alarm): (u32, &AlarmId)| self.heard_handle(*alarm).map(|_| (*alarm, handle));
        (0..).zip(&self.alarms).filter_map(heard)
    }

    /// The handle of an alarm that it hears of.
    pub fn heard_handle(&self, alarm: AlarmId) -> Option<u32> {
        self.heard.get(alarm.0 as usize).copied().filter(|handle| *handle != NONE)
    }

    /// The alarm of a handle, where it may do this about it.
    pub fn granted(&self, handle: u32, may: May) -> Option<AlarmId> {
        let granted = self.may.get(handle as usize).is_some_and(|all| all & may.0 != 0);
        self.alarms.get(handle as usize).copied().filter(|_| granted)
    }

    /// Whether it may say anything about an alarm.
    pub fn speaks_of(&self, alarm: AlarmId) -> bool {
        let speaks = May::RAISE.0 | May::SUPPRESS.0 | May::MARK.0;
        self.alarms.binary_search(&alarm).is_ok_and(|handle| self.may[handle] & speaks != 0)
    }

    /// How much a frame says that this plugin may hear.
    pub fn count_heard(&self, frame: &Frame) -> u64 {
        if !self.hears() {
            return 0;
        }
        frame.alarms.events.iter().filter(|event| self.heard_handle(event.alarm).is_some()).count() as u64
    }

    /// The list `alarms` of the init document (wit/README.md).
    pub fn document(&self, plant: &Plant) -> Vec<Json> {
        let entry = |(alarm, may): (&AlarmId, &u8)| {
            let spec = plant.alarms.get(alarm.0 as usize)?;
            let access = May::WORDS.iter().filter(|(right, _)| may & right.0 != 0).map(|(_, word)| *word);
            Some(entry(spec, access.collect(), plant))
        };
        self.alarms.iter().zip(&self.may).filter_map(entry).collect()
    }
}

fn entry(spec: &AlarmSpec, access: Vec<&str>, plant: &Plant) -> Json {
    let priority = (spec.priority != Priority::Low).then(|| spec.priority.word());
    let mut entry = json!({ "name": &*spec.name, "message": &*spec.message, "area": &*spec.area, "access": access });
    entry["priority"] = json!(priority.unwrap_or(Priority::Low.word()));
    let texts = [("instance", &spec.instance), ("group", &spec.first_out)];
    for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        entry[key] = json!(&**text);
    }
    if spec.latching {
        entry["latching"] = json!(true);
    }
    if let Some(link) = link_of(&spec.condition, plant) {
        entry["link"] = json!(link);
    }
    entry
}

/// The link that an alarm's values come over: that of the tag that it watches.
fn link_of(condition: &Condition, plant: &Plant) -> Option<String> {
    let tag = match condition {
        Condition::Limit { tag, .. }
        | Condition::Deviation { tag, .. }
        | Condition::Rate { tag, .. }
        | Condition::State { tag, .. }
        | Condition::Change { tag }
        | Condition::Disagree { feedback: tag, .. }
        | Condition::BadQuality { tag } => *tag,
        Condition::Link { connection, device } => return link_name(plant, connection.0, *device),
        Condition::Script { .. } | Condition::Plugin { .. } | Condition::System | Condition::Gone => return None,
    };
    tag_link(plant, tag)
}

/// The name of the link that a tag's samples come over; none for what the station computes itself.
pub(crate) fn tag_link(plant: &Plant, tag: TagId) -> Option<String> {
    match plant.tags.get(tag.0 as usize)?.origin {
        Origin::Driver { connection, device, .. } => link_name(plant, connection.0, device),
        _ => None,
    }
}

fn link_name(plant: &Plant, connection: u32, device: Option<u32>) -> Option<String> {
    let connection = plant.connections.get(connection as usize)?;
    let device = device.and_then(|device| connection.devices.get(device as usize));
    Some(device.map_or_else(|| connection.name.to_string(), |device| format!("{}/{}", connection.name, device.name)))
}
