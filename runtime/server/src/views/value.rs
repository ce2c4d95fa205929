//! Values and times as JSON, and back.

use plantroom_model::{TagSpec, Utc, Value, ValueKind};
use serde_json::Value as Json;

/// RFC 3339; `None` for a time that isn't known.
pub(crate) fn time(utc: Utc) -> Option<String> {
    (utc.0 != 0).then(|| jiff::Timestamp::from_nanosecond(i128::from(utc.0)).ok().map(|time| time.to_string()))?
}

/// A value as JSON.
pub(crate) fn value_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(v) => (*v).into(),
        Value::Int(v) => (*v).into(),
        Value::Uint(v) => (*v).into(),
        Value::Float(v) => serde_json::Number::from_f64(*v).map_or_else(|| v.to_string().into(), Json::Number),
        Value::Text(v) => (&**v).into(),
    }
}

/// A value from JSON, for a tag of a kind.
///
/// # Errors
/// What would fit, in a sentence.
pub(crate) fn value_from_json(json: &Json, kind: ValueKind) -> Result<Value, &'static str> {
    let given = match json {
        Json::Bool(v) => Some(Value::Bool(*v)),
        Json::Number(number) => number
            .as_i64()
            .map(Value::Int)
            .or_else(|| number.as_u64().map(Value::Uint))
            .or_else(|| number.as_f64().filter(|v| v.is_finite()).map(Value::Float)),
        Json::String(text) if text.len() <= plantroom_model::limits::TEXT_BYTES => Some(Value::Text(text.as_str().into())),
        _ => None,
    };
    let fitting = given.filter(|value| (value.kind() == ValueKind::Text) == (kind == ValueKind::Text));
    fitting.and_then(|value| value.converted(kind)).ok_or(match kind {
        ValueKind::Bool => "give true or false",
        ValueKind::Int => "give a whole number",
        ValueKind::Uint => "give a whole number that isn't negative",
        ValueKind::Float => "give a number",
        ValueKind::Text => "give text in quotes, at most 4096 bytes",
        ValueKind::Null => "it can't be written",
    })
}

/// A value in its tag's words, as screens show it: its state, or the number with its digits; empty for none.
pub(super) fn shown(spec: &TagSpec, value: &Value) -> String {
    let state = |number: i64| spec.states.iter().find(|(state, _)| *state == number).map(|(_, word)| word.clone());
    match value {
        Value::Null => String::new(),
        Value::Bool(on) => state(i64::from(*on)).unwrap_or_else(|| if *on { "on" } else { "off" }.to_owned()),
        Value::Int(number) => state(*number).unwrap_or_else(|| number.to_string()),
        Value::Uint(number) => i64::try_from(*number).ok().and_then(state).unwrap_or_else(|| number.to_string()),
        Value::Float(number) if number.fract() == 0.0 && !spec.states.is_empty() => {
            state(*number as i64).unwrap_or_else(|| format!("{number:.*}", usize::from(spec.decimals)))
        }
        Value::Float(number) => format!("{number:.*}", usize::from(spec.decimals)),
        Value::Text(text) => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_fits_becomes_a_value() {
        let check = |json: Json, kind, expected: Option<Value>| {
            assert_eq!(value_from_json(&json, kind).ok(), expected, "{json} as {kind:?}");
        };
        check(json!(true), ValueKind::Bool, Some(Value::Bool(true)));
        check(json!(1), ValueKind::Bool, Some(Value::Bool(true)));
        check(json!(2), ValueKind::Bool, None);
        check(json!("true"), ValueKind::Bool, None);
        check(json!(5), ValueKind::Float, Some(Value::Float(5.0)));
        check(json!(5.5), ValueKind::Int, None);
        check(json!(-1), ValueKind::Uint, None);
        check(json!(18_446_744_073_709_551_615_u64), ValueKind::Uint, Some(Value::Uint(u64::MAX)));
        check(json!("x"), ValueKind::Text, Some(Value::Text("x".into())));
        check(json!(5), ValueKind::Text, None);
        check(json!(null), ValueKind::Float, None);
        check(json!([1]), ValueKind::Float, None);
    }

    #[test]
    fn what_json_cannot_say_is_said_in_words() {
        assert_eq!(value_json(&Value::Float(f64::NAN)), json!("NaN"));
        assert_eq!(value_json(&Value::Float(f64::NEG_INFINITY)), json!("-inf"));
        assert_eq!(time(Utc(0)), None);
        assert_eq!(time(Utc(1_500_000_000)).as_deref(), Some("1970-01-01T00:00:01.5Z"));
    }

    #[test]
    fn a_value_is_shown_in_its_tags_words() {
        let spec = TagSpec::new("a", plantroom_model::ValueKind::Float, plantroom_model::Origin::System).with(|tag| {
            tag.decimals = 2;
            tag.states = vec![(0, "stopped".to_owned()), (1, "running".to_owned())];
        });
        for (value, wanted) in [
            (Value::Null, ""),
            (Value::Bool(true), "running"),
            (Value::Int(7), "7"),
            (Value::Uint(0), "stopped"),
            (Value::Float(1.0), "running"),
            (Value::Float(1.256), "1.26"),
            (Value::Text("as it is".into()), "as it is"),
        ] {
            assert_eq!(shown(&spec, &value), wanted, "{value:?}");
        }
        let plain = TagSpec::new("b", plantroom_model::ValueKind::Bool, plantroom_model::Origin::System);
        assert_eq!(shown(&plain, &Value::Bool(false)), "off");
    }
}
