//! What the demo's station weighs, and how soon after its start a field value is seen.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use tokio_modbus::Slave;
use tokio_modbus::client::{Reader as _, tcp};

use crate::figures::{Figure, Row, Target};
use crate::station::{Api, Process, Station};
use crate::workplace::{Project, Workplace, free_port, progress};

/// How long the station runs before it is weighed.
const SETTLED: Duration = Duration::from_secs(20);
/// Logins before it is weighed again: hashing a password takes memory.
const LOGINS: usize = 8;
/// Starts with compiled plugins in the cache.
const WARM_STARTS: usize = 10;
/// Starts with an empty cache.
const COLD_STARTS: usize = 5;
/// The tag that is waited for: polled in the fast group.
const TAG: &str = "/api/v1/tags/clear_well%2Flevel";
/// Longest that it is waited for.
const LONGEST: Duration = Duration::from_secs(60);
/// How often is looked.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Measures both.
///
/// # Errors
/// When the station doesn't do what it should.
pub fn measure(workplace: &Workplace) -> Result<Vec<Row>> {
    let (project, ports) = Project::waterworks()?;
    progress("memory: starting the field (plantroom simulate) and the demo's station");
    let folder = project.path().to_str().context("the checkout's path must be plain text")?;
    let mut field = Process::start(workplace, &["simulate", folder], &project.path().join("field.log"))?;
    field.says("answers as a Modbus TCP device")?;
    let (mut rows, token) = weigh(workplace, &project)?;
    rows.extend(starts(workplace, &project, &token, ports[1])?);
    Ok(rows)
}

/// The station's memory, settled and after logins; and a token for later.
fn weigh(workplace: &Workplace, project: &Project) -> Result<(Vec<Row>, String)> {
    let station = Station::start(workplace, project, 0)?;
    let user = station.engineer.as_ref().context("the first start makes a user")?.0.clone();
    progress(&format!("memory: letting it run for {} s", SETTLED.as_secs()));
    std::thread::sleep(SETTLED);
    let mib = |key: &str| station.process.status_kib(key).map(|kib| kib / 1_024.0);
    let settled = mib("VmRSS")?;
    // One after the other: several at once from one address count as guessing until the first has succeeded.
    let logins = (0..LOGINS).map(|_| station.login()).collect::<Result<Vec<Api>>>()?;
    let logged_in = mib("VmRSS")?;
    let peak = mib("VmHWM")?;
    let body = json!({ "user": user, "label": "bench" });
    let token = logins[0].call("POST", "/api/v1/tokens", Some(body))?;
    let token = token["token"].as_str().context("no token was made")?.to_owned();
    let row = |what: &str, mib: f64| Row::alone("memory", what, "MiB", Figure::of(&[mib])).target(Target::AtMost(60.0));
    let rows = vec![
        row("the demo's station after 20 s (VmRSS)", settled),
        row(&format!("the same after {LOGINS} logins (VmRSS)"), logged_in),
        row("the most it ever had (VmHWM)", peak),
    ];
    Ok((rows, token))
}

fn starts(workplace: &Workplace, project: &Project, token: &str, device: u16) -> Result<Vec<Row>> {
    let (mut warm, mut cold) = (Vec::new(), Vec::new());
    for number in 1..=WARM_STARTS {
        progress(&format!("start: {number} of {WARM_STARTS}, plugins in the cache"));
        warm.push((first_sample(workplace, project, token)?, bare_start(device)?));
    }
    for number in 1..=COLD_STARTS {
        progress(&format!("start: {number} of {COLD_STARTS}, empty cache"));
        std::fs::remove_dir_all(project.path().join("data/cache")).context("the cache can't be emptied")?;
        cold.push((first_sample(workplace, project, token)?, bare_start(device)?));
    }
    let (unit, peer) = ("ms", "a bare client's process to its first answer");
    let slowest = warm.iter().map(|(ours, _)| *ours).fold(0.0, f64::max);
    let name = format!("start to first good sample, warm cache, {WARM_STARTS} starts");
    Ok(vec![
        Row::of_rounds("start", name, unit, peer, &warm).target(Target::AtMost(300.0)),
        Row::alone("start", "the same, slowest", unit, Figure::of(&[slowest])).target(Target::AtMost(300.0)),
        Row::of_rounds("start", format!("the same, empty cache, {COLD_STARTS} starts"), unit, peer, &cold),
    ])
}

/// From the process's start until the API shows a good value of the field, in ms.
fn first_sample(workplace: &Workplace, project: &Project, token: &str) -> Result<f64> {
    let port = free_port()?;
    let api = Api::new(&format!("http://127.0.0.1:{port}"), token);
    let begin = Instant::now();
    let _station = Station::spawn(workplace, project, port)?;
    loop {
        // Refused while nobody listens yet.
        if api.call("GET", TAG, None).is_ok_and(|tag| tag["quality"] == "good") {
            return Ok(begin.elapsed().as_secs_f64() * 1_000.0);
        }
        ensure!(begin.elapsed() < LONGEST, "the station shows no good value; its log is in {}", project.path().display());
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The same for a process that only asks one device for one register.
fn bare_start(device: u16) -> Result<f64> {
    let this = std::env::current_exe().context("this program's own file can't be found")?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, device)).to_string();
    let begin = Instant::now();
    let mut child = Command::new(this).args(["first-read", &address]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut answer = [0; 1];
    child.stdout.take().context("no output")?.read_exact(&mut answer).context("the bare client got no answer")?;
    let took = begin.elapsed();
    child.wait()?;
    Ok(took.as_secs_f64() * 1_000.0)
}

/// What that process does.
///
/// # Errors
/// When the device doesn't answer.
pub fn first_read(device: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut client = tcp::connect_slave(device, Slave(1)).await?;
        let registers = client.read_input_registers(0, 1).await??;
        println!("{registers:?}");
        Ok(())
    })
}
