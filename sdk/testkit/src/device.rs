//! A Modbus device that does what a test says: an image of its cells, and faults.

use std::ops::Range;
use std::sync::Arc;

use parking_lot::Mutex;
use plantroom_model::{ModbusCompletion, ModbusRequest, Utc, field_error};

/// A scripted Modbus device. Clones are the same device, so a test keeps one and gives one to the bench.
///
/// At first it has all 65,536 cells of each table, all 0, and answers at once.
#[derive(Clone, Debug)]
pub struct Device(Arc<Mutex<Image>>);

#[derive(Clone, Debug)]
struct Image {
    coils: Vec<u16>,
    discrete: Vec<u16>,
    input: Vec<u16>,
    holding: Vec<u16>,
    faults: Vec<FaultRule>,
    latency_ms: u64,
    most_cells: u16,
    seen: Vec<Seen>,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The device answers with this exception code and does nothing.
    Exception(u8),
    /// The device doesn't get the request, and nobody answers.
    Silent,
    /// The device does it, and the answer is lost.
    LostAnswer,
    /// There is no connection.
    NotConnected,
    /// An answer came that the fieldbus threw away.
    BadAnswer,
    /// The answer passes as good, and carries fewer words than were asked for.
    ShortAnswer,
    /// The answer passes as good, and carries more words than were asked for.
    LongAnswer,
    /// The answer takes this long, in ms.
    Slow(u32),
}

/// Which requests a fault strikes.
#[derive(Clone, Debug)]
pub struct FaultRule {
    fault: Fault,
    functions: Vec<u8>,
    cells: Range<u32>,
    times: Option<u32>,
}

impl FaultRule {
    /// Strikes every request until the faults are cleared.
    pub fn new(fault: Fault) -> Self {
        Self { fault, functions: Vec::new(), cells: 0..65_536, times: None }
    }

    /// Only these function codes.
    #[must_use]
    pub fn on_functions(mut self, functions: &[u8]) -> Self {
        self.functions = functions.to_vec();
        self
    }

    /// Only requests that touch one of these cells.
    #[must_use]
    pub fn on_cells(mut self, cells: Range<u32>) -> Self {
        self.cells = cells;
        self
    }

    /// Only the next so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn strikes(&self, request: &ModbusRequest) -> bool {
        let span = u32::from(request.address)..u32::from(request.address) + cells_of(request);
        self.times != Some(0)
            && (self.functions.is_empty() || self.functions.contains(&request.function))
            && span.start < self.cells.end
            && self.cells.start < span.end
    }
}

/// A request that reached the device or its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it was sent, in ms since the bench began.
    pub at_ms: u64,
    /// What it asked for.
    pub request: ModbusRequest,
}

/// An answer, and how long it takes.
pub(crate) struct Answer {
    pub after_ms: u64,
    pub error: u16,
    pub data: Vec<u16>,
}

impl Answer {
    pub(crate) fn at(self, at: Utc) -> ModbusCompletion {
        ModbusCompletion { error: self.error, data: self.data, at }
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

impl Device {
    /// A healthy device with every cell at 0.
    pub fn new() -> Self {
        let table = || vec![0; 65_536];
        let (coils, discrete, input, holding) = (table(), table(), table(), table());
        Self(Arc::new(Mutex::new(Image {
            coils,
            discrete,
            input,
            holding,
            faults: Vec::new(),
            latency_ms: 0,
            most_cells: u16::MAX,
            seen: Vec::new(),
        })))
    }

    /// Puts words into holding registers.
    pub fn set_holding(&self, start: u16, words: &[u16]) {
        put(&mut self.0.lock().holding, start, words);
    }

    /// Puts words into input registers.
    pub fn set_input(&self, start: u16, words: &[u16]) {
        put(&mut self.0.lock().input, start, words);
    }

    /// Sets coils, 0 or 1 each.
    pub fn set_coils(&self, start: u16, bits: &[u16]) {
        put(&mut self.0.lock().coils, start, bits);
    }

    /// Sets discrete inputs, 0 or 1 each.
    pub fn set_discrete(&self, start: u16, bits: &[u16]) {
        put(&mut self.0.lock().discrete, start, bits);
    }

    /// What holding registers hold now.
    pub fn holding(&self, start: u16, count: usize) -> Vec<u16> {
        self.0.lock().holding.iter().skip(usize::from(start)).take(count).copied().collect()
    }

    /// What coils hold now.
    pub fn coils(&self, start: u16, count: usize) -> Vec<u16> {
        self.0.lock().coils.iter().skip(usize::from(start)).take(count).copied().collect()
    }

    /// Adds a fault; the first rule that strikes a request counts.
    pub fn fault(&self, rule: FaultRule) {
        self.0.lock().faults.push(rule);
    }

    /// The device is well again.
    pub fn heal(&self) {
        self.0.lock().faults.clear();
    }

    /// How long it takes to answer, in ms.
    pub fn set_latency_ms(&self, latency_ms: u64) {
        self.0.lock().latency_ms = latency_ms;
    }

    /// It answers reads of more cells than this with exception 3.
    pub fn set_most_cells(&self, most_cells: u16) {
        self.0.lock().most_cells = most_cells;
    }

    /// Every request so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.0.lock().seen.clone()
    }

    /// Every request since the last call, in order.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().seen)
    }

    /// Another device that is as this one is now.
    pub(crate) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().clone())))
    }

    pub(crate) fn answer(&self, request: &ModbusRequest, at_ms: u64, timeout_ms: u64) -> Answer {
        let mut image = self.0.lock();
        image.seen.push(Seen { at_ms, request: request.clone() });
        let fault = image.faults.iter_mut().find(|rule| rule.strikes(request)).map(|rule| {
            rule.times = rule.times.map(|times| times - 1);
            rule.fault
        });
        let latency_ms = image.latency_ms;
        let failed = |error: u16, after_ms: u64| Answer { after_ms, error, data: Vec::new() };
        match fault {
            Some(Fault::Exception(code)) => return failed(u16::from(code), latency_ms),
            Some(Fault::Silent) => return failed(field_error::TIMEOUT, timeout_ms),
            Some(Fault::NotConnected) => return failed(field_error::NOT_CONNECTED, 0),
            Some(Fault::BadAnswer) => return failed(field_error::BAD_ANSWER, latency_ms),
            _ => {}
        }
        let mut answer = match image.carry_out(request) {
            Ok(data) => Answer { after_ms: latency_ms, error: 0, data },
            Err(code) => failed(code, latency_ms),
        };
        match fault {
            Some(Fault::LostAnswer) => return failed(field_error::TIMEOUT, timeout_ms),
            Some(Fault::ShortAnswer) => drop(answer.data.pop()),
            Some(Fault::LongAnswer) => answer.data.push(0xBEEF),
            Some(Fault::Slow(ms)) => answer.after_ms = u64::from(ms),
            _ => {}
        }
        if answer.after_ms > timeout_ms { failed(field_error::TIMEOUT, timeout_ms) } else { answer }
    }
}

impl Image {
    /// What a device by the book answers (Modbus application protocol 1.1b3, section 6); an error is an exception code.
    fn carry_out(&mut self, request: &ModbusRequest) -> Result<Vec<u16>, u16> {
        let start = request.address;
        let words = |table: &[u16], max: u16| match request.count {
            0 => Err(3),
            count if count > max.min(self.most_cells) => Err(3),
            count => get(table, start, count).ok_or(2),
        };
        match (request.function, request.data.as_slice()) {
            (1, []) => words(&self.coils, 2_000),
            (2, []) => words(&self.discrete, 2_000),
            (3, []) => words(&self.holding, 125),
            (4, []) => words(&self.input, 125),
            (5, [bit]) => write(&mut self.coils, start, &[*bit]),
            (6, [word]) => write(&mut self.holding, start, &[*word]),
            (15, bits) if (1..=1_968).contains(&bits.len()) => write(&mut self.coils, start, bits),
            (16, words) if (1..=123).contains(&words.len()) => write(&mut self.holding, start, words),
            (22, [and, or]) => {
                let old = get(&self.holding, start, 1).and_then(|old| old.first().copied()).ok_or(2_u16)?;
                write(&mut self.holding, start, &[(old & and) | (or & !and)])
            }
            (23, [to, words @ ..]) if (1..=121).contains(&words.len()) => {
                write(&mut self.holding, *to, words)?;
                get(&self.holding, start, request.count).ok_or(2)
            }
            (1..=6 | 15 | 16 | 22 | 23, _) => Err(3),
            _ => Err(1),
        }
    }
}

fn cells_of(request: &ModbusRequest) -> u32 {
    match request.function {
        1..=4 | 23 => u32::from(request.count.max(1)),
        15 | 16 => request.data.len().max(1) as u32,
        _ => 1,
    }
}

fn get(table: &[u16], start: u16, count: u16) -> Option<Vec<u16>> {
    let start = usize::from(start);
    table.get(start..start + usize::from(count)).map(<[u16]>::to_vec)
}

fn put(table: &mut [u16], start: u16, words: &[u16]) {
    for (cell, word) in table.iter_mut().skip(usize::from(start)).zip(words) {
        *cell = *word;
    }
}

fn write(table: &mut [u16], start: u16, words: &[u16]) -> Result<Vec<u16>, u16> {
    let start = usize::from(start);
    table.get_mut(start..start + words.len()).ok_or(2_u16)?.copy_from_slice(words);
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(function: u8, address: u16, count: u16, data: &[u16]) -> ModbusRequest {
        ModbusRequest {
            unit: 1,
            function,
            address,
            count,
            data: data.to_vec(),
            timeout_ms: 0,
            valid_until: plantroom_model::Mono(0),
        }
    }

    fn ask(device: &Device, request: ModbusRequest) -> (u16, Vec<u16>, u64) {
        let answer = device.answer(&request, 0, 1_000);
        (answer.error, answer.data, answer.after_ms)
    }

    #[test]
    fn it_keeps_the_rules_of_the_protocol() {
        let device = Device::new();
        device.set_input(10, &[1, 2, 3]);
        let cases = [
            (request(4, 10, 3, &[]), (0, vec![1, 2, 3])),
            (request(3, 0, 126, &[]), (3, vec![])),
            (request(3, 65_535, 2, &[]), (2, vec![])),
            (request(5, 3, 0, &[1]), (0, vec![])),
            (request(1, 2, 3, &[]), (0, vec![0, 1, 0])),
            (request(16, 0, 0, &[0xFFFF, 7]), (0, vec![])),
            (request(22, 0, 0, &[0xFFFE, 0]), (0, vec![])),
            (request(3, 0, 2, &[]), (0, vec![0xFFFE, 7])),
            (request(7, 0, 0, &[]), (1, vec![])),
        ];
        for (request, (error, data)) in cases {
            let (found_error, found_data, _) = ask(&device, request.clone());
            assert_eq!((found_error, found_data), (error, data), "{request:?}");
        }
    }

    #[test]
    fn faults_strike_what_they_name() {
        let device = Device::new();
        device.fault(FaultRule::new(Fault::Exception(2)).on_cells(5..6).on_functions(&[3]));
        device.fault(FaultRule::new(Fault::LostAnswer).on_functions(&[6]).times(1));
        assert_eq!(ask(&device, request(3, 0, 5, &[])).0, 0);
        assert_eq!(ask(&device, request(3, 0, 6, &[])).0, 2);
        assert_eq!(ask(&device, request(4, 0, 6, &[])).0, 0);
        assert_eq!(ask(&device, request(6, 0, 0, &[9])), (field_error::TIMEOUT, vec![], 1_000));
        assert_eq!(device.holding(0, 1), [9], "the answer was lost, not the write");
        assert_eq!(ask(&device, request(6, 0, 0, &[8])).0, 0);
        device.fault(FaultRule::new(Fault::Slow(1_001)));
        assert_eq!(ask(&device, request(3, 0, 1, &[])).0, field_error::TIMEOUT);
        device.heal();
        assert_eq!(ask(&device, request(3, 0, 6, &[])).0, 0);
    }
}
