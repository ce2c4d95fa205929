//! A plugin on a bench: virtual time runs as far as a test says, and everything it does is on record.

mod alarms;

use std::sync::Arc;

use plantroom_model::{
    Change, Explanation, ModbusRequest, OrderId, Outside, PluginOrder, Sample, SettleCode, Status, TagId, Value,
};

use crate::Spec;
use crate::event::{Event, Happened};
use crate::runner::{Runner, StartError, Stepper, Turned};
use crate::world::World;

/// Turns at one moment after which a plugin is said to run in circles.
const TURNS_AT_ONCE: u32 = 10_000;
/// How long an order stays valid unless told otherwise, in ms.
const ORDER_VALID_MS: u64 = 5_000;

/// One plugin with its scripted world. Time stands still except in [`Bench::run_for`].
pub struct Bench {
    spec: Spec,
    world: Arc<World>,
    stepper: Box<dyn Stepper>,
    wake_ns: u64,
    arrived: bool,
    ended: bool,
    next_order: u64,
    frames: u64,
}

impl Bench {
    /// Starts a plugin; its first step comes with the first [`Bench::run_for`].
    ///
    /// # Errors
    /// What its `init` found, or why it could not be loaded.
    pub fn start(runner: &Runner, spec: &Spec) -> Result<Self, StartError> {
        let connections = spec.connections.iter().map(|c| (c.devices.clone(), u64::from(c.timeout_ms)));
        let peers = (0..).zip(&spec.connections).filter_map(|(id, connection)| Some((id, connection.peer.clone()?.0)));
        let world = World::new(connections, peers, spec.tag_names(), &spec.alarms);
        let stepper = runner.start(spec, &world)?;
        Ok(Self { spec: spec.clone(), world, stepper, wake_ns: 0, arrived: true, ended: false, next_order: 1, frames: 0 })
    }

    /// Lets this much time pass, in ms: steps, transactions and orders come in their order.
    pub fn run_for(&mut self, ms: u64) {
        let end_ns = self.world.elapsed_ns() + ms * 1_000_000;
        loop {
            self.run_now();
            let next_ns = if self.ended { u64::MAX } else { self.wake_ns }.min(self.world.next_due_ns().unwrap_or(u64::MAX));
            if next_ns > end_ns {
                self.world.advance_to(end_ns);
                return;
            }
            self.world.advance_to(next_ns);
        }
    }

    fn run_now(&mut self) {
        for _ in 0..TURNS_AT_ONCE {
            self.hand_over_alarms();
            let arrived = self.world.complete_due() | std::mem::take(&mut self.arrived);
            if !arrived && (self.ended || self.wake_ns > self.world.elapsed_ns()) {
                return;
            }
            self.turn();
        }
        self.world.fault(format!("the plugin runs in circles: {TURNS_AT_ONCE} steps at {} ms", self.now_ms()));
        self.ended = true;
    }

    fn turn(&mut self) {
        let turned = self.stepper.turn();
        self.world.end_turn();
        match turned {
            Turned::WaitUntil(wake) => self.wake_ns = World::since_start_ns(wake),
            Turned::Ended => self.ended = true,
        }
    }

    /// Hands over a write order, valid for 5 s; returns its number. It is taken when time runs next.
    ///
    /// # Panics
    /// When the tag isn't in the spec, isn't writable, or the plugin doesn't run.
    pub fn order(&mut self, tag: &str, value: Value) -> u64 {
        self.order_for(tag, value, ORDER_VALID_MS)
    }

    /// As [`Bench::order`], valid for so many ms.
    ///
    /// # Panics
    /// When the tag isn't in the spec, isn't writable, or the plugin doesn't run.
    pub fn order_for(&mut self, tag: &str, value: Value, valid_ms: u64) -> u64 {
        let Some(id) = self.spec.tag_id(tag) else { panic!("the spec has no tag `{tag}`") };
        let number = self.next_order;
        self.next_order += 1;
        let valid_until = self.world.now().mono.plus_ms(valid_ms);
        self.world.open_order(OrderId(number));
        let taken = self.stepper.deliver(PluginOrder { id: OrderId(number), tag: id, value, valid_until });
        assert!(taken, "the order for `{tag}` was not taken in: is the tag writable, and does the plugin run?");
        self.arrived = true;
        number
    }

    /// Changes an input to a good value, as of now; several changes at one time come in their order.
    ///
    /// # Panics
    /// When the spec has no such input.
    pub fn change(&mut self, tag: &str, value: Value) {
        self.change_as(tag, value, Status::GOOD);
    }

    /// As [`Bench::change`], with any quality.
    ///
    /// # Panics
    /// When the spec has no such input.
    pub fn change_as(&mut self, tag: &str, value: Value, status: Status) {
        let readable = |id: &TagId| self.spec.tags.get(id.0 as usize).is_some_and(|tag| tag.read);
        let Some(id) = self.spec.tag_id(tag).filter(readable) else { panic!("the spec has no input `{tag}`") };
        let now = self.world.now();
        let sample = Sample { value, status, source_time: now.utc, server_time: now.utc };
        self.frames += 1;
        self.stepper.change(self.frames, now, Change { tag: id, sample });
        self.arrived = true;
    }

    /// What the plugin says of a tag: where it lies, the last words and what else is known. `None` where it says nothing.
    ///
    /// # Panics
    /// When the spec has no such tag.
    pub fn explain(&mut self, tag: &str) -> Option<Explanation> {
        let Some(id) = self.spec.tag_id(tag) else { panic!("the spec has no tag `{tag}`") };
        self.stepper.explain(id)
    }

    /// Takes the plugin down in good order.
    pub fn stop(&mut self) {
        self.stepper.stop();
        self.turn();
    }

    /// Virtual time, in ms since the bench began.
    pub fn now_ms(&self) -> u64 {
        self.world.elapsed_ns() / 1_000_000
    }

    /// Everything so far.
    pub fn events(&self) -> Vec<Event> {
        self.world.events()
    }

    /// Everything since the last call.
    pub fn take_events(&self) -> Vec<Event> {
        self.world.take_events()
    }

    /// Everything so far in words: equal for both ways to run a plugin.
    pub fn transcript(&self) -> Vec<String> {
        self.events().iter().map(Event::to_string).collect()
    }

    /// Every sample of a tag: when (ms), value, status.
    pub fn samples(&self, tag: &str) -> Vec<(u64, Value, Status)> {
        let of_tag = |event: Event| match event.happened {
            Happened::Sample { tag: name, value, status, .. } if name == tag => Some((event.at_ms, value, status)),
            _ => None,
        };
        self.events().into_iter().filter_map(of_tag).collect()
    }

    /// The last sample of a tag.
    pub fn last(&self, tag: &str) -> Option<(Value, Status)> {
        self.samples(tag).pop().map(|(_, value, status)| (value, status))
    }

    /// Every missed poll of a tag: when (ms), why.
    pub fn missed(&self, tag: &str) -> Vec<(u64, Status)> {
        let of_tag = |event: Event| match event.happened {
            Happened::Missed { tag: name, reason } if name == tag => Some((event.at_ms, reason)),
            _ => None,
        };
        self.events().into_iter().filter_map(of_tag).collect()
    }

    /// How an order ended, if it has.
    pub fn outcome(&self, order: u64) -> Option<(SettleCode, String)> {
        self.events().into_iter().find_map(|event| match event.happened {
            Happened::Settled { order: number, code, detail } if number == order => Some((code, detail)),
            _ => None,
        })
    }

    /// Every transaction that the plugin asked for: when (ms), what.
    pub fn requests(&self) -> Vec<(u64, ModbusRequest)> {
        let request = |event: Event| match event.happened {
            Happened::Request { request, .. } => Some((event.at_ms, request)),
            _ => None,
        };
        self.events().into_iter().filter_map(request).collect()
    }

    /// Everything that left over streams: when (ms), over which connection, what.
    pub fn sent(&self) -> Vec<(u64, u32, Vec<u8>)> {
        let sent = |event: Event| match event.happened {
            Happened::Sent { connection, bytes } => Some((event.at_ms, connection, bytes)),
            _ => None,
        };
        self.events().into_iter().filter_map(sent).collect()
    }

    /// The log.
    pub fn lines(&self) -> Vec<String> {
        let line = |event: Event| match event.happened {
            Happened::Log { line, .. } => Some(line),
            _ => None,
        };
        self.events().into_iter().filter_map(line).collect()
    }

    /// Orders that were handed over and have no outcome yet.
    pub fn open_orders(&self) -> Vec<u64> {
        self.world.open_orders()
    }

    /// Breaches of the contract, traps and other faults of the plugin: empty for a good one.
    pub fn faults(&self) -> Vec<String> {
        self.world.faults()
    }
}
