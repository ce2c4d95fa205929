//! Puts a station together, and takes it down again: the composition root.

use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use plantroom_access::{Access, Act, AuditState, Category};
use plantroom_alarms::AlarmEngine;
use plantroom_fieldbus::Fieldbus;
use plantroom_historian::Journal;
use plantroom_host::{Loaded, Outside};
use plantroom_model::{AlarmBoard, Diagnostic, Frame, Now, PluginId, Role, Snapshot, TagId, Utc, Value};
use plantroom_project::Plant;
use plantroom_tags::TagEngine;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::alarms::{self, AlarmScripts, LiveFigures, OpenJournal};
use crate::automation::Automations;
use crate::change::{Changes, History, Machinery, Sandbox, Turn};
use crate::clock::Clock;
use crate::command::CommandPath;
use crate::disk::DiskWatch;
use crate::error::StartError;
use crate::flow::{Flow, FrameReader, Keeping};
use crate::inbox::{Inbox, What, inbox};
use crate::link::StationLink;
use crate::modes::Modes;
use crate::now_running::{NowRunning, Running};
use crate::outlets::Outlets;
use crate::outside::{Shared, StationOutside};
use crate::pace::Pace;
use crate::prepare::{Prepared, prepare};
use crate::pulses::Pulses;
use crate::recent::Recent;
use crate::retained::Retained;
use crate::scan::Scan;
use crate::screens;
use crate::system::SystemTags;
use crate::watching::FolderWatch;

/// How long the server may take to give its last answers when the station stops, in ms.
const SERVER_STOP_MS: u64 = 3_000;

/// How long it may take to put back the values of pulses when the station stops, in ms.
const PULSES_STOP_MS: u64 = 3_000;

/// What a station is started with.
#[derive(Clone, Debug)]
pub struct StationOptions {
    /// The project folder.
    pub project: PathBuf,
    /// Users, audit trail, retained values, compiled plugins; `data` in the project if not given.
    pub data: Option<PathBuf>,
    /// TCP port, instead of the project's.
    pub port: Option<u16>,
    /// Where components are searched after the project's own `plugins/`.
    pub component_folders: Vec<PathBuf>,
    /// How the sandbox compiles a component ([`HostOptions::compile_command`]).
    pub compile_command: Vec<OsString>,
    /// Called when the project was loaded and its text dropped, so that much memory is free, and nothing runs yet. It may
    /// hold up whoever needs memory: half a second in the largest plants.
    pub give_back: fn(),
}

/// A station that runs until it is stopped.
pub struct RunningStation {
    /// Where its server listens: `http://127.0.0.1:8600`.
    pub url: String,
    /// The user that was made because there was none, with its password: told once, kept nowhere.
    pub first_user: Option<(String, String)>,
    access: Arc<Access>,
    clock: Arc<dyn Clock>,
    commands: Arc<CommandPath>,
    automations: Arc<Automations>,
    outside: Arc<StationOutside>,
    retained: Arc<Retained>,
    journal: Arc<Journal>,
    alarm_scripts: Arc<AlarmScripts>,
    alarm_figures: Arc<LiveFigures>,
    outlets: Arc<Outlets>,
    scan: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<AtomicBool>,
    server: tokio::task::JoinHandle<()>,
    stop_server: watch::Sender<bool>,
    _watching: FolderWatch,
    _disk_watch: DiskWatch,
}

/// Starts a station.
///
/// # Errors
/// With everything that is wrong with the project, or one sentence about what the machine refuses.
pub async fn start(options: StationOptions) -> Result<RunningStation, StartError> {
    let give_back = options.give_back;
    let Prepared { plant, data, clock, access, listener, loaded, files, unsettled, refused, history, sandbox, url } =
        prepare(options).await?;
    give_back();
    let (retained, kept) = Retained::open(&data, &plant.tags).map_err(|error| StartError::Data(error.to_string()))?;
    let (inbox, outlet) = inbox();
    let (retained, inbox) = (Arc::new(retained), Arc::new(inbox));
    let (taken_by_scan, taken) = watch::channel(0);
    let (snapshots, snapshot) = watch::channel(Arc::new(Snapshot::waiting(plant.tags.len())));
    let fieldbus = Arc::new(start_fieldbus(&plant, &clock, &inbox)?);
    let running = Arc::new(NowRunning::new(Arc::clone(&plant)));
    let shared = (Arc::clone(&clock), Arc::clone(&inbox), Arc::clone(&fieldbus), Arc::default(), Arc::clone(&access));
    let outside = Arc::new(StationOutside::new(shared.clone(), Arc::clone(&running), data.join("plugins")).map_err(no_thread)?);

    let commands = command_path(&data, &shared, &running, (snapshot.clone(), &retained))?;
    start_plugins(&running, &loaded, &outside)?;
    let alarms = alarms::start(&data, &commands)?;
    let (boards, stop) = (alarms.outlet.board(), Arc::new(AtomicBool::new(false)));
    let mut readers: Vec<Arc<dyn FrameReader>> = vec![Arc::new(Analytics(Arc::clone(&running)))];
    readers.extend(alarms.readers);
    let disk_watch = DiskWatch::start(data.clone());
    let flow = Flow {
        scan: first_scan(&plant, &kept, &retained, (&alarms.kept, clock.now())),
        pace: plant.scan,
        clock: Arc::clone(&clock),
        inbox: Arc::clone(&inbox),
        outlet,
        snapshots,
        alarms: alarms.outlet,
        retained: Arc::clone(&retained),
        readers,
        system: SystemTags::of(&plant),
        keeping: keeping(&access, &retained, (disk_watch.words(), Arc::clone(&alarms.kept.journal))),
        tape: None,
        taken: taken_by_scan,
        stop: Arc::clone(&stop),
    };
    let scan = flow.start().map_err(no_thread)?;
    alarms.outlets.start().map_err(no_thread)?;
    // After everything that can be refused: the password is told once, and must not be lost with a failed start.
    let first_user = first_user(&access, &*clock)?;
    let machinery = machinery(running, &shared, (Arc::clone(&retained), Arc::clone(&outside)), (snapshot, boards, taken));
    let runs = (plant, Turn { kept: files, unsettled }, refused);
    let (changes, watching) = start_changes(runs, (history, sandbox), machinery, &access);
    let automations = Automations::start(Arc::clone(&commands), data.join("automations"));
    let link = StationLink::new(Arc::clone(&commands), fieldbus, changes, inbox, (Arc::clone(&automations), alarms.operators));
    let (stop_server, server_stops) = watch::channel(false);
    let server = tokio::spawn(serve(listener, link, server_stops));
    Ok(RunningStation {
        url,
        first_user,
        access,
        clock,
        commands,
        automations,
        outside,
        retained,
        journal: alarms.kept.journal,
        alarm_scripts: alarms.scripts,
        alarm_figures: alarms.live,
        outlets: alarms.outlets,
        scan: Mutex::new(Some(scan)),
        stop,
        server,
        stop_server,
        _watching: watching,
        _disk_watch: disk_watch,
    })
}

/// The command path, with what it remembers from before.
fn command_path(
    data: &Path,
    (clock, inbox, _, orders, access): &Shared,
    running: &Arc<NowRunning>,
    (snapshots, retained): (watch::Receiver<Arc<Snapshot>>, &Arc<Retained>),
) -> Result<Arc<CommandPath>, StartError> {
    let (pulses, cut_off) = Pulses::open(data).map_err(|error| StartError::Data(error.to_string()))?;
    let modes = Modes::open(data).map_err(|error| StartError::Data(error.to_string()))?;
    modes.restore(&running.plant(), |tag, mode, value| {
        inbox.put(clock.now(), What::Mode { tag, mode, value });
    });
    modes.count(&running.plant(), |tag, value| {
        inbox.put(clock.now(), What::Set { tag, value });
    });
    let commands = Arc::new(CommandPath {
        running: Arc::clone(running),
        access: Arc::clone(access),
        clock: Arc::clone(clock),
        snapshots,
        inbox: Arc::clone(inbox),
        retained: Arc::clone(retained),
        orders: Arc::clone(orders),
        next_order: AtomicU64::new(1),
        keeping: tokio::sync::Mutex::default(),
        pace: Pace::default(),
        pulses,
        modes,
        recent: Recent::default(),
    });
    commands.tell_cut_off(&cut_off);
    Ok(commands)
}

/// The state of the scan, with what was kept from before.
fn first_scan(plant: &Plant, kept: &[(TagId, Value, Utc)], retained: &Retained, (alarms, now): (&OpenJournal, Now)) -> Scan {
    let tags = TagEngine::with_totals(&plant.tags, kept, retained.totals(), now);
    let alarms = AlarmEngine::new(Arc::clone(&plant.alarms), &plant.tags, &alarms.restored, alarms.next_occurrence, now);
    Scan::new(plant, tags, alarms)
}

/// What a change of the project reaches.
fn machinery(
    running: Arc<NowRunning>,
    (clock, inbox, fieldbus, ..): &Shared,
    (retained, outside): (Arc<Retained>, Arc<StationOutside>),
    (snapshots, boards, taken): (watch::Receiver<Arc<Snapshot>>, watch::Receiver<Arc<AlarmBoard>>, watch::Receiver<u64>),
) -> Machinery {
    let screens = screens::sender(&running.plant());
    Machinery {
        running,
        inbox: Arc::clone(inbox),
        clock: Arc::clone(clock),
        retained,
        fieldbus: Arc::clone(fieldbus),
        outside,
        snapshots,
        boards,
        taken,
        sent: AtomicU64::new(0),
        screens,
    }
}

/// From here on the project can be changed.
fn start_changes(
    runs: (Arc<Plant>, Turn, Option<Vec<Diagnostic>>),
    kept: (History, Sandbox),
    machinery: Machinery,
    access: &Arc<Access>,
) -> (Arc<Changes>, FolderWatch) {
    let clock = Arc::clone(&machinery.clock);
    let changes = Changes::new(runs, kept, machinery, (Arc::clone(access), clock));
    let settling = Arc::clone(&changes);
    drop(tokio::task::spawn_blocking(move || settling.settle()));
    let watching = FolderWatch::start(&changes.root, Arc::clone(&changes));
    (changes, watching)
}

/// A record of the station's own life.
fn life(what: &'static str, plant: &Plant) -> Act {
    Act::new(Category::Station, what, &plant.name)
}

async fn serve(listener: TcpListener, link: StationLink, mut stops: watch::Receiver<bool>) {
    let stopped = async move {
        // The sender's end is a stop too.
        let _ = stops.wait_for(|stop| *stop).await;
    };
    if let Err(error) = plantroom_server::serve(listener, Arc::new(link), stopped).await {
        tracing::error!("the server has ended: {error}");
    }
}

/// How the disk is, as the scan asks it for its system tags.
fn keeping(
    access: &Arc<Access>,
    retained: &Arc<Retained>,
    (space, journal): (Arc<Mutex<String>>, Arc<Journal>),
) -> Box<dyn Fn() -> Keeping + Send> {
    let (access, retained) = (Arc::clone(access), Arc::clone(retained));
    Box::new(move || {
        let audit = access.audit().health();
        let alarms = journal.health().trouble.map(|trouble| trouble.to_string()).unwrap_or_default();
        let trouble = [audit.message, retained.trouble(), alarms, space.lock().clone()];
        let trouble: Vec<String> = trouble.into_iter().filter(|what| !what.is_empty()).collect();
        Keeping { audit_fails: audit.state == AuditState::Failing, trouble: trouble.join("; ") }
    })
}

impl RunningStation {
    /// Runs until `stop` ends, then takes the station down in good order. True when it stopped because of a fault
    /// of its own: the scan has ended by itself.
    pub async fn until_stopped(self, stop: impl Future<Output = ()>) -> bool {
        let scan_ended = async {
            while self.scan.lock().as_ref().is_some_and(|scan| !scan.is_finished()) {
                tokio::time::sleep(std::time::Duration::from_millis(u64::from(self.commands.running.plant().scan.max_ms))).await;
            }
        };
        let by_fault = tokio::select! {
            () = stop => false,
            () = scan_ended => true,
        };
        self.take_down().await;
        by_fault
    }

    /// Makes a user with a random password, for a station that lives only for a while (the demo). Returns the password.
    ///
    /// # Errors
    /// When the user can't be recorded.
    pub async fn make_user(&self, name: &str, role: Role) -> Result<String, StartError> {
        make_user(&self.access, &*self.clock, name, role)
    }

    /// Logs a user in, for a console that is started together with the station.
    ///
    /// # Errors
    /// When the login isn't good.
    pub fn demo_token(&self, user: &str, password: &str) -> Result<String, StartError> {
        let session = self.access.login(user, password, plantroom_model::Door::Station, "station", self.clock.now());
        session.map(|session| session.token().to_owned()).map_err(|denied| StartError::Data(denied.to_string()))
    }

    async fn take_down(mut self) {
        let _ = self.stop_server.send(true);
        self.automations.stop();
        let (scripts, figures) = (Arc::clone(&self.alarm_scripts), Arc::clone(&self.alarm_figures));
        // What is held is put back while there is still somebody to do it.
        self.commands.pulses.finish(std::time::Duration::from_millis(PULSES_STOP_MS)).await;
        let (commands, outside, retained, scan) = (self.commands, self.outside, self.retained, self.scan.lock().take());
        let (journal, outlets) = (self.journal, self.outlets);
        let (access, clock) = (self.access, self.clock);
        // Drivers first, so that nothing is sent any more; then the scan, so that what they said last is kept.
        let down = tokio::task::spawn_blocking(move || {
            scripts.stop();
            figures.stop();
            for plugin in commands.running.get().plugins.iter().flatten() {
                plugin.stop();
            }
            self.stop.store(true, Ordering::Relaxed);
            if let Some(scan) = scan {
                let _ = scan.join();
            }
            retained.stop();
            outlets.stop();
            journal.close(clock.now());
            outside.finish();
            (access, clock, commands)
        });
        let Ok((access, clock, commands)) = down.await else { return };
        // Commands that are under way close their records; whoever asked still gets the answer.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(SERVER_STOP_MS), &mut self.server).await;
        let ended = tokio::task::spawn_blocking(move || {
            access.audit().event(life("stop station", &commands.running.plant()), "done", clock.now());
            access.audit().flush();
        });
        let _ = ended.await;
        tracing::info!("the station has stopped");
    }
}

/// Analytics plugins, as the scan sees them.
struct Analytics(Arc<NowRunning>);

impl FrameReader for Analytics {
    fn frame(&self, frame: &Arc<Frame>) {
        for plugin in self.0.get().plugins.iter().flatten() {
            plugin.deliver_changes(Arc::clone(frame));
        }
    }
}

fn first_user(access: &Access, clock: &dyn Clock) -> Result<Option<(String, String)>, StartError> {
    if access.has_users() {
        return Ok(None);
    }
    let name = "engineer";
    make_user(access, clock, name, Role::Engineer).map(|password| Some((name.to_owned(), password)))
}

fn make_user(access: &Access, clock: &dyn Clock, name: &str, role: Role) -> Result<String, StartError> {
    let password = plantroom_access::random_password().map_err(|error| StartError::Data(error.to_string()))?;
    let made = access.create_user(plantroom_access::By::Machine, name, &password, role, clock.now());
    made.map(|()| password).map_err(|error| StartError::Data(error.to_string()))
}

fn start_fieldbus(plant: &Plant, clock: &Arc<dyn Clock>, inbox: &Arc<Inbox>) -> Result<Fieldbus, StartError> {
    let now = {
        let clock = Arc::clone(clock);
        Arc::new(move || clock.now())
    };
    let on_link = {
        let (clock, inbox) = (Arc::clone(clock), Arc::clone(inbox));
        Arc::new(move |connection, state| {
            inbox.put(clock.now(), What::Link { connection, state });
        })
    };
    Fieldbus::start_on_own_thread(&plant.connections, now, on_link).map_err(no_thread)
}

fn start_plugins(running: &NowRunning, loaded: &[Loaded], outside: &Arc<StationOutside>) -> Result<(), StartError> {
    let start = |plugin: &Loaded| plugin.start(Arc::clone(outside) as Arc<dyn Outside>).map_err(no_thread);
    (0..).zip(loaded).for_each(|(id, plugin)| outside.tell_origin(PluginId(id), plugin));
    let plugins = loaded.iter().map(|plugin| start(plugin).map(|run| Some(Arc::new(run)))).collect::<Result<_, _>>()?;
    let loaded = loaded.iter().cloned().map(Some).collect();
    running.set(Running { plugins, loaded, ..Running::clone(&running.get()) });
    Ok(())
}

fn no_thread(error: std::io::Error) -> StartError {
    StartError::Data(format!("The system gives the station no thread: {error}"))
}
