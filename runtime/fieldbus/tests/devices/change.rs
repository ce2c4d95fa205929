//! Connections that change while they work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use plantroom_fieldbus::Fieldbus;
use plantroom_model::{ConnectionId, Mono, Now, Utc, field_error};
use plantroom_project::{ConnectionSpec, LinkSpec, TcpAddress};

use crate::bench::{Act, Bench, fake, good, read, right_or_error, runtime, spec, write};

fn to(port: u16, name: &str) -> ConnectionSpec {
    ConnectionSpec { name: name.into(), ..spec(LinkSpec::Tcp(TcpAddress { host: "127.0.0.1".into(), port }), 2_000) }
}

fn ask(bus: &Fieldbus, connection: u32, address: u16) -> u16 {
    let (send, receive) = std::sync::mpsc::channel();
    bus.transact(ConnectionId(connection), read(address, 3), Box::new(move |completion| drop(send.send(completion))));
    let completion = receive.recv_timeout(Duration::from_secs(10)).unwrap();
    right_or_error(&completion, address, 3);
    completion.error
}

fn good_soon(bus: &Fieldbus, connection: u32) {
    for _ in 0..300 {
        if ask(bus, connection, 1) == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no good answer: {:?}", bus.figures(ConnectionId(connection)));
}

fn ids(numbers: &[u32]) -> Vec<ConnectionId> {
    numbers.iter().copied().map(ConnectionId).collect()
}

#[test]
fn what_stays_the_same_loses_nothing_while_others_come_and_go() {
    let runtime = runtime();
    let ports: Vec<u16> = (0..3).map(|_| fake(&runtime, Arc::new(|_, r| vec![Act::Pause(2), Act::Send(good(r))]))).collect();
    let now = || Now { mono: Mono(1), utc: Utc(1) };
    let start = [to(ports[0], "a"), to(ports[1], "b")];
    let bus = Arc::new(Fieldbus::start(runtime.handle(), &start, Arc::new(now), Arc::new(|_, _| {})));
    good_soon(&bus, 0);
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let polls = {
        let (bus, stop, count) = (Arc::clone(&bus), Arc::clone(&stop), Arc::clone(&count));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(ask(&bus, 0, count.fetch_add(1, Ordering::Relaxed) as u16), 0, "a poll of the unchanged connection");
            }
        })
    };
    let slower = ConnectionSpec { timeout_ms: 1_500, pipeline: 4, ..to(ports[0], "a") };
    let gone = to(0, "");
    for _ in 0..5 {
        let applied = bus.apply(&[slower.clone(), to(ports[2], "b"), to(ports[1], "c")]);
        assert_eq!((applied.kept, applied.replaced, applied.added), (ids(&[0]), ids(&[1]), ids(&[2])));
        good_soon(&bus, 1);
        good_soon(&bus, 2);
        std::thread::sleep(Duration::from_millis(40));
        let applied = bus.apply(&[to(ports[0], "a"), gone.clone(), to(ports[1], "c")]);
        assert_eq!((applied.kept, applied.removed), (ids(&[0, 2]), ids(&[1])));
        assert_eq!(ask(&bus, 1, 1), field_error::BAD_REQUEST);
        assert!(bus.figures(ConnectionId(1)).is_none());
        let applied = bus.apply(&[to(ports[0], "a"), to(ports[1], "b")]);
        assert_eq!((applied.kept, applied.added, applied.removed), (ids(&[0]), ids(&[1]), ids(&[2])));
    }
    stop.store(true, Ordering::Relaxed);
    polls.join().unwrap();
    let figures = bus.figures(ConnectionId(0)).unwrap();
    assert_eq!((figures.errors, figures.reconnects), (0, 0), "{figures:?}");
    assert!(count.load(Ordering::Relaxed) > 20);
}

#[test]
fn what_is_replaced_ends_what_is_open() {
    let silent = |number, request: &[u8]| if number == 0 { vec![Act::Send(good(request))] } else { vec![] };
    let bench = Bench::patient(60_000, silent);
    bench.good_within(10_000, 0);
    let open: Vec<_> = [write(1, 1), read(2, 1)].map(|r| bench.submit(r)).into();
    while bench.figures().transactions < 2 {
        std::thread::yield_now();
    }
    bench.bus.apply(&[]);
    let errors: Vec<u16> = open.iter().map(|r| r.recv_timeout(Duration::from_secs(5)).unwrap().error).collect();
    assert_eq!(errors, [field_error::TIMEOUT, field_error::NOT_CONNECTED]);
}
