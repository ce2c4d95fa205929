//! Modbus transactions on a named connection, as awaits.

mod desk;

use std::fmt;
use std::future::Future;
use std::ops::{Bound, Deref, RangeBounds};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use self::desk::{Waiting, transact};
use crate::raw::ModbusRequest;
use crate::{ConnectionInfo, ModbusError, Order, Registers};

/// Most registers of one read (Modbus application protocol 1.1b3, 6.3).
pub const READ_REGISTERS: u16 = 125;
/// Most coils or discrete inputs of one read (6.1).
pub const READ_BITS: u16 = 2_000;
/// Most registers of one write (6.12).
pub const WRITE_REGISTERS: usize = 123;
/// Most coils of one write (6.11).
pub const WRITE_COILS: usize = 1_968;

/// A named connection to a Modbus device or gateway. Cheap to clone; transactions of several tasks may be open
/// at once, and the host sends them one after the other, writes first.
///
/// Addresses are 0-based, as on the wire; units are 0 to 255. A transaction leaves at the end of the step in which its
/// future is first polled.
#[derive(Clone, Debug)]
pub struct Modbus {
    index: u32,
    name: Rc<str>,
    timeout_ms: u32,
}

type Answer<T> = Result<T, ModbusError>;

/// What a device answered, as it stood on the wire: registers, or one word for each coil or discrete input, 0 or 1.
/// Dereferences to `[u16]`.
///
/// It lies where the answers of one step lie together, and keeps all of them: copy what is to be kept for long.
#[derive(Clone, Default)]
pub struct Words {
    step: Rc<Vec<u16>>,
    start: usize,
    end: usize,
    /// When the answer came, ns UTC.
    pub utc_ns: i64,
}

impl Deref for Words {
    type Target = [u16];

    fn deref(&self) -> &[u16] {
        self.step.get(self.start..self.end).unwrap_or_default()
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").field("words", &&**self).field("utc_ns", &self.utc_ns).finish()
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        **self == **other && self.utc_ns == other.utc_ns
    }
}

impl Eq for Words {}

impl Modbus {
    pub(crate) fn new(connection: &ConnectionInfo) -> Self {
        Self { index: connection.index, name: connection.name.as_str().into(), timeout_ms: 0 }
    }

    /// The connection's name in the project.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same connection with a shorter time-out than its own.
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout_ms: u32::try_from(timeout.as_millis()).unwrap_or(0).max(1), ..self.clone() }
    }

    /// Reads coils (function 1), at most [`READ_BITS`].
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn read_coils(&self, unit: u8, addresses: impl RangeBounds<u16>) -> Answer<Vec<bool>> {
        self.read_bits(1, unit, addresses).await
    }

    /// Reads discrete inputs (function 2), at most [`READ_BITS`].
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn read_discrete(&self, unit: u8, addresses: impl RangeBounds<u16>) -> Answer<Vec<bool>> {
        self.read_bits(2, unit, addresses).await
    }

    /// Reads holding registers (function 3), at most [`READ_REGISTERS`].
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn read_holding(&self, unit: u8, addresses: impl RangeBounds<u16>) -> Answer<Registers> {
        self.read(3, unit, addresses, READ_REGISTERS).await.map(|words| Registers(words.to_vec()))
    }

    /// Reads input registers (function 4), at most [`READ_REGISTERS`].
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn read_input(&self, unit: u8, addresses: impl RangeBounds<u16>) -> Answer<Registers> {
        self.read(4, unit, addresses, READ_REGISTERS).await.map(|words| Registers(words.to_vec()))
    }

    /// Writes one coil (function 5) for an order.
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn write_coil(&self, order: &Order, unit: u8, address: u16, on: bool) -> Answer<()> {
        self.write(order, 5, unit, address, vec![u16::from(on)]).await
    }

    /// Writes one register (function 6) for an order.
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn write_register(&self, order: &Order, unit: u8, address: u16, word: u16) -> Answer<()> {
        self.write(order, 6, unit, address, vec![word]).await
    }

    /// Writes coils (function 15), at most [`WRITE_COILS`], for an order.
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn write_coils(&self, order: &Order, unit: u8, address: u16, coils: &[bool]) -> Answer<()> {
        check_block(address, coils.len(), WRITE_COILS)?;
        self.write(order, 15, unit, address, coils.iter().map(|on| u16::from(*on)).collect()).await
    }

    /// Writes registers (function 16), at most [`WRITE_REGISTERS`], for an order.
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn write_registers(&self, order: &Order, unit: u8, address: u16, words: &[u16]) -> Answer<()> {
        check_block(address, words.len(), WRITE_REGISTERS)?;
        self.write(order, 16, unit, address, words.to_vec()).await
    }

    /// Changes bits of a register inside the device (function 22): `(old & and) | (or & !and)`. Not every device
    /// has it; a read and a write instead race the device's own program.
    ///
    /// # Errors
    /// What the device or the connection says.
    pub async fn mask_write(&self, order: &Order, unit: u8, address: u16, and: u16, or: u16) -> Answer<()> {
        self.write(order, 22, unit, address, vec![and, or]).await
    }

    /// Reads with any reading function (1 to 4), and says when the answer came: coils and discrete inputs are 0 or 1 each.
    ///
    /// # Errors
    /// What the device or the connection says.
    pub fn read_words(&self, function: u8, unit: u8, addresses: impl RangeBounds<u16>) -> ReadWords {
        let most = match function {
            1 | 2 => READ_BITS,
            3 | 4 => READ_REGISTERS,
            _ => 0,
        };
        self.read(function, unit, addresses, most)
    }

    async fn read_bits(&self, function: u8, unit: u8, addresses: impl RangeBounds<u16>) -> Answer<Vec<bool>> {
        let words = self.read(function, unit, addresses, READ_BITS).await?;
        Ok(words.iter().map(|word| *word != 0).collect())
    }

    fn read(&self, function: u8, unit: u8, addresses: impl RangeBounds<u16>, most: u16) -> ReadWords {
        ReadWords(match span(addresses, most) {
            Ok((address, count)) => {
                Stage::New { function, unit, address, count, connection: self.index, timeout_ms: self.timeout_ms }
            }
            Err(error) => Stage::Failed(error),
        })
    }

    async fn write(&self, order: &Order, function: u8, unit: u8, address: u16, data: Vec<u16>) -> Answer<()> {
        let request = ModbusRequest { function, unit, address, data, order: order.id(), ..self.request() };
        order.carry(async { ModbusError::from_number(transact(&request).await.error).map_or(Ok(()), Err) }).await
    }

    fn request(&self) -> ModbusRequest {
        ModbusRequest { connection: self.index, timeout_ms: self.timeout_ms, ..ModbusRequest::default() }
    }
}

/// A read that leaves at the end of the step in which it is first polled.
#[derive(Debug)]
#[must_use = "a read does nothing unless awaited"]
pub struct ReadWords(Stage);

/// Written out, and not as an `async fn`: most of what a driver does is to wait here, and each `async fn` around it would be
/// run through at each wake-up.
#[derive(Debug)]
enum Stage {
    New { function: u8, unit: u8, address: u16, count: u16, connection: u32, timeout_ms: u32 },
    Sent { waiting: Waiting, count: u16 },
    Failed(ModbusError),
}

impl Future for ReadWords {
    type Output = Answer<Words>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer<Words>> {
        if let Stage::New { function, unit, address, count, connection, timeout_ms } = self.0 {
            let request = ModbusRequest { connection, unit, function, address, count, timeout_ms, ..ModbusRequest::default() };
            self.0 = Stage::Sent { waiting: transact(&request), count };
        }
        match &mut self.0 {
            Stage::Sent { waiting, count } => {
                Pin::new(waiting).poll(context).map(|ended| match ModbusError::from_number(ended.error) {
                    Some(error) => Err(error),
                    None if ended.words.len() != usize::from(*count) => Err(ModbusError::BadAnswer),
                    None => Ok(ended.words),
                })
            }
            Stage::Failed(error) => Poll::Ready(Err(*error)),
            Stage::New { .. } => Poll::Pending,
        }
    }
}

/// First address and count of a range, if a device can be asked for it at once.
fn span(addresses: impl RangeBounds<u16>, most: u16) -> Answer<(u16, u16)> {
    let first = match addresses.start_bound() {
        Bound::Included(first) => u32::from(*first),
        Bound::Excluded(before) => u32::from(*before) + 1,
        Bound::Unbounded => 0,
    };
    let end = match addresses.end_bound() {
        Bound::Included(last) => u32::from(*last) + 1,
        Bound::Excluded(end) => u32::from(*end),
        Bound::Unbounded => 65_536,
    };
    let count = end.checked_sub(first).filter(|count| (1..=u32::from(most)).contains(count));
    count.and_then(|count| Some((u16::try_from(first).ok()?, u16::try_from(count).ok()?))).ok_or(ModbusError::BadRequest)
}

fn check_block(address: u16, len: usize, most: usize) -> Answer<()> {
    if (1..=most).contains(&len) && usize::from(address) + len <= 65_536 { Ok(()) } else { Err(ModbusError::BadRequest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_no_device_takes_is_not_sent() {
        assert_eq!(span(0..125, 125), Ok((0, 125)));
        assert_eq!(span(65_535..=65_535, 125), Ok((65_535, 1)));
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is tried")]
        let reversed = 10..5;
        assert_eq!(span(reversed, 125), Err(ModbusError::BadRequest));
        for range in [0..126, 0..0] {
            assert_eq!(span(range, 125), Err(ModbusError::BadRequest));
        }
        assert_eq!(span(.., 2_000), Err(ModbusError::BadRequest));
        assert!(check_block(65_535, 1, 123).is_ok() && check_block(65_535, 2, 123).is_err() && check_block(0, 0, 123).is_err());
    }
}
