//! What passes between the sandbox and the copper: transactions, without a data type in sight.

use serde::{Deserialize, Serialize};

use crate::{Mono, Utc};

/// A connection's place in the project's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u32);

/// One Modbus transaction, as in wit/plugin-0.1 `modbus.request`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModbusRequest {
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
    /// Gives up after this long; 0 takes the connection's own time-out, which is also the longest.
    pub timeout_ms: u32,
    /// From then on it must not be put on the wire any more (a write's order has expired); 0 for no such limit.
    pub valid_until: Mono,
}

impl ModbusRequest {
    /// Whether this function changes something in the device.
    pub fn writes(&self) -> bool {
        matches!(self.function, 5 | 6 | 15 | 16 | 22 | 23)
    }
}

/// How a transaction ended, as in wit/plugin-0.1 `modbus.completion`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModbusCompletion {
    /// 0 done, 1 to 255 an exception code, above that one of [`field_error`].
    pub error: u16,
    /// Words read; for coils one word each.
    pub data: Vec<u16>,
    /// When the answer arrived.
    pub at: Utc,
}

/// Numbers above the exception codes, as in wit/plugin-0.1 `modbus.completion.error`.
pub mod field_error {
    /// No answer in time; it may or may not have been carried out.
    pub const TIMEOUT: u16 = 256;
    /// There is no connection; it was not sent.
    pub const NOT_CONNECTED: u16 = 257;
    /// The answer wasn't valid and was thrown away; a write may have been carried out.
    pub const BAD_ANSWER: u16 = 258;
    /// The request breaks the protocol's limits, or its order has expired; it was not sent.
    pub const BAD_REQUEST: u16 = 259;
    /// Too many transactions are open on this connection; it was not sent.
    pub const QUEUE_FULL: u16 = 260;
}

/// How a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// Not tried yet, or trying.
    Connecting,
    /// Open, and the last transaction was answered.
    Up,
    /// Open, but the last transaction wasn't answered in time.
    Silent,
    /// Refused or lost; the next try comes after a pause.
    Down,
}
