//! Write orders: taken once, settled once.

use std::collections::{BTreeMap, VecDeque};

use plantroom_model::{Columns, Mono, SettleCode, Status, Utc};

use crate::bindings::{orders, types};
use crate::stage::{StepState, breach, one_line};
use crate::{PluginOrder, limits};

/// The orders of one instance.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Handed over, not yet taken.
    pub waiting: VecDeque<PluginOrder>,
    /// Taken, not yet settled by a committed step.
    open: BTreeMap<u64, Open>,
}

/// An order in the guest's hands.
#[derive(Debug)]
struct Open {
    order: PluginOrder,
    /// Writing transactions that have left and may have reached the device.
    maybe_sent: u32,
    /// Settled by the running step.
    settled: bool,
}

impl Orders {
    /// An open order that can still be served.
    pub fn serving(&self, id: u64) -> Option<&PluginOrder> {
        self.open.get(&id).filter(|open| !open.settled).map(|open| &open.order)
    }

    /// Whether no order is in the guest's hands or waits for it.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.open.is_empty()
    }

    /// Whether nothing has left for this order yet.
    pub fn untouched(&self, id: u64) -> bool {
        self.open.get(&id).is_some_and(|open| open.maybe_sent == 0)
    }

    /// A writing transaction for this order has left the station.
    pub fn sent(&mut self, id: u64) {
        if let Some(open) = self.open.get_mut(&id) {
            open.maybe_sent += 1;
        }
    }

    /// It is certain now that the transaction never reached the device.
    pub fn not_sent(&mut self, id: u64) {
        if let Some(open) = self.open.get_mut(&id) {
            open.maybe_sent = open.maybe_sent.saturating_sub(1);
        }
    }

    /// Closes an order for good, and says whether a write may have reached the device.
    pub fn close(&mut self, id: u64) -> bool {
        self.open.remove(&id).is_some_and(|open| open.maybe_sent > 0)
    }

    /// Takes out what waits and has expired.
    pub fn expired(&mut self, now: Mono) -> Vec<PluginOrder> {
        let (gone, kept): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|order| order.valid_until <= now);
        self.waiting = kept.into();
        gone
    }

    /// An order that was taken, has expired long ago and was never settled.
    pub fn overdue(&self, now: Mono) -> Option<u64> {
        let late = |open: &Open| open.order.valid_until.plus_ms(limits::SETTLE_MS) <= now;
        self.open.iter().find(|(_, open)| late(open)).map(|(id, _)| *id)
    }

    /// Takes out everything, with how each ends when the instance is gone: whether a write may have been carried out.
    pub fn abandon(&mut self) -> Vec<(PluginOrder, bool)> {
        let waiting = self.waiting.drain(..).map(|order| (order, false));
        waiting.chain(std::mem::take(&mut self.open).into_values().map(|open| (open.order, open.maybe_sent > 0))).collect()
    }
}

impl orders::Host for StepState {
    fn take(&mut self, max: u32) -> wasmtime::Result<orders::Batch> {
        let count = self.orders.waiting.len().min(max as usize);
        let (mut ids, mut values, mut valid_ms) = (Vec::with_capacity(count), Columns::default(), Vec::with_capacity(count));
        for order in self.orders.waiting.drain(..count) {
            let Some(handle) = self.rights.write_handle(order.tag) else { continue };
            ids.push(order.id.0);
            values.push(handle, &order.value, Status::GOOD, Utc(0));
            let left_ms = order.valid_until.since(self.now.mono) / 1_000_000;
            valid_ms.push(u32::try_from(left_ms).unwrap_or(u32::MAX));
            self.orders.open.insert(order.id.0, Open { order, maybe_sent: 0, settled: false });
        }
        Ok(orders::Batch { ids, values: types::Columns::from(values), valid_ms })
    }

    fn settle(&mut self, order: u64, outcome: u8, detail: String) -> wasmtime::Result<()> {
        let Some(code) = SettleCode::from_u8(outcome) else {
            return breach(format!("it settled order {order} with outcome {outcome}, which does not exist"));
        };
        let Some(open) = self.orders.open.get_mut(&order).filter(|open| !open.settled) else {
            return breach(format!("it settled order {order}, which is not open"));
        };
        open.settled = true;
        self.staged.settles.push((open.order.id, code, one_line(&detail, limits::DETAIL_BYTES)));
        Ok(())
    }
}
