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

/// Numbers of one answer in `heads`.
const ANSWER_HEADS: usize = 3;

/// Answers as they cross into the sandbox.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// Of each its id; its error, and below that where its words end; when it came.
    heads: Vec<u64>,
    words: Vec<u16>,
}

impl Answered {
    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    fn push(&mut self, id: u64, completion: &ModbusCompletion) {
        self.words.extend_from_slice(&completion.data);
        let end = self.words.len() as u64 & 0xFFFF_FFFF;
        self.heads.extend([id, u64::from(completion.error) << 32 | end, completion.at.0 as u64]);
    }

    /// Of each its id, its error, where its words end, and when it came.
    fn rows(&self) -> impl Iterator<Item = (u64, u16, u32, i64)> {
        self.heads.chunks_exact(ANSWER_HEADS).map(|head| (head[0], (head[1] >> 32) as u16, head[1] as u32, head[2] as i64))
    }

    /// Takes out the first ones.
    fn take(&mut self, most: usize) -> Self {
        if most >= self.heads.len() / ANSWER_HEADS {
            return std::mem::take(self);
        }
        let end = most.checked_sub(1).map_or(0, |last| self.heads[ANSWER_HEADS * last + 1] & 0xFFFF_FFFF);
        let mut rest = Self { heads: self.heads.split_off(ANSWER_HEADS * most), words: self.words.split_off(end as usize) };
        // The errors above don't change: no end is before this one.
        rest.heads.chunks_exact_mut(ANSWER_HEADS).for_each(|head| head[1] -= end);
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
        self.answered.heads.reserve(ANSWER_HEADS * answers.len());
        self.answered.words.reserve(answers.iter().map(|(_, completion)| completion.data.len()).sum());
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

/// A read out of its two numbers, and the place of its connection.
fn unpacked(what: u64, how: u64) -> (u32, ModbusRequest) {
    let request = ModbusRequest {
        unit: (what >> 24) as u8,
        function: (what >> 16) as u8,
        address: what as u16,
        count: how as u16,
        data: Vec::new(),
        timeout_ms: (how >> 32) as u32,
        valid_until: Mono(0),
    };
    ((what >> 32) as u32, request)
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
        let taken = self.transactions.collect(max);
        let mut start = 0;
        let completions = taken.rows().map(|(id, error, end, at)| {
            let data = taken.words[start as usize..end as usize].to_vec();
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
        let taken = self.transactions.collect(max);
        let mut answers =
            modbus::Answers { ids: Vec::new(), errors: Vec::new(), ends: Vec::new(), times: Vec::new(), words: Vec::new() };
        for (id, error, end, at) in taken.rows() {
            answers.ids.push(id);
            answers.errors.push(error);
            answers.ends.push(end);
            answers.times.push(at);
        }
        answers.words = taken.words;
        Ok(answers)
    }

    fn submit_packed(&mut self, reads: Vec<u64>) -> wasmtime::Result<u64> {
        if !reads.len().is_multiple_of(2) || reads.len() > 2 * shared::BATCH_ROWS {
            return breach(format!("it submitted a list of {} numbers as reads", reads.len()));
        }
        let first = self.transactions.last_id + 1;
        self.staged.submits.reserve(reads.len() / 2);
        for read in reads.chunks_exact(2) {
            let (place, request) = unpacked(read[0], read[1]);
            self.submit_read(place, request)?;
        }
        Ok(first)
    }

    fn collect_packed(&mut self, max: u32) -> wasmtime::Result<modbus::Packed> {
        let Answered { heads, words } = self.transactions.collect(max);
        Ok(modbus::Packed { heads, words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_read_says_what_its_numbers_say() {
        let (place, request) = unpacked(0x0102_0304_F703_1234, 0x0000_07D0_0000_007D);
        assert_eq!((place, request.unit, request.function, request.address), (0x0102_0304, 0xF7, 3, 0x1234));
        assert_eq!((request.count, request.timeout_ms), (125, 2_000));
    }

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
                assert!(piece.rows().count() <= most);
                let mut start = 0;
                for (id, error, end, at) in piece.rows() {
                    let data = piece.words[start..end as usize].to_vec();
                    start = end as usize;
                    assert_eq!(ModbusCompletion { error, data, at: Utc(at) }, answer(id));
                    seen.push(id);
                }
                assert_eq!(start, piece.words.len());
            }
            let all: Vec<u64> = if most == 0 { Vec::new() } else { (0..10).collect() };
            assert_eq!(seen, all, "{most} at a time");
            assert_eq!(answered.is_empty(), most > 0);
        }
    }
}
