//! A connection's tags with the registers they were decoded from: what an engineer looks at when a device is new.

use std::sync::Arc;

use plantroom_model::{ConnectionId, Origin, Quality, TagId, TagSpec, Value};
use plantroom_server::{RegisterNow, time_text};

use crate::command::CommandPath;
use crate::target;

impl CommandPath {
    /// The tags of a connection, in the order of the project, at most so many. The driver is asked once for all of them.
    pub fn registers(&self, connection: ConnectionId, most: usize) -> Vec<RegisterNow> {
        let running = self.running.get();
        let plant = &running.plant;
        let snapshot = Arc::clone(&self.snapshots.borrow());
        let Some(link) = plant.connections.get(connection.0 as usize) else { return Vec::new() };
        let of_link = |spec: &TagSpec| matches!(&spec.origin, Origin::Driver { connection: own, .. } if *own == connection);
        let tags = plant.tags.iter().enumerate().filter(|(_, spec)| of_link(spec)).take(most);
        let tags: Vec<(TagId, &TagSpec)> = tags.map(|(id, spec)| (TagId(id as u32), spec)).collect();
        let ids: Vec<TagId> = tags.iter().map(|(id, _)| *id).collect();
        let mut told = running.plugin(link.driver).map(|driver| driver.explain_all(&ids)).unwrap_or_default();
        told.resize(ids.len(), None);
        let rows = tags.into_iter().zip(told).map(|((id, spec), told)| {
            let Origin::Driver { device, address, .. } = &spec.origin else { return RegisterNow::default() };
            let device = device.and_then(|device| link.devices.get(device as usize));
            let sample = snapshot.get(id).cloned().unwrap_or_default();
            let mut row = RegisterNow {
                tag: spec.name.to_string(),
                device: device.map(|device| device.name.to_string()).unwrap_or_default(),
                address: address.to_string(),
                value: if sample.value == Value::Null { String::new() } else { target::shown(spec, &sample.value) },
                quality: match sample.status.quality() {
                    Quality::Good => "good",
                    Quality::Uncertain => "uncertain",
                    Quality::Bad => "bad",
                }
                .to_owned(),
                reason: sample.status.words().to_owned(),
                ..RegisterNow::default()
            };
            if let Some(told) = told {
                (row.place, row.words, row.note) = (told.place, told.words, told.note);
                (row.read, row.read_at) = (time_text(told.at), told.at);
            }
            row
        });
        rows.collect()
    }
}
