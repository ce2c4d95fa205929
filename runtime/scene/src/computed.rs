//! A closure that computes a property, and what it last gave.

use std::sync::Arc;

use plantroom_model::{Status, Utc, Value};
use plantroom_script::rhai::Dynamic;
use plantroom_script::{Budget, Closure, Sandbox, TagTable};

use crate::{ObjectId, ScriptError};

/// What a closure last gave.
#[derive(Clone, Debug, Default)]
pub(crate) enum Outcome {
    /// A tag that it reads has no value yet.
    #[default]
    Waiting,
    /// A value.
    Value(Value),
    /// An error, shown on its object.
    Failed(ScriptError),
}

/// A closure that computes a property.
#[derive(Clone, Debug)]
pub(crate) struct Computed {
    pub closure: Closure,
    pub object: ObjectId,
    pub reads: Vec<Arc<str>>,
    /// Tags of which it asked whether the plant has them.
    pub asked: Vec<Arc<str>>,
    pub outcome: Outcome,
    pub status: Status,
    pub oldest: Utc,
    pub runs: u64,
    /// Steps of the sandbox that the last run took.
    pub steps: u64,
    /// How long all runs took, in ns, if somebody measures.
    pub spent_ns: u64,
}

impl Computed {
    pub fn new(closure: Closure, object: ObjectId) -> Self {
        Self {
            closure,
            object,
            reads: Vec::new(),
            asked: Vec::new(),
            outcome: Outcome::Waiting,
            status: Status::BAD_WAITING_FOR_INITIAL_DATA,
            oldest: Utc(0),
            runs: 0,
            steps: 0,
            spent_ns: 0,
        }
    }

    /// Evaluates it over these tags.
    pub fn run(&mut self, sandbox: &Sandbox, tags: &mut TagTable) {
        let evaluation = sandbox.call(&self.closure, (), Budget::CLOSURE, tags);
        self.runs += 1;
        self.steps = evaluation.steps;
        for name in evaluation.asked {
            if !self.asked.contains(&name) {
                self.asked.push(name);
            }
        }
        // It may read other tags next time; the ones it once read stay subscribed, so a screen settles.
        for name in evaluation.reads {
            if !self.reads.contains(&name) {
                self.reads.push(name);
            }
        }
        (self.status, self.oldest) = (evaluation.status, evaluation.oldest);
        self.outcome = match evaluation.result {
            _ if evaluation.gap => Outcome::Waiting,
            Ok(given) => match value_of(&given) {
                Some(value) => Outcome::Value(value),
                None => Outcome::Failed(self.error(format!(
                    "this closure gives a {}; it must give a number, a text or true or false",
                    type_word(&given)
                ))),
            },
            Err(error) => Outcome::Failed(error),
        };
    }

    /// A value of the wrong type, as an error at the closure's place.
    pub fn wrong_type(&self, wanted: &str, given: &Value) -> ScriptError {
        self.error(format!("this closure gives {given}; it must give {wanted}"))
    }

    fn error(&self, message: String) -> ScriptError {
        ScriptError::new(self.closure.file(), self.closure.place(), message)
    }
}

/// A script's value as a tag's value; `None` for what isn't a single value.
pub(crate) fn value_of(given: &Dynamic) -> Option<Value> {
    if given.is_unit() {
        return Some(Value::Null);
    }
    if let Ok(flag) = given.as_bool() {
        return Some(Value::Bool(flag));
    }
    if let Ok(number) = given.as_int() {
        return Some(Value::Int(number));
    }
    if let Ok(number) = given.as_float() {
        return Some(Value::Float(number));
    }
    if let Ok(character) = given.as_char() {
        return Some(Value::Text(character.to_string().into()));
    }
    given.as_immutable_string_ref().ok().map(|text| Value::Text(text.as_str().into()))
}

/// A tag's value as a script's.
pub(crate) fn dynamic_of(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(v) => (*v).into(),
        Value::Int(v) => (*v).into(),
        Value::Uint(v) => i64::try_from(*v).map_or_else(|_| Dynamic::from_float(*v as f64), Dynamic::from_int),
        Value::Float(v) => (*v).into(),
        Value::Text(v) => v.to_string().into(),
    }
}

/// What a script's value is, for messages.
pub(crate) fn type_word(value: &Dynamic) -> &'static str {
    if value.is_array() {
        "list"
    } else if value.is_map() {
        "map"
    } else if value.is_fnptr() || value.is::<Closure>() {
        "closure"
    } else if value.is_string() || value.is_char() {
        "text"
    } else if value.is_int() || value.is_float() {
        "number"
    } else if value.is_bool() {
        "true or false"
    } else if value.is_unit() {
        "nothing"
    } else {
        "something else"
    }
}
