//! What happens when something is pressed, and what changes by itself.

use std::collections::HashMap;

use plantroom_model::{Origin, TagSpec, Value, nearest};

use super::Findings;
use crate::event::{Does, Event};
use crate::slot::Slot;
use crate::{Action, AlarmBanner, Alarms, Object, Place, Scene, Source, Symbol};

/// Parts of a tag's name that sound like something that goes on and off by itself.
const RESTLESS: [&str; 8] = ["blink", "flash", "flicker", "heartbeat", "watchdog", "toggle", "life_bit", "life_counter"];

pub(super) fn look(scene: &Scene, (tags, instances): (&[TagSpec], &[(String, String)]), found: &mut Findings) {
    let by_name: HashMap<&str, &TagSpec> = tags.iter().map(|tag| (&*tag.name, tag)).collect();
    for event in &scene.events {
        question(event, &by_name, found);
    }
    for object in &scene.objects {
        restless(scene, object, found);
        dead(object, &by_name, found);
        of_nothing(object, &by_name, instances, found);
    }
}

/// The second step of a command must say what is done to what.
fn question(event: &Event, tags: &HashMap<&str, &TagSpec>, found: &mut Findings) {
    let Does::Actions(actions) = &event.does else { return };
    for action in actions {
        let Action::Request { tag, prompt, .. } = action else { continue };
        let asked_by_tag =
            tags.get(&**tag).and_then(|spec| spec.write.as_ref()).is_some_and(|write| write.confirmation.is_some());
        let words = prompt.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
        if words < 2 && !asked_by_tag {
            let message = format!("before it writes `{tag}`, this asks only \"{prompt}\"");
            let help = "write the question that the operator must answer: `ask: \"Start pump 2?\"`";
            found.add("unclear-question", &event.place, message, help);
        }
    }
}

/// Things that come and go with a tag that never rests.
fn restless(scene: &Scene, object: &Object, found: &mut Findings) {
    let reads: Vec<&str> = match object.visible.source() {
        Source::Constant => return,
        Source::Tag(name) => vec![name],
        Source::Closure(id) => {
            scene.closures.get(id.0 as usize).map_or_else(Vec::new, |closure| closure.reads.iter().map(|name| &**name).collect())
        }
    };
    let moving = reads.into_iter().find(|name| {
        let last = name.rsplit('/').next().unwrap_or(name);
        RESTLESS.iter().any(|word| last.contains(word)) || name.starts_with("system/scan/")
    });
    if let Some(name) = moving {
        let message = format!("this {} comes and goes with `{name}`, which never rests", object.symbol.word());
        found.at("blinking", object, message, "show a steady state in words; the console makes unacknowledged alarms blink");
    }
}

/// Bound to a tag of the station's own memory that nobody can write.
fn dead(object: &Object, tags: &HashMap<&str, &TagSpec>, found: &mut Findings) {
    let mut dead: Vec<String> = Vec::new();
    object.clone().each_slot(&mut |slot: Slot<'_>| {
        let Some(spec) = slot.tag().and_then(|name| tags.get(&**name)) else { return };
        // With a first value it is a constant of the plant, and meant to be one.
        if matches!(&spec.origin, Origin::Memory { initial } if *initial == Value::Null) && spec.write.is_none() {
            dead.push(spec.name.to_string());
        }
    });
    for name in dead {
        let message = format!("`{name}` never has a value: it is kept in memory, begins with none, and nobody may write it");
        found.at("dead-tag", object, message, "give it `write` in tags/, or a source: a connection, `derive` or `total`");
    }
}

/// A list of the alarms of an instance that the plant doesn't have.
fn of_nothing(object: &Object, tags: &HashMap<&str, &TagSpec>, instances: &[(String, String)], found: &mut Findings) {
    let (Symbol::Alarms(Alarms { of, .. }) | Symbol::AlarmBanner(AlarmBanner { of, .. })) = &object.symbol else { return };
    let name = of.instance.as_str();
    let below = |tag: &str| tag.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if name.is_empty() || instances.iter().any(|(_, known)| known == name) || tags.keys().any(|tag| below(tag)) {
        return;
    }
    let near = nearest(name, instances.iter().map(|(_, known)| known.as_str()));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name an instance, or the beginning of tags' names up to a `/`".to_owned(),
    };
    found.at("no-alarms", object, format!("the plant has no instance `{name}`, and no tag below it"), help);
}

/// The place of a closure, for the other files of this folder.
pub(super) fn closure_place(scene: &Scene, at: usize) -> Option<Place> {
    let closure = &scene.closures.get(at)?.closure;
    let (line, column) = closure.place();
    Some(Place { file: closure.file().clone(), line, column })
}
