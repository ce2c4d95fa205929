//! JSON schemas for editors, made from the same keys as the checks.

use serde_json::{Map, Value, json};

use crate::alarms::keys::{ALARM, ALARMS};
use crate::automations::AUTOMATIONS;
use crate::keys::{CONNECTIONS, PLANT, PLUGINS, TAG, TAGS, TYPE};
use crate::outlets::OUTLETS;
use crate::shape::{Key, Keys, Shape};
use crate::trust::TRUST;

/// A schema for each kind of file: `plant`, `connections`, `plugins`, `tags`, `types`, `automations`,
/// `alarms`, `outlets`, `trust` (JSON Schema 2020-12).
pub fn schemas() -> Vec<(&'static str, Value)> {
    let schema = |keys: &'static Keys, open| {
        let mut schema = table(keys, open);
        schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        schema.insert("title".to_owned(), keys.what.into());
        Value::Object(schema)
    };
    vec![
        ("plant", schema(&PLANT, false)),
        ("connections", schema(&CONNECTIONS, false)),
        ("plugins", schema(&PLUGINS, false)),
        ("tags", schema(&TAGS, false)),
        ("types", schema(&TYPE, true)),
        ("automations", schema(&AUTOMATIONS, false)),
        ("alarms", schema(&ALARMS, false)),
        ("outlets", schema(&OUTLETS, false)),
        ("trust", schema(&TRUST, false)),
    ]
}

/// The schema of a table. In a type (`open`), a text with a placeholder may stand for anything.
fn table(keys: &'static Keys, open: bool) -> Map<String, Value> {
    let properties: Map<String, Value> = keys.keys.iter().map(|key| (key.name.to_owned(), property(key, open))).collect();
    let required: Vec<&str> = keys.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("description".to_owned(), keys.doc.into());
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema.insert("additionalProperties".to_owned(), keys.open.into());
    schema
}

fn property(key: &'static Key, open: bool) -> Value {
    let mut value = shape(&key.shape, open);
    if let Value::Object(schema) = &mut value {
        schema.insert("description".to_owned(), key.doc.into());
        if let Some(default) = default(key) {
            schema.insert("default".to_owned(), default);
        }
    }
    value
}

/// A default is written in TOML; what editors can use of it is the same in JSON.
fn default(key: &Key) -> Option<Value> {
    serde_json::from_str(key.default).ok()
}

fn shape(shape: &'static Shape, open: bool) -> Value {
    let of_shape = plain(shape, open);
    let is_table = matches!(shape, Shape::Table(_) | Shape::Tables(_) | Shape::Parameters | Shape::Text | Shape::Scalar);
    if open && !is_table { json!({ "anyOf": [of_shape, { "type": "string", "pattern": "[{].*[}]" }] }) } else { of_shape }
}

fn plain(of: &'static Shape, open: bool) -> Value {
    match of {
        Shape::Text => json!({ "type": "string" }),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Shape::Number => json!({ "type": "number" }),
        Shape::Pair => json!({ "type": "array", "items": shape(&Shape::Number, open), "minItems": 2, "maxItems": 2 }),
        Shape::Duration(..) => json!({ "anyOf": [
            { "type": "number", "minimum": 0 },
            { "type": "string", "pattern": "^\\s*[0-9.]+\\s*(ms|s|min|h|d)?(\\s*[0-9.]+\\s*(ms|s|min|h|d))*\\s*$" },
        ] }),
        Shape::Scalars => json!({ "type": "array", "items": { "type": ["boolean", "number", "string"] } }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Scalar => json!({ "type": ["boolean", "number", "string"] }),
        Shape::Free => json!({ "type": "object" }),
        Shape::Table(keys) => Value::Object(table(keys, open)),
        Shape::Tables(keys) => json!({ "type": "array", "items": table(keys, open) }),
        Shape::States => {
            json!({ "type": "object", "patternProperties": { "^-?[0-9]+$": { "type": "string" } }, "additionalProperties": false })
        }
        Shape::Values => json!({ "type": "object", "additionalProperties": { "type": ["boolean", "number", "string"] } }),
        Shape::Overrides => {
            let mut tag = table(&TAG, true);
            tag.remove("required");
            if let Some(Value::Object(properties)) = tag.get_mut("properties") {
                properties.remove("name");
                let without =
                    json!({ "type": "array", "items": { "type": "string" }, "description": "inherited keys to leave out" });
                properties.insert("without".to_owned(), without);
            }
            json!({ "type": "object", "additionalProperties": { "anyOf": [{ "const": false }, tag] } })
        }
        Shape::AlarmOverrides => {
            json!({ "type": "object", "additionalProperties": { "anyOf": [{ "const": false }, alarm_override()] } })
        }
        Shape::Parameters => json!({
            "type": "object",
            "additionalProperties": { "anyOf": [
                { "type": ["boolean", "number", "string"] },
                { "type": "object", "properties": { "required": { "const": true } }, "required": ["required"], "additionalProperties": false },
            ] },
        }),
        Shape::OneOf(shapes) => json!({ "anyOf": shapes.iter().map(|one| shape(one, open)).collect::<Vec<_>>() }),
    }
}

/// What an instance may say otherwise of an alarm of its type.
fn alarm_override() -> Map<String, Value> {
    let mut alarm = table(&ALARM, true);
    alarm.remove("required");
    if let Some(Value::Object(properties)) = alarm.get_mut("properties") {
        properties.remove("name");
        properties.insert("remove".to_owned(), json!({ "type": "boolean", "description": "this instance doesn't have it" }));
    }
    alarm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every table of keys below a shape.
    fn tables_of(of: &Shape, found: &mut Vec<&'static Keys>) {
        match of {
            Shape::Table(keys) | Shape::Tables(keys) => {
                found.push(keys);
                keys.keys.iter().for_each(|key| tables_of(&key.shape, found));
            }
            Shape::OneOf(shapes) => shapes.iter().for_each(|shape| tables_of(shape, found)),
            _ => {}
        }
    }

    #[test]
    fn every_key_is_in_a_schema_with_its_words() {
        let all = serde_json::to_string(&schemas()).unwrap();
        let mut tables = vec![&PLANT, &CONNECTIONS, &PLUGINS, &TAGS, &TYPE, &ALARMS, &OUTLETS, &TRUST];
        for keys in tables.clone() {
            keys.keys.iter().for_each(|key| tables_of(&key.shape, &mut tables));
        }
        for key in tables.iter().flat_map(|keys| keys.keys) {
            assert!(
                all.contains(&format!("\"{}\":", key.name)) && all.contains(&serde_json::to_string(key.doc).unwrap()),
                "{}",
                key.name
            );
        }
    }

    #[test]
    fn every_default_can_be_shown() {
        for keys in [&PLANT, &CONNECTIONS, &PLUGINS, &TAGS, &TYPE, &ALARMS, &OUTLETS, &TRUST] {
            let mut tables = vec![keys];
            keys.keys.iter().for_each(|key| tables_of(&key.shape, &mut tables));
            for key in tables.iter().flat_map(|keys| keys.keys).filter(|key| !key.default.is_empty()) {
                assert!(default(key).is_some(), "{} = {}", key.name, key.default);
            }
        }
    }
}
