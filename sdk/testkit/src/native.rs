//! Runs a plugin in this process, without a sandbox: what it does is staged and checked as the host does it.

mod alarms;
mod streams;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{
    AlarmEvent, AlarmId, Change, Columns, ConditionWord, Conditions, ConnectionId, Explanation, ModbusCompletion, ModbusRequest,
    Mono, Now, OrderId, Outside, PluginId, PluginOrder, Sample, SettleCode, Status, TagId, Utc, Value, field_error, limits,
};
use plantroom_sdk::{native, raw};

use crate::runner::{Stepper, Turned};
use crate::spec::SpecAlarm;
use crate::world::World;
use alarms::AlarmSide;
use streams::StreamSide;

/// Shortest and longest time between two steps when nothing arrives, in ms, as the host keeps them.
const SLEEP_MS: (u64, u64) = (1, 60_000);
/// Quota of the persistent store, in bytes, as the bench's project grants it.
const STORE_BYTES: usize = 64 << 10;

/// What stands where the host stands: the contract's imports, and what a step staged.
pub(crate) struct Native {
    side: Rc<Side>,
    stopping: bool,
    ended: bool,
}

struct Side {
    world: Arc<World>,
    rights: Rights,
    stage: RefCell<Stage>,
    waiting: RefCell<VecDeque<PluginOrder>>,
    taken: RefCell<BTreeSet<u64>>,
    completions: Arc<Mutex<VecDeque<raw::ModbusCompletion>>>,
    open: Vec<Arc<Mutex<usize>>>,
    next_id: Cell<u64>,
    memory: RefCell<BTreeMap<String, Vec<u8>>>,
    changes: RefCell<raw::Columns>,
    current: RefCell<BTreeMap<u32, Sample>>,
    alarms: AlarmSide,
    streams: StreamSide,
}

/// What the bench's project grants, by handle and by connection.
pub(crate) struct Rights {
    /// May be published, by handle.
    pub publishable: Vec<bool>,
    /// May be read, by handle.
    pub readable: Vec<bool>,
    /// May be written, by handle.
    pub writable: Vec<bool>,
    /// How many connections there are.
    pub connections: usize,
    /// Of these, which carry bytes.
    pub streams: Vec<u32>,
    /// The alarms, by handle.
    pub alarms: Vec<SpecAlarm>,
}

#[derive(Default)]
struct Stage {
    lines: Vec<(u8, String)>,
    outputs: Vec<Output>,
    settled: Vec<(u64, SettleCode, String)>,
    submits: Vec<(u64, raw::ModbusRequest)>,
    words: Vec<(AlarmId, ConditionWord)>,
}

enum Output {
    Samples(Columns),
    Missed(Vec<TagId>, Status),
}

impl Native {
    pub(crate) fn new(world: Arc<World>, rights: Rights) -> Self {
        let side = Rc::new(Side {
            stage: RefCell::default(),
            waiting: RefCell::default(),
            taken: RefCell::default(),
            completions: Arc::default(),
            open: (0..rights.connections).map(|_| Arc::default()).collect(),
            next_id: Cell::new(1),
            memory: RefCell::default(),
            changes: RefCell::default(),
            current: RefCell::default(),
            alarms: AlarmSide::new(&rights.alarms),
            streams: StreamSide::default(),
            world,
            rights,
        });
        native::set_world(side.clone());
        Self { side, stopping: false, ended: false }
    }

    /// Commits what `init` logged, and puts its streams into its hands.
    pub(crate) fn commit(&self) {
        self.side.commit();
        self.side.streams.attach(&self.side.world, self.side.rights.streams.iter().copied());
    }
}

impl Stepper for Native {
    fn turn(&mut self) -> Turned {
        if self.ended {
            return Turned::Ended;
        }
        if self.stopping {
            native::stop();
            self.side.commit();
            self.side.end_orders();
            self.side.streams.close();
            self.ended = true;
            return Turned::Ended;
        }
        let now = self.side.world.now();
        self.side.expire_orders(now.mono);
        self.side.streams.take_in();
        let wake_ns = native::step(plantroom_sdk::Instant { mono_ns: now.mono.0, utc_ns: now.utc.0 });
        self.side.commit();
        if wake_ns <= now.mono.0 && self.side.completions.lock().is_empty() {
            self.side.world.fault("step asked to be called again at once, though nothing has arrived".to_owned());
        }
        Turned::WaitUntil(Mono(wake_ns).max(now.mono.plus_ms(SLEEP_MS.0)).min(now.mono.plus_ms(SLEEP_MS.1)))
    }

    fn deliver(&mut self, order: PluginOrder) -> bool {
        let granted = self.side.rights.writable.get(order.tag.0 as usize).copied().unwrap_or(false);
        if granted && !self.stopping {
            self.side.waiting.borrow_mut().push_back(order);
        }
        granted && !self.stopping
    }

    fn change(&mut self, _frame: u64, _now: Now, change: Change) {
        let Change { tag, sample } = change;
        push_sample(&mut self.side.changes.borrow_mut(), tag.0, &sample);
        self.side.current.borrow_mut().insert(tag.0, sample);
    }

    fn alarms(&mut self, _frame: u64, _now: Now, events: Vec<AlarmEvent>) {
        events.iter().for_each(|event| self.side.alarms.event(event));
    }

    fn explain(&mut self, tag: TagId) -> Option<Explanation> {
        let raw::Explanation { place, words, at, note } = native::explain(tag.0)?;
        Some(Explanation { place, words, at: Utc(at), note })
    }

    fn stop(&mut self) {
        self.stopping = true;
    }
}

impl Side {
    fn breach(&self, sentence: String) {
        self.world.fault(format!("breach of the contract: {sentence}"));
    }

    fn commit(&self) {
        let stage = self.stage.take();
        let plugin = PluginId(0);
        stage.lines.into_iter().for_each(|(level, line)| self.world.log(plugin, level, line));
        for output in stage.outputs {
            match output {
                Output::Samples(columns) => self.world.samples(plugin, columns, self.world.now()),
                Output::Missed(tags, reason) => self.world.missed(plugin, tags, reason, self.world.now()),
            }
        }
        if !stage.words.is_empty() {
            // A bench has room for everything.
            let _ = self.world.conditions(plugin, Conditions { rows: stage.words }, self.world.now());
        }
        for (order, code, detail) in stage.settled {
            self.world.settled(OrderId(order), code, detail);
        }
        stage.submits.into_iter().for_each(|(id, request)| self.send(id, request));
        self.streams.commit();
    }

    fn send(&self, id: u64, request: raw::ModbusRequest) {
        let Some(open) = self.open.get(request.connection as usize).cloned() else { return };
        let completions = self.completions.clone();
        let done = move |ended: ModbusCompletion| {
            *open.lock() -= 1;
            completions.lock().push_back(raw::ModbusCompletion { id, error: ended.error, data: ended.data, at: ended.at.0 });
        };
        let connection = ConnectionId(request.connection);
        let raw::ModbusRequest { unit, function, address, count, data, timeout_ms, .. } = request;
        self.world.transact(
            connection,
            ModbusRequest { unit, function, address, count, data, timeout_ms, valid_until: plantroom_model::Mono(0) },
            Box::new(done),
        );
    }

    fn expire_orders(&self, now: Mono) {
        let expired: Vec<PluginOrder> = {
            let mut waiting = self.waiting.borrow_mut();
            let (expired, good) = waiting.drain(..).partition(|order| order.valid_until <= now);
            *waiting = good;
            Vec::from(expired)
        };
        for order in expired {
            self.world.settled(order.id, SettleCode::NotSent, "it expired before the driver took it".to_owned());
        }
    }

    /// Whatever a stopped plugin leaves open is the host's to end.
    fn end_orders(&self) {
        for order in self.waiting.take() {
            self.world.settled(order.id, SettleCode::NotSent, "the driver was stopped before it sent the write".to_owned());
        }
        for order in self.taken.take() {
            self.breach(format!("order {order} was taken and not settled when the plugin stopped"));
            self.world.settled(OrderId(order), SettleCode::Unknown, "the plugin was stopped".to_owned());
        }
    }
}

impl native::World for Side {
    fn publish(&self, batch: &raw::Columns) {
        let raw::Columns { handles, kinds, values, statuses, times, text } = batch.clone();
        let columns = Columns { handles, kinds, values, statuses, times, text };
        if let Err(wrong) = columns.check() {
            return self.breach(wrong.to_string());
        }
        if let Some(handle) = columns.handles.iter().find(|handle| !allowed(&self.rights.publishable, **handle)) {
            return self.breach(format!("handle {handle} may not be published"));
        }
        self.stage.borrow_mut().outputs.push(Output::Samples(columns));
    }

    fn missed(&self, tags: &[u32], reason: u32) {
        if let Some(handle) = tags.iter().find(|handle| !allowed(&self.rights.publishable, **handle)) {
            return self.breach(format!("handle {handle} may not be published"));
        }
        let tags = tags.iter().map(|tag| TagId(*tag)).collect();
        self.stage.borrow_mut().outputs.push(Output::Missed(tags, Status(reason)));
    }

    fn take_orders(&self, max: u32) -> raw::OrderBatch {
        let now = self.world.now();
        let mut batch = raw::OrderBatch::default();
        let mut waiting = self.waiting.borrow_mut();
        while batch.ids.len() < max as usize
            && let Some(order) = waiting.pop_front()
        {
            self.taken.borrow_mut().insert(order.id.0);
            batch.ids.push(order.id.0);
            batch.valid_ms.push((order.valid_until.since(now.mono) / 1_000_000) as u32);
            batch.values.push(order.tag.0, &to_guest(&order.value), plantroom_sdk::Status::GOOD, 0);
        }
        batch
    }

    fn settle(&self, order: u64, outcome: u8, detail: &str) {
        let code = SettleCode::from_u8(outcome);
        match code.filter(|_| self.taken.borrow_mut().remove(&order)) {
            Some(code) => self.stage.borrow_mut().settled.push((order, code, detail.to_owned())),
            None => self.breach(format!("order {order} is not open, or {outcome} is no outcome")),
        }
    }

    fn submit(&self, request: &raw::ModbusRequest) -> u64 {
        let id = self.next_id.replace(self.next_id.get() + 1);
        let writes = matches!(request.function, 5 | 6 | 15 | 16 | 22 | 23);
        if writes && !self.taken.borrow().contains(&request.order) {
            self.breach(format!("function {} writes without an open order", request.function));
        }
        let refused = match self.open.get(request.connection as usize) {
            None => {
                self.breach(format!("connection {} was never given", request.connection));
                Some(field_error::BAD_REQUEST)
            }
            Some(open) if *open.lock() >= limits::OPEN_TRANSACTIONS => Some(field_error::QUEUE_FULL),
            Some(open) => {
                *open.lock() += 1;
                None
            }
        };
        match refused {
            Some(error) => {
                let at = self.world.now().utc;
                self.completions.lock().push_back(raw::ModbusCompletion { id, error, data: Vec::new(), at: at.0 });
            }
            None => self.stage.borrow_mut().submits.push((id, request.clone())),
        }
        id
    }

    fn collect(&self, max: u32) -> Vec<raw::ModbusCompletion> {
        let mut completions = self.completions.lock();
        let len = completions.len().min(max as usize);
        completions.drain(..len).collect()
    }

    fn stream_collect(&self, max_bytes: u32) -> raw::StreamArrivals {
        self.streams.collect(max_bytes as usize)
    }

    fn stream_send(&self, connection: u32, session: u64, order: u64, bytes: &[u8]) -> raw::StreamSent {
        if order != 0 && !self.taken.borrow().contains(&order) {
            self.breach(format!("bytes were sent for order {order}, which is not open"));
        }
        self.streams.send(connection, session, bytes, Mono(0)).unwrap_or_else(|sentence| {
            self.breach(sentence);
            raw::StreamSent::NoSession
        })
    }

    fn stream_close(&self, connection: u32, session: u64, reason: &str) {
        if let Err(sentence) = self.streams.end(connection, session, reason) {
            self.breach(sentence);
        }
    }

    fn changes(&self) -> raw::Columns {
        self.changes.take()
    }

    fn lost(&self) -> u64 {
        0
    }

    fn read_tags(&self, tags: &[u32]) -> raw::Columns {
        let (mut columns, current) = (raw::Columns::default(), self.current.borrow());
        let nothing = Sample::waiting();
        for tag in tags {
            if !allowed(&self.rights.readable, *tag) {
                self.breach(format!("handle {tag} may not be read"));
            }
            push_sample(&mut columns, *tag, current.get(tag).unwrap_or(&nothing));
        }
        columns
    }

    fn say(&self, words: &raw::AlarmWords) {
        match self.alarms.words(words) {
            Ok(words) => self.stage.borrow_mut().words.extend(words),
            Err(sentence) => self.breach(sentence),
        }
    }

    fn alarm_events(&self) -> raw::AlarmEventColumns {
        self.alarms.take_events()
    }

    fn alarms_stand(&self, alarms: &[u32]) -> raw::StandingColumns {
        self.alarms.stand(alarms).unwrap_or_else(|sentence| {
            self.breach(sentence);
            raw::StandingColumns::default()
        })
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.memory.borrow().get(key).cloned()
    }

    fn set(&self, key: &str, value: &[u8]) -> bool {
        let mut memory = self.memory.borrow_mut();
        let others = memory.iter().filter(|(other, _)| *other != key);
        let used: usize = others.map(|(key, value)| key.len() + value.len()).sum();
        let fits = used + key.len() + value.len() <= STORE_BYTES;
        if fits {
            memory.insert(key.to_owned(), value.to_vec());
        }
        fits
    }

    fn remove(&self, key: &str) {
        self.memory.borrow_mut().remove(key);
    }

    fn log(&self, level: u8, line: &str) {
        self.stage.borrow_mut().lines.push((level, line.to_owned()));
    }
}

fn allowed(by_handle: &[bool], handle: u32) -> bool {
    by_handle.get(handle as usize).copied().unwrap_or(false)
}

fn push_sample(columns: &mut raw::Columns, handle: u32, sample: &Sample) {
    columns.push(handle, &to_guest(&sample.value), plantroom_sdk::Status(sample.status.0), sample.source_time.0);
}

fn to_guest(value: &Value) -> plantroom_sdk::Value {
    match value {
        Value::Null => plantroom_sdk::Value::Null,
        Value::Bool(v) => plantroom_sdk::Value::Bool(*v),
        Value::Int(v) => plantroom_sdk::Value::Int(*v),
        Value::Uint(v) => plantroom_sdk::Value::Uint(*v),
        Value::Float(v) => plantroom_sdk::Value::Float(*v),
        Value::Text(v) => plantroom_sdk::Value::Text(v.to_string()),
    }
}
