//! Evaluates the alarms of one file: those of which a tag has changed that they read, or a timer is due.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use plantroom_model::{AlarmId, ConditionWord, Conditions, Mono, Now, Status, Utc, Value};
use rhai::{CallFnOptions, Dynamic, Map, Scope};

use crate::alarm::offer::NotKnown;
use crate::alarm::timers::Timers;
use crate::alarm::{AlarmRun, AlarmScript, Declaration, has_function, sandbox};
use crate::expression::{dynamic_of, value_of};
use crate::run::{self, Run};
use crate::sandbox::{evaluation, guarded};
use crate::{Budget, Closure, Evaluation, Program, ScriptError, TagNow, TagTable, limits, memory};

/// How often an evaluation begins anew because it reads tags that weren't known to be read.
const ATTEMPTS: usize = 16;
/// After an error an alarm is looked at again at the earliest after so long, doubling, in ms.
const BACK_OFF_MS: u64 = 1_000;
/// Longest time until then, in ms.
const BACK_OFF_MOST_MS: u64 = 60_000;

/// An alarm that a script watches.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// Which alarm.
    pub alarm: AlarmId,
    /// Its name.
    pub name: String,
    /// Which `alarm(...)` of the file; `None` for the function `active`.
    pub call: Option<u32>,
    /// What it is about.
    pub on: Arc<str>,
    /// Its parameters.
    pub parameters: Vec<(Arc<str>, Value)>,
}

/// What an evaluation gave.
#[derive(Clone, Debug, Default)]
pub struct Evaluated {
    /// What there is to say of conditions; only what is new.
    pub conditions: Conditions,
    /// When to evaluate again, even if no tag changes.
    pub due: Option<Mono>,
    /// Alarms whose script failed, and why; each error once, until it changes.
    pub errors: Vec<(AlarmId, ScriptError)>,
    /// What scripts printed, for their authors.
    pub printed: Vec<String>,
    /// Alarms that were evaluated.
    pub runs: u64,
    /// Of these, those whose script failed.
    pub failures: u64,
}

/// The alarms of one file at work. Same tags and times, same words.
#[derive(Debug)]
pub struct AlarmRunner {
    program: Arc<Program>,
    calls: Vec<Declaration>,
    pub(super) watched: Vec<Watched>,
    /// Something was evaluated since it was asked.
    pub(super) has_run: bool,
    readers: HashMap<Arc<str>, BTreeSet<u32>>,
    tags: TagTable,
    /// Places in `watched` that must be looked at, now or when their time has come.
    fresh: BTreeSet<u32>,
    timed: BTreeSet<(Mono, u32)>,
}

#[derive(Debug)]
pub(super) struct Watched {
    pub(super) watch: Watch,
    argument: Map,
    /// What it keeps.
    pub(super) this: Dynamic,
    pub(super) timers: Timers,
    reads: Vec<Arc<str>>,
    due: Option<Mono>,
    said: Option<Said>,
    error: Option<ScriptError>,
    failures: u32,
    /// It isn't looked at before: its script failed.
    not_before: Mono,
}

/// What was said last; words that say the same again are left out.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Raised(Arc<str>),
    Cleared,
    Unknown(Status),
}

/// What one look came to.
struct Look {
    evaluation: Evaluation,
    this: Dynamic,
    timers: Timers,
}

impl AlarmRunner {
    /// Begins with these alarms, in the order of their ids.
    ///
    /// # Errors
    /// A mistake in the file's declarations.
    pub fn new(script: &AlarmScript, instances: &Arc<[(String, String)]>, watches: Vec<Watch>) -> Result<Self, ScriptError> {
        let calls = script.declarations(instances)?;
        let watched: Vec<Watched> = watches.into_iter().map(|watch| Watched::new(watch, &calls)).collect();
        let fresh = (0..watched.len() as u32).collect();
        let program = Arc::clone(&script.program);
        let (readers, tags, timed) = (HashMap::new(), TagTable::new(), BTreeSet::new());
        Ok(Self { program, calls, watched, has_run: false, readers, tags, fresh, timed })
    }

    /// Takes over what alarms of the same names kept, from a runner of the same text. For changes of the project.
    pub fn take_over(&mut self, old: Self) {
        let mut known: HashMap<String, Watched> = old.watched.into_iter().map(|one| (one.watch.name.clone(), one)).collect();
        for one in &mut self.watched {
            if let Some(was) = known.remove(&one.watch.name).filter(|was| was.argument_is_like(one)) {
                (one.this, one.timers, one.said) = (was.this, was.timers, was.said);
            }
        }
    }

    /// Alarms whose script fails, and why; until an evaluation is good.
    pub fn failing(&self) -> impl Iterator<Item = (AlarmId, &ScriptError)> {
        self.watched.iter().filter_map(|one| Some((one.watch.alarm, one.error.as_ref()?)))
    }

    /// Whether any of its alarms reads this tag.
    pub fn reads(&self, tag: &str) -> bool {
        self.readers.contains_key(tag)
    }

    /// Evaluates what is due. `changed` are tags that have changed since the last time; those that nobody reads are passed
    /// over. `read` gives a tag as it is now, and `None` where there is none.
    pub fn evaluate(
        &mut self,
        changed: impl IntoIterator<Item = impl AsRef<str>>,
        read: &mut dyn FnMut(&str) -> Option<TagNow>,
        now: Now,
    ) -> Evaluated {
        for name in changed {
            let Some((name, readers)) = self.readers.get_key_value(name.as_ref()) else { continue };
            self.tags.insert(Arc::clone(name), read(name).unwrap_or_default());
            self.fresh.extend(readers);
        }
        while let Some(first) = self.timed.first().copied().filter(|(due, _)| *due <= now.mono) {
            self.timed.remove(&first);
            self.fresh.insert(first.1);
        }
        let mut evaluated = Evaluated::default();
        for place in std::mem::take(&mut self.fresh) {
            self.evaluate_one(place, read, now, &mut evaluated);
        }
        evaluated.due = self.timed.first().map(|(due, _)| *due);
        evaluated
    }

    fn evaluate_one(&mut self, place: u32, read: &mut dyn FnMut(&str) -> Option<TagNow>, now: Now, out: &mut Evaluated) {
        let Some(one) = self.watched.get(place as usize) else { return };
        if now.mono < one.not_before {
            let due = one.not_before;
            self.set_due(place, Some(due));
            return;
        }
        let look = self.look(place, read, now.mono);
        let Some(mut look) = look else { return };
        (out.runs, self.has_run) = (out.runs + 1, true);
        out.printed.append(&mut look.evaluation.printed);
        self.follow(place, &look.evaluation.reads);
        let Some(one) = self.watched.get_mut(place as usize) else { return };
        let outcome = one.outcome(&look, &self.tags);
        let due = match outcome {
            Outcome::Said(word) => {
                (one.failures, one.error) = (0, None);
                look.timers.end();
                let due = look.timers.due;
                (one.this, one.timers) = (look.this, look.timers);
                one.say(word, out);
                due
            }
            Outcome::Unknown(status) => {
                // What it keeps stays as it was: nobody can tell whether a time went on.
                one.say(Some(ConditionWord::Unknown(status)), out);
                None
            }
            Outcome::Failed(error) => {
                out.failures += 1;
                one.say(Some(ConditionWord::Unknown(Status::BAD_CONFIGURATION)), out);
                let wait = BACK_OFF_MS.saturating_mul(1 << one.failures.min(16)).min(BACK_OFF_MOST_MS);
                (one.failures, one.not_before) = (one.failures.saturating_add(1), now.mono.plus_ms(wait));
                if one.error.as_ref() != Some(&error) {
                    out.errors.push((one.watch.alarm, error.clone()));
                    one.error = Some(error);
                }
                None
            }
        };
        self.set_due(place, due);
    }

    /// Runs the function until all tags that it reads are known.
    fn look(&mut self, place: u32, read: &mut dyn FnMut(&str) -> Option<TagNow>, now: Mono) -> Option<Look> {
        for attempt in 1..=ATTEMPTS {
            let one = self.watched.get(place as usize)?;
            let mut this = one.this.clone();
            let mut timers = one.timers.clone();
            timers.begin();
            let evaluation = run_one(&self.program, &self.calls, one, &mut this, &mut timers, &mut self.tags, now);
            let unread: Vec<Arc<str>> =
                evaluation.reads.iter().filter(|name| !self.tags.contains_key(&***name)).map(Arc::clone).collect();
            if unread.is_empty() || attempt == ATTEMPTS {
                return Some(Look { evaluation, this, timers });
            }
            for name in unread {
                let Some(now) = read(&name) else {
                    let why = format!("there is no tag `{name}`");
                    let at = error_place(&evaluation, one, &self.calls);
                    let result = Err(ScriptError::new(&self.program.file, at, why));
                    let failed = Evaluation { result, gap: false, status: Status::GOOD, ..evaluation };
                    return Some(Look { evaluation: failed, this, timers });
                };
                self.tags.insert(name, now);
            }
        }
        None
    }

    /// Notes which tags an alarm reads; a tag that nobody reads any more is forgotten.
    fn follow(&mut self, place: u32, reads: &[Arc<str>]) {
        let Some(one) = self.watched.get_mut(place as usize) else { return };
        if one.reads == reads {
            return;
        }
        let before = std::mem::replace(&mut one.reads, reads.to_vec());
        for name in before.iter().filter(|name| !reads.contains(name)) {
            if let Some(readers) = self.readers.get_mut(name) {
                readers.remove(&place);
                if readers.is_empty() {
                    self.readers.remove(name);
                    self.tags.remove(name);
                }
            }
        }
        for name in reads {
            self.readers.entry(Arc::clone(name)).or_default().insert(place);
        }
    }

    fn set_due(&mut self, place: u32, due: Option<Mono>) {
        let Some(one) = self.watched.get_mut(place as usize) else { return };
        if let Some(before) = one.due.take() {
            self.timed.remove(&(before, place));
        }
        if let Some(due) = due {
            one.due = Some(due);
            self.timed.insert((due, place));
        }
    }
}

fn error_place(evaluation: &Evaluation, one: &Watched, calls: &[Declaration]) -> (u32, u32) {
    match &evaluation.result {
        Err(error) if error.line > 0 => (error.line, error.column),
        _ => one.watch.call.and_then(|call| calls.get(call as usize)).map_or((1, 1), |call| call.place),
    }
}

/// Calls an alarm's function once.
fn run_one(
    program: &Arc<Program>,
    calls: &[Declaration],
    one: &Watched,
    this: &mut Dynamic,
    timers: &mut Timers,
    tags: &mut TagTable,
    now: Mono,
) -> Evaluation {
    let mut started = Run::new(Budget::ALARM, Some(std::mem::take(tags)));
    started.alarm = Some(Box::new(AlarmRun { timers: std::mem::take(timers), now, ..AlarmRun::default() }));
    started.programs.push(Arc::clone(program));
    let outer = run::swap(Some(started));
    let closure = one.watch.call.and_then(|call| calls.get(call as usize)).and_then(|call| call.active.as_ref());
    let (name, mut arguments) = match closure {
        Some(closure) => (closure.function.fn_name().to_owned(), closure.function.curry().to_vec()),
        None => ("active".to_owned(), Vec::new()),
    };
    arguments.push(Dynamic::from_map(one.argument.clone()));
    let result = if closure.is_none() && !has_function(program, "active", 1) {
        let why = "this file has no function active(a), which its alarms need: fn active(a) { tag(a.on + \"/level\") > 3 }";
        Err(ScriptError::new(&program.file, (1, 1), why))
    } else {
        guarded(&program.file, || {
            let options = CallFnOptions::new().eval_ast(false).bind_this_ptr(this);
            sandbox().engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), &program.ast, name, arguments)
        })
    };
    if let Some(alarm) = run::with(|run| run.alarm.take()).flatten() {
        *timers = alarm.timers;
    }
    let place = closure.map_or((1, 1), Closure::place);
    let placed = |mut error: ScriptError| {
        if error.line == 0 {
            (error.line, error.column) = place;
        }
        error
    };
    let result = result.map_err(placed).and_then(|value| match memory::size(this, limits::ALARM_STATE_BYTES) {
        Ok(_) => Ok(value),
        Err(_) => {
            let why = format!("an alarm keeps at most {} KiB in `this`", limits::ALARM_STATE_BYTES / 1024);
            Err(ScriptError::new(&program.file, (1, 1), why))
        }
    });
    let mut given_back = Some(TagTable::new());
    let evaluation = evaluation(result, outer, &mut given_back);
    *tags = given_back.unwrap_or_default();
    evaluation
}

enum Outcome {
    Said(Option<ConditionWord>),
    Unknown(Status),
    Failed(ScriptError),
}

impl Watched {
    fn new(watch: Watch, calls: &[Declaration]) -> Self {
        let mut argument = Map::new();
        argument.insert("name".into(), Dynamic::from(watch.name.clone()));
        argument.insert("on".into(), Dynamic::from(watch.on.to_string()));
        for (name, value) in &watch.parameters {
            argument.insert(name.as_ref().into(), dynamic_of(value).unwrap_or(Dynamic::UNIT));
        }
        let call = watch.call.and_then(|call| calls.get(call as usize));
        let state = call.and_then(|call| call.options.get("state")).cloned();
        let this = state.filter(Dynamic::is_map).unwrap_or_else(|| Dynamic::from_map(Map::new()));
        Self {
            watch,
            argument,
            this,
            timers: Timers::default(),
            reads: Vec::new(),
            due: None,
            said: None,
            error: None,
            failures: 0,
            not_before: Mono(0),
        }
    }

    fn argument_is_like(&self, other: &Self) -> bool {
        self.watch.parameters == other.watch.parameters && self.watch.on == other.watch.on && self.watch.call == other.watch.call
    }

    fn outcome(&self, look: &Look, tags: &TagTable) -> Outcome {
        let evaluation = &look.evaluation;
        if evaluation.gap {
            return Outcome::Unknown(Status::BAD_WAITING_FOR_INITIAL_DATA);
        }
        let value = match &evaluation.result {
            Ok(value) => value,
            // What can't be computed of a bad value is no mistake of the script.
            Err(_) if evaluation.status.is_bad() => return Outcome::Unknown(evaluation.status),
            Err(error) => return Outcome::Failed(error.clone()),
        };
        if evaluation.status.is_bad() {
            return Outcome::Unknown(evaluation.status);
        }
        match self.word(value, evaluation, tags) {
            Ok(word) => Outcome::Said(word),
            Err(why) => {
                let place = self.watch.call.map_or((1, 1), |_| (0, 0));
                Outcome::Failed(ScriptError::new(&Arc::from(self.watch.name.as_str()), place, why))
            }
        }
    }

    /// What the function's result says.
    fn word(&self, value: &Dynamic, evaluation: &Evaluation, tags: &TagTable) -> Result<Option<ConditionWord>, String> {
        if value.is_unit() {
            return Ok(None);
        }
        if value.read_lock::<NotKnown>().is_some() {
            return Ok(Some(ConditionWord::Unknown(Status::BAD)));
        }
        let first = evaluation.reads.first().and_then(|name| tags.get(name));
        let shown = first.map_or(Value::Null, |tag| tag.sample.value.clone());
        let newest = evaluation.reads.iter().filter_map(|name| tags.get(name)).map(|tag| tag.sample.source_time).max();
        let source_time = newest.unwrap_or(Utc(0));
        if let Ok(active) = value.as_bool() {
            return Ok(Some(word_of(active, shown, source_time, Arc::from(""))));
        }
        let Ok(map) = value.as_map_ref() else {
            let word = crate::strings::word(value).to_owned();
            return Err(format!(
                "the result is a {word}; true, false, (), unknown() or #{{ active: true, value: 1.5 }} is needed"
            ));
        };
        if let Some(wrong) = map.keys().find(|key| !matches!(key.as_str(), "active" | "value" | "detail")) {
            return Err(format!("the result has no key `{wrong}`; there is active, value and detail"));
        }
        let active = map.get("active").and_then(|active| active.as_bool().ok());
        let active = active.ok_or("the result says nothing with `active: true` or `active: false`")?;
        let shown = map.get("value").and_then(value_of).unwrap_or(shown);
        let detail = map.get("detail").map(|detail| detail.clone().into_string());
        match detail {
            Some(Err(_)) => Err("`detail` must be a text".to_owned()),
            detail => {
                let detail = detail.and_then(Result::ok).unwrap_or_default();
                let end = detail.floor_char_boundary(plantroom_model::limits::COMMENT_BYTES);
                Ok(Some(word_of(active, shown, source_time, Arc::from(&detail[..end]))))
            }
        }
    }

    fn say(&mut self, word: Option<ConditionWord>, out: &mut Evaluated) {
        let Some(word) = word else { return };
        let said = match &word {
            ConditionWord::Raise { detail, .. } => Said::Raised(Arc::clone(detail)),
            ConditionWord::Unknown(status) => Said::Unknown(*status),
            _ => Said::Cleared,
        };
        if self.said.as_ref() != Some(&said) {
            self.said = Some(said);
            out.conditions.rows.push((self.watch.alarm, word));
        }
    }
}

fn word_of(active: bool, value: Value, source_time: Utc, detail: Arc<str>) -> ConditionWord {
    if active { ConditionWord::Raise { value, source_time, detail } } else { ConditionWord::Clear { value } }
}
