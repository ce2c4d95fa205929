//! The alarms of a station: what the scan decided goes onto the board and into the journal (`outlet.rs`); what operators
//! do takes the way of `act.rs`; what scripts say comes in by the inbox, as what plugins say does.

mod act;
mod asked;
mod figures;
mod lines;
mod outlet;
mod restore;
mod scripts;

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
use figures::Time;
pub use outlet::AlarmOutlet;
pub use restore::OpenJournal;
#[cfg(test)]
pub(crate) use restore::open as open_journal;
pub use scripts::AlarmScripts;

use crate::command::{CommandPath, Who, stopping};
use crate::error::StartError;
use crate::flow::FrameReader;

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
    let scripts = AlarmScripts::start(Arc::clone(&commands.running), commands.snapshots.clone(), (clock, inbox));
    let scripts = scripts.map_err(|error| StartError::Data(format!("The system gives alarm scripts no thread: {error}")))?;
    let seen = (outlet.board(), kept.recorded.clone());
    let operators = Alarms::new(Arc::clone(commands), (Arc::clone(&asked), Arc::clone(&kept.journal)), seen);
    let readers: Vec<Arc<dyn FrameReader>> = vec![asked, Arc::clone(&scripts) as Arc<dyn FrameReader>];
    Ok(AlarmParts { kept, outlet, readers, operators, scripts })
}

/// The alarms, as operators reach them.
pub struct Alarms {
    commands: Arc<CommandPath>,
    asked: Arc<Asked>,
    board: watch::Receiver<Arc<AlarmBoard>>,
    recorded: watch::Receiver<u64>,
    journal: Arc<Journal>,
    turns: Arc<Semaphore>,
    this: Weak<Self>,
}

impl Alarms {
    /// Wires them up.
    pub fn new(
        commands: Arc<CommandPath>,
        (asked, journal): (Arc<Asked>, Arc<Journal>),
        (board, recorded): (watch::Receiver<Arc<AlarmBoard>>, watch::Receiver<u64>),
    ) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(ACTS));
        Arc::new_cyclic(|this| Self { commands, asked, board, recorded, journal, turns, this: this.clone() })
    }
}

impl Alarms {
    fn key_figures(&self, time: Time) -> Result<KeyFigures, String> {
        figures::key_figures(&self.journal.reader(), &self.commands.plant(), time, self.commands.clock.now().utc)
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

    fn journal(&self, ask: &JournalAsk) -> Result<(Vec<AlarmLine>, Option<String>), String> {
        lines::page(&self.journal.reader(), ask)
    }

    fn figures(&self, time: Time, position: &str) -> Result<AlarmFiguresNow, String> {
        figures::of_position(&self.key_figures(time)?, position)
    }

    fn kpi(&self, time: Time) -> Result<serde_json::Value, String> {
        serde_json::to_value(self.key_figures(time)?).map_err(|error| error.to_string())
    }

    fn report(&self, time: Time) -> Result<String, String> {
        Ok(figures::report(&self.key_figures(time)?, &self.commands.plant(), self.commands.clock.now().utc))
    }

    fn export(&self, ask: &JournalAsk, format: &str) -> Result<Vec<u8>, String> {
        lines::export(&self.journal.reader(), ask, format, &self.commands.plant())
    }
}
