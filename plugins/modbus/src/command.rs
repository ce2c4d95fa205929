//! From a value to the transaction that writes it.

use plantroom_sdk::{Value, WordOrder};

use crate::address::{Address, DataType, Table};
use crate::encode::encode;
use crate::settings::{BitWrites, Device};

/// What carries out a write order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One coil (function 5).
    Coil(bool),
    /// Coils in a row (function 15).
    Coils(Vec<bool>),
    /// One register (function 6).
    Register(u16),
    /// Registers in a row (function 16).
    Registers(Vec<u16>),
    /// The device itself changes one bit (function 22): `(old & and) | (or & !and)`.
    Mask {
        /// Bits that stay as they are.
        and: u16,
        /// What the others become.
        or: u16,
    },
    /// The register is read, one bit of it changed, and written back. Between the two the device may have changed
    /// another bit of it, and that change is lost.
    ReadChangeWrite {
        /// Bits that stay as they are.
        and: u16,
        /// What the others become.
        or: u16,
    },
}

/// Why a place can't be written at all, as the settings of its device are: found before anything runs.
///
/// # Errors
/// A sentence for the engineer.
pub fn writable(address: &Address, device: &Device) -> Result<(), String> {
    if !address.table.is_writable() {
        return Err(format!(
            "`{address}` can only be read: a Modbus device lets nobody write its {} table; use a coil or a holding register, \
             or leave out `write`",
            address.table.word()
        ));
    }
    if address.table == Table::Holding && address.cells() > device.max_write_registers {
        return Err(format!(
            "`{address}` takes {} registers, and one request to this device writes at most {} (max_write_registers): \
             it can't be written in one piece",
            address.cells(),
            device.max_write_registers
        ));
    }
    if matches!(address.data, DataType::Bit(_)) && device.bit_writes == BitWrites::Refused {
        return Err(format!("`{address}` is one bit of a register, and {NO_BIT_WRITES}"));
    }
    Ok(())
}

/// What a project must choose before a bit of a register can be written.
const NO_BIT_WRITES: &str = "its device's settings don't say how such a bit is written: set `bit_writes` to \"mask\" where the \
                             device has function 22 (it changes the bit itself), or to \"read-modify-write\" where nothing but \
                             Plantroom writes to that register (a change that the device makes in between is lost)";

/// How this value is written to this place.
///
/// # Errors
/// A sentence for the operator: the value doesn't fit, and nothing was written.
pub fn command(address: &Address, value: &Value, order: WordOrder, device: &Device) -> Result<Command, String> {
    let cells = encode(value, address.data, order)?;
    let single = match cells.as_slice() {
        [cell] => Some(*cell),
        _ => None,
    };
    Ok(match (address.table, address.data, single) {
        (Table::Coil | Table::Discrete, _, Some(cell)) if !device.single_coils_by_15 => Command::Coil(cell != 0),
        (Table::Coil | Table::Discrete, _, _) => Command::Coils(cells.iter().map(|cell| *cell != 0).collect()),
        (_, DataType::Bit(bit), Some(cell)) => {
            let (and, or) = (!(1 << bit), cell << bit);
            match device.bit_writes {
                BitWrites::Mask => Command::Mask { and, or },
                BitWrites::ReadModifyWrite => Command::ReadChangeWrite { and, or },
                BitWrites::Refused => return Err(format!("{NO_BIT_WRITES}; nothing was written")),
            }
        }
        (_, _, Some(cell)) if !device.single_writes_by_16 => Command::Register(cell),
        _ => Command::Registers(cells),
    })
}

/// A register after a masked change, as function 22 defines it (Modbus application protocol 1.1b3, 6.16).
pub fn masked(old: u16, and: u16, or: u16) -> u16 {
    (old & and) | (or & !and)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, value: Value, device: Device, expected: &Command) {
        let address = Address::parse(address).expect("a good address");
        let order = address.order.unwrap_or(device.word_order);
        assert_eq!(command(&address, &value, order, &device).as_ref(), Ok(expected), "{address} = {value}");
    }

    #[test]
    fn each_kind_of_place_is_written_with_its_own_function() {
        let plain = Device::default();
        let multiple = Device { single_writes_by_16: true, single_coils_by_15: true, bit_writes: BitWrites::Mask, ..plain };
        let rewriting = Device { bit_writes: BitWrites::ReadModifyWrite, ..plain };
        let swapped = Device { word_order: WordOrder::Cdab, ..plain };
        check("coil 3", Value::Bool(true), plain, &Command::Coil(true));
        check("coil 3", Value::Bool(true), multiple, &Command::Coils(vec![true]));
        check("holding 0 i16", Value::Int(-1), plain, &Command::Register(0xFFFF));
        check("holding 0 i16", Value::Int(-1), multiple, &Command::Registers(vec![0xFFFF]));
        check("holding 0 bool", Value::Bool(true), plain, &Command::Register(1));
        check("holding 0 f32", Value::Float(1.0), plain, &Command::Registers(vec![0x3F80, 0]));
        check("holding 0 f32", Value::Float(1.0), swapped, &Command::Registers(vec![0, 0x3F80]));
        check("holding 0 f32 abcd", Value::Float(1.0), swapped, &Command::Registers(vec![0x3F80, 0]));
        check("holding 0.15", Value::Bool(true), rewriting, &Command::ReadChangeWrite { and: 0x7FFF, or: 0x8000 });
        check("holding 0.0", Value::Bool(false), multiple, &Command::Mask { and: 0xFFFE, or: 0 });
        check("holding 0 text 4", Value::from("ok"), plain, &Command::Registers(vec![0x6F6B, 0]));
    }

    #[test]
    fn a_mask_changes_its_own_bit_only() {
        assert_eq!(masked(0b1010, !(1 << 2), 1 << 2), 0b1110);
        assert_eq!(masked(0b1110, !(1 << 2), 0), 0b1010);
        // The example of the specification.
        assert_eq!(masked(0x12, 0xF2, 0x25), 0x17);
    }

    #[test]
    fn what_can_not_be_written_is_told_to_the_engineer() {
        let writable = |text: &str, device| writable(&Address::parse(text).expect("a good address"), &device);
        let small = Device { max_write_registers: 1, ..Device::default() };
        assert!(writable("input 10 u16", Device::default()).is_err_and(|message| message.contains("can only be read")));
        assert!(writable("discrete 0", Device::default()).is_err());
        assert!(writable("holding 0 f32", small).is_err_and(|message| message.contains("at most 1 (max_write_registers)")));
        assert!(writable("holding 0 text 248", Device::default()).is_err());
        assert!(writable("holding 0.3", Device::default()).is_err_and(|message| message.contains("`bit_writes`")));
        assert_eq!(writable("holding 0 f32", Device::default()), Ok(()));
        assert_eq!(writable("coil 0", small), Ok(()));
    }
}
