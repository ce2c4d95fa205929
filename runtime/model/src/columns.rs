//! Batches of samples as columns: how they cross the sandbox and the wire.

use serde::{Deserialize, Serialize};

use crate::{Changes, PackedChange, Sample, Status, Utc, Value, ValueKind, limits};

/// Samples as columns of equal length (wit/plugin-0.1, `types.columns`). What a handle means depends on
/// who speaks: a plugin's own handle, or a tag id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// Which tag.
    pub handles: Vec<u32>,
    /// [`ValueKind`] as numbers.
    pub kinds: Vec<u8>,
    /// The value's bits; for text, offset << 32 | length.
    pub values: Vec<u64>,
    /// OPC UA status codes.
    pub statuses: Vec<u32>,
    /// Source times, ns UTC; 0 not known.
    pub times: Vec<i64>,
    /// All text of the batch, UTF-8.
    pub text: Vec<u8>,
}

/// What is wrong with a batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The columns differ in length.
    #[error("the columns of a batch differ in length")]
    Lengths,
    /// Too many rows or too much text.
    #[error("a batch has more than {} rows or {} bytes of text", limits::BATCH_ROWS, limits::BATCH_TEXT_BYTES)]
    TooLarge,
    /// A kind that doesn't exist.
    #[error("row {row} has the unknown value kind {kind}")]
    Kind {
        /// Which row.
        row: usize,
        /// What it said.
        kind: u8,
    },
    /// A text range outside the text, or text that isn't UTF-8.
    #[error("row {row} names text that is not in the batch or is not UTF-8")]
    Text {
        /// Which row.
        row: usize,
    },
}

/// One row of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which tag.
    pub handle: u32,
    /// Its value.
    pub value: Value,
    /// Its status.
    pub status: Status,
    /// Its source time.
    pub time: Utc,
}

impl Columns {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Adds a row.
    #[inline]
    pub fn push(&mut self, handle: u32, value: &Value, status: Status, time: Utc) {
        let (kind, bits) = match value {
            Value::Null => (ValueKind::Null, 0),
            Value::Bool(v) => (ValueKind::Bool, u64::from(*v)),
            Value::Int(v) => (ValueKind::Int, *v as u64),
            Value::Uint(v) => (ValueKind::Uint, *v),
            Value::Float(v) => (ValueKind::Float, v.to_bits()),
            Value::Text(v) => {
                let offset = self.text.len() as u64;
                self.text.extend_from_slice(v.as_bytes());
                (ValueKind::Text, (offset << 32) | v.len() as u64)
            }
        };
        self.handles.push(handle);
        self.kinds.push(kind as u8);
        self.values.push(bits);
        self.statuses.push(status.0);
        self.times.push(time.0);
    }

    /// Makes room for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.handles.reserve(rows);
        self.kinds.reserve(rows);
        self.values.reserve(rows);
        self.statuses.reserve(rows);
        self.times.reserve(rows);
    }

    /// Adds a sample under a handle, with its source time.
    #[inline]
    pub fn push_sample(&mut self, handle: u32, sample: &Sample) {
        self.push(handle, &sample.value, sample.status, sample.source_time);
    }

    /// Adds a frame's change under a handle, with its source time.
    #[inline]
    pub fn push_change(&mut self, handle: u32, row: &PackedChange, changes: &Changes) {
        if row.kind == ValueKind::Text {
            return self.push(handle, &changes.value(row), row.status, row.source_time);
        }
        self.handles.push(handle);
        self.kinds.push(row.kind as u8);
        self.values.push(row.bits);
        self.statuses.push(row.status.0);
        self.times.push(row.source_time.0);
    }

    /// Checks everything that [`Columns::rows`] relies on.
    ///
    /// # Errors
    /// The first thing that is wrong.
    #[inline]
    pub fn check(&self) -> Result<(), ColumnError> {
        let len = self.len();
        if [self.kinds.len(), self.values.len(), self.statuses.len(), self.times.len()].iter().any(|other| *other != len) {
            return Err(ColumnError::Lengths);
        }
        if len > limits::BATCH_ROWS || self.text.len() > limits::BATCH_TEXT_BYTES {
            return Err(ColumnError::TooLarge);
        }
        // Most batches are numbers only, and this is the boundary's hottest loop.
        match self.kinds.iter().fold(0, |highest, kind| highest.max(*kind)) {
            highest if highest < ValueKind::Text as u8 => Ok(()),
            _ => self.check_texts(),
        }
    }

    fn check_texts(&self) -> Result<(), ColumnError> {
        let mut total = 0_u64;
        for (row, kind) in self.kinds.iter().copied().enumerate() {
            match ValueKind::from_u8(kind) {
                None => return Err(ColumnError::Kind { row, kind }),
                Some(ValueKind::Text) => {
                    // Rows may share text, but all of it together is bounded: readers make a copy for each row.
                    total += self.values[row] & 0xFFFF_FFFF;
                    if total > limits::BATCH_TEXT_BYTES as u64 {
                        return Err(ColumnError::TooLarge);
                    }
                    if self.text_of(row).is_none() {
                        return Err(ColumnError::Text { row });
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The rows of a checked batch; a row that doesn't hold together has no value.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        (0..self.len()).map(|row| Row {
            handle: self.handles[row],
            value: self.value_of(row).unwrap_or_default(),
            status: Status(self.statuses.get(row).copied().unwrap_or(Status::BAD_DECODING.0)),
            time: Utc(self.times.get(row).copied().unwrap_or(0)),
        })
    }

    /// A row's value; `None` where it doesn't hold together.
    pub fn value_of(&self, row: usize) -> Option<Value> {
        let bits = *self.values.get(row)?;
        Some(match ValueKind::from_u8(*self.kinds.get(row)?)? {
            ValueKind::Null => Value::Null,
            ValueKind::Bool => Value::Bool(bits != 0),
            ValueKind::Int => Value::Int(bits as i64),
            ValueKind::Uint => Value::Uint(bits),
            ValueKind::Float => Value::Float(f64::from_bits(bits)),
            ValueKind::Text => Value::Text(self.text_of(row)?.into()),
        })
    }

    fn text_of(&self, row: usize) -> Option<&str> {
        let bits = *self.values.get(row)?;
        let (offset, len) = ((bits >> 32) as usize, (bits & 0xFFFF_FFFF) as usize);
        std::str::from_utf8(self.text.get(offset..offset.checked_add(len)?)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let values =
            [Value::Null, Value::Bool(true), Value::Int(-3), Value::Uint(u64::MAX), Value::Float(-0.5), Value::Text("Öl".into())];
        let mut columns = Columns::default();
        for (handle, value) in values.iter().enumerate() {
            columns.push(handle as u32, value, Status::GOOD, Utc(5));
        }
        assert_eq!(columns.check(), Ok(()));
        assert_eq!(columns.rows().map(|row| row.value).collect::<Vec<_>>(), values);
    }

    #[test]
    fn a_hostile_batch_is_refused() {
        let mut columns = Columns::default();
        columns.push(0, &Value::Text("x".into()), Status::GOOD, Utc(0));
        let broken = |change: fn(&mut Columns)| {
            let mut copy = columns.clone();
            change(&mut copy);
            copy.check()
        };
        assert_eq!(broken(|c| c.kinds[0] = 9), Err(ColumnError::Kind { row: 0, kind: 9 }));
        assert_eq!(broken(|c| c.values[0] = (1 << 32) | 1), Err(ColumnError::Text { row: 0 }));
        assert_eq!(broken(|c| c.values[0] = u64::MAX), Err(ColumnError::TooLarge));
        assert_eq!(broken(|c| c.text[0] = 0xFF), Err(ColumnError::Text { row: 0 }));
        assert_eq!(broken(|c| c.times.clear()), Err(ColumnError::Lengths));
    }

    #[test]
    fn rows_that_share_a_text_cannot_multiply_it_without_bound() {
        let mut columns = Columns::default();
        let text = "x".repeat(limits::BATCH_TEXT_BYTES / 4);
        for _ in 0..5 {
            columns.push(0, &Value::Text(text.as_str().into()), Status::GOOD, Utc(0));
        }
        columns.values.iter_mut().for_each(|bits| *bits &= 0xFFFF_FFFF);
        columns.text.truncate(text.len());
        assert_eq!(columns.check(), Err(ColumnError::TooLarge));
        columns.values[0] = 0;
        assert_eq!(columns.check(), Ok(()));
    }
}
