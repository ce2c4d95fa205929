//! Registers to values.

use plantroom_sdk::{DecodeError, Registers, Value, WordOrder};

use crate::address::DataType;

/// What the registers from `index` on say, as they stand on the wire.
///
/// NaN and infinities pass: whether a reading makes sense is the tag engine's to judge.
///
/// # Errors
/// The answer is too short for the type, or its text isn't UTF-8.
pub fn decode(registers: &Registers, index: usize, data: DataType, order: WordOrder) -> Result<Value, DecodeError> {
    Ok(match data {
        DataType::Bool => (registers.u16(index)? != 0).into(),
        DataType::Bit(bit) => registers.bit(index, bit)?.into(),
        DataType::I16 => registers.i16(index)?.into(),
        DataType::U16 => registers.u16(index)?.into(),
        DataType::I32 => registers.i32(index, order)?.into(),
        DataType::U32 => registers.u32(index, order)?.into(),
        DataType::I64 => registers.i64(index, order)?.into(),
        DataType::U64 => registers.u64(index, order)?.into(),
        DataType::F32 => registers.f32(index, order)?.into(),
        DataType::F64 => registers.f64(index, order)?.into(),
        DataType::Text(bytes) => registers.text(index, usize::from(bytes), order)?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use WordOrder::{Abcd, Badc, Cdab, Dcba};

    #[test]
    fn registers_are_read_as_the_specification_and_the_field_say() {
        let text = |text: &str| Some(Value::from(text));
        let cases: &[(&[u16], DataType, WordOrder, Option<Value>)] = &[
            (&[1], DataType::Bool, Abcd, Some(Value::Bool(true))),
            (&[0], DataType::Bool, Abcd, Some(Value::Bool(false))),
            (&[0x0300], DataType::Bool, Abcd, Some(Value::Bool(true))),
            (&[0x0008], DataType::Bit(3), Abcd, Some(Value::Bool(true))),
            (&[0xFFF7], DataType::Bit(3), Abcd, Some(Value::Bool(false))),
            (&[0x8000], DataType::Bit(15), Abcd, Some(Value::Bool(true))),
            (&[0xFFFF], DataType::I16, Dcba, Some(Value::Int(-1))),
            (&[0xFFFE], DataType::U16, Dcba, Some(Value::Uint(65_534))),
            (&[0x8000, 0x0000], DataType::I32, Abcd, Some(Value::Int(-2_147_483_648))),
            (&[0x1234, 0x5678], DataType::U32, Abcd, Some(Value::Uint(0x1234_5678))),
            (&[0x5678, 0x1234], DataType::U32, Cdab, Some(Value::Uint(0x1234_5678))),
            (&[0x3412, 0x7856], DataType::U32, Badc, Some(Value::Uint(0x1234_5678))),
            (&[0x7856, 0x3412], DataType::U32, Dcba, Some(Value::Uint(0x1234_5678))),
            (&[0x42F6, 0xE979], DataType::F32, Abcd, Some(Value::Float(f64::from(123.456_f32)))),
            (&[0xE979, 0x42F6], DataType::F32, Cdab, Some(Value::Float(f64::from(123.456_f32)))),
            (&[0x7F80, 0x0000], DataType::F32, Abcd, Some(Value::Float(f64::INFINITY))),
            (&[0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], DataType::I64, Abcd, Some(Value::Int(-2))),
            (&[0x0004, 0x0003, 0x0002, 0x0001], DataType::U64, Cdab, Some(Value::Uint(0x0001_0002_0003_0004))),
            (&[0x0400, 0x0300, 0x0200, 0x0100], DataType::U64, Dcba, Some(Value::Uint(0x0001_0002_0003_0004))),
            (&[0x4009, 0x21FB, 0x5444, 0x2D18], DataType::F64, Abcd, Some(Value::Float(std::f64::consts::PI))),
            (&[0x4142, 0x4300], DataType::Text(4), Abcd, text("ABC")),
            (&[0x4241, 0x0043], DataType::Text(4), Badc, text("ABC")),
            (&[0x4142, 0x2020], DataType::Text(4), Abcd, text("AB")),
            (&[0x4142, 0x4344], DataType::Text(3), Abcd, text("ABC")),
            (&[0xC396, 0x6C00], DataType::Text(4), Abcd, text("Öl")),
            (&[0xFF00], DataType::Text(2), Abcd, None),
            (&[1], DataType::F32, Abcd, None),
            (&[1, 2, 3], DataType::F64, Abcd, None),
            (&[], DataType::U16, Abcd, None),
        ];
        for (cells, data, order, expected) in cases {
            let registers = Registers([&[0xAAAA], *cells].concat());
            assert_eq!(&decode(&registers, 1, *data, *order).ok(), expected, "{cells:04X?} as {data} {order:?}");
        }
    }

    #[test]
    fn not_a_number_passes_as_a_float() {
        let read = decode(&Registers(vec![0x7FC0, 0]), 0, DataType::F32, Abcd);
        assert!(matches!(read, Ok(Value::Float(v)) if v.is_nan()), "{read:?}");
    }
}
