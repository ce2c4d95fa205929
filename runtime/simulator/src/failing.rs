//! Parts of the process, devices and units that are made to fail, all by name.

use crate::field::{Device, KINDS, UNIT_KINDS, fault_of};
use crate::file::DeviceFile;
use crate::process::{FailError, FailurePoint, Kinds, kind_of, unknown};
use crate::simulator::{Field, Running, Simulator};

/// What of a device of the file can fail.
pub(crate) fn fault_kinds(device: &DeviceFile) -> Vec<(String, Kinds)> {
    let units: Vec<u8> = device.unit.iter().map(|unit| *unit.unit.get_ref()).collect();
    points_of(device.name.get_ref(), device.rtu, &units)
}

/// What of a device can fail: itself, and each of its units where it has several.
fn points_of(name: &str, rtu: bool, units: &[u8]) -> Vec<(String, Kinds)> {
    let kinds = if rtu { KINDS } else { &KINDS[..KINDS.len() - 1] };
    let mut points = vec![(name.to_owned(), kinds)];
    if units.len() > 1 {
        points.extend(units.iter().map(|unit| (format!("{name}/{unit}"), UNIT_KINDS)));
    }
    points
}

impl Simulator {
    /// Everything that can fail, in the order of the file.
    pub fn failures(&self) -> Vec<FailurePoint> {
        let mut all = self.process().failures();
        for map in &self.devices {
            let units: Vec<u8> = map.units.iter().map(|(unit, _)| *unit).collect();
            let points = points_of(&map.name, map.rtu, &units);
            all.extend(points.into_iter().map(|(name, kinds)| FailurePoint { name, kinds, now: None }));
        }
        all
    }
}

impl Running {
    /// Everything that can fail, and how it does now.
    pub fn failures(&self) -> Vec<FailurePoint> {
        self.field.failures()
    }

    /// Has something fail from now on, or with `ok` no longer.
    ///
    /// # Errors
    /// When nothing has this name, or it doesn't fail like this.
    pub fn fail(&self, name: &str, kind: &str) -> Result<(), FailError> {
        self.field.fail(name, kind)
    }
}

impl Field {
    pub(crate) fn failures(&self) -> Vec<FailurePoint> {
        let mut all = self.process().failures();
        for (device, _) in &self.devices {
            for (name, kinds) in points_of(device.name(), device.is_rtu(), &device.units()) {
                let now = kinds.iter().map(|(word, _)| *word).find(|word| fails(device, &name, word));
                all.push(FailurePoint { name, kinds, now });
            }
        }
        all
    }

    pub(crate) fn fail(&self, name: &str, kind: &str) -> Result<(), FailError> {
        for (device, _) in &self.devices {
            let points = points_of(device.name(), device.is_rtu(), &device.units());
            let Some((_, kinds)) = points.iter().find(|(point, _)| point == name) else { continue };
            let kind = kind_of(name, kind, kinds)?;
            match unit_of(device, name) {
                Some(unit) => device.set_unit_offline(unit, kind.is_some()),
                None => device.set_fault(fault_of(kind)),
            }
            return Ok(());
        }
        let result = self.process().fail(name, kind);
        match result {
            Err(FailError::Name { .. }) => Err(unknown(name, self.failures().iter().map(|point| point.name.as_str()))),
            other => other,
        }
    }
}

fn unit_of(device: &Device, name: &str) -> Option<u8> {
    name.strip_prefix(device.name())?.strip_prefix('/')?.parse().ok()
}

fn fails(device: &Device, name: &str, word: &str) -> bool {
    match unit_of(device, name) {
        Some(unit) => device.is_offline(unit),
        None => device.fault() == fault_of(Some(word)),
    }
}
