//! What can be refused before anything of a station runs: project, data folder, network, plugins, in this order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_access::{Access, Act, Category};
use plantroom_host::{Host, HostOptions, Loaded};
use plantroom_model::{Diagnostic, PluginId};
use plantroom_project::Plant;
use plantroom_store::RealDisk;
use tokio::net::TcpListener;

use crate::change::text::ProjectText;
use crate::change::{Beginning, History, Kept, Sandbox, begin};
use crate::clock::{Clock, MachineClock};
use crate::components;
use crate::error::StartError;
use crate::handles;
use crate::start::StationOptions;

/// All of it.
pub struct Prepared {
    /// The plant that will run.
    pub plant: Arc<Plant>,
    /// Its files.
    pub files: Kept,
    /// What is still to be written down of them.
    pub unsettled: Option<ProjectText>,
    /// What is wrong with the project folder, where the project that ran last runs instead.
    pub refused: Option<Vec<Diagnostic>>,
    /// Changes that were made.
    pub history: History,
    /// The data folder.
    pub data: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Users and the audit trail.
    pub access: Arc<Access>,
    /// The network door, not yet answering.
    pub listener: TcpListener,
    /// Where it will answer.
    pub url: String,
    /// With what plugins are loaded, also later.
    pub sandbox: Sandbox,
    /// The plugins.
    pub loaded: Vec<Loaded>,
}

/// Prepares a station.
///
/// # Errors
/// With everything that is wrong with the project, or one sentence about what the machine refuses.
pub async fn prepare(options: StationOptions) -> Result<Prepared, StartError> {
    is_project(&options.project)?;
    handles::lift();
    handles::enough_to_begin().map_err(StartError::Data)?;
    let data = options.data.clone().unwrap_or_else(|| options.project.join("data"));
    let clock: Arc<dyn Clock> = Arc::new(MachineClock::start());
    // A project that never ran here is told about before a data folder is made for it.
    if !data.join("changes").exists() {
        let loaded = plantroom_project::load(&options.project);
        if loaded.has_errors() {
            return Err(StartError::Project(loaded.diagnostics));
        }
    }
    make_folder(&data)?;
    // The lock on the data folder comes first: only one station may look after its changes.
    let access = Arc::new(Access::open(&data, clock.now().utc).map_err(|error| StartError::Data(error.to_string()))?);
    let history = History::open(Arc::new(RealDisk), &data).map_err(|error| StartError::Data(error.to_string()))?;
    let Beginning { plant, kept, unsettled, refused } = begin(&options.project, &history)?;
    handles::enough(&plant).map_err(StartError::Data)?;
    let listener = listen(&plant, options.port.unwrap_or(plant.listen.port)).await?;
    let address = listener.local_addr().map_err(|error| StartError::Network(error.to_string()))?;
    let host = Host::new(HostOptions { cache_dir: data.join("cache"), compile_command: options.compile_command.clone() });
    let host = host.map_err(|error| StartError::Data(error.to_string()))?;
    let sandbox = Sandbox { host, folders: options.component_folders.clone() };
    let (loaded, sandbox) = load_plugins(&plant, sandbox).await?;
    access.audit().event(Act::new(Category::Station, "start station", &plant.name), "done", clock.now());
    Ok(Prepared {
        plant,
        files: kept,
        unsettled,
        refused,
        history,
        data,
        clock,
        access,
        listener,
        url: format!("http://{address}"),
        sandbox,
        loaded,
    })
}

fn is_project(project: &Path) -> Result<(), StartError> {
    if project.join("plant.toml").exists() {
        return Ok(());
    }
    let why = if project.is_dir() { "this folder has no plant.toml" } else { "there is no such folder" };
    let shown = project.display();
    Err(StartError::NoProject(format!(
        "There is no project to run: {why}; name a project's folder, or make one with `plantroom new`: {shown}"
    )))
}

fn make_folder(data: &Path) -> Result<(), StartError> {
    std::fs::create_dir_all(data.join("plugins")).map_err(|error| {
        StartError::Data(format!("The station's data folder can't be used ({error}); give the station's user write access, or choose another with --data: {}", data.display()))
    })
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

/// Loads all components one after the other in the blocking pool; compiling takes its time.
async fn load_plugins(plant: &Arc<Plant>, sandbox: Sandbox) -> Result<(Vec<Loaded>, Sandbox), StartError> {
    let plant = Arc::clone(plant);
    let loading = tokio::task::spawn_blocking(move || {
        let one = |(index, spec): (usize, &plantroom_project::PluginSpec)| {
            let component = components::find(spec, &plant.root, &sandbox.folders).map_err(StartError::Plugin)?;
            let loaded = sandbox.host.load(spec, PluginId(index as u32), &plant, &component);
            loaded.map_err(|error| StartError::Plugin(error.to_string()))
        };
        let loaded: Result<Vec<_>, StartError> = plant.plugins.iter().enumerate().map(one).collect();
        loaded.map(|loaded| (loaded, sandbox))
    });
    loading.await.unwrap_or_else(|error| Err(StartError::Bug(format!("Loading plugins failed: {error}"))))
}
