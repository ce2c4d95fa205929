//! The command path, top to bottom in the order things happen. Read this second.
//!
//! ```text
//! request -> target -> authorise -> Permit -> audit.open -> Recorded -> permissives, step, pace -> WriteOrder
//!         -> driver -> settled -> read-back -> audit.close -> outcome
//! ```
//!
//! Every way in takes this path: consoles, the API, the command line, automations. A write is never retried by itself,
//! and an order that has expired is never delivered. The scan is not involved until the new value comes back by itself.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use plantroom_access::{Access, Act, Permit, Recorded, Refusal, Session, WriteEntry, WriteOrder};
use plantroom_model::{Door, Now, Outcome, OutcomeKind, Role, Snapshot, TagId, TagMode, TagSpec, Value, WriteRequest, WriteSpec};
use plantroom_project::Plant;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::inbox::Inbox;
use crate::modes::Modes;
use crate::now_running::NowRunning;
use crate::outside::OpenOrders;
use crate::pace::Pace;
use crate::pulses::Pulses;
use crate::recent::Recent;
use crate::retained::Retained;
use crate::target;

/// Everything that a write passes through.
pub struct CommandPath {
    pub(crate) running: Arc<NowRunning>,
    pub(crate) access: Arc<Access>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) retained: Arc<Retained>,
    pub(crate) orders: Arc<OpenOrders>,
    pub(crate) next_order: AtomicU64,
    pub(crate) keeping: tokio::sync::Mutex<()>,
    /// When each tag was last written.
    pub(crate) pace: Pace,
    /// Pulses that are being held.
    pub(crate) pulses: Pulses,
    /// Tags that a person has taken over.
    pub(crate) modes: Modes,
    /// What came of the last requests, for `tag why`.
    pub(crate) recent: Recent,
}

/// On whose behalf something is asked.
#[derive(Clone, Debug)]
pub enum Who {
    /// Somebody who has logged in, and how they came in.
    Person(Session, Door),
    /// An automation of the project: its technical user, and its name.
    Automation {
        /// The user whose rights count.
        user: Arc<str>,
        /// Its name in automations.toml.
        name: Arc<str>,
        /// The tags that it may write.
        scope: Arc<[Arc<str>]>,
    },
}

/// What became of a request after it was recorded: its outcome, still without the audit record's number.
pub(crate) struct Ended {
    pub(crate) kind: OutcomeKind,
    pub(crate) message: String,
}

impl Ended {
    pub(crate) fn new(kind: OutcomeKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

impl CommandPath {
    /// Carries out a request, or says why not. Returns when the outcome is known, at the latest after the order's
    /// validity, the time that a pulse is held, and the time that its feedback may take.
    pub async fn write(self: Arc<Self>, who: Who, request: WriteRequest) -> Outcome {
        let (plant, tag) = (self.plant(), request.tag);
        let (user, asked) = (Arc::clone(who.user()), request.value.clone());
        let outcome = self.decide(&plant, who, request).await;
        if let Some(spec) = plant.tags.get(tag.0 as usize) {
            self.recent.note(tag, &user, &target::shown(spec, &asked), &outcome, self.clock.now().utc);
        }
        outcome
    }

    async fn decide(&self, plant: &Plant, who: Who, request: WriteRequest) -> Outcome {
        let now = self.clock.now();
        let (name, needed) = target::name_and_role(plant, request.tag);
        let found = who.may_reach(&name).and_then(|()| target::find(plant, &request));
        let permit = match self.authorise(who, needed, Act::write(&name, request.tag), now).await {
            Some(Ok(permit)) => permit,
            Some(Err(refusal)) => return refused(&refusal),
            None => return stopping(),
        };
        let (spec, write, value) = match found {
            Ok(found) => found,
            Err(reason) => {
                let note = format!("refused: {reason}");
                self.blocking(move |access| access.audit().note(permit, &note, now)).await;
                return refused(&reason);
            }
        };
        let old = self.snapshots.borrow().get(request.tag).map(|sample| sample.value.clone());
        let rest = write.pulse.as_ref().map(|pulse| pulse.rest.clone());
        let entry = WriteEntry { old, new: value.clone(), comment: request.comment, essential: write.essential, rest };
        let recorded = match self.blocking(move |access| access.audit().open(permit, entry, now)).await {
            Some(Ok(recorded)) => recorded,
            Some(Err(error)) => return refused(&error),
            None => return stopping(),
        };
        if let Err(reason) = self.allowed(plant, request.tag, (spec, write), &value, now) {
            return self.close(recorded, |recorded| recorded, Ended::new(OutcomeKind::Refused, reason)).await;
        }
        let mut order = WriteOrder::new(recorded, now.mono.plus_ms(u64::from(write.expires_ms)));
        let ended = match self.modes.mode(&spec.name) {
            TagMode::Simulated => self.simulate(&order, spec).await,
            _ => self.carry_out(plant, &mut order, spec, write).await,
        };
        self.close(order, WriteOrder::recorded, ended).await
    }

    /// The plant that runs.
    pub(crate) fn plant(&self) -> Arc<Plant> {
        self.running.plant()
    }

    /// How long ago the newest scan was, in ms.
    pub fn scan_age_ms(&self, now: Now) -> u64 {
        now.mono.since(self.snapshots.borrow().at().mono) / 1_000_000
    }

    /// Whether somebody may do something now; `None` when the station is stopping.
    pub(crate) async fn authorise(&self, who: Who, needed: Role, act: Act, now: Now) -> Option<Result<Permit, Refusal>> {
        self.blocking(move |access| match who {
            Who::Person(session, door) => access.authorise(&session, door, needed, act, now),
            Who::Automation { user, name, .. } => access.authorise_automation((&user, &name), needed, act, now),
        })
        .await
    }

    /// Whether the plant and the tag's own rules allow it now. The pace counts from here: what comes after is sent.
    fn allowed(
        &self,
        plant: &Plant,
        tag: TagId,
        (spec, write): (&TagSpec, &WriteSpec),
        value: &Value,
        now: Now,
    ) -> Result<(), String> {
        if self.modes.mode(&spec.name) == TagMode::OffScan {
            return Err(format!("{} is off scan; nothing is written to it until it is put back on scan.", spec.name));
        }
        let snapshot = self.snapshots.borrow().clone();
        target::permissives(plant, write, value, &snapshot)?;
        target::step(spec, write, value, snapshot.get(tag))?;
        self.pace.take(tag, write.min_interval_ms, now.mono).map_err(|wait_ms| {
            format!("{} was written just now; it can be written again in {:.1} s.", spec.name, wait_ms as f64 / 1e3)
        })
    }

    /// Closes the record; the outcome stands even where the disk refuses, and says so.
    async fn close<T: Send + 'static>(&self, held: T, record: fn(&T) -> &Recorded, ended: Ended) -> Outcome {
        let mut outcome = Outcome { kind: ended.kind, message: ended.message, audit: record(&held).number() };
        let (now, told) = (self.clock.now(), outcome.clone());
        match self.blocking(move |access| access.audit().close(record(&held), &told, now)).await {
            Some(Ok(())) => {}
            Some(Err(error)) => outcome.message.push_str(&format!(" The audit trail could not record this outcome: {error}.")),
            None => outcome.message.push_str(" The audit trail could not record this outcome."),
        }
        outcome
    }

    /// Work that may wait for the disk, away from the network's threads; `None` if it was cut off.
    pub(crate) async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Access) -> T + Send + 'static) -> Option<T> {
        let access = Arc::clone(&self.access);
        tokio::task::spawn_blocking(move || work(&access)).await.ok()
    }
}

impl Who {
    /// Whether a tag is within the scope of who asks; people have none but their role.
    fn may_reach(&self, tag: &Arc<str>) -> Result<(), String> {
        match self {
            Self::Automation { name, scope, .. } if !scope.contains(tag) => {
                Err(format!("{tag} is outside of what the automation {name} may write; add it to its write list."))
            }
            _ => Ok(()),
        }
    }

    /// Whose name stands in the record.
    pub fn user(&self) -> &Arc<str> {
        match self {
            Self::Person(session, _) => &session.user,
            Self::Automation { user, .. } => user,
        }
    }
}

pub(crate) fn refused(reason: &dyn std::fmt::Display) -> Outcome {
    Outcome { kind: OutcomeKind::Refused, message: sentence(reason), audit: 0 }
}

pub(crate) fn stopping() -> Outcome {
    refused(&"The station is stopping; nothing was sent.")
}

/// An error as a sentence: with a capital letter and a full stop. Names of tags keep their letters.
pub(crate) fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let is_name = text.split(' ').next().is_some_and(|word| word.contains('/'));
    let mut letters = text.chars();
    let first = letters.next().map(|first| if is_name { first.to_string() } else { first.to_uppercase().to_string() });
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}
