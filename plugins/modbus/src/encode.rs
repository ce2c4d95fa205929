//! Values to registers and coils; refuses what the cells can't hold.

use plantroom_sdk::{Value, WordOrder};

use crate::address::DataType;

/// The cells that hold this value, as they go on the wire; for a bit, one cell of 0 or 1.
///
/// A float is rounded to the nearest integer where the cells hold an integer: a setpoint scaled back to raw
/// counts seldom is a whole number.
///
/// # Errors
/// A sentence for the operator: the value doesn't fit, and what does.
pub fn encode(value: &Value, data: DataType, order: WordOrder) -> Result<Vec<u16>, String> {
    match data {
        DataType::Bool | DataType::Bit(_) => Ok(vec![u16::from(truth(value, data)?)]),
        DataType::I16 => integer(value, data, i128::from(i16::MIN), i128::from(i16::MAX), order),
        DataType::U16 => integer(value, data, 0, i128::from(u16::MAX), order),
        DataType::I32 => integer(value, data, i128::from(i32::MIN), i128::from(i32::MAX), order),
        DataType::U32 => integer(value, data, 0, i128::from(u32::MAX), order),
        DataType::I64 => integer(value, data, i128::from(i64::MIN), i128::from(i64::MAX), order),
        DataType::U64 => integer(value, data, 0, i128::from(u64::MAX), order),
        DataType::F32 => {
            let number = number(value, data)?;
            let single = number as f32;
            if single.is_infinite() {
                return Err(format!("{number} does not fit into f32, which holds numbers up to 3.4e38; nothing was written"));
            }
            Ok(order.split_f32(single).to_vec())
        }
        DataType::F64 => Ok(order.split_f64(number(value, data)?).to_vec()),
        DataType::Text(bytes) => text(value, bytes, order),
    }
}

fn truth(value: &Value, data: DataType) -> Result<bool, String> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::Int(0) | Value::Uint(0) => Ok(false),
        Value::Int(1) | Value::Uint(1) => Ok(true),
        Value::Float(number) if *number == 0.0 => Ok(false),
        Value::Float(number) if *number == 1.0 => Ok(true),
        other => {
            Err(format!("{} does not fit into {data}, which holds 0 (false) or 1 (true); nothing was written", shown(other)))
        }
    }
}

fn number(value: &Value, data: DataType) -> Result<f64, String> {
    match value {
        Value::Bool(truth) => Ok(f64::from(u8::from(*truth))),
        Value::Int(number) => Ok(*number as f64),
        Value::Uint(number) => Ok(*number as f64),
        Value::Float(number) if number.is_finite() => Ok(*number),
        other => Err(format!("{} is not a number that {data} could hold; nothing was written", shown(other))),
    }
}

fn integer(value: &Value, data: DataType, low: i128, high: i128, order: WordOrder) -> Result<Vec<u16>, String> {
    let number = match value {
        Value::Bool(truth) => i128::from(*truth),
        Value::Int(number) => i128::from(*number),
        Value::Uint(number) => i128::from(*number),
        // The cast saturates far beyond every range here, so nothing wraps.
        Value::Float(number) if number.is_finite() => number.round() as i128,
        other => return Err(format!("{} is not a number that {data} could hold; nothing was written", shown(other))),
    };
    if number < low || number > high {
        return Err(format!("{} does not fit into {data}, which holds {low} to {high}; nothing was written", shown(value)));
    }
    Ok(match data.cells() {
        1 => vec![number as u16],
        2 => order.split_u32(number as u32).to_vec(),
        _ => order.split_u64(number as u64).to_vec(),
    })
}

fn text(value: &Value, bytes: u16, order: WordOrder) -> Result<Vec<u16>, String> {
    let Value::Text(text) = value else {
        return Err(format!("{} is not text; nothing was written", shown(value)));
    };
    let len = usize::from(bytes);
    if text.len() > len {
        return Err(format!("the text has {} bytes, and the device holds {len}; nothing was written", text.len()));
    }
    if text.bytes().any(|byte| byte == 0) {
        return Err("the text has a NUL inside, which ends a text in the device; nothing was written".to_owned());
    }
    let mut padded = text.as_bytes().to_vec();
    padded.resize(len.next_multiple_of(2), 0);
    let swapped = matches!(order, WordOrder::Badc | WordOrder::Dcba);
    let word = |pair: [u8; 2]| if swapped { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
    Ok(padded.chunks_exact(2).map(|pair| word([pair[0], pair[1]])).collect())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "no value".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => format!("the text `{}`", text.chars().take(40).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use plantroom_sdk::Registers;
    use proptest::prelude::*;

    use super::*;
    use crate::decode::decode;

    #[test]
    fn what_does_not_fit_is_refused_in_words() {
        let cases = [
            (Value::Int(40_000), DataType::I16, "40000 does not fit into i16, which holds -32768 to 32767"),
            (Value::Int(-1), DataType::U16, "-1 does not fit into u16, which holds 0 to 65535"),
            (Value::Float(65_535.6), DataType::U16, "65535.6 does not fit"),
            (Value::Float(1e300), DataType::I64, "does not fit into i64"),
            (Value::Uint(u64::MAX), DataType::I64, "does not fit into i64"),
            (Value::Float(f64::NAN), DataType::U16, "NaN is not a number"),
            (Value::Float(f64::NAN), DataType::F32, "NaN is not a number"),
            (Value::Float(f64::INFINITY), DataType::F64, "inf is not a number"),
            (Value::Float(1e39), DataType::F32, "does not fit into f32"),
            (Value::Int(2), DataType::Bool, "0 (false) or 1 (true)"),
            (Value::Float(0.5), DataType::Bit(3), "0 (false) or 1 (true)"),
            (Value::Text("on".into()), DataType::U16, "the text `on` is not a number"),
            (Value::Null, DataType::U16, "no value is not a number"),
            (Value::Text("Größe".into()), DataType::Text(6), "has 7 bytes, and the device holds 6"),
            (Value::Text("a\0b".into()), DataType::Text(6), "NUL inside"),
            (Value::Int(3), DataType::Text(6), "3 is not text"),
        ];
        for (value, data, expected) in cases {
            match encode(&value, data, WordOrder::Abcd) {
                Ok(cells) => panic!("{value:?} as {data} gave {cells:04X?}"),
                Err(message) => assert!(message.contains(expected), "{value:?} as {data}: {message}"),
            }
        }
    }

    #[test]
    fn what_fits_becomes_registers() {
        let cases: &[(Value, DataType, WordOrder, &[u16])] = &[
            (Value::Bool(true), DataType::Bool, WordOrder::Abcd, &[1]),
            (Value::Uint(0), DataType::Bit(3), WordOrder::Abcd, &[0]),
            (Value::Int(-2), DataType::I16, WordOrder::Dcba, &[0xFFFE]),
            (Value::Float(511.5), DataType::U16, WordOrder::Abcd, &[512]),
            (Value::Float(-0.4), DataType::U16, WordOrder::Abcd, &[0]),
            (Value::Int(-2), DataType::I32, WordOrder::Cdab, &[0xFFFE, 0xFFFF]),
            (Value::Uint(0x1234_5678), DataType::U32, WordOrder::Badc, &[0x3412, 0x7856]),
            (Value::Int(1), DataType::F32, WordOrder::Abcd, &[0x3F80, 0]),
            (Value::Text("ABC".into()), DataType::Text(6), WordOrder::Badc, &[0x4241, 0x0043, 0]),
            (Value::Text("ABC".into()), DataType::Text(3), WordOrder::Abcd, &[0x4142, 0x4300]),
        ];
        for (value, data, order, expected) in cases {
            assert_eq!(encode(value, *data, *order).as_deref(), Ok(*expected), "{value:?} as {data} {order:?}");
        }
    }

    fn round_trip(value: &Value, data: DataType) -> Result<(), TestCaseError> {
        for order in [WordOrder::Abcd, WordOrder::Cdab, WordOrder::Badc, WordOrder::Dcba] {
            let cells = encode(value, data, order).map_err(TestCaseError::fail)?;
            prop_assert_eq!(cells.len(), usize::from(data.cells()));
            prop_assert_eq!(decode(&Registers(cells), 0, data, order), Ok(value.clone()), "{} {:?}", data, order);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_in_every_order(bits: u64, text in "[ -~]{0,15}[!-~ÄÖÜ]") {
            round_trip(&Value::Bool(bits & 1 == 1), DataType::Bool)?;
            round_trip(&Value::Int(i64::from(bits as i16)), DataType::I16)?;
            round_trip(&Value::Uint(u64::from(bits as u16)), DataType::U16)?;
            round_trip(&Value::Int(i64::from(bits as i32)), DataType::I32)?;
            round_trip(&Value::Uint(u64::from(bits as u32)), DataType::U32)?;
            round_trip(&Value::Int(bits as i64), DataType::I64)?;
            round_trip(&Value::Uint(bits), DataType::U64)?;
            let single = f32::from_bits(bits as u32);
            if single.is_finite() {
                round_trip(&Value::Float(f64::from(single)), DataType::F32)?;
            }
            let double = f64::from_bits(bits);
            if double.is_finite() {
                round_trip(&Value::Float(double), DataType::F64)?;
            }
            round_trip(&Value::Text(text.as_str().into()), DataType::Text(17))?;
        }
    }
}
