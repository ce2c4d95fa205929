//! One run of a station script: tags in, wishes out. Nothing happens before the run has ended well.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use plantroom_model::{Snapshot, Value, limits as model_limits};
use plantroom_project::Plant;
use plantroom_script::rhai::{Dynamic, Engine, EvalAltResult};
use plantroom_script::{Budget, Evaluation, Program, Sandbox, ScriptError, TagNow, TagTable};

use super::Wish;
use super::journal::LINE_BYTES;

/// Writes that one run may ask for. The next one is an error of the script.
const WISHES: usize = 50;
/// Lines that one run may log; later ones are dropped.
const LINES: usize = 20;
/// What a script may remember. One more is an error of the script.
const MEMORIES: usize = 100;
/// Longest name of what is remembered, in bytes.
const MEMORY_NAME_BYTES: usize = 100;
/// A run is repeated until it knows every tag that it reads; a script that reads other tags each time is an error.
const ROUNDS: usize = 20;

/// What a script remembers from run to run: numbers, flags and short texts by name.
pub(crate) type Memory = BTreeMap<String, Value>;

/// The engine that station scripts run in.
pub struct Scripts {
    sandbox: Sandbox,
}

/// What a run knows beside tags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    /// Hour, minute and day of the week (1 is Monday) in the plant's time zone.
    pub(crate) local: (i64, i64, i64),
    /// Seconds since the station's start, on the clock that never steps.
    pub(crate) seconds: f64,
    /// What made it run.
    pub(crate) cause: String,
}

/// What a run came to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Ran {
    pub(crate) wishes: Vec<Wish>,
    pub(crate) lines: Vec<String>,
    pub(crate) memory: Memory,
    /// Why the wishes must not be carried out: what was read can't be trusted.
    pub(crate) held: Option<String>,
}

/// What a run has asked for so far.
#[derive(Default)]
struct Draft {
    ran: Ran,
    moment: Moment,
}

thread_local! {
    static DRAFT: RefCell<Option<Draft>> = const { RefCell::new(None) };
}

type Done<T> = Result<T, Box<EvalAltResult>>;

fn draft<T>(then: impl FnOnce(&mut Draft) -> Done<T>) -> Done<T> {
    DRAFT.with(|cell| match cell.try_borrow_mut().ok().as_deref_mut() {
        Some(Some(draft)) => then(draft),
        _ => Err(ScriptError::raise("this function is for station scripts only")),
    })
}

impl Default for Scripts {
    fn default() -> Self {
        Self::new()
    }
}

impl Scripts {
    /// An engine with what station scripts may call.
    pub fn new() -> Self {
        Self { sandbox: Sandbox::new(offer) }
    }

    /// Compiles a script.
    ///
    /// # Errors
    /// The first place where it isn't a script.
    pub fn compile(&self, file: &str, text: &str) -> Result<Arc<Program>, ScriptError> {
        self.sandbox.compile(file, text, &[])
    }

    /// Runs a script over one picture of the plant. `known` are the tags that earlier runs have read.
    pub(crate) fn run(
        &self,
        program: &Arc<Program>,
        (plant, snapshot): (&Plant, &Snapshot),
        (memory, known): (&Memory, &mut Vec<Arc<str>>),
        moment: &Moment,
    ) -> Result<Ran, ScriptError> {
        let mut tags: TagTable = TagTable::new();
        for _ in 0..ROUNDS {
            for name in known.iter() {
                if let Some(now) = tag_now(plant, snapshot, name) {
                    tags.entry(Arc::clone(name)).or_insert(now);
                }
            }
            let (evaluation, ran) = self.once(program, &mut tags, memory, moment);
            let before = known.len();
            for name in &evaluation.reads {
                if plant.tag(name).is_none() {
                    let message = format!("there is no tag `{name}` in this plant");
                    return Err(ScriptError::new(program.file(), (0, 0), message));
                }
                if !tags.contains_key(name) && !known.contains(name) {
                    known.push(Arc::clone(name));
                }
            }
            if known.len() == before {
                return judge(evaluation, ran);
            }
        }
        Err(ScriptError::new(program.file(), (0, 0), "the script reads other tags each time it is run"))
    }

    fn once(&self, program: &Arc<Program>, tags: &mut TagTable, memory: &Memory, moment: &Moment) -> (Evaluation, Ran) {
        let ran = Ran { memory: memory.clone(), ..Ran::default() };
        DRAFT.with(|cell| *cell.borrow_mut() = Some(Draft { ran, moment: moment.clone() }));
        let evaluation = self.sandbox.run_over(program, Vec::new(), Budget::AUTOMATION, tags);
        let ran = DRAFT.with(|cell| cell.borrow_mut().take()).map(|draft| draft.ran).unwrap_or_default();
        (evaluation, ran)
    }
}

/// Compiles a script for `plantroom check`.
///
/// # Errors
/// The first place where it isn't a script.
pub fn check_script(file: &str, text: &str) -> Result<(), ScriptError> {
    Scripts::new().compile(file, text).map(|_| ())
}

/// What a run may do with what it has read: nothing without values, and nothing on top of values that aren't usable.
fn judge(evaluation: Evaluation, mut ran: Ran) -> Result<Ran, ScriptError> {
    let mut lines = evaluation.printed;
    if evaluation.gap {
        let held = "a tag that it reads has no value yet".to_owned();
        return Ok(Ran { held: Some(held), wishes: ran.wishes, lines: Vec::new(), memory: Memory::new() });
    }
    let _ = evaluation.result?;
    if let Some((name, status)) = evaluation.bad_tag {
        let words = status.words();
        ran.held = Some(format!("{name} is bad ({words}); ask is_bad(\"{name}\") first, or read it with tag_or()"));
    }
    lines.append(&mut ran.lines);
    lines.truncate(LINES);
    ran.lines = lines;
    Ok(ran)
}

fn tag_now(plant: &Plant, snapshot: &Snapshot, name: &str) -> Option<TagNow> {
    let (tag, spec) = plant.tag(name)?;
    let sample = snapshot.get(tag).cloned().unwrap_or_default();
    let (unit, decimals, states) = (spec.unit.clone(), spec.decimals, spec.states.clone());
    Some(TagNow { sample, kind: Some(spec.kind), unit, decimals, states })
}

fn offer(engine: &mut Engine) {
    engine.register_fn("request", |tag: &str, value: Dynamic, why: &str| {
        let value = value_of(&value)?;
        if why.trim().is_empty() {
            return Err(ScriptError::raise("request() wants to know why: request(\"tag\", value, \"level is high\")"));
        }
        draft(|draft| {
            if draft.ran.wishes.len() >= WISHES {
                return Err(ScriptError::raise(format!("one run asks for more than {WISHES} writes")));
            }
            draft.ran.wishes.push(Wish { tag: tag.into(), value, why: why.to_owned() });
            Ok(())
        })
    });
    engine.register_fn("request", |_: &str, _: Dynamic| -> Done<()> {
        Err(ScriptError::raise("request() wants to know why: request(\"tag\", value, \"level is high\")"))
    });
    engine.register_fn("log", |line: &str| {
        let line = line[..line.floor_char_boundary(LINE_BYTES)].to_owned();
        draft(|draft| {
            if draft.ran.lines.len() < LINES {
                draft.ran.lines.push(line);
            }
            Ok(())
        })
    });
    engine.register_fn("remember", |name: &str, value: Dynamic| {
        let value = value_of(&value)?;
        if name.len() > MEMORY_NAME_BYTES {
            return Err(ScriptError::raise(format!("the name of what is remembered is longer than {MEMORY_NAME_BYTES} bytes")));
        }
        draft(|draft| {
            let memory = &mut draft.ran.memory;
            if memory.len() >= MEMORIES && !memory.contains_key(name) {
                return Err(ScriptError::raise(format!("the script remembers more than {MEMORIES} things")));
            }
            memory.insert(name.to_owned(), value);
            Ok(())
        })
    });
    engine.register_fn("recall", |name: &str, otherwise: Dynamic| {
        draft(|draft| Ok(draft.ran.memory.get(name).map_or(otherwise, dynamic_of)))
    });
    engine.register_fn("hour", || draft(|draft| Ok(draft.moment.local.0)));
    engine.register_fn("minute", || draft(|draft| Ok(draft.moment.local.1)));
    engine.register_fn("weekday", || draft(|draft| Ok(draft.moment.local.2)));
    engine.register_fn("seconds", || draft(|draft| Ok(draft.moment.seconds)));
    engine.register_fn("cause", || draft(|draft| Ok(draft.moment.cause.clone())));
}

fn value_of(value: &Dynamic) -> Done<Value> {
    if let Ok(flag) = value.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(number) = value.as_int() {
        return Ok(Value::Int(number));
    }
    if let Ok(number) = value.as_float() {
        return Ok(Value::Float(number));
    }
    match value.clone().into_string() {
        Ok(text) if text.len() <= model_limits::TEXT_BYTES => Ok(Value::Text(text.into())),
        Ok(_) => Err(ScriptError::raise(format!("a text of more than {} bytes is no value", model_limits::TEXT_BYTES))),
        Err(_) => Err(ScriptError::raise("a value is a number, true, false or text")),
    }
}

fn dynamic_of(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Uint(number) => i64::try_from(*number).map_or_else(|_| Dynamic::from_float(*number as f64), Dynamic::from_int),
        Value::Float(number) => (*number).into(),
        Value::Text(text) => text.to_string().into(),
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
