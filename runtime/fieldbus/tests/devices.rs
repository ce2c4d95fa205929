//! Connections against devices that misbehave in every way we know, and against a well-behaved server.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plantroom_fieldbus::{Fieldbus, LinkFigures};
use plantroom_model::{ConnectionId, LinkState, ModbusCompletion, ModbusRequest, PluginId, Utc, field_error, limits};
use plantroom_project::{ConnectionSpec, TcpAddress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

const TIMEOUT_MS: u32 = 150;
const LINK: ConnectionId = ConnectionId(0);

/// One thing that a fake device does with a request.
enum Act {
    Send(Vec<u8>),
    Pause(u64),
    Close,
}

type Behaviour = Arc<dyn Fn(u32, &[u8]) -> Vec<Act> + Send + Sync>;

/// A fieldbus with one connection, to whatever listens on a port.
struct Bench {
    runtime: Runtime,
    bus: Fieldbus,
    states: Arc<Mutex<Vec<LinkState>>>,
}

impl Bench {
    fn new(port: u16) -> Self {
        let runtime = runtime();
        Self::on(runtime, "localhost", port)
    }

    fn on(runtime: Runtime, host: &str, port: u16) -> Self {
        let states: Arc<Mutex<Vec<LinkState>>> = Arc::default();
        let seen = Arc::clone(&states);
        let spec = ConnectionSpec {
            name: "plc".into(),
            driver: PluginId(0),
            tcp: TcpAddress { host: host.into(), port },
            timeout_ms: TIMEOUT_MS,
            device: serde_json::Value::Null,
        };
        let start = Instant::now();
        let utc = move || Utc(start.elapsed().as_nanos() as i64);
        let on_link = move |_, state| seen.lock().unwrap().push(state);
        let bus = Fieldbus::start(runtime.handle(), &[spec], Arc::new(utc), Arc::new(on_link));
        Self { runtime, bus, states }
    }

    /// A fake device, and a connection to it.
    fn with(behaviour: impl Fn(u32, &[u8]) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let runtime = runtime();
        let port = fake(&runtime, Arc::new(behaviour));
        Self::on(runtime, "127.0.0.1", port)
    }

    fn submit(&self, request: ModbusRequest) -> Receiver<ModbusCompletion> {
        let (send, receive) = channel();
        self.bus.transact(LINK, request, Box::new(move |completion| send.send(completion).unwrap()));
        receive
    }

    fn ask(&self, request: ModbusRequest) -> ModbusCompletion {
        self.submit(request).recv_timeout(Duration::from_secs(10)).expect("every request is completed")
    }

    fn figures(&self) -> LinkFigures {
        self.bus.figures(LINK).unwrap()
    }

    /// Asks until a good answer comes; every answer on the way must be an error or right.
    fn good_within(&self, ms: u64, address: u16) {
        let start = Instant::now();
        loop {
            let completion = self.ask(read(address, 3));
            right_or_error(&completion, address, 3);
            if completion.error == 0 {
                return;
            }
            assert!(start.elapsed() < Duration::from_millis(ms), "no good answer in time: {:?}", self.figures());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Serves each connection with a behaviour, which is told the number of the request since the start.
fn fake(runtime: &Runtime, behaviour: Behaviour) -> u16 {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(Mutex::new(0));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&behaviour), Arc::clone(&count)));
        }
    });
    port
}

async fn serve(mut stream: TcpStream, behaviour: Behaviour, count: Arc<Mutex<u32>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let mut frame = vec![0; 6];
        stream.read_exact(&mut frame).await?;
        let mut body = vec![0; usize::from(word(&frame, 4))];
        stream.read_exact(&mut body).await?;
        frame.extend(body);
        let number = {
            let mut count = count.lock().unwrap();
            *count += 1;
            *count - 1
        };
        for act in behaviour(number, &frame) {
            match act {
                Act::Send(bytes) => stream.write_all(&bytes).await?,
                Act::Pause(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Act::Close => return Ok(()),
            }
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// What the devices of these tests hold at an address.
fn truth(unit: u8, address: u16) -> u16 {
    address.wrapping_mul(7).wrapping_add(u16::from(unit) << 12)
}

fn frame(id: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in [id, 0, pdu.len() as u16 + 1] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.push(unit);
    bytes.extend(pdu);
    bytes
}

/// The right answer to a request.
fn good(request: &[u8]) -> Vec<u8> {
    let (id, unit, function, address, count) = (word(request, 0), request[6], request[7], word(request, 8), word(request, 10));
    let pdu = match function {
        3 => {
            let mut pdu = vec![3, count as u8 * 2];
            (0..count).for_each(|i| pdu.extend(truth(unit, address + i).to_be_bytes()));
            pdu
        }
        _ => request[7..12].to_vec(),
    };
    frame(id, unit, &pdu)
}

fn read(address: u16, count: u16) -> ModbusRequest {
    ModbusRequest { unit: 1, function: 3, address, count, data: vec![], timeout_ms: 0 }
}

fn write(address: u16, value: u16) -> ModbusRequest {
    ModbusRequest { unit: 1, function: 6, address, count: 0, data: vec![value], timeout_ms: 0 }
}

fn right_or_error(completion: &ModbusCompletion, address: u16, count: u16) {
    let expected: Vec<u16> = (0..count).map(|i| truth(1, address + i)).collect();
    match completion.error {
        0 => assert_eq!(completion.data, expected, "a value of another request or device"),
        _ => assert_eq!(completion.data, Vec::<u16>::new()),
    }
}

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
fn silence_is_a_timeout_and_a_new_connection() {
    let figures = check(|_| vec![], field_error::TIMEOUT);
    assert_eq!((figures.timeouts, figures.reconnects), (2, 2));
    assert!(figures.last_error.contains("150 ms"), "{}", figures.last_error);
}

#[test]
fn a_late_answer_is_never_used() {
    let late = u64::from(TIMEOUT_MS) + 40;
    let figures = check(move |request| vec![Act::Pause(late), Act::Send(good(request))], field_error::TIMEOUT);
    assert_eq!(figures.bad_answers, 0, "it arrives on a connection that is gone");
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
        if number == 1 { vec![] } else { vec![Act::Send(good(request))] }
    });
    bench.good_within(1_000, 0);
    let open: Vec<_> = [read(1, 1), read(2, 1), write(3, 1)].map(|r| bench.submit(r)).into();
    let mut errors: Vec<u16> = open.iter().map(|r| r.recv_timeout(Duration::from_secs(5)).unwrap().error).collect();
    errors.sort_unstable();
    assert_eq!(errors, [field_error::TIMEOUT, field_error::NOT_CONNECTED, field_error::NOT_CONNECTED]);
    bench.good_within(1_000, 40);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|a| (1..=3).contains(*a)).count(), 1, "{seen:?}");
}

#[test]
fn the_queue_is_bounded() {
    let bench = Bench::with(|number, request| if number == 0 { vec![Act::Send(good(request))] } else { vec![] });
    bench.good_within(1_000, 0);
    let open: Vec<_> = (0..limits::OPEN_TRANSACTIONS + 5).map(|_| bench.submit(read(1, 1))).collect();
    let errors: Vec<u16> = open.iter().map(|r| r.recv_timeout(Duration::from_secs(5)).unwrap().error).collect();
    assert_eq!(errors.iter().filter(|e| **e == field_error::QUEUE_FULL).count(), 5);
    assert_eq!(errors.iter().filter(|e| **e == field_error::TIMEOUT).count(), 1);
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
    let bench = Bench::with(|number, request| if number == 0 { vec![Act::Send(good(request))] } else { vec![] });
    bench.good_within(1_000, 0);
    let open: Vec<_> = [write(1, 1), read(2, 1)].map(|r| bench.submit(r)).into();
    while bench.figures().transactions < 2 {
        std::thread::yield_now();
    }
    bench.bus.stop();
    let errors: Vec<u16> = open.iter().map(|r| r.recv_timeout(Duration::from_secs(5)).unwrap().error).collect();
    assert_eq!(errors, [field_error::TIMEOUT, field_error::NOT_CONNECTED]);
}

mod server {
    //! A tokio-modbus server with 200 of everything.

    use super::*;
    use std::future::{Ready, ready};
    use tokio_modbus::server::Service;
    use tokio_modbus::server::tcp::{Server, accept_tcp_connection};
    use tokio_modbus::{ExceptionCode, Request, Response};

    struct Device(Mutex<(Vec<bool>, Vec<u16>)>);

    impl Service for Device {
        type Request = Request<'static>;
        type Response = Response;
        type Exception = ExceptionCode;
        type Future = Ready<Result<Response, ExceptionCode>>;

        fn call(&self, request: Self::Request) -> Self::Future {
            ready(self.answer(request).ok_or(ExceptionCode::IllegalDataAddress))
        }
    }

    impl Device {
        fn answer(&self, request: Request<'static>) -> Option<Response> {
            let (coils, words) = &mut *self.0.lock().unwrap();
            let span = |a: u16, n: usize| usize::from(a)..usize::from(a) + n;
            Some(match request {
                Request::ReadCoils(a, n) => Response::ReadCoils(coils.get(span(a, n.into()))?.to_vec()),
                Request::ReadDiscreteInputs(a, n) => Response::ReadDiscreteInputs(coils.get(span(a, n.into()))?.to_vec()),
                Request::ReadHoldingRegisters(a, n) => Response::ReadHoldingRegisters(words.get(span(a, n.into()))?.to_vec()),
                Request::ReadInputRegisters(a, n) => Response::ReadInputRegisters(words.get(span(a, n.into()))?.to_vec()),
                Request::WriteSingleCoil(a, v) => {
                    *coils.get_mut(usize::from(a))? = v;
                    Response::WriteSingleCoil(a, v)
                }
                Request::WriteSingleRegister(a, v) => {
                    *words.get_mut(usize::from(a))? = v;
                    Response::WriteSingleRegister(a, v)
                }
                Request::WriteMultipleCoils(a, v) => {
                    coils.get_mut(span(a, v.len()))?.copy_from_slice(&v);
                    Response::WriteMultipleCoils(a, v.len() as u16)
                }
                Request::WriteMultipleRegisters(a, v) => {
                    words.get_mut(span(a, v.len()))?.copy_from_slice(&v);
                    Response::WriteMultipleRegisters(a, v.len() as u16)
                }
                Request::MaskWriteRegister(a, and, or) => {
                    let word = words.get_mut(usize::from(a))?;
                    *word = (*word & and) | (or & !and);
                    Response::MaskWriteRegister(a, and, or)
                }
                Request::ReadWriteMultipleRegisters(a, n, to, v) => {
                    words.get_mut(span(to, v.len()))?.copy_from_slice(&v);
                    Response::ReadWriteMultipleRegisters(words.get(span(a, n.into()))?.to_vec())
                }
                _ => return None,
            })
        }
    }

    #[test]
    fn every_function_works_against_a_server() {
        let runtime = runtime();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let device = Arc::new(Device(Mutex::new((vec![false; 200], (0..200).collect()))));
        runtime.spawn(async move {
            let accept = |stream, address| {
                let device = Arc::clone(&device);
                async move { accept_tcp_connection(stream, address, |_| Ok(Some(Arc::clone(&device)))) }
            };
            Server::new(listener).serve(&accept, |_| {}).await
        });
        let bench = Bench::on(runtime, "localhost", port);
        let ask = |function, address, count, data: &[u16]| {
            let request = ModbusRequest { unit: 17, function, address, count, data: data.to_vec(), timeout_ms: 0 };
            let completion = bench.ask(request);
            (completion.error, completion.data)
        };
        assert_eq!(ask(3, 10, 3, &[]), (0, vec![10, 11, 12]));
        assert_eq!(ask(4, 0, 125, &[]), (0, (0..125).collect()));
        assert_eq!(ask(5, 3, 0, &[1]), (0, vec![]));
        assert_eq!(ask(15, 5, 0, &[1, 0, 1]), (0, vec![]));
        assert_eq!(ask(1, 2, 7, &[]), (0, vec![0, 1, 0, 1, 0, 1, 0]));
        assert_eq!(ask(2, 3, 1, &[]), (0, vec![1]));
        assert_eq!(ask(6, 7, 0, &[0xABCD]), (0, vec![]));
        assert_eq!(ask(16, 8, 0, &[1, 2, 3]), (0, vec![]));
        assert_eq!(ask(22, 8, 0, &[0xFFFE, 0x0010]), (0, vec![]));
        assert_eq!(ask(23, 7, 5, &[11, 99]), (0, vec![0xABCD, 0, 2, 3, 99]));
        assert_eq!(ask(3, 190, 20, &[]), (2, vec![]));
        assert_eq!(bench.figures().reconnects, 0);
    }
}
