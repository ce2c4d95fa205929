//! The data types of S7 controllers, both ways. Numbers are big-endian.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime};
use plantroom_sdk::{DecodeError, Value, ValueKind, fit};

/// What lies at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// One bit.
    Bool,
    /// 8 bits without a sign: BYTE, USINT.
    Byte,
    /// 8 bits with a sign: SINT.
    Sint,
    /// One character: CHAR.
    Char,
    /// 16 bits without a sign: WORD, UINT.
    Word,
    /// 16 bits with a sign: INT.
    Int,
    /// 32 bits without a sign: DWORD, UDINT.
    Dword,
    /// 32 bits with a sign: DINT.
    Dint,
    /// 64 bits without a sign: LWORD, ULINT.
    Lword,
    /// 64 bits with a sign: LINT.
    Lint,
    /// IEEE 754 binary32: REAL.
    Real,
    /// IEEE 754 binary64: LREAL.
    Lreal,
    /// Milliseconds with a sign in 32 bits: TIME.
    Time,
    /// A length of time in three BCD digits and a base: S5TIME, in ms.
    S5time,
    /// Days since 1990-01-01: DATE.
    Date,
    /// Milliseconds since midnight: TOD.
    Tod,
    /// Date and time in 8 BCD bytes: DT.
    Dt,
    /// Date and time in 12 bytes, to the nanosecond: DTL.
    Dtl,
    /// Text of at most so many characters, one byte each: STRING.
    Text(u8),
    /// Text of at most so many UTF-16 units: WSTRING.
    WideText(u16),
    /// So many characters without a length, one byte each: ARRAY OF CHAR.
    Chars(u8),
    /// A timer of S7-300 and 400, in ms.
    Timer,
    /// A counter of S7-300 and 400, 0 to 999.
    Counter,
}

/// Characters of the longest WSTRING, as STEP 7 makes one that names no length: more is torn over two requests.
const WIDE_MOST: u16 = 254;

impl DataType {
    /// The type of an address with this size letter (X, B, W, D) and these words behind it.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(size: char, words: &str) -> Result<Self, String> {
        let mut parts = words.split_whitespace();
        let Some(word) = parts.next() else {
            return Ok(match size {
                'X' => Self::Bool,
                'B' => Self::Byte,
                'W' => Self::Word,
                _ => Self::Dword,
            });
        };
        let count = parts.next();
        if let Some(more) = parts.next() {
            return Err(format!("`{}` is too much", more.to_lowercase()));
        }
        let number = |most: u16| -> Result<u16, String> {
            let Some(count) = count else { return Err(format!("say how many characters: {} 20", word.to_lowercase())) };
            let good = count.parse::<u16>().ok().filter(|count| (1..=most).contains(count));
            good.ok_or_else(|| format!("`{count}` is no number of characters; it is at most {most}"))
        };
        let data = match word {
            "STRING" => Self::Text(number(254)? as u8),
            "WSTRING" => Self::WideText(number(WIDE_MOST)?),
            "CHARS" => Self::Chars(number(254)? as u8),
            other => Self::plain(other).ok_or_else(|| {
                format!(
                    "`{}` is no data type; there are bool byte usint sint char word uint int dword udint dint real lword ulint lint \
                     lreal time s5time date tod dt dtl string wstring chars",
                    other.to_lowercase()
                )
            })?,
        };
        let takes_count = matches!(data, Self::Text(_) | Self::WideText(_) | Self::Chars(_));
        if let Some(count) = count.filter(|_| !takes_count) {
            return Err(format!("`{count}` is too much: {} has no length", data.word()));
        }
        if size != 'B' && size != data.size() {
            return Err(format!(
                "{} takes {} byte{}, so its address has the letter {} (or B)",
                data.word(),
                data.bytes(),
                if data.bytes() == 1 { "" } else { "s" },
                data.size()
            ));
        }
        Ok(data)
    }

    fn plain(word: &str) -> Option<Self> {
        Some(match word {
            "BOOL" => Self::Bool,
            "BYTE" | "USINT" => Self::Byte,
            "SINT" => Self::Sint,
            "CHAR" => Self::Char,
            "WORD" | "UINT" => Self::Word,
            "INT" => Self::Int,
            "DWORD" | "UDINT" => Self::Dword,
            "DINT" => Self::Dint,
            "LWORD" | "ULINT" => Self::Lword,
            "LINT" => Self::Lint,
            "REAL" => Self::Real,
            "LREAL" => Self::Lreal,
            "TIME" => Self::Time,
            "S5TIME" => Self::S5time,
            "DATE" => Self::Date,
            "TOD" => Self::Tod,
            "DT" => Self::Dt,
            "DTL" => Self::Dtl,
            _ => return None,
        })
    }

    /// The word for it, as addresses have it.
    pub fn word(self) -> String {
        match self {
            Self::Text(most) => return format!("string {most}"),
            Self::WideText(most) => return format!("wstring {most}"),
            Self::Chars(count) => return format!("chars {count}"),
            Self::Bool => "bool",
            Self::Byte => "byte",
            Self::Sint => "sint",
            Self::Char => "char",
            Self::Word => "word",
            Self::Int => "int",
            Self::Dword => "dword",
            Self::Dint => "dint",
            Self::Lword => "lword",
            Self::Lint => "lint",
            Self::Real => "real",
            Self::Lreal => "lreal",
            Self::Time => "time",
            Self::S5time => "s5time",
            Self::Date => "date",
            Self::Tod => "tod",
            Self::Dt => "dt",
            Self::Dtl => "dtl",
            Self::Timer => "timer",
            Self::Counter => "counter",
        }
        .to_owned()
    }

    /// The letter of its size.
    pub fn size(self) -> char {
        match (self, self.bytes()) {
            (Self::Bool, _) => 'X',
            (Self::Chars(_), _) => 'B',
            (_, 2) => 'W',
            (_, 4) => 'D',
            _ => 'B',
        }
    }

    /// Bytes that it takes.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Bool | Self::Byte | Self::Sint | Self::Char => 1,
            Self::Word | Self::Int | Self::S5time | Self::Date | Self::Timer | Self::Counter => 2,
            Self::Dword | Self::Dint | Self::Real | Self::Time | Self::Tod => 4,
            Self::Lword | Self::Lint | Self::Lreal | Self::Dt => 8,
            Self::Dtl => 12,
            Self::Text(most) => u32::from(most) + 2,
            Self::WideText(most) => u32::from(most) * 2 + 4,
            Self::Chars(count) => u32::from(count),
        }
    }

    /// What a tag of it holds.
    pub fn kind(self) -> ValueKind {
        match self {
            Self::Bool => ValueKind::Bool,
            Self::Byte | Self::Word | Self::Dword | Self::Lword | Self::Tod | Self::S5time | Self::Timer | Self::Counter => {
                ValueKind::Uint
            }
            Self::Sint | Self::Int | Self::Dint | Self::Lint | Self::Time => ValueKind::Int,
            Self::Real | Self::Lreal => ValueKind::Float,
            Self::Char | Self::Date | Self::Dt | Self::Dtl | Self::Text(_) | Self::WideText(_) | Self::Chars(_) => {
                ValueKind::Text
            }
        }
    }

    /// Whether it can be written: timers and counters are the program's own.
    pub fn is_writable(self) -> bool {
        !matches!(self, Self::Timer | Self::Counter)
    }
}

/// Reads a value out of its bytes; for a bool, the bit of the first one.
///
/// # Errors
/// When the bytes are too few, or no such value.
pub fn decode(bytes: &[u8], bit: u8, data: DataType) -> Result<Value, DecodeError> {
    let count = data.bytes() as usize;
    let Some(bytes) = bytes.get(..count) else {
        return Err(DecodeError::new(format!("{count} bytes were expected, {} came", bytes.len())));
    };
    Ok(match data {
        DataType::Bool => Value::Bool(bytes[0] >> bit & 1 == 1),
        DataType::Byte | DataType::Word | DataType::Dword | DataType::Lword | DataType::Tod => Value::Uint(unsigned(bytes)),
        DataType::Sint | DataType::Int | DataType::Dint | DataType::Lint | DataType::Time => Value::Int(signed(bytes)),
        DataType::Real => Value::Float(f64::from(f32::from_bits(unsigned(bytes) as u32))),
        DataType::Lreal => Value::Float(f64::from_bits(unsigned(bytes))),
        DataType::S5time | DataType::Timer => Value::Uint(s5time_ms(unsigned(bytes) as u16)?),
        DataType::Counter => Value::Uint(bcd(unsigned(bytes) as u16 & 0x0FFF)?),
        DataType::Char | DataType::Chars(_) => Value::Text(latin(bytes)),
        DataType::Date => Value::Text(date(unsigned(bytes) as u16)?.to_string()),
        DataType::Dt => Value::Text(dt(bytes)?.to_string()),
        DataType::Dtl => Value::Text(dtl(bytes)?.to_string()),
        DataType::Text(most) => {
            let length = bytes[1];
            if length > most || bytes[0] > 254 {
                return Err(DecodeError::new(format!(
                    "its length is {length}, longer than the {most} characters of the address"
                )));
            }
            Value::Text(latin(&bytes[2..2 + usize::from(length)]))
        }
        DataType::WideText(most) => {
            let length = unsigned(&bytes[2..4]) as u16;
            if length > most {
                return Err(DecodeError::new(format!(
                    "its length is {length}, longer than the {most} characters of the address"
                )));
            }
            let units: Vec<u16> = bytes[4..].chunks_exact(2).take(usize::from(length)).map(|two| unsigned(two) as u16).collect();
            Value::Text(String::from_utf16_lossy(&units))
        }
    })
}

/// The bytes of a value; for a bool one byte, 0 or 1. Texts bring their lengths.
///
/// # Errors
/// A sentence for the operator, when the value doesn't fit.
pub fn encode(value: &Value, data: DataType) -> Result<Vec<u8>, String> {
    let number = || value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| "this is not a number".to_owned());
    let text = || value.as_text().ok_or_else(|| "this is not text".to_owned());
    let whole = |low: i128, high: i128| -> Result<i128, String> {
        let whole = match value {
            Value::Int(whole) => i128::from(*whole),
            Value::Uint(whole) => i128::from(*whole),
            _ => i128::from(fit::<i64>(number()?.round()).map_err(|error| error.to_string())?),
        };
        let fits = (low..=high).contains(&whole);
        if fits { Ok(whole) } else { Err(format!("{whole} doesn't fit: {} holds {low} to {high}", data.word())) }
    };
    let big = |whole: i128| whole.to_be_bytes()[16 - data.bytes() as usize..].to_vec();
    match data {
        DataType::Bool => Ok(vec![u8::from(value.as_bool().ok_or("this is not a switch position")?)]),
        DataType::Byte | DataType::Word | DataType::Dword | DataType::Lword => whole(0, (1 << (8 * data.bytes())) - 1).map(big),
        DataType::Sint | DataType::Int | DataType::Dint | DataType::Lint | DataType::Time => {
            let half = 1 << (8 * data.bytes() - 1);
            whole(-half, half - 1).map(big)
        }
        DataType::Tod => whole(0, 86_399_999).map(big),
        DataType::Real => {
            let single = number()? as f32;
            if single.is_finite() { Ok(single.to_be_bytes().to_vec()) } else { Err("it is too large for a REAL".to_owned()) }
        }
        DataType::Lreal => Ok(number()?.to_be_bytes().to_vec()),
        DataType::S5time => s5time(whole(0, 9_990_000)? as u32).map(|word| word.to_be_bytes().to_vec()),
        DataType::Timer | DataType::Counter => Err("timers and counters belong to the controller's program".to_owned()),
        DataType::Char => characters(text()?, 1, true),
        DataType::Chars(count) => {
            let mut bytes = characters(text()?, usize::from(count), false)?;
            bytes.resize(usize::from(count), b' ');
            Ok(bytes)
        }
        DataType::Text(most) => {
            let characters = characters(text()?, usize::from(most), false)?;
            let mut bytes = vec![most, characters.len() as u8];
            bytes.extend(characters);
            bytes.resize(data.bytes() as usize, 0);
            Ok(bytes)
        }
        DataType::WideText(most) => {
            let units: Vec<u16> = text()?.encode_utf16().collect();
            if units.len() > usize::from(most) {
                return Err(format!("it has {} characters, and there is room for {most}", units.len()));
            }
            let mut bytes = [most, units.len() as u16].map(u16::to_be_bytes).concat();
            bytes.extend(units.into_iter().flat_map(u16::to_be_bytes));
            bytes.resize(data.bytes() as usize, 0);
            Ok(bytes)
        }
        DataType::Date => days(text()?).map(|days| days.to_be_bytes().to_vec()),
        DataType::Dt => moment(text()?).and_then(dt_bytes),
        DataType::Dtl => moment(text()?).and_then(dtl_bytes),
    }
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn signed(bytes: &[u8]) -> i64 {
    let free = 64 - 8 * bytes.len() as u32;
    (unsigned(bytes) << free) as i64 >> free
}

fn bcd(word: u16) -> Result<u64, DecodeError> {
    (0..4).rev().try_fold(0, |number, digit| match word >> (4 * digit) & 0xF {
        digit @ 0..=9 => Ok(number * 10 + u64::from(digit)),
        _ => Err(DecodeError::new(format!("{word:04X} is no decimal number"))),
    })
}

fn two_digits(byte: u8) -> Result<i8, DecodeError> {
    bcd(u16::from(byte)).map(|number| number as i8)
}

/// Three BCD digits, and two bits that say of what: 10 ms, 100 ms, 1 s, 10 s.
fn s5time_ms(word: u16) -> Result<u64, DecodeError> {
    Ok(bcd(word & 0x0FFF)? * [10, 100, 1_000, 10_000][usize::from(word >> 12 & 3)])
}

/// The finest base in which it is exact; what isn't exact in any is refused.
fn s5time(ms: u32) -> Result<u16, String> {
    for (base, step) in [10, 100, 1_000, 10_000].into_iter().enumerate() {
        let steps = ms / step;
        if ms % step == 0 && steps <= 999 {
            let digits = (steps / 100) << 8 | (steps / 10 % 10) << 4 | steps % 10;
            return Ok((base as u16) << 12 | digits as u16);
        }
    }
    Err(format!("{ms} ms can't be told exactly as S5TIME, which has three digits"))
}

/// One byte is one character, as STEP 7 shows them (Latin-1).
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn characters(text: &str, most: usize, exactly: bool) -> Result<Vec<u8>, String> {
    let bytes: Result<Vec<u8>, char> = text.chars().map(|letter| u8::try_from(u32::from(letter)).map_err(|_| letter)).collect();
    let bytes = bytes.map_err(|letter| format!("the controller's text has no `{letter}`; use wstring for other scripts"))?;
    if bytes.len() > most || exactly && bytes.len() != most {
        return Err(format!("it has {} characters, and there is room for {most}", bytes.len()));
    }
    Ok(bytes)
}

const FIRST_DAY: Date = Date::constant(1990, 1, 1);

fn date(days: u16) -> Result<Date, DecodeError> {
    FIRST_DAY.checked_add(i64::from(days).days()).map_err(|error| DecodeError::new(error.to_string()))
}

fn days(text: &str) -> Result<u16, String> {
    let day: Date = text.trim().parse().map_err(|_| format!("`{text}` is no date; write 2026-05-31"))?;
    let days = (day - FIRST_DAY).get_days();
    u16::try_from(days).map_err(|_| format!("{day} doesn't fit: DATE holds 1990-01-01 to 2169-06-06"))
}

fn moment(text: &str) -> Result<DateTime, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no date and time; write 2026-05-31T06:30:00"))
}

fn civil(year: i16, [month, day, hour, minute, second]: [i8; 5], ns: i32) -> Result<DateTime, DecodeError> {
    DateTime::new(year, month, day, hour, minute, second, ns).map_err(|_| DecodeError::new("it is no date and time"))
}

fn dt(bytes: &[u8]) -> Result<DateTime, DecodeError> {
    let mut parts = [0; 6];
    for (part, byte) in parts.iter_mut().zip(bytes) {
        *part = two_digits(*byte)?;
    }
    let [year, rest @ ..] = parts;
    let year = i16::from(year) + if year >= 90 { 1900 } else { 2000 };
    let ms = bcd(u16::from_be_bytes([bytes[6], bytes[7]]) >> 4)?;
    civil(year, rest, ms as i32 * 1_000_000)
}

fn dt_bytes(at: DateTime) -> Result<Vec<u8>, String> {
    if !(1990..=2089).contains(&at.year()) {
        return Err(format!("{at} doesn't fit: DT holds the years 1990 to 2089"));
    }
    let digits = |number: i16| ((number / 10) << 4 | (number % 10)) as u8;
    let parts = [at.year() % 100, at.month().into(), at.day().into(), at.hour().into(), at.minute().into(), at.second().into()];
    let mut bytes: Vec<u8> = parts.into_iter().map(digits).collect();
    let ms = at.millisecond();
    bytes.push(digits(ms / 10));
    // The last digit of the milliseconds, and the day of the week: 1 is Sunday.
    bytes.push(((ms % 10) as u8) << 4 | at.weekday().to_sunday_one_offset() as u8);
    Ok(bytes)
}

fn dtl(bytes: &[u8]) -> Result<DateTime, DecodeError> {
    let year = unsigned(&bytes[..2]) as i16;
    // Byte 4 is the day of the week.
    let parts = [bytes[2], bytes[3], bytes[5], bytes[6], bytes[7]].map(|byte| i8::try_from(byte).unwrap_or(-1));
    civil(year, parts, i32::try_from(unsigned(&bytes[8..12])).unwrap_or(-1))
}

fn dtl_bytes(at: DateTime) -> Result<Vec<u8>, String> {
    if !(1970..=2262).contains(&at.year()) {
        return Err(format!("{at} doesn't fit: DTL holds the years 1970 to 2262"));
    }
    let weekday = at.weekday().to_sunday_one_offset();
    let mut bytes = (at.year() as u16).to_be_bytes().to_vec();
    bytes.extend([at.month(), at.day(), weekday, at.hour(), at.minute(), at.second()].map(|part| part as u8));
    bytes.extend((at.subsec_nanosecond() as u32).to_be_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(data: DataType, bytes: &[u8], value: Value) {
        assert_eq!(decode(bytes, 0, data).ok(), Some(value.clone()), "{data:?}");
        assert_eq!(encode(&value, data).as_deref(), Ok(bytes), "{data:?}");
    }

    #[test]
    fn every_type_is_read_and_written() {
        let text = |text: &str| Value::Text(text.to_owned());
        both_ways(DataType::Byte, &[200], Value::Uint(200));
        both_ways(DataType::Sint, &[0xFF], Value::Int(-1));
        both_ways(DataType::Word, &[0x12, 0x34], Value::Uint(0x1234));
        both_ways(DataType::Int, &[0xFF, 0xFE], Value::Int(-2));
        both_ways(DataType::Dword, &[0x80, 0, 0, 1], Value::Uint(0x8000_0001));
        both_ways(DataType::Dint, &[0x80, 0, 0, 0], Value::Int(i64::from(i32::MIN)));
        both_ways(DataType::Lword, &[0xFF; 8], Value::Uint(u64::MAX));
        both_ways(DataType::Lint, &[0xFF; 8], Value::Int(-1));
        both_ways(DataType::Real, &[0x42, 0xF6, 0, 0], Value::Float(123.0));
        both_ways(DataType::Lreal, &123.5_f64.to_be_bytes(), Value::Float(123.5));
        both_ways(DataType::Time, &[0, 0, 0x03, 0xE8], Value::Int(1_000));
        both_ways(DataType::S5time, &[0x01, 0x27], Value::Uint(1_270));
        both_ways(DataType::S5time, &[0x29, 0x99], Value::Uint(999_000));
        both_ways(DataType::Tod, &[0x05, 0x26, 0x5B, 0xFF], Value::Uint(86_399_999));
        both_ways(DataType::Date, &[0x2E, 0x29], text("2022-05-10"));
        both_ways(DataType::Dt, &[0x22, 0x05, 0x10, 0x06, 0x30, 0x59, 0x98, 0x73], text("2022-05-10T06:30:59.987"));
        both_ways(DataType::Dtl, &[0x07, 0xE6, 5, 10, 3, 6, 30, 59, 0, 0, 0, 1], text("2022-05-10T06:30:59.000000001"));
        both_ways(DataType::Char, b"A", text("A"));
        both_ways(DataType::Text(5), &[5, 2, b'o', b'k', 0, 0, 0], text("ok"));
        both_ways(DataType::Chars(3), b"ab ", text("ab "));
        both_ways(DataType::WideText(2), &[0, 2, 0, 1, 0x03, 0xA9, 0, 0], text("Ω"));
        assert_eq!(decode(&[0b0000_1000], 3, DataType::Bool).ok(), Some(Value::Bool(true)));
        assert_eq!(decode(&[0x29, 0x99], 0, DataType::Timer).ok(), Some(Value::Uint(999_000)));
        assert_eq!(decode(&[0x01, 0x23], 0, DataType::Counter).ok(), Some(Value::Uint(123)));
    }

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        for (value, data, part) in [
            (Value::Int(256), DataType::Byte, "holds 0 to 255"),
            (Value::Int(-1), DataType::Word, "holds 0 to 65535"),
            (Value::Float(1e39), DataType::Real, "too large"),
            (Value::Float(f64::NAN), DataType::Lreal, "not a number"),
            (Value::Int(1_234_567), DataType::S5time, "three digits"),
            (Value::Text("Ω".into()), DataType::Text(5), "wstring"),
            (Value::Text("too long".into()), DataType::Text(5), "room for 5"),
            (Value::Text("31.5.2026".into()), DataType::Date, "2026-05-31"),
            (Value::Text("1989-12-31".into()), DataType::Date, "1990-01-01"),
            (Value::Uint(1), DataType::Counter, "program"),
        ] {
            let error = encode(&value, data).expect_err("it is refused");
            assert!(error.contains(part), "{value:?}: {error}");
        }
    }

    #[test]
    fn bytes_that_are_no_such_value_are_told() {
        for (bytes, data) in [
            (&[0x0A, 0x00][..], DataType::S5time),
            (&[0x22, 0x13, 0x10, 0, 0, 0, 0, 0], DataType::Dt),
            (&[5, 6, 0, 0, 0, 0, 0], DataType::Text(5)),
            (&[1], DataType::Word),
            (&[0x07, 0xE6, 5, 10, 3, 6, 30, 59, 0xFF, 0, 0, 1], DataType::Dtl),
        ] {
            assert!(decode(bytes, 0, data).is_err(), "{bytes:?} {data:?}");
        }
    }
}
