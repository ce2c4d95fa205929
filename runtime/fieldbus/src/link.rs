//! The life of one connection: open it, carry transactions one at a time, drop it at the first doubt, again.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plantroom_model::{ConnectionId, LinkState, ModbusCompletion, ModbusRequest, Now, field_error};
use plantroom_project::{ConnectionSpec, LinkSpec};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_modbus::Slave;
use tokio_modbus::client::{Client, Context, tcp};
use tokio_modbus::slave::SlaveContext;

use crate::answer;
use crate::check::Checked;
use crate::fieldbus::OnLink;
use crate::figures::LinkFigures;
use crate::guard::{Expected, Guard};
use crate::limits::{CONNECT_SHORTEST_MS, ERROR_BYTES, KEEPALIVE_IDLE_S, KEEPALIVE_PAUSE_S, KEEPALIVE_PROBES, backoff_ms};
use crate::queue::{Gate, Open, Queue};
use crate::words::{cut, exception_words, io_words};

/// What a connection's task and those who ask of it share.
pub(crate) struct Line {
    id: ConnectionId,
    name: Arc<str>,
    host: String,
    port: u16,
    timeout_ms: AtomicU32,
    now: Arc<dyn Fn() -> Now + Send + Sync>,
    on_link: OnLink,
    pub queue: Queue,
    figures: Mutex<LinkFigures>,
}

/// How a transaction ended.
enum End {
    /// With words.
    Answer(Vec<u16>),
    /// With the device's exception, which is a good answer too.
    Exception(u8),
    /// Without a good answer: the connection is of no more use.
    Lost { error: u16, reason: String },
}

/// How long a connection held, and what became of it.
struct Session {
    /// The device has answered at least once.
    answered: bool,
    /// It went because of the device's answers or silence, not because it was cut.
    silent: bool,
    reason: String,
}

/// Runs a connection until it is aborted.
pub(crate) async fn run(line: Arc<Line>) {
    (line.on_link)(line.id, LinkState::Connecting);
    // Tries in a row that brought no answer.
    let mut failures = 0_u32;
    let mut silent = false;
    let mut opened_before = false;
    loop {
        let reason = match line.connect().await {
            Err(reason) => {
                failures = failures.saturating_add(1);
                silent = false;
                reason
            }
            Ok(stream) => {
                if std::mem::replace(&mut opened_before, true) {
                    line.figures_mut().reconnects += 1;
                }
                line.set_state(if silent { LinkState::Silent } else { LinkState::Up });
                line.queue.set_gate(Gate::Open);
                let session = line.carry(stream).await;
                failures = if session.answered { 0 } else { failures.saturating_add(1) };
                silent = session.silent;
                session.reason
            }
        };
        line.note_error(&reason);
        line.end_waiting();
        let pause_ms = backoff_ms(failures);
        if !silent || pause_ms > 0 {
            line.down(&reason);
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}

impl Line {
    pub fn new(id: ConnectionId, spec: &ConnectionSpec, now: Arc<dyn Fn() -> Now + Send + Sync>, on_link: OnLink) -> Self {
        let (host, port) = match &spec.link {
            LinkSpec::Tcp(at) | LinkSpec::RtuOverTcp(at) => (at.host.trim_start_matches('[').trim_end_matches(']'), at.port),
            LinkSpec::Serial(line) => (line.port.as_str(), 0),
        };
        let (name, host, timeout_ms) = (Arc::clone(&spec.name), host.to_owned(), spec.timeout_ms.max(1).into());
        Self { id, name, host, port, timeout_ms, now, on_link, queue: Queue::new(), figures: Mutex::default() }
    }

    /// Queues a request, or ends it at once.
    pub fn submit(&self, open: Open) {
        if let Err((open, error)) = self.queue.push(open) {
            open.end(ModbusCompletion { error, data: Vec::new(), at: (self.now)().utc });
        }
    }

    /// Another time-out, from the next transaction on.
    pub fn set_pace(&self, timeout_ms: u32, _pipeline: u8) {
        self.timeout_ms.store(timeout_ms.max(1), Ordering::Relaxed);
    }

    /// The end: what waits ends as not connected.
    pub fn close(&self) {
        self.end_waiting();
    }

    fn timeout_ms(&self) -> u32 {
        self.timeout_ms.load(Ordering::Relaxed)
    }

    pub fn figures(&self) -> LinkFigures {
        let open = self.queue.len();
        LinkFigures { open, ..self.figures_mut().clone() }
    }

    pub fn note_error(&self, reason: &str) {
        cut(reason, ERROR_BYTES).clone_into(&mut self.figures_mut().last_error);
    }

    async fn connect(&self) -> Result<TcpStream, String> {
        let longest = Duration::from_millis(u64::from(self.timeout_ms()).max(CONNECT_SHORTEST_MS));
        let stream = match tokio::time::timeout(longest, TcpStream::connect((self.host.as_str(), self.port))).await {
            Err(_) => return Err(format!("{}:{} doesn't answer: check power, cable and address", self.host, self.port)),
            Ok(Err(error)) => return Err(format!("{}:{}: {}", self.host, self.port, io_words(&error))),
            Ok(Ok(stream)) => stream,
        };
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(KEEPALIVE_IDLE_S))
            .with_interval(Duration::from_secs(KEEPALIVE_PAUSE_S))
            .with_retries(KEEPALIVE_PROBES);
        let options = stream.set_nodelay(true).and_then(|()| SockRef::from(&stream).set_tcp_keepalive(&keepalive));
        options.map_err(|error| format!("the connection can't be set up: {error}"))?;
        Ok(stream)
    }

    /// Carries transactions over one TCP connection, until it is of no more use.
    async fn carry(&self, stream: TcpStream) -> Session {
        let stream = Arc::new(stream);
        let guard = Guard::new(Arc::clone(&stream));
        let mut client = tcp::attach(guard.clone());
        let mut answered = false;
        let mut doubled = 0;
        loop {
            let Some(open) = self.queue.take() else {
                tokio::select! {
                    () = self.queue.arrival() => continue,
                    ready = stream.readable() => match ready.and_then(|()| guard.idle()) {
                        Ok(()) => continue,
                        Err(error) => {
                            let silent = guard.fault().is_some();
                            self.figures_mut().bad_answers += u64::from(silent);
                            return Session { answered, silent, reason: guard.fault().unwrap_or_else(|| io_words(&error)) };
                        }
                    }
                }
            };
            let lost = self.transact(&mut client, &guard, open).await;
            let doubled_now = guard.doubled();
            if doubled_now != doubled {
                self.figures_mut().doubled_answers += doubled_now - std::mem::replace(&mut doubled, doubled_now);
            }
            match lost {
                None => answered = true,
                Some((silent, reason)) => return Session { answered, silent, reason },
            }
        }
    }

    /// Carries one transaction and ends it; says whether and why the connection is lost.
    async fn transact(&self, client: &mut Context, guard: &Guard, mut open: Open) -> Option<(bool, String)> {
        let timeout_ms = match open.request.timeout_ms {
            0 => self.timeout_ms(),
            asked => asked.min(self.timeout_ms()),
        };
        let now = (self.now)();
        let sent_at = now.utc;
        if open.request.valid_until.0 > 0 && now.mono >= open.request.valid_until {
            self.queue.finished();
            open.end(ModbusCompletion { error: field_error::BAD_REQUEST, data: Vec::new(), at: now.utc });
            return None;
        }
        self.figures_mut().transactions += 1;
        // If the station stops now, nobody knows what became of it.
        open.otherwise = field_error::TIMEOUT;
        let longest = Duration::from_millis(u64::from(timeout_ms));
        let end = match tokio::time::timeout(longest, call(client, guard, &open.request, &open.checked)).await {
            Ok(end) => end,
            Err(_) => {
                self.figures_mut().timeouts += 1;
                let reason = format!("unit {} didn't answer within {timeout_ms} ms", open.request.unit);
                End::Lost { error: field_error::TIMEOUT, reason }
            }
        };
        let at = (self.now)().utc;
        let (error, data, lost) = match end {
            End::Answer(data) => (0, data, None),
            End::Exception(code) => (u16::from(code), Vec::new(), None),
            End::Lost { error, reason } => (error, Vec::new(), Some(reason)),
        };
        self.account(&open, error, at.0.saturating_sub(sent_at.0));
        let lost = lost.map(|reason| (matches!(error, field_error::TIMEOUT | field_error::BAD_ANSWER), reason));
        match &lost {
            None => self.set_state(LinkState::Up),
            Some((true, _)) => self.set_state(LinkState::Silent),
            Some((false, _)) => {}
        }
        // Before it is told: who is told may ask for the next one at once.
        self.queue.finished();
        open.end(ModbusCompletion { error, data, at });
        lost
    }

    fn account(&self, open: &Open, error: u16, round_trip_ns: i64) {
        let mut figures = self.figures_mut();
        if error != 0 {
            figures.errors += 1;
        }
        if let (code @ 1.., Ok(exception)) = (error, u8::try_from(error)) {
            figures.exceptions += 1;
            let (unit, function, address) = (open.request.unit, open.request.function, open.request.address);
            let words = exception_words(exception);
            figures.last_error = format!("unit {unit}, function {function}, address {address}: {words} (exception {code})");
        }
        figures.bad_answers += u64::from(error == field_error::BAD_ANSWER);
        if error < field_error::TIMEOUT {
            let round_trip_us = u64::try_from(round_trip_ns / 1_000).unwrap_or(0);
            figures.round_trip_us = round_trip_us;
            figures.round_trip_max_us = figures.round_trip_max_us.max(round_trip_us);
        }
    }

    /// Shuts the gate and ends all that wait: nothing is carried over to the next connection.
    fn end_waiting(&self) {
        let at = (self.now)().utc;
        for open in self.queue.set_gate(Gate::Shut) {
            open.end(ModbusCompletion { error: field_error::NOT_CONNECTED, data: Vec::new(), at });
        }
    }

    fn down(&self, reason: &str) {
        if self.figures_mut().state != LinkState::Down {
            tracing::warn!("connection {}: {reason}", self.name);
        }
        self.set_state(LinkState::Down);
    }

    fn set_state(&self, state: LinkState) {
        let before = std::mem::replace(&mut self.figures_mut().state, state);
        // The lock is free again: whoever is told may ask for figures.
        if before != state {
            (self.on_link)(self.id, state);
        }
    }

    fn figures_mut(&self) -> MutexGuard<'_, LinkFigures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request and its answer.
async fn call(client: &mut Context, guard: &Guard, request: &ModbusRequest, checked: &Checked) -> End {
    let (unit, function, answer_bytes) = (request.unit, request.function, checked.answer_bytes);
    let lost = |error: &std::io::Error| {
        // A read that was cut off has changed nothing; a write that may have left is not known to be undone.
        let maybe_written = request.writes() && guard.has_sent();
        let code = if maybe_written { field_error::TIMEOUT } else { field_error::NOT_CONNECTED };
        End::Lost { error: code, reason: io_words(error) }
    };
    if let Err(error) = guard.expect(Expected { unit, function, answer_bytes }) {
        // What arrived before was bad; this request was not sent.
        return End::Lost { error: field_error::NOT_CONNECTED, reason: guard.fault().unwrap_or_else(|| io_words(&error)) };
    }
    client.set_slave(Slave(unit));
    let bad = |reason: String| End::Lost { error: field_error::BAD_ANSWER, reason };
    match client.call(checked.request.clone()).await {
        Ok(Ok(response)) => answer::words(&checked.request, response).map_or_else(bad, End::Answer),
        Ok(Err(exception)) => End::Exception(exception.into()),
        Err(tokio_modbus::Error::Protocol(error)) => bad(error.to_string()),
        Err(tokio_modbus::Error::Transport(error)) => match guard.fault() {
            Some(fault) => bad(fault),
            None if error.kind() == std::io::ErrorKind::InvalidData => bad(error.to_string()),
            None => lost(&error),
        },
    }
}
