//! Ours: the sandboxed Modbus driver on its own thread, the host, and the fieldbus, as the station wires them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use plantroom_fieldbus::{Done, Fieldbus};
use plantroom_host::{ComponentFile, Host, HostOptions, Loaded, Outside, PluginState};
use plantroom_model::{Columns, ConnectionId, ModbusRequest, Mono, Now, OrderId, PluginId, SettleCode, Status, TagId, Utc};
use plantroom_project::Plant;

use crate::modbus::{Layout, REGISTERS, WARM_UP, WINDOW};
use crate::workplace::{Project, Workplace, cpu_s};

/// Polling groups: name, period in ms, blocks. Periods differ so that one group asks while another waits for its
/// beat: the line is never idle, as if one group polled without a pause.
const GROUPS: [(&str, u32, u16); 4] = [("a", 10, 24), ("b", 11, 24), ("c", 13, 24), ("d", 17, 24)];

/// How the threads of plugins are called.
const DRIVER_THREAD: &str = "plugin modbus";

/// What one round came to, per second.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Transactions with an answer.
    pub transactions_per_s: f64,
    /// Samples that the driver published.
    pub samples_per_s: f64,
    /// Steps of the driver.
    pub steps_per_s: f64,
    /// CPU time of this process, in us a transaction.
    pub cpu_us: f64,
    /// Of it that of the driver's own thread, in us a transaction.
    pub driver_cpu_us: f64,
}

/// The driver, loaded and ready to be started.
pub struct Driver {
    plant: Arc<Plant>,
    connections: usize,
    loaded: Loaded,
    _project: Project,
}

impl Driver {
    /// Makes a project and loads the driver for it.
    ///
    /// # Errors
    /// When the driver refuses the project.
    pub fn load(workplace: &Workplace, device: SocketAddr, connections: usize, layout: Layout) -> Result<Self> {
        let project = project(device, connections, layout)?;
        let plant = project.load()?;
        let options = HostOptions { cache_dir: project.path().join("cache"), compile_command: Vec::new() };
        let host = Host::new(options).context("the sandbox can't be set up")?;
        let loaded = host.load(
            &plant.plugins[0],
            PluginId(0),
            &plant,
            &ComponentFile::of_installation(workplace.components.join("modbus.wasm")),
        )?;
        Ok(Self { plant, connections, loaded, _project: project })
    }

    /// Starts everything, counts for a while, and takes it down.
    ///
    /// # Errors
    /// When a transaction or the driver failed.
    pub fn round(&self) -> Result<Rates> {
        let clock = Arc::new(Clock(Instant::now()));
        let now = {
            let clock = Arc::clone(&clock);
            Arc::new(move || clock.now())
        };
        let fieldbus = Arc::new(Fieldbus::start_on_own_thread(&self.plant.connections, now, Arc::new(|_, _| {}))?);
        let outside = Arc::new(Counting { clock, fieldbus: Arc::clone(&fieldbus), samples: AtomicU64::new(0) });
        let plugin = self.loaded.start(outside.clone()).context("the system gives no thread")?;
        let waited = Instant::now();
        while outside.samples.load(Ordering::Relaxed) == 0 {
            ensure!(waited.elapsed().as_secs() < 30, "the driver publishes nothing: {:?}", plugin.figures());
            std::thread::sleep(WARM_UP / 20);
        }
        std::thread::sleep(WARM_UP);
        let look =
            || (transactions(&fieldbus, self.connections), outside.samples.load(Ordering::Relaxed), plugin.figures().steps);
        let (begin, before, cpu_before) = (Instant::now(), look(), (cpu_s(""), cpu_s(DRIVER_THREAD)));
        std::thread::sleep(WINDOW);
        let (after, seconds, cpu_after) = (look(), begin.elapsed().as_secs_f64(), (cpu_s(""), cpu_s(DRIVER_THREAD)));
        let figures = plugin.figures();
        plugin.stop();
        fieldbus.stop();
        ensure!(figures.faults == 0 && figures.dropped_samples == 0, "the driver did not work undisturbed: {figures:?}");
        let (now, then) = (after.0?, before.0?);
        Ok(Rates {
            transactions_per_s: (now - then) as f64 / seconds,
            samples_per_s: (after.1 - before.1) as f64 / seconds,
            steps_per_s: (after.2 - before.2) as f64 / seconds,
            cpu_us: (cpu_after.0 - cpu_before.0) * 1e6 / (now - then) as f64,
            driver_cpu_us: (cpu_after.1 - cpu_before.1) * 1e6 / (now - then) as f64,
        })
    }
}

/// All transactions so far; none may have failed.
fn transactions(fieldbus: &Fieldbus, connections: usize) -> Result<u64> {
    let mut sum = 0;
    for connection in 0..connections as u32 {
        let figures = fieldbus.figures(ConnectionId(connection)).context("a connection is missing")?;
        ensure!(figures.errors == 0, "connection {connection}: {}", figures.last_error);
        sum += figures.transactions;
    }
    Ok(sum)
}

fn project(device: SocketAddr, count: usize, layout: Layout) -> Result<Project> {
    let project = Project::new()?;
    let (mut connections, mut names) = (String::new(), Vec::new());
    let mut tags = "name,kind,connection,address,group\n".to_owned();
    for connection in 0..count {
        names.push(format!("\"plc{connection}\""));
        let gap = if layout == Layout::Sparse { 117 } else { 0 };
        connections.push_str(&format!(
            "[[connection]]\nname = \"plc{connection}\"\ndriver = \"modbus\"\ntcp = \"{device}\"\n\
             [connection.device]\nmax_registers = {REGISTERS}\ngap = {gap}\n"
        ));
        let mut block = 0;
        for (group, _, blocks) in GROUPS {
            for _ in 0..blocks {
                let places: Vec<u16> = match layout {
                    Layout::Dense => (0..REGISTERS).step_by(2).collect(),
                    Layout::Sparse => vec![0, REGISTERS - 2],
                };
                for place in places {
                    let address = block * REGISTERS + place;
                    tags.push_str(&format!(
                        "plc{connection}/r{address:05},float,plc{connection},holding {address} f32,{group}\n"
                    ));
                }
                block += 1;
            }
        }
    }
    let groups: Vec<String> = GROUPS.iter().map(|(name, period_ms, _)| format!("{name} = {period_ms}")).collect();
    project.write("connections.toml", &connections)?;
    project.write("tags/tags.csv", &tags)?;
    project.write(
        "plugins.toml",
        &format!(
            "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.config]\ngroups = {{ {} }}\n[plugin.grant]\n\
             connections = [{}]\npublish = [\"**\"]\nwrite = []\nsamples_per_s = 20000000\nmemory_mib = 512\n",
            groups.join(", "),
            names.join(", ")
        ),
    )?;
    Ok(project)
}

struct Clock(Instant);

impl Clock {
    fn now(&self) -> Now {
        let mono_ns = self.0.elapsed().as_nanos() as u64 + 1_000_000_000;
        let utc_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64);
        Now { mono: Mono(mono_ns), utc: Utc(utc_ns) }
    }
}

/// The station's place: sends transactions to the fieldbus, and counts samples.
struct Counting {
    clock: Arc<Clock>,
    fieldbus: Arc<Fieldbus>,
    samples: AtomicU64,
}

impl Outside for Counting {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn samples(&self, _: PluginId, columns: Columns, _: Now) {
        self.samples.fetch_add(columns.len() as u64, Ordering::Relaxed);
    }

    fn missed(&self, _: PluginId, _: Vec<TagId>, _: Status, _: Now) {}

    fn transact(&self, connection: ConnectionId, request: ModbusRequest, done: Done) {
        self.fieldbus.transact(connection, request, done);
    }

    fn settled(&self, _: OrderId, _: SettleCode, _: String) {}

    fn state(&self, _: PluginId, state: PluginState) {
        if let Some(fault) = state.fault() {
            eprintln!("the driver failed: {fault}");
        }
    }

    fn log(&self, _: PluginId, _: u8, line: String) {
        eprintln!("the driver says: {line}");
    }

    fn store_load(&self, _: PluginId) -> Vec<u8> {
        Vec::new()
    }

    fn store_save(&self, _: PluginId, _: Vec<u8>) {}
}
