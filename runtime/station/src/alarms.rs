//! The alarms of a station: what the scan decided goes onto the board and into the journal (`outlet.rs`); what operators
//! do takes the way of `act.rs`; what scripts say comes in by the inbox, as what plugins say does.

mod act;
mod asked;
mod figures;
mod keep;
mod lines;
mod live;
mod metrics;
pub mod offline;
mod outlet;
mod own;
mod restore;
mod scripts;
mod stats;
mod tally;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Weak};

use plantroom_access::Session;
use plantroom_alarms::figures::KeyFigures;
use plantroom_historian::Journal;
use plantroom_model::{AlarmBoard, Door, Outcome};
use plantroom_server::AlarmDoor;
use plantroom_wire::{AlarmFiguresNow, AlarmLine, AlarmWish, JournalAsk};
use tokio::sync::{Semaphore, watch};

use asked::Asked;
use figures::{Time, zone};
pub use live::LiveFigures;
pub use outlet::AlarmOutlet;
pub use own::OwnAlarms;
pub use restore::OpenJournal;
#[cfg(test)]
pub(crate) use restore::open as open_journal;
pub use scripts::AlarmScripts;
pub(crate) use scripts::tag_now;
pub use stats::AlarmStats;

use crate::command::{CommandPath, Who, stopping};
use crate::error::StartError;
use crate::flow::FrameReader;
use crate::outlets::{Outlets, Seen};

/// Acts that are under way at once; more wait for their turn. Their audit records share what the disk takes at once.
const ACTS: usize = 64;

/// All that a station has for alarms beside its scan.
pub struct AlarmParts {
    /// The journal, and what it knew.
    pub kept: OpenJournal,
    /// What the scan hands on to.
    pub outlet: AlarmOutlet,
    /// Who looks at frames.
    pub readers: Vec<Arc<dyn FrameReader>>,
    /// The way of operators.
    pub operators: Arc<Alarms>,
    /// Scripted alarms.
    pub scripts: Arc<AlarmScripts>,
    /// The figures of the last 24 hours.
    pub live: Arc<LiveFigures>,
    /// How people are told who aren't at a console.
    pub outlets: Arc<Outlets>,
}

/// Opens the journal, and starts what says and does things about alarms.
///
/// # Errors
/// When the disk can't be read or written, or the system gives no thread.
pub fn start(data: &Path, commands: &Arc<CommandPath>) -> Result<AlarmParts, StartError> {
    let (plant, clock, inbox) = (commands.plant(), Arc::clone(&commands.clock), Arc::clone(&commands.inbox));
    let kept = restore::open(data, &plant, clock.now())?;
    let outlet = AlarmOutlet::new(Arc::clone(&kept.journal), Arc::clone(&plant.alarms), Arc::clone(&plant.tags));
    let asked = Arc::new(Asked::default());
    let no_thread = |what: &str, error: &std::io::Error| StartError::Data(format!("The system gives {what} no thread: {error}"));
    let live = LiveFigures::start(Arc::clone(&commands.running), Arc::clone(&clock), Arc::clone(&kept.journal));
    let live = live.map_err(|error| no_thread("alarm figures", &error))?;
    let (stats, timed) = (Arc::clone(outlet.stats()), Arc::clone(&clock));
    kept.journal.on_progress(move |progress| stats.recorded(progress.recorded, timed.now().mono));
    let own = Arc::new(OwnAlarms::default());
    let to = (clock, inbox, Arc::clone(&own));
    let scripts = AlarmScripts::start(Arc::clone(&commands.running), commands.snapshots.clone(), to, data);
    let scripts = scripts.map_err(|error| no_thread("alarm scripts", &error))?;
    let seen = Seen { board: outlet.board(), journal: Arc::clone(&kept.journal), own };
    let outlets = Outlets::open(data, commands, seen)?;
    let seen = (outlet.board(), kept.recorded.clone());
    let parts = (Arc::clone(&asked), Arc::clone(&kept.journal), Arc::clone(&outlets));
    let counted = (Arc::clone(&live), Arc::clone(outlet.stats()), Arc::clone(&scripts));
    let operators = Alarms::new(Arc::clone(commands), parts, seen, counted);
    let readers: Vec<Arc<dyn FrameReader>> =
        vec![asked, Arc::clone(&scripts) as _, Arc::clone(&outlets) as _, Arc::clone(&live) as _];
    Ok(AlarmParts { kept, outlet, readers, operators, scripts, live, outlets })
}

/// The alarms, as operators reach them.
pub struct Alarms {
    commands: Arc<CommandPath>,
    asked: Arc<Asked>,
    board: watch::Receiver<Arc<AlarmBoard>>,
    recorded: watch::Receiver<u64>,
    journal: Arc<Journal>,
    live: Arc<LiveFigures>,
    stats: Arc<AlarmStats>,
    scripts: Arc<AlarmScripts>,
    outlets: Arc<Outlets>,
    turns: Arc<Semaphore>,
    this: Weak<Self>,
}

impl Alarms {
    /// Wires them up.
    pub fn new(
        commands: Arc<CommandPath>,
        (asked, journal, outlets): (Arc<Asked>, Arc<Journal>, Arc<Outlets>),
        (board, recorded): (watch::Receiver<Arc<AlarmBoard>>, watch::Receiver<u64>),
        (live, stats, scripts): (Arc<LiveFigures>, Arc<AlarmStats>, Arc<AlarmScripts>),
    ) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(ACTS));
        Arc::new_cyclic(|this| {
            let this = this.clone();
            Self { commands, asked, board, recorded, journal, live, stats, scripts, outlets, turns, this }
        })
    }
}

impl Alarms {
    /// How people are told who aren't at a console.
    pub(crate) fn outlets(&self) -> &Arc<Outlets> {
        &self.outlets
    }

    /// Of the last 24 hours as they are kept; of any other time from the journal.
    fn key_figures(&self, time: Time) -> Result<KeyFigures, String> {
        let now = self.commands.clock.now().utc;
        if let ((None, None), Some(kept)) = (time, self.live.key_figures(now)) {
            return Ok(kept);
        }
        let plant = self.commands.plant();
        figures::key_figures(&self.journal.reader(), (&plant.alarm_settings, zone(&plant)), time, now)
    }

    /// A time that people mean as "until now, for so long": where the kept figures begin within the same hour, they do.
    fn about(&self, time: Time) -> Time {
        const HOUR_NS: i64 = 3_600_000_000_000;
        let is_kept = |from: i64| self.live.from().is_some_and(|kept| (0..=HOUR_NS).contains(&from.saturating_sub(kept.0)));
        if time.1.is_none() && time.0.is_some_and(is_kept) { (None, None) } else { time }
    }
}

impl AlarmDoor for Alarms {
    fn board(&self) -> watch::Receiver<Arc<AlarmBoard>> {
        self.board.clone()
    }

    fn recorded(&self) -> watch::Receiver<u64> {
        self.recorded.clone()
    }

    fn act(
        &self,
        (session, door): (Session, Door),
        wishes: Vec<AlarmWish>,
        comment: String,
    ) -> Pin<Box<dyn Future<Output = Vec<Outcome>> + Send>> {
        let (this, turns, comment) = (self.this.upgrade(), Arc::clone(&self.turns), Arc::<str>::from(comment));
        Box::pin(async move {
            let acts = wishes.into_iter().map(|wish| {
                let (this, turns, comment) = (this.clone(), Arc::clone(&turns), Arc::clone(&comment));
                let who = Who::Person(session.clone(), door);
                tokio::spawn(async move {
                    let (Some(this), Ok(_turn)) = (this, turns.acquire().await) else { return stopping() };
                    this.act_on(who, wish, comment).await
                })
            });
            let mut outcomes = Vec::new();
            for act in acts.collect::<Vec<_>>() {
                outcomes.push(act.await.unwrap_or_else(|_| stopping()));
            }
            outcomes
        })
    }

    fn journal(&self, ask: &JournalAsk) -> Result<(Vec<(u64, AlarmLine)>, Option<String>), String> {
        lines::page(&self.journal.reader(), ask)
    }

    fn figures(&self, time: Time, position: &str) -> Result<AlarmFiguresNow, String> {
        figures::of_position(&self.key_figures(self.about(time))?, position)
    }

    fn kpi(&self, time: Time) -> Result<serde_json::Value, String> {
        serde_json::to_value(self.key_figures(time)?).map_err(|error| error.to_string())
    }

    fn report(&self, time: Time) -> Result<String, String> {
        let plant = self.commands.plant();
        Ok(figures::report(&self.key_figures(time)?, (&plant.name, &zone(&plant)), self.commands.clock.now().utc))
    }

    fn export(&self, ask: &JournalAsk, format: &str) -> Result<Vec<u8>, String> {
        lines::export(&self.journal.reader(), ask, format, zone(&self.commands.plant()))
    }
}
