//! What the station does by itself: scripts, and plugins whose outputs become writes.
//!
//! Each automation is a task of its own, away from the scan; a script runs on a thread of the blocking pool, one run at
//! a time. All that it does to the plant is ask: every request takes the command path, with the automation's technical
//! user and scope. What goes wrong in one stops that one, and nothing else.

mod copies;
mod journal;
mod runner;
mod schedule;
mod script;
mod steer;
mod told;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{Mono, OutcomeKind, Utc, Value, WriteRequest, limits};
use plantroom_project::{AutomationSpec, AutomationWork, Plant};
use tokio::task::JoinHandle;

use crate::command::{CommandPath, Who};
use crate::inbox::What;

pub use journal::{Entry, Happened, Journal};
pub use script::{Scripts, check_script};
use steer::Halt;

/// An automation's state, in the numbers of its system tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits for its next cause.
    Waiting = 0,
    /// It works.
    Running = 1,
    /// It was stopped by an error, until it is changed.
    Stopped = 2,
}

/// All automations of a station.
pub struct Automations {
    commands: Arc<CommandPath>,
    scripts: Arc<Scripts>,
    journal: Arc<Journal>,
    /// Where what scripts remember is kept.
    folder: PathBuf,
    running: Mutex<HashMap<Arc<str>, (AutomationSpec, JoinHandle<()>)>>,
    stopped: Mutex<bool>,
    /// Those that a person has stopped, with who and why.
    halts: Mutex<BTreeMap<Arc<str>, Halt>>,
    /// Held over a whole word to an automation, so that disk and tasks get words in the same order.
    steering: tokio::sync::Mutex<()>,
}

/// What one automation works with.
pub(crate) struct Own {
    pub(crate) spec: AutomationSpec,
    pub(crate) commands: Arc<CommandPath>,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) folder: PathBuf,
    budget: Mutex<RequestBudget>,
    scope: Arc<[Arc<str>]>,
}

impl Automations {
    /// Starts the automations of the plant that runs, and follows its changes.
    pub fn start(commands: Arc<CommandPath>, folder: PathBuf) -> Arc<Self> {
        let automations = Arc::new(Self {
            commands,
            scripts: Arc::new(Scripts::new()),
            journal: Arc::new(Journal::default()),
            halts: Mutex::new(steer::load(&folder)),
            steering: tokio::sync::Mutex::default(),
            folder,
            running: Mutex::default(),
            stopped: Mutex::new(false),
        });
        let following = Arc::downgrade(&automations);
        let mut changes = automations.commands.running.changes();
        changes.mark_changed();
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let plant = Arc::clone(&changes.borrow_and_update().plant);
                let Some(automations) = following.upgrade() else { return };
                automations.apply(&plant);
            }
        });
        automations
    }

    /// What they did and why.
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// Ends them all. A request that is under way is followed to its end by the command path.
    pub fn stop(&self) {
        *self.stopped.lock() = true;
        for (_, (_, task)) in self.running.lock().drain() {
            task.abort();
        }
    }

    /// Brings what runs in line with a plant: what is the same goes on untouched.
    fn apply(&self, plant: &Plant) {
        if *self.stopped.lock() {
            return;
        }
        let mut running = self.running.lock();
        running.retain(|name, (spec, task)| {
            let stays = plant.automations.iter().any(|wanted| wanted.name == *name && same(wanted, spec));
            if !stays {
                task.abort();
            }
            stays
        });
        for spec in &plant.automations {
            if running.contains_key(&spec.name) {
                continue;
            }
            if let Some(halt) = self.halts.lock().get(&spec.name) {
                self.own(spec.clone()).state(State::Stopped, &halt.words());
                continue;
            }
            let task = self.begin(spec.clone());
            running.insert(Arc::clone(&spec.name), (spec.clone(), task));
        }
    }

    fn own(&self, spec: AutomationSpec) -> Own {
        Own {
            budget: Mutex::new(RequestBudget::new(spec.requests_per_min)),
            scope: spec.write.clone().into(),
            spec,
            commands: Arc::clone(&self.commands),
            scripts: Arc::clone(&self.scripts),
            journal: Arc::clone(&self.journal),
            folder: self.folder.clone(),
        }
    }

    fn begin(&self, spec: AutomationSpec) -> JoinHandle<()> {
        let own = Arc::new(self.own(spec));
        own.tell("last_action", Value::Text("".into()));
        own.tell("last_run", Value::Text("".into()));
        own.state(State::Waiting, "");
        tokio::spawn(async move {
            match own.spec.work.clone() {
                AutomationWork::Script(work) => runner::run(own, work).await,
                AutomationWork::Copies { copies, .. } => copies::run(own, copies).await,
            }
        })
    }
}

/// Whether two automations do the same, wherever they stand in their file.
fn same(a: &AutomationSpec, b: &AutomationSpec) -> bool {
    let placeless = |spec: &AutomationSpec| AutomationSpec { place: plantroom_project::Place::default(), ..spec.clone() };
    placeless(a) == placeless(b)
}

/// What an automation asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wish {
    pub(crate) tag: Arc<str>,
    pub(crate) value: Value,
    pub(crate) why: String,
}

impl Own {
    /// Asks for a write, follows it to its end, and writes down what came of it.
    pub(crate) async fn request(&self, wish: Wish, cause: &str) -> OutcomeKind {
        let now = self.commands.clock.now();
        let plant = self.commands.plant();
        let (kind, message, audit) = match plant.tag(&wish.tag) {
            None => (OutcomeKind::Refused, format!("There is no tag {}.", wish.tag), 0),
            Some(_) if !self.budget.lock().take(now.mono) => {
                let most = self.spec.requests_per_min;
                (OutcomeKind::Refused, format!("More than {most} requests a minute (requests_per_min); nothing was sent."), 0)
            }
            Some((tag, _)) => {
                let who = Who::Automation {
                    user: Arc::clone(&self.spec.user),
                    name: Arc::clone(&self.spec.name),
                    scope: Arc::clone(&self.scope),
                };
                let comment = cut(&wish.why, limits::COMMENT_BYTES);
                // The project's author has said yes already, by giving the automation this tag.
                let request = WriteRequest { tag, value: wish.value.clone(), comment, confirmed: true };
                // A task of its own: an automation that is changed meanwhile must not leave a write half followed.
                match tokio::spawn(Arc::clone(&self.commands).write(who, request)).await {
                    Ok(outcome) => (outcome.kind, outcome.message, outcome.audit),
                    Err(_) => (OutcomeKind::Unknown, "The station is stopping; look before trying again.".to_owned(), 0),
                }
            }
        };
        let shown =
            plant.tag(&wish.tag).map_or_else(|| wish.value.to_string(), |(_, spec)| crate::target::shown(spec, &wish.value));
        let word = outcome_word(kind);
        self.tell(
            "last_action",
            text(&format!("{} = {shown}: {word}. Why: {}. {message}", wish.tag, wish.why.trim_end_matches('.'))),
        );
        let (tag, value) = (wish.tag.to_string(), shown);
        self.note(cause, Happened::Request { tag, value, why: wish.why, kind, message, audit });
        kind
    }

    /// Writes down what happened.
    pub(crate) fn note(&self, cause: &str, what: Happened) {
        let at = self.commands.clock.now().utc;
        self.journal.add(Entry { at, automation: self.spec.name.to_string(), cause: cause.to_owned(), what });
    }

    /// Shows the automation's state, and why it has stopped.
    pub(crate) fn state(&self, state: State, error: &str) {
        self.tell("state", Value::Uint(state as u64));
        if state == State::Stopped || state == State::Waiting && error.is_empty() {
            self.tell("last_error", text(error));
        }
    }

    /// The time of a run, in the plant's own time.
    pub(crate) fn ran(&self, at: Utc) {
        self.tell("last_run", text(&schedule::shown(at, &self.commands.plant().time_zone)));
    }

    /// Stops it for good, until the project is changed.
    pub(crate) fn stop_with(&self, cause: &str, error: &str) {
        tracing::error!(automation = &*self.spec.name, "an automation has stopped: {error}");
        self.note(cause, Happened::Error(error.to_owned()));
        self.state(State::Stopped, error);
    }

    fn tell(&self, last: &str, value: Value) {
        let plant = self.commands.plant();
        if let Some((tag, _)) = plant.tag(&format!("system/automations/{}/{last}", self.spec.name)) {
            self.commands.inbox.put(self.commands.clock.now(), What::Set { tag, value });
        }
    }
}

fn text(words: &str) -> Value {
    Value::Text(cut(words, limits::TEXT_BYTES).into())
}

fn cut(words: &str, bytes: usize) -> String {
    words[..words.floor_char_boundary(bytes)].to_owned()
}

pub(crate) fn outcome_word(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Confirmed => "confirmed",
        OutcomeKind::Done => "done",
        OutcomeKind::Mismatch => "mismatch",
        OutcomeKind::Unknown => "unknown",
        OutcomeKind::Refused => "refused",
        OutcomeKind::NotSent => "not sent",
    }
}

/// How many requests may still be made: so many a minute in the long run, a sixth of them at once.
#[derive(Debug)]
struct RequestBudget {
    per_min: u32,
    /// In thousandths of a request.
    left: u64,
    last: Mono,
}

impl RequestBudget {
    fn new(per_min: u32) -> Self {
        Self { per_min, left: Self::most(per_min), last: Mono::default() }
    }

    fn most(per_min: u32) -> u64 {
        u64::from(per_min.div_ceil(6).max(2)) * 1_000
    }

    fn take(&mut self, now: Mono) -> bool {
        let earned = now.since(self.last) / 1_000_000 * u64::from(self.per_min) / 60;
        if earned > 0 {
            self.left = (self.left + earned).min(Self::most(self.per_min));
            self.last = now;
        }
        let may = self.left >= 1_000;
        self.left -= if may { 1_000 } else { 0 };
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_pace_holds() {
        let mut budget = RequestBudget::new(60);
        let mut take = |at_ms| budget.take(Mono(1).plus_ms(at_ms));
        let burst = (0..20).filter(|_| take(0)).count();
        assert_eq!(burst, 10);
        let later = (0..600).filter(|n| take(100 + n * 100)).count();
        assert!((59..=60).contains(&later), "{later} in a minute");
    }
}
