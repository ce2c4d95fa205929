//! What of alarms would be different after a change of the project.

use std::sync::Arc;

use plantroom_model::{AlarmSpec, Condition, LimitSource, TagId};

use crate::difference::compare;
use crate::{Differences, Plant};

/// Compares the alarms of two plants by name; ids don't matter.
pub(crate) fn compare_alarms(old: &Plant, new: &Plant) -> Differences {
    let name = |alarm: &AlarmSpec| (!alarm.name.is_empty()).then(|| Arc::from(&*alarm.name));
    compare(&old.alarms, &new.alarms, name, |a, b| {
        let what = changed(&Side { plant: old, alarm: a }, &Side { plant: new, alarm: b });
        (!what.is_empty()).then_some(what)
    })
}

struct Side<'a> {
    plant: &'a Plant,
    alarm: &'a AlarmSpec,
}

/// What of an alarm is different, by its keys.
fn changed(a: &Side<'_>, b: &Side<'_>) -> Vec<&'static str> {
    let (x, y) = (a.alarm, b.alarm);
    let what = [
        ("message", x.message != y.message),
        ("condition", a.words() != b.words()),
        ("priority", x.priority != y.priority),
        ("area", x.area != y.area),
        ("consequence", x.consequence != y.consequence),
        ("action", x.action != y.action),
        ("respond", x.respond_s != y.respond_s),
        ("screen", x.screen != y.screen),
        ("on_delay", x.on_delay_ms != y.on_delay_ms),
        ("off_delay", x.off_delay_ms != y.off_delay_ms),
        ("latching", x.latching != y.latching),
        ("acknowledge", x.acknowledge != y.acknowledge),
        ("realarm", x.realarm_s != y.realarm_s),
        ("shelve_max", x.shelve_max_s != y.shelve_max_s),
        ("shelve_role", x.shelve_role != y.shelve_role),
        ("first_out", x.first_out != y.first_out),
        ("instance", x.instance != y.instance),
    ];
    what.into_iter().filter_map(|(key, is_changed)| is_changed.then_some(key)).collect()
}

impl Side<'_> {
    fn tag(&self, id: TagId) -> String {
        let Some(tag) = self.plant.tags.get(id.0 as usize) else { return String::new() };
        // What an expression of the alarm has become is as different as the expression.
        match &tag.origin {
            plantroom_model::Origin::Derived(derived) if tag.name.starts_with(&*self.alarm.name) => {
                derived.expression.to_string()
            }
            _ => tag.name.to_string(),
        }
    }

    fn source(&self, source: LimitSource) -> String {
        match source {
            LimitSource::Constant(number) => number.to_string(),
            LimitSource::Tag(id) => self.tag(id),
        }
    }

    /// The condition with names instead of ids.
    fn words(&self) -> String {
        match &self.alarm.condition {
            Condition::Limit { tag, kind, at, hysteresis } => {
                format!("{kind:?} {} {} {hysteresis}", self.tag(*tag), self.source(*at))
            }
            Condition::Deviation { tag, setpoint, by, hysteresis } => {
                format!("deviation {} {} {} {hysteresis}", self.tag(*tag), self.tag(*setpoint), self.source(*by))
            }
            Condition::Rate { tag, per_s, window_ms, hysteresis } => {
                format!("rate {} {} {window_ms} {hysteresis}", self.tag(*tag), self.source(*per_s))
            }
            Condition::State { tag, is } => format!("state {} {is:?}", self.tag(*tag)),
            Condition::Change { tag } => format!("change {}", self.tag(*tag)),
            Condition::Disagree { command, feedback, follow_ms } => {
                format!("follows {} {} {follow_ms}", self.tag(*command), self.tag(*feedback))
            }
            Condition::BadQuality { tag } => format!("quality {}", self.tag(*tag)),
            Condition::Link { connection, device } => {
                let spec = self.plant.connections.get(connection.0 as usize);
                let device = spec.and_then(|spec| spec.devices.get((*device)? as usize));
                format!("link {:?} {:?}", spec.map(|spec| &spec.name), device.map(|device| &device.name))
            }
            Condition::Script { .. } => {
                let of_alarm = |id: u32| self.plant.alarms.get(id as usize).is_some_and(|alarm| alarm.name == self.alarm.name);
                let scripted = self.plant.scripted_alarms.iter().find(|one| of_alarm(one.alarm.0));
                let path = scripted.and_then(|one| self.plant.alarm_scripts.get(one.script as usize)).map(|file| &file.path);
                format!("script {path:?} {:?}", scripted.map(|one| (one.call, &one.on, &one.parameters)))
            }
            Condition::Plugin { plugin } => format!("plugin {}", self.plant.plugin_name(*plugin)),
            Condition::System => "system".to_owned(),
            Condition::Gone => String::new(),
        }
    }
}
