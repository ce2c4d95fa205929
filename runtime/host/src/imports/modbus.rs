//! Transactions on granted connections. A write needs the open order that it serves.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use plantroom_model::{ModbusCompletion, ModbusRequest, Mono, Utc, field_error, limits as shared};

use crate::bindings::modbus;
use crate::limits;
use crate::stage::{StepState, Submit, breach};

/// The transactions of one instance.
#[derive(Debug)]
pub(crate) struct Transactions {
    last_id: u64,
    open: Vec<usize>,
    on: HashMap<u64, (u32, u64), BuildHasherDefault<IdHasher>>,
    /// Answers to collect.
    pub answered: Answered,
    refused: usize,
}

/// Spreads names that the host itself counts up (Fibonacci hashing).
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte) ^ self.0));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// Answers as the columns in which they cross into the sandbox.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    ids: Vec<u64>,
    errors: Vec<u16>,
    ends: Vec<u32>,
    times: Vec<i64>,
    words: Vec<u16>,
}

impl Answered {
    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn push(&mut self, id: u64, completion: &ModbusCompletion) {
        self.ids.push(id);
        self.errors.push(completion.error);
        self.words.extend_from_slice(&completion.data);
        self.ends.push(self.words.len() as u32);
        self.times.push(completion.at.0);
    }

    /// Takes out the first ones.
    fn take(&mut self, most: usize) -> Self {
        if most >= self.ids.len() {
            return std::mem::take(self);
        }
        let end = most.checked_sub(1).map_or(0, |last| self.ends[last]);
        let mut rest = Self {
            ids: self.ids.split_off(most),
            errors: self.errors.split_off(most),
            ends: self.ends.split_off(most),
            times: self.times.split_off(most),
            words: self.words.split_off(end as usize),
        };
        rest.ends.iter_mut().for_each(|place| *place -= end);
        std::mem::replace(self, rest)
    }
}

impl Transactions {
    /// No transactions on so many connections.
    pub fn new(places: usize) -> Self {
        Self { last_id: 0, open: vec![0; places], on: HashMap::default(), answered: Answered::default(), refused: 0 }
    }

    /// These are about to be taken in.
    pub fn make_room(&mut self, answers: &[(u64, ModbusCompletion)]) {
        let Answered { ids, errors, ends, times, words } = &mut self.answered;
        ids.reserve(answers.len());
        errors.reserve(answers.len());
        ends.reserve(answers.len());
        times.reserve(answers.len());
        words.reserve(answers.iter().map(|(_, completion)| completion.data.len()).sum());
    }

    /// An answer has arrived. Returns the order whose write certainly never reached the device.
    pub fn answer(&mut self, id: u64, completion: &ModbusCompletion) -> Option<u64> {
        let (place, order) = self.on.remove(&id)?;
        self.open[place as usize] -= 1;
        let never = matches!(completion.error, field_error::NOT_CONNECTED | field_error::BAD_REQUEST | field_error::QUEUE_FULL);
        self.answered.push(id, completion);
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
        self.answered.push(id, &ModbusCompletion { error, data: Vec::new(), at });
        Ok(id)
    }

    fn collect(&mut self, max: u32) -> Answered {
        let taken = self.answered.take(max as usize);
        if self.answered.is_empty() {
            self.refused = 0;
        }
        taken
    }
}

impl StepState {
    fn submit_read(&mut self, place: u32, request: ModbusRequest) -> wasmtime::Result<u64> {
        let Some(connection) = self.rights.connection(place) else { return foreign(place) };
        if !matches!(request.function, 1..=4) {
            return self.transactions.refuse(field_error::BAD_REQUEST, self.now.utc);
        }
        if self.transactions.open[place as usize] >= shared::OPEN_TRANSACTIONS {
            return self.transactions.refuse(field_error::QUEUE_FULL, self.now.utc);
        }
        let id = self.transactions.name();
        self.transactions.open[place as usize] += 1;
        self.transactions.on.insert(id, (place, 0));
        self.staged.submits.push(Submit { id, connection, request, order: 0 });
        Ok(id)
    }
}

fn foreign<T>(place: u32) -> wasmtime::Result<T> {
    breach(format!("it used connection {place}, which it was not granted (`connections` in plugins.toml)"))
}

impl modbus::Host for StepState {
    fn submit(&mut self, request: modbus::Request) -> wasmtime::Result<u64> {
        let modbus::Request { connection: place, unit, function, address, count, data, order, timeout_ms } = request;
        let Some(connection) = self.rights.connection(place) else { return foreign(place) };
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
        let Answered { ids, errors, ends, times, words } = self.transactions.collect(max);
        let mut start = 0;
        let completions = ids.into_iter().zip(errors).zip(ends.into_iter().zip(times)).map(|((id, error), (end, at))| {
            let data = words[start as usize..end as usize].to_vec();
            start = end;
            modbus::Completion { id, error, data, at }
        });
        Ok(completions.collect())
    }

    fn submit_reads(&mut self, batch: modbus::Reads) -> wasmtime::Result<u64> {
        let modbus::Reads { connections, units, functions, addresses, counts, timeouts_ms } = batch;
        let rows = connections.len();
        if [units.len(), functions.len(), addresses.len(), counts.len(), timeouts_ms.len()].iter().any(|other| *other != rows) {
            return breach("it submitted reads whose columns differ in length");
        }
        if rows > shared::BATCH_ROWS {
            return breach(format!("it submitted more than {} reads in one call", shared::BATCH_ROWS));
        }
        let first = self.transactions.last_id + 1;
        self.staged.submits.reserve(rows);
        for (row, place) in connections.into_iter().enumerate() {
            let request = ModbusRequest {
                unit: units[row],
                function: functions[row],
                address: addresses[row],
                count: counts[row],
                data: Vec::new(),
                timeout_ms: timeouts_ms[row],
                valid_until: Mono(0),
            };
            self.submit_read(place, request)?;
        }
        Ok(first)
    }

    fn collect_answers(&mut self, max: u32) -> wasmtime::Result<modbus::Answers> {
        let Answered { ids, errors, ends, times, words } = self.transactions.collect(max);
        Ok(modbus::Answers { ids, errors, ends, times, words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_in_order_and_in_pieces_of_any_size() {
        let answer =
            |id: u64| ModbusCompletion { error: id as u16 % 3, data: vec![id as u16; id as usize % 4], at: Utc(id as i64) };
        for most in [0, 1, 3, 7, 10, 11] {
            let mut answered = Answered::default();
            (0..10).for_each(|id| answered.push(id, &answer(id)));
            let mut seen = Vec::new();
            for _ in 0..10 {
                let piece = answered.take(most);
                assert!(piece.ids.len() <= most);
                let mut start = 0;
                for (row, id) in piece.ids.iter().enumerate() {
                    let data = piece.words[start..piece.ends[row] as usize].to_vec();
                    start = piece.ends[row] as usize;
                    assert_eq!(ModbusCompletion { error: piece.errors[row], data, at: Utc(piece.times[row]) }, answer(*id));
                    seen.push(*id);
                }
                assert_eq!(start, piece.words.len());
            }
            let all: Vec<u64> = if most == 0 { Vec::new() } else { (0..10).collect() };
            assert_eq!(seen, all, "{most} at a time");
            assert_eq!(answered.is_empty(), most > 0);
        }
    }
}
