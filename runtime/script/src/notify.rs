//! Who is told of which alarm, after how long, on which way: rules that an integrator writes as functions.
//!
//! A file in alarms/notify has any of `occurred(alarm)`, `returned(alarm)`, `acknowledged(alarm)` and
//! `unacknowledged(alarm, minutes)`, which call `notify("outlet", "to whom", "text")`. At which minutes the last one is
//! called, `escalate([5, 15, 60])` says at the beginning of the file.
//!
//! In:  what happened to an alarm, tags, the local time.
//! Out: notifications ([`NotifyScript::tell`]); which alarms are unacknowledged for how long ([`Escalation`]).

mod escalation;
mod offer;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use plantroom_model::Priority;
use rhai::{Dynamic, Map, Scope};

use crate::alarm::has_function;
use crate::run::{self, Run};
use crate::sandbox::{evaluation, guarded, run_file};
use crate::{Budget, Program, Sandbox, ScriptError, TagNow, TagTable};

pub use escalation::Escalation;

/// At which minutes somebody is told of an alarm that nobody acknowledges, where the file doesn't say.
const STEPS_MIN: [u32; 4] = [5, 15, 30, 60];
/// How often a call begins anew because it reads tags that weren't known to be read.
const ATTEMPTS: usize = 16;

/// A compiled file of rules.
#[derive(Clone, Debug)]
pub struct NotifyScript {
    program: Arc<Program>,
    steps_min: Vec<u32>,
}

/// What happened to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It came, and nothing hides it.
    Occurred,
    /// It returned to normal.
    Returned,
    /// An operator has acknowledged it.
    Acknowledged,
    /// Nobody has acknowledged it for so many minutes.
    Unacknowledged(u32),
}

/// What a rule can know of an alarm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmFacts {
    /// Its name.
    pub name: String,
    /// What has happened.
    pub message: String,
    /// How urgent.
    pub priority: Priority,
    /// The part of the plant.
    pub area: String,
    /// The tag's value in words, with its unit.
    pub value: String,
    /// The limit in words, with its unit; empty without one.
    pub limit: String,
    /// What happens if nobody does anything.
    pub consequence: String,
    /// What the operator is to do.
    pub action: String,
    /// How long there is to do it, in s.
    pub respond_s: u32,
    /// The screen that shows it.
    pub screen: String,
    /// The instance that it belongs to.
    pub instance: String,
    /// Who did it, where somebody did.
    pub by: String,
}

/// A time on the plant's wall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalTime {
    /// Year.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 1 for Monday to 7 for Sunday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// What somebody is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The outlet, as named in outlets.toml; it may not exist.
    pub outlet: Arc<str>,
    /// To whom, in the outlet's own notation; empty where it needs nobody.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// Line and column of the call.
    pub place: (u32, u32),
}

/// What a rule asks for while it runs.
#[derive(Debug, Default)]
pub(crate) struct NotifyRun {
    steps_min: Option<Vec<u32>>,
    /// The file itself runs, and not one of its functions.
    is_reading: bool,
    facts: AlarmFacts,
    moment: Option<Moment>,
    time: LocalTime,
    asked: Vec<Notification>,
}

fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| Sandbox::new(offer::offer))
}

impl Moment {
    /// The function that is called.
    fn function(self) -> &'static str {
        match self {
            Self::Occurred => "occurred",
            Self::Returned => "returned",
            Self::Acknowledged => "acknowledged",
            Self::Unacknowledged(_) => "unacknowledged",
        }
    }
}

impl NotifyScript {
    /// Compiles a file and runs it once, so that it can say its steps; `path` is relative to the project folder.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn compile(path: &str, text: &str) -> Result<Self, ScriptError> {
        let program = sandbox().compile(path, text, &[])?;
        let known = [("occurred", 1), ("returned", 1), ("acknowledged", 1), ("unacknowledged", 2)];
        for function in program.ast.iter_functions() {
            if let Some((name, count)) =
                known.iter().find(|(name, count)| function.name == *name && function.params.len() != *count)
            {
                let form = if *count == 1 { format!("fn {name}(alarm)") } else { format!("fn {name}(alarm, minutes)") };
                return Err(ScriptError::new(
                    program.file(),
                    (1, 1),
                    format!("{name} has the wrong number of parameters: {form}"),
                ));
            }
        }
        if !known.iter().any(|(name, count)| has_function(&program, name, *count)) {
            let why = "no function of this file is ever called: write fn occurred(alarm) { ... }, returned, acknowledged, \
                       or unacknowledged(alarm, minutes)";
            return Err(ScriptError::new(program.file(), (1, 1), why));
        }
        let mut started = Run::new(Budget::ALARM, None);
        started.notify = Some(Box::new(NotifyRun { is_reading: true, ..NotifyRun::default() }));
        let outer = run::swap(Some(started));
        let result = run_file(&sandbox().engine, &program, Vec::new());
        let ended = run::swap(outer);
        let _ = result.map_err(|error| ScriptError::from_engine(program.file(), &error))?;
        let said = ended.and_then(|run| run.notify).and_then(|notify| notify.steps_min);
        Ok(Self { program, steps_min: said.unwrap_or_else(|| STEPS_MIN.to_vec()) })
    }

    /// At which minutes without acknowledgement it wants to be asked, upwards.
    pub fn steps_min(&self) -> &[u32] {
        if has_function(&self.program, "unacknowledged", 2) { &self.steps_min } else { &[] }
    }

    /// Asks who is to be told. `read` gives a tag as it is now, and `None` where there is none.
    ///
    /// # Errors
    /// What went wrong in the file; nothing is told then.
    pub fn tell(
        &self,
        moment: Moment,
        facts: &AlarmFacts,
        time: LocalTime,
        read: &mut dyn FnMut(&str) -> Option<TagNow>,
    ) -> Result<Vec<Notification>, ScriptError> {
        let parameters = if matches!(moment, Moment::Unacknowledged(_)) { 2 } else { 1 };
        if !has_function(&self.program, moment.function(), parameters) {
            return Ok(Vec::new());
        }
        let mut tags = TagTable::new();
        for _ in 0..ATTEMPTS {
            let (result, reads, asked) = self.call(moment, facts, time, &mut tags);
            let unread: Vec<Arc<str>> = reads.into_iter().filter(|name| !tags.contains_key(name)).collect();
            if unread.is_empty() {
                return result.map(|_| asked);
            }
            for name in unread {
                let now = read(&name)
                    .ok_or_else(|| ScriptError::new(self.program.file(), (1, 1), format!("there is no tag `{name}`")))?;
                tags.insert(name, now);
            }
        }
        Err(ScriptError::new(self.program.file(), (1, 1), "it reads ever more tags"))
    }

    fn call(
        &self,
        moment: Moment,
        facts: &AlarmFacts,
        time: LocalTime,
        tags: &mut TagTable,
    ) -> (Result<Dynamic, ScriptError>, Vec<Arc<str>>, Vec<Notification>) {
        let mut started = Run::new(Budget::ALARM, Some(std::mem::take(tags)));
        let notify = NotifyRun { facts: facts.clone(), moment: Some(moment), time, ..NotifyRun::default() };
        started.notify = Some(Box::new(notify));
        started.programs.push(Arc::clone(&self.program));
        let outer = run::swap(Some(started));
        let mut arguments = vec![Dynamic::from_map(facts.as_map())];
        if let Moment::Unacknowledged(minutes) = moment {
            arguments.push(Dynamic::from_int(i64::from(minutes)));
        }
        let placed = |mut error: ScriptError| {
            if error.line == 0 {
                (error.line, error.column) = (1, 1);
            }
            error
        };
        let result = guarded(self.program.file(), || {
            let options = rhai::CallFnOptions::new().eval_ast(false);
            let (engine, ast) = (&sandbox().engine, &self.program.ast);
            engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, moment.function(), arguments)
        })
        .map_err(placed);
        let asked = run::with(|run| run.notify.take()).flatten().map(|notify| notify.asked).unwrap_or_default();
        let mut given_back = Some(TagTable::new());
        let evaluation = evaluation(result, outer, &mut given_back);
        *tags = given_back.unwrap_or_default();
        (evaluation.result, evaluation.reads, asked)
    }
}

impl AlarmFacts {
    /// As rules see it.
    fn as_map(&self) -> Map {
        let mut map = Map::new();
        let texts = [
            ("name", &self.name),
            ("message", &self.message),
            ("area", &self.area),
            ("value", &self.value),
            ("limit", &self.limit),
            ("consequence", &self.consequence),
            ("action", &self.action),
            ("screen", &self.screen),
            ("instance", &self.instance),
            ("by", &self.by),
        ];
        for (key, text) in texts {
            map.insert(key.into(), text.clone().into());
        }
        map.insert("priority".into(), self.priority.word().into());
        map.insert("urgency".into(), Dynamic::from_int(i64::from(self.priority as u8)));
        map.insert("respond_s".into(), Dynamic::from_int(i64::from(self.respond_s)));
        map
    }

    /// What somebody is told where the rule has no words of its own: what, how urgent, what to do.
    pub fn words(&self, moment: Moment) -> String {
        let head = match moment {
            Moment::Occurred => String::new(),
            Moment::Returned => "Returned to normal: ".to_owned(),
            Moment::Acknowledged if self.by.is_empty() => "Acknowledged: ".to_owned(),
            Moment::Acknowledged => format!("Acknowledged by {}: ", self.by),
            Moment::Unacknowledged(minutes) => format!("Unacknowledged for {minutes} min: "),
        };
        let mut text = format!("{head}{}", self.message);
        match (self.value.is_empty(), self.limit.is_empty()) {
            (false, false) => text.push_str(&format!(" ({}, limit {})", self.value, self.limit)),
            (false, true) => text.push_str(&format!(" ({})", self.value)),
            _ => {}
        }
        text.push_str(&format!("\nPriority: {}. Alarm: {}", self.priority.word(), self.name));
        for (label, words) in [("Consequence", &self.consequence), ("What to do", &self.action)] {
            if !words.is_empty() {
                text.push_str(&format!("\n{label}: {words}"));
            }
        }
        text
    }
}
