//! Numbers and texts as bytes: little-endian, and LEB128 where small numbers are frequent.

/// What can't be read as what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Adds a number of 1 to 10 bytes.
pub(crate) fn put_number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

/// Adds a number that may be negative; small ones of either sign are short.
pub(crate) fn put_signed(into: &mut Vec<u8>, number: i64) {
    put_number(into, zigzag(number));
}

/// Adds a text behind its length.
pub(crate) fn put_text(into: &mut Vec<u8>, text: &str) {
    put_number(into, text.len() as u64);
    into.extend_from_slice(text.as_bytes());
}

/// A signed number as an unsigned one whose size follows the distance from 0.
pub(crate) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

/// The inverse of [`zigzag`].
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Reads bytes from the front. Total: bytes that nobody wrote give [`Unreadable`], never a panic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether all of it has been read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Unreadable)?;
        self.0 = rest;
        Ok(taken)
    }

    /// One byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.0.split_first().ok_or(Unreadable)?;
        self.0 = rest;
        Ok(*first)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Unreadable> {
        self.take(4)?.try_into().map(u32::from_le_bytes).map_err(|_| Unreadable)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, Unreadable> {
        self.take(8)?.try_into().map(u64::from_le_bytes).map_err(|_| Unreadable)
    }

    /// A number of [`put_number`].
    #[inline]
    pub fn number(&mut self) -> Result<u64, Unreadable> {
        let first = self.u8()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        self.long_number(first)
    }

    fn long_number(&mut self, first: u8) -> Result<u64, Unreadable> {
        let mut number = u64::from(first & 0x7F);
        for shift in (7..64).step_by(7) {
            let byte = self.u8()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unreadable)
    }

    /// A number of [`put_signed`].
    #[inline]
    pub fn signed(&mut self) -> Result<i64, Unreadable> {
        self.number().map(unzigzag)
    }

    /// A number that counts something in memory; never more than there are bytes left, so that no damage asks for much room.
    pub fn count(&mut self) -> Result<usize, Unreadable> {
        let number = usize::try_from(self.number()?).map_err(|_| Unreadable)?;
        if number > self.0.len() { Err(Unreadable) } else { Ok(number) }
    }

    /// A text of [`put_text`].
    pub fn text(&mut self) -> Result<&'a str, Unreadable> {
        let length = self.count()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_and_texts_come_back(number: u64, signed: i64, text in ".{0,40}") {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            put_signed(&mut bytes, signed);
            put_text(&mut bytes, &text);
            let mut read = Bytes(&bytes);
            prop_assert_eq!((read.number(), read.signed(), read.text()), (Ok(number), Ok(signed), Ok(text.as_str())));
            prop_assert!(read.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut read = Bytes(&bytes);
            while !read.is_empty() {
                let before = read.0.len();
                let _ = read.text();
                if read.0.len() == before && read.number().is_err() {
                    break;
                }
            }
        }
    }
}
