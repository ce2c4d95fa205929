//! What an alarm says where the project leaves it to us: `Clear well level high`.

use std::collections::HashSet;

use plantroom_model::{AlarmSpec, Condition, LimitKind, LimitSource, TagId, TagSpec};

use crate::Plant;

/// A limit as it stands in a message.
pub(super) fn limit_words(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::HighHigh => "very high",
        LimitKind::High => "high",
        LimitKind::Low => "low",
        LimitKind::LowLow => "very low",
    }
}

/// The message of an alarm that has none: what its tag is, and what is the matter with it.
pub(super) fn message_of(condition: &Condition, tags: &[TagSpec]) -> String {
    let spec = |id: &TagId| tags.get(id.0 as usize);
    let what = |id: &TagId| {
        let name = spec(id).map_or("", |tag| if tag.description.is_empty() { &tag.name } else { &tag.description });
        name.trim_end_matches('.').to_owned()
    };
    match condition {
        Condition::Limit { tag, kind, .. } => format!("{} {}", what(tag), limit_words(*kind)),
        Condition::Deviation { tag, .. } => format!("{} is off its setpoint", what(tag)),
        Condition::Rate { tag, .. } => format!("{} changes too fast", what(tag)),
        Condition::State { tag, is } => {
            let states = spec(tag).map(|tag| &tag.states);
            let word = |state: &i64| states.and_then(|all| all.iter().find(|(number, _)| number == state)).map(|(_, word)| word);
            let words: Vec<&str> = is.iter().filter_map(word).map(String::as_str).collect();
            if words.is_empty() { what(tag) } else { format!("{}: {}", what(tag), words.join(" or ")) }
        }
        Condition::Change { tag } => format!("{} has changed", what(tag)),
        Condition::Disagree { feedback, .. } => format!("{}: the command is not followed", what(feedback)),
        Condition::BadQuality { tag } => format!("{}: no usable value", what(tag)),
        Condition::Link { .. } | Condition::Script { .. } | Condition::Plugin { .. } | Condition::System | Condition::Gone => {
            String::new()
        }
    }
}

/// The tags that the expressions of alarms have become: they belong to the alarms and are in no tag file.
pub(crate) fn own_tags(plant: &Plant) -> HashSet<TagId> {
    let mut own = HashSet::new();
    let mut note = |alarm: &AlarmSpec, id: TagId| {
        let last = plant.tags.get(id.0 as usize).and_then(|tag| tag.name.strip_prefix(&*alarm.name));
        if matches!(last, Some("/when" | "/limit")) && !alarm.name.is_empty() {
            own.insert(id);
        }
    };
    for alarm in plant.alarms.iter() {
        match &alarm.condition {
            Condition::State { tag, .. } => note(alarm, *tag),
            Condition::Limit { at: LimitSource::Tag(id), .. }
            | Condition::Deviation { by: LimitSource::Tag(id), .. }
            | Condition::Rate { per_s: LimitSource::Tag(id), .. } => note(alarm, *id),
            _ => {}
        }
    }
    own
}
