//! A station that polls 100,000 points a second from a hundred devices: what it takes, whether it keeps its beat when
//! some are dead.

pub mod device;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::figures::{Figure, Row, Target};
use crate::points::device::{Devices, Noted};
use crate::station::{Api, Station};
use crate::workplace::{Project, Workplace, progress};

/// Devices, each on a connection of its own.
pub const DEVICES: usize = 100;
/// Poll period of every point, in ms.
pub const PERIOD_MS: u32 = 100;
/// Points of a device: floats, in two requests.
pub const POINTS: usize = 100;
/// Dead ones, where some are.
const DEAD: usize = 10;
/// How long is counted, and what passes before: dead devices have been found dead by then.
const WINDOW: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(5);
/// Longest that the first values are waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// Measures processor and memory of the station.
///
/// # Errors
/// When the station or the devices don't work.
pub fn measure(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    let (mut cpu_pct, mut memory_mb, mut points) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds.min(3) {
        let run = run(workplace, 0)?;
        progress(&format!("points: round {round}: {:.1} % of a core, {:.1} MB", run.cpu_pct, run.memory_mb));
        cpu_pct.push(run.cpu_pct);
        memory_mb.push(run.memory_mb);
        points.push(run.points_per_s);
    }
    let alone = |what: &str, unit, values: &[f64]| Row::alone("points", what, unit, Figure::of(values));
    Ok(vec![
        alone("100,000 points/s from 100 devices: the station's CPU", "% of a core", &cpu_pct).target(Target::AtMost(5.0)),
        alone("- its resident memory", "MB", &memory_mb).target(Target::AtMost(50.0)),
        alone("- points that were really polled", "1/s", &points),
    ])
}

/// Measures how far polls of healthy devices are off their beat, with dead ones beside them and without.
///
/// # Errors
/// When the station or the devices don't work.
pub fn jitter(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    let (mut p99, mut p50, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds.max(3) {
        let (ill, well) = (run(workplace, DEAD)?.noted, run(workplace, 0)?.noted);
        progress(&format!("jitter: round {round}: p99 {:.2} ms with dead devices, {:.2} ms without", ill.p99_ms, well.p99_ms));
        p99.push((ill.p99_ms, well.p99_ms));
        p50.push((ill.p50_ms, well.p50_ms));
        without.push(well.p99_ms);
    }
    let highest = Figure::of(&without).max;
    let peer = "the same without dead ones";
    let row = Row::of_rounds("jitter", "polls of 90 devices off their beat, 10 dead beside them, p99", "ms", peer, &p99);
    Ok(vec![row.target(Target::AtMost(highest)), Row::of_rounds("jitter", "the same, p50", "ms", peer, &p50)])
}

struct Ran {
    cpu_pct: f64,
    memory_mb: f64,
    points_per_s: f64,
    noted: Noted,
}

fn run(workplace: &Workplace, dead: usize) -> Result<Ran> {
    let mut devices = Devices::start(dead)?;
    let project = Project::new()?;
    fill(&project, devices.address(), DEVICES, "")?;
    let station = Station::start(workplace, &project, 0)?;
    wait_until_good(&station.login()?)?;
    std::thread::sleep(WARM_UP);
    devices.noted()?;
    let (begin, cpu) = (Instant::now(), station.process.cpu_s()?);
    std::thread::sleep(WINDOW);
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), station.process.cpu_s()? - cpu);
    let noted = devices.noted()?;
    let points_per_s = noted.polls / seconds * POINTS as f64;
    let wanted = ((DEVICES - dead) * POINTS) as f64 * 1_000.0 / f64::from(PERIOD_MS);
    ensure!(points_per_s > 0.95 * wanted, "only {points_per_s:.0} of {wanted:.0} points/s were polled: the machine is too busy");
    let cpu_pct = 100.0 * cpu / seconds;
    Ok(Ran { cpu_pct, memory_mb: station.process.status_kib("VmRSS")? / 1_000.0, points_per_s, noted })
}

/// Adds connections, tags and the driver for them to a project; `more` are connections that the driver is granted too.
///
/// # Errors
/// When the disk refuses.
pub fn fill(project: &Project, device: SocketAddr, count: usize, more: &str) -> Result<()> {
    let (mut connections, mut names) = (String::new(), Vec::new());
    let mut tags = "name,kind,connection,address,group\n".to_owned();
    for place in 1..=count {
        names.push(format!("\"plc{place}\""));
        connections.push_str(&format!(
            "[[connection]]\nname = \"plc{place}\"\ndriver = \"modbus\"\ntcp = \"{device}\"\ntimeout_ms = 500\n\
             [connection.device]\nunit = {place}\nmax_registers = 100\n"
        ));
        for point in 0..POINTS {
            tags.push_str(&format!("plc{place}/p{point},float,plc{place},holding {} f32,points\n", 2 * point));
        }
    }
    let (names, first) = (names.join(", "), if more.is_empty() { String::new() } else { format!("{more}, ") });
    project.write("connections.toml", &connections)?;
    project.write("tags/points.csv", &tags)?;
    project.write(
        "plugins.toml",
        &format!(
            "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.config]\ngroups = {{ points = {PERIOD_MS}, fast = 100 }}\n\
             [plugin.grant]\nconnections = [{first}{names}]\npublish = [\"**\"]\nwrite = [\"line/*\"]\nsamples_per_s = 1000000\n"
        ),
    )
}

fn wait_until_good(api: &Api) -> Result<()> {
    let begin = Instant::now();
    while api.call("GET", "/api/v1/tags/plc1%2Fp0", None)?["quality"] != "good" {
        ensure!(begin.elapsed() < LONGEST, "the devices' values don't turn good");
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
