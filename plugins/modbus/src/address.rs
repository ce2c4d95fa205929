//! Where a value lies in a device: `"holding 0 f32 cdab"`, `"coil 3"`, `"40001 f32"`.

mod parse;

use std::fmt;

use plantroom_sdk::WordOrder;

use parse::parse;

/// The four tables of a Modbus device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Bits that can be written (functions 1, 5 and 15).
    Coil,
    /// Bits that can only be read (function 2).
    Discrete,
    /// Registers that can only be read (function 4).
    Input,
    /// Registers that can be written (functions 3, 6, 16 and 22).
    Holding,
}

impl Table {
    /// The word in addresses and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Coil => "coil",
            Self::Discrete => "discrete",
            Self::Input => "input",
            Self::Holding => "holding",
        }
    }

    /// Whether its cells are single bits and not registers.
    pub fn is_bits(self) -> bool {
        matches!(self, Self::Coil | Self::Discrete)
    }

    /// Whether it can be written at all.
    pub fn is_writable(self) -> bool {
        matches!(self, Self::Coil | Self::Holding)
    }

    /// The function code that reads it.
    pub fn read_function(self) -> u8 {
        match self {
            Self::Coil => 1,
            Self::Discrete => 2,
            Self::Holding => 3,
            Self::Input => 4,
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Coil, Self::Discrete, Self::Input, Self::Holding].into_iter().find(|table| table.word() == word)
    }

    fn from_digit(digit: u8) -> Option<Self> {
        match digit {
            b'0' => Some(Self::Coil),
            b'1' => Some(Self::Discrete),
            b'3' => Some(Self::Input),
            b'4' => Some(Self::Holding),
            _ => None,
        }
    }
}

/// How addresses are written; manuals use all three, and being off by one is the commonest mistake in commissioning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// A table's word, then the address on the wire: `holding 0` is the first register.
    ZeroBased,
    /// A table's word, then a number from 1: `holding 1` is the first register. Only where the device's settings say so.
    OneBased,
    /// The table's digit, then a number from 1: `40001` is the first holding register.
    Traditional,
}

impl Notation {
    /// Their words in settings.
    pub const WORDS: [&str; 3] = ["0-based", "1-based", "traditional"];

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::ZeroBased, Self::OneBased, Self::Traditional];
        all.into_iter().find(|notation| notation.word() == word)
    }

    /// Its word in settings.
    pub fn word(self) -> &'static str {
        match self {
            Self::ZeroBased => Self::WORDS[0],
            Self::OneBased => Self::WORDS[1],
            Self::Traditional => Self::WORDS[2],
        }
    }

    /// For messages: how it looks.
    pub fn example(self) -> &'static str {
        match self {
            Self::ZeroBased => "0-based (`holding 0` is the first register)",
            Self::OneBased => "1-based (`holding 1` is the first register)",
            Self::Traditional => "traditional (`40001` is the first register)",
        }
    }
}

/// The word of an order of bytes in addresses and settings.
pub fn order_word(order: WordOrder) -> &'static str {
    match order {
        WordOrder::Abcd => "abcd",
        WordOrder::Cdab => "cdab",
        WordOrder::Badc => "badc",
        WordOrder::Dcba => "dcba",
    }
}

/// How the cells of a value are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// A coil or a discrete input; or a whole register, of which 0 is false and anything else true.
    Bool,
    /// One bit of a register, 0 to 15; 0 is the least significant.
    Bit(u8),
    /// 16 bits, signed.
    I16,
    /// 16 bits, unsigned.
    U16,
    /// 32 bits, signed.
    I32,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, signed.
    I64,
    /// 64 bits, unsigned.
    U64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// Text of so many bytes, two a register.
    Text(u16),
}

/// Longest text, in bytes: what 125 registers hold, the most that one request may read.
pub const TEXT_BYTES: u16 = 250;

impl DataType {
    /// How many registers (or coils) it takes.
    pub fn cells(self) -> u16 {
        match self {
            Self::Bool | Self::Bit(_) | Self::I16 | Self::U16 => 1,
            Self::I32 | Self::U32 | Self::F32 => 2,
            Self::I64 | Self::U64 | Self::F64 => 4,
            Self::Text(bytes) => bytes.div_ceil(2),
        }
    }

    /// Whether it is made of several registers whose order devices don't agree on.
    fn has_order(self) -> bool {
        matches!(self, Self::I32 | Self::U32 | Self::F32 | Self::I64 | Self::U64 | Self::F64)
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "bool" => Self::Bool,
            "i16" => Self::I16,
            "u16" => Self::U16,
            "i32" => Self::I32,
            "u32" => Self::U32,
            "i64" => Self::I64,
            "u64" => Self::U64,
            "f32" => Self::F32,
            "f64" => Self::F64,
            _ => return None,
        })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::Bit(bit) => return write!(f, "bit {bit}"),
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Text(bytes) => return write!(f, "text {bytes}"),
        })
    }
}

/// Where a value lies and how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Which table.
    pub table: Table,
    /// First cell, 0-based, as on the wire.
    pub start: u16,
    /// How the cells are read.
    pub data: DataType,
    /// The order its address names; `None` takes the device's.
    pub order: Option<WordOrder>,
}

impl Address {
    /// Reads an address as a project writes it, in either notation that needs no setting.
    ///
    /// # Errors
    /// A sentence that quotes the address and says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text, None).map(|(address, _)| address)
    }

    /// Reads an address as a project writes it, in this notation if the device's settings name one; says which it was.
    ///
    /// # Errors
    /// A sentence that quotes the address and says what is expected.
    pub fn read(text: &str, notation: Option<Notation>) -> Result<(Self, Notation), String> {
        let quoted = |wrong| format!("the address `{}` can't be used: {wrong}", text.trim());
        let (mut address, found) = parse(&text.to_ascii_lowercase()).map_err(quoted)?;
        match (notation, found) {
            (Some(wanted @ (Notation::ZeroBased | Notation::OneBased)), Notation::Traditional)
            | (Some(wanted @ Notation::Traditional), Notation::ZeroBased | Notation::OneBased) => Err(quoted(format!(
                "the device's addresses are {} (`addresses`), and this one is {}",
                wanted.example(),
                found.example()
            ))),
            (Some(Notation::OneBased), _) => match address.start.checked_sub(1) {
                Some(start) => {
                    address.start = start;
                    Ok((address, Notation::OneBased))
                }
                None => Err(quoted(format!(
                    "the device's addresses are {} (`addresses`): there is no 0",
                    Notation::OneBased.example()
                ))),
            },
            _ => Ok((address, found)),
        }
    }

    /// The cells as the traditional notation numbers them: `40011`, or `40011 to 40012`.
    pub fn traditional(&self) -> String {
        let digit = match self.table {
            Table::Coil => 0,
            Table::Discrete => 1,
            Table::Input => 3,
            Table::Holding => 4,
        };
        let number = |cell: u32| if self.end() <= 9_999 { format!("{digit}{cell:04}") } else { format!("{digit}{cell:05}") };
        match self.cells() {
            1 => number(u32::from(self.start) + 1),
            _ => format!("{} to {}", number(u32::from(self.start) + 1), number(self.end())),
        }
    }

    /// How many cells it takes.
    pub fn cells(&self) -> u16 {
        self.data.cells()
    }

    /// The first cell after it, up to 65,536.
    pub fn end(&self) -> u32 {
        u32::from(self.start) + u32::from(self.cells())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table.word(), self.start)?;
        match self.data {
            DataType::Bit(bit) => write!(f, ".{bit}"),
            _ if self.table.is_bits() => Ok(()),
            data => write!(f, " {data}"),
        }?;
        self.order.map_or(Ok(()), |order| write!(f, " {}", order_word(order)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_name_the_same_places() {
        let cases = [
            ("holding 0 f32 cdab", "holding 0 f32 cdab"),
            ("HOLDING 0 F32", "holding 0 f32"),
            ("  input  10   u16 ", "input 10 u16"),
            ("input 10", "input 10 u16"),
            ("coil 3", "coil 3"),
            ("coil 3 bool", "coil 3"),
            ("discrete 0", "discrete 0"),
            ("holding 20.3", "holding 20.3"),
            ("holding 20.15 bool", "holding 20.15"),
            ("holding 7 bool", "holding 7 bool"),
            ("holding 100 text 16", "holding 100 text 16"),
            ("holding 100 text 15 badc", "holding 100 text 15 badc"),
            ("holding 40000 u16", "holding 40000 u16"),
            ("holding 65535", "holding 65535 u16"),
            ("holding 65532 u64 dcba", "holding 65532 u64 dcba"),
            ("40001 f32", "holding 0 f32"),
            ("400001 f32", "holding 0 f32"),
            ("465536", "holding 65535 u16"),
            ("30011 u16", "input 10 u16"),
            ("00001", "coil 0"),
            ("000001", "coil 0"),
            ("10001", "discrete 0"),
            ("40021.3", "holding 20.3"),
            ("49999 i16", "holding 9998 i16"),
        ];
        for (text, expected) in cases {
            let parsed = Address::parse(text).map(|address| address.to_string());
            assert_eq!(parsed.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_device_counts_as_its_settings_say() {
        use Notation::{OneBased, Traditional, ZeroBased};
        let cases: &[(&str, Option<Notation>, Result<(&str, Notation), &str>)] = &[
            ("holding 1", None, Ok(("holding 1 u16", ZeroBased))),
            ("holding 1", Some(ZeroBased), Ok(("holding 1 u16", ZeroBased))),
            ("holding 1", Some(OneBased), Ok(("holding 0 u16", OneBased))),
            ("coil 17", Some(OneBased), Ok(("coil 16", OneBased))),
            ("40002 f32", Some(Traditional), Ok(("holding 1 f32", Traditional))),
            ("holding 0", Some(OneBased), Err("there is no 0")),
            ("40001", Some(OneBased), Err("are 1-based")),
            ("40001", Some(ZeroBased), Err("this one is traditional")),
            ("holding 1", Some(Traditional), Err("are traditional")),
        ];
        for (text, notation, expected) in cases {
            match (Address::read(text, *notation), expected) {
                (Ok((address, found)), Ok((shown, wanted))) => {
                    assert_eq!((address.to_string().as_str(), found), (*shown, *wanted), "{text} {notation:?}");
                }
                (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
                (found, _) => panic!("{text} {notation:?}: {found:?}"),
            }
        }
        let traditional = |text: &str| Address::parse(text).map(|address| address.traditional());
        for (text, expected) in [("holding 10 f32", "40011 to 40012"), ("coil 0", "00001"), ("holding 40000", "440001")] {
            assert_eq!(traditional(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_wrong_address_gets_a_sentence_that_says_what_is_expected() {
        let cases = [
            ("", "it is empty"),
            ("holding", "the number after `holding` is missing"),
            ("register 0", "`register` is not one of the tables"),
            ("holding x", "`x` is not a number"),
            ("holding -1", "`-1` is not a number"),
            ("holding 65536", "mixes the two notations"),
            ("holding 400001", "mixes the two notations"),
            ("coil 00001", "mixes the two notations"),
            ("holding 007", "without leading zeros"),
            ("17", "says no table"),
            ("4000001", "says no table"),
            ("20001", "must begin with 0 (coil)"),
            ("40000", "the first holding is 40001"),
            ("400000", "the first holding is 400001"),
            ("465537", "beyond the last one, 465536"),
            ("holding 20.16", "0 (least significant) to 15"),
            ("holding 20.", "0 (least significant) to 15"),
            ("coil 3.1", "single bit already"),
            ("coil 3 u16", "always a bool"),
            ("holding 20.3 u16", "always a bool"),
            ("holding 0 float", "`float` is not one of the types"),
            ("holding 0 f32 dbca", "`dbca` is not one of the orders"),
            ("holding 0 u16 cdab", "u16 takes none"),
            ("holding 0 f32 abcd abcd", "`abcd` is too much"),
            ("holding 0 text", "length of the text in bytes is missing"),
            ("holding 0 text 0", "1 to 250 bytes"),
            ("holding 0 text 251", "1 to 250 bytes"),
            ("holding 0 text 10 cdab", "only abcd and badc"),
            ("holding 65535 f32", "beyond the last one, 65535"),
        ];
        for (text, expected) in cases {
            match Address::parse(text) {
                Ok(address) => panic!("{text:?} was taken as {address}"),
                Err(message) => {
                    assert!(message.contains(expected), "{text:?}: {message}");
                    assert!(message.contains(&format!("`{}`", text.trim())), "{text:?} is not quoted: {message}");
                }
            }
        }
    }
}
