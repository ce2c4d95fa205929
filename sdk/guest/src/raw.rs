//! The contract's own types (wit/plugin-0.1), as they cross the sandbox. Authors rarely need them.

use crate::{Status, Value, ValueKind};

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

/// Reads as columns of equal length; see `modbus.reads`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModbusReads {
    /// Indices into the connections of the init document.
    pub connections: Vec<u32>,
    /// Unit (slave) addresses.
    pub units: Vec<u8>,
    /// Function codes, 1 to 4.
    pub functions: Vec<u8>,
    /// 0-based addresses on the wire.
    pub addresses: Vec<u16>,
    /// How many to read.
    pub counts: Vec<u16>,
    /// Each gives up after this long; 0 takes the connection's own time-out.
    pub timeouts_ms: Vec<u32>,
}

impl ModbusReads {
    /// No rows.
    pub const fn new() -> Self {
        Self {
            connections: Vec::new(),
            units: Vec::new(),
            functions: Vec::new(),
            addresses: Vec::new(),
            counts: Vec::new(),
            timeouts_ms: Vec::new(),
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Adds what a request reads.
    pub fn push(&mut self, request: &ModbusRequest) {
        self.connections.push(request.connection);
        self.units.push(request.unit);
        self.functions.push(request.function);
        self.addresses.push(request.address);
        self.counts.push(request.count);
        self.timeouts_ms.push(request.timeout_ms);
    }

    /// The requests that the rows stand for.
    pub fn requests(&self) -> impl Iterator<Item = ModbusRequest> + '_ {
        (0..self.len()).map(|row| ModbusRequest {
            connection: self.connections[row],
            unit: self.units[row],
            function: self.functions[row],
            address: self.addresses[row],
            count: self.counts[row],
            timeout_ms: self.timeouts_ms[row],
            ..ModbusRequest::default()
        })
    }

    /// Forgets all rows and keeps the room they took.
    pub fn clear(&mut self) {
        self.connections.clear();
        self.units.clear();
        self.functions.clear();
        self.addresses.clear();
        self.counts.clear();
        self.timeouts_ms.clear();
    }
}

/// Completions as columns; see `modbus.answers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModbusAnswers {
    /// What `submit` and `submit-reads` named them.
    pub ids: Vec<u64>,
    /// As [`ModbusCompletion::error`].
    pub errors: Vec<u16>,
    /// Where the words of each row end.
    pub ends: Vec<u32>,
    /// When the answers arrived, ns UTC.
    pub times: Vec<i64>,
    /// The words of all rows.
    pub words: Vec<u16>,
}

impl ModbusAnswers {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Adds a row.
    pub fn push(&mut self, completion: &ModbusCompletion) {
        self.ids.push(completion.id);
        self.errors.push(completion.error);
        self.words.extend_from_slice(&completion.data);
        self.ends.push(self.words.len() as u32);
        self.times.push(completion.at);
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
