//! A plugin as those see it who run it, or stand in for the plant around it: what its committed steps may cause, what it is
//! ordered to write, how it is, and what it says of its tags.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::{
    Columns, Conditions, ConnectionId, ModbusCompletion, ModbusRequest, Mono, Now, OrderId, PluginId, SettleCode, Status,
    StreamEar, StreamLine, TagId, Utc, Value,
};

/// Where everything goes that a committed step did. The station implements it; tests and the testkit do too.
///
/// All calls come from the plugin's own thread and must return at once; a slow one delays this plugin only.
pub trait Outside: Send + Sync {
    /// The time, on both clocks.
    fn now(&self) -> Now;

    /// A published batch. Handles are tag ids; a time of 0 means the time of arrival. `at` is the time of the step.
    fn samples(&self, plugin: PluginId, columns: Columns, at: Now);

    /// Polls that got no usable answer, or batches that were over the granted rate (status `UNCERTAIN`).
    fn missed(&self, plugin: PluginId, tags: Vec<TagId>, reason: Status, at: Now);

    /// What the plugin says of alarms, in order; every row is granted. What there is no room for now is given back whole, and
    /// told later, of each alarm the newest. A plugin that fails, is quarantined or stops has said
    /// nothing more: marking what it leaves behind is the station's, by [`Outside::state`]. A world without alarms, which
    /// grants none, needn't take it in.
    ///
    /// # Errors
    /// With what there is no room for.
    fn conditions(&self, plugin: PluginId, conditions: Conditions, at: Now) -> Result<(), Conditions> {
        let _ = (plugin, conditions, at);
        Ok(())
    }

    /// Queues one transaction. `done` must be called exactly once, from any thread, also from inside this call.
    fn transact(&self, connection: ConnectionId, request: ModbusRequest, done: Box<dyn FnOnce(ModbusCompletion) + Send>);

    /// Opens a connection that carries bytes, and keeps it open until what this returns is dropped; `ear` hears from any thread
    /// what happens on it, and may do so from inside this call. `None` where there is no such connection; a world
    /// without streams needn't have any.
    fn attach(&self, connection: ConnectionId, ear: StreamEar) -> Option<Box<dyn StreamLine>> {
        let _ = (connection, ear);
        None
    }

    /// An order has ended; it is told exactly once for every order that was taken in.
    fn settled(&self, order: OrderId, code: SettleCode, detail: String);

    /// The plugin's state has changed.
    fn state(&self, plugin: PluginId, state: PluginState);

    /// A line for the station's log. `level`: 0 error, 1 warning, 2 information, 3 debug.
    fn log(&self, plugin: PluginId, level: u8, line: String);

    /// The plugin's persistent store as it was saved last, as one opaque image; empty if there is none.
    fn store_load(&self, plugin: PluginId) -> Vec<u8>;

    /// Keeps the plugin's persistent store. Called at most twice a second, and at the end.
    fn store_save(&self, plugin: PluginId, bytes: Vec<u8>);
}

/// A write order on its way to a driver: checked, permitted and recorded before it comes here.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginOrder {
    /// Names it.
    pub id: OrderId,
    /// What to write.
    pub tag: TagId,
    /// Raw: already scaled back to the device's numbers.
    pub value: Value,
    /// After this it must not be carried out any more.
    pub valid_until: Mono,
}

/// How a plugin is.
#[derive(Clone, Debug)]
pub enum PluginState {
    /// An instance is being made; its tags have no live source yet.
    Starting,
    /// Its steps are being called.
    Running,
    /// It failed and will be started again.
    Restarting {
        /// What happened.
        fault: Arc<FaultRecord>,
        /// How long until then.
        in_ms: u64,
    },
    /// It failed too often, or can't work with its configuration; it stays down until someone acts.
    Quarantined {
        /// What happened last.
        fault: Arc<FaultRecord>,
    },
    /// It was taken down in good order.
    Stopped,
}

impl PluginState {
    /// As the system tag `system/plugins/NAME/state` holds it: 0 starting, 1 running, 2 restarting, 3 quarantined, 4 stopped.
    pub fn number(&self) -> u8 {
        match self {
            Self::Starting => 0,
            Self::Running => 1,
            Self::Restarting { .. } => 2,
            Self::Quarantined { .. } => 3,
            Self::Stopped => 4,
        }
    }

    /// What brought it down, if it is down because of a fault.
    pub fn fault(&self) -> Option<&Arc<FaultRecord>> {
        match self {
            Self::Restarting { fault, .. } | Self::Quarantined { fault } => Some(fault),
            Self::Starting | Self::Running | Self::Stopped => None,
        }
    }
}

/// What kind of fault it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The guest trapped: a panic, a failed check, a stack overflow.
    Trap,
    /// A call took longer than the hard limit.
    Deadline,
    /// It wanted more memory or table elements than granted, and failed for the lack of it.
    Memory,
    /// It broke the contract: a foreign handle, a write without an order, a malformed batch.
    Contract,
    /// It can't work with its configuration. Starting it again would not help.
    Configuration,
    /// No instance could be made of it.
    Start,
    /// The station's own code failed while it served this plugin: a bug in Plantroom.
    Host,
}

impl FaultKind {
    /// What happened, in an operator's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Trap => "the plugin failed",
            Self::Deadline => "the plugin took too long",
            Self::Memory => "the plugin wanted more memory than granted",
            Self::Contract => "the plugin broke its contract",
            Self::Configuration => "the plugin can't work with its configuration",
            Self::Start => "the plugin could not be started",
            Self::Host => "the station failed while serving the plugin",
        }
    }
}

/// Everything worth knowing about one fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultRecord {
    /// When it was noticed, UTC ns.
    pub utc_ns: i64,
    /// What kind.
    pub kind: FaultKind,
    /// What happened, in one sentence.
    pub message: String,
    /// The guest's call stack, innermost first; empty where there is none.
    pub backtrace: Vec<String>,
    /// The step it happened in: counts from 1 in this instance, 0 is `init`.
    pub step: u64,
    /// The last log lines of the void step (a panic's message is among them), oldest first.
    pub last_words: Vec<String>,
}

impl fmt::Display for FaultRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.words(), self.message)
    }
}

/// How a tag came to its value, in its driver's own terms (the contract's interface `diagnose`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Where the value lies and how it is read, in the words of the device's manual.
    pub place: String,
    /// The words from which it was decoded last, as they stood on the wire; empty for none yet.
    pub words: Vec<u16>,
    /// When those words were read; 0 for never.
    pub at: Utc,
    /// What else the driver knows, in sentences; may be empty.
    pub note: String,
}
