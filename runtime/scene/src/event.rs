//! What a click, a press or an entered value does.

use std::sync::{Arc, Mutex, PoisonError};

use plantroom_model::{Value, limits as words};
use plantroom_script::rhai::{Dynamic, Engine, EvalAltResult, Map};
use plantroom_script::{Budget, Closure, Sandbox, ScriptError, TagTable};

use crate::computed::{dynamic_of, type_word, value_of};
use crate::{Action, Facts, Params, Place, limits};

/// Something that can be fired.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub place: Place,
    /// What its object is called, for the operator's question.
    pub label: String,
    pub does: Does,
}

/// What firing does.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Always the same.
    Actions(Vec<Action>),
    /// Writes the entered value to this tag.
    Write(Arc<str>),
    /// Asks the script: `|op|` or `|op, value|`.
    Closure(Closure),
}

/// What a script holds while an event runs: `op.request(tag, value)`.
#[derive(Clone)]
pub(crate) struct Op {
    actions: Arc<Mutex<Option<Vec<Action>>>>,
    label: Arc<str>,
}

type Done<T> = Result<T, Box<EvalAltResult>>;

impl Event {
    /// What it asks for, and the tags that were read to find out.
    pub fn run<'a>(
        &self,
        sandbox: &Sandbox,
        tags: &mut TagTable,
        input: Option<Value>,
        facts: &dyn Fn(&str) -> Option<&'a Facts>,
    ) -> (Result<Vec<Action>, ScriptError>, Vec<Arc<str>>) {
        match &self.does {
            Does::Actions(actions) => (Ok(actions.clone()), Vec::new()),
            Does::Write(tag) => (self.written(tag, input, facts(tag)), Vec::new()),
            Does::Closure(closure) => self.asked(closure, sandbox, tags, input),
        }
    }

    fn error(&self, message: String) -> ScriptError {
        ScriptError::new(&self.place.file, (self.place.line, self.place.column), message)
    }

    fn written(&self, tag: &Arc<str>, input: Option<Value>, facts: Option<&Facts>) -> Result<Vec<Action>, ScriptError> {
        let Some(value) = input else { return Err(self.error(format!("no value was entered for {tag}"))) };
        let words = match facts {
            Some(facts) if facts.unit.is_empty() => facts.words(&value),
            Some(facts) => format!("{} {}", facts.words(&value), facts.unit),
            None => value.to_string(),
        };
        let name = if self.label.is_empty() { tag.as_ref() } else { &self.label };
        Ok(vec![Action::Request { tag: tag.clone(), value, prompt: format!("Set {name} to {words}?") }])
    }

    fn asked(
        &self,
        closure: &Closure,
        sandbox: &Sandbox,
        tags: &mut TagTable,
        input: Option<Value>,
    ) -> (Result<Vec<Action>, ScriptError>, Vec<Arc<str>>) {
        let actions = Arc::new(Mutex::new(Some(Vec::new())));
        let op = Op { actions: actions.clone(), label: self.label.as_str().into() };
        let evaluation = match input {
            None => sandbox.call(closure, (op,), Budget::CLOSURE, tags),
            Some(value) => sandbox.call(closure, (op, dynamic_of(&value)), Budget::CLOSURE, tags),
        };
        let asked = actions.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let result = match evaluation {
            _ if evaluation.gap => Err(self.error("a value that this needs has not arrived yet; nothing was sent".to_owned())),
            plantroom_script::Evaluation { result: Err(error), .. } => Err(error),
            plantroom_script::Evaluation { bad_tag: Some((tag, status)), .. }
                if asked.iter().any(|action| matches!(action, Action::Request { .. })) =>
            {
                Err(self.error(format!("this needs {tag}, which is bad ({status}); nothing was sent")))
            }
            _ => Ok(asked),
        };
        (result, evaluation.reads)
    }
}

impl Op {
    fn add(&self, action: Action) -> Done<()> {
        let mut actions = self.actions.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(actions) = actions.as_mut() else {
            return Err(ScriptError::raise("this event is over; requests can only be sent while it runs"));
        };
        if actions.len() >= limits::EVENT_ACTIONS {
            return Err(ScriptError::raise(format!("one event sends at most {} requests", limits::EVENT_ACTIONS)));
        }
        actions.push(action);
        Ok(())
    }

    fn request(&self, tag: &str, value: &Dynamic, prompt: Option<&str>) -> Done<()> {
        let Some(value) = value_of(value).filter(|value| *value != Value::Null) else {
            return Err(ScriptError::raise(format!("op.request() can't write a {} to {tag}", type_word(value))));
        };
        if tag.is_empty() || tag.len() > words::TAG_NAME_BYTES {
            return Err(ScriptError::raise("op.request() needs the name of a tag"));
        }
        let prompt = match prompt {
            Some(prompt) => prompt.to_owned(),
            None if self.label.is_empty() => format!("Set {tag} to {value}?"),
            None => format!("{}?", self.label),
        };
        self.add(Action::Request { tag: tag.into(), value, prompt })
    }
}

/// `op.request(..)`, `op.open(..)`, `op.faceplate(..)`, `op.close()`.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Op>("op");
    engine.register_fn("request", |op: &mut Op, tag: &str, value: Dynamic| op.request(tag, &value, None));
    engine.register_fn("request", |op: &mut Op, tag: &str, value: Dynamic, prompt: &str| op.request(tag, &value, Some(prompt)));
    engine.register_fn("open", |op: &mut Op, screen: &str| {
        op.add(Action::Open { screen: screen.to_owned(), params: Params::new() })
    });
    engine.register_fn("open", |op: &mut Op, screen: &str, params: Map| {
        op.add(Action::Open { screen: screen.to_owned(), params: params_of(&params)? })
    });
    engine.register_fn("faceplate", |op: &mut Op, part: &str, params: Map| {
        op.add(Action::Faceplate { part: part.to_owned(), params: params_of(&params)? })
    });
    engine.register_fn("faceplate", |op: &mut Op, part: &str, name: &str| {
        op.add(Action::Faceplate { part: part.to_owned(), params: named(name) })
    });
    engine.register_fn("close", |op: &mut Op| op.add(Action::Close));
}

/// `#{ name: "high_lift/p1" }`.
pub(crate) fn named(name: &str) -> Params {
    Params::from([("name".to_owned(), Value::Text(name.into()))])
}

/// A script's map as parameters of a screen or a faceplate: single values only.
pub(crate) fn params_of(map: &Map) -> Done<Params> {
    map.iter()
        .map(|(key, value)| match value_of(value) {
            Some(value) => Ok((key.to_string(), value)),
            None => Err(ScriptError::raise(format!(
                "a screen or faceplate can't be opened with `{key}`, a {}; give it texts, numbers, true or false",
                type_word(value)
            ))),
        })
        .collect()
}
