//! A fieldbus with one connection, and devices to connect it to.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use plantroom_fieldbus::{Fieldbus, LinkFigures};
use plantroom_model::{ConnectionId, LinkState, ModbusCompletion, ModbusRequest, PluginId, Utc};
use plantroom_project::{ConnectionSpec, LinkSpec, TcpAddress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

pub const TIMEOUT_MS: u32 = 150;
pub const LINK: ConnectionId = ConnectionId(0);

/// One thing that a fake device does with a request.
pub enum Act {
    Send(Vec<u8>),
    Pause(u64),
    Close,
}

pub type Behaviour = Arc<dyn Fn(u32, &[u8]) -> Vec<Act> + Send + Sync>;

/// A fieldbus with one connection, to whatever listens on a port.
pub struct Bench {
    pub runtime: Runtime,
    pub bus: Fieldbus,
    pub states: Arc<Mutex<Vec<LinkState>>>,
}

impl Bench {
    pub fn new(port: u16) -> Self {
        let runtime = runtime();
        Self::on(runtime, "localhost", port, TIMEOUT_MS)
    }

    pub fn on(runtime: Runtime, host: &str, port: u16, timeout_ms: u32) -> Self {
        Self::over(runtime, LinkSpec::Tcp(TcpAddress { host: host.into(), port }), timeout_ms)
    }

    pub fn over(runtime: Runtime, link: LinkSpec, timeout_ms: u32) -> Self {
        Self::with_spec(runtime, spec(link, timeout_ms))
    }

    pub fn with_spec(runtime: Runtime, spec: ConnectionSpec) -> Self {
        let states: Arc<Mutex<Vec<LinkState>>> = Arc::default();
        let seen = Arc::clone(&states);
        let start = Instant::now();
        let now = move || {
            let since = start.elapsed().as_nanos();
            plantroom_model::Now { mono: plantroom_model::Mono(1_000_000_000 + since as u64), utc: Utc(since as i64) }
        };
        let on_link = move |_, state| seen.lock().unwrap().push(state);
        let bus = Fieldbus::start_on_own_thread(&[spec], Arc::new(now), Arc::new(on_link)).expect("a thread");
        Self { runtime, bus, states }
    }

    /// A fake device, and a connection to it.
    pub fn with(behaviour: impl Fn(u32, &[u8]) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::patient(TIMEOUT_MS, behaviour)
    }

    /// The same, with a time-out of its own.
    pub fn patient(timeout_ms: u32, behaviour: impl Fn(u32, &[u8]) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let runtime = runtime();
        let port = fake(&runtime, Arc::new(behaviour));
        Self::on(runtime, "127.0.0.1", port, timeout_ms)
    }

    pub fn submit(&self, request: ModbusRequest) -> Receiver<ModbusCompletion> {
        let (send, receive) = channel();
        // A test that has ended doesn't listen any more.
        self.bus.transact(LINK, request, Box::new(move |completion| drop(send.send(completion))));
        receive
    }

    pub fn ask(&self, request: ModbusRequest) -> ModbusCompletion {
        self.submit(request).recv_timeout(Duration::from_secs(10)).expect("every request is completed")
    }

    pub fn figures(&self) -> LinkFigures {
        self.bus.figures(LINK).unwrap()
    }

    pub fn until(&self, state: LinkState) {
        let start = Instant::now();
        while self.figures().state != state {
            assert!(start.elapsed() < Duration::from_secs(5), "never {state:?}: {:?}", self.figures());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks until a good answer comes; every answer on the way must be an error or right.
    pub fn good_within(&self, ms: u64, address: u16) {
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

/// A connection with defaults.
pub fn spec(link: LinkSpec, timeout_ms: u32) -> ConnectionSpec {
    ConnectionSpec {
        name: "plc".into(),
        driver: PluginId(0),
        link,
        pipeline: 1,
        quiet_ms: 0,
        devices: Vec::new(),
        timeout_ms,
        device: serde_json::Value::Null,
    }
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Serves each connection with a behaviour, which is told the number of the request since the start.
pub fn fake(runtime: &Runtime, behaviour: Behaviour) -> u16 {
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

pub async fn serve(mut stream: TcpStream, behaviour: Behaviour, count: Arc<Mutex<u32>>) -> std::io::Result<()> {
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

pub fn word(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// What the devices of these tests hold at an address.
pub fn truth(unit: u8, address: u16) -> u16 {
    address.wrapping_mul(7).wrapping_add(u16::from(unit) << 12)
}

pub fn frame(id: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in [id, 0, pdu.len() as u16 + 1] {
        bytes.extend(field.to_be_bytes());
    }
    bytes.push(unit);
    bytes.extend(pdu);
    bytes
}

/// The right answer to a request.
pub fn good(request: &[u8]) -> Vec<u8> {
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

pub fn read(address: u16, count: u16) -> ModbusRequest {
    ModbusRequest { unit: 1, function: 3, address, count, data: vec![], timeout_ms: 0, valid_until: plantroom_model::Mono(0) }
}

pub fn write(address: u16, value: u16) -> ModbusRequest {
    ModbusRequest {
        unit: 1,
        function: 6,
        address,
        count: 0,
        data: vec![value],
        timeout_ms: 0,
        valid_until: plantroom_model::Mono(0),
    }
}

pub fn right_or_error(completion: &ModbusCompletion, address: u16, count: u16) {
    let expected: Vec<u16> = (0..count).map(|i| truth(1, address + i)).collect();
    match completion.error {
        0 => assert_eq!(completion.data, expected, "a value of another request or device"),
        _ => assert_eq!(completion.data, Vec::<u16>::new()),
    }
}
