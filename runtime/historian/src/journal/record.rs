//! What a file of the journal consists of, newest or sealed: records that begin with a byte saying what they are.

use std::sync::Arc;

use plantroom_model::{AlarmRow, AlarmState, Hidden, Marks, Occurrence, Standing, Status, Utc, Value};

use super::row::{Gap, GapReason};
use crate::bytes::{Bytes, Unreadable, put_number, put_signed, put_text};

/// The format that this Plantroom writes.
pub(crate) const VERSION: u32 = 1;

pub(crate) const HEAD: u8 = 1;
pub(crate) const NAMES: u8 = 2;
pub(crate) const KEPT: u8 = 3;
pub(crate) const READY: u8 = 4;
pub(crate) const ROWS: u8 = 5;
pub(crate) const GAP: u8 = 6;
pub(crate) const CLOSED: u8 = 7;
pub(crate) const INDEX: u8 = 8;

/// What a file begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub version: u32,
    /// Counts files from 1.
    pub segment: u64,
    /// Number of its first row.
    pub first_row: u64,
    /// The highest number of an occurrence in all files before.
    pub last_occurrence: u64,
    /// When it was begun.
    pub at: i64,
}

impl Head {
    pub fn put(&self) -> Vec<u8> {
        let mut bytes = vec![HEAD];
        bytes.extend_from_slice(&self.version.to_le_bytes());
        for number in [self.segment, self.first_row, self.last_occurrence] {
            put_number(&mut bytes, number);
        }
        bytes.extend_from_slice(&self.at.to_le_bytes());
        bytes
    }

    /// The version is read even where the rest can't be.
    pub fn take(mut bytes: Bytes<'_>) -> Result<Self, Unreadable> {
        let version = bytes.u32()?;
        if version > VERSION {
            return Ok(Self { version, ..Self::default() });
        }
        let mut number = || bytes.number();
        let (segment, first_row, last_occurrence) = (number()?, number()?, number()?);
        Ok(Self { version, segment, first_row, last_occurrence, at: bytes.u64()? as i64 })
    }
}

/// A gap as a record.
pub(crate) fn put_gap(gap: &Gap) -> Vec<u8> {
    let mut bytes = vec![GAP, gap.reason as u8];
    bytes.extend_from_slice(&gap.from.0.to_le_bytes());
    bytes.extend_from_slice(&gap.to.0.to_le_bytes());
    put_number(&mut bytes, gap.before_row);
    put_number(&mut bytes, gap.rows.map_or(0, |rows| rows.saturating_add(1)));
    put_number(&mut bytes, gap.kept_rows);
    bytes
}

/// A gap behind its first byte.
pub(crate) fn take_gap(mut bytes: Bytes<'_>) -> Result<Gap, Unreadable> {
    let reason = GapReason::from_u8(bytes.u8()?).ok_or(Unreadable)?;
    let (from, to) = (Utc(bytes.u64()? as i64), Utc(bytes.u64()? as i64));
    let before_row = bytes.number()?;
    let rows = bytes.number()?.checked_sub(1);
    Ok(Gap { from, to, before_row, rows, kept_rows: bytes.number()?, reason })
}

/// Adds where an alarm stands, with everything that lists show of it.
pub(crate) fn put_kept(into: &mut Vec<u8>, name: u32, row: &AlarmRow) {
    let standing = row.standing;
    put_number(into, name.into());
    put_number(into, standing.occurrence.0);
    into.extend([standing.state as u8, standing.hidden.0, standing.marks.0]);
    for time in [row.came, row.source_time, row.changed] {
        into.extend_from_slice(&time.0.to_le_bytes());
    }
    put_value(into, &row.value);
    put_number(into, row.status.0.into());
    let optional = |into: &mut Vec<u8>, there: bool| into.push(u8::from(there));
    optional(into, row.limit.is_some());
    row.limit.iter().for_each(|limit| into.extend_from_slice(&limit.to_bits().to_le_bytes()));
    optional(into, row.acknowledged.is_some());
    row.acknowledged.iter().for_each(|(at, by)| {
        into.extend_from_slice(&at.0.to_le_bytes());
        put_text(into, by);
    });
    optional(into, row.shelved_until.is_some());
    row.shelved_until.iter().for_each(|until| into.extend_from_slice(&until.0.to_le_bytes()));
    optional(into, row.hidden_by.is_some());
    row.hidden_by.iter().for_each(|(by, why)| {
        put_text(into, by);
        put_text(into, why);
    });
    for text in [&row.comment, &row.cause] {
        optional(into, text.is_some());
        text.iter().for_each(|text| put_text(into, text));
    }
}

/// The inverse of [`put_kept`].
pub(crate) fn take_kept(bytes: &mut Bytes<'_>) -> Result<(u32, AlarmRow), Unreadable> {
    let name = u32::try_from(bytes.number()?).map_err(|_| Unreadable)?;
    let occurrence = Occurrence(bytes.number()?);
    let state = AlarmState::from_u8(bytes.u8()?).ok_or(Unreadable)?;
    let standing = Standing { occurrence, state, hidden: Hidden(bytes.u8()?), marks: Marks(bytes.u8()?) };
    let mut time = || bytes.u64().map(|time| Utc(time as i64));
    let (came, source_time, changed) = (time()?, time()?, time()?);
    let value = take_value(bytes)?;
    let status = Status(u32::try_from(bytes.number()?).map_err(|_| Unreadable)?);
    let limit = if bytes.u8()? != 0 { Some(f64::from_bits(bytes.u64()?)) } else { None };
    let acknowledged = if bytes.u8()? != 0 { Some((Utc(bytes.u64()? as i64), bytes.text()?.into())) } else { None };
    let shelved_until = if bytes.u8()? != 0 { Some(Utc(bytes.u64()? as i64)) } else { None };
    let hidden_by = if bytes.u8()? != 0 { Some((bytes.text()?.into(), bytes.text()?.into())) } else { None };
    let mut text = || Ok(if bytes.u8()? != 0 { Some(Arc::from(bytes.text()?)) } else { None });
    let (comment, cause) = (text()?, text()?);
    let row = AlarmRow {
        standing,
        came,
        source_time,
        changed,
        value,
        status,
        limit,
        acknowledged,
        shelved_until,
        hidden_by,
        comment,
        cause,
        frame: 0,
    };
    Ok((name, row))
}

fn put_value(into: &mut Vec<u8>, value: &Value) {
    into.push(value.kind() as u8);
    match value {
        Value::Null => {}
        Value::Bool(value) => into.push(u8::from(*value)),
        Value::Int(value) => put_signed(into, *value),
        Value::Uint(value) => put_number(into, *value),
        Value::Float(value) => into.extend_from_slice(&value.to_bits().to_le_bytes()),
        Value::Text(text) => put_text(into, text),
    }
}

fn take_value(bytes: &mut Bytes<'_>) -> Result<Value, Unreadable> {
    use plantroom_model::ValueKind as Kind;
    Ok(match Kind::from_u8(bytes.u8()?).ok_or(Unreadable)? {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(bytes.u8()? != 0),
        Kind::Int => Value::Int(bytes.signed()?),
        Kind::Uint => Value::Uint(bytes.number()?),
        Kind::Float => Value::Float(f64::from_bits(bytes.u64()?)),
        Kind::Text => Value::Text(bytes.text()?.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_comes_back_as_it_was() {
        let bare = AlarmRow::default();
        let standing = Standing {
            occurrence: Occurrence(u64::MAX),
            state: AlarmState::LatchedAcknowledged,
            hidden: Hidden(7),
            marks: Marks(255),
        };
        let full = AlarmRow {
            standing,
            came: Utc(i64::MIN),
            source_time: Utc(-1),
            changed: Utc(i64::MAX),
            value: Value::Text("zu".into()),
            status: Status(u32::MAX),
            limit: Some(-0.0),
            acknowledged: Some((Utc(5), "anna".into())),
            shelved_until: Some(Utc(6)),
            hidden_by: Some(("bert".into(), "Wartung".into())),
            comment: Some("ü".into()),
            cause: Some("Netzausfall".into()),
            frame: 0,
        };
        let mut bytes = Vec::new();
        put_kept(&mut bytes, 3, &bare);
        put_kept(&mut bytes, 4, &full);
        let mut read = Bytes(&bytes);
        assert_eq!((take_kept(&mut read), take_kept(&mut read)), (Ok((3, bare)), Ok((4, full))));
        assert!(read.is_empty());
        for end in 0..bytes.len() {
            let mut torn = Bytes(&bytes[..end]);
            assert!((0..2).any(|_| take_kept(&mut torn).is_err()), "{end}");
        }
    }

    #[test]
    fn heads_and_gaps_come_back_and_a_newer_head_tells_its_version() {
        let head = Head { version: VERSION, segment: 7, first_row: 900, last_occurrence: 55, at: -4 };
        let bytes = head.put();
        assert_eq!((bytes[0], Head::take(Bytes(&bytes[1..]))), (HEAD, Ok(head)));
        assert_eq!(Head::take(Bytes(&[2, 0, 0, 0])).map(|head| head.version), Ok(2));
        for rows in [None, Some(0), Some(12)] {
            let gap = Gap { from: Utc(1), to: Utc(2), before_row: 3, rows, kept_rows: 300, reason: GapReason::Killed };
            let bytes = put_gap(&gap);
            assert_eq!((bytes[0], take_gap(Bytes(&bytes[1..]))), (GAP, Ok(gap)));
        }
    }
}
