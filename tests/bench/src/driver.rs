//! What the sandbox adds to the Modbus driver: the same driver's steps in it and natively, with so many answers a step.

use std::cell::{Cell, RefCell};
use std::hint::black_box;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use plantroom_host::{ComponentFile, Host, HostOptions, Outside, PluginState, Supervised};
use plantroom_model::{
    Columns, ConnectionId, ModbusCompletion, ModbusRequest, Mono, Now, OrderId, PluginId, SettleCode, Status, TagId, Utc,
};
use plantroom_plugin_modbus::ModbusDriver;
use plantroom_sdk::{native, raw};

use crate::figures::{Figure, Row, Target};
use crate::workplace::{Project, Workplace, progress};

/// Answers a step; each of another connection, as a plant with so many devices has them.
const ANSWERS: [usize; 3] = [1, 16, 100];
/// Registers of one answer: 60 floats, each of them a tag.
const REGISTERS: u16 = 120;
/// Answers of one side of a round.
const ANSWERS_A_ROUND: usize = 60_000;
/// Period of the polling group, and what the clock jumps from beat to beat.
const PERIOD_NS: u64 = 1_000_000_000;
/// Some moment.
const UTC_NS: i64 = 1_790_000_000_000_000_000;

/// Measures it.
///
/// # Errors
/// When the driver doesn't do the same in both ways.
pub fn measure(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for answers in ANSWERS {
        progress(&format!("driver: {answers} answers a step, in the sandbox and natively"));
        let project = project(answers)?;
        let mut sandboxed = Sandboxed::start(&project, workplace)?;
        let mut natively = Natively::start(&sandboxed.document)?;
        let mut figures = Vec::new();
        for round in 0..=rounds {
            let (ours, peer) = (sandboxed.round(answers)?, natively.round(answers)?);
            ensure!(sandboxed.last() == natively.last(), "the sandboxed driver and the native one differ");
            // The first round warms up.
            if round > 0 {
                figures.push((ours, peer));
            }
        }
        let what = format!("{answers} answers of 60 floats a step: both steps of a beat, an answer");
        let row = Row::of_rounds("driver", &what, "ns", "the same driver, native", &figures);
        rows.push(if answers >= 16 { row.target(Target::RatioAtMost(1.25)) } else { row });
    }
    Ok(rows)
}

fn project(connections: usize) -> Result<Project> {
    let project = Project::new()?;
    let (mut links, mut names) = (String::new(), Vec::new());
    let mut tags = "name,kind,connection,address\n".to_owned();
    for at in 0..connections {
        names.push(format!("\"plc{at}\""));
        links.push_str(&format!("[[connection]]\nname = \"plc{at}\"\ndriver = \"modbus\"\ntcp = \"127.0.0.1:502\"\n"));
        for register in (0..REGISTERS).step_by(2) {
            tags.push_str(&format!("p{at}/r{register:03},float,plc{at},holding {register} f32\n"));
        }
    }
    project.write("connections.toml", &links)?;
    project.write("tags/tags.csv", &tags)?;
    project.write(
        "plugins.toml",
        &format!(
            "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.grant]\nconnections = [{}]\npublish = [\"**\"]\n\
             write = []\nsamples_per_s = 1000000\n",
            names.join(", ")
        ),
    )?;
    Ok(project)
}

/// What every device answers: floats that differ from each other and from beat to beat.
fn answer(beat: u64) -> Vec<u16> {
    let words = |place: u16| {
        let bits = (f32::from(place) + beat as f32 * 0.5).to_bits();
        [(bits >> 16) as u16, bits as u16]
    };
    (0..REGISTERS / 2).flat_map(words).collect()
}

/// The median over beats of the two steps of each, in ns an answer.
fn per_answer(beats: &[f64], answers: usize) -> f64 {
    Figure::of(beats).median / answers as f64
}

/// The driver as the station has it, stepped by hand.
struct Sandboxed {
    plugin: Supervised,
    sink: Arc<Sink>,
    document: String,
    beat: u64,
}

impl Sandboxed {
    fn start(project: &Project, workplace: &Workplace) -> Result<Self> {
        let plant = project.load()?;
        let options = HostOptions { cache_dir: project.path().join("cache"), compile_command: Vec::new() };
        let host = Host::new(options).context("the sandbox can't be set up")?;
        let loaded = host.load(
            &plant.plugins[0],
            PluginId(0),
            &plant,
            &ComponentFile::of_installation(workplace.components.join("modbus.wasm")),
        )?;
        let document = loaded.document().to_owned();
        let sink = Arc::new(Sink::default());
        let mut plugin = loaded.by_hand(sink.clone());
        // Makes the instance.
        plugin.turn();
        Ok(Self { plugin, sink, document, beat: 0 })
    }

    fn round(&mut self, answers: usize) -> Result<f64> {
        let mut beats = Vec::new();
        for _ in 0..ANSWERS_A_ROUND / answers {
            self.sink.elapsed_ns.store(self.beat * PERIOD_NS, Ordering::Relaxed);
            self.plugin.turn();
            let asking_ns = self.plugin.figures().step_last_ns;
            let asked = std::mem::take(&mut *self.sink.asked.lock().map_err(|_| anyhow::anyhow!("a thread has panicked"))?);
            ensure!(asked.len() == answers, "{} requests instead of {answers}: {:?}", asked.len(), self.plugin.figures());
            let data = answer(self.beat);
            for done in asked {
                done(ModbusCompletion { error: 0, data: data.clone(), at: Utc(UTC_NS) });
            }
            self.plugin.turn();
            beats.push((asking_ns + self.plugin.figures().step_last_ns) as f64);
            self.beat += 1;
        }
        Ok(per_answer(&beats, answers))
    }

    fn last(&self) -> Vec<u64> {
        self.sink.last.lock().map_or_else(|_| Vec::new(), |last| last.clone())
    }
}

type Done = Box<dyn FnOnce(ModbusCompletion) + Send>;

/// The station's place: keeps what is asked, and the last batch; its clock is real within a beat and jumps between beats.
struct Sink {
    begin: Instant,
    elapsed_ns: AtomicU64,
    asked: Mutex<Vec<Done>>,
    last: Mutex<Vec<u64>>,
}

impl Default for Sink {
    fn default() -> Self {
        Self { begin: Instant::now(), elapsed_ns: AtomicU64::new(0), asked: Mutex::default(), last: Mutex::default() }
    }
}

impl Outside for Sink {
    fn now(&self) -> Now {
        let mono_ns = self.begin.elapsed().as_nanos() as u64 + self.elapsed_ns.load(Ordering::Relaxed);
        Now { mono: Mono(1_000_000_000 + mono_ns), utc: Utc(UTC_NS) }
    }

    fn samples(&self, _: PluginId, columns: Columns, _: Now) {
        if let Ok(mut last) = self.last.lock() {
            *last = columns.values;
        }
    }

    fn missed(&self, _: PluginId, _: Vec<TagId>, _: Status, _: Now) {}

    fn transact(&self, _: ConnectionId, _: ModbusRequest, done: Done) {
        if let Ok(mut asked) = self.asked.lock() {
            asked.push(done);
        }
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

/// The same driver in this process: its requests and batches are copied, as they are where they leave the sandbox.
struct Natively {
    world: Rc<World>,
    begin: Instant,
    beat: u64,
}

#[derive(Default)]
struct World {
    asked: RefCell<Vec<(u64, raw::ModbusRequest)>>,
    answers: RefCell<raw::ModbusAnswers>,
    next_id: Cell<u64>,
    last: RefCell<raw::Columns>,
}

impl Natively {
    fn start(document: &str) -> Result<Self> {
        let world = Rc::new(World::default());
        native::set_world(world.clone());
        native::init::<ModbusDriver>(document).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        Ok(Self { world, begin: Instant::now(), beat: 0 })
    }

    fn step(&self) -> u64 {
        let mono_ns = 1_000_000_000 + self.begin.elapsed().as_nanos() as u64 + self.beat * PERIOD_NS;
        let begin = Instant::now();
        native::step(plantroom_sdk::Instant { mono_ns, utc_ns: UTC_NS });
        begin.elapsed().as_nanos() as u64
    }

    fn round(&mut self, answers: usize) -> Result<f64> {
        let mut beats = Vec::new();
        for _ in 0..ANSWERS_A_ROUND / answers {
            let asking_ns = self.step();
            let asked = self.world.asked.take();
            ensure!(asked.len() == answers, "{} requests instead of {answers}", asked.len());
            let data = answer(self.beat);
            let mut answers = self.world.answers.borrow_mut();
            for (id, _) in &asked {
                answers.push(&raw::ModbusCompletion { id: *id, error: 0, data: data.clone(), at: UTC_NS });
            }
            drop(answers);
            beats.push((asking_ns + self.step()) as f64);
            self.beat += 1;
        }
        Ok(per_answer(&beats, answers))
    }

    fn last(&self) -> Vec<u64> {
        self.world.last.borrow().values.clone()
    }
}

impl native::World for World {
    fn publish(&self, batch: &raw::Columns) {
        self.last.replace(black_box(batch.clone()));
    }

    fn publish_runs(&self, sets: &[raw::FixedSet], batch: &raw::SampleRuns) {
        self.last.replace(black_box(batch.expand(sets)));
    }

    fn missed(&self, _: &[u32], _: u32) {}

    fn take_orders(&self, _: u32) -> raw::OrderBatch {
        raw::OrderBatch::default()
    }

    fn settle(&self, _: u64, _: u8, _: &str) {}

    fn submit(&self, request: &raw::ModbusRequest) -> u64 {
        let id = self.next_id.replace(self.next_id.get() + 1);
        self.asked.borrow_mut().push((id, request.clone()));
        id
    }

    fn submit_reads(&self, batch: &raw::ModbusReads) -> u64 {
        let first = self.next_id.get();
        let mut asked = self.asked.borrow_mut();
        asked.reserve(batch.len());
        asked.extend((first..).zip(batch.requests()));
        self.next_id.set(first + batch.len() as u64);
        first
    }

    fn collect(&self, _: u32) -> Vec<raw::ModbusCompletion> {
        Vec::new()
    }

    fn collect_answers(&self, _: u32) -> raw::ModbusAnswers {
        // Copied, as it is into the sandbox.
        let answers = self.answers.borrow().clone();
        self.answers.borrow_mut().heads.clear();
        self.answers.borrow_mut().words.clear();
        answers
    }

    fn changes(&self) -> raw::Columns {
        raw::Columns::default()
    }

    fn lost(&self) -> u64 {
        0
    }

    fn read_tags(&self, _: &[u32]) -> raw::Columns {
        raw::Columns::default()
    }

    fn get(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn set(&self, _: &str, _: &[u8]) -> bool {
        false
    }

    fn remove(&self, _: &str) {}

    fn log(&self, _: u8, line: &str) {
        eprintln!("the native driver says: {line}");
    }
}
