//! What a file's calls of `alarm(...)` declare: one alarm for each value of `for_each`.

use std::sync::Arc;

use rhai::{Dynamic, Map};

use crate::alarm::Declaration;
use crate::{ScriptError, limits};

/// An alarm that a script declares.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredAlarm {
    /// Which `alarm(...)` of the file, counted from 0.
    pub call: u32,
    /// Its full name: with `for_each`, `on` and the name.
    pub name: String,
    /// What it is about, usually an instance; empty without `for_each` and `on`.
    pub on: String,
    /// What is said of it, with the keys of a table (`message`, `priority` ...).
    pub options: Vec<(String, DeclaredValue)>,
    /// Line and column of the call.
    pub place: (u32, u32),
}

/// A value of a declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum DeclaredValue {
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<DeclaredValue>),
    /// A table.
    Table(Vec<(String, DeclaredValue)>),
}

/// Keys of a declaration that are the script's own business.
const OWN: [&str; 3] = ["for_each", "on", "state"];

pub(super) fn declared(calls: &[Declaration], file: &Arc<str>) -> Result<Vec<DeclaredAlarm>, ScriptError> {
    let mut all = Vec::new();
    for (number, call) in (0_u32..).zip(calls) {
        let error = |message: &str| ScriptError::new(file, call.place, message);
        let text = |key: &str| call.options.get(key).map(|value| value.clone().into_string());
        let single = match text("on") {
            None => String::new(),
            Some(Ok(on)) => on,
            Some(Err(_)) => return Err(error("`on` must be a text: what the alarm is about")),
        };
        let subjects = match call.options.get("for_each") {
            None => vec![None],
            Some(list) => subjects(list).ok_or_else(|| error("`for_each` must be a list of names: instances(\"filter\")"))?,
        };
        if all.len() + subjects.len() > limits::SCRIPT_ALARMS {
            return Err(error(&format!("one file declares at most {} alarms; split it", limits::SCRIPT_ALARMS)));
        }
        let options = options(&call.options).ok_or_else(|| error("an option is neither a number, a text, a list nor a map"))?;
        for subject in subjects {
            let (name, on) = match subject {
                Some(subject) => (format!("{subject}/{}", call.name), subject),
                None => (call.name.clone(), single.clone()),
            };
            all.push(DeclaredAlarm { call: number, name, on, options: options.clone(), place: call.place });
        }
    }
    Ok(all)
}

fn subjects(list: &Dynamic) -> Option<Vec<Option<String>>> {
    let list = list.as_array_ref().ok()?;
    list.iter().map(|one| one.clone().into_string().ok().map(Some)).collect()
}

fn options(map: &Map) -> Option<Vec<(String, DeclaredValue)>> {
    let said = map.iter().filter(|(key, _)| !OWN.contains(&key.as_str()));
    said.map(|(key, value)| Some((key.to_string(), value_of(value)?))).collect()
}

fn value_of(value: &Dynamic) -> Option<DeclaredValue> {
    if let Ok(flag) = value.as_bool() {
        return Some(DeclaredValue::Flag(flag));
    }
    if let Ok(number) = value.as_int() {
        return Some(DeclaredValue::Whole(number));
    }
    if let Ok(number) = value.as_float() {
        return Some(DeclaredValue::Number(number));
    }
    if let Ok(list) = value.as_array_ref() {
        return list.iter().map(value_of).collect::<Option<_>>().map(DeclaredValue::List);
    }
    if let Ok(map) = value.as_map_ref() {
        let entries = map.iter().map(|(key, value)| Some((key.to_string(), value_of(value)?)));
        return entries.collect::<Option<_>>().map(DeclaredValue::Table);
    }
    value.clone().into_string().ok().map(DeclaredValue::Text)
}
