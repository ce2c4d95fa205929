//! Where a value lies in a controller, in Siemens's own notation.

use std::fmt;

use crate::data::DataType;

/// A memory of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// Process image of the inputs: I, in German E.
    Inputs,
    /// Process image of the outputs: Q, in German A.
    Outputs,
    /// Merkers, bit memory: M.
    Merkers,
    /// A data block: DB.
    Block(u16),
    /// Timers: T.
    Timers,
    /// Counters: C, in German Z.
    Counters,
}

impl Area {
    /// The protocol's number of it.
    pub fn code(self) -> u8 {
        match self {
            Self::Inputs => 0x81,
            Self::Outputs => 0x82,
            Self::Merkers => 0x83,
            Self::Block(_) => 0x84,
            Self::Counters => 0x1C,
            Self::Timers => 0x1D,
        }
    }

    /// The number of the data block; 0 for other areas.
    pub fn block(self) -> u16 {
        if let Self::Block(number) = self { number } else { 0 }
    }

    /// Timers and counters are counted, each of 2 bytes; everything else lies at bytes.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Timers | Self::Counters)
    }
}

/// Where a value lies and how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// In which memory.
    pub area: Area,
    /// The first byte; the number of a timer or counter.
    pub start: u32,
    /// The bit of that byte, for a bool.
    pub bit: u8,
    /// What it is.
    pub data: DataType,
}

/// Highest byte address that the protocol can name: 16 bits of it beside 3 for the bit, twice as many in long addresses.
const LAST_BYTE: u32 = 0x1F_FFFF;

const HELP: &str = "write for example DB10.DBD8 real, DB10.DBX2.3, MW20 int, IB4, Q0.1, T5, C3, DB10.DBB30 string 20";

impl Address {
    /// Reads an address: `DB10.DBX2.3`, `DB10.DBD8 real`, `MW20 int`, `I0.1` (or `E0.1`), `QB4` (or `AB4`), `T5`, `C3`
    /// (or `Z3`), `DB10.DBB30 string 20`. Upper and lower case are one.
    ///
    /// # Errors
    /// What is wrong and how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let upper = text.trim().to_ascii_uppercase();
        let (place, kind) =
            upper.split_once(char::is_whitespace).map_or((upper.as_str(), ""), |(place, kind)| (place, kind.trim()));
        if place.is_empty() {
            return Err(format!("it has no address; {HELP}"));
        }
        let (area, rest) = area(place).ok_or_else(|| format!("`{place}` is no address of an S7 controller; {HELP}"))?;
        if area.is_counted() {
            return counted(area, rest, kind, place);
        }
        let (size, numbers) = match rest.chars().next() {
            Some(size @ ('X' | 'B' | 'W' | 'D')) => (size, &rest[1..]),
            // I0.1 is IX0.1.
            Some(digit) if digit.is_ascii_digit() => ('X', rest),
            _ => return Err(format!("`{place}` doesn't say what lies there; {HELP}")),
        };
        let (start, bit) = match numbers.split_once('.') {
            Some((start, bit)) => (start, Some(bit)),
            None => (numbers, None),
        };
        let start: u32 = start
            .parse()
            .ok()
            .filter(|start| *start <= LAST_BYTE)
            .ok_or_else(|| format!("`{start}` in `{place}` is no byte address; it is a whole number of 0 to {LAST_BYTE}"))?;
        let data = DataType::parse(size, kind).map_err(|sentence| format!("`{place} {kind}`: {sentence}"))?;
        let bit = match (data, bit) {
            (DataType::Bool, Some(bit)) => bit
                .parse::<u8>()
                .ok()
                .filter(|bit| *bit < 8)
                .ok_or_else(|| format!("`{bit}` in `{place}` is no bit; a byte has the bits 0 to 7"))?,
            (DataType::Bool, None) => return Err(format!("`{place}` is a bit without its number; write {place}.0 to {place}.7")),
            (_, Some(_)) => return Err(format!("`{place}` has a bit, but {} has none; leave the last number out", data.word())),
            (_, None) => 0,
        };
        Ok(Self { area, start, bit, data })
    }

    /// Bytes that it takes; of a timer or counter one place.
    pub fn bytes(&self) -> u32 {
        if self.area.is_counted() { 1 } else { self.data.bytes() }
    }
}

/// The memory that an address begins with, and the rest.
fn area(place: &str) -> Option<(Area, &str)> {
    if let Some(rest) = place.strip_prefix("DB") {
        let (number, rest) = rest.split_once('.')?;
        let number = number.parse().ok().filter(|number| *number > 0)?;
        // DB10.DBW6, and shorter DB10.W6.
        return Some((Area::Block(number), rest.strip_prefix("DB").unwrap_or(rest)));
    }
    let mut letters = place.chars();
    let area = match letters.next()? {
        'I' | 'E' => Area::Inputs,
        'Q' | 'A' => Area::Outputs,
        'M' => Area::Merkers,
        'T' => Area::Timers,
        'C' | 'Z' => Area::Counters,
        _ => return None,
    };
    Some((area, letters.as_str()))
}

fn counted(area: Area, number: &str, kind: &str, place: &str) -> Result<Address, String> {
    let start = number.parse::<u16>().map_err(|_| format!("`{place}` has no number; write for example T5 or C3"))?;
    if !kind.is_empty() {
        return Err(format!("`{place}` says itself what it is; leave `{}` out", kind.to_lowercase()));
    }
    let data = if area == Area::Timers { DataType::Timer } else { DataType::Counter };
    Ok(Address { area, start: u32::from(start), bit: 0, data })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { area, start, bit, data } = self;
        match area {
            Area::Inputs => f.write_str("I")?,
            Area::Outputs => f.write_str("Q")?,
            Area::Merkers => f.write_str("M")?,
            Area::Block(number) => write!(f, "DB{number}.DB")?,
            Area::Timers => return write!(f, "T{start}"),
            Area::Counters => return write!(f, "C{start}"),
        }
        match data {
            DataType::Bool if matches!(area, Area::Block(_)) => write!(f, "X{start}.{bit}"),
            DataType::Bool => write!(f, "{start}.{bit}"),
            data => write!(f, "{}{start} {}", data.size(), data.word()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_engineers_write_them() {
        for (text, area, start, bit, shown) in [
            ("DB10.DBX2.3", Area::Block(10), 2, 3, "DB10.DBX2.3"),
            ("db10.dbd8 real", Area::Block(10), 8, 0, "DB10.DBD8 real"),
            ("DB1.W6 int", Area::Block(1), 6, 0, "DB1.DBW6 int"),
            ("DB1.DBW6", Area::Block(1), 6, 0, "DB1.DBW6 word"),
            ("M10.7", Area::Merkers, 10, 7, "M10.7"),
            ("MX10.7", Area::Merkers, 10, 7, "M10.7"),
            ("MB4", Area::Merkers, 4, 0, "MB4 byte"),
            ("EW2", Area::Inputs, 2, 0, "IW2 word"),
            ("I0.1", Area::Inputs, 0, 1, "I0.1"),
            ("A0.1", Area::Outputs, 0, 1, "Q0.1"),
            ("QD4 dint", Area::Outputs, 4, 0, "QD4 dint"),
            ("T5", Area::Timers, 5, 0, "T5"),
            ("Z3", Area::Counters, 3, 0, "C3"),
            ("DB7.DBB30 string 20", Area::Block(7), 30, 0, "DB7.DBB30 string 20"),
            ("DB7.DBB30 lreal", Area::Block(7), 30, 0, "DB7.DBB30 lreal"),
        ] {
            let address = Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((address.area, address.start, address.bit), (area, start, bit), "{text}");
            assert_eq!(address.to_string(), shown);
            assert_eq!(Address::parse(shown), Ok(address), "what is shown can be written");
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_what_to_write() {
        for (text, part) in [
            ("", "no address"),
            ("holding 4", "no address of an S7"),
            ("DB0.DBW2", "no address of an S7"),
            ("DB1DBW2", "no address of an S7"),
            ("DB1.DBX2", "bit without its number"),
            ("DB1.DBX2.8", "bits 0 to 7"),
            ("MW2.1", "leave the last number out"),
            ("MW99999999", "byte address"),
            ("MW2 real", "4 bytes"),
            ("MD2 nonsense", "no data type"),
            ("T5 int", "leave `int` out"),
            ("DB1.DBB2 string", "how many characters"),
            ("DB1.DBB2 string 999", "at most 254"),
        ] {
            let error = Address::parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
