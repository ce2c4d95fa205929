//! The running field: a process that goes on in time, and its devices on their ports.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::control;
use crate::field::{Device, DeviceMap};
use crate::load::{self, LoadError, Loaded};
use crate::process::Process;
use crate::upset::{Playing, Upset};

/// How often the process is moved on, in ms of real time.
const BEAT_MS: u64 = 20;
/// Most real time that is made up for after a pause (a suspended machine), in s; the rest is skipped.
const CATCH_UP_S: f64 = 1.0;
/// Simulated time before the first client, in s: pipes fill, controllers find their outputs.
const SETTLE_S: f64 = 60.0;

/// A simulation, loaded and not started.
pub struct Simulator {
    process: Arc<Mutex<Process>>,
    pub(crate) devices: Vec<Arc<DeviceMap>>,
    control: Option<SocketAddr>,
    seed: u64,
    pub(crate) upsets: Vec<Upset>,
}

/// Where and how fast a simulation runs.
#[derive(Clone, Copy, Debug)]
pub struct StartOptions {
    /// How much faster than real time; 0 stands still, for tests that step the process themselves.
    pub speed: f64,
    /// Listens here instead of at the file's addresses.
    pub address: Option<IpAddr>,
    /// Takes free ports instead of the file's.
    pub free_ports: bool,
}

impl Default for StartOptions {
    fn default() -> Self {
        Self { speed: 1.0, address: None, free_ports: false }
    }
}

/// A device that can't listen.
#[derive(Debug, thiserror::Error)]
#[error("the device `{device}` can't listen at {address}: {error}; {}", advice(.error))]
pub struct StartError {
    /// Its name in the file.
    pub device: String,
    /// Where it should listen.
    pub address: SocketAddr,
    /// What the operating system says.
    pub error: std::io::Error,
}

fn advice(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => "is another simulation running? Stop it, or change `listen` in simulation.toml",
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need more rights: choose a higher one in simulation.toml",
        _ => "check `listen` in simulation.toml",
    }
}

impl Simulator {
    /// Reads `simulation.toml` of a project folder.
    ///
    /// # Errors
    /// Every mistake in it, with its place.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        load::load(folder).map(Self::new)
    }

    /// Makes a simulation from the text of a `simulation.toml`.
    ///
    /// # Errors
    /// Every mistake in it, with its place.
    pub fn from_text(text: &str) -> Result<Self, LoadError> {
        load::parse(text).map(Self::new)
    }

    fn new(loaded: Loaded) -> Self {
        let devices = loaded.devices.into_iter().map(Arc::new).collect();
        Self {
            process: Arc::new(Mutex::new(loaded.process)),
            devices,
            control: loaded.control,
            seed: loaded.seed,
            upsets: loaded.upsets,
        }
    }

    /// The process, to look at it or to step it without waiting.
    pub fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self) {
        let mut process = self.process();
        while process.time_s() < SETTLE_S {
            process.step();
        }
    }

    /// Starts at the addresses of the file.
    ///
    /// # Errors
    /// The first device that can't listen.
    pub async fn start(self, speed: f64) -> Result<Running, StartError> {
        self.start_with(StartOptions { speed, ..StartOptions::default() }).await
    }

    /// Starts all devices and lets the time run. Needs a tokio runtime.
    ///
    /// # Errors
    /// The first device that can't listen.
    pub async fn start_with(self, options: StartOptions) -> Result<Running, StartError> {
        self.settle();
        let mut tasks = Vec::new();
        let mut devices = Vec::new();
        for (map, place) in self.devices.iter().zip(1_u64..) {
            let (address, listener) = bind(&map.name, map.listen, options).await?;
            let device = Arc::new(Device::new(Arc::clone(map), Arc::clone(&self.process), self.seed.wrapping_add(place)));
            tasks.push(tokio::spawn(Arc::clone(&device).serve(listener)));
            devices.push((device, address));
        }
        let field = Arc::new(Field { process: self.process, devices, upsets: self.upsets, playing: Mutex::default() });
        let mut control = None;
        if let Some(address) = self.control {
            let (address, listener) = bind("control", address, options).await?;
            tasks.push(tokio::spawn(control::serve(Arc::clone(&field), listener)));
            control = Some(address);
        }
        if options.speed > 0.0 {
            tasks.push(tokio::spawn(pass_time(Arc::clone(&field), options.speed)));
        }
        Ok(Running { field, control, tasks })
    }
}

async fn bind(name: &str, mut address: SocketAddr, options: StartOptions) -> Result<(SocketAddr, TcpListener), StartError> {
    if let Some(ip) = options.address.filter(|_| name != "control") {
        address.set_ip(ip);
    }
    if options.free_ports {
        address.set_port(0);
    }
    let bound = TcpListener::bind(address).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
    bound.map_err(|error| StartError { device: name.to_owned(), address, error })
}

/// The field itself: what moves, and what shows it.
pub(crate) struct Field {
    pub process: Arc<Mutex<Process>>,
    pub devices: Vec<(Arc<Device>, SocketAddr)>,
    pub upsets: Vec<Upset>,
    pub playing: Mutex<Vec<Playing>>,
}

impl Field {
    pub fn playing(&self) -> MutexGuard<'_, Vec<Playing>> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A simulation that runs until it is dropped.
pub struct Running {
    pub(crate) field: Arc<Field>,
    control: Option<SocketAddr>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Names of the devices, and where they listen.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, SocketAddr)> {
        self.field.devices.iter().map(|(device, address)| (device.name(), *address))
    }

    /// Where a device listens; `None` when there is none of this name.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        self.addresses().find(|(device, _)| *device == name).map(|(_, address)| address)
    }

    /// Where failures are asked for; `None` when the file names no such place.
    pub fn control(&self) -> Option<SocketAddr> {
        self.control
    }

    /// A device, to have it misbehave; `None` when there is none of this name.
    pub fn device(&self, name: &str) -> Option<Arc<Device>> {
        self.field.devices.iter().find(|(device, _)| device.name() == name).map(|(device, _)| Arc::clone(device))
    }

    /// The process, between two steps.
    pub fn process(&self) -> MutexGuard<'_, Process> {
        self.field.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs until `shutdown` comes.
    pub async fn until(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Moves the process on as real time passes.
async fn pass_time(field: Arc<Field>, speed: f64) {
    let mut beat = tokio::time::interval(Duration::from_millis(BEAT_MS));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut before = Instant::now();
    let mut owed_s = 0.0;
    loop {
        beat.tick().await;
        let now = Instant::now();
        owed_s += now.duration_since(before).as_secs_f64().min(CATCH_UP_S) * speed;
        before = now;
        let step_s = field.process().step_s();
        // A field that is asked for more than the machine can compute goes slower instead of never letting go.
        while owed_s >= step_s {
            field.step();
            owed_s -= step_s;
            if now.elapsed() > Duration::from_millis(BEAT_MS) {
                owed_s = 0.0;
            }
        }
    }
}
