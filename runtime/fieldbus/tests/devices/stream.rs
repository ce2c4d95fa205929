//! Connections that carry bytes, against devices that take their time, close, flood and take nothing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plantroom_fieldbus::Fieldbus;
use plantroom_model::{LinkState, Mono, STREAM_BYTES, StreamEvent, StreamLine, stream_cost};
use plantroom_project::{ConnectionSpec, LinkSpec, StreamSpec, TcpAddress};

use crate::bench::{Bench, LINK, runtime, spec};
use crate::line::terminal;

const LONGEST: Duration = Duration::from_secs(10);

/// Somebody who holds a stream and hears what happens on it.
struct Held {
    line: Option<Box<dyn StreamLine>>,
    events: Receiver<StreamEvent>,
}

impl Held {
    fn on(bus: &Fieldbus) -> Self {
        let (send, events) = channel();
        let send = Mutex::new(send);
        let ear = Arc::new(move |event, _| drop(send.lock().unwrap().send(event)));
        Self { line: bus.attach(LINK, ear), events }
    }

    fn line(&self) -> &dyn StreamLine {
        self.line.as_deref().expect("it carries bytes")
    }

    fn next(&self) -> StreamEvent {
        self.events.recv_timeout(LONGEST).expect("something happens")
    }

    fn opened(&self) -> u64 {
        match self.next() {
            StreamEvent::Opened { session } => session,
            other => panic!("{other:?} instead of a session"),
        }
    }

    fn closed(&self) -> (u64, String) {
        match self.next() {
            StreamEvent::Closed { session, reason } => (session, reason),
            other => panic!("{other:?} instead of an end"),
        }
    }

    /// So many bytes, in as many pieces as they come.
    fn bytes(&self, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < count {
            match self.next() {
                StreamEvent::Bytes { bytes, .. } => {
                    self.line().taken(stream_cost(bytes.len()));
                    all.extend(bytes);
                }
                other => panic!("{other:?} after {} bytes", all.len()),
            }
        }
        all
    }
}

fn at(address: std::net::SocketAddr) -> TcpAddress {
    TcpAddress { host: "127.0.0.1".into(), port: address.port() }
}

fn over(stream: StreamSpec) -> ConnectionSpec {
    spec(LinkSpec::Stream(stream), 2_000)
}

/// A bench with a stream to a listener of ours.
fn tcp() -> (Bench, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let bench = Bench::with_spec(runtime(), over(StreamSpec::Tcp(at(listener.local_addr().unwrap()))));
    (bench, listener)
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (device, _) = listener.accept().unwrap();
    device.set_read_timeout(Some(LONGEST)).unwrap();
    device
}

fn heard(device: &mut impl Read, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    device.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn bytes_go_both_ways_and_are_counted() {
    let (bench, listener) = tcp();
    let held = Held::on(&bench.bus);
    let mut device = accept(&listener);
    let session = held.opened();
    assert_eq!((session, bench.figures().state), (1, LinkState::Up));
    held.line().send(session, b"who are you".to_vec(), Mono(0));
    assert_eq!(heard(&mut device, 11), b"who are you");
    device.write_all(b"a press").unwrap();
    assert_eq!(held.bytes(7), b"a press");
    let figures = bench.figures();
    assert_eq!((figures.bytes_out, figures.bytes_in, figures.reconnects), (11, 7, 0));
}

#[test]
fn a_device_that_hangs_up_is_called_again_and_nothing_is_carried_over() {
    let (bench, listener) = tcp();
    let held = Held::on(&bench.bus);
    let device = accept(&listener);
    let first = held.opened();
    drop(device);
    let (session, reason) = held.closed();
    assert_eq!(session, first);
    assert!(reason.contains("closed the connection"), "{reason}");
    held.line().send(first, b"too late".to_vec(), Mono(0));
    let mut device = accept(&listener);
    let second = held.opened();
    assert_eq!(second, first + 1);
    held.line().send(first, b"of the session before".to_vec(), Mono(0));
    held.line().send(second, b"new".to_vec(), Mono(0));
    assert_eq!(heard(&mut device, 3), b"new");
    assert_eq!(bench.figures().reconnects, 1);
}

#[test]
fn where_nobody_listens_the_reason_is_told_and_it_is_tried_again() {
    let (bench, listener) = tcp();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let held = Held::on(&bench.bus);
    let (session, reason) = held.closed();
    assert_eq!(session, 0);
    assert!(reason.contains("refuses the connection") && !reason.contains("Modbus"), "{reason}");
    bench.until(LinkState::Down);
    let listener = TcpListener::bind(address).unwrap();
    let _device = accept(&listener);
    while !matches!(held.next(), StreamEvent::Opened { .. }) {}
    bench.until(LinkState::Up);
}

#[test]
fn whoever_takes_nothing_holds_back_the_device_and_loses_nothing() {
    const ALL: usize = 8 << 20;
    let (bench, listener) = tcp();
    let held = Held::on(&bench.bus);
    let mut device = accept(&listener);
    held.opened();
    let sender = std::thread::spawn(move || {
        let flood: Vec<u8> = (0..ALL).map(|i| (i % 251) as u8).collect();
        device.write_all(&flood).map(|()| device)
    });
    let (mut all, mut untaken) = (Vec::new(), 0);
    while let Ok(StreamEvent::Bytes { bytes, .. }) = held.events.recv_timeout(Duration::from_millis(300)) {
        untaken += stream_cost(bytes.len());
        all.extend(bytes);
    }
    assert!((STREAM_BYTES..=STREAM_BYTES + stream_cost(0)).contains(&untaken), "{untaken}: so much waits, and no more");
    held.line().taken(untaken);
    all.extend(held.bytes(ALL - all.len()));
    assert!(all.len() == ALL && all.iter().enumerate().all(|(i, byte)| *byte == (i % 251) as u8));
    drop(sender.join().unwrap().unwrap());
}

#[test]
fn a_device_that_takes_nothing_fills_the_room_which_is_told_when_it_is_free_again() {
    let (bench, listener) = tcp();
    let held = Held::on(&bench.bus);
    let mut device = accept(&listener);
    let session = held.opened();
    let mut sent = 0;
    // What the two sockets hold is the system's.
    while held.line().waiting() < STREAM_BYTES {
        held.line().send(session, vec![7; 64 << 10], Mono(0));
        sent += 64 << 10;
        assert!(sent < 256 << 20, "it never fills");
        std::thread::sleep(Duration::from_millis(1));
    }
    held.line().call_for_room();
    assert!(held.events.recv_timeout(Duration::from_millis(100)).is_err(), "there is none");
    // A device that takes nothing can still say something.
    device.write_all(b"!").unwrap();
    assert_eq!(held.bytes(1), b"!");
    assert_eq!(heard(&mut device, sent).len(), sent);
    assert_eq!(held.next(), StreamEvent::Room { session });
    assert!(held.line().waiting() <= STREAM_BYTES / 2);
}

#[test]
fn what_has_expired_does_not_leave() {
    let (bench, listener) = tcp();
    let held = Held::on(&bench.bus);
    let mut device = accept(&listener);
    let session = held.opened();
    held.line().send(session, b"open the valve".to_vec(), Mono(1));
    held.line().send(session, b"next".to_vec(), Mono(u64::MAX));
    assert_eq!(heard(&mut device, 4), b"next");
}

#[test]
fn a_session_that_its_holder_ends_is_followed_by_another() {
    let (bench, listener) = tcp();
    let held = Held::on(&bench.bus);
    let mut device = accept(&listener);
    let session = held.opened();
    held.line().close(session + 1, "another one");
    held.line().close(session, "its answer made no sense");
    assert_eq!(held.closed(), (session, "its answer made no sense".to_owned()));
    assert_eq!(device.read(&mut [0]).unwrap(), 0, "the device is told");
    let _device = accept(&listener);
    assert_eq!(held.opened(), session + 1);
    assert_eq!(bench.figures().last_error, "its answer made no sense");
}

#[test]
fn letting_go_closes_and_the_next_holder_begins_anew() {
    let (bench, listener) = tcp();
    let first = Held::on(&bench.bus);
    let mut device = accept(&listener);
    first.opened();
    let second = Held::on(&bench.bus);
    assert_eq!(device.read(&mut [0]).unwrap(), 0);
    let mut device = accept(&listener);
    let session = second.opened();
    drop(first);
    second.line().send(session, b"still here".to_vec(), Mono(0));
    assert_eq!(heard(&mut device, 10), b"still here");
    drop(second);
    assert_eq!(device.read(&mut [0]).unwrap(), 0);
    bench.until(LinkState::Down);
}

#[test]
fn a_stream_that_is_led_elsewhere_stays_in_the_same_hands() {
    let (bench, listener) = tcp();
    let held = Held::on(&bench.bus);
    let _device = accept(&listener);
    let session = held.opened();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let applied = bench.bus.apply(&[over(StreamSpec::Tcp(at(other.local_addr().unwrap())))]);
    assert_eq!(applied.replaced, [LINK]);
    assert_eq!(held.closed().0, session);
    let mut device = accept(&other);
    let session = held.opened();
    held.line().send(session, b"here".to_vec(), Mono(0));
    assert_eq!(heard(&mut device, 4), b"here");
    assert_eq!(bench.bus.apply(&[]).removed, [LINK]);
    assert_eq!(held.closed().0, session);
    assert!(Held::on(&bench.bus).line.is_none());
}

#[test]
fn datagrams_stay_whole_and_only_the_device_is_heard() {
    let device = UdpSocket::bind("127.0.0.1:0").unwrap();
    device.set_read_timeout(Some(LONGEST)).unwrap();
    let bench = Bench::with_spec(runtime(), over(StreamSpec::Udp(at(device.local_addr().unwrap()))));
    let held = Held::on(&bench.bus);
    let session = held.opened();
    assert_eq!(bench.figures().state, LinkState::Connecting, "nobody has answered");
    held.line().send(session, vec![1; 3], Mono(0));
    held.line().send(session, vec![2; 2_000], Mono(0));
    let mut buffer = [0; 4_096];
    let (count, from) = device.recv_from(&mut buffer).unwrap();
    assert_eq!(count, 3);
    assert_eq!(device.recv_from(&mut buffer).unwrap().0, 2_000);
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"forged", from).unwrap();
    device.send_to(b"one", from).unwrap();
    device.send_to(b"two", from).unwrap();
    for expected in [b"one", b"two"] {
        assert_eq!(held.next(), StreamEvent::Bytes { session, bytes: expected.to_vec() });
    }
    bench.until(LinkState::Up);
}

#[test]
fn a_serial_port_carries_bytes() {
    use plantroom_project::{Parity, SerialSpec};
    let (far, port) = terminal();
    let mut far = std::fs::File::from(far);
    let line = SerialSpec { port, baud: 9_600, data_bits: 7, parity: Parity::Even, stop_bits: 1 };
    let bench = Bench::with_spec(runtime(), over(StreamSpec::Serial(line)));
    let held = Held::on(&bench.bus);
    let session = held.opened();
    held.line().send(session, b"/?!\r\n".to_vec(), Mono(0));
    assert_eq!(heard(&mut far, 5), b"/?!\r\n");
    far.write_all(b"/ACME\r\n").unwrap();
    assert_eq!(held.bytes(7), b"/ACME\r\n");
}

#[test]
fn a_line_of_transactions_carries_no_bytes() {
    let bench = Bench::with(|_, _| Vec::new());
    assert!(Held::on(&bench.bus).line.is_none());
}
