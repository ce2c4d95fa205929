//! Connections against devices that misbehave in every way we know, and against a well-behaved server.

mod bench;
mod change;
mod direct;
mod line;
mod pipeline;
mod server;
mod stream;

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bench::{Act, Behaviour, Bench, TIMEOUT_MS, frame, good, read, right_or_error, runtime, serve, word, write};
use plantroom_fieldbus::LinkFigures;
use plantroom_model::{ConnectionId, LinkState, ModbusRequest, field_error, limits};
use tokio::net::TcpListener;

/// A device that does right once, then wrong twice, then right for ever.
fn check(wrong: impl Fn(&[u8]) -> Vec<Act> + Send + Sync + 'static, expected_error: u16) -> LinkFigures {
    let bench = Bench::with(move |number, request| match number {
        1 | 2 => wrong(request),
        _ => vec![Act::Send(good(request))],
    });
    bench.good_within(1_000, 99);
    let first = bench.ask(read(100, 3));
    right_or_error(&first, 100, 3);
    assert_eq!(first.error, expected_error, "{}", bench.figures().last_error);
    for address in 101..110 {
        bench.good_within(2_000, address);
    }
    assert_eq!(bench.figures().state, LinkState::Up);
    bench.figures()
}

#[test]
fn silence_is_a_timeout_and_in_the_end_a_new_connection() {
    let figures = check(|_| vec![], field_error::TIMEOUT);
    assert_eq!((figures.timeouts, figures.reconnects), (2, 1));
    assert!(figures.last_error.contains("150 ms"), "{}", figures.last_error);
}

#[test]
fn a_late_answer_is_never_used() {
    let late = u64::from(TIMEOUT_MS) + 40;
    let figures = check(move |request| vec![Act::Pause(late), Act::Send(good(request))], field_error::TIMEOUT);
    assert_eq!((figures.bad_answers, figures.timeouts), (0, 2), "{figures:?}");
    assert!(figures.late_answers >= 1, "{figures:?}");
}

#[test]
fn an_answer_that_comes_twice_is_skipped() {
    let twice = |request: &[u8]| vec![Act::Send([good(request), good(request)].concat())];
    let figures = check(twice, 0);
    assert_eq!((figures.doubled_answers, figures.reconnects), (2, 0));
}

#[test]
fn the_second_half_of_a_doubled_answer_may_come_late() {
    let halves = |request: &[u8]| {
        let answer = good(request);
        let (first, second) = answer.split_at(answer.len() / 2);
        vec![Act::Send([&answer, first].concat()), Act::Pause(20), Act::Send(second.to_vec())]
    };
    check(halves, 0);
}

#[test]
fn answers_that_are_wrong_are_thrown_away_with_the_connection() {
    type Wrong = fn(&[u8]) -> Vec<u8>;
    let table: &[(&str, Wrong)] = &[
        ("another unit", |r| frame(word(r, 0), 2, &good(r)[7..])),
        ("another transaction", |r| frame(word(r, 0).wrapping_add(1), 1, &good(r)[7..])),
        ("another protocol", |r| [&r[..2], &[0, 9], &good(r)[4..]].concat()),
        ("another function", |r| frame(word(r, 0), 1, &[&[4], &good(r)[8..]].concat())),
        ("too few registers", |r| frame(word(r, 0), 1, &[3, 2, 0, 7])),
        ("too many registers", |r| frame(word(r, 0), 1, &[3, 8, 0, 1, 0, 2, 0, 3, 0, 4])),
        ("a byte count that lies", |r| frame(word(r, 0), 1, &[3, 4, 0, 1, 0, 2, 0, 3])),
        ("a length over 254", |r| [&r[..4], &[0x7F, 0xFF], &good(r)[6..]].concat()),
        ("a length of nothing", |r| [&r[..4], &[0, 0], &good(r)[6..]].concat()),
        ("an exception of another function", |r| frame(word(r, 0), 1, &[0x84, 2])),
        ("an exception without a code", |r| frame(word(r, 0), 1, &[0x83, 0])),
        ("an exception that is too long", |r| frame(word(r, 0), 1, &[0x83, 2, 0])),
        ("garbage", |_| vec![0xDE; 40]),
        ("a line of text", |_| b"220 mail.example.org ESMTP\r\n".to_vec()),
    ];
    for (name, wrong) in table {
        let wrong = *wrong;
        let figures = check(move |request| vec![Act::Send(wrong(request))], field_error::BAD_ANSWER);
        assert_eq!(figures.bad_answers, 2, "{name}: {figures:?}");
    }
}

#[test]
fn a_frame_that_stops_in_the_middle_gives_nothing() {
    let stop = |request: &[u8]| vec![Act::Send(good(request)[..11].to_vec()), Act::Close];
    check(stop, field_error::BAD_ANSWER);
    check(|request| vec![Act::Send(good(request)[..11].to_vec())], field_error::TIMEOUT);
    check(|_| vec![Act::Close], field_error::NOT_CONNECTED);
}

#[test]
fn trickled_bytes_count_against_the_time_out_as_a_whole() {
    let trickle = |pause: u64| {
        move |request: &[u8]| good(request).into_iter().flat_map(|b| [Act::Send(vec![b]), Act::Pause(pause)]).collect()
    };
    check(trickle(1), 0);
    check(trickle(40), field_error::TIMEOUT);
}

#[test]
fn bytes_that_nobody_asked_for_cost_the_connection_and_not_the_next_request() {
    let bench = Bench::with(|number, request| match number {
        0 => vec![Act::Send(good(request)), Act::Pause(30), Act::Send(frame(999, 1, &[3, 2, 0, 1]))],
        _ => vec![Act::Send(good(request))],
    });
    bench.good_within(1_000, 5);
    let start = Instant::now();
    while bench.figures().bad_answers == 0 {
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", bench.figures());
        std::thread::sleep(Duration::from_millis(5));
    }
    bench.good_within(1_000, 6);
    assert_eq!(bench.figures().reconnects, 1);
}

#[test]
fn an_exception_is_an_answer() {
    let bench = Bench::with(|_, request| vec![Act::Send(frame(word(request, 0), request[6], &[request[7] | 0x80, 2]))]);
    for _ in 0..3 {
        assert_eq!(bench.ask(read(9, 1)).error, 2);
    }
    let figures = bench.figures();
    assert_eq!((figures.exceptions, figures.errors, figures.reconnects, figures.state), (3, 3, 0, LinkState::Up));
    assert!(figures.last_error.contains("no such address"), "{}", figures.last_error);
}

#[test]
fn a_write_that_may_have_happened_is_not_called_unsent() {
    let cut = Bench::with(|number, request| if number == 1 { vec![Act::Close] } else { vec![Act::Send(good(request))] });
    cut.good_within(1_000, 1);
    assert_eq!(cut.ask(write(3, 9)).error, field_error::TIMEOUT);
    cut.good_within(1_000, 1);
    let other = Bench::with(|number, request| match number {
        1 => vec![Act::Send(frame(word(request, 0), 1, &[6, 0, 3, 0, 8]))],
        _ => vec![Act::Send(good(request))],
    });
    other.good_within(1_000, 1);
    assert_eq!(other.ask(write(3, 9)).error, field_error::BAD_ANSWER, "the device has written another value");
    assert_eq!(other.figures().bad_answers, 1);
}

#[test]
fn writes_go_before_reads_and_both_in_order() {
    let seen: Arc<Mutex<Vec<(u8, u16)>>> = Arc::default();
    let log = Arc::clone(&seen);
    let bench = Bench::with(move |_, request| {
        log.lock().unwrap().push((request[7], word(request, 8)));
        vec![Act::Pause(30), Act::Send(good(request))]
    });
    bench.good_within(1_000, 0);
    let open: Vec<_> = [read(1, 1), read(2, 1), write(3, 1), read(4, 1), write(5, 1)].map(|r| bench.submit(r)).into();
    for receiver in open {
        assert_eq!(receiver.recv_timeout(Duration::from_secs(5)).unwrap().error, 0);
    }
    let seen = seen.lock().unwrap();
    // The first read may already be on the wire when the writes arrive.
    let writes: Vec<usize> = (0..seen.len()).filter(|i| seen[*i].0 == 6).collect();
    assert!(writes[1] <= 3 && seen[writes[0]].1 == 3 && seen[writes[1]].1 == 5, "{seen:?}");
    let reads: Vec<u16> = seen.iter().filter(|s| s.0 == 3).map(|s| s.1).collect();
    assert_eq!(reads, [0, 1, 2, 4]);
}

#[test]
fn what_waits_when_a_link_goes_is_ended_and_never_sent() {
    let seen: Arc<Mutex<Vec<u16>>> = Arc::default();
    let log = Arc::clone(&seen);
    let bench = Bench::with(move |number, request| {
        log.lock().unwrap().push(word(request, 8));
        if number == 1 { vec![Act::Pause(50), Act::Close] } else { vec![Act::Send(good(request))] }
    });
    bench.good_within(1_000, 0);
    let open: Vec<_> = [read(1, 1), read(2, 1), write(3, 1)].map(|r| bench.submit(r)).into();
    let mut errors: Vec<u16> = open.iter().map(|r| r.recv_timeout(Duration::from_secs(5)).unwrap().error).collect();
    errors.sort_unstable();
    assert_eq!(errors, [field_error::NOT_CONNECTED; 3]);
    bench.good_within(1_000, 40);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|a| (1..=3).contains(*a)).count(), 1, "{seen:?}");
}

#[test]
fn the_queue_is_bounded() {
    let silent = |number, request: &[u8]| if number == 0 { vec![Act::Send(good(request))] } else { vec![] };
    let bench = Bench::patient(60_000, silent);
    bench.good_within(10_000, 0);
    let open: Vec<_> = (0..limits::OPEN_TRANSACTIONS + 5).map(|_| bench.submit(read(1, 1))).collect();
    let full = open.iter().filter_map(|r| r.try_recv().ok()).filter(|c| c.error == field_error::QUEUE_FULL).count();
    assert_eq!((full, bench.figures().open), (5, limits::OPEN_TRANSACTIONS));
}

#[test]
fn while_a_device_refuses_requests_end_at_once_and_it_is_found_again() {
    let runtime = runtime();
    let port = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap().local_addr().unwrap().port();
    let bench = Bench::new(port);
    let start = Instant::now();
    while bench.figures().state != LinkState::Down {
        assert!(start.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(5));
    }
    let start = Instant::now();
    assert_eq!(bench.ask(read(0, 1)).error, field_error::NOT_CONNECTED);
    assert_eq!(bench.ask(write(0, 1)).error, field_error::NOT_CONNECTED);
    assert!(start.elapsed() < Duration::from_millis(50), "{:?}", start.elapsed());
    assert!(bench.figures().last_error.contains("refuses"), "{}", bench.figures().last_error);
    let listener = bench.runtime.block_on(TcpListener::bind(("127.0.0.1", port))).unwrap();
    bench.runtime.spawn(async move {
        let behaviour: Behaviour = Arc::new(|_, request| vec![Act::Send(good(request))]);
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&behaviour), Arc::default()));
        }
    });
    bench.good_within(6_000, 4);
    assert_eq!(*bench.states.lock().unwrap(), [LinkState::Connecting, LinkState::Down, LinkState::Up]);
}

#[test]
fn requests_that_break_the_protocol_are_not_sent() {
    let bench = Bench::with(|_, request| vec![Act::Send(good(request))]);
    for request in [read(0, 126), read(0, 0), read(65535, 2), ModbusRequest { function: 99, ..read(0, 1) }] {
        assert_eq!(bench.ask(request).error, field_error::BAD_REQUEST);
    }
    assert_eq!(bench.figures().transactions, 0);
    let (send, receive) = channel();
    bench.bus.transact(ConnectionId(7), read(0, 1), Box::new(move |c| send.send(c.error).unwrap()));
    assert_eq!(receive.recv().unwrap(), field_error::BAD_REQUEST);
}

#[test]
fn stopping_ends_what_is_open() {
    let silent = |number, request: &[u8]| if number == 0 { vec![Act::Send(good(request))] } else { vec![] };
    let bench = Bench::patient(60_000, silent);
    bench.good_within(10_000, 0);
    let open: Vec<_> = [write(1, 1), read(2, 1)].map(|r| bench.submit(r)).into();
    while bench.figures().transactions < 2 {
        std::thread::yield_now();
    }
    bench.bus.stop();
    let errors: Vec<u16> = open.iter().map(|r| r.recv_timeout(Duration::from_secs(5)).unwrap().error).collect();
    assert_eq!(errors, [field_error::TIMEOUT, field_error::NOT_CONNECTED]);
}
