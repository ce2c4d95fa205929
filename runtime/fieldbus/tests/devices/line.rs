//! Lines without transaction ids: a pseudo-terminal with a unit or several at its other end, and serial frames over TCP.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plantroom_model::{LinkState, ModbusRequest, field_error};
use plantroom_project::{ConnectionSpec, LinkSpec, Parity, SerialSpec, TcpAddress};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::bench::{Bench, TIMEOUT_MS, runtime, spec, truth};

/// What a unit does with a request (without its checksum); the number counts requests to all units.
pub type Habit = Arc<dyn Fn(u32, &[u8]) -> Vec<Sound> + Send + Sync>;

/// One thing that happens on the line.
pub enum Sound {
    Bytes(Vec<u8>),
    Pause(u64),
}

pub fn sum(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xA001 } else { sum >> 1 };
        }
    }
    sum.to_le_bytes()
}

pub fn framed(bytes: &[u8]) -> Vec<u8> {
    [bytes, &sum(bytes)].concat()
}

/// The right answer to a request.
pub fn right(request: &[u8]) -> Vec<u8> {
    let at = |place: usize| u16::from_be_bytes([request[place], request[place + 1]]);
    let (unit, function, address, count) = (request[0], request[1], at(2), at(4));
    match function {
        3 => {
            let mut answer = vec![unit, 3, 2 * count as u8];
            (0..count).for_each(|i| answer.extend(truth(unit, address.wrapping_add(i)).to_be_bytes()));
            framed(&answer)
        }
        _ => framed(&request[..6]),
    }
}

fn say(bytes: Vec<u8>) -> Vec<Sound> {
    vec![Sound::Bytes(bytes)]
}

/// Requests that are all six bytes and a checksum: reads and single writes.
struct Requests(Vec<u8>);

impl Requests {
    fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.0.extend(bytes);
        let mut whole = Vec::new();
        while self.0.len() >= 8 {
            let request: Vec<u8> = self.0.drain(..8).collect();
            assert_eq!(sum(&request[..6])[..], request[6..], "a request with a wrong checksum: {request:?}");
            whole.push(request[..6].to_vec());
        }
        whole
    }
}

/// A pseudo-terminal: the devices' end, and the path of ours.
pub fn terminal() -> (OwnedFd, String) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let mut raw = rustix::termios::tcgetattr(&ours).unwrap();
    raw.make_raw();
    rustix::termios::tcsetattr(&ours, rustix::termios::OptionalActions::Now, &raw).unwrap();
    let path = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    (ours, path)
}

/// Units at the far end of a pseudo-terminal.
pub fn on_terminal(habit: Habit) -> Bench {
    let (far, port) = terminal();
    std::thread::spawn(move || {
        let mut far = File::from(far);
        let (mut requests, mut number, mut buffer) = (Requests(Vec::new()), 0, [0; 300]);
        // Until our end is opened there is nobody to hear; it ends with the bench.
        let mut idle = 0;
        while idle < 500 {
            let Ok(count) = far.read(&mut buffer) else {
                idle += 1;
                std::thread::sleep(Duration::from_millis(10));
                continue;
            };
            idle = 0;
            for request in requests.take(&buffer[..count]) {
                for sound in habit(number, &request) {
                    match sound {
                        Sound::Bytes(bytes) => drop(far.write_all(&bytes)),
                        Sound::Pause(ms) => std::thread::sleep(Duration::from_millis(ms)),
                    }
                }
                number += 1;
            }
        }
    });
    let serial = SerialSpec { port, baud: 115_200, data_bits: 8, parity: Parity::None, stop_bits: 1 };
    Bench::over(runtime(), LinkSpec::Serial(serial), TIMEOUT_MS)
}

/// The same behind a serial server.
pub fn over_tcp(habit: Habit) -> Bench {
    let (runtime, link) = serial_server(habit);
    Bench::over(runtime, link, TIMEOUT_MS)
}

fn serial_server(habit: Habit) -> (Runtime, LinkSpec) {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(Mutex::new(0));
    runtime.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (habit, count) = (Arc::clone(&habit), Arc::clone(&count));
            tokio::spawn(async move {
                let (mut requests, mut buffer) = (Requests(Vec::new()), [0; 300]);
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    for request in requests.take(&buffer[..read]) {
                        let number = {
                            let mut count = count.lock().unwrap();
                            *count += 1;
                            *count - 1
                        };
                        for sound in habit(number, &request) {
                            match sound {
                                Sound::Bytes(bytes) => drop(stream.write_all(&bytes).await),
                                Sound::Pause(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                            }
                        }
                    }
                }
            });
        }
    });
    (runtime, LinkSpec::RtuOverTcp(TcpAddress { host: "127.0.0.1".into(), port }))
}

fn read(unit: u8, address: u16, count: u16) -> ModbusRequest {
    ModbusRequest { unit, ..crate::bench::read(address, count) }
}

/// Asks; a good answer must be the right one. Says the error.
fn ask(bench: &Bench, unit: u8, address: u16, count: u16) -> u16 {
    let completion = bench.ask(read(unit, address, count));
    let expected: Vec<u16> = (0..count).map(|i| truth(unit, address + i)).collect();
    let expected = if completion.error == 0 { expected } else { vec![] };
    assert_eq!(completion.data, expected, "unit {unit}, address {address}: a value of another request or unit");
    completion.error
}

fn good_within(bench: &Bench, ms: u64, unit: u8, address: u16, count: u16) {
    let start = Instant::now();
    while ask(bench, unit, address, count) != 0 {
        assert!(start.elapsed() < Duration::from_millis(ms), "no good answer in time: {:?}", bench.figures());
        std::thread::sleep(Duration::from_millis(10));
    }
}

type Place = fn(Habit) -> Bench;
const PLACES: [(&str, Place); 2] = [("terminal", on_terminal), ("TCP", over_tcp)];

#[test]
fn reads_and_writes_pass_a_line() {
    for (name, place) in PLACES {
        let bench = place(Arc::new(|_, request| say(right(request))));
        good_within(&bench, 5_000, 1, 0, 10);
        for address in 0..20 {
            assert_eq!(ask(&bench, (address % 3 + 1) as u8, address, 1 + address % 5), 0, "{name}");
        }
        let written = bench.ask(crate::bench::write(3, 99));
        assert_eq!((written.error, written.data), (0, vec![]), "{name}");
        let figures = bench.figures();
        assert_eq!((figures.state, figures.errors, figures.units.len()), (LinkState::Up, 0, 3), "{name}: {figures:?}");
    }
}

/// A habit that is wrong once, when unit 1 is asked for address 50 first; whatever happens, no value may be wrong, and
/// the line must be well again soon.
fn check(name: &str, wrong: fn(&[u8]) -> Vec<Sound>, expected: &[u16]) {
    for (place_name, place) in PLACES {
        let done = AtomicBool::new(false);
        let bench = place(Arc::new(move |_, request| {
            let is_it = request[2..4] == [0, 50] && !done.swap(true, Ordering::Relaxed);
            if is_it { wrong(request) } else { say(right(request)) }
        }));
        for address in 1..5 {
            good_within(&bench, 5_000, 1, address, 3);
        }
        let error = ask(&bench, 1, 50, 3);
        assert!(expected.contains(&error), "{name}, {place_name}: {error}, {:?}", bench.figures());
        // Of the same shape as the one that went wrong.
        for address in 60..75 {
            good_within(&bench, 3_000, 1, address, 3);
            good_within(&bench, 3_000, 2, address, 3);
        }
        assert_eq!(bench.figures().state, LinkState::Up, "{name}, {place_name}");
    }
}

#[test]
fn whatever_a_line_does_no_request_gets_another_ones_value() {
    use field_error::{BAD_ANSWER, TIMEOUT};
    let ok = &[0][..];
    let bad = &[BAD_ANSWER][..];
    let lost = &[TIMEOUT][..];
    check("silence", |_| vec![], lost);
    check("noise before", |r| say([&[0xFF, 0, 0x55][..], &right(r)].concat()), ok);
    check("a click, a pause, the answer", |r| vec![Sound::Bytes(vec![0]), Sound::Pause(80), Sound::Bytes(right(r))], ok);
    check("noise after", |r| say([&right(r)[..], &[0xFF, 0, 0x55]].concat()), ok);
    check("noise alone", |_| say(vec![0xA5; 40]), bad);
    check("a flood of noise", |_| say(vec![0xA5; 4_000]), bad);
    check("a wrong checksum", |r| say([&right(r)[..right(r).len() - 1], &[0]].concat()), &[BAD_ANSWER, TIMEOUT]);
    check(
        "one flipped bit",
        |r| say(right(r).into_iter().enumerate().map(|(i, b)| if i == 4 { b ^ 8 } else { b }).collect()),
        bad,
    );
    check("cut short", |r| say(right(r)[..7].to_vec()), &[BAD_ANSWER, TIMEOUT]);
    check("another unit", |r| say(right(&[&[2], &r[1..]].concat())), lost);
    check("another function", |_| say(framed(&[1, 4, 6, 0, 1, 0, 2, 0, 3])), lost);
    check("too few", |_| say(framed(&[1, 3, 2, 0, 1])), lost);
    check("too many", |_| say(framed(&[1, 3, 8, 0, 1, 0, 2, 0, 3, 0, 4])), lost);
    check("twice", |r| say([right(r), right(r)].concat()), ok);
    check(
        "in two pieces",
        |r| vec![Sound::Bytes(right(r)[..4].to_vec()), Sound::Pause(60), Sound::Bytes(right(r)[4..].to_vec())],
        ok,
    );
    check("late", |r| vec![Sound::Pause(u64::from(TIMEOUT_MS) + 30), Sound::Bytes(right(r))], lost);
    check("very late", |r| vec![Sound::Pause(u64::from(TIMEOUT_MS) * 3), Sound::Bytes(right(r))], lost);
    check("an exception", |_| say(framed(&[1, 0x83, 2])), &[2]);
}

#[test]
fn a_device_that_needs_a_pause_before_each_request_gets_it() {
    // Far more than a busy machine takes from an answer to the next request.
    const NEEDS_MS: u64 = 250;
    for (quiet_ms, expected) in [(0, field_error::TIMEOUT), (NEEDS_MS as u32 + 50, 0)] {
        let answered: Mutex<Option<Instant>> = Mutex::default();
        let deaf = Duration::from_millis(NEEDS_MS);
        let (runtime, link) = serial_server(Arc::new(move |_, request| {
            let mut answered = answered.lock().unwrap();
            if answered.is_some_and(|at| at.elapsed() < deaf) {
                return vec![];
            }
            *answered = Some(Instant::now());
            say(right(request))
        }));
        let bench = Bench::with_spec(runtime, ConnectionSpec { quiet_ms, ..spec(link, TIMEOUT_MS) });
        good_within(&bench, 5_000, 1, 0, 3);
        assert_eq!(ask(&bench, 1, 10, 3), expected, "{quiet_ms} ms");
    }
}

#[test]
fn answers_that_are_always_late_never_land_on_the_next_request() {
    for (name, place) in PLACES {
        // A unit that answers each request, in order, just after its time.
        let late = u64::from(TIMEOUT_MS) + 20;
        let bench = place(Arc::new(move |_, request| match request[0] {
            1 => vec![Sound::Pause(late), Sound::Bytes(right(request))],
            _ => say(right(request)),
        }));
        good_within(&bench, 5_000, 2, 0, 3);
        let mut good = 0;
        for address in 0..40 {
            good += u32::from(ask(&bench, 1, address, 3) == 0);
            ask(&bench, 2, address, 3);
        }
        assert_eq!(good, 0, "{name}: what comes late is never used");
    }
}

#[test]
fn a_dead_unit_costs_its_line_one_time_out_a_try() {
    for (name, place) in PLACES {
        let asked: Arc<Mutex<Vec<(u8, Instant)>>> = Arc::default();
        let log = Arc::clone(&asked);
        let bench = place(Arc::new(move |_, request| {
            log.lock().unwrap().push((request[0], Instant::now()));
            if request[0] == 9 { vec![] } else { say(right(request)) }
        }));
        good_within(&bench, 5_000, 1, 0, 3);
        let start = Instant::now();
        let (mut turns, mut spared) = (0, 0);
        while start.elapsed() < Duration::from_millis(2_500) {
            let at = Instant::now();
            let error = ask(&bench, 9, 5, 2);
            assert_eq!(error, field_error::TIMEOUT, "{name}");
            spared += u32::from(at.elapsed() < Duration::from_millis(u64::from(TIMEOUT_MS) / 2));
            for unit in 1..4 {
                assert_eq!(ask(&bench, unit, turns as u16 % 50, 3), 0, "{name}");
            }
            turns += 1;
        }
        let tries = asked.lock().unwrap().iter().filter(|(unit, _)| *unit == 9).count();
        assert!((3..=5).contains(&tries), "{name}: asked {tries} times in 2.5 s");
        assert!(turns > 50 && spared + 5 >= turns, "{name}: {turns} turns, {spared} of them without waiting");
        let figures = bench.figures();
        assert_eq!(figures.state, LinkState::Up, "{name}: the others answer");
        let dead = figures.units.iter().find(|unit| unit.unit == 9).unwrap();
        assert!(dead.misses >= 3 && dead.pause_ms >= 1_000 && dead.spared > 40, "{name}: {dead:?}");
        assert_eq!(bench.ask(ModbusRequest { unit: 9, ..crate::bench::write(1, 1) }).error, field_error::NOT_CONNECTED);
    }
}

#[test]
fn a_write_to_all_units_is_sent_and_never_called_done() {
    let seen: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let log = Arc::clone(&seen);
    let bench = on_terminal(Arc::new(move |_, request| {
        log.lock().unwrap().push(request.to_vec());
        if request[0] == 0 { vec![] } else { say(right(request)) }
    }));
    good_within(&bench, 5_000, 1, 0, 3);
    let to_all = bench.ask(ModbusRequest { unit: 0, ..crate::bench::write(7, 5) });
    assert_eq!(to_all.error, field_error::TIMEOUT);
    assert_eq!(ask(&bench, 1, 3, 3), 0);
    assert_eq!(bench.ask(read(0, 1, 1)).error, field_error::BAD_REQUEST);
    assert_eq!(seen.lock().unwrap().iter().filter(|request| request[0] == 0).collect::<Vec<_>>(), [&[0, 6, 0, 7, 0, 5]]);
}

#[test]
fn a_port_that_is_not_there_is_said_and_found_when_it_comes() {
    let port = std::env::temp_dir().join(format!("plantroom-tty-{}", std::process::id()));
    let serial = |port: String, data_bits| SerialSpec { port, baud: 9_600, data_bits, parity: Parity::None, stop_bits: 1 };
    let bench = Bench::over(runtime(), LinkSpec::Serial(serial(port.display().to_string(), 8)), TIMEOUT_MS);
    bench.until(LinkState::Down);
    assert!(bench.figures().last_error.contains("no such port"), "{}", bench.figures().last_error);
    let (far, path) = terminal();
    std::os::unix::fs::symlink(path, &port).unwrap();
    std::thread::spawn(move || {
        let mut far = File::from(far);
        let (mut requests, mut buffer) = (Requests(Vec::new()), [0; 300]);
        for _ in 0..3_000 {
            match far.read(&mut buffer) {
                Ok(count) => requests.take(&buffer[..count]).iter().for_each(|r| drop(far.write_all(&right(r)))),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    });
    good_within(&bench, 10_000, 1, 0, 3);
    std::fs::remove_file(port).unwrap();
    let seven = Bench::over(runtime(), LinkSpec::Serial(serial("/dev/null".into(), 7)), TIMEOUT_MS);
    seven.until(LinkState::Down);
    assert!(seven.figures().last_error.contains("8 data bits"), "{}", seven.figures().last_error);
}
