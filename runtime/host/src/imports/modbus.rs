//! Transactions on granted connections. A write needs the open order that it serves.

use std::collections::{HashMap, VecDeque};

use plantroom_model::{ModbusCompletion, ModbusRequest, Mono, Utc, field_error, limits as shared};

use crate::bindings::modbus;
use crate::limits;
use crate::stage::{StepState, Submit, breach};

/// The transactions of one instance.
#[derive(Debug)]
pub(crate) struct Transactions {
    last_id: u64,
    open: Vec<usize>,
    on: HashMap<u64, (u32, u64)>,
    /// Answers to collect.
    pub answered: VecDeque<(u64, ModbusCompletion)>,
    refused: usize,
}

impl Transactions {
    /// No transactions on so many connections.
    pub fn new(places: usize) -> Self {
        Self { last_id: 0, open: vec![0; places], on: HashMap::new(), answered: VecDeque::new(), refused: 0 }
    }

    /// An answer has arrived. Returns the order whose write certainly never reached the device.
    pub fn answer(&mut self, id: u64, completion: ModbusCompletion) -> Option<u64> {
        let (place, order) = self.on.remove(&id)?;
        self.open[place as usize] -= 1;
        let never = matches!(completion.error, field_error::NOT_CONNECTED | field_error::BAD_REQUEST | field_error::QUEUE_FULL);
        self.answered.push_back((id, completion));
        (never && order != 0).then_some(order)
    }

    fn name(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn refuse(&mut self, error: u16, at: Utc) -> wasmtime::Result<u64> {
        if self.refused >= limits::REFUSALS {
            return breach(format!(
                "it submitted {} transactions that can't be queued, and collected no answer",
                limits::REFUSALS
            ));
        }
        self.refused += 1;
        let id = self.name();
        self.answered.push_back((id, ModbusCompletion { error, data: Vec::new(), at }));
        Ok(id)
    }
}

impl modbus::Host for StepState {
    fn submit(&mut self, request: modbus::Request) -> wasmtime::Result<u64> {
        let modbus::Request { connection: place, unit, function, address, count, data, order, timeout_ms } = request;
        let Some(connection) = self.rights.connection(place) else {
            return breach(format!("it used connection {place}, which it was not granted (`connections` in plugins.toml)"));
        };
        let mut request = ModbusRequest { unit, function, address, count, data, timeout_ms, valid_until: Mono(0) };
        let reads = matches!(function, 1..=4);
        if !reads && !request.writes() {
            // Unknown functions could write: none passes.
            return self.transactions.refuse(field_error::BAD_REQUEST, self.now.utc);
        }
        if request.writes() {
            let Some(open) = self.orders.serving(order) else {
                return breach(format!("it submitted a write (function {function}) without an open order"));
            };
            if let Some(only) = self.rights.write_connection(open.tag)
                && only != place
            {
                return breach(format!("it submitted a write for order {order} on a connection that is not the tag's"));
            }
            let first = self.orders.untouched(order) && !self.staged.submits.iter().any(|submit| submit.order == order);
            if first && open.valid_until <= self.now.mono {
                return self.transactions.refuse(field_error::BAD_REQUEST, self.now.utc);
            }
            // Only the first write of an order can come too late; what belongs to it must not be cut off half-way.
            if first {
                request.valid_until = open.valid_until;
            }
        }
        if request.data.len() > limits::REQUEST_WORDS {
            return self.transactions.refuse(field_error::BAD_REQUEST, self.now.utc);
        }
        if self.transactions.open[place as usize] >= shared::OPEN_TRANSACTIONS {
            return self.transactions.refuse(field_error::QUEUE_FULL, self.now.utc);
        }
        let id = self.transactions.name();
        let order = if request.writes() { order } else { 0 };
        self.transactions.open[place as usize] += 1;
        self.transactions.on.insert(id, (place, order));
        self.staged.submits.push(Submit { id, connection, request, order });
        Ok(id)
    }

    fn collect(&mut self, max: u32) -> wasmtime::Result<Vec<modbus::Completion>> {
        let count = self.transactions.answered.len().min(max as usize);
        let answered = self.transactions.answered.drain(..count);
        let completions = answered
            .map(|(id, answer)| modbus::Completion { id, error: answer.error, data: answer.data, at: answer.at.0 })
            .collect();
        if self.transactions.answered.is_empty() {
            self.transactions.refused = 0;
        }
        Ok(completions)
    }
}
