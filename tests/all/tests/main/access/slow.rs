//! A console that doesn't read gets the newest value later, and nobody else waits for it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use plantroom_model::{OutcomeKind, Value};
use plantroom_tests::{Console, Project, Station, eventually, wait_until};
use plantroom_wire::{Ask, ToConsole, ToStation, decode, encode};
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long it doesn't read, at least.
const ASLEEP: Duration = Duration::from_secs(5);
/// Who waits for the slow one waits as long as it sleeps; who waits for a loaded machine doesn't wait half as long.
const UNDISTURBED: Duration = Duration::from_millis(2_500);
/// A value that fills buffers.
const LONG: usize = 4_000;
const TAGS: [&str; 8] = ["note/0", "note/1", "note/2", "note/3", "note/4", "note/5", "note/6", "note/7"];
/// What the buffers between the two may hold, in bytes; far less than what is written meanwhile.
const BUFFERS: usize = 150_000;

#[test]
fn a_slow_console_gets_the_newest_value_and_delays_nobody() {
    let project = Project::new();
    for tag in TAGS {
        project.memory(tag, "text", "\"\"", "write = true");
    }
    let station = Station::start(&project);
    let (token, url) = (station.api().token, station.url.clone());
    let quick = station.console(&TAGS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut slow = runtime.block_on(open(&url, &token));
    let asleep_from = Instant::now();
    // Nobody polls the slow one's socket meanwhile: its system's buffers fill, then the station's.
    let (last, delays) = write_for(&quick, ASLEEP);
    let asleep_until = Instant::now();
    assert_eq!(quick.ended(), None, "the quick console was cut off");
    let longest = delays.iter().max().copied().unwrap_or_default();
    let (messages, bytes, took) = runtime.block_on(catch_up(&mut slow, last));
    println!("{last} values were written; awake, it got {messages} messages of {bytes} bytes until the newest, in {took:?}");
    println!("the quick console had each within {longest:?}");
    // What the two systems' buffers hold is old; behind it is the newest.
    assert!(took < UNDISTURBED, "the newest value came {took:?} after it had woken up");
    assert!(bytes < BUFFERS, "a backlog of {bytes} bytes");
    assert!(longest < UNDISTURBED, "another console waited {longest:?} for a value");
    let beats = quick.beats();
    let meanwhile: Vec<_> = beats.windows(2).filter(|pair| pair[1] > asleep_from && pair[0] < asleep_until).collect();
    let gap = meanwhile.iter().map(|pair| pair[1] - pair[0]).max().expect("the quick console has a heartbeat");
    assert!(meanwhile.len() >= 3 && gap < UNDISTURBED, "{} heartbeats, {gap:?} apart at worst", meanwhile.len());
    assert_eq!(quick.ended(), None);
}

#[test]
fn a_console_is_not_cut_off_for_what_it_sent_while_the_station_was_held_up_and_is_for_a_flood() {
    let project = Project::new();
    project.memory(TAGS[0], "text", "\"\"", "write = true");
    let station = Station::start(&project);
    let console = station.console(&TAGS[..1]);
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill").args([name, &station.pid().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the station can't be sent {name}");
    };
    let ask = |request: u64| ToStation::Ask { request, ask: Ask::Overrides };
    signal("-STOP");
    for request in 0..150 {
        console.send(&ask(request));
        std::thread::sleep(Duration::from_millis(12));
    }
    signal("-CONT");
    let beats = console.beats().len();
    wait_until("the station goes on", 10.0, || console.beats().len(), |now| *now > beats + 2);
    assert_eq!(console.ended(), None, "83 messages a second are no flood");
    for request in 0..2_000 {
        console.send(&ask(request));
    }
    eventually("it is cut off", 10.0, || console.ended());
}

/// Writes all tags over and over for so long, and until no buffer holds it: the last number, and how long each round took until
/// it was seen.
fn write_for(console: &Console, how_long: Duration) -> (u64, Vec<Duration>) {
    let until = Instant::now() + how_long;
    let (mut number, mut delays) = (0, Vec::new());
    while Instant::now() < until || number as usize * LONG <= 2 * BUFFERS {
        let asked = TAGS.map(|tag| {
            number += 1;
            console.ask_write(tag, Value::Text(format!("{number} {}", "x".repeat(LONG)).into()))
        });
        for request in asked {
            let outcome = eventually("a write has an outcome", 8.0, || console.outcome(request));
            assert_eq!(outcome.kind, OutcomeKind::Confirmed, "{outcome:?}");
        }
        let confirmed = Instant::now();
        let newest = TAGS[TAGS.len() - 1];
        wait_until("the quick console sees it", 5.0, || number_of(&console.latest(newest).value), |seen| *seen >= number);
        delays.push(confirmed.elapsed());
    }
    (number, delays)
}

type Socketed = WebSocketStream<TcpStream>;

/// A console with the smallest buffer that the system gives.
async fn open(url: &str, token: &str) -> Socketed {
    let address: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    let stream = TcpStream::from_std(socket.into()).unwrap();
    let (mut console, _) = client_async(format!("ws://{address}/api/v1/live"), stream).await.unwrap();
    let names = TAGS.map(str::to_owned).to_vec();
    for message in [ToStation::Resume { token: token.to_owned() }, ToStation::Subscribe { generation: 1, names }] {
        console.send(Message::Binary(encode(&message).into())).await.unwrap();
    }
    loop {
        if let (ToConsole::Values { .. }, _) = next(&mut console).await {
            return console;
        }
    }
}

async fn next(console: &mut Socketed) -> (ToConsole, usize) {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(10), console.next()).await.expect("the station goes on talking");
        if let Message::Binary(bytes) = message.expect("the slow console was cut off").expect("the slow console was cut off") {
            return (decode(&bytes).unwrap(), bytes.len());
        }
    }
}

/// Reads until the value with this number: messages, bytes, and how long it took.
async fn catch_up(console: &mut Socketed, last: u64) -> (usize, usize, Duration) {
    let started = Instant::now();
    let (mut messages, mut bytes) = (0, 0);
    loop {
        let (message, size) = next(console).await;
        (messages, bytes) = (messages + 1, bytes + size);
        if let ToConsole::Values { columns, .. } = message
            && columns.rows().any(|row| number_of(&row.value) == last)
        {
            return (messages, bytes, started.elapsed());
        }
    }
}

fn number_of(value: &Value) -> u64 {
    value.to_string().split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
