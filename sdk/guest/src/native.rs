//! Plugins outside the sandbox: for tests under plain `cargo test`.
//!
//! In:  a [`World`], which stands where the contract's imports stand, and the calls of the contract.
//! Out: what the plugin asked of the world.
//! Start at [`set_world`], then [`init`].
//!
//! Invariant: everything is of this thread; tests beside each other don't meet.

use std::cell::RefCell;
use std::rc::Rc;

use crate::raw::{
    AlarmEventColumns, AlarmWords, Columns, Explanation, FixedSet, ModbusAnswers, ModbusCompletion, ModbusReads, ModbusRequest,
    OrderBatch, Problem, SampleRuns, StandingColumns, StreamArrivals, StreamSent,
};
use crate::{Exported, Instant, life};

/// The contract's imports, with plain types. Every function returns at once. See wit/plugin-0.1.
pub trait World {
    /// `samples.publish`.
    fn publish(&self, batch: &Columns);
    /// `samples.publish-runs`, with all sets that the plugin has fixed; by itself [`World::publish`] of the rows.
    fn publish_runs(&self, sets: &[FixedSet], batch: &SampleRuns) {
        self.publish(&batch.expand(sets));
    }
    /// `samples.missed`.
    fn missed(&self, tags: &[u32], reason: u32);
    /// `orders.take`.
    fn take_orders(&self, max: u32) -> OrderBatch;
    /// `orders.settle`: 0 done, 1 refused, 2 unknown, 3 not sent.
    fn settle(&self, order: u64, outcome: u8, detail: &str);
    /// `modbus.submit`.
    fn submit(&self, request: &ModbusRequest) -> u64;
    /// `modbus.collect`.
    fn collect(&self, max: u32) -> Vec<ModbusCompletion>;
    /// `modbus.submit-packed`; by itself so many calls of [`World::submit`], which must then name them counting up.
    fn submit_reads(&self, batch: &ModbusReads) -> u64 {
        let ids: Vec<u64> = batch.requests().map(|request| self.submit(&request)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]), "this world's `submit` must count up the names it gives");
        ids.first().copied().unwrap_or_default()
    }
    /// `modbus.collect-packed`; by itself what [`World::collect`] has.
    fn collect_answers(&self, max: u32) -> ModbusAnswers {
        let mut answers = ModbusAnswers::default();
        self.collect(max).iter().for_each(|completion| answers.push(completion));
        answers
    }
    /// `stream.collect`; by itself nothing ever happens.
    fn stream_collect(&self, max_bytes: u32) -> StreamArrivals {
        let _ = max_bytes;
        StreamArrivals::default()
    }
    /// `stream.send`; by itself no session ever stands.
    fn stream_send(&self, connection: u32, session: u64, order: u64, bytes: &[u8]) -> StreamSent {
        let _ = (connection, session, order, bytes);
        StreamSent::NoSession
    }
    /// `stream.close`.
    fn stream_close(&self, connection: u32, session: u64, reason: &str) {
        let _ = (connection, session, reason);
    }
    /// `tags.changes`.
    fn changes(&self) -> Columns;
    /// `tags.lost`.
    fn lost(&self) -> u64;
    /// `tags.read`.
    fn read_tags(&self, tags: &[u32]) -> Columns;
    /// `conditions.say`; by itself a world without alarms, where nobody listens.
    fn say(&self, words: &AlarmWords) {
        let _ = words;
    }
    /// `conditions.take-events`; by itself nothing ever happens.
    fn alarm_events(&self) -> AlarmEventColumns {
        AlarmEventColumns::default()
    }
    /// `conditions.lost`.
    fn alarm_events_lost(&self) -> u64 {
        0
    }
    /// `conditions.stand`; by itself every alarm is normal.
    fn alarms_stand(&self, alarms: &[u32]) -> StandingColumns {
        let none = vec![0; alarms.len()];
        StandingColumns {
            occurrences: vec![0; alarms.len()],
            states: none.clone(),
            hidden: none.clone(),
            marks: none,
            decided: vec![0; alarms.len()],
        }
    }
    /// `memory.get`.
    fn get(&self, key: &str) -> Option<Vec<u8>>;
    /// `memory.set`.
    fn set(&self, key: &str, value: &[u8]) -> bool;
    /// `memory.remove`.
    fn remove(&self, key: &str);
    /// `log.write`.
    fn log(&self, level: u8, line: &str);
}

thread_local! {
    static WORLD: RefCell<Option<Rc<dyn World>>> = const { RefCell::new(None) };
    /// What the plugin of this thread has fixed.
    static SETS: RefCell<Vec<FixedSet>> = const { RefCell::new(Vec::new()) };
}

/// Puts a world around the plugin of this thread. Also forgets a plugin that ran in another one.
pub fn set_world(world: Rc<dyn World>) {
    life::forget();
    SETS.with_borrow_mut(Vec::clear);
    WORLD.with(|place| place.replace(Some(world)));
}

/// `guest.init` of a plugin: the type that derives or is exported.
///
/// # Errors
/// All problems with the setup.
pub fn init<P: Exported>(document: &str) -> Result<(), Vec<Problem>> {
    life::init::<P>(document)
}

/// `guest.step`: returns when the plugin wants to be called next, ns on the monotonic clock; `u64::MAX` for when
/// something arrives.
pub fn step(now: Instant) -> u64 {
    life::step(now)
}

/// `diagnose.explain`.
pub fn explain(tag: u32) -> Option<Explanation> {
    life::explain(tag)
}

/// `guest.stop`.
pub fn stop() {
    life::stop();
}

pub(crate) mod port {
    use super::{
        AlarmEventColumns, AlarmWords, Columns, FixedSet, ModbusAnswers, ModbusReads, ModbusRequest, OrderBatch, Rc, SETS,
        SampleRuns, StandingColumns, StreamArrivals, StreamSent, WORLD, World,
    };
    use crate::{Outcome, Status};

    /// The world of this thread; without one there is nothing that a plugin could be asked to do.
    fn world<T: Default>(call: impl FnOnce(&dyn World) -> T) -> T {
        // Cloned, so that a world may be replaced from within.
        let world: Option<Rc<dyn World>> = WORLD.try_with(|world| world.borrow().clone()).ok().flatten();
        world.map_or_else(T::default, |world| call(&*world))
    }

    pub(crate) fn publish(batch: &Columns) {
        world(|world| world.publish(batch));
    }

    /// Valid until the plugin is forgotten, as its other state.
    pub(crate) fn fix_set(handles: &[u32], kinds: &[u8]) -> u32 {
        SETS.with_borrow_mut(|sets| {
            sets.push(FixedSet { handles: handles.to_vec(), kinds: kinds.to_vec() });
            sets.len() as u32 - 1
        })
    }

    pub(crate) fn publish_runs(batch: &SampleRuns) {
        SETS.with_borrow(|sets| world(|world| world.publish_runs(sets, batch)));
    }

    pub(crate) fn missed(tags: &[u32], reason: Status) {
        world(|world| world.missed(tags, reason.0));
    }

    pub(crate) fn take_orders(max: u32) -> OrderBatch {
        world(|world| world.take_orders(max))
    }

    pub(crate) fn settle(order: u64, outcome: &Outcome) {
        world(|world| world.settle(order, outcome.code(), outcome.detail()));
    }

    pub(crate) fn submit(request: &ModbusRequest) -> u64 {
        world(|world| world.submit(request))
    }

    pub(crate) fn submit_reads(batch: &ModbusReads) -> u64 {
        world(|world| world.submit_reads(batch))
    }

    pub(crate) fn collect_answers(max: u32) -> ModbusAnswers {
        world(|world| world.collect_answers(max))
    }

    pub(crate) fn stream_collect(max_bytes: u32) -> StreamArrivals {
        world(|world| world.stream_collect(max_bytes))
    }

    pub(crate) fn stream_send(connection: u32, session: u64, order: u64, bytes: &[u8]) -> StreamSent {
        world(|world| Some(world.stream_send(connection, session, order, bytes))).unwrap_or(StreamSent::NoSession)
    }

    pub(crate) fn stream_close(connection: u32, session: u64, reason: &str) {
        world(|world| world.stream_close(connection, session, reason));
    }

    pub(crate) fn changes() -> Columns {
        world(|world| world.changes())
    }

    pub(crate) fn lost() -> u64 {
        world(|world| world.lost())
    }

    pub(crate) fn read_tags(tags: &[u32]) -> Columns {
        world(|world| world.read_tags(tags))
    }

    pub(crate) fn say(words: &AlarmWords) {
        world(|world| world.say(words));
    }

    pub(crate) fn alarm_events() -> AlarmEventColumns {
        world(|world| world.alarm_events())
    }

    pub(crate) fn alarm_events_lost() -> u64 {
        world(|world| world.alarm_events_lost())
    }

    pub(crate) fn alarms_stand(alarms: &[u32]) -> StandingColumns {
        world(|world| world.alarms_stand(alarms))
    }

    pub(crate) fn get(key: &str) -> Option<Vec<u8>> {
        world(|world| world.get(key))
    }

    pub(crate) fn set(key: &str, value: &[u8]) -> bool {
        world(|world| world.set(key, value))
    }

    pub(crate) fn remove(key: &str) {
        world(|world| world.remove(key));
    }

    pub(crate) fn log(level: u8, line: &str) {
        world(|world| world.log(level, line));
    }
}
