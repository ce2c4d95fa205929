//! From a write request over HTTP to the bytes at the device, through the real station with its audit on the disk.

pub mod device;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value as Json, json};

use crate::figures::{Figure, Row, Target, percentile};
use crate::points::device::Devices;
use crate::points::{self, DEVICES};
use crate::station::{Api, Station};
use crate::workplace::{Project, Workplace, folder, progress};
use crate::write::device::Device;

/// Writes, each followed by one of the bare path.
const WRITES: u16 = 300;
/// Bytes that the bare path keeps on the disk for each: an audit record's size.
const RECORD_BYTES: usize = 300;
/// Longest that a write is waited for.
const LONGEST: Duration = Duration::from_secs(10);

/// Measures it: on a plant of one device, and while 100,000 points a second are polled beside it.
///
/// # Errors
/// When a write doesn't arrive or isn't confirmed.
pub fn measure(workplace: &Workplace) -> Result<Vec<Row>> {
    let mut rows = measure_beside(workplace, None)?;
    let others = Devices::start(0)?;
    rows.extend(measure_beside(workplace, Some(&others))?);
    Ok(rows)
}

fn measure_beside(workplace: &Workplace, others: Option<&Devices>) -> Result<Vec<Row>> {
    progress("write: starting a device and a station");
    let (device, arrivals) = Device::start()?;
    let project = project(device.address(), others, DEVICES)?;
    let station = Station::start(workplace, &project, 0)?;
    let api = station.login()?;
    wait_until_good(&api)?;
    let mut door = Door::open(&station.url, &api.token)?;
    let mut bare = Bare::start(device.address())?;
    progress(&format!("write: {WRITES} writes over HTTP, each followed by fdatasync and loopback alone"));
    let (mut ours, mut confirmed, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=WRITES {
        let begin = Instant::now();
        let outcome = door.write(number)?;
        let answered = begin.elapsed();
        ensure!(outcome["kind"] == "confirmed", "write {number} was not confirmed: {outcome}");
        ours.push(ms(arrival(&arrivals, number)?.duration_since(begin)));
        confirmed.push(ms(answered));
        // Another number, so that nobody confuses the two.
        let begin = Instant::now();
        bare.write(number + 10_000)?;
        theirs.push(ms(arrival(&arrivals, number + 10_000)?.duration_since(begin)));
    }
    let beside = if others.is_some() { " while polling 100,000 points/s" } else { "" };
    Ok(rows(beside, &ours, &confirmed, &theirs))
}

fn rows(beside: &str, ours: &[f64], confirmed: &[f64], theirs: &[f64]) -> Vec<Row> {
    let peer = "loopback, fdatasync, loopback";
    let mut rows = Vec::new();
    for (name, part) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
        let (own, other) = (percentile(ours, part), percentile(theirs, part));
        let what = format!("request to bytes at the device{beside}, {name} of {WRITES}");
        let row = Row::of_rounds("write", what, "ms", peer, &[(own, other)]);
        rows.push(if name == "p99" { row.target(Target::AtMost(10.0)) } else { row });
    }
    let name = format!("request to confirmed by read-back{beside}, {WRITES} of them");
    rows.push(Row::alone("write", name, "ms", Figure::of(confirmed)));
    rows
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn arrival(arrivals: &Receiver<(Instant, u16)>, number: u16) -> Result<Instant> {
    match arrivals.recv_timeout(LONGEST) {
        Ok((at, value)) if value == number => Ok(at),
        Ok((_, value)) => bail!("the device got {value} instead of {number}"),
        Err(_) => bail!("{number} never arrived at the device"),
    }
}

/// Waits until the device's value is there.
///
/// # Errors
/// When it doesn't come.
pub fn wait_until_good(api: &Api) -> Result<()> {
    let begin = Instant::now();
    while api.call("GET", "/api/v1/tags/line%2Fsetpoint", None)?["quality"] != "good" {
        ensure!(begin.elapsed() < LONGEST, "the device's value doesn't turn good");
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A plant with the device on a line of its own, and so many others beside it.
///
/// # Errors
/// When the disk refuses.
pub fn project(device: SocketAddr, others: Option<&Devices>, count: usize) -> Result<Project> {
    let project = Project::new()?;
    if let Some(others) = others {
        points::fill(&project, others.address(), count, "\"line\"")?;
    } else {
        points::fill(&project, device, 0, "\"line\"")?;
    }
    let before = std::fs::read_to_string(project.path().join("connections.toml"))?;
    project.write(
        "connections.toml",
        &format!(
            "{before}[[connection]]\nname = \"line\"\ndriver = \"modbus\"\ntcp = \"{device}\"\n[connection.device]\nunit = 1\n"
        ),
    )?;
    let tag = |name: &str, address: &str, write: &str| {
        format!(
            "[[tag]]\nname = \"line/{name}\"\nkind = \"uint\"\nconnection = \"line\"\naddress = \"{address}\"\ngroup = \"fast\"\n{write}\n"
        )
    };
    let mut tags = tag("setpoint", "holding 0 u16", "write = true");
    // The line is busy with reads, as a line is.
    for at in 0..60 {
        tags.push_str(&tag(&format!("value{at}"), &format!("holding {} u16", 100 + 2 * at), ""));
    }
    project.write("tags/tags.toml", &tags)?;
    Ok(project)
}

/// A connection to the station's API that sends a request in one piece. Some clients send head and body apart, and then
/// TCP's pacing (BBR) holds the body back for milliseconds, which isn't the station's.
struct Door {
    stream: BufReader<TcpStream>,
    head: String,
}

impl Door {
    fn open(url: &str, token: &str) -> Result<Self> {
        let host = url.trim_start_matches("http://");
        let stream = TcpStream::connect(host).context("the station can't be reached")?;
        stream.set_nodelay(true)?;
        let head = format!(
            "PUT /api/v1/tags/line%2Fsetpoint/value HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\n"
        );
        Ok(Self { stream: BufReader::new(stream), head })
    }

    fn write(&mut self, number: u16) -> Result<Json> {
        let body = json!({ "value": number, "comment": "bench" }).to_string();
        let request = format!("{}content-length: {}\r\n\r\n{body}", self.head, body.len());
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(self.stream.read_line(&mut line)? > 0, "the station closed the connection");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(serde_json::from_slice(&body)?)
    }
}

/// The least that a durable write over a network door can cost: a request over loopback to a thread that appends a
/// record, waits for the disk, and sends the write on over loopback.
struct Bare {
    door: TcpStream,
}

impl Bare {
    fn start(device: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let door = TcpStream::connect(listener.local_addr()?)?;
        door.set_nodelay(true)?;
        let (caller, _) = listener.accept()?;
        let line = TcpStream::connect(device).context("the device can't be reached")?;
        line.set_nodelay(true)?;
        let folder = folder()?;
        let file = File::create(folder.path().join("records"))?;
        std::thread::spawn(move || {
            let _folder = folder;
            // It ends with the door.
            let _ = carry(caller, line, file);
        });
        Ok(Self { door })
    }

    fn write(&mut self, number: u16) -> Result<()> {
        self.door.write_all(&number.to_be_bytes())?;
        self.door.read_exact(&mut [0; 2])?;
        Ok(())
    }
}

fn carry(mut caller: TcpStream, mut line: TcpStream, mut file: File) -> std::io::Result<()> {
    let mut number = [0; 2];
    loop {
        caller.read_exact(&mut number)?;
        file.write_all(&[b'x'; RECORD_BYTES])?;
        file.sync_data()?;
        line.write_all(&[0, 1, 0, 0, 0, 6, 1, 6, 0, 0, number[0], number[1]])?;
        line.read_exact(&mut [0; 12])?;
        caller.write_all(&number)?;
    }
}
