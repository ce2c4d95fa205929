//! What alarms keep over a restart of the station: their `this`, and which of their conditions held.

use plantroom_model::Mono;
use rhai::{Dynamic, Map};
use serde_json::{Map as Object, Value as Json, json};

use crate::alarm::AlarmRunner;
use crate::alarm::runner::Watched;
use crate::limits;

impl AlarmRunner {
    /// What its alarms keep, by their names; those that keep nothing are left out. What is no number, text, flag, array or map
    /// can't be kept: such an alarm begins anew.
    pub fn keep(&mut self) -> Object<String, Json> {
        self.has_run = false;
        let keeps = |one: &Watched| Some((one.watch.name.clone(), one.kept()?));
        self.watched.iter().filter_map(keeps).collect()
    }

    /// Whether any alarm was evaluated since it was kept last.
    pub fn has_run(&self) -> bool {
        self.has_run
    }

    /// Goes on with what was kept of alarms of the same names and parameters, from a runner of the same text. What has lasted
    /// begins anew, for nobody knows what was meanwhile; what held doesn't rise because of a restart.
    pub fn restore(&mut self, kept: &Object<String, Json>, now: Mono) {
        for one in &mut self.watched {
            let Some(known) = kept.get(&one.watch.name).filter(|known| known["of"] == one.identity()) else { continue };
            if let Some(this) = dynamic_of(&known["this"], limits::NESTING).filter(Dynamic::is_map) {
                one.this = this;
            }
            for held in known["held"].as_array().into_iter().flatten() {
                if let Ok((line, column, turn)) = serde_json::from_value::<(u32, u32, u32)>(held.clone()) {
                    one.timers.held_before(((line, column), turn), now);
                }
            }
        }
    }
}

impl Watched {
    fn kept(&self) -> Option<Json> {
        let held: Vec<(u32, u32, u32)> = self.timers.held().map(|((line, column), turn)| (line, column, turn)).collect();
        let this = json_of(&self.this, limits::NESTING)?;
        let is_empty = held.is_empty() && this.as_object().is_none_or(Object::is_empty);
        (!is_empty).then(|| json!({ "of": self.identity(), "this": this, "held": held }))
    }

    /// What it is about: another one of the same name doesn't go on with this one's.
    fn identity(&self) -> String {
        format!("{:?} {} {:?}", self.watch.call, self.watch.on, self.watch.parameters)
    }
}

fn json_of(value: &Dynamic, depth: usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    let value = value.flatten_clone();
    if value.is_unit() {
        return Some(Json::Null);
    }
    if let Ok(flag) = value.as_bool() {
        return Some(flag.into());
    }
    if let Ok(whole) = value.as_int() {
        return Some(whole.into());
    }
    if let Ok(number) = value.as_float() {
        return serde_json::Number::from_f64(number).map(Json::Number);
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Some(text.as_str().into());
    }
    if let Ok(array) = value.as_array_ref() {
        return array.iter().map(|item| json_of(item, depth)).collect::<Option<Vec<_>>>().map(Json::Array);
    }
    let map = value.as_map_ref().ok()?;
    let pairs = map.iter().map(|(key, item)| Some((key.to_string(), json_of(item, depth)?)));
    pairs.collect::<Option<Object<String, Json>>>().map(Json::Object)
}

fn dynamic_of(json: &Json, depth: usize) -> Option<Dynamic> {
    let depth = depth.checked_sub(1)?;
    Some(match json {
        Json::Null => Dynamic::UNIT,
        Json::Bool(flag) => (*flag).into(),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64()?.into(),
        },
        Json::String(text) => text.clone().into(),
        Json::Array(items) => items.iter().map(|item| dynamic_of(item, depth)).collect::<Option<Vec<_>>>()?.into(),
        Json::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, item)| Some((key.as_str().into(), dynamic_of(item, depth)?)));
            Dynamic::from_map(pairs.collect::<Option<Map>>()?)
        }
    })
}
