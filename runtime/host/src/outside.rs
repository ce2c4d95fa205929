//! What a plugin's committed steps may cause: the only way out of the sandbox.

use std::sync::Arc;

use plantroom_model::{
    Columns, Conditions, ConnectionId, ModbusCompletion, ModbusRequest, Mono, Now, OrderId, PluginId, SettleCode, Status, TagId,
    Value,
};

use crate::FaultRecord;

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
