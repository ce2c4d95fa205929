//! Everything outside the plugin: the virtual clock, the scripted connections, and what the plugin did.

mod streams;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{
    AlarmEvent, AlarmEventKind, AlarmId, Columns, Conditions, ConnectionId, ModbusCompletion, ModbusRequest, Mono, Now, OrderId,
    Outside, PluginId, PluginState, SettleCode, Standing, Status, StreamEar, StreamLine, TagId, Utc, field_error, limits,
};

use crate::Peer;
use crate::alarms::Alarms;
use crate::device::{Answer, Device};
use crate::event::{Event, Happened};
use crate::spec::SpecAlarm;

/// The monotonic clock of a bench starts here, so that nothing relies on a start at 0; in ns.
const MONO_START_NS: u64 = 1_000_000_000;
/// UTC of a bench starts here: 2026-01-01T00:00:00Z, in ns.
const UTC_START_NS: i64 = 1_767_225_600_000_000_000;

type Done = Box<dyn FnOnce(ModbusCompletion) + Send>;

/// One connection, as the fieldbus keeps it: one transaction at a time, writes before reads. An answer that is lost or
/// bad ends the session: all that wait end as not connected, and after a session without any answer comes a pause. On a
/// line with several units a silent one costs its own time-out and nothing else.
struct Link {
    /// What answers, by unit; without a unit it answers to all.
    devices: Vec<(Option<u8>, Device)>,
    timeout_ms: u64,
    writes: VecDeque<(ModbusRequest, Done)>,
    reads: VecDeque<(ModbusRequest, Done)>,
    busy: Option<(u64, ModbusCompletion, Done)>,
    /// Sessions in a row that brought no answer.
    failures: u32,
    /// This session has brought an answer.
    answered: bool,
    /// No session before this time.
    down_until_ns: u64,
}

type Ended = (ModbusCompletion, Done);

struct Inner {
    elapsed_ns: u64,
    links: Vec<Link>,
    streams: BTreeMap<u32, streams::Link>,
    tags: Vec<String>,
    alarm_names: Vec<String>,
    alarms: Alarms,
    events: Vec<Event>,
    /// Events of turns that have ended.
    told: usize,
    open_orders: BTreeSet<u64>,
    /// A transaction was refused at once, and its end has not been stepped yet.
    refused: bool,
    store: Vec<u8>,
    faults: Vec<String>,
}

/// What is outside a plugin on a bench.
pub(crate) struct World(Arc<Mutex<Inner>>);

impl World {
    pub(crate) fn new(
        connections: impl Iterator<Item = (Vec<(Option<u8>, Device)>, u64)>,
        peers: impl Iterator<Item = (u32, Peer)>,
        tags: Vec<String>,
        alarms: &[SpecAlarm],
    ) -> Arc<Self> {
        let links = connections.map(|(devices, timeout_ms)| Link {
            devices,
            timeout_ms,
            writes: VecDeque::new(),
            reads: VecDeque::new(),
            busy: None,
            failures: 0,
            answered: false,
            down_until_ns: 0,
        });
        Arc::new(Self(Arc::new(Mutex::new(Inner {
            elapsed_ns: 0,
            links: links.collect(),
            streams: peers.map(|(connection, peer)| (connection, streams::Link::new(peer))).collect(),
            tags,
            alarm_names: alarms.iter().map(|alarm| alarm.name.clone()).collect(),
            alarms: Alarms::new(alarms.iter().map(|alarm| alarm.latching)),
            events: Vec::new(),
            told: 0,
            open_orders: BTreeSet::new(),
            refused: false,
            store: Vec::new(),
            faults: Vec::new(),
        }))))
    }

    pub(crate) fn elapsed_ns(&self) -> u64 {
        self.0.lock().elapsed_ns
    }

    /// A wake-up on the plugin's clock as time since the bench began.
    pub(crate) fn since_start_ns(wake: Mono) -> u64 {
        wake.0.saturating_sub(MONO_START_NS)
    }

    pub(crate) fn advance_to(&self, elapsed_ns: u64) {
        let mut inner = self.0.lock();
        inner.elapsed_ns = inner.elapsed_ns.max(elapsed_ns);
    }

    /// When the next transaction ends, or something happens on a stream.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        let inner = self.0.lock();
        let links = inner.links.iter().filter_map(|link| link.busy.as_ref().map(|(due_ns, ..)| *due_ns));
        links.chain(inner.streams.values().filter_map(|link| link.next_due_ns(inner.elapsed_ns))).min()
    }

    /// Ends the transactions that are due, and starts the next ones; true if any ended since the last call.
    pub(crate) fn complete_due(&self) -> bool {
        let ended: Vec<Ended> = {
            let mut inner = self.0.lock();
            let now_ns = inner.elapsed_ns;
            let mut ended = Vec::new();
            for link in &mut inner.links {
                if let Some((_, completion, done)) = link.busy.take_if(|(due_ns, ..)| *due_ns <= now_ns) {
                    let lost = link.account(completion.error, now_ns);
                    ended.push((completion, done));
                    if lost {
                        link.end_waiting(now_ns, &mut ended);
                    }
                    link.start_next(now_ns);
                }
            }
            ended
        };
        // Outside the lock: `done` may submit the next one at once.
        let streamed = self.turn_streams();
        let any = std::mem::take(&mut self.0.lock().refused) || !ended.is_empty() || streamed;
        ended.into_iter().for_each(|(completion, done)| done(completion));
        any
    }

    /// Does what is due on streams; true if anything was told.
    fn turn_streams(&self) -> bool {
        let (mut news, mut inner) = (Vec::new(), self.0.lock());
        let Inner { elapsed_ns, streams, events, .. } = &mut *inner;
        for (connection, link) in streams {
            let mut sent = Vec::new();
            link.turn(*elapsed_ns, &mut news, &mut sent);
            let told = sent.into_iter().map(|bytes| Happened::Sent { connection: *connection, bytes });
            events.extend(told.map(|happened| Event { at_ms: *elapsed_ns / 1_000_000, happened }));
        }
        drop(inner);
        let any = !news.is_empty();
        news.into_iter().for_each(|(ear, event, at)| ear(event, at));
        any
    }

    pub(crate) fn open_order(&self, order: OrderId) {
        self.0.lock().open_orders.insert(order.0);
    }

    pub(crate) fn open_orders(&self) -> Vec<u64> {
        self.0.lock().open_orders.iter().copied().collect()
    }

    /// The time on both clocks.
    pub(crate) fn now_both(&self) -> Now {
        Outside::now(self)
    }

    pub(crate) fn now_utc_ns(&self) -> i64 {
        self.now_both().utc.0
    }

    pub(crate) fn take_alarm_events(&self) -> Vec<AlarmEvent> {
        self.0.lock().alarms.take()
    }

    pub(crate) fn set_alarm(&self, alarm: AlarmId, holds: bool, source: Utc) {
        let now = self.now_both();
        self.0.lock().alarms.set(alarm, holds, source, now);
    }

    pub(crate) fn settle_alarm(&self, alarm: AlarmId, kind: AlarmEventKind) -> bool {
        let now = self.now_both();
        self.0.lock().alarms.settle(alarm, kind, now)
    }

    pub(crate) fn standing(&self, alarm: AlarmId) -> Standing {
        self.0.lock().alarms.standing(alarm)
    }

    /// What was last added to an alarm's message, and its likely cause.
    pub(crate) fn alarm_texts(&self, alarm: AlarmId) -> (String, String) {
        let inner = self.0.lock();
        (inner.alarms.detail(alarm), inner.alarms.cause(alarm))
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().events.clone()
    }

    pub(crate) fn take_events(&self) -> Vec<Event> {
        let mut inner = self.0.lock();
        inner.told = 0;
        std::mem::take(&mut inner.events)
    }

    /// Puts what one turn did into the order of transcripts.
    pub(crate) fn end_turn(&self) {
        let mut inner = self.0.lock();
        let told = inner.told;
        inner.events[told..].sort_by_key(|event| event.happened.rank());
        inner.told = inner.events.len();
    }

    /// What the plugin did against the contract, or what brought it down.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.0.lock().faults.clone()
    }

    pub(crate) fn fault(&self, sentence: String) {
        self.0.lock().faults.push(sentence);
    }

    fn tell(&self, happened: Happened) {
        let mut inner = self.0.lock();
        let at_ms = inner.elapsed_ns / 1_000_000;
        inner.events.push(Event { at_ms, happened });
    }
}

impl Link {
    /// What a completion means for the session; true when it ends it.
    fn account(&mut self, error: u16, now_ns: u64) -> bool {
        let is_line = self.devices.iter().any(|(unit, _)| unit.is_some());
        let lost = error >= field_error::TIMEOUT && !(is_line && error == field_error::TIMEOUT);
        self.answered |= !lost;
        if lost {
            self.failures = if self.answered { 0 } else { self.failures + 1 };
            self.answered = false;
            self.down_until_ns = now_ns + pause_ms(self.failures) * 1_000_000;
        }
        lost
    }

    fn end_waiting(&mut self, now_ns: u64, ended: &mut Vec<Ended>) {
        let at = Utc(UTC_START_NS + now_ns as i64);
        let waiting = self.writes.drain(..).chain(self.reads.drain(..));
        ended.extend(
            waiting.map(|(_, done)| (ModbusCompletion { error: field_error::NOT_CONNECTED, data: Vec::new(), at }, done)),
        );
    }

    fn start_next(&mut self, now_ns: u64) {
        if self.busy.is_some() {
            return;
        }
        let Some((request, done)) = self.writes.pop_front().or_else(|| self.reads.pop_front()) else { return };
        let timeout_ms = match u64::from(request.timeout_ms) {
            0 => self.timeout_ms,
            wanted_ms => wanted_ms.min(self.timeout_ms),
        };
        let found = self.devices.iter().find(|(unit, _)| unit.is_none_or(|unit| unit == request.unit));
        let answer = match found {
            Some((_, device)) => device.answer(&request, now_ns / 1_000_000, timeout_ms),
            None => Answer { after_ms: timeout_ms, error: field_error::TIMEOUT, data: Vec::new() },
        };
        let due_ns = now_ns + answer.after_ms * 1_000_000;
        let at = Utc(UTC_START_NS + due_ns as i64);
        self.busy = Some((due_ns, answer.at(at), done));
    }
}

/// The pause before the next session, in ms: none after one that brought answers.
fn pause_ms(failures: u32) -> u64 {
    match failures {
        0 => 0,
        n => (200_u64 << (n - 1).min(16)).min(5_000),
    }
}

impl Inner {
    fn tag(&self, id: TagId) -> String {
        self.tags.get(id.0 as usize).cloned().unwrap_or_else(|| format!("tag {}", id.0))
    }
}

impl Outside for World {
    fn now(&self) -> Now {
        let elapsed_ns = self.elapsed_ns();
        Now { mono: Mono(MONO_START_NS + elapsed_ns), utc: Utc(UTC_START_NS + elapsed_ns as i64) }
    }

    fn samples(&self, _plugin: PluginId, columns: Columns, at: Now) {
        if let Err(wrong) = columns.check() {
            self.fault(format!("published a batch that is not valid: {wrong}"));
            return;
        }
        let names: Vec<String> = {
            let inner = self.0.lock();
            columns.handles.iter().map(|handle| inner.tag(TagId(*handle))).collect()
        };
        for (row, tag) in columns.rows().zip(names) {
            let source = if row.time == Utc(0) { at.utc } else { row.time };
            let source_ms = (source.0 - UTC_START_NS) / 1_000_000;
            self.tell(Happened::Sample { tag, value: row.value, status: row.status, source_ms });
        }
    }

    fn missed(&self, _plugin: PluginId, tags: Vec<TagId>, reason: Status, _at: Now) {
        for id in tags {
            let tag = self.0.lock().tag(id);
            self.tell(Happened::Missed { tag, reason });
        }
    }

    fn conditions(&self, _plugin: PluginId, conditions: Conditions, at: Now) -> Result<(), Conditions> {
        for (id, word) in conditions.rows {
            let alarm = {
                let mut inner = self.0.lock();
                inner.alarms.word(id, &word, at);
                inner.alarm_names.get(id.0 as usize).cloned().unwrap_or_else(|| format!("alarm {}", id.0))
            };
            self.tell(Happened::Said { alarm, word });
        }
        Ok(())
    }

    fn transact(&self, connection: ConnectionId, request: ModbusRequest, done: Done) {
        self.tell(Happened::Request { connection: connection.0, request: request.clone() });
        let refused = {
            let mut inner = self.0.lock();
            let now_ns = inner.elapsed_ns;
            match inner.links.get_mut(connection.0 as usize) {
                None => Some((field_error::BAD_REQUEST, done)),
                Some(link) if link.reads.len() + link.writes.len() >= limits::OPEN_TRANSACTIONS => {
                    Some((field_error::QUEUE_FULL, done))
                }
                Some(link) if link.down_until_ns > now_ns => Some((field_error::NOT_CONNECTED, done)),
                Some(link) => {
                    let queue = if request.writes() { &mut link.writes } else { &mut link.reads };
                    queue.push_back((request, done));
                    link.start_next(now_ns);
                    None
                }
            }
        };
        if let Some((error, done)) = refused {
            self.0.lock().refused = true;
            done(ModbusCompletion { error, data: Vec::new(), at: self.now().utc });
        }
    }

    fn attach(&self, connection: ConnectionId, ear: StreamEar) -> Option<Box<dyn StreamLine>> {
        streams::attach(&self.0, connection.0, ear)
    }

    fn settled(&self, order: OrderId, code: SettleCode, detail: String) {
        if !self.0.lock().open_orders.remove(&order.0) {
            self.fault(format!("order {} was settled, but it is not open", order.0));
        }
        self.tell(Happened::Settled { order: order.0, code, detail });
    }

    fn state(&self, _plugin: PluginId, state: PluginState) {
        if let Some(fault) = state.fault() {
            self.fault(format!("{fault:?}"));
        }
    }

    fn log(&self, _plugin: PluginId, level: u8, line: String) {
        self.tell(Happened::Log { level, line });
    }

    fn store_load(&self, _plugin: PluginId) -> Vec<u8> {
        self.0.lock().store.clone()
    }

    fn store_save(&self, _plugin: PluginId, bytes: Vec<u8>) {
        self.0.lock().store = bytes;
    }
}
