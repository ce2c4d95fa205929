//! Registers and what stands in them: word orders, both ways.

use std::ops::Deref;

use serde::Deserialize;

use crate::DecodeError;

/// In which order a device sends the bytes of a value that spans registers. A is the most significant byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WordOrder {
    /// Big-endian, as Modbus itself counts.
    #[default]
    Abcd,
    /// Big-endian words, the least significant word first.
    Cdab,
    /// The most significant word first, the bytes in each word swapped.
    Badc,
    /// Little-endian.
    Dcba,
}

impl WordOrder {
    /// The order with this word: `abcd`, `cdab`, `badc`, `dcba`.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "abcd" => Self::Abcd,
            "cdab" => Self::Cdab,
            "badc" => Self::Badc,
            "dcba" => Self::Dcba,
            _ => return None,
        })
    }

    /// The registers of a 32-bit value.
    pub fn split_u32(self, value: u32) -> [u16; 2] {
        let mut words = [(value >> 16) as u16, value as u16];
        self.arrange(&mut words);
        words
    }

    /// The registers of a 64-bit value.
    pub fn split_u64(self, value: u64) -> [u16; 4] {
        let mut words = [(value >> 48) as u16, (value >> 32) as u16, (value >> 16) as u16, value as u16];
        self.arrange(&mut words);
        words
    }

    /// The registers of a 32-bit float.
    pub fn split_f32(self, value: f32) -> [u16; 2] {
        self.split_u32(value.to_bits())
    }

    /// The registers of a 64-bit float.
    pub fn split_f64(self, value: f64) -> [u16; 4] {
        self.split_u64(value.to_bits())
    }

    fn join(self, words: &mut [u16]) -> u64 {
        self.arrange(words);
        words.iter().fold(0, |value, word| (value << 16) | u64::from(*word))
    }

    /// From this order to big-endian, or back: every order undoes itself.
    fn arrange(self, words: &mut [u16]) {
        if matches!(self, Self::Cdab | Self::Dcba) {
            words.reverse();
        }
        if matches!(self, Self::Badc | Self::Dcba) {
            words.iter_mut().for_each(|word| *word = word.swap_bytes());
        }
    }
}

/// Registers as they stand on the wire. Index 0 is the first one read. Dereferences to `[u16]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registers(pub Vec<u16>);

impl Deref for Registers {
    type Target = [u16];

    fn deref(&self) -> &[u16] {
        &self.0
    }
}

macro_rules! readings {
    ($($(#[$doc:meta])* $name:ident -> $type:ty, $words:literal, $from:expr;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            /// The answer is too short for it.
            pub fn $name(&self, index: usize, order: WordOrder) -> Result<$type, DecodeError> {
                let mut words: [u16; $words] = self.words(index)?;
                let from: fn(u64) -> $type = $from;
                Ok(from(order.join(&mut words)))
            }
        )*
    };
}

macro_rules! big_endian {
    ($($name:ident -> $type:ty = $full:ident;)*) => {
        $(
            #[doc = concat!("[`Registers::", stringify!($full), "`] in big-endian order (ABCD).")]
            ///
            /// # Errors
            /// The answer is too short for it.
            pub fn $name(&self, index: usize) -> Result<$type, DecodeError> {
                self.$full(index, WordOrder::Abcd)
            }
        )*
    };
}

impl Registers {
    /// One register, unsigned.
    ///
    /// # Errors
    /// The answer is too short for it.
    pub fn u16(&self, index: usize) -> Result<u16, DecodeError> {
        self.words::<1>(index).map(|[word]| word)
    }

    /// One register, signed.
    ///
    /// # Errors
    /// The answer is too short for it.
    pub fn i16(&self, index: usize) -> Result<i16, DecodeError> {
        self.u16(index).map(|word| word as i16)
    }

    /// One bit of a register; bit 0 is the least significant, 15 the highest there is.
    ///
    /// # Errors
    /// The answer is too short for it, or there is no such bit.
    pub fn bit(&self, index: usize, bit: u8) -> Result<bool, DecodeError> {
        if bit > 15 {
            return Err(DecodeError { sentence: format!("a register has bits 0 to 15, not {bit}") });
        }
        self.u16(index).map(|word| word >> bit & 1 == 1)
    }

    readings! {
        /// Two registers as an unsigned number.
        u32 -> u32, 2, |bits| bits as u32;
        /// Two registers as a signed number.
        i32 -> i32, 2, |bits| bits as u32 as i32;
        /// Two registers as a 32-bit float.
        f32 -> f32, 2, |bits| f32::from_bits(bits as u32);
        /// Four registers as an unsigned number.
        u64 -> u64, 4, |bits| bits;
        /// Four registers as a signed number.
        i64 -> i64, 4, |bits| bits as i64;
        /// Four registers as a 64-bit float.
        f64 -> f64, 4, f64::from_bits;
    }

    big_endian! {
        u32_be -> u32 = u32;
        i32_be -> i32 = i32;
        f32_be -> f32 = f32;
        u64_be -> u64 = u64;
        i64_be -> i64 = i64;
        f64_be -> f64 = f64;
    }

    /// Text of so many bytes, two a register, up to the first NUL; `BADC` and `DCBA` swap the bytes in each
    /// register. Trailing spaces are left out.
    ///
    /// # Errors
    /// The answer is too short for it, or it isn't UTF-8.
    pub fn text(&self, index: usize, bytes: usize, order: WordOrder) -> Result<String, DecodeError> {
        let need = bytes.div_ceil(2);
        let words = self.get(index..index.saturating_add(need)).ok_or_else(|| self.too_short(index, need))?;
        let swap = matches!(order, WordOrder::Badc | WordOrder::Dcba);
        let mut text: Vec<u8> =
            words.iter().flat_map(|word| if swap { word.to_le_bytes() } else { word.to_be_bytes() }).take(bytes).collect();
        text.truncate(text.iter().position(|byte| *byte == 0).unwrap_or(text.len()));
        let text = String::from_utf8(text).map_err(|_| DecodeError { sentence: "the device's text isn't UTF-8".to_owned() })?;
        Ok(text.trim_end_matches(' ').to_owned())
    }

    fn words<const N: usize>(&self, index: usize) -> Result<[u16; N], DecodeError> {
        let found = self.get(index..index.saturating_add(N)).and_then(|words| words.try_into().ok());
        found.ok_or_else(|| self.too_short(index, N))
    }

    fn too_short(&self, index: usize, need: usize) -> DecodeError {
        DecodeError {
            sentence: format!("the answer has {} registers, but {need} from number {index} on were needed", self.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [(WordOrder, [u16; 2]); 4] = [
        (WordOrder::Abcd, [0x4148, 0x8001]),
        (WordOrder::Cdab, [0x8001, 0x4148]),
        (WordOrder::Badc, [0x4841, 0x0180]),
        (WordOrder::Dcba, [0x0180, 0x4841]),
    ];

    #[test]
    fn every_order_reads_what_it_wrote() {
        for (order, words) in ORDERS {
            assert_eq!(order.split_u32(0x4148_8001), words, "{order:?}");
            assert_eq!(Registers(words.to_vec()).u32(0, order), Ok(0x4148_8001), "{order:?}");
            let wide = Registers(order.split_u64(0x0102_0304_0506_0708).to_vec());
            assert_eq!(wide.u64(0, order), Ok(0x0102_0304_0506_0708), "{order:?}");
            assert_eq!(Registers(order.split_f64(-0.1).to_vec()).f64(0, order), Ok(-0.1));
        }
        assert_eq!(WordOrder::Cdab.split_u64(0x0102_0304_0506_0708), [0x0708, 0x0506, 0x0304, 0x0102]);
        assert_eq!(WordOrder::Badc.split_u64(0x0102_0304_0506_0708), [0x0201, 0x0403, 0x0605, 0x0807]);
    }

    #[test]
    fn a_short_answer_is_told_and_never_a_panic() {
        let registers = Registers(vec![1, 0x8000]);
        assert_eq!(registers.i16(1), Ok(i16::MIN));
        assert_eq!(registers.bit(1, 15), Ok(true));
        assert!(registers.u32_be(1).is_err() && registers.u64_be(0).is_err() && registers.u16(usize::MAX).is_err());
        assert!(registers.bit(0, 16).is_err());
        assert!(registers.text(1, 4, WordOrder::Abcd).is_err());
    }

    #[test]
    fn text_ends_at_nul_and_loses_its_padding() {
        let registers = Registers(vec![0x5055, 0x4D50, 0x2020, 0x0041]);
        assert_eq!(registers.text(0, 6, WordOrder::Abcd).as_deref(), Ok("PUMP"));
        assert_eq!(registers.text(0, 8, WordOrder::Abcd).as_deref(), Ok("PUMP"));
        assert_eq!(registers.text(0, 3, WordOrder::Abcd).as_deref(), Ok("PUM"));
        assert_eq!(registers.text(0, 4, WordOrder::Badc).as_deref(), Ok("UPPM"));
        assert!(Registers(vec![0xFFFE]).text(0, 2, WordOrder::Abcd).is_err());
    }
}
