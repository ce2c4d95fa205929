//! Changes of the running project: found in its folder, checked as a whole, applied while everything else goes on,
//! recorded, and taken back.
//!
//! In:  files that were saved, requests of engineers. Out: a changed plant, or everything that is wrong.
//! Start at [`Changes::saved`] and [`Changes::carry_out`].
//!
//! Invariant: one change after the other; each is applied as a whole, or nothing of it is.
//! Invariant: what runs is on the disk with its number, its difference and who did it, before it runs.

mod answers;
mod begin;
mod diff;
mod history;
mod machinery;
mod offline;
mod plan;
mod rollback;
mod state;
pub mod text;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{MappedMutexGuard, Mutex, MutexGuard};
use plantroom_access::{Access, Act, AuditState, Begun, Category, Session};
use plantroom_model::{Diagnostic, Door, Role};
use plantroom_project::Plant;
use plantroom_server::{ChangeDone, ChangeError, ProjectNow, ProjectWord};
use serde_json::json;
use tokio::sync::watch;

use begin::settle;
pub use begin::{Beginning, ON_THE_MACHINE, begin};
pub use history::{Change, History, Kept, Kind};
pub use machinery::Machinery;
pub use offline::{Looked, look_offline, roll_back_offline};
pub use plan::{Plan, Sandbox};
pub use rollback::usual_target;
use text::ProjectText;

use crate::clock::Clock;

/// How often a folder is read that changes while it is read.
const LOOKS: u32 = 20;
/// How long it is left alone in between, in ms.
const LOOK_AGAIN_MS: u64 = 100;
/// How much of a difference stands in the audit trail, in bytes; the whole of it is kept with the change.
const AUDIT_DIFF_BYTES: usize = 2_000;

/// Changes one station's project.
pub struct Changes {
    /// The project folder.
    pub root: PathBuf,
    /// What was changed.
    pub history: History,
    /// With what plugins are loaded.
    pub sandbox: Sandbox,
    /// What carries changes out.
    pub machinery: Machinery,
    /// Users and the audit trail.
    pub access: Arc<Access>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Files of what runs; held while a change is made.
    pub turn: Mutex<Turn>,
    /// What is known of the folder.
    pub state: watch::Sender<Arc<ProjectNow>>,
    /// The folder's stamp when that was found out.
    pub looked: Mutex<u64>,
}

/// What runs, as files.
pub struct Turn {
    /// Their names and contents.
    pub kept: Kept,
    /// They are still to be written down.
    pub unsettled: Option<ProjectText>,
}

/// Who wants a change.
#[derive(Clone, Copy)]
pub enum Who<'a> {
    /// Whoever saved files.
    Machine,
    /// A user.
    User(&'a Session, Door, &'a str),
}

/// What the folder holds.
enum Found {
    /// What runs.
    Same,
    /// A change, checked.
    Change(ProjectText, Box<Plan>),
    /// Mistakes.
    Mistakes(Vec<Diagnostic>),
}

/// What one change consists of.
struct Wanted {
    kind: Kind,
    of: Option<u64>,
    text: ProjectText,
    plan: Plan,
}

impl Changes {
    /// Begins with what runs: the plant with its files, and what is wrong with the folder where that doesn't run.
    pub fn new(
        (plant, turn, refused): (Arc<Plant>, Turn, Option<Vec<Diagnostic>>),
        (history, sandbox): (History, Sandbox),
        machinery: Machinery,
        (access, clock): (Arc<Access>, Arc<dyn Clock>),
    ) -> Arc<Self> {
        let state = watch::Sender::new(Arc::default());
        let root = plant.root.clone();
        let looked = Mutex::new(ProjectText::stamp(&root));
        let turn = Mutex::new(turn);
        let changes = Self { root, history, sandbox, machinery, access, clock, turn, state, looked };
        match refused {
            Some(diagnostics) => changes.refuse(diagnostics),
            None => changes.tell(ProjectWord::Current, String::new(), None, Vec::new()),
        }
        Arc::new(changes)
    }

    /// Waits for the change that is being made. What the station has started with is written down first, where that
    /// isn't what ran last.
    fn my_turn(&self) -> MappedMutexGuard<'_, Kept> {
        let mut turn = self.turn.lock();
        if let Some(text) = turn.unsettled.take() {
            match settle(&self.history, turn.kept.clone(), &text, self.clock.now().utc) {
                Ok(kept) => turn.kept = kept,
                Err(error) => tracing::error!("what the station runs can't be kept, so it can't be rolled back to: {error}"),
            }
        }
        MutexGuard::map(turn, |turn| &mut turn.kept)
    }

    /// Writes down what the station has started with: many small files take their time on a disk.
    pub fn settle(&self) {
        drop(self.my_turn());
        if self.state.borrow().state == ProjectWord::Current {
            self.tell(ProjectWord::Current, String::new(), None, Vec::new());
        }
    }

    /// Files were saved: applies them, or says what waits or is wrong. May take its time.
    pub fn saved(&self) {
        let mut turn = self.my_turn();
        match self.look(&turn) {
            Err(error) => self.tell(ProjectWord::Refused, error.to_string(), None, Vec::new()),
            Ok(Found::Same) => self.tell(ProjectWord::Current, String::new(), None, Vec::new()),
            Ok(Found::Mistakes(diagnostics)) => self.refuse(diagnostics),
            Ok(Found::Change(text, plan)) => {
                let on_save = self.machinery.running.plant().change.apply == plantroom_project::ApplyWhen::OnSave;
                if !on_save && !plan.only_screens && !plan.preview.is_empty() {
                    let message =
                        format!("A change waits until an engineer applies it (`plantroom change apply`): {}", plan.preview);
                    let diagnostics = plan.diagnostics.clone();
                    return self.tell(ProjectWord::Waiting, message, Some(&plan), diagnostics);
                }
                let wanted = Wanted { kind: Kind::Apply, of: None, text, plan: *plan };
                if let Err(error) = self.carry_out(&mut turn, wanted, Who::Machine, |_| Ok(Vec::new())) {
                    let message = state::sentence(&error);
                    tracing::error!("a change of the project was not applied: {message}");
                    self.tell(ProjectWord::Refused, message, None, Vec::new());
                }
            }
        }
    }

    /// An engineer wants what the folder holds.
    ///
    /// # Errors
    /// When it may not or can't be done.
    pub fn apply_request(&self, by: (&Session, Door), comment: &str) -> Result<ChangeDone, ChangeError> {
        let mut turn = self.my_turn();
        match self.look(&turn).map_err(|error| ChangeError::NotNow(error.to_string()))? {
            Found::Same => {
                self.tell(ProjectWord::Current, String::new(), None, Vec::new());
                Err(ChangeError::NotFound("There is nothing to apply: the project folder holds what runs.".to_owned()))
            }
            Found::Mistakes(diagnostics) => {
                self.refuse(diagnostics.clone());
                Err(state::mistakes(diagnostics))
            }
            Found::Change(text, plan) => {
                let wanted = Wanted { kind: Kind::Apply, of: None, text, plan: *plan };
                self.carry_out(&mut turn, wanted, Who::User(by.0, by.1, comment), |_| Ok(Vec::new()))
            }
        }
    }

    /// Records a change, makes it, and says so, in this order. `write` brings the folder in step, where that isn't so
    /// already.
    fn carry_out(
        &self,
        turn: &mut Kept,
        wanted: Wanted,
        who: Who<'_>,
        write: impl FnOnce(&ProjectText) -> Result<Vec<String>, String>,
    ) -> Result<ChangeDone, ChangeError> {
        let not_kept = |error: plantroom_access::StoreError| ChangeError::NotNow(format!("The change can't be kept: {error}."));
        let Wanted { kind, of, text, plan } = wanted;
        let number = self.history.numbers().last().copied().unwrap_or(0).max(turn.change) + 1;
        let old = self.history.text(&turn.files).unwrap_or_default();
        let after = self.history.keep(&text).map_err(not_kept)?;
        let change = Change {
            number,
            kind,
            of,
            at: self.clock.now().utc,
            user: who.name(),
            comment: who.comment().to_owned(),
            preview: plan.preview.to_string(),
            diff: diff::diff(&old, &text),
            before: turn.files.clone(),
            after: after.clone(),
        };
        let begun = self.begin_audit(&change, who)?;
        self.history.record(&change).map_err(not_kept)?;
        let diagnostics = plan.diagnostics.clone();
        let done = write(&text).and_then(|kept| self.machinery.apply(plan).map(|()| kept));
        let kept = match done {
            Ok(kept) => kept,
            Err(reason) => {
                self.history.forget(number);
                self.end_audit(begun, &change, &format!("not applied: {reason}"));
                return Err(ChangeError::NotNow(reason));
            }
        };
        *turn = Kept { change: number, files: after };
        if let Err(error) = self.history.set_running(turn) {
            tracing::error!("the change runs, and the disk could not be told so: {error}");
        }
        self.end_audit(begun, &change, &format!("done: change {number}: {}", change.preview));
        let message = format!("Change {number}: {}.", change.preview);
        tracing::info!(change = number, by = change.user, "the project was changed: {}", change.preview);
        self.tell(ProjectWord::Current, message.clone(), None, diagnostics);
        Ok(ChangeDone { number, message, kept })
    }

    /// Reads the folder until it holds still, and checks what it holds.
    fn look(&self, running: &Kept) -> std::io::Result<Found> {
        for _ in 0..LOOKS {
            let stamp = ProjectText::stamp(&self.root);
            let text = ProjectText::read(&self.root)?;
            let digests = text.digests();
            if digests == running.files && !self.is_component_new() {
                *self.looked.lock() = stamp;
                return Ok(Found::Same);
            }
            let planned = Plan::make(&self.root, &self.root, &self.machinery.running.get(), &self.sandbox);
            if ProjectText::read(&self.root)? == text {
                *self.looked.lock() = stamp;
                return Ok(match planned {
                    Ok(plan) => Found::Change(text, Box::new(plan)),
                    Err(diagnostics) => Found::Mistakes(diagnostics),
                });
            }
            std::thread::sleep(Duration::from_millis(LOOK_AGAIN_MS));
        }
        Err(std::io::Error::other("The project folder keeps changing while it is read; save it, and leave it for a moment."))
    }

    /// Whether a component's file is another one than what runs.
    fn is_component_new(&self) -> bool {
        self.sandbox.is_any_new(&self.machinery.running.get())
    }

    fn begin_audit(&self, change: &Change, who: Who<'_>) -> Result<Option<Begun>, ChangeError> {
        let now = self.clock.now();
        let act = Act::new(Category::Configuration, change.kind.act(), &self.machinery.running.plant().name);
        let cut = change.diff.floor_char_boundary(AUDIT_DIFF_BYTES);
        let new = json!({
            "change": change.number, "of": change.of, "preview": change.preview,
            "diff": &change.diff[..cut], "diff_sha256": text::digest(change.diff.as_bytes()),
        });
        match who {
            Who::User(session, door, comment) => {
                let permit = self.access.authorise(session, door, Role::Engineer, act, now)?;
                Ok(Some(self.access.audit().begin(permit, (None, Some(new)), comment, now)?))
            }
            Who::Machine if self.access.audit().health().state == AuditState::Failing => {
                Err(ChangeError::NotNow("The audit trail can't be written, so nothing is changed.".to_owned()))
            }
            Who::Machine => Ok(None),
        }
    }

    fn end_audit(&self, begun: Option<Begun>, change: &Change, result: &str) {
        let now = self.clock.now();
        match begun {
            Some(begun) => {
                if let Err(error) = self.access.audit().finish(begun, result, now) {
                    tracing::error!("the end of a change could not be recorded: {error}");
                }
            }
            None => {
                let act = Act::new(Category::Configuration, change.kind.act(), &self.machinery.running.plant().name);
                let digest = text::digest(change.diff.as_bytes());
                self.access.audit().event(act, &format!("{result} ({ON_THE_MACHINE}; sha256 of its difference {digest})"), now);
            }
        }
    }
}

impl Who<'_> {
    fn name(&self) -> String {
        match self {
            Self::Machine => ON_THE_MACHINE.to_owned(),
            Self::User(session, ..) => session.user.to_string(),
        }
    }

    fn comment(&self) -> &str {
        match self {
            Self::Machine => "",
            Self::User(.., comment) => comment,
        }
    }
}

impl Kind {
    /// The word in answers and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Rollback => "rollback",
            Self::WhileStopped => "while-stopped",
        }
    }

    fn act(self) -> &'static str {
        match self {
            Self::Apply | Self::WhileStopped => "change project",
            Self::Rollback => "roll back project",
        }
    }
}
