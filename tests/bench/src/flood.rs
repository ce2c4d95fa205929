//! The flood of record through the whole station, from a device's bits to a console and the journal on the disk; and
//! 50,000 transitions a second, for as long as one likes.

mod crowd;

use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use plantroom_historian::{JournalReader, Order, Query};
use plantroom_model::{AlarmEventKind, AlarmState};
use plantroom_store::RealDisk;
use plantroom_tests::{BitField, utc_ns};
use plantroom_wire::{ToConsole, ToStation, decode, encode};
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::figures::{Figure, Row, Target, percentile};
use crate::station::{Api, Station};
use crate::workplace::{Project, Workplace, progress};

/// A regional grid's collapse: so many alarms, in so many seconds.
const RECORD: (usize, f64) = (15_000, 5.0);
/// Transitions a second that are to be sustained, for so many seconds, by so many inputs.
const SUSTAINED: (usize, f64, usize) = (50_000, 10.0, 2_000);
/// Consoles that look on: one, and a control room with its managers.
const CONSOLES: [usize; 2] = [1, 10];
/// Poll periods, in ms: of the flood, and of what is sustained.
const POLL_MS: (u32, u32) = (20, 10);
/// Longest that anything is waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// Measures both.
///
/// # Errors
/// When the station doesn't work, or a transition is lost.
pub fn measure(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for consoles in CONSOLES {
        rows.extend(record(workplace, rounds.min(3), consoles)?);
    }
    rows.extend(sustained(workplace, rounds.min(3))?);
    rows.extend(crowd::measure(workplace, rounds)?);
    Ok(rows)
}

fn record(workplace: &Workplace, rounds: usize, consoles: usize) -> Result<Vec<Row>> {
    let (alarms, seconds) = RECORD;
    let (mut p50, mut p99, mut all, mut recorded, mut cpu) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let ran = Ran::start(workplace, alarms, (POLL_MS.0, consoles))?;
        let (begin, cpu_s) = (Instant::now(), ran.station.process.cpu_s()?);
        let mut done = 0;
        while done < alarms {
            let due = (begin.elapsed().as_secs_f64() / seconds * alarms as f64).min(alarms as f64) as usize;
            ran.field.set(done..due, true);
            done = due;
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_secs(1));
        let lasted = begin.elapsed().as_secs_f64();
        cpu.push(100.0 * (ran.station.process.cpu_s()? - cpu_s) / lasted);
        let heard = ran.finish()?;
        let reached = heard.announced_ms.len();
        ensure!(reached == alarms * consoles, "{reached} times {alarms} alarms reached {consoles} consoles");
        progress(&format!("flood: round {round}: announced p99 {:.1} ms", percentile(&heard.announced_ms, 0.99)));
        p50.push(percentile(&heard.announced_ms, 0.5));
        p99.push(percentile(&heard.announced_ms, 0.99));
        all.push(percentile(&heard.announced_ms, 1.0));
        recorded.push(percentile(&heard.recorded_ms, 0.99));
    }
    let to = if consoles == 1 { "a console".to_owned() } else { format!("each of {consoles} consoles") };
    let what = format!("{alarms} alarms in {seconds} s, none lost: from the sample to {to}, p50");
    let row = |what: String, unit, values: &[f64]| Row::alone("flood", what, unit, Figure::of(values));
    Ok(vec![
        row(what, "ms", &p50),
        row("the same, p99".into(), "ms", &p99).target(Target::AtMost(100.0)),
        row("the same, the slowest".into(), "ms", &all),
        row("the same: from the scan until the console knows that it is on the disk, p99".into(), "ms", &recorded),
        row("the same: the station's CPU".into(), "% of a core", &cpu),
    ])
}

fn sustained(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    let (wanted, seconds, inputs) = SUSTAINED;
    let (mut rate, mut behind, mut p99, mut cpu, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let ran = Ran::start(workplace, inputs, (POLL_MS.1, 1))?;
        let (begin, cpu_s) = (Instant::now(), ran.station.process.cpu_s()?);
        let mut done = 0;
        while begin.elapsed().as_secs_f64() < seconds {
            let due = (begin.elapsed().as_secs_f64() * wanted as f64) as usize;
            // What was toggled and not told yet must not be toggled back; a quarter of them are under way at most.
            let due = due.min(done + inputs / 4);
            ran.field.toggle((done..due).map(|number| number % inputs));
            done = due;
            std::thread::sleep(Duration::from_millis(5));
        }
        let lasted = begin.elapsed().as_secs_f64();
        cpu.push(100.0 * (ran.station.process.cpu_s()? - cpu_s) / lasted);
        memory.push(ran.station.process.status_kib("VmRSS")? / 1_000.0);
        let told: u32 = ran.field.told().iter().map(|told| told.rises + told.falls).sum();
        let heard = ran.finish()?;
        progress(&format!("flood: round {round}: {:.0} transitions/s", f64::from(told) / lasted));
        rate.push(f64::from(told) / lasted);
        behind.push(heard.behind_ms);
        p99.push(percentile(&heard.recorded_ms, 0.99));
    }
    let row = |what: String, unit, values: &[f64]| Row::alone("flood", what, unit, Figure::of(values));
    let what =
        format!("transitions through the whole station for {seconds} s, each in the journal, of {wanted} a second asked for");
    Ok(vec![
        row(what, "1/s", &rate).target(Target::AtLeast(0.95 * wanted as f64)),
        row("the same: after the last one, until all is on the disk".into(), "ms", &behind),
        row("the same: from the scan until the console knows that it is on the disk, p99".into(), "ms", &p99),
        row("the same: the station's CPU".into(), "% of a core", &cpu),
        row("the same: its resident memory at the end".into(), "MB", &memory),
    ])
}

/// A station with a device and a console.
struct Ran {
    project: Project,
    station: Station,
    field: BitField,
    consoles: Vec<Listener>,
}

/// What came of it.
struct Heard {
    /// From the sample to each console, of each alarm the first time, in ms.
    announced_ms: Vec<f64>,
    /// From the scan's decision until the console was told that it is recorded, in ms.
    recorded_ms: Vec<f64>,
    /// After the last change, until everything was recorded, in ms.
    behind_ms: f64,
}

impl Ran {
    fn start(workplace: &Workplace, inputs: usize, (poll_ms, consoles): (u32, usize)) -> Result<Self> {
        let (project, field) = (Project::new()?, BitField::start(inputs));
        fill(&project, field.port, inputs, poll_ms)?;
        let station = Station::start(workplace, &project, 0)?;
        let api = station.login()?;
        let begin = Instant::now();
        while api.call("GET", &format!("/api/v1/tags/f%2Fi{}", inputs - 1), None)?["quality"] != "good" {
            ensure!(begin.elapsed() < LONGEST, "the inputs don't turn good");
            std::thread::sleep(Duration::from_millis(50));
        }
        let consoles = (0..consoles).map(|_| Listener::start(&station.url, &api)).collect::<Result<_>>()?;
        Ok(Self { project, station, field, consoles })
    }

    /// Waits until everything is through, stops the station, and holds the journal against what the device told.
    fn finish(self) -> Result<Heard> {
        let Self { project, station, field, consoles } = self;
        let (begin, changed) = (Instant::now(), field.set_at().into_iter().max().unwrap_or(0));
        let api = station.login()?;
        loop {
            let active = field.told().iter().filter(|told| told.is).count();
            let total = api.call("GET", "/api/v1/alarms?state=active&filter=f%2F*&limit=1", None)?["total"].as_u64();
            if field.is_all_told() && total == Some(active as u64) {
                break;
            }
            ensure!(begin.elapsed() < LONGEST, "{total:?} alarms are active, and the device told {active}");
            std::thread::sleep(Duration::from_millis(50));
        }
        ensure!(
            api.call("GET", "/api/v1/tags/system%2Fscan%2Finbox_lost", None)?["value"] == 0,
            "inputs were lost before the scan"
        );
        let mut heard = Heard { announced_ms: Vec::new(), recorded_ms: Vec::new(), behind_ms: 0.0 };
        for console in consoles {
            let of_it = console.finish()?;
            heard.announced_ms.extend(of_it.announced_ms);
            heard.recorded_ms.extend(of_it.recorded_ms);
            heard.behind_ms = heard.behind_ms.max(of_it.behind_ms - changed as f64 / 1e6);
        }
        drop(station);
        compare(&project, &field)?;
        Ok(heard)
    }
}

/// Tags, alarms, connection and driver.
fn fill(project: &Project, port: u16, inputs: usize, poll_ms: u32) -> Result<()> {
    let (mut tags, mut alarms) = ("name,kind,connection,address,group\n".to_owned(), "name,tag,is,message\n".to_owned());
    for input in 0..inputs {
        tags.push_str(&format!("f/i{input},bool,field,discrete {input},fast\n"));
        alarms.push_str(&format!("f/i{input},f/i{input},true,Feeder {input} has tripped\n"));
    }
    let plant = "name = \"Bench\"\ntime_zone = \"UTC\"\nhome_screen = \"1_home\"\n[alarms]\nadvice = false\n";
    project.write("plant.toml", plant)?;
    project.write("tags/inputs.csv", &tags)?;
    project.write("alarms/inputs.csv", &alarms)?;
    let connection = "[[connection]]\nname = \"field\"\ndriver = \"modbus\"\ntimeout_ms = 10000\n";
    project.write("connections.toml", &format!("{connection}tcp = \"127.0.0.1:{port}\"\n"))?;
    project.write(
        "plugins.toml",
        &format!(
            "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.config]\ngroups = {{ fast = {poll_ms} }}\n\
             [plugin.grant]\nconnections = [\"field\"]\npublish = [\"f/*\"]\nwrite = []\nsamples_per_s = 4000000\n"
        ),
    )
}

/// Each change that the device told is a row, and there is no other.
fn compare(project: &Project, field: &BitField) -> Result<()> {
    let reader = JournalReader::open(Arc::new(RealDisk), &project.path().join("data/alarms"))?;
    let kinds = vec![AlarmEventKind::Occurred, AlarmEventKind::Returned];
    let mut query = Query { order: Order::OldestFirst, kinds, limit: 10_000, ..Query::default() };
    let mut counted: HashMap<String, (u32, u32)> = HashMap::new();
    loop {
        let page = reader.page(&query)?;
        for row in &page.rows {
            let (rises, falls) = counted.entry(row.alarm.name.to_string()).or_default();
            *if row.kind == AlarmEventKind::Occurred { rises } else { falls } += 1;
        }
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    for (input, told) in field.told().iter().enumerate() {
        let rows = counted.get(&format!("f/i{input}")).copied().unwrap_or_default();
        ensure!(rows == (told.rises, told.falls), "input {input}: the journal has {rows:?}, and the device told {told:?}");
    }
    Ok(())
}

/// A console that notes when it hears of what.
struct Listener {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Heard>>,
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

impl Listener {
    fn start(url: &str, api: &Api) -> Result<Self> {
        let (mut socket, _) = tungstenite::connect(format!("{}/api/v1/live", url.replacen("http", "ws", 1)))?;
        socket.send(Message::Binary(encode(&ToStation::Resume { token: api.token.clone() }).into()))?;
        loop {
            match next(&mut socket)? {
                Some(ToConsole::Welcome { .. }) => break,
                Some(ToConsole::Denied { reason }) => bail!("the console was refused: {reason}"),
                _ => {}
            }
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        Ok(Self { stop, thread: std::thread::spawn(move || listen(socket, &stopped)) })
    }

    fn finish(self) -> Result<Heard> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().ok().context("the console's thread has ended by a fault")?
    }
}

/// Listens until it is told to stop and everything that was heard is recorded. Heartbeats keep it going.
fn listen(mut socket: Socket, stop: &AtomicBool) -> Result<Heard> {
    let mut first: HashMap<u32, f64> = HashMap::new();
    let (mut waiting, mut recorded_ms): (Vec<(u64, i64)>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut last_recorded = 0;
    loop {
        let message = next(&mut socket)?;
        let now = utc_ns();
        let ms = |since: i64| (now - since) as f64 / 1e6;
        if let Some(ToConsole::Alarms(batch)) = message {
            for row in batch.rows.iter().filter(|row| row.source_time != 0) {
                if row.state == AlarmState::Unacknowledged as u8 {
                    first.entry(row.id).or_insert_with(|| ms(row.source_time));
                }
                waiting.push((row.frame, row.changed));
            }
            let done = waiting.iter().filter(|(frame, _)| *frame <= batch.recorded);
            let before = recorded_ms.len();
            recorded_ms.extend(done.map(|(_, since)| ms(*since)));
            if recorded_ms.len() > before {
                last_recorded = now;
            }
            waiting.retain(|(frame, _)| *frame > batch.recorded);
        }
        if stop.load(Ordering::Relaxed) && waiting.is_empty() {
            let announced_ms = first.into_values().collect();
            return Ok(Heard { announced_ms, recorded_ms, behind_ms: last_recorded as f64 / 1e6 });
        }
    }
}

fn next(socket: &mut Socket) -> Result<Option<ToConsole>> {
    match socket.read()? {
        Message::Binary(bytes) => Ok(decode(&bytes).ok()),
        Message::Close(_) => bail!("the station closed the console's connection"),
        _ => Ok(None),
    }
}
