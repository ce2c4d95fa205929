//! From a register that changes to a console that hears of it, over a real WebSocket.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use plantroom_wire::{ToConsole, ToStation, decode, encode};
use tokio_tungstenite::tungstenite::stream::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::figures::{Figure, Row, Target, percentile};
use crate::points::device::Devices;
use crate::points::{DEVICES, PERIOD_MS, POINTS};
use crate::station::Station;
use crate::workplace::{Workplace, progress};
use crate::write::device::Device;
use crate::write::{project, wait_until_good};

/// Changes of the register, each at another moment between two polls.
const CHANGES: u16 = 150;
/// Pause before a change, in ms: not a multiple of the period, and random.
const PAUSE_MS: std::ops::Range<u64> = 30..130;
/// `scan.min_ms` of a plant that doesn't say.
const SCAN_MIN_MS: f64 = 10.0;
/// What may pass beside the poll period and the scan, in ms.
const REST_MS: f64 = 5.0;
/// Values that nobody has asked for yet.
const HEARD: usize = 1_024;
/// Longest that a change is waited for.
const LONGEST: Duration = Duration::from_secs(10);
/// The register.
const TAG: &str = "line/setpoint";
const REGISTER: usize = 0;

/// Polled tags that a busy console shows beside it, all of them changing with every poll: ten devices' points.
const SHOWN_DEVICES: usize = 10;

/// Measures it: on a plant of one device, while 100,000 points a second are polled beside it, and for a console that shows
/// a thousand of those.
///
/// # Errors
/// When the console doesn't hear of a change.
pub fn measure(workplace: &Workplace) -> Result<Vec<Row>> {
    let mut rows = measure_beside(workplace, None, "", Vec::new())?;
    let others = Devices::start(0)?;
    let beside = " while polling 100,000 points/s";
    rows.extend(measure_beside(workplace, Some(&others), beside, Vec::new())?);
    let shown = (1..=SHOWN_DEVICES).flat_map(|place| (0..POINTS).map(move |point| format!("plc{place}/p{point}")));
    let beside = format!("{beside}, {} of them shown by the same console", SHOWN_DEVICES * POINTS);
    rows.extend(measure_beside(workplace, Some(&others), &beside, shown.collect())?);
    Ok(rows)
}

fn measure_beside(workplace: &Workplace, others: Option<&Devices>, beside: &str, shown: Vec<String>) -> Result<Vec<Row>> {
    progress("live: starting a device, a station and a console");
    let (device, _arrivals) = Device::start()?;
    let project = project(device.address(), others, DEVICES)?;
    let station = Station::start(workplace, &project, 0)?;
    let api = station.login()?;
    wait_until_good(&api)?;
    let heard = listen(&station.url, &api.token, shown)?;
    progress(&format!("live: {CHANGES} changes of a register that is polled every {PERIOD_MS} ms"));
    let mut took_ms = Vec::new();
    for number in 1..=CHANGES {
        thread::sleep(Duration::from_millis(fastrand::u64(PAUSE_MS)));
        let begin = Instant::now();
        device.set(REGISTER, number);
        took_ms.push(hearing(&heard, number)?.duration_since(begin).as_secs_f64() * 1_000.0);
    }
    let figure = |part| Figure::of(&[percentile(&took_ms, part)]);
    let row = |name: &str, part| {
        let what = format!("register change to console, polled every {PERIOD_MS} ms{beside}, {name} of {CHANGES}");
        Row::alone("live", what, "ms", figure(part))
    };
    let longest_ms = f64::from(PERIOD_MS) + SCAN_MIN_MS + REST_MS;
    Ok(vec![row("p50", 0.5), row("p99", 0.99).target(Target::AtMost(longest_ms)), row("max", 1.0)])
}

/// Values of the tag, each with the moment at which its message had come.
fn listen(url: &str, token: &str, shown: Vec<String>) -> Result<Receiver<(Instant, u16)>> {
    let (mut socket, _) = tungstenite::connect(format!("{}/api/v1/live", url.replacen("http", "ws", 1)))?;
    let tell = |socket: &mut Socket, message: &ToStation| socket.send(Message::Binary(encode(message).into()));
    tell(&mut socket, &ToStation::Resume { token: token.to_owned() })?;
    loop {
        match next(&mut socket)? {
            Some(ToConsole::Welcome { .. }) => break,
            Some(ToConsole::Denied { reason }) => bail!("the console was refused: {reason}"),
            _ => {}
        }
    }
    let names = std::iter::once(TAG.to_owned()).chain(shown).collect();
    tell(&mut socket, &ToStation::Subscribe { generation: 1, names })?;
    let (sender, receiver) = sync_channel(HEARD);
    // It ends with the station.
    thread::spawn(move || drop(forward(socket, &sender)));
    Ok(receiver)
}

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

fn forward(mut socket: Socket, sender: &SyncSender<(Instant, u16)>) -> Result<()> {
    loop {
        let message = next(&mut socket)?;
        let at = Instant::now();
        if let Some(ToConsole::Values { columns, .. }) = message {
            for row in columns.rows().filter(|row| row.handle == 0 && row.status.is_good()) {
                if let Some(number) = row.value.as_f64() {
                    sender.send((at, number as u16)).context("nobody listens")?;
                }
            }
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

fn hearing(heard: &Receiver<(Instant, u16)>, number: u16) -> Result<Instant> {
    loop {
        let (at, value) = heard.recv_timeout(LONGEST).with_context(|| format!("the console never heard of {number}"))?;
        ensure!(value <= number, "the console heard {value} before it was there");
        if value == number {
            return Ok(at);
        }
    }
}
