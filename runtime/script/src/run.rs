//! The run that is going on in this thread: what it has used, and what it has read.

use std::cell::RefCell;
use std::sync::Arc;

use plantroom_model::{Status, Utc};
use rhai::{Dynamic, EvalAltResult};

use crate::alarm::AlarmRun;
use crate::memory::{self, TooMuch};
use crate::notify::NotifyRun;
use crate::tags::NOTHING_READ;
use crate::{Budget, Program, ScriptError, TagTable, limits};

pub(crate) struct Run {
    steps_given: u64,
    steps_left: u64,
    bytes_left: u64,
    pub tags: Option<TagTable>,
    pub reads: Vec<Arc<str>>,
    /// Tags of which it asked whether there are any.
    pub asked: Vec<Arc<str>>,
    pub status: Status,
    pub oldest: Utc,
    pub gap: bool,
    pub bad_tag: Option<(String, Status)>,
    pub printed: Vec<String>,
    /// The files being run, outermost first.
    pub programs: Vec<Arc<Program>>,
    /// What an alarm script declares and asks.
    pub alarm: Option<Box<AlarmRun>>,
    /// What a script of notifications asks.
    pub notify: Option<Box<NotifyRun>>,
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

impl Run {
    pub fn new(budget: Budget, tags: Option<TagTable>) -> Self {
        Self {
            steps_given: budget.steps,
            steps_left: budget.steps,
            bytes_left: budget.bytes,
            tags,
            reads: Vec::new(),
            asked: Vec::new(),
            status: NOTHING_READ,
            oldest: Utc(0),
            gap: false,
            bad_tag: None,
            printed: Vec::new(),
            programs: Vec::new(),
            alarm: None,
            notify: None,
        }
    }

    /// How many steps it has taken.
    pub fn steps(&self) -> u64 {
        self.steps_given - self.steps_left
    }
}

/// Begins a run in this thread; gives what was going on before, to be put back.
pub(crate) fn swap(run: Option<Run>) -> Option<Run> {
    RUN.with(|cell| std::mem::replace(&mut *cell.borrow_mut(), run))
}

/// Looks at the run that is going on. Never calls back into the engine.
pub(crate) fn with<T>(look: impl FnOnce(&mut Run) -> T) -> Option<T> {
    RUN.with(|cell| cell.try_borrow_mut().ok()?.as_mut().map(look))
}

/// The file that is being run in this thread.
pub fn here() -> Option<Arc<str>> {
    program().map(|program| program.file.clone())
}

pub(crate) fn program() -> Option<Arc<Program>> {
    with(|run| run.programs.last().cloned()).flatten()
}

/// One step. `Some` ends the script.
pub(crate) fn step() -> Option<Dynamic> {
    with(|run| match run.steps_left.checked_sub(1) {
        Some(left) => {
            run.steps_left = left;
            None
        }
        None => Some(Dynamic::from(ScriptError {
            file: "".into(),
            line: 0,
            column: 0,
            message: "the script takes too many steps; it probably loops for ever".to_owned(),
            thrown: false,
        })),
    })
    .flatten()
}

/// Charges what a value holds.
pub(crate) fn charge_value(value: &Dynamic) -> Result<(), TooMuch> {
    let Some(left) = with(|run| run.bytes_left) else { return Ok(()) };
    let used = memory::size(value, left)?;
    with(|run| run.bytes_left = run.bytes_left.saturating_sub(used));
    Ok(())
}

/// Enters a file inside the run that is going on.
pub(crate) fn enter(program: &Arc<Program>) -> Result<(), Box<EvalAltResult>> {
    with(|run| {
        if run.programs.len() > limits::PART_LEVELS {
            return Err(ScriptError::fatal(format!(
                "parts are placed inside parts more than {} deep; one of them probably places itself",
                limits::PART_LEVELS
            )));
        }
        run.programs.push(program.clone());
        Ok(())
    })
    .unwrap_or_else(|| Err(ScriptError::raise("nothing is being run")))
}

pub(crate) fn leave() {
    with(|run| run.programs.pop());
}

pub(crate) fn print(text: &str) {
    with(|run| {
        if run.printed.len() < limits::PRINTED_LINES {
            let end = text.floor_char_boundary(limits::PRINTED_BYTES);
            run.printed.push(text[..end].to_owned());
        }
    });
}
