//! Puts a station together, and takes it down again: the composition root.

use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use plantroom_access::{Access, Act, AuditState, Category};
use plantroom_fieldbus::Fieldbus;
use plantroom_host::{Host, HostOptions, Loaded, Outside};
use plantroom_model::{Frame, PluginId, Role, Snapshot, TagSpec};
use plantroom_project::Plant;
use plantroom_tags::TagEngine;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::{Clock, MachineClock};
use crate::command::CommandPath;
use crate::components;
use crate::error::StartError;
use crate::flow::{Flow, FrameReader};
use crate::inbox::{Inbox, What, inbox};
use crate::link::StationLink;
use crate::outside::{OpenOrders, StationOutside};
use crate::retained::Retained;
use crate::scan::Scan;
use crate::screens::ScreenFolder;
use crate::system::SystemTags;

/// How long the server may take to give its last answers when the station stops, in ms.
const SERVER_STOP_MS: u64 = 3_000;

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
    outside: Arc<StationOutside>,
    retained: Arc<Retained>,
    scan: Mutex<Option<JoinHandle<()>>>,
    stop: Arc<AtomicBool>,
    server: tokio::task::JoinHandle<()>,
    stop_server: watch::Sender<bool>,
    _screens: ScreenFolder,
}

/// Starts a station.
///
/// # Errors
/// With everything that is wrong with the project, or one sentence about what the machine refuses.
pub async fn start(options: StationOptions) -> Result<RunningStation, StartError> {
    let prepared = prepare(options).await?;
    let address = prepared.listener.local_addr().map_err(|error| StartError::Network(error.to_string()))?;
    let Prepared { plant, data, clock, access, listener, loaded } = prepared;

    let specs: Arc<[TagSpec]> = plant.tags.clone().into();
    let (retained, kept) = Retained::open(&data, &specs).map_err(|error| StartError::Data(error.to_string()))?;
    let retained = Arc::new(retained);
    let (inbox, outlet) = inbox();
    let inbox = Arc::new(inbox);
    let (snapshots, snapshot) = watch::channel(Arc::new(Snapshot::waiting(plant.tags.len())));
    let fieldbus = Arc::new(start_fieldbus(&plant, &clock, &inbox));
    let orders = Arc::new(OpenOrders::default());
    let names = plant.plugins.iter().map(|plugin| Arc::clone(&plugin.name)).collect();
    let shared = (Arc::clone(&clock), Arc::clone(&inbox), Arc::clone(&fieldbus), Arc::clone(&orders), Arc::clone(&access));
    let outside = Arc::new(StationOutside::new(shared, names, data.join("plugins")).map_err(no_thread)?);

    let engine = TagEngine::new(specs, &kept, clock.now());
    let commands = Arc::new(CommandPath {
        plant: Arc::clone(&plant),
        access: Arc::clone(&access),
        clock: Arc::clone(&clock),
        snapshots: snapshot,
        inbox: Arc::clone(&inbox),
        retained: Arc::clone(&retained),
        plugins: start_plugins(&loaded, &outside)?,
        orders,
        next_order: AtomicU64::new(1),
        keeping: tokio::sync::Mutex::default(),
    });
    let stop = Arc::new(AtomicBool::new(false));
    let flow = Flow {
        scan: Scan::new(&plant, engine),
        pace: plant.scan,
        clock: Arc::clone(&clock),
        inbox: Arc::clone(&inbox),
        outlet,
        snapshots,
        retained: Arc::clone(&retained),
        readers: vec![Arc::new(Analytics(Arc::clone(&commands)))],
        system: SystemTags::of(&plant),
        audit_ok: audit_ok(&access),
        tape: None,
        stop: Arc::clone(&stop),
    };
    let scan = flow.start().map_err(no_thread)?;
    // After everything that can be refused: the password is told once, and must not be lost with a failed start.
    let first_user = first_user(&access, &*clock)?;
    let screens = ScreenFolder::open(&plant);
    let link = StationLink::new(Arc::clone(&commands), fieldbus, screens.set(), inbox);
    let (stop_server, server_stops) = watch::channel(false);
    let server = tokio::spawn(serve(listener, link, server_stops));
    Ok(RunningStation {
        url: format!("http://{address}"),
        first_user,
        access,
        clock,
        commands,
        outside,
        retained,
        scan: Mutex::new(Some(scan)),
        stop,
        server,
        stop_server,
        _screens: screens,
    })
}

/// What can be refused before anything runs.
struct Prepared {
    plant: Arc<Plant>,
    data: PathBuf,
    clock: Arc<dyn Clock>,
    access: Arc<Access>,
    listener: TcpListener,
    loaded: Vec<Loaded>,
}

async fn prepare(options: StationOptions) -> Result<Prepared, StartError> {
    let plant = load(&options.project)?;
    let data = options.data.clone().unwrap_or_else(|| options.project.join("data"));
    make_folder(&data)?;
    let clock: Arc<dyn Clock> = Arc::new(MachineClock::start());
    let listener = listen(&plant, options.port.unwrap_or(plant.listen.port)).await?;
    let access = Arc::new(Access::open(&data, clock.now().utc).map_err(|error| StartError::Data(error.to_string()))?);
    let loaded = load_plugins(&plant, &options, &data).await?;
    access.audit().event(life("start station", &plant), "done", clock.now());
    Ok(Prepared { plant, data, clock, access, listener, loaded })
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

/// Whether the audit trail can be written, as the scan asks it for its system tag.
fn audit_ok(access: &Arc<Access>) -> Box<dyn Fn() -> bool + Send> {
    let access = Arc::clone(access);
    Box::new(move || access.audit().health().state == AuditState::Ok)
}

impl RunningStation {
    /// Runs until `stop` ends, then takes the station down in good order. True when it stopped because of a fault
    /// of its own: the scan has ended by itself.
    pub async fn until_stopped(self, stop: impl Future<Output = ()>) -> bool {
        let scan_ended = async {
            while self.scan.lock().as_ref().is_some_and(|scan| !scan.is_finished()) {
                tokio::time::sleep(std::time::Duration::from_millis(u64::from(self.commands.plant.scan.max_ms))).await;
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
        let (commands, outside, retained, scan) = (self.commands, self.outside, self.retained, self.scan.lock().take());
        let (access, clock) = (self.access, self.clock);
        // Drivers first, so that nothing is sent any more; then the scan, so that what they said last is kept.
        let down = tokio::task::spawn_blocking(move || {
            for plugin in &commands.plugins {
                plugin.stop();
            }
            self.stop.store(true, Ordering::Relaxed);
            if let Some(scan) = scan {
                let _ = scan.join();
            }
            retained.stop();
            outside.finish();
            (access, clock, commands)
        });
        let Ok((access, clock, commands)) = down.await else { return };
        // Commands that are under way close their records; whoever asked still gets the answer.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(SERVER_STOP_MS), &mut self.server).await;
        let ended = tokio::task::spawn_blocking(move || {
            access.audit().event(life("stop station", &commands.plant), "done", clock.now());
            access.audit().flush();
        });
        let _ = ended.await;
        tracing::info!("the station has stopped");
    }
}

/// Analytics plugins, as the scan sees them.
struct Analytics(Arc<CommandPath>);

impl FrameReader for Analytics {
    fn frame(&self, frame: &Arc<Frame>) {
        let reads = |index: &usize| self.0.plant.plugins.get(*index).is_some_and(|plugin| !plugin.grant.read.is_empty());
        for index in (0..self.0.plugins.len()).filter(reads) {
            self.0.plugins[index].deliver_changes(Arc::clone(frame));
        }
    }
}

fn load(project: &Path) -> Result<Arc<Plant>, StartError> {
    if !project.join("plant.toml").exists() {
        let why = if project.is_dir() { "this folder has no plant.toml" } else { "there is no such folder" };
        let shown = project.display();
        return Err(StartError::NoProject(format!(
            "There is no project to run: {why}; name a project's folder, or make one with `plantroom new`: {shown}"
        )));
    }
    let loaded = plantroom_project::load(project);
    match loaded.plant {
        Some(plant) if !loaded.diagnostics.iter().any(|d| d.severity == plantroom_model::Severity::Error) => Ok(plant),
        _ => Err(StartError::Project(loaded.diagnostics)),
    }
}

fn make_folder(data: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(data.join("plugins")).map_err(|error| {
        StartError::Data(format!("The station's data folder can't be used ({error}); give the station's user write access, or choose another with --data: {}", data.display()))
    })
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

async fn listen(plant: &Plant, port: u16) -> Result<TcpListener, StartError> {
    let address = std::net::SocketAddr::new(plant.listen.address, port);
    TcpListener::bind(address).await.map_err(|error| {
        StartError::Network(match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!("The address {address} is in use, perhaps by another station. Stop that one, or choose another port with --port.")
            }
            _ => format!("The station can't listen at {address}: {error}. Change [listen] in plant.toml, or choose another port with --port."),
        })
    })
}

/// Loads all components at once in the blocking pool; compiling takes its time.
async fn load_plugins(plant: &Arc<Plant>, options: &StationOptions, data: &Path) -> Result<Vec<Loaded>, StartError> {
    let host = Host::new(HostOptions { cache_dir: data.join("cache"), compile_command: options.compile_command.clone() });
    let host = host.map_err(|error| StartError::Data(error.to_string()))?;
    let (plant, folders) = (Arc::clone(plant), options.component_folders.clone());
    let loading = tokio::task::spawn_blocking(move || {
        let one = |(index, spec): (usize, &plantroom_project::PluginSpec)| {
            let component = components::find(spec, &plant.root, &folders).map_err(StartError::Plugin)?;
            host.load(spec, PluginId(index as u32), &plant, &component).map_err(|error| StartError::Plugin(error.to_string()))
        };
        plant.plugins.iter().enumerate().map(one).collect()
    });
    loading.await.unwrap_or_else(|error| Err(StartError::Bug(format!("Loading plugins failed: {error}"))))
}

fn start_fieldbus(plant: &Plant, clock: &Arc<dyn Clock>, inbox: &Arc<Inbox>) -> Fieldbus {
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
    Fieldbus::start(&tokio::runtime::Handle::current(), &plant.connections, now, on_link)
}

fn start_plugins(loaded: &[Loaded], outside: &Arc<StationOutside>) -> Result<Vec<plantroom_host::PluginRun>, StartError> {
    let start = |plugin: &Loaded| plugin.start(Arc::clone(outside) as Arc<dyn Outside>).map_err(no_thread);
    loaded.iter().map(start).collect()
}

fn no_thread(error: std::io::Error) -> StartError {
    StartError::Data(format!("The system gives the station no thread: {error}"))
}
