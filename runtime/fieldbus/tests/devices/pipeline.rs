//! Some transactions on the way at once over one TCP connection.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plantroom_model::{ModbusRequest, Mono, field_error};
use plantroom_project::{ConnectionSpec, LinkSpec, TcpAddress};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::bench::{Act, Bench, TIMEOUT_MS, frame, good, read, right_or_error, runtime, spec, word, write};

/// A device that collects so many requests, and then answers them in an order of its own.
fn collecting(count: usize, order: fn(&mut Vec<Vec<u8>>)) -> Bench {
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    runtime.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut waiting = Vec::new();
                loop {
                    let mut request = vec![0; 12];
                    let longest = Duration::from_millis(if waiting.is_empty() { 60_000 } else { 40 });
                    match tokio::time::timeout(longest, stream.read_exact(&mut request)).await {
                        Ok(Ok(_)) => waiting.push(request.clone()),
                        Ok(Err(_)) => return,
                        Err(_) => request.clear(),
                    }
                    if waiting.len() == count || request.is_empty() {
                        order(&mut waiting);
                        let answers: Vec<u8> = waiting.drain(..).flat_map(|request| good(&request)).collect();
                        if stream.write_all(&answers).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    let link = LinkSpec::Tcp(TcpAddress { host: "127.0.0.1".into(), port });
    Bench::with_spec(runtime, ConnectionSpec { pipeline: 8, ..spec(link, 2_000) })
}

#[test]
fn answers_in_any_order_find_their_requests() {
    for order in [
        |_: &mut Vec<Vec<u8>>| {},
        |waiting: &mut Vec<Vec<u8>>| waiting.reverse(),
        |waiting: &mut Vec<Vec<u8>>| waiting.sort_by_key(|request| request[9] ^ 5),
    ] {
        let bench = collecting(8, order);
        bench.good_within(2_000, 0);
        for round in 0..5 {
            let start = Instant::now();
            let open: Vec<_> = (0..40).map(|i| (round * 40 + i, bench.submit(read(round * 40 + i, 3)))).collect();
            for (address, receiver) in open {
                let completion = receiver.recv_timeout(Duration::from_secs(5)).unwrap();
                right_or_error(&completion, address, 3);
                assert_eq!(completion.error, 0);
            }
            assert!(start.elapsed() < Duration::from_secs(1), "eight at a time: {:?}", start.elapsed());
        }
        assert_eq!(bench.figures().errors, 0);
    }
}

#[test]
fn one_that_is_not_answered_costs_the_others_nothing() {
    let bench = Bench::with(|_, request| if word(request, 8) == 13 { vec![] } else { vec![Act::Send(good(request))] });
    bench.good_within(1_000, 0);
    for address in 1..30 {
        let completion = bench.ask(read(address, 3));
        right_or_error(&completion, address, 3);
        assert_eq!(completion.error, if address == 13 { field_error::TIMEOUT } else { 0 });
    }
    assert_eq!(bench.figures().reconnects, 0, "one lost answer doesn't cost the connection");
}

#[test]
fn an_order_that_has_expired_never_leaves() {
    let seen: Arc<Mutex<Vec<u16>>> = Arc::default();
    let log = Arc::clone(&seen);
    let bench = Bench::with(move |_, request| {
        if request[7] == 6 {
            log.lock().unwrap().push(word(request, 8));
        }
        vec![Act::Pause(60), Act::Send(good(request))]
    });
    bench.good_within(1_000, 0);
    let busy = bench.submit(read(1, 1));
    // The bench's clock starts at one second.
    let expired = ModbusRequest { valid_until: Mono(1_000_000_001), ..write(5, 1) };
    let soon = bench.submit(expired);
    assert_eq!(soon.recv_timeout(Duration::from_secs(5)).unwrap().error, field_error::BAD_REQUEST);
    assert_eq!(busy.recv_timeout(Duration::from_secs(5)).unwrap().error, 0);
    assert_eq!(bench.ask(write(6, 1)).error, 0);
    assert_eq!(*seen.lock().unwrap(), [6]);
}

#[test]
fn ids_wrap_on_the_wire() {
    let ids: Arc<Mutex<(u32, u16)>> = Arc::default();
    let seen = Arc::clone(&ids);
    let runtime = runtime();
    let port = crate::bench::fake(
        &runtime,
        Arc::new(move |_, request: &[u8]| {
            let mut seen = seen.lock().unwrap();
            let id = word(request, 0);
            seen.0 += u32::from(id < seen.1);
            seen.1 = id;
            vec![Act::Send(good(request))]
        }),
    );
    let link = LinkSpec::Tcp(TcpAddress { host: "127.0.0.1".into(), port });
    let bench = Bench::with_spec(runtime, ConnectionSpec { pipeline: 16, ..spec(link, 5_000) });
    bench.good_within(5_000, 0);
    for _ in 0..140 {
        let open: Vec<_> = (0..500).map(|address| (address, bench.submit(read(address, 1)))).collect();
        for (address, receiver) in open {
            let completion = receiver.recv_timeout(Duration::from_secs(10)).unwrap();
            right_or_error(&completion, address, 1);
            assert_eq!(completion.error, 0, "{:?}", bench.figures());
        }
    }
    assert_eq!((ids.lock().unwrap().0, bench.figures().reconnects), (1, 0), "70,000 transactions wrap once");
}

#[test]
fn a_unit_behind_a_gateway_that_is_dead_rests_and_the_others_go_on() {
    let bench = Bench::with(|_, request| match request[6] {
        9 => vec![],
        8 => vec![Act::Send(frame(word(request, 0), 8, &[request[7] | 0x80, 11]))],
        _ => vec![Act::Send(good(request))],
    });
    bench.good_within(1_000, 0);
    let start = Instant::now();
    let mut turns = 0;
    while start.elapsed() < Duration::from_millis(1_500) {
        assert_eq!(bench.ask(ModbusRequest { unit: 9, ..read(0, 1) }).error, field_error::TIMEOUT);
        let behind = bench.ask(ModbusRequest { unit: 8, ..read(0, 1) }).error;
        assert!(behind == 11 || behind == field_error::TIMEOUT);
        let completion = bench.ask(read(turns % 100, 3));
        right_or_error(&completion, turns % 100, 3);
        assert_eq!(completion.error, 0);
        turns += 1;
    }
    let figures = bench.figures();
    assert!(turns > 200, "{turns} turns");
    assert!((3..=4).contains(&figures.timeouts), "{} time-outs of {TIMEOUT_MS} ms in 1.5 s", figures.timeouts);
    assert_eq!(figures.reconnects, 0);
}
