//! A world for tests: it keeps what a plugin asked and gives what the test put there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use plantroom_sdk::native::{self, World};
use plantroom_sdk::raw::{AlarmEventColumns, AlarmWords, Columns, ModbusCompletion, ModbusRequest, OrderBatch};
use plantroom_sdk::{Instant, Status, Value};

#[derive(Default)]
pub struct Field {
    published: RefCell<Vec<(u32, Value, u32)>>,
    missed: RefCell<Vec<(Vec<u32>, u32)>>,
    orders: RefCell<OrderBatch>,
    settled: RefCell<Vec<(u64, u8, String)>>,
    submitted: RefCell<Vec<ModbusRequest>>,
    next_id: Cell<u64>,
    completions: RefCell<Vec<ModbusCompletion>>,
    changes: RefCell<Columns>,
    held: RefCell<BTreeMap<u32, Value>>,
    store: RefCell<BTreeMap<String, Vec<u8>>>,
    logs: RefCell<Vec<String>>,
    words: RefCell<Vec<(u32, u8, Value, String)>>,
    alarm_events: RefCell<AlarmEventColumns>,
}

#[expect(dead_code, reason = "each test file uses a part of it")]
impl Field {
    pub fn install() -> Rc<Self> {
        let field = Rc::new(Self::default());
        native::set_world(field.clone());
        field
    }

    pub fn step(&self, mono_ns: u64) -> u64 {
        native::step(Instant { mono_ns, utc_ns: mono_ns as i64 })
    }

    pub fn samples(&self) -> Vec<(u32, Value)> {
        self.published.take().into_iter().map(|(handle, value, _)| (handle, value)).collect()
    }

    pub fn samples_with_status(&self) -> Vec<(u32, Value, u32)> {
        self.published.take()
    }

    pub fn misses(&self) -> Vec<(Vec<u32>, u32)> {
        self.missed.take()
    }

    pub fn logs(&self) -> Vec<String> {
        self.logs.take()
    }

    pub fn requests(&self) -> Vec<ModbusRequest> {
        self.submitted.take()
    }

    pub fn take_request(&self) -> ModbusRequest {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    pub fn answer(&self, id: u64, data: &[u16]) {
        self.completions.borrow_mut().push(ModbusCompletion { id, data: data.to_vec(), ..ModbusCompletion::default() });
    }

    pub fn fail(&self, id: u64, error: u16) {
        self.completions.borrow_mut().push(ModbusCompletion { id, error, ..ModbusCompletion::default() });
    }

    pub fn has_completions(&self) -> bool {
        !self.completions.borrow().is_empty()
    }

    pub fn order(&self, id: u64, tag: u32, value: &Value, valid_ms: u32) {
        let mut orders = self.orders.borrow_mut();
        orders.ids.push(id);
        orders.values.push(tag, value, Status::GOOD, 0);
        orders.valid_ms.push(valid_ms);
    }

    pub fn settled(&self) -> Vec<(u64, u8, String)> {
        self.settled.take()
    }

    /// What was said of alarms: which, verb, value, detail.
    pub fn words(&self) -> Vec<(u32, u8, Value, String)> {
        self.words.take()
    }

    /// Something happened to an alarm: its kind, and the state that it is in after that.
    pub fn alarm(&self, alarm: u32, kind: u8, state: u8) {
        let mut events = self.alarm_events.borrow_mut();
        events.rows.push(alarm, &Value::Bool(true), Status::GOOD, 40);
        events.kinds.push(kind);
        events.occurrences.push(7);
        events.states.push(state);
        events.hidden.push(0);
        events.marks.push(0);
        events.decided.push(50);
    }

    pub fn hold(&self, tag: u32, value: Value) {
        self.held.borrow_mut().insert(tag, value);
    }

    pub fn change(&self, tag: u32, value: &Value, status: Status) {
        self.changes.borrow_mut().push(tag, value, status, 0);
        self.hold(tag, value.clone());
    }
}

impl World for Field {
    fn publish(&self, batch: &Columns) {
        let rows = (0..batch.len()).map(|row| (batch.handles[row], batch.value(row), batch.statuses[row]));
        self.published.borrow_mut().extend(rows);
    }

    fn missed(&self, tags: &[u32], reason: u32) {
        self.missed.borrow_mut().push((tags.to_vec(), reason));
    }

    fn take_orders(&self, _: u32) -> OrderBatch {
        self.orders.take()
    }

    fn settle(&self, order: u64, outcome: u8, detail: &str) {
        self.settled.borrow_mut().push((order, outcome, detail.to_owned()));
    }

    fn submit(&self, request: &ModbusRequest) -> u64 {
        self.submitted.borrow_mut().push(request.clone());
        self.next_id.set(self.next_id.get() + 1);
        self.next_id.get()
    }

    fn collect(&self, _: u32) -> Vec<ModbusCompletion> {
        self.completions.take()
    }

    fn changes(&self) -> Columns {
        self.changes.take()
    }

    fn lost(&self) -> u64 {
        0
    }

    fn read_tags(&self, tags: &[u32]) -> Columns {
        let mut columns = Columns::default();
        for tag in tags {
            match self.held.borrow().get(tag) {
                Some(value) => columns.push(*tag, value, Status::GOOD, 0),
                None => columns.push(*tag, &Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA, 0),
            }
        }
        columns
    }

    fn say(&self, words: &AlarmWords) {
        let rows = (0..words.len())
            .map(|row| (words.rows.handles[row], words.verbs[row], words.rows.value(row), words.detail(row).to_owned()));
        self.words.borrow_mut().extend(rows);
    }

    fn alarm_events(&self) -> AlarmEventColumns {
        self.alarm_events.take()
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.store.borrow().get(key).cloned()
    }

    fn set(&self, key: &str, value: &[u8]) -> bool {
        self.store.borrow_mut().insert(key.to_owned(), value.to_vec());
        true
    }

    fn remove(&self, key: &str) {
        self.store.borrow_mut().remove(key);
    }

    fn log(&self, _: u8, line: &str) {
        self.logs.borrow_mut().push(line.to_owned());
    }
}
