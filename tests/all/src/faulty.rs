//! A Modbus TCP device that misbehaves on demand, byte by byte.
//!
//! It holds registers, answers functions 3, 4, 6 and 16, and remembers the writes that it saw. Its faults are those of
//! FIELD.md 1 and 2. Everything runs in threads of the test.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the device does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Misdeed {
    /// Nothing.
    #[default]
    None,
    /// Takes requests and never answers.
    Silent,
    /// Doesn't even read: the connection is up, and nobody is there.
    HalfOpen,
    /// Refuses connections, and cuts those that are open.
    Refuse,
    /// Answers so many ms late, in order.
    Late(u64),
    /// Answers twice.
    Doubled,
    /// Answers twice, the second time so many ms later: in the middle of a later transaction.
    DoubledLater(u64),
    /// Answers as another unit.
    WrongUnit,
    /// Answers with the transaction id of the request before.
    WrongId,
    /// Holds each answer back, and sends instead the one to the request before, whole.
    Swapped,
    /// Sends half an answer and nothing more.
    Truncated,
    /// Sends half an answer and closes the connection.
    Cut,
    /// Answers with one register less than was asked, in a frame that is consistent.
    Short,
    /// Answers with one register more than was asked, in a frame that is consistent.
    Long,
    /// Answers another function.
    WrongFunction,
    /// Sends bytes that are no Modbus, then the answer.
    Garbage,
    /// Sends frames that nobody asked for, with other values, ahead of the answer.
    Unasked,
    /// Sends an answer byte by byte, so many ms apart.
    Trickle(u64),
    /// Answers with this exception.
    Exception(u8),
}

/// One write request that arrived, answered or not.
#[derive(Clone, Debug, PartialEq)]
pub struct WriteSeen {
    /// When.
    pub at: Instant,
    /// Modbus function.
    pub function: u8,
    /// First register.
    pub address: u16,
    /// What was to be written.
    pub values: Vec<u16>,
}

/// The device.
pub struct FaultyDevice {
    shared: Arc<Shared>,
    /// Its TCP port.
    pub port: u16,
}

struct Shared {
    state: Mutex<State>,
    reads: AtomicU64,
    connections: AtomicU64,
    ended: AtomicBool,
    listener: Mutex<Option<TcpListener>>,
    open: Mutex<Vec<TcpStream>>,
}

struct State {
    misdeed: Misdeed,
    /// Only requests that touch this register are treated badly; all where it is `None`.
    only: Option<u16>,
    registers: Vec<u16>,
    writes: Vec<WriteSeen>,
}

/// A request, taken apart.
struct Request {
    id: u16,
    unit: u8,
    function: u8,
    address: u16,
    count: u16,
    values: Vec<u16>,
}

impl Default for FaultyDevice {
    fn default() -> Self {
        Self::start()
    }
}

impl FaultyDevice {
    /// A well-behaved device at a free port, with 1,000 registers of 0.
    ///
    /// # Panics
    /// When the system gives no port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = State { misdeed: Misdeed::None, only: None, registers: vec![0; 1000], writes: Vec::new() };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            reads: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            listener: Mutex::new(Some(listener)),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&accepting, port));
        Self { shared, port }
    }

    /// Puts registers.
    pub fn set(&self, address: u16, values: &[u16]) {
        let start = usize::from(address);
        lock(&self.shared.state).registers[start..start + values.len()].copy_from_slice(values);
    }

    /// What a register holds.
    pub fn register(&self, address: u16) -> u16 {
        lock(&self.shared.state).registers[usize::from(address)]
    }

    /// From now on it does this wrong.
    pub fn misbehave(&self, misdeed: Misdeed) {
        self.misbehave_at(misdeed, None);
    }

    /// From now on it does this wrong, where a request touches this register.
    pub fn misbehave_at(&self, misdeed: Misdeed, only: Option<u16>) {
        {
            let mut state = lock(&self.shared.state);
            (state.misdeed, state.only) = (misdeed, only);
        }
        if misdeed == Misdeed::Refuse {
            *lock(&self.shared.listener) = None;
            self.cut();
        }
    }

    /// Well-behaved again.
    pub fn behave(&self) {
        self.misbehave(Misdeed::None);
    }

    /// Cuts all connections that are open now.
    pub fn cut(&self) {
        for stream in lock(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Every write that has arrived, answered or not.
    pub fn writes(&self) -> Vec<WriteSeen> {
        lock(&self.shared.state).writes.clone()
    }

    /// How many reads have arrived, answered or not.
    pub fn reads(&self) -> u64 {
        self.shared.reads.load(Ordering::Relaxed)
    }

    /// How many connections have been opened.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for FaultyDevice {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.cut();
    }
}

/// Takes connections until the device is dropped; while it refuses, there is no listener.
fn accept(shared: &Arc<Shared>, port: u16) {
    while !shared.ended.load(Ordering::Relaxed) {
        let refusing = lock(&shared.state).misdeed == Misdeed::Refuse;
        let mut listener = lock(&shared.listener);
        if listener.is_none() && !refusing {
            *listener = listen_again(port);
        }
        let accepted = listener.as_ref().filter(|_| !refusing).map(|listener| {
            let _ = listener.set_nonblocking(true);
            listener.accept()
        });
        drop(listener);
        match accepted {
            Some(Ok((stream, _))) => {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                if let Ok(copy) = stream.try_clone() {
                    lock(&shared.open).push(copy);
                }
                let serving = Arc::clone(shared);
                std::thread::spawn(move || serve(&serving, stream));
            }
            _ => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// std sets SO_REUSEADDR, so that the port can be had again while old connections fade.
fn listen_again(port: u16) -> Option<TcpListener> {
    TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).ok()
}

fn serve(shared: &Arc<Shared>, mut stream: TcpStream) {
    let _ = (stream.set_nonblocking(false), stream.set_nodelay(true));
    // What was held back, and the id of the request before.
    let (mut held, mut id_before) = (None::<Vec<u8>>, 0_u16);
    loop {
        while lock(&shared.state).misdeed == Misdeed::HalfOpen {
            if shared.ended.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let Some(request) = read_request(&mut stream) else { return };
        let (misdeed, answer) = shared.take(&request);
        let sent = misbehave(&mut stream, misdeed, &request, answer, (&mut held, id_before));
        id_before = request.id;
        if sent.is_none() || shared.ended.load(Ordering::Relaxed) {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

impl Shared {
    /// Takes a request in: what is to be done wrong with it, and the right answer.
    fn take(&self, request: &Request) -> (Misdeed, Vec<u8>) {
        let mut state = lock(&self.state);
        let touched = request.address..request.address.saturating_add(request.count);
        let misdeed = if state.only.is_none_or(|only| touched.contains(&only)) { state.misdeed } else { Misdeed::None };
        let (start, end) = (usize::from(request.address), usize::from(request.address) + usize::from(request.count));
        if request.values.is_empty() {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let words = state.registers.get(start..end).unwrap_or_default();
            return (misdeed, read_answer(request, words));
        }
        let (at, function, address) = (Instant::now(), request.function, request.address);
        state.writes.push(WriteSeen { at, function, address, values: request.values.clone() });
        if let Some(cells) = state.registers.get_mut(start..end) {
            cells.copy_from_slice(&request.values);
        }
        let last = if request.function == 6 { request.values[0] } else { request.count };
        let mut body = vec![request.unit, request.function];
        body.extend([request.address.to_be_bytes(), last.to_be_bytes()].concat());
        (misdeed, frame(request.id, &body))
    }
}

/// Sends the answer, or what the misdeed makes of it; `None` when the connection is to end.
fn misbehave(
    stream: &mut TcpStream,
    misdeed: Misdeed,
    request: &Request,
    mut answer: Vec<u8>,
    (held, id_before): (&mut Option<Vec<u8>>, u16),
) -> Option<()> {
    match misdeed {
        Misdeed::Silent | Misdeed::HalfOpen => return Some(()),
        Misdeed::Refuse => return None,
        Misdeed::Late(ms) => std::thread::sleep(Duration::from_millis(ms)),
        Misdeed::Doubled => answer.extend(answer.clone()),
        Misdeed::DoubledLater(ms) => {
            let (again, copy) = (stream.try_clone(), answer.clone());
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(ms));
                if let Ok(mut stream) = again {
                    let _ = stream.write_all(&copy);
                }
            });
        }
        Misdeed::WrongUnit => answer[6] = answer[6].wrapping_add(1),
        Misdeed::WrongId => answer[..2].copy_from_slice(&id_before.to_be_bytes()),
        Misdeed::Swapped => match held.replace(answer) {
            Some(before) => answer = before,
            None => return Some(()),
        },
        Misdeed::Truncated | Misdeed::Cut => {
            answer.truncate(answer.len() / 2);
            stream.write_all(&answer).ok()?;
            return (misdeed == Misdeed::Truncated).then_some(());
        }
        Misdeed::Short | Misdeed::Long => answer = resized(request, misdeed == Misdeed::Long),
        Misdeed::WrongFunction => answer[7] ^= 0x07,
        Misdeed::Garbage => {
            stream.write_all(&[0xFF, 0x00, 0x13, 0x37, 0xFF, 0xFF, 0x41, 0x41, 0x41]).ok()?;
        }
        Misdeed::Unasked => {
            let words = vec![0xBEEF; usize::from(request.count)];
            let unasked = Request { id: request.id.wrapping_add(7), ..request.copy() };
            stream.write_all(&read_answer(&unasked, &words)).ok()?;
        }
        Misdeed::Trickle(ms) => {
            for byte in &answer {
                stream.write_all(&[*byte]).ok()?;
                std::thread::sleep(Duration::from_millis(ms));
            }
            return Some(());
        }
        Misdeed::Exception(code) => answer = frame(request.id, &[request.unit, request.function | 0x80, code]),
        Misdeed::None => {}
    }
    stream.write_all(&answer).ok()
}

/// An answer with one register too many or too few, its lengths consistent.
fn resized(request: &Request, longer: bool) -> Vec<u8> {
    let count = if longer { request.count + 1 } else { request.count.saturating_sub(1) };
    read_answer(request, &vec![0xBEEF; usize::from(count)])
}

fn read_answer(request: &Request, words: &[u16]) -> Vec<u8> {
    if words.is_empty() && request.count > 1 {
        return frame(request.id, &[request.unit, request.function | 0x80, 2]);
    }
    let mut body = vec![request.unit, request.function, (words.len() * 2) as u8];
    body.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    frame(request.id, &body)
}

fn frame(id: u16, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16).to_be_bytes();
    [&id.to_be_bytes()[..], &[0, 0], &length, body].concat()
}

impl Request {
    fn copy(&self) -> Self {
        Self { values: self.values.clone(), ..*self }
    }
}

/// One request; `None` when the connection has ended or speaks no Modbus.
fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut head = [0_u8; 7];
    read_exact(stream, &mut head)?;
    let be = |bytes: &[u8], at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
    let mut body = vec![0_u8; usize::from(be(&head, 4)).checked_sub(1)?];
    read_exact(stream, &mut body)?;
    let (id, unit, function) = (be(&head, 0), head[6], *body.first()?);
    let address = be(body.get(1..5)?, 0);
    let last = be(&body, 3);
    let (count, values) = match function {
        6 => (1, vec![last]),
        16 => (last, body.get(6..)?.chunks_exact(2).map(|pair| be(pair, 0)).collect()),
        _ => (last, Vec::new()),
    };
    Some(Request { id, unit, function, address, count, values })
}

fn read_exact(stream: &mut TcpStream, buffer: &mut [u8]) -> Option<()> {
    loop {
        match stream.read_exact(buffer) {
            Ok(()) => return Some(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
