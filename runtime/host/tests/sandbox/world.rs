//! A world around the sandbox: a small plant, a clock that only moves by hand, and everything that came out.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_host::{
    ComponentFile, FaultKind, FaultRecord, Host, HostOptions, LoadError, Loaded, Outside, PluginOrder, PluginState, Supervised,
    Turn,
};
use plantroom_model::*;
use plantroom_project::{
    AlarmGrant, ConnectionSpec, Grant, LinkSpec, ListenSpec, Place, Plant, PluginSpec, ScanSpec, TagIds, TcpAddress,
};

use crate::guest::Guest;

/// What came out of the sandbox.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Samples(Vec<(u32, Value)>),
    Missed(Vec<u32>, Status),
    Said(Vec<(u32, ConditionWord)>),
    Sent(u32, ModbusRequest),
    Settled(u64, SettleCode, String),
    State(u8),
    Log(u8, String),
    Saved(usize),
}

type Done = Box<dyn FnOnce(ModbusCompletion) + Send>;

/// The outside of the tests.
#[derive(Default)]
pub struct World {
    pub now_ms: Mutex<u64>,
    pub events: Mutex<Vec<Event>>,
    pub open: Mutex<Vec<Done>>,
    pub faults: Mutex<Vec<Arc<FaultRecord>>>,
    pub store: Mutex<Vec<u8>>,
    /// Panics when samples arrive: a bug of the station.
    pub broken: Mutex<bool>,
    /// Has no room for words about alarms.
    pub full: Mutex<bool>,
}

impl World {
    pub fn say(&self, event: Event) {
        self.events.lock().push(event);
    }

    /// Everything since the last call.
    pub fn events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.events.lock())
    }

    pub fn pass_ms(&self, ms: u64) {
        *self.now_ms.lock() += ms;
    }

    /// Answers the oldest open transaction.
    pub fn answer(&self, error: u16, data: &[u16]) {
        let done = self.open.lock().remove(0);
        done(ModbusCompletion { error, data: data.to_vec(), at: Utc(7) });
    }
}

impl Outside for World {
    fn now(&self) -> Now {
        let ms = *self.now_ms.lock();
        Now { mono: Mono(0).plus_ms(1_000 + ms), utc: Utc(1_700_000_000_000_000_000 + ms as i64 * 1_000_000) }
    }

    fn samples(&self, _: PluginId, columns: Columns, _: Now) {
        assert!(!*self.broken.lock(), "the station has a bug");
        self.say(Event::Samples(columns.rows().map(|row| (row.handle, row.value)).collect()));
    }

    fn missed(&self, _: PluginId, tags: Vec<TagId>, reason: Status, _: Now) {
        self.say(Event::Missed(tags.into_iter().map(|tag| tag.0).collect(), reason));
    }

    fn conditions(&self, _: PluginId, conditions: Conditions, _: Now) -> Result<(), Conditions> {
        if *self.full.lock() {
            return Err(conditions);
        }
        self.say(Event::Said(conditions.rows.into_iter().map(|(alarm, word)| (alarm.0, word)).collect()));
        Ok(())
    }

    fn transact(&self, connection: ConnectionId, request: ModbusRequest, done: Done) {
        self.say(Event::Sent(connection.0, request));
        self.open.lock().push(done);
    }

    fn settled(&self, order: OrderId, code: SettleCode, detail: String) {
        self.say(Event::Settled(order.0, code, detail));
    }

    fn state(&self, _: PluginId, state: PluginState) {
        self.faults.lock().extend(state.fault().cloned());
        self.say(Event::State(state.number()));
    }

    fn log(&self, _: PluginId, level: u8, line: String) {
        self.say(Event::Log(level, line));
    }

    fn store_load(&self, _: PluginId) -> Vec<u8> {
        self.store.lock().clone()
    }

    fn store_save(&self, _: PluginId, bytes: Vec<u8>) {
        self.say(Event::Saved(bytes.len()));
        *self.store.lock() = bytes;
    }
}

/// Four tags: 0 foreign; 1 and 2 published by the plugin, 2 also written (on connection 1); 3 read.
/// So the plugin's handles are 0 for tag 1, 1 for tag 2, 2 for tag 3. It has connection 1 of two, as its place 0.
pub fn plant(grant: impl FnOnce(&mut Grant)) -> Plant {
    let driver = |address: &str| Origin::Driver {
        plugin: PluginId(0),
        connection: ConnectionId(1),
        device: None,
        address: address.into(),
    };
    let origins = [driver("holding 0"), driver("holding 1"), driver("holding 2"), Origin::Memory { initial: Value::Float(0.0) }];
    let tags: Arc<[TagSpec]> =
        origins.into_iter().enumerate().map(|(n, origin)| TagSpec::new(&format!("t{n}"), ValueKind::Float, origin)).collect();
    let connection = |name: &str| ConnectionSpec {
        name: name.into(),
        driver: PluginId(0),
        link: LinkSpec::Tcp(TcpAddress { host: "localhost".into(), port: 502 }),
        pipeline: 1,
        quiet_ms: 0,
        devices: Vec::new(),
        timeout_ms: 1_000,
        device: serde_json::json!({ "unit": 3 }),
    };
    let mut all = Grant {
        connections: vec![ConnectionId(1)],
        streams: Vec::new(),
        publish: vec![TagId(1), TagId(2)],
        read: vec![TagId(3)],
        write: vec![TagId(2)],
        store_bytes: 4_096,
        memory_bytes: 4 << 20,
        cpu_pct: 100,
        soft_ms: 5,
        hard_ms: 30,
        samples_per_s: 1_000,
        orders: true,
        log_lines_per_s: 5,
        alarms: AlarmGrant {
            raise: vec![AlarmId(1)],
            suppress: vec![AlarmId(2)],
            mark: vec![AlarmId(2)],
            read: vec![AlarmId(3)],
            words_per_s: 10,
        },
    };
    grant(&mut all);
    let config = serde_json::json!({ "groups": { "fast": 250 } });
    let plugin =
        PluginSpec { name: "bad".into(), component: "bad".into(), accepts: None, config, grant: all, place: Place::default() };
    Plant {
        root: PathBuf::new(),
        name: "test".into(),
        time_zone: "UTC".into(),
        home_screen: String::new(),
        scan: ScanSpec { min_ms: 10, max_ms: 100 },
        listen: ListenSpec { address: std::net::Ipv4Addr::LOCALHOST.into(), port: 0, origins: vec![] },
        connections: vec![connection("other"), connection("plc")],
        plugins: vec![plugin],
        tag_ids: TagIds::of(&tags),
        tag_places: tags.iter().map(|_| Place::default()).collect(),
        tags,
        alarms: (0..4).map(alarm).collect(),
        automations: Vec::new(),
        instances: vec![],
        screens: vec![],
        ..Plant::default()
    }
}

/// Alarms: 0 foreign, 1 the plugin's own, 2 one that it may suppress and mark, 3 one that it hears of, of the plugin's own
/// connection. So the plugin's handles are 0 for alarm 1, 1 for alarm 2, 2 for alarm 3.
fn alarm(number: u32) -> AlarmSpec {
    let condition = match number {
        1 => Condition::Plugin { plugin: PluginId(0) },
        3 => Condition::BadQuality { tag: TagId(2) },
        _ => Condition::System,
    };
    let detail = AlarmDetail {
        priority: if number == 3 { Priority::High } else { Priority::Low },
        area: "works".into(),
        consequence: "".into(),
        action: "".into(),
        respond_s: 0,
        screen: "".into(),
        instance: "".into(),
        on_delay_ms: 0,
        off_delay_ms: 0,
        latching: number == 1,
        acknowledge: true,
        realarm_s: 0,
        shelve_max_s: 0,
        shelve_role: Role::Operate,
        first_out: "".into(),
    };
    let name = format!("a{number}");
    AlarmSpec { name: name.as_str().into(), message: "It is so".into(), condition, detail: Arc::new(detail) }
}

/// Loads bytes as the only plugin of a plant, with a host of its own.
pub fn load_into(plant: &Plant, bytes: &[u8]) -> Result<Loaded, LoadError> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let host = Host::new(HostOptions { cache_dir: dir.path().join("cache"), compile_command: vec![] }).expect("a host");
    let path = dir.path().join("bad.wasm");
    std::fs::write(&path, bytes).expect("a file");
    host.load(&plant.plugins[0], PluginId(0), plant, &ComponentFile::of_installation(path))
}

/// A plugin on a clock of its own.
pub struct Bench {
    pub world: Arc<World>,
    pub plugin: Supervised,
}

impl Bench {
    /// Loads and starts a guest; its events so far are gone.
    pub fn start(guest: &Guest) -> Self {
        Self::start_with(guest, |_| {})
    }

    /// With other grants.
    pub fn start_with(guest: &Guest, grant: impl FnOnce(&mut Grant)) -> Self {
        let mut bench = Self::load_with(guest, grant);
        bench.turn();
        bench.world.events();
        bench
    }

    /// Not started yet.
    pub fn load_with(guest: &Guest, grant: impl FnOnce(&mut Grant)) -> Self {
        let loaded = load_into(&plant(grant), &guest.component()).expect("it loads");
        let world = Arc::new(World::default());
        Self { plugin: loaded.by_hand(world.clone()), world }
    }

    pub fn turn(&mut self) -> Turn {
        self.plugin.turn()
    }

    /// One turn, and what came of it.
    pub fn turn_events(&mut self) -> Vec<Event> {
        self.plugin.turn();
        self.world.events()
    }

    /// Time passes, then a turn.
    pub fn after_ms(&mut self, ms: u64) -> Vec<Event> {
        self.world.pass_ms(ms);
        self.turn_events()
    }

    pub fn order(&self, id: u64, valid_ms: u64) -> bool {
        let valid_until = self.world.now().mono.plus_ms(valid_ms);
        self.plugin.deliver_order(PluginOrder { id: OrderId(id), tag: TagId(2), value: Value::Float(5.0), valid_until })
    }

    pub fn last_fault(&self) -> Arc<FaultRecord> {
        self.world.faults.lock().last().expect("a fault").clone()
    }

    /// One step of a fresh instance must end in this kind of fault, and nothing of it may count.
    pub fn expect_fault(mut self, kind: FaultKind, part: &str) {
        let events = self.turn_events();
        let fault = self.last_fault();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.message.contains(part), "{fault}");
        assert_eq!(events, [Event::State(2)], "a void step counts for nothing");
    }
}
