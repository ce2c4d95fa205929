//! Rows as columns: the one form in which rows lie in every file of the journal. FORMAT.md has the bytes.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{AlarmEventKind, AlarmState, Hidden, Marks, Occurrence, Standing, Status, Value, ValueKind};

use super::row::PackedRow;
use crate::bytes::{Bytes, Unreadable, put_number, put_signed, put_text};

/// The columns, in the order in which they lie: what key figures read comes first.
const TIMES: usize = 0;
const NAMES: usize = 1;
const KINDS: usize = 2;
const STATES: usize = 3;
const HIDDEN: usize = 4;
const MARKS: usize = 5;
const OCCURRENCES: usize = 6;
const FLAGS: usize = 7;
const SOURCES: usize = 8;
const STATUSES: usize = 9;
const VALUES: usize = 10;
const LIMITS: usize = 11;
const UNTILS: usize = 12;
const PEOPLE: usize = 13;
const TEXTS: usize = 14;
const COLUMNS: usize = 15;

const HAS_LIMIT: u8 = 1;
const HAS_UNTIL: u8 = 2;
const HAS_BY: u8 = 4;
const HAS_COMMENT: u8 = 8;
const HAS_SOURCE: u8 = 16;

/// Makes a block, row by row.
#[derive(Debug, Default)]
pub(crate) struct BlockBuilder {
    columns: [Vec<u8>; COLUMNS],
    rows: usize,
    base: i64,
    at: i64,
    occurrence: u64,
    texts: HashMap<Arc<str>, u32>,
}

impl BlockBuilder {
    /// Rows in it.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes it has so far.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }

    /// Adds a row.
    pub fn push(&mut self, row: &PackedRow) {
        if self.rows == 0 {
            (self.base, self.at) = (row.at, row.at);
        }
        self.rows += 1;
        let columns = &mut self.columns;
        put_signed(&mut columns[TIMES], row.at.wrapping_sub(self.at));
        put_number(&mut columns[NAMES], row.name.into());
        columns[KINDS].push(row.kind as u8);
        columns[STATES].push(row.from.state as u8 | (row.to.state as u8) << 4);
        columns[HIDDEN].extend([row.from.hidden.0, row.to.hidden.0]);
        columns[MARKS].extend([row.from.marks.0, row.to.marks.0]);
        let occurrences = &mut columns[OCCURRENCES];
        put_signed(occurrences, row.occurrence.wrapping_sub(self.occurrence) as i64);
        put_signed(occurrences, row.from.occurrence.0.wrapping_sub(row.occurrence) as i64);
        put_signed(occurrences, row.to.occurrence.0.wrapping_sub(row.occurrence) as i64);
        (self.at, self.occurrence) = (row.at, row.occurrence);
        put_number(&mut columns[STATUSES], row.status.0.into());
        self.push_rest(row);
        self.push_value(&row.value);
    }

    fn push_rest(&mut self, row: &PackedRow) {
        let mut flags = 0;
        if let Some(limit) = row.limit {
            flags |= HAS_LIMIT;
            self.columns[LIMITS].extend_from_slice(&limit.to_bits().to_le_bytes());
        }
        if let Some(until) = row.until {
            flags |= HAS_UNTIL;
            put_signed(&mut self.columns[UNTILS], until.wrapping_sub(row.at));
        }
        if row.source_time != 0 {
            flags |= HAS_SOURCE;
            put_signed(&mut self.columns[SOURCES], row.at.wrapping_sub(row.source_time));
        }
        for (text, flag) in [(&row.by, HAS_BY), (&row.comment, HAS_COMMENT)] {
            if let Some(text) = text {
                flags |= flag;
                let place = self.text(text);
                put_number(&mut self.columns[PEOPLE], place.into());
            }
        }
        self.columns[FLAGS].push(flags);
    }

    fn push_value(&mut self, value: &Value) {
        self.columns[VALUES].push(value.kind() as u8);
        match value {
            Value::Null => {}
            Value::Bool(value) => self.columns[VALUES].push(u8::from(*value)),
            Value::Int(value) => put_signed(&mut self.columns[VALUES], *value),
            Value::Uint(value) => put_number(&mut self.columns[VALUES], *value),
            Value::Float(value) => self.columns[VALUES].extend_from_slice(&value.to_bits().to_le_bytes()),
            Value::Text(text) => {
                let place = self.text(text);
                put_number(&mut self.columns[VALUES], place.into());
            }
        }
    }

    fn text(&mut self, text: &Arc<str>) -> u32 {
        let next = self.texts.len() as u32;
        if let Some(place) = self.texts.get(text) {
            return *place;
        }
        self.texts.insert(text.clone(), next);
        put_text(&mut self.columns[TEXTS], text);
        next
    }

    /// The block's bytes; the builder is empty again. `first_row` is the number of its first row.
    pub fn finish(&mut self, first_row: u64, into: &mut Vec<u8>) {
        put_number(into, self.rows as u64);
        put_number(into, first_row);
        into.extend_from_slice(&self.base.to_le_bytes());
        for column in &self.columns {
            put_number(into, column.len() as u64);
        }
        for column in &mut self.columns {
            into.append(column);
        }
        self.texts.clear();
        (self.rows, self.occurrence) = (0, 0);
    }
}

/// A block, opened: its columns as they lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    /// Rows in it.
    pub rows: usize,
    /// Number of its first row.
    pub first_row: u64,
    base: i64,
    columns: [Bytes<'a>; COLUMNS],
}

impl<'a> Block<'a> {
    /// Opens the block of a record.
    pub fn of_record(record: &'a [u8]) -> Result<Self, Unreadable> {
        match record.split_first() {
            Some((&super::record::ROWS, bytes)) => Self::open(bytes),
            _ => Err(Unreadable),
        }
    }

    /// Opens a block.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let mut bytes = Bytes(bytes);
        let rows = bytes.count()?;
        let first_row = bytes.number()?;
        let base = bytes.u64()? as i64;
        let mut lengths = [0; COLUMNS];
        for length in &mut lengths {
            *length = bytes.count()?;
        }
        let mut columns = [Bytes(&[]); COLUMNS];
        for (column, length) in columns.iter_mut().zip(lengths) {
            *column = Bytes(bytes.take(length)?);
        }
        if columns[KINDS].0.len() != rows || columns[STATES].0.len() != rows || columns[HIDDEN].0.len() != 2 * rows {
            return Err(Unreadable);
        }
        Ok(Self { rows, first_row, base, columns })
    }

    /// Calls back with each row's time, place in the list of names, kind, state and hiding afterwards.
    pub fn steps(&self, mut visit: impl FnMut(i64, u32, AlarmEventKind, AlarmState, Hidden)) -> Result<(), Unreadable> {
        let (mut times, mut names) = (self.columns[TIMES], self.columns[NAMES]);
        let mut at = self.base;
        let bytes = self.columns[KINDS].0.iter().zip(self.columns[STATES].0).zip(self.columns[HIDDEN].0.chunks_exact(2));
        for ((kind, state), hidden) in bytes {
            at = at.wrapping_add(times.signed()?);
            let name = names.number()? as u32;
            let kind = AlarmEventKind::from_u8(*kind).ok_or(Unreadable)?;
            visit(at, name, kind, AlarmState::from_u8(state >> 4).ok_or(Unreadable)?, Hidden(hidden[1]));
        }
        Ok(())
    }

    /// All its rows.
    pub fn read(&self) -> Result<Vec<PackedRow>, Unreadable> {
        let mut rows = Vec::with_capacity(self.rows);
        self.select(|_| true, |_, row| rows.push(row))?;
        Ok(rows)
    }

    /// The texts of its rows, in the order of their places.
    pub fn texts(&self) -> Result<Vec<&'a str>, Unreadable> {
        let mut bytes = self.columns[TEXTS];
        let mut texts = Vec::new();
        while !bytes.is_empty() {
            texts.push(bytes.text()?);
        }
        Ok(texts)
    }

    /// Walks over all rows and takes those out that are wanted, with their places in the block.
    pub fn select(
        &self,
        mut wanted: impl FnMut(&Glance) -> bool,
        mut take: impl FnMut(usize, PackedRow),
    ) -> Result<(), Unreadable> {
        let texts: Vec<Arc<str>> = self.texts()?.into_iter().map(Arc::from).collect();
        let mut walk = Walk { columns: self.columns, at: self.base, occurrence: 0 };
        for place in 0..self.rows {
            let glance = walk.glance()?;
            if wanted(&glance) {
                take(place, walk.row(&glance, &texts)?);
            } else {
                walk.skip(&glance)?;
            }
        }
        Ok(())
    }
}

/// What of a row decides whether it is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance {
    pub at: i64,
    pub name: u32,
    pub kind: AlarmEventKind,
    /// Place of its person among the block's texts.
    pub by: Option<usize>,
    /// Place of its comment.
    pub comment: Option<usize>,
    flags: u8,
}

struct Walk<'a> {
    columns: [Bytes<'a>; COLUMNS],
    at: i64,
    occurrence: u64,
}

impl Walk<'_> {
    fn glance(&mut self) -> Result<Glance, Unreadable> {
        self.at = self.at.wrapping_add(self.columns[TIMES].signed()?);
        let name = u32::try_from(self.columns[NAMES].number()?).map_err(|_| Unreadable)?;
        let kind = AlarmEventKind::from_u8(self.columns[KINDS].u8()?).ok_or(Unreadable)?;
        let flags = self.columns[FLAGS].u8()?;
        let mut text = |flag: u8| -> Result<Option<usize>, Unreadable> {
            let place = if flags & flag != 0 { Some(self.columns[PEOPLE].number()?) } else { None };
            place.map(|place| usize::try_from(place).map_err(|_| Unreadable)).transpose()
        };
        Ok(Glance { at: self.at, name, kind, by: text(HAS_BY)?, comment: text(HAS_COMMENT)?, flags })
    }

    fn row(&mut self, glance: &Glance, texts: &[Arc<str>]) -> Result<PackedRow, Unreadable> {
        let columns = &mut self.columns;
        let states = columns[STATES].u8()?;
        let hidden = [columns[HIDDEN].u8()?, columns[HIDDEN].u8()?];
        let marks = [columns[MARKS].u8()?, columns[MARKS].u8()?];
        self.occurrence = self.occurrence.wrapping_add(columns[OCCURRENCES].signed()? as u64);
        let before = self.occurrence.wrapping_add(columns[OCCURRENCES].signed()? as u64);
        let after = self.occurrence.wrapping_add(columns[OCCURRENCES].signed()? as u64);
        let standing = |occurrence: u64, state: u8, hidden: u8, marks: u8| -> Result<Standing, Unreadable> {
            let state = AlarmState::from_u8(state).ok_or(Unreadable)?;
            Ok(Standing { occurrence: Occurrence(occurrence), state, hidden: Hidden(hidden), marks: Marks(marks) })
        };
        let text = |place: Option<usize>| -> Result<Option<Arc<str>>, Unreadable> {
            place.map(|place| texts.get(place).cloned().ok_or(Unreadable)).transpose()
        };
        let has = |flag: u8| glance.flags & flag != 0;
        let at = glance.at;
        Ok(PackedRow {
            name: glance.name,
            at,
            source_time: if has(HAS_SOURCE) { at.wrapping_sub(columns[SOURCES].signed()?) } else { 0 },
            kind: glance.kind,
            occurrence: self.occurrence,
            from: standing(before, states & 15, hidden[0], marks[0])?,
            to: standing(after, states >> 4, hidden[1], marks[1])?,
            status: Status(u32::try_from(columns[STATUSES].number()?).map_err(|_| Unreadable)?),
            value: value(&mut columns[VALUES], texts)?,
            limit: if has(HAS_LIMIT) { Some(f64::from_bits(columns[LIMITS].u64()?)) } else { None },
            until: if has(HAS_UNTIL) { Some(at.wrapping_add(columns[UNTILS].signed()?)) } else { None },
            by: text(glance.by)?,
            comment: text(glance.comment)?,
        })
    }

    /// Passes over what [`Walk::row`] would have read.
    fn skip(&mut self, glance: &Glance) -> Result<(), Unreadable> {
        let columns = &mut self.columns;
        columns[STATES].u8()?;
        columns[HIDDEN].take(2)?;
        columns[MARKS].take(2)?;
        self.occurrence = self.occurrence.wrapping_add(columns[OCCURRENCES].signed()? as u64);
        columns[OCCURRENCES].number()?;
        columns[OCCURRENCES].number()?;
        columns[STATUSES].number()?;
        if glance.flags & HAS_SOURCE != 0 {
            columns[SOURCES].number()?;
        }
        if glance.flags & HAS_LIMIT != 0 {
            columns[LIMITS].take(8)?;
        }
        if glance.flags & HAS_UNTIL != 0 {
            columns[UNTILS].number()?;
        }
        match ValueKind::from_u8(columns[VALUES].u8()?).ok_or(Unreadable)? {
            ValueKind::Null => {}
            ValueKind::Bool => drop(columns[VALUES].u8()?),
            ValueKind::Float => drop(columns[VALUES].take(8)?),
            ValueKind::Int | ValueKind::Uint | ValueKind::Text => drop(columns[VALUES].number()?),
        }
        Ok(())
    }
}

fn value(bytes: &mut Bytes<'_>, texts: &[Arc<str>]) -> Result<Value, Unreadable> {
    Ok(match ValueKind::from_u8(bytes.u8()?).ok_or(Unreadable)? {
        ValueKind::Null => Value::Null,
        ValueKind::Bool => Value::Bool(bytes.u8()? != 0),
        ValueKind::Int => Value::Int(bytes.signed()?),
        ValueKind::Uint => Value::Uint(bytes.number()?),
        ValueKind::Float => Value::Float(f64::from_bits(bytes.u64()?)),
        ValueKind::Text => Value::Text(texts.get(bytes.number()? as usize).cloned().ok_or(Unreadable)?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standings() -> impl Strategy<Value = Standing> {
        (any::<u64>(), 0u8..6, any::<u8>(), any::<u8>()).prop_map(|(occurrence, state, hidden, marks)| Standing {
            occurrence: Occurrence(occurrence),
            state: AlarmState::ALL[usize::from(state)],
            hidden: Hidden(hidden),
            marks: Marks(marks),
        })
    }

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<u64>().prop_map(Value::Uint),
            (-1e12f64..1e12).prop_map(Value::Float),
            ".{0,8}".prop_map(|text| Value::Text(text.into())),
        ]
    }

    pub(crate) fn rows() -> impl Strategy<Value = PackedRow> {
        let times = (any::<i64>(), any::<i64>(), proptest::option::of(any::<i64>()));
        let texts = (proptest::option::of("[a-c]{0,3}"), proptest::option::of(".{0,9}"));
        let numbers = (any::<u32>(), 1u8..20, any::<u64>(), any::<u32>(), proptest::option::of(-1e9f64..1e9));
        (times, texts, numbers, standings(), standings(), values()).prop_map(|(times, texts, numbers, from, to, value)| {
            PackedRow {
                name: numbers.0,
                at: times.0,
                source_time: times.1,
                kind: AlarmEventKind::ALL[usize::from(numbers.1) - 1],
                occurrence: numbers.2,
                from,
                to,
                value,
                status: Status(numbers.3),
                limit: numbers.4,
                until: times.2,
                by: texts.0.map(Arc::from),
                comment: texts.1.map(Arc::from),
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn rows_come_back_as_they_were(rows in proptest::collection::vec(rows(), 0..30), first in any::<u64>()) {
            let mut builder = BlockBuilder::default();
            let mut bytes = Vec::new();
            // A builder that was used before must not show it.
            rows.iter().rev().for_each(|row| builder.push(row));
            builder.finish(1, &mut bytes);
            bytes.clear();
            rows.iter().for_each(|row| builder.push(row));
            builder.finish(first, &mut bytes);
            let block = Block::open(&bytes).unwrap();
            prop_assert_eq!((block.rows, block.first_row), (rows.len(), first));
            prop_assert_eq!(&block.read().unwrap(), &rows);
            let mut steps = Vec::new();
            block.steps(|at, name, kind, state, hidden| steps.push((at, name, kind, state, hidden))).unwrap();
            let expected: Vec<_> = rows.iter().map(|row| (row.at, row.name, row.kind, row.to.state, row.to.hidden)).collect();
            prop_assert_eq!(steps, expected);
            // Taking some out gives the same as taking all and keeping some.
            let mut some = Vec::new();
            block.select(|glance| glance.name % 2 == 0, |_, row| some.push(row)).unwrap();
            prop_assert_eq!(some, rows.iter().filter(|row| row.name % 2 == 0).cloned().collect::<Vec<_>>());
        }

        #[test]
        fn damaged_blocks_are_told_and_harm_nobody(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(block) = Block::open(&bytes) {
                let _ = block.read();
                let _ = block.steps(|_, _, _, _, _| {});
            }
        }
    }
}
