//! What plugins' committed steps cause: the sandbox's way out, wired to the inbox, the copper and the command path.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use plantroom_access::{Access, Act, Category};
use plantroom_fieldbus::Fieldbus;
use plantroom_host::{Loaded, Outside, PluginOrigin, PluginState};
use plantroom_model::{
    Columns, ConditionSource, Conditions, ConnectionId, ModbusCompletion, ModbusRequest, Now, OrderId, PluginId, SettleCode,
    Status, StreamEar, StreamLine, TagId, Value, limits,
};
use plantroom_store::{RealDisk, read_file, replace_file};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::inbox::{Inbox, PluginWord, What};
use crate::now_running::NowRunning;

/// Largest image of a plugin's persistent store that is read back, in bytes; grants stay far below.
const STORE_IMAGE_BYTES: u64 = 256 << 20;
/// Images waiting for the disk. At the limit a newer image waits for the next save.
const STORE_IMAGES: usize = 64;

/// How an order ended, as its driver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The kind.
    pub code: SettleCode,
    /// A sentence; may be empty.
    pub detail: String,
}

/// Orders that are with drivers, and who waits for them.
#[derive(Default)]
pub struct OpenOrders {
    waiting: Mutex<HashMap<OrderId, oneshot::Sender<Settled>>>,
}

impl OpenOrders {
    /// Begins to wait for an order.
    pub fn wait_for(&self, order: OrderId) -> oneshot::Receiver<Settled> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().insert(order, sender);
        receiver
    }

    /// Nobody waits for it any more; what comes later is only logged.
    pub fn forget(&self, order: OrderId) {
        self.waiting.lock().remove(&order);
    }

    fn settle(&self, order: OrderId, settled: Settled) {
        match self.waiting.lock().remove(&order) {
            // The receiver may have stopped waiting in this moment; its record is closed as unknown then.
            Some(waiting) => drop(waiting.send(settled)),
            None => tracing::warn!(order = order.0, code = ?settled.code, "an order ended after its time: {}", settled.detail),
        }
    }
}

/// What plugins' steps reach, in the order in which [`StationOutside`] names it.
pub type Shared = (Arc<dyn Clock>, Arc<Inbox>, Arc<Fieldbus>, Arc<OpenOrders>, Arc<Access>);

/// The station as its plugins see it.
pub struct StationOutside {
    clock: Arc<dyn Clock>,
    inbox: Arc<Inbox>,
    fieldbus: Arc<Fieldbus>,
    orders: Arc<OpenOrders>,
    access: Arc<Access>,
    running: Arc<NowRunning>,
    stores: PathBuf,
    images: Mutex<Option<SyncSender<(PathBuf, Vec<u8>)>>>,
    saver: Mutex<Option<JoinHandle<()>>>,
}

impl StationOutside {
    /// Wires it up. Stores of plugins are kept as one file each in the folder `stores`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(
        (clock, inbox, fieldbus, orders, access): Shared,
        running: Arc<NowRunning>,
        stores: PathBuf,
    ) -> std::io::Result<Self> {
        let (images, receiver) = sync_channel(STORE_IMAGES);
        let saver = std::thread::Builder::new().name("plugin stores".to_owned()).spawn(move || save_images(&receiver))?;
        let (images, saver) = (Mutex::new(Some(images)), Mutex::new(Some(saver)));
        Ok(Self { clock, inbox, fieldbus, orders, access, running, stores, images, saver })
    }

    /// Waits until every store that plugins have handed over is on the disk; what comes later is not kept.
    pub fn finish(&self) {
        self.images.lock().take();
        if let Some(saver) = self.saver.lock().take() {
            let _ = saver.join();
        }
    }

    /// Says on whose word a plugin runs: on the screens, and in the audit trail where it didn't come with the program.
    pub fn tell_origin(&self, plugin: PluginId, loaded: &Loaded) {
        let (running, now) = (self.running.get(), self.clock.now());
        let origin = loaded.origin();
        if let Some(tag) = running.system.plugins.get(plugin.0 as usize).and_then(|tags| tags.origin) {
            let mut words = origin.to_string();
            words.truncate(words.floor_char_boundary(limits::TEXT_BYTES));
            self.inbox.put(now, What::Set { tag, value: Value::Text(words.into()) });
        }
        if *origin != PluginOrigin::Installation {
            let (name, version) = loaded.manifest().map_or(("", ""), |manifest| (&manifest.name, &manifest.version));
            let what = format!("{name} {version}, {origin}, {}", loaded.archive_digest().unwrap_or("no archive"));
            self.access.audit().event(Act::new(Category::Station, "load plugin", &self.name(plugin)), &what, now);
        }
        if origin.is_unsigned() {
            tracing::warn!(plugin = &*self.name(plugin), "this plugin is {origin}; plant.toml allows that");
        }
    }

    fn store_path(&self, plugin: PluginId) -> PathBuf {
        self.stores.join(format!("{}.store", self.name(plugin)))
    }

    fn name(&self, plugin: PluginId) -> Arc<str> {
        self.running.get().plant.plugins.get(plugin.0 as usize).map_or_else(|| "unknown".into(), |spec| Arc::clone(&spec.name))
    }
}

fn save_images(images: &Receiver<(PathBuf, Vec<u8>)>) {
    for (path, bytes) in images {
        if let Err(error) = replace_file(&RealDisk, &path, &bytes) {
            tracing::error!("a plugin's store could not be kept: {error}");
        }
    }
}

impl Outside for StationOutside {
    fn now(&self) -> Now {
        self.clock.now()
    }

    fn samples(&self, plugin: PluginId, columns: Columns, at: Now) {
        self.inbox.put(at, What::Samples { plugin, columns });
    }

    fn missed(&self, plugin: PluginId, tags: Vec<TagId>, reason: Status, at: Now) {
        self.inbox.put(at, What::Missed { plugin, tags, reason });
    }

    fn conditions(&self, plugin: PluginId, conditions: Conditions, at: Now) -> Result<(), Conditions> {
        let what = What::Conditions { from: ConditionSource::Plugin(plugin), words: conditions };
        match (self.inbox.try_put(at, &what), what) {
            (false, What::Conditions { words, .. }) => Err(words),
            _ => Ok(()),
        }
    }

    fn transact(&self, connection: ConnectionId, request: ModbusRequest, done: Box<dyn FnOnce(ModbusCompletion) + Send>) {
        self.fieldbus.transact(connection, request, done);
    }

    fn attach(&self, connection: ConnectionId, ear: StreamEar) -> Option<Box<dyn StreamLine>> {
        self.fieldbus.attach(connection, ear)
    }

    fn settled(&self, order: OrderId, code: SettleCode, detail: String) {
        self.orders.settle(order, Settled { code, detail });
    }

    fn state(&self, plugin: PluginId, state: PluginState) {
        let name = &*self.name(plugin);
        let (word, fault) = match &state {
            PluginState::Starting => (PluginWord::Starting, None),
            PluginState::Running => (PluginWord::Running, None),
            PluginState::Restarting { fault, .. } => (PluginWord::Restarting, Some(fault)),
            PluginState::Quarantined { fault } => (PluginWord::Quarantined, Some(fault)),
            PluginState::Stopped => (PluginWord::Stopped, None),
        };
        match fault {
            Some(fault) => {
                tracing::error!(plugin = name, state = ?word, "plugin fault: {}\n{}", fault.message, fault.backtrace.join("\n"));
                let what = if word == PluginWord::Quarantined { "quarantine plugin" } else { "restart plugin" };
                self.access.audit().event(Act::new(Category::Station, what, name), &fault.message, self.clock.now());
            }
            None => tracing::info!(plugin = name, state = ?word, "plugin"),
        }
        let mut words = fault.map(|fault| fault.message.clone()).unwrap_or_default();
        words.truncate(words.floor_char_boundary(limits::TEXT_BYTES));
        self.inbox.put(self.clock.now(), What::Plugin { plugin, state: word, fault: words });
    }

    fn log(&self, plugin: PluginId, level: u8, line: String) {
        let plugin = &*self.name(plugin);
        match level {
            0 => tracing::error!(plugin, "{line}"),
            1 => tracing::warn!(plugin, "{line}"),
            2 => tracing::info!(plugin, "{line}"),
            _ => tracing::debug!(plugin, "{line}"),
        }
    }

    fn store_load(&self, plugin: PluginId) -> Vec<u8> {
        match read_file(&RealDisk, &self.store_path(plugin), STORE_IMAGE_BYTES) {
            Ok(image) => image.unwrap_or_default(),
            Err(error) => {
                tracing::error!(plugin = &*self.name(plugin), "the plugin starts with an empty store: {error}");
                Vec::new()
            }
        }
    }

    fn store_save(&self, plugin: PluginId, bytes: Vec<u8>) {
        let image = (self.store_path(plugin), bytes);
        if self.images.lock().as_ref().is_none_or(|images| images.try_send(image).is_err()) {
            tracing::warn!(plugin = &*self.name(plugin), "the disk is slow; this state of the plugin's store is skipped");
        }
    }
}
