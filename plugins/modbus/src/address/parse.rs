//! Reads addresses in both notations, and says what is wrong with one.

use plantroom_sdk::WordOrder;

use super::{Address, DataType, Notation, TEXT_BYTES, Table};

const EXAMPLES: &str = "write for example `holding 0 f32` (0-based), `coil 3`, `holding 20.3` (bit 3 of a register) or, \
                        in the traditional 1-based notation, `40001 f32`";

/// An address in small letters, and the notation it is in.
pub(super) fn parse(text: &str) -> Result<(Address, Notation), String> {
    let mut words = text.split_ascii_whitespace();
    let first = words.next().ok_or_else(|| format!("it is empty; {EXAMPLES}"))?;
    let (table, start, bit, notation) = match Table::from_word(first) {
        Some(table) => {
            let number = words.next().ok_or_else(|| format!("the number after `{first}` is missing; {EXAMPLES}"))?;
            let (number, bit) = split_bit(number)?;
            (table, zero_based(table, number)?, bit, Notation::ZeroBased)
        }
        None if first.starts_with(|c: char| c.is_ascii_digit()) => {
            let (number, bit) = split_bit(first)?;
            let (table, start) = traditional(number)?;
            (table, start, bit, Notation::Traditional)
        }
        None => return Err(format!("`{first}` is not one of the tables coil, discrete, input and holding; {EXAMPLES}")),
    };
    let rest: Vec<&str> = words.collect();
    let (data, order) = data_type(table, bit, &rest)?;
    let address = Address { table, start, data, order };
    if address.end() > 65_536 {
        return Err(format!("{data} at {start} takes {} registers and reaches beyond the last one, 65535", data.cells()));
    }
    Ok((address, notation))
}

fn split_bit(number: &str) -> Result<(&str, Option<u8>), String> {
    let Some((number, bit)) = number.split_once('.') else { return Ok((number, None)) };
    match bit.parse::<u8>() {
        Ok(bit) if bit < 16 => Ok((number, Some(bit))),
        _ => Err(format!("the bit after the point must be 0 (least significant) to 15, not `{bit}`")),
    }
}

/// The 0-based notation: a table's word, then the address on the wire.
fn zero_based(table: Table, number: &str) -> Result<u16, String> {
    if !is_digits(number) {
        return Err(format!("`{number}` is not a number from 0 to 65535"));
    }
    let value = number.parse::<u32>().unwrap_or(u32::MAX);
    let padded = number.len() > 1 && number.starts_with('0');
    match u16::try_from(value) {
        Ok(value) if !padded => Ok(value),
        _ if number.len() == 5 || number.len() == 6 => Err(format!(
            "it mixes the two notations: after `{}` comes a 0-based number without leading zeros, at most 65535; \
             `{number}` alone would be the traditional 1-based notation",
            table.word()
        )),
        _ => Err(format!("`{number}` is not a number from 0 to 65535 without leading zeros")),
    }
}

/// The traditional notation: the table's digit, then the 1-based number in four or five digits.
fn traditional(number: &str) -> Result<(Table, u16), String> {
    if !is_digits(number) || !(number.len() == 5 || number.len() == 6) {
        return Err(format!(
            "`{number}` says no table: the traditional notation has 5 or 6 digits (40001 or 400001), the 0-based one a word \
             before the number (`holding 0`)"
        ));
    }
    let (digit, rest) = number.split_at(1);
    let table = Table::from_digit(digit.as_bytes()[0]).ok_or_else(|| {
        format!("`{number}` must begin with 0 (coil), 1 (discrete input), 3 (input register) or 4 (holding register)")
    })?;
    match rest.parse::<u32>() {
        Ok(0) => Err(format!(
            "the traditional notation counts from 1: the first {} is {digit}{:0>w$}",
            table.word(),
            1,
            w = rest.len()
        )),
        Ok(value) => u16::try_from(value - 1)
            .map(|start| (table, start))
            .map_err(|_| format!("`{number}` lies beyond the last one, {digit}65536")),
        Err(_) => Err(format!("`{number}` is not a number")),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn data_type(table: Table, bit: Option<u8>, rest: &[&str]) -> Result<(DataType, Option<WordOrder>), String> {
    if table.is_bits() {
        return match (bit, rest) {
            (None, [] | ["bool"]) => Ok((DataType::Bool, None)),
            (Some(_), _) => Err(format!("a {} is a single bit already; leave out what follows the point", table.word())),
            (None, [word, ..]) => Err(format!("a {} is always a bool; leave out `{word}`", table.word())),
        };
    }
    if let Some(bit) = bit {
        return match rest {
            [] | ["bool"] => Ok((DataType::Bit(bit), None)),
            [word, ..] => Err(format!("a bit of a register is always a bool; leave out `{word}`")),
        };
    }
    let (data, rest) = match rest {
        [] => (DataType::U16, rest),
        ["text", rest @ ..] => text_type(rest)?,
        [word, rest @ ..] => match DataType::from_word(word) {
            Some(data) => (data, rest),
            None => {
                return Err(format!("`{word}` is not one of the types bool, i16, u16, i32, u32, i64, u64, f32, f64 and text"));
            }
        },
    };
    let order = match rest {
        [] => None,
        [word] => Some(order_of(data, word)?),
        [_, word, ..] => return Err(format!("`{word}` is too much: an address ends with the type and the order of its bytes")),
    };
    Ok((data, order))
}

fn text_type<'a, 'b>(rest: &'a [&'b str]) -> Result<(DataType, &'a [&'b str]), String> {
    let Some((length, rest)) = rest.split_first() else {
        return Err("the length of the text in bytes is missing: `text 16`".to_owned());
    };
    match length.parse::<u16>() {
        Ok(bytes) if (1..=TEXT_BYTES).contains(&bytes) => Ok((DataType::Text(bytes), rest)),
        _ => Err(format!("the length of a text must be 1 to {TEXT_BYTES} bytes, not `{length}`")),
    }
}

fn order_of(data: DataType, word: &str) -> Result<WordOrder, String> {
    let order =
        WordOrder::from_word(word).ok_or_else(|| format!("`{word}` is not one of the orders abcd, cdab, badc and dcba"))?;
    match data {
        DataType::Text(_) if matches!(order, WordOrder::Cdab | WordOrder::Dcba) => {
            Err(format!("text runs from the first register to the last: only abcd and badc (bytes swapped) fit, not {word}"))
        }
        DataType::Text(_) => Ok(order),
        _ if data.has_order() => Ok(order),
        _ => Err(format!("an order of bytes is for values of 32 or 64 bits; {data} takes none, leave out `{word}`")),
    }
}
