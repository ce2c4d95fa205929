//! The contract's own types (wit/plugin-0.1), as they cross the sandbox. Authors rarely need them.

mod alarms;
mod stream;

use crate::{Status, Value, ValueKind};

pub use alarms::{AlarmEventColumns, AlarmWords, StandingColumns, verb};
pub use stream::{StreamArrival, StreamArrivals, StreamSent};

/// Samples as columns of equal length; see `types.columns` in the contract.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Which tag.
    pub handles: Vec<u32>,
    /// [`ValueKind`] as numbers.
    pub kinds: Vec<u8>,
    /// The value's bits; for text, offset << 32 | length.
    pub values: Vec<u64>,
    /// OPC UA status codes.
    pub statuses: Vec<u32>,
    /// Source times, ns UTC; 0 lets the host take the time of arrival.
    pub times: Vec<i64>,
    /// All text of the batch, UTF-8.
    pub text: Vec<u8>,
}

impl Columns {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Adds a row.
    pub fn push(&mut self, handle: u32, value: &Value, status: Status, utc_ns: i64) {
        let (kind, bits) = match value {
            Value::Null => (ValueKind::Null, 0),
            Value::Bool(v) => (ValueKind::Bool, u64::from(*v)),
            Value::Int(v) => (ValueKind::Int, *v as u64),
            Value::Uint(v) => (ValueKind::Uint, *v),
            Value::Float(v) => (ValueKind::Float, v.to_bits()),
            Value::Text(v) => {
                let offset = self.text.len() as u64;
                self.text.extend_from_slice(v.as_bytes());
                (ValueKind::Text, (offset << 32) | v.len() as u64)
            }
        };
        self.handles.push(handle);
        self.kinds.push(kind as u8);
        self.values.push(bits);
        self.statuses.push(status.0);
        self.times.push(utc_ns);
    }

    /// Adds rows of equal quality and time, none of them text; slices of equal length.
    pub fn extend(&mut self, handles: &[u32], kinds: &[u8], values: &[u64], status: Status, utc_ns: i64) {
        self.handles.extend_from_slice(handles);
        self.kinds.extend_from_slice(kinds);
        self.values.extend_from_slice(values);
        // Not `resize`, whose loop is not turned into one over vectors.
        self.statuses.extend(std::iter::repeat_n(status.0, handles.len()));
        self.times.extend(std::iter::repeat_n(utc_ns, handles.len()));
    }

    /// Makes room for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.handles.reserve(rows);
        self.kinds.reserve(rows);
        self.values.reserve(rows);
        self.statuses.reserve(rows);
        self.times.reserve(rows);
    }

    /// The value of a row; no value where the row doesn't hold together.
    pub fn value(&self, row: usize) -> Value {
        let bits = self.values.get(row).copied().unwrap_or(0);
        match self.kinds.get(row).copied().and_then(ValueKind::from_u8) {
            Some(ValueKind::Bool) => Value::Bool(bits != 0),
            Some(ValueKind::Int) => Value::Int(bits as i64),
            Some(ValueKind::Uint) => Value::Uint(bits),
            Some(ValueKind::Float) => Value::Float(f64::from_bits(bits)),
            Some(ValueKind::Text) => self.text_at(bits).map_or(Value::Null, |text| Value::Text(text.to_owned())),
            Some(ValueKind::Null) | None => Value::Null,
        }
    }

    /// Forgets all rows and keeps the room they took.
    pub fn clear(&mut self) {
        self.handles.clear();
        self.kinds.clear();
        self.values.clear();
        self.statuses.clear();
        self.times.clear();
        self.text.clear();
    }

    fn text_at(&self, bits: u64) -> Option<&str> {
        let (offset, len) = ((bits >> 32) as usize, (bits & 0xFFFF_FFFF) as usize);
        std::str::from_utf8(self.text.get(offset..offset.checked_add(len)?)?).ok()
    }
}

/// Open write orders; see `orders.batch`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderBatch {
    /// Names of the orders.
    pub ids: Vec<u64>,
    /// Row i is the value to write to its tag.
    pub values: Columns,
    /// How long each stays valid from now, in ms.
    pub valid_ms: Vec<u32>,
}

/// One Modbus transaction; see `modbus.request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModbusRequest {
    /// Index into the connections of the init document.
    pub connection: u32,
    /// Unit (slave) address.
    pub unit: u8,
    /// Function code.
    pub function: u8,
    /// 0-based address on the wire.
    pub address: u16,
    /// How many to read.
    pub count: u16,
    /// Words to write; for coils one word each.
    pub data: Vec<u16>,
    /// The open order that a write serves; 0 for a read.
    pub order: u64,
    /// Gives up after this long; 0 takes the connection's own time-out.
    pub timeout_ms: u32,
}

/// How a transaction ended; see `modbus.completion`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModbusCompletion {
    /// What `submit` returned.
    pub id: u64,
    /// 0 done, 1 to 255 the device's exception code, above that 256 and following of the contract.
    pub error: u16,
    /// Words read; for coils one word each.
    pub data: Vec<u16>,
    /// When the answer arrived, ns UTC.
    pub at: i64,
}

/// Rows of fixed sets; see `samples.runs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleRuns {
    /// Three numbers a run: set and first row, count and status, source time.
    pub heads: Vec<u64>,
    /// The value bits of all runs.
    pub values: Vec<u64>,
}

impl SampleRuns {
    /// Numbers of one run in `heads`.
    pub const HEADS: usize = 3;

    /// Whether there is no run.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Adds the head of a run whose values lie at the end of `values` already.
    pub fn push_head(&mut self, set: u32, first: u32, count: u32, status: Status, utc_ns: i64) {
        let two = |upper: u32, lower: u32| u64::from(upper) << 32 | u64::from(lower);
        self.heads.extend_from_slice(&[two(set, first), two(count, status.0), utc_ns as u64]);
    }

    /// The rows that the runs stand for; a run outside its set, or without its values, ends them.
    pub fn expand(&self, sets: &[FixedSet]) -> Columns {
        let mut columns = Columns::default();
        columns.reserve(self.values.len());
        let mut from = 0;
        for head in self.heads.chunks_exact(Self::HEADS) {
            let (set, first, count) = ((head[0] >> 32) as usize, head[0] as u32 as usize, (head[1] >> 32) as usize);
            let rows = first..first.saturating_add(count);
            let Some(set) = sets.get(set) else { break };
            let values = self.values.get(from..from + count);
            let (Some(handles), Some(kinds), Some(values)) = (set.handles.get(rows.clone()), set.kinds.get(rows), values) else {
                break;
            };
            columns.extend(handles, kinds, values, Status(head[1] as u32), head[2] as i64);
            from += count;
        }
        columns
    }

    /// Forgets all runs and keeps the room they took.
    pub fn clear(&mut self) {
        self.heads.clear();
        self.values.clear();
    }
}

/// Rows that are published again and again; see `samples.fix-set`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixedSet {
    /// Which tags.
    pub handles: Vec<u32>,
    /// [`ValueKind`] as numbers; no text.
    pub kinds: Vec<u8>,
}

/// Reads in two numbers each; see `modbus.submit-packed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModbusReads {
    /// Connection, unit, function and address; time-out and count.
    pub packed: Vec<u64>,
}

impl ModbusReads {
    /// No reads.
    pub const fn new() -> Self {
        Self { packed: Vec::new() }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.packed.len() / 2
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// Adds what a request reads.
    pub fn push(&mut self, request: &ModbusRequest) {
        let to = u64::from(request.connection) << 32 | u64::from(request.unit) << 24;
        let what = to | u64::from(request.function) << 16 | u64::from(request.address);
        self.packed.extend_from_slice(&[what, u64::from(request.timeout_ms) << 32 | u64::from(request.count)]);
    }

    /// The requests that they stand for.
    pub fn requests(&self) -> impl Iterator<Item = ModbusRequest> + '_ {
        self.packed.chunks_exact(2).map(|read| ModbusRequest {
            connection: (read[0] >> 32) as u32,
            unit: (read[0] >> 24) as u8,
            function: (read[0] >> 16) as u8,
            address: read[0] as u16,
            count: read[1] as u16,
            timeout_ms: (read[1] >> 32) as u32,
            ..ModbusRequest::default()
        })
    }

    /// Forgets all and keeps the room they took.
    pub fn clear(&mut self) {
        self.packed.clear();
    }
}

/// Completions side by side; see `modbus.packed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModbusAnswers {
    /// Three numbers each: the id; the error, and below it where the words end; when the answer came.
    pub heads: Vec<u64>,
    /// The words of all.
    pub words: Vec<u16>,
}

/// What is known of one completion besides its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerHead {
    /// What the host named it.
    pub id: u64,
    /// As [`ModbusCompletion::error`].
    pub error: u16,
    /// Where its words end.
    pub end: u32,
    /// When the answer arrived, ns UTC.
    pub at: i64,
}

impl ModbusAnswers {
    /// Numbers of one completion in `heads`.
    pub const HEADS: usize = 3;

    /// How many.
    pub fn len(&self) -> usize {
        self.heads.len() / Self::HEADS
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Adds one.
    pub fn push(&mut self, completion: &ModbusCompletion) {
        self.words.extend_from_slice(&completion.data);
        let end = u64::from(completion.error) << 32 | self.words.len() as u64;
        self.heads.extend_from_slice(&[completion.id, end, completion.at as u64]);
    }

    /// What is known of each, in order.
    pub fn rows(heads: &[u64]) -> impl Iterator<Item = AnswerHead> + '_ {
        let row = |head: &[u64; Self::HEADS]| AnswerHead {
            id: head[0],
            error: (head[1] >> 32) as u16,
            end: head[1] as u32,
            at: head[2] as i64,
        };
        heads.as_chunks().0.iter().map(row)
    }
}

/// Something in the configuration that the plugin can't work with; see `guest.problem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The tag it is about, if it is about one.
    pub tag: Option<u32>,
    /// What is wrong and what to do, in one sentence.
    pub message: String,
}

/// How a tag came to its value, in the driver's own terms; see `diagnose.explanation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Where the value lies and how it is read, in the words of the device's manual; at most 256 bytes.
    pub place: String,
    /// The words from which it was decoded last, as they stood on the wire; empty for none yet.
    pub words: Vec<u16>,
    /// When they were read, ns UTC; 0 for never.
    pub at: i64,
    /// What else there is to know, in sentences; at most 1,024 bytes.
    pub note: String,
}
