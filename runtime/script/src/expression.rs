//! One expression over tags, as derived tags have it: `tag("a/flow") / max(tag("b/flow"), 0.1)`.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use plantroom_model::{Sample, Status, Utc, Value, ValueKind};
use rhai::{AST, Array, Dynamic, Engine, EvalAltResult, Scope};

use crate::{Sandbox, ScriptError, limits};

mod scan;
#[cfg(test)]
mod tests;

/// A compiled expression. It has no statements and no loops, so that it ends after as many steps as it has words.
///
/// In it: numbers, texts, `if` and `switch`, everything of `libm` that screens have, `min`, `max`, `avg`, `sum` (also of
/// arrays), and of a tag `tag("name")` its value, `tag_or("name", other)` its value while it isn't bad,
/// `is_good("name")`, `is_bad("name")` and `quality("name")`. Whole numbers divide to whole numbers: write `/ 60.0`.
#[derive(Clone, Debug)]
pub struct Expression {
    file: Arc<str>,
    text: Arc<str>,
    ast: Arc<AST>,
    reads: Vec<Arc<str>>,
}

/// What an expression came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// The value; `Null` where it can't be computed.
    pub value: Value,
    /// Good where every tag is that `tag()` read, and its status where one is bad; computed from uncertain ones it is
    /// [`Status::UNCERTAIN_SUB_NORMAL`], or [`Status::UNCERTAIN_INITIAL`] where one is from before a restart. What only `is_good` and the like looked at doesn't count.
    pub status: Status,
    /// The newest source time of the tags that `tag()` read; 0 without any.
    pub source_time: Utc,
    /// Why there is no value, in a sentence without a full stop.
    pub reason: Option<String>,
}

/// The evaluation that is going on in this thread.
#[derive(Default)]
struct Inputs {
    samples: Vec<Sample>,
    status: Status,
    newest: Utc,
    /// The place of a tag that has no usable value.
    missing: Option<usize>,
}

thread_local! {
    static INPUTS: RefCell<Inputs> = RefCell::new(Inputs::default());
}

impl Expression {
    /// Compiles an expression; places in errors count within its text.
    ///
    /// # Errors
    /// The first place where it isn't one.
    pub fn compile(text: &str) -> Result<Self, ScriptError> {
        let file: Arc<str> = "expression".into();
        if text.len() > limits::EXPRESSION_BYTES {
            let why =
                format!("an expression has at most {} bytes; compute a part of it in another tag", limits::EXPRESSION_BYTES);
            return Err(ScriptError::new(&file, (1, 1), why));
        }
        let scanned = scan::scan(&file, text)?;
        let mut scope = Scope::new();
        for variable in scanned.variables {
            scope.push_dynamic(variable, Dynamic::UNIT);
        }
        let engine = engine();
        let compiled =
            crate::sandbox::guarded(&file, || engine.compile_expression_with_scope(&scope, &scanned.text).map_err(Into::into));
        Ok(Self { text: text.into(), ast: Arc::new(compiled?), reads: scanned.reads, file })
    }

    /// Its text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Every tag that it may read, once each, in the order of the first mention.
    pub fn reads(&self) -> &[Arc<str>] {
        &self.reads
    }

    /// Evaluates it over samples of the tags in [`Expression::reads`], in that order. Always the same for the same samples.
    pub fn eval(&self, samples: &[Sample]) -> Computed {
        let (result, inputs) = self.run(samples);
        let status = match inputs.status {
            status if status.is_good() => Status::GOOD,
            Status::UNCERTAIN_INITIAL => Status::UNCERTAIN_INITIAL,
            _ => Status::UNCERTAIN_SUB_NORMAL,
        };
        let failed = |status: Status, reason: String| Computed {
            value: Value::Null,
            status,
            source_time: inputs.newest,
            reason: Some(reason),
        };
        if let Some(place) = inputs.missing {
            let name = self.reads.get(place).map_or("", |name| name);
            return failed(inputs.status, format!("{name}: {}", inputs.status));
        }
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                let is_arithmetic = matches!(error.unwrap_inner(), EvalAltResult::ErrorArithmetic(_, _));
                let status = if is_arithmetic { Status::BAD_OUT_OF_RANGE } else { Status::BAD_CONFIGURATION };
                return failed(status, ScriptError::from_engine(&self.file, &error).message);
            }
        };
        match value_of(&value) {
            Some(Value::Float(number)) if !number.is_finite() => {
                failed(Status::BAD_OUT_OF_RANGE, "the result is not a usable number; something is divided by 0".to_owned())
            }
            Some(value) => Computed { value, status, source_time: inputs.newest, reason: None },
            None => {
                let word = crate::strings::word(&value);
                failed(Status::BAD_CONFIGURATION, format!("the result is a {word}; a number, a text or true or false is needed"))
            }
        }
    }

    /// Tries it with ones, `true` and "" in place of tags of these kinds, and says what kind it gives: finds functions
    /// that don't exist and kinds that don't fit, as far as they lie on that way.
    ///
    /// # Errors
    /// What went wrong, with its place; never a division or the like, which other values may not have.
    pub fn probe(&self, kinds: &[ValueKind]) -> Result<Option<ValueKind>, ScriptError> {
        let sample = |kind: &ValueKind| {
            let value = match kind {
                ValueKind::Bool => Value::Bool(true),
                ValueKind::Int => Value::Int(1),
                ValueKind::Uint => Value::Uint(1),
                ValueKind::Float | ValueKind::Null => Value::Float(1.0),
                ValueKind::Text => Value::Text("".into()),
            };
            Sample { value, status: Status::GOOD, source_time: Utc(1), server_time: Utc(1) }
        };
        let samples: Vec<Sample> = kinds.iter().map(sample).collect();
        match self.run(&samples).0 {
            Ok(value) => match value_of(&value) {
                Some(value) => Ok(Some(value.kind())),
                None => {
                    let why =
                        format!("this gives a {}; a number, a text or true or false is needed", crate::strings::word(&value));
                    Err(ScriptError::new(&self.file, (1, 1), why))
                }
            },
            Err(error) if matches!(error.unwrap_inner(), EvalAltResult::ErrorArithmetic(_, _)) => Ok(None),
            Err(error) => Err(ScriptError::from_engine(&self.file, &error)),
        }
    }

    fn run(&self, samples: &[Sample]) -> (Result<Dynamic, Box<EvalAltResult>>, Inputs) {
        INPUTS.with(|cell| {
            let mut inputs = cell.borrow_mut();
            inputs.samples.clear();
            inputs.samples.extend_from_slice(samples);
            (inputs.status, inputs.newest, inputs.missing) = (Status::GOOD, Utc(0), None);
        });
        let engine = engine();
        let mut failed = None;
        let result = crate::sandbox::guarded(&self.file, || {
            engine.eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &self.ast).or_else(|error| {
                failed = Some(error);
                Ok(Dynamic::UNIT)
            })
        });
        let result = match (failed, result) {
            (Some(error), _) => Err(error),
            (None, Ok(value)) => Ok(value.flatten()),
            (None, Err(error)) => Err(error.carried(rhai::Position::NONE)),
        };
        let seen = INPUTS.with(|cell| {
            let inputs = cell.borrow();
            Inputs { samples: Vec::new(), status: inputs.status, newest: inputs.newest, missing: inputs.missing }
        });
        (result, seen)
    }
}

/// The engine of all expressions.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Sandbox> = OnceLock::new();
    &ENGINE.get_or_init(|| Sandbox::new(offer)).engine
}

#[expect(deprecated, reason = "Rhai marks on_var as volatile, not as going away; its version is pinned in Cargo.lock")]
fn offer(engine: &mut Engine) {
    engine.on_var(|name, _, _| read(name));
    engine.register_fn("tag_or", |value: Dynamic, other: Dynamic| if value.is_unit() { other } else { value });
    for (name, fold) in [("sum", sum as fn(&[f64]) -> f64), ("avg", average), ("min", least), ("max", greatest)] {
        engine.register_fn(name, move |values: Array| -> Result<f64, Box<EvalAltResult>> {
            let numbers: Option<Vec<f64>> = values.iter().map(number_of).collect();
            match numbers {
                Some(numbers) if !numbers.is_empty() => Ok(fold(&numbers)),
                Some(_) => Err(ScriptError::raise(format!("{name}() of nothing"))),
                None => Err(ScriptError::raise(format!("{name}() takes numbers only"))),
            }
        });
    }
    engine.register_fn("avg", |a: f64, b: f64| f64::midpoint(a, b));
    engine.register_fn("avg", |a: i64, b: f64| f64::midpoint(a as f64, b));
    engine.register_fn("avg", |a: f64, b: i64| f64::midpoint(a, b as f64));
    engine.register_fn("avg", |a: i64, b: i64| f64::midpoint(a as f64, b as f64));
}

fn number_of(value: &Dynamic) -> Option<f64> {
    value.as_float().ok().or_else(|| value.as_int().ok().map(|number| number as f64))
}

fn sum(numbers: &[f64]) -> f64 {
    numbers.iter().sum()
}

fn average(numbers: &[f64]) -> f64 {
    sum(numbers) / numbers.len() as f64
}

fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

fn greatest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// What stands behind one of the variables that [`scan`] made.
fn read(name: &str) -> Result<Option<Dynamic>, Box<EvalAltResult>> {
    let Some(place) = name.get(1..).and_then(|digits| digits.parse::<usize>().ok()) else { return Ok(None) };
    INPUTS.with(|cell| {
        let inputs = &mut *cell.borrow_mut();
        let Some(sample) = inputs.samples.get(place) else { return Err(ScriptError::fatal("a tag is missing")) };
        let status = sample.status;
        Ok(Some(match name.as_bytes()[0] {
            b'T' => {
                // What is from before a restart says so of all that is computed from it: no alarm is decided by it.
                let is_initial = status == Status::UNCERTAIN_INITIAL && !inputs.status.is_bad();
                inputs.status = if is_initial { status } else { inputs.status.worse(status) };
                inputs.newest = inputs.newest.max(sample.source_time);
                match dynamic_of(&sample.value).filter(|_| !status.is_bad()) {
                    Some(value) => value,
                    None => {
                        inputs.missing = Some(place);
                        if !status.is_bad() {
                            inputs.status = Status::BAD_WAITING_FOR_INITIAL_DATA;
                        }
                        return Err(ScriptError::fatal("no value"));
                    }
                }
            }
            b'O' if status.is_bad() => Dynamic::UNIT,
            b'O' => dynamic_of(&sample.value).unwrap_or(Dynamic::UNIT),
            b'G' => status.is_good().into(),
            b'B' => status.is_bad().into(),
            b'Q' => status.words().into(),
            _ => return Ok(None),
        }))
    })
}

pub(crate) fn dynamic_of(value: &Value) -> Option<Dynamic> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(v) => (*v).into(),
        Value::Int(v) => (*v).into(),
        Value::Uint(v) => i64::try_from(*v).map_or_else(|_| Dynamic::from_float(*v as f64), Dynamic::from_int),
        Value::Float(v) => (*v).into(),
        Value::Text(text) => text.to_string().into(),
    })
}

pub(crate) fn value_of(value: &Dynamic) -> Option<Value> {
    if let Ok(number) = value.as_float() {
        return Some(Value::Float(number));
    }
    if let Ok(number) = value.as_int() {
        return Some(Value::Int(number));
    }
    if let Ok(state) = value.as_bool() {
        return Some(Value::Bool(state));
    }
    value.as_immutable_string_ref().ok().map(|text| Value::Text(text.as_str().into()))
}
