//! What rules can know of an alarm.

use plantroom_model::{AlarmEvent, AlarmRow, AlarmSpec, TagSpec, Value};
use plantroom_project::Plant;
use plantroom_script::AlarmFacts;
use plantroom_server::watched;

use crate::target::shown;

/// Of an alarm to which something has just happened.
pub fn of_event(plant: &Plant, spec: &AlarmSpec, event: &AlarmEvent) -> AlarmFacts {
    let by = event.by.as_deref().unwrap_or_default();
    let mut facts = facts(plant, spec, (&event.value, event.limit), by);
    // What a script, a plugin or the station says beside the alarm's own words.
    let detail = event.comment.as_deref().unwrap_or_default();
    if by.is_empty() && !detail.is_empty() {
        facts.message = format!("{}: {detail}", facts.message);
    }
    facts
}

/// Of an alarm as it stands.
pub fn of_row(plant: &Plant, spec: &AlarmSpec, row: &AlarmRow) -> AlarmFacts {
    facts(plant, spec, (&row.value, row.limit), "")
}

fn facts(plant: &Plant, spec: &AlarmSpec, (value, limit): (&Value, Option<f64>), by: &str) -> AlarmFacts {
    let tag = watched(&spec.condition).and_then(|tag| plant.tags.get(tag.0 as usize));
    AlarmFacts {
        name: spec.name.to_string(),
        message: spec.message.to_string(),
        priority: spec.priority,
        area: spec.area.to_string(),
        value: words(tag, value),
        limit: limit.map(|limit| words(tag, &Value::Float(limit))).unwrap_or_default(),
        consequence: spec.consequence.to_string(),
        action: spec.action.to_string(),
        respond_s: spec.respond_s,
        screen: spec.screen.to_string(),
        instance: spec.instance.to_string(),
        by: by.to_owned(),
    }
}

fn words(tag: Option<&TagSpec>, value: &Value) -> String {
    match (tag, value) {
        (_, Value::Null) => String::new(),
        (Some(tag), value) => shown(tag, value),
        (None, value) => value.to_string(),
    }
}
