//! The door: requests come in here, from any thread.

use std::io;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use plantroom_model::{ConnectionId, LinkState, ModbusCompletion, ModbusRequest, Now, StreamEar, StreamLine, field_error};
use plantroom_project::{ConnectionSpec, LinkSpec};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::check::check;
use crate::figures::LinkFigures;
use crate::line::Line;
use crate::link;
use crate::queue::Open;
use crate::stream::Port;
use crate::thread::FieldThread;

/// Called exactly once, with how a transaction ended; on any thread, and it must return at once.
pub type Done = Box<dyn FnOnce(ModbusCompletion) + Send>;

/// Called when the state of a connection changes; it must return at once.
pub type OnLink = Arc<dyn Fn(ConnectionId, LinkState) + Send + Sync>;

/// The station's clock, as the fieldbus reads it.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// All connections of a plant. Dropping it closes them; what is open then ends.
pub struct Fieldbus {
    links: RwLock<Vec<Link>>,
    runtime: Handle,
    now: Clock,
    on_link: OnLink,
    /// Where it has one of its own.
    _thread: Option<FieldThread>,
}

/// A place in the list of connections.
struct Link {
    spec: ConnectionSpec,
    /// `None` where the connection is gone.
    running: Option<Running>,
}

enum Running {
    Modbus { line: Arc<Line>, task: JoinHandle<()> },
    Stream(Arc<Port>),
}

/// What [`Fieldbus::apply`] did, by connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// They go on, and lost nothing; their time-out or pipeline may have changed.
    pub kept: Vec<ConnectionId>,
    /// They were closed and are opened anew, because they lead elsewhere now.
    pub replaced: Vec<ConnectionId>,
    /// They are new.
    pub added: Vec<ConnectionId>,
    /// They were closed for good.
    pub removed: Vec<ConnectionId>,
}

impl Fieldbus {
    /// Starts connecting to all of them; a [`ConnectionId`] is a place in `connections`. One with an empty name is a
    /// place that is kept free.
    pub fn start(runtime: &Handle, connections: &[ConnectionSpec], now: Clock, on_link: OnLink) -> Self {
        Self::start_in(runtime.clone(), None, connections, now, on_link)
    }

    /// As [`Fieldbus::start`], on a thread of its own: with thousands of short transactions a second, one thread that is
    /// woken for many answers costs less than several that wake each other.
    ///
    /// # Errors
    /// When the system gives no thread, or no sockets.
    pub fn start_on_own_thread(connections: &[ConnectionSpec], now: Clock, on_link: OnLink) -> io::Result<Self> {
        let thread = FieldThread::start()?;
        Ok(Self::start_in(thread.handle(), Some(thread), connections, now, on_link))
    }

    fn start_in(
        runtime: Handle,
        thread: Option<FieldThread>,
        connections: &[ConnectionSpec],
        now: Clock,
        on_link: OnLink,
    ) -> Self {
        let bus = Self { links: RwLock::default(), runtime, now, on_link, _thread: thread };
        bus.apply(connections);
        bus
    }

    /// Changes the list while everything runs. What stands at the same place and leads to the same end goes on without
    /// losing a transaction; a new time-out or pipeline counts from the next one on. What leads elsewhere is replaced:
    /// what waits ends as not connected, what is on the wire as not answered. A place with an empty name, or behind the
    /// end of the list, is closed.
    pub fn apply(&self, connections: &[ConnectionSpec]) -> Applied {
        let mut applied = Applied::default();
        let mut closed = Vec::new();
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        for (place, spec) in connections.iter().enumerate() {
            let id = ConnectionId(place as u32);
            let Some(link) = links.get_mut(place) else {
                let running = (!spec.name.is_empty()).then(|| self.open(id, spec));
                applied.added.extend(running.is_some().then_some(id));
                links.push(Link { spec: spec.clone(), running });
                continue;
            };
            let before = std::mem::replace(&mut link.spec, spec.clone());
            match link.running.take() {
                Some(running) if spec.name == before.name && spec.link == before.link && spec.quiet_ms == before.quiet_ms => {
                    running.set_pace(spec);
                    link.running = Some(running);
                    applied.kept.push(id);
                }
                // Whoever holds the bytes goes on holding them.
                Some(Running::Stream(port))
                    if spec.name == before.name
                        && let LinkSpec::Stream(to) = &spec.link =>
                {
                    port.set_timeout(spec.timeout_ms);
                    port.lead_to(to);
                    link.running = Some(Running::Stream(port));
                    applied.replaced.push(id);
                }
                running => {
                    let was = running.is_some();
                    closed.extend(running);
                    let is = !spec.name.is_empty();
                    link.running = is.then(|| self.open(id, spec));
                    match (was, is) {
                        (true, true) => applied.replaced.push(id),
                        (false, true) => applied.added.push(id),
                        (true, false) => applied.removed.push(id),
                        (false, false) => {}
                    }
                }
            }
        }
        for (place, link) in links.iter_mut().enumerate().skip(connections.len()) {
            if let Some(running) = link.running.take() {
                closed.push(running);
                applied.removed.push(ConnectionId(place as u32));
            }
        }
        drop(links);
        // Whoever is told of an end may ask for something at once: the list is free again.
        closed.iter().for_each(Running::close);
        applied
    }

    fn open(&self, id: ConnectionId, spec: &ConnectionSpec) -> Running {
        let seams = (Arc::clone(&self.now), Arc::clone(&self.on_link));
        if let LinkSpec::Stream(stream) = &spec.link {
            return Running::Stream(Arc::new(Port::new(id, spec, stream, seams, self.runtime.clone())));
        }
        let line = Arc::new(Line::new(id, spec, seams.0, seams.1));
        let task = self.runtime.spawn(link::run(Arc::clone(&line)));
        Running::Modbus { line, task }
    }

    /// Queues a transaction. Never blocks; `done` is called exactly once, at the latest a time-out after the
    /// ones before it: at once (in this call) when there is no connection, when the unit hasn't answered and rests,
    /// when the request breaks the protocol's limits, or when [`plantroom_model::limits::OPEN_TRANSACTIONS`] are open.
    ///
    /// A write is only taken while the connection stands; it is never carried over to a new one.
    pub fn transact(&self, connection: ConnectionId, request: ModbusRequest, done: Done) {
        let Some(line) = self.line(connection) else {
            return done(ModbusCompletion { error: field_error::BAD_REQUEST, data: Vec::new(), at: (self.now)().utc });
        };
        match check(&request) {
            Err(reason) => {
                line.note_error(&format!("a request was not sent: {reason}"));
                done(ModbusCompletion { error: field_error::BAD_REQUEST, data: Vec::new(), at: (self.now)().utc });
            }
            Ok(answer_bytes) => line.submit(Open::new(request, answer_bytes, done)),
        }
    }

    /// Takes a connection that carries bytes into somebody's hands, and keeps it open as long as it is there; `None` for one
    /// that doesn't exist, or carries transactions. Whoever held it before holds nothing any more, and is told nothing.
    pub fn attach(&self, connection: ConnectionId, ear: StreamEar) -> Option<Box<dyn StreamLine>> {
        let links = self.links();
        let Some(Running::Stream(port)) = &links.get(connection.0 as usize)?.running else { return None };
        Some(port.attach(ear))
    }

    /// What a connection has been through; `None` for one that doesn't exist.
    pub fn figures(&self, connection: ConnectionId) -> Option<LinkFigures> {
        let links = self.links();
        match links.get(connection.0 as usize)?.running.as_ref()? {
            Running::Modbus { line, .. } => Some(line.figures()),
            Running::Stream(port) => Some(port.figures()),
        }
    }

    /// Closes all connections. What waits ends as not connected; what is on the wire as not answered.
    pub fn stop(&self) {
        self.links().iter().filter_map(|link| link.running.as_ref()).for_each(Running::close);
    }

    fn line(&self, connection: ConnectionId) -> Option<Arc<Line>> {
        let links = self.links();
        match links.get(connection.0 as usize)?.running.as_ref()? {
            Running::Modbus { line, .. } => Some(Arc::clone(line)),
            Running::Stream(_) => None,
        }
    }

    fn links(&self) -> RwLockReadGuard<'_, Vec<Link>> {
        self.links.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn close(&self) {
        match self {
            Self::Modbus { line, task } => {
                task.abort();
                line.close();
            }
            Self::Stream(port) => port.close(),
        }
    }

    fn set_pace(&self, spec: &ConnectionSpec) {
        match self {
            Self::Modbus { line, .. } => line.set_pace(spec.timeout_ms, spec.pipeline),
            Self::Stream(port) => port.set_timeout(spec.timeout_ms),
        }
    }
}

impl Drop for Fieldbus {
    fn drop(&mut self) {
        self.stop();
    }
}
