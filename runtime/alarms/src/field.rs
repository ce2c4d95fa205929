//! Which tags come from which device, and which devices answer.

use std::collections::{BTreeMap, BTreeSet};

use plantroom_model::{AlarmSpec, Condition, ConnectionId, Origin, TagId, TagSpec};

/// A connection (`None`), or a device behind it.
pub(crate) type Place = (ConnectionId, Option<u32>);

/// Devices, their tags, and whether they answer.
#[derive(Debug, Default)]
pub(crate) struct Field {
    /// In order; a tag's device is a place in it.
    devices: Vec<Place>,
    of_tag: Vec<u32>,
    /// Of device `n` the tags from `starts[n]` to `starts[n + 1]`.
    starts: Vec<u32>,
    tags: Vec<u32>,
    /// Whether it answers, where anybody has said.
    pub answers: BTreeMap<Place, bool>,
    /// Alarms that tell that it doesn't.
    pub alarms: BTreeMap<Place, Vec<u32>>,
}

/// A tag without a device.
const NONE: u32 = u32::MAX;

impl Field {
    pub fn of(specs: &[AlarmSpec], tags: &[TagSpec], answers: BTreeMap<Place, bool>) -> Self {
        let place = |tag: &TagSpec| match tag.origin {
            Origin::Driver { connection, device, .. } => Some((connection, device)),
            _ => None,
        };
        let devices: Vec<Place> = tags.iter().filter_map(place).collect::<BTreeSet<_>>().into_iter().collect();
        let find = |tag: &TagSpec| place(tag).and_then(|place| devices.binary_search(&place).ok());
        let of_tag: Vec<u32> = tags.iter().map(|tag| find(tag).map_or(NONE, |device| device as u32)).collect();
        let mut starts = vec![0_u32; devices.len() + 1];
        for device in of_tag.iter().filter(|device| **device != NONE) {
            starts[*device as usize + 1] += 1;
        }
        for device in 0..devices.len() {
            starts[device + 1] += starts[device];
        }
        let (mut next, mut grouped) = (starts.clone(), vec![0; starts.last().map_or(0, |end| *end as usize)]);
        for (tag, device) in (0_u32..).zip(&of_tag).filter(|(_, device)| **device != NONE) {
            grouped[next[*device as usize] as usize] = tag;
            next[*device as usize] += 1;
        }
        let mut alarms: BTreeMap<Place, Vec<u32>> = BTreeMap::new();
        for (alarm, spec) in (0_u32..).zip(specs) {
            if let Condition::Link { connection, device } = spec.condition {
                alarms.entry((connection, device)).or_default().push(alarm);
            }
        }
        Self { devices, of_tag, starts, tags: grouped, answers, alarms }
    }

    /// The device that a tag comes from.
    pub fn device_of(&self, tag: TagId) -> Option<Place> {
        self.devices.get(*self.of_tag.get(tag.0 as usize)? as usize).copied()
    }

    /// Whether an alarm of its own tells that a tag's device doesn't answer.
    pub fn has_alarm(&self, tag: TagId) -> bool {
        let Some((connection, device)) = self.device_of(tag) else { return false };
        self.alarms.contains_key(&(connection, None)) || self.alarms.contains_key(&(connection, device))
    }

    /// Whether a device is known not to answer, or its connection.
    pub fn is_cut_off(&self, (connection, device): Place) -> bool {
        [(connection, None), (connection, device)].iter().any(|place| self.answers.get(place) == Some(&false))
    }

    /// Devices behind a connection, or the one.
    pub fn behind(&self, (connection, device): Place) -> Vec<Place> {
        let all = self.devices.iter().filter(|place| place.0 == connection);
        all.filter(|place| device.is_none() || place.1 == device).copied().collect()
    }

    /// A device's tags.
    pub fn tags_of(&self, place: Place) -> &[u32] {
        let Ok(device) = self.devices.binary_search(&place) else { return &[] };
        &self.tags[self.starts[device] as usize..self.starts[device + 1] as usize]
    }
}
