//! How alarms reach people who aren't at a console: the threads around `plantroom_publish`.
//!
//! One thread hears what the scan decided, asks the project's rules and hands what they ask for to the desk (`hub.rs`); one
//! thread an outlet delivers (`worker.rs`). The scan only passes a pointer.

mod door;
mod facts;
mod figures;
mod hub;
mod worker;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;
use parking_lot::{Condvar, Mutex};
use plantroom_access::Access;
use plantroom_historian::Journal;
use plantroom_model::{AlarmBoard, Frame};
use plantroom_project::Plant;
use plantroom_publish::{Around, Desk};
use plantroom_store::RealDisk;
use tokio::sync::{oneshot, watch};

use crate::alarms::OwnAlarms;
use crate::clock::Clock;
use crate::command::CommandPath;
use crate::error::StartError;
use crate::flow::FrameReader;

pub(crate) use figures::text as figures_text;

/// The folder of queue and journal of deliveries within the data folder.
const FOLDER: &str = "outlets";
/// Frames that wait to be looked at. At the limit the board of alarms says what they would have said.
const FRAMES: usize = 4_096;
/// How long letters that are on their way are waited for when the station stops, in ms. What isn't done then is done after
/// the next start.
const STOP_MS: u64 = 2_000;

/// Notifications of a station.
pub struct Outlets {
    commands: Arc<CommandPath>,
    shared: Arc<Shared>,
    /// For the thread that hears, until it starts.
    seen: Mutex<Option<Seen>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the threads share.
struct Shared {
    clock: Arc<dyn Clock>,
    access: Arc<Access>,
    heard: Mutex<Heard>,
    news: Condvar,
    desk: Mutex<Desk>,
    letters: Condvar,
    /// Who waits for the end of a trial, by its number.
    trials: Mutex<HashMap<u64, oneshot::Sender<Result<String, String>>>>,
    stop: AtomicBool,
    /// Workers that are delivering.
    busy: Mutex<usize>,
    idle: Condvar,
}

/// What the scan has handed over.
#[derive(Default)]
struct Heard {
    frames: Vec<Arc<Frame>>,
    /// There was no room for some.
    missed: bool,
}

/// What an outlet thread needs of alarms beside frames.
pub struct Seen {
    /// All alarms, as the last scan left them.
    pub board: watch::Receiver<Arc<AlarmBoard>>,
    /// Whether the alarm journal is written.
    pub journal: Arc<Journal>,
    /// The station's own alarms.
    pub own: Arc<OwnAlarms>,
}

impl Outlets {
    /// Opens what was kept; nothing is heard or delivered before [`Outlets::start`].
    ///
    /// # Errors
    /// When the disk can't be read or written.
    pub fn open(data: &Path, commands: &Arc<CommandPath>, seen: Seen) -> Result<Arc<Self>, StartError> {
        let folder = data.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|error| {
            StartError::Data(format!("The folder of notifications can't be made: {error}: {}", folder.display()))
        })?;
        let around = around(&commands.plant());
        let desk = Desk::open(Arc::new(RealDisk), &folder, around, commands.clock.now());
        let desk = desk.map_err(|error| StartError::Data(error.to_string()))?;
        let shared = Shared {
            clock: Arc::clone(&commands.clock),
            access: Arc::clone(&commands.access),
            heard: Mutex::default(),
            news: Condvar::new(),
            desk: Mutex::new(desk),
            letters: Condvar::new(),
            trials: Mutex::default(),
            stop: AtomicBool::new(false),
            busy: Mutex::new(0),
            idle: Condvar::new(),
        };
        let seen = Mutex::new(Some(seen));
        Ok(Arc::new(Self { commands: Arc::clone(commands), shared: Arc::new(shared), seen, threads: Mutex::default() }))
    }

    /// Begins, once the first scan has said how alarms stand.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(&self) -> std::io::Result<()> {
        let Some(seen) = self.seen.lock().take() else { return Ok(()) };
        let mut hub = hub::Hub::new(&self.commands, Arc::clone(&self.shared), seen);
        let run = move || hub.run();
        let thread = std::thread::Builder::new().name("outlets".to_owned()).spawn(run)?;
        self.threads.lock().push(thread);
        Ok(())
    }

    /// Stops: what was heard is still taken in, letters that are being delivered have a moment.
    pub fn stop(&self) {
        let shared = &self.shared;
        shared.stop.store(true, Ordering::Relaxed);
        shared.news.notify_all();
        shared.letters.notify_all();
        for thread in self.threads.lock().drain(..) {
            let _ = thread.join();
        }
        let mut busy = shared.busy.lock();
        let longest = Duration::from_millis(STOP_MS);
        shared.idle.wait_while_for(&mut busy, |busy| *busy > 0, longest);
    }
}

impl FrameReader for Outlets {
    fn frame(&self, frame: &Arc<Frame>) {
        if frame.alarms.events.is_empty() {
            return;
        }
        let mut heard = self.shared.heard.lock();
        if heard.frames.len() >= FRAMES {
            heard.frames.clear();
            heard.missed = true;
        }
        heard.frames.push(Arc::clone(frame));
        drop(heard);
        self.shared.news.notify_one();
    }
}

impl Shared {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What letters need of a plant.
fn around(plant: &Plant) -> Around {
    Around {
        plant: plant.name.clone(),
        zone: zone(plant),
        outlets: plant.outlets.iter().cloned().map(Arc::new).collect(),
        people: plant.people.clone(),
    }
}

fn zone(plant: &Plant) -> TimeZone {
    TimeZone::get(&plant.time_zone).unwrap_or(TimeZone::UTC)
}
