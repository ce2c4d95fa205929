//! Tag values in scripts, and who read what.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{Sample, Status, Value, ValueKind};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext};

use crate::{ScriptError, fixed, limits, run};

/// What a script can know of a tag.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagNow {
    /// Its newest sample; `Sample::waiting()` before the first.
    pub sample: Sample,
    /// What it holds, where that is known before its first value.
    pub kind: Option<ValueKind>,
    /// Engineering unit.
    pub unit: String,
    /// Digits after the point.
    pub decimals: u8,
    /// Words for numbers and booleans.
    pub states: Vec<(i64, String)>,
}

/// Tags by name.
pub type TagTable = HashMap<Arc<str>, TagNow>;

type Done<T> = Result<T, Box<EvalAltResult>>;

impl TagNow {
    /// Its value in words, without its unit; `–` without one.
    pub fn words(&self) -> String {
        let state = |number: i64| self.states.iter().find(|(n, _)| *n == number).map(|(_, word)| word.clone());
        match &self.sample.value {
            Value::Null => "–".to_owned(),
            Value::Bool(v) => state(i64::from(*v)).unwrap_or_else(|| if *v { "on" } else { "off" }.to_owned()),
            Value::Int(v) => state(*v).unwrap_or_else(|| fixed(*v as f64, 0)),
            Value::Uint(v) => i64::try_from(*v).ok().and_then(state).unwrap_or_else(|| fixed(*v as f64, 0)),
            Value::Float(v) => fixed(*v, self.decimals),
            Value::Text(text) => text.to_string(),
        }
    }

    fn dynamic(&self) -> Option<Dynamic> {
        Some(match &self.sample.value {
            Value::Null => return None,
            Value::Bool(v) => (*v).into(),
            Value::Int(v) => (*v).into(),
            Value::Uint(v) => i64::try_from(*v).map_or_else(|_| Dynamic::from_float(*v as f64), Dynamic::from_int),
            Value::Float(v) => (*v).into(),
            Value::Text(text) => text.to_string().into(),
        })
    }

    /// Stands in for a value that isn't there yet, so that the rest of the closure shows which tags it needs.
    fn stand_in(&self) -> Dynamic {
        match self.kind {
            Some(ValueKind::Bool) => false.into(),
            Some(ValueKind::Int | ValueKind::Uint) => Dynamic::from_int(0),
            Some(ValueKind::Text) => Dynamic::from(ImmutableString::new()),
            Some(ValueKind::Float | ValueKind::Null) | None => Dynamic::from_float(0.0),
        }
    }
}

/// Notes the read and looks the tag up; an error where scripts don't run over tags at all (while a screen is built).
fn look<T>(function: &str, name: &str, then: impl FnOnce(&TagNow) -> T) -> Done<T> {
    run::with(|run| {
        let Some(tags) = &run.tags else {
            if run.alarm.is_some() || run.notify.is_some() {
                let why = format!("{function}() has no value while the file is read; put it into the function that is called");
                return Err(ScriptError::raise(why));
            }
            return Err(ScriptError::raise(format!(
                "{function}() has no value while the screen is being built; put it into a closure: || {function}(\"{name}\")"
            )));
        };
        let found = tags.get_key_value(name);
        let key = found.map_or_else(|| Arc::from(name), |(key, _)| key.clone());
        let now = then(found.map_or(&TagNow::default(), |(_, now)| now));
        if !run.reads.contains(&key) {
            if run.reads.len() >= limits::CLOSURE_READS {
                return Err(ScriptError::fatal(format!("one closure reads more than {} tags", limits::CLOSURE_READS)));
            }
            run.reads.push(key);
        }
        Ok(now)
    })
    .unwrap_or_else(|| Err(ScriptError::raise(format!("{function}() can't be used here"))))
}

/// As `look`, and the result is then only as good and as new as this tag.
fn depend<T>(function: &str, name: &str, then: impl FnOnce(&TagNow) -> T) -> Done<T> {
    let (result, status, time, gap) =
        look(function, name, |now| (then(now), now.sample.status, now.sample.source_time, now.sample.value == Value::Null))?;
    run::with(|run| {
        run.status = run.status.worse(status);
        if time.0 != 0 && (run.oldest.0 == 0 || time < run.oldest) {
            run.oldest = time;
        }
        if gap {
            run.gap = true;
        }
        if status.is_bad() && run.bad_tag.is_none() {
            run.bad_tag = Some((name.to_owned(), status));
        }
    });
    Ok(result)
}

pub(crate) fn register(engine: &mut Engine) {
    engine.register_fn("tag", |name: &str| depend("tag", name, |now| now.dynamic().unwrap_or_else(|| now.stand_in())));
    engine.register_fn("tag_or", |name: &str, other: Dynamic| {
        look("tag_or", name, |now| if now.sample.status.is_bad() { None } else { now.dynamic() }).map(|v| v.unwrap_or(other))
    });
    engine.register_fn("state", |name: &str| depend("state", name, TagNow::words));
    engine.register_fn("shown", |name: &str| {
        depend("shown", name, |now| match now.unit.as_str() {
            "" => now.words(),
            unit => format!("{} {unit}", now.words()),
        })
    });
    engine.register_fn("unit", |name: &str| look("unit", name, |now| now.unit.clone()));
    engine.register_fn("quality", |name: &str| look("quality", name, |now| now.sample.status.words().to_owned()));
    engine.register_fn("has_tag", |name: &str| {
        let is_there = look("has_tag", name, |now| now.kind.is_some())?;
        run::with(|run| {
            if !run.asked.iter().any(|asked| &**asked == name) {
                run.asked.push(name.into());
            }
        });
        Done::Ok(is_there)
    });
    engine.register_fn("is_good", |name: &str| look("is_good", name, |now| now.sample.status.is_good()));
    engine.register_fn("is_bad", |name: &str| look("is_bad", name, |now| now.sample.status.is_bad()));
    for function in ["tag", "state", "shown", "unit", "quality", "has_tag", "is_good", "is_bad"] {
        engine.register_fn(function, move |_: NativeCallContext, other: Dynamic| -> Done<Dynamic> {
            let word = crate::strings::word(&other).to_owned();
            Err(ScriptError::raise(format!("{function}() needs a tag's name in quotes, and got a {word}")))
        });
    }
}

/// The worst status seen, or good.
pub(crate) const NOTHING_READ: Status = Status::GOOD;
