//! What the sandbox's boundary costs: 1,000 samples in, filtered, out, through the host's real steps.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use plantroom_bench_columns::Smoothing;
use plantroom_host::{ComponentFile, Host, HostOptions, Loaded, Outside, PluginState, Supervised};
use plantroom_model::{
    Change, Columns, ConnectionId, Frame, ModbusCompletion, ModbusRequest, Mono, Now, OrderId, PluginId, Sample, SettleCode,
    Status, TagId, Utc, Value,
};
use plantroom_project::Plant;

use crate::figures::{Figure, Row, Target};
use crate::workplace::{Project, Workplace, progress};

/// Samples of one step.
const SAMPLES: u32 = 1_000;
/// Steps of one round.
const STEPS: usize = 4_000;
/// What the clock jumps between steps, so that no rate limit is met: 1 ms.
const JUMP_NS: u64 = 1_000_000;
/// Some moment.
const UTC_NS: i64 = 1_790_000_000_000_000_000;

/// Measures it.
///
/// # Errors
/// When a guest doesn't do what it should.
pub fn measure(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    progress("boundary: 1,000 samples into a guest, filtered, and back");
    let (passing, filtering) = (project(true)?, project(false)?);
    let mut pass = Pair::start(&passing, workplace, "bench_columns")?;
    let mut columns = Pair::start(&filtering, workplace, "bench_columns")?;
    let mut typed = Pair::start(&filtering, workplace, "bench_typed")?;
    let frames = frames();
    let (mut passed, mut by_columns, mut turns, mut by_sdk) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let ((pass, _), (column, turn), (sdk, _)) = (pass.round(&frames)?, columns.round(&frames)?, typed.round(&frames)?);
        // The first round warms up.
        if round > 0 {
            passed.push(pass);
            by_columns.push(column);
            turns.push((turn, column.1));
            by_sdk.push(sdk);
        }
    }
    let row = |what: &str, peer, rounds: &[(f64, f64)]| Row::of_rounds("boundary", what, "ns a sample", peer, rounds);
    let filter = "the same filter, native";
    Ok(vec![
        row("step: 1,000 samples as columns into a guest and back", "the columns copied, native", &passed)
            .target(Target::AtMost(5.0)),
        row("step: the same, each smoothed by the guest", filter, &by_columns),
        row("step: the same, guest written with the SDK, sample by sample", filter, &by_sdk),
        row("whole turn of the smoothing: frame taken in, step, batch handed over", filter, &turns),
    ])
}

/// A guest and the same natively, which take turns and must come to the same.
struct Pair {
    guest: Guest,
    native: Native,
}

impl Pair {
    fn start(project: &Project, workplace: &Workplace, component: &str) -> Result<Self> {
        let guest = Guest::start(project, workplace, component)?;
        let native = Native::new(&guest.document())?;
        Ok(Self { guest, native })
    }

    /// In ns a sample: the guest's step and the native loop; and the guest's whole turn.
    fn round(&mut self, frames: &[Arc<Frame>]) -> Result<((f64, f64), f64)> {
        let (step, turn) = self.guest.round(frames)?;
        let bare = self.native.round(frames);
        ensure!(self.guest.last() == self.native.last, "the guest and the native filter differ");
        Ok(((step, bare), turn))
    }
}

/// A thousand inputs and a thousand outputs.
fn project(pass: bool) -> Result<Project> {
    let project = Project::new()?;
    let mut tags = "name,kind,memory,plugin\n".to_owned();
    for tag in 0..SAMPLES {
        tags.push_str(&format!("in/t{tag:04},float,0.0,\n"));
    }
    for tag in 0..SAMPLES {
        tags.push_str(&format!("out/t{tag:04},float,,filter\n"));
    }
    project.write("tags/tags.csv", &tags)?;
    project.write(
        "plugins.toml",
        &format!(
            "[[plugin]]\nname = \"filter\"\ncomponent = \"filter\"\nconfig = {{ pass = {pass} }}\n[plugin.grant]\nread = [\"in/*\"]\n\
             publish = [\"out/*\"]\nsamples_per_s = 1000000\nmemory_mib = 32\n"
        ),
    )?;
    Ok(project)
}

/// What comes in, several of them so that values differ from step to step.
fn frames() -> Vec<Arc<Frame>> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut frame = |number: u64| {
        let changes = (0..SAMPLES).map(|tag| {
            let sample = Sample {
                value: Value::Float(random.f64()),
                status: Status::GOOD,
                source_time: Utc(UTC_NS),
                server_time: Utc(UTC_NS),
            };
            Change { tag: TagId(tag), sample }
        });
        Arc::new(Frame { number, changes: changes.collect(), ..Frame::default() })
    };
    (1..=16).map(&mut frame).collect()
}

/// A guest in its sandbox, stepped by hand.
struct Guest {
    plugin: Supervised,
    sink: Arc<Sink>,
    plant: Arc<Plant>,
}

impl Guest {
    fn start(project: &Project, workplace: &Workplace, component: &str) -> Result<Self> {
        let plant = project.load()?;
        let loaded = load(&plant, project.path(), &workplace.components.join(format!("{component}.wasm")))?;
        let sink = Arc::new(Sink::new());
        let mut plugin = loaded.by_hand(sink.clone());
        // Starts, and takes its first step.
        plugin.turn();
        plugin.turn();
        Ok(Self { plugin, sink, plant })
    }

    /// The document that the guest was given, as far as the filter reads it.
    fn document(&self) -> String {
        let grant = &self.plant.plugins[0].grant;
        let right = |tag: TagId| if grant.read.contains(&tag) { "read" } else { "publish" };
        let mut tags: Vec<TagId> = grant.read.iter().chain(&grant.publish).copied().collect();
        tags.sort_unstable();
        let tags: Vec<_> = tags.into_iter().map(|tag| serde_json::json!({ "access": [right(tag)] })).collect();
        serde_json::json!({ "plugin": self.plant.plugins[0].config, "tags": tags }).to_string()
    }

    /// Medians of one round: the step alone and the whole turn, in ns a sample.
    fn round(&mut self, frames: &[Arc<Frame>]) -> Result<(f64, f64)> {
        let (mut steps, mut turns) = (Vec::with_capacity(STEPS), Vec::with_capacity(STEPS));
        for at in 0..STEPS {
            let frame = frames[at % frames.len()].clone();
            let seen = self.sink.batches.load(Ordering::Relaxed);
            self.sink.jumped_ns.fetch_add(JUMP_NS, Ordering::Relaxed);
            let begin = Instant::now();
            self.plugin.deliver_changes(frame);
            self.plugin.turn();
            turns.push(begin.elapsed().as_nanos() as f64 / f64::from(SAMPLES));
            ensure!(
                self.sink.batches.load(Ordering::Relaxed) == seen + 1,
                "a step published nothing: {:?}",
                self.plugin.figures()
            );
            steps.push(self.plugin.figures().step_last_ns as f64 / f64::from(SAMPLES));
        }
        Ok((Figure::of(&steps).median, Figure::of(&turns).median))
    }

    fn last(&self) -> Columns {
        let mut last = self.sink.last.lock().map_or_else(|broken| broken.into_inner().clone(), |last| last.clone());
        // Outside the sandbox handles are tag ids, and the native filter has the guest's.
        let first = last.handles.first().copied().unwrap_or(0);
        last.handles.iter_mut().for_each(|handle| *handle = *handle - first + SAMPLES);
        last
    }
}

fn load(plant: &Arc<Plant>, folder: &Path, component: &Path) -> Result<Loaded> {
    let options = HostOptions { cache_dir: folder.join("cache"), compile_command: Vec::new() };
    let host = Host::new(options).context("the sandbox can't be set up")?;
    Ok(host.load(&plant.plugins[0], PluginId(0), plant, &ComponentFile::of_installation(component))?)
}

/// The station's place: takes batches, and has a clock that jumps between steps.
struct Sink {
    start: Instant,
    jumped_ns: AtomicU64,
    batches: AtomicU64,
    last: Mutex<Columns>,
}

impl Sink {
    fn new() -> Self {
        Self { start: Instant::now(), jumped_ns: AtomicU64::new(0), batches: AtomicU64::new(0), last: Mutex::default() }
    }
}

impl Outside for Sink {
    fn now(&self) -> Now {
        let mono_ns = self.start.elapsed().as_nanos() as u64 + self.jumped_ns.load(Ordering::Relaxed);
        Now { mono: Mono(1_000_000_000 + mono_ns), utc: Utc(UTC_NS) }
    }

    fn samples(&self, _: PluginId, columns: Columns, _: Now) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut last) = self.last.lock() {
            *last = columns;
        }
    }

    fn missed(&self, _: PluginId, _: Vec<TagId>, _: Status, _: Now) {}

    fn transact(&self, _: ConnectionId, _: ModbusRequest, _: Box<dyn FnOnce(ModbusCompletion) + Send>) {}

    fn settled(&self, _: OrderId, _: SettleCode, _: String) {}

    fn state(&self, _: PluginId, state: PluginState) {
        if let Some(fault) = state.fault() {
            eprintln!("the guest failed: {fault}");
        }
    }

    fn log(&self, _: PluginId, _: u8, line: String) {
        eprintln!("the guest says: {line}");
    }

    fn store_load(&self, _: PluginId) -> Vec<u8> {
        Vec::new()
    }

    fn store_save(&self, _: PluginId, _: Vec<u8>) {}
}

/// The same filter without a sandbox: columns in, new columns out.
struct Native {
    filter: Smoothing,
    last: Columns,
}

impl Native {
    fn new(document: &str) -> Result<Self> {
        Ok(Self { filter: Smoothing::from_document(document).map_err(anyhow::Error::msg)?, last: Columns::default() })
    }

    fn round(&mut self, frames: &[Arc<Frame>]) -> f64 {
        let batches: Vec<Columns> = frames.iter().map(|frame| columns_of(frame)).collect();
        let mut steps = Vec::with_capacity(STEPS);
        for at in 0..STEPS {
            let batch = black_box(&batches[at % batches.len()]);
            let begin = Instant::now();
            let mut out = batch.clone();
            self.filter.apply(&mut out.handles, &out.kinds, &mut out.values);
            self.last = black_box(out);
            steps.push(begin.elapsed().as_nanos() as f64 / f64::from(SAMPLES));
        }
        Figure::of(&steps).median
    }
}

fn columns_of(frame: &Frame) -> Columns {
    let mut columns = Columns::default();
    for change in &frame.changes {
        columns.push_sample(change.tag.0, &change.sample);
    }
    columns
}
