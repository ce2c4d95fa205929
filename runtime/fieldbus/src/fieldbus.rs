//! The door: requests come in here, from any thread.

use std::sync::Arc;

use plantroom_model::{ConnectionId, LinkState, ModbusCompletion, ModbusRequest, Now, field_error};
use plantroom_project::ConnectionSpec;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::check::check;
use crate::figures::LinkFigures;
use crate::link::{self, Line};
use crate::queue::{Gate, Open};

/// Called exactly once, with how a transaction ended; on any thread, and it must return at once.
pub type Done = Box<dyn FnOnce(ModbusCompletion) + Send>;

/// Called when the state of a connection changes; it must return at once.
pub type OnLink = Arc<dyn Fn(ConnectionId, LinkState) + Send + Sync>;

/// All connections of a plant. Dropping it closes them; what is open then ends.
pub struct Fieldbus {
    links: Vec<(Arc<Line>, JoinHandle<()>)>,
    now: Arc<dyn Fn() -> Now + Send + Sync>,
}

impl Fieldbus {
    /// Starts connecting to all of them; a [`ConnectionId`] is a place in `connections`.
    pub fn start(
        runtime: &Handle,
        connections: &[ConnectionSpec],
        now: Arc<dyn Fn() -> Now + Send + Sync>,
        on_link: OnLink,
    ) -> Self {
        let links = connections
            .iter()
            .zip(0..)
            .map(|(spec, place)| {
                let line = Arc::new(Line::new(ConnectionId(place), spec, Arc::clone(&now), Arc::clone(&on_link)));
                let task = runtime.spawn(link::run(Arc::clone(&line)));
                (line, task)
            })
            .collect();
        Self { links, now }
    }

    /// Queues a transaction. Never blocks; `done` is called exactly once, at the latest a time-out after the
    /// ones before it: at once (in this call) when there is no connection, when the request breaks the
    /// protocol's limits, or when [`plantroom_model::limits::OPEN_TRANSACTIONS`] are open.
    ///
    /// A write is only taken while the connection stands; it is never carried over to a new one.
    pub fn transact(&self, connection: ConnectionId, request: ModbusRequest, done: Done) {
        let refuse = |done: Done, error: u16| done(ModbusCompletion { error, data: Vec::new(), at: (self.now)().utc });
        let Some((line, _)) = self.links.get(connection.0 as usize) else {
            return refuse(done, field_error::BAD_REQUEST);
        };
        match check(&request) {
            Err(reason) => {
                line.note_error(&format!("a request was not sent: {reason}"));
                refuse(done, field_error::BAD_REQUEST);
            }
            Ok(checked) => {
                if let Err((open, error)) = line.queue.push(Open::new(request, checked, done)) {
                    open.end(ModbusCompletion { error, data: Vec::new(), at: (self.now)().utc });
                }
            }
        }
    }

    /// What a connection has been through; `None` for one that doesn't exist.
    pub fn figures(&self, connection: ConnectionId) -> Option<LinkFigures> {
        self.links.get(connection.0 as usize).map(|(line, _)| line.figures())
    }

    /// Closes all connections. What waits ends as not connected; what is on the wire as not answered.
    pub fn stop(&self) {
        for (line, task) in &self.links {
            task.abort();
            drop(line.queue.set_gate(Gate::Shut));
        }
    }
}

impl Drop for Fieldbus {
    fn drop(&mut self) {
        self.stop();
    }
}
