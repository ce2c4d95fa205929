//! Scripted alarms: an integrator writes when an alarm is active, with a state of its own, timers and parameters.
//!
//! A file declares alarms with `alarm("clogs", #{ for_each: instances("filter"), message: "..." }, |a| ...)`, or it has a
//! function `active(a)` for alarms that a table names. What is in `a`: `name`, `on` and the parameters; `this` is what the
//! alarm keeps. The result says whether the condition holds: true or false, `()` to say nothing,
//! `#{ active: true, value: 3.2, detail: "..." }`, or `unknown()`.
//!
//! In:  the file's text, the instances of types, tags, and the time.
//! Out: what it declares ([`AlarmScript::declare`]); words about conditions, and when to look again ([`AlarmRunner`]).

mod declare;
mod keep;
mod offer;
mod runner;
#[cfg(test)]
mod tests;
mod timers;

use std::sync::{Arc, OnceLock};

use plantroom_model::Mono;

use crate::run::{self, Run};
use crate::sandbox::run_file;
use crate::{Budget, Closure, Program, Sandbox, ScriptError};

pub use declare::{DeclaredAlarm, DeclaredValue};
pub use runner::{AlarmRunner, Evaluated, Watch};
use timers::Timers;

/// A compiled file of scripted alarms.
#[derive(Clone, Debug)]
pub struct AlarmScript {
    program: Arc<Program>,
}

/// What an alarm script says and asks while it runs.
#[derive(Debug, Default)]
pub(crate) struct AlarmRun {
    /// Types and names of instances.
    instances: Arc<[(String, String)]>,
    /// What was declared, where declaring is what goes on.
    declared: Option<Vec<Declaration>>,
    /// The timers of the alarm that is evaluated.
    timers: Timers,
    now: Mono,
}

/// One call of `alarm(...)`.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    name: String,
    options: rhai::Map,
    active: Option<Closure>,
    place: (u32, u32),
}

/// The sandbox of all alarm scripts.
pub(crate) fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| Sandbox::new(offer::offer))
}

impl AlarmScript {
    /// Compiles a file; `path` is relative to the project folder, for messages.
    ///
    /// # Errors
    /// The first place where it isn't a script.
    pub fn compile(path: &str, text: &str) -> Result<Self, ScriptError> {
        Ok(Self { program: sandbox().compile(path, text, &[])? })
    }

    /// Whether it has a function `active(a)`, for alarms that a table names.
    pub fn has_active(&self) -> bool {
        has_function(&self.program, "active", 1)
    }

    /// The alarms that it declares, one by one.
    ///
    /// # Errors
    /// The first mistake in its declarations.
    pub fn declare(&self, instances: &Arc<[(String, String)]>) -> Result<Vec<DeclaredAlarm>, ScriptError> {
        let calls = self.declarations(instances)?;
        declare::declared(&calls, &self.program.file)
    }

    /// Runs the file itself, which declares.
    fn declarations(&self, instances: &Arc<[(String, String)]>) -> Result<Vec<Declaration>, ScriptError> {
        let mut started = Run::new(Budget::BUILD, None);
        let alarm = AlarmRun { instances: Arc::clone(instances), declared: Some(Vec::new()), ..AlarmRun::default() };
        started.alarm = Some(Box::new(alarm));
        let outer = run::swap(Some(started));
        let result = run_file(&sandbox().engine, &self.program, Vec::new());
        let ended = run::swap(outer);
        let _ = result.map_err(|error| ScriptError::from_engine(&self.program.file, &error))?;
        Ok(ended.and_then(|run| run.alarm).and_then(|alarm| alarm.declared).unwrap_or_default())
    }
}

/// Whether a file has a function of this name.
pub(crate) fn has_function(program: &Program, name: &str, parameters: usize) -> bool {
    program.ast.iter_functions().any(|function| function.name == name && function.params.len() == parameters)
}
