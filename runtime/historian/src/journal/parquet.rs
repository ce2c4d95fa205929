//! The journal for data tools: an Apache Parquet file, made piece by piece.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::tz::TimeZone;
use parking_lot::Mutex;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::lines::{Lines, Shown};
use super::{JournalReader, Query};
use crate::{JournalError, limits};

/// The columns of [`super::Columns::ALL`], typed. Times are ns UTC; `row` is missing in lines that tell of a gap.
const SCHEMA: &str = "message alarm_journal {
    optional int64 row;
    required int64 time_utc (TIMESTAMP(NANOS,true));
    required binary time_local (UTF8);
    optional int64 source_time_utc (TIMESTAMP(NANOS,true));
    required binary alarm (UTF8);
    required binary message (UTF8);
    required binary priority (UTF8);
    required binary area (UTF8);
    required binary event (UTF8);
    optional int64 occurrence;
    required binary state_before (UTF8);
    required binary state (UTF8);
    optional boolean shelved;
    optional boolean suppressed;
    optional boolean out_of_service;
    optional boolean unknown;
    optional double value;
    required binary value_text (UTF8);
    required binary unit (UTF8);
    optional double limit;
    required binary quality (UTF8);
    optional int64 until_utc (TIMESTAMP(NANOS,true));
    required binary user (UTF8);
    required binary comment (UTF8);
}";

/// Makes a Parquet file, piece by piece; the pieces in their order are the file.
pub struct ParquetExport {
    lines: Lines,
    zone: TimeZone,
    written: Written,
    /// `None` once the file is closed.
    file: Option<SerializedFileWriter<Written>>,
}

impl std::fmt::Debug for ParquetExport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetExport").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// What was written and not yet taken.
#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> JournalError {
    JournalError::Export(error.to_string())
}

impl ParquetExport {
    pub(crate) fn new(reader: JournalReader, query: Query, zone: TimeZone) -> Result<Self, JournalError> {
        let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let written = Written::default();
        let file = SerializedFileWriter::new(written.clone(), schema, Arc::new(properties)).map_err(failed)?;
        Ok(Self { lines: Lines::new(reader, query), zone, written, file: Some(file) })
    }

    fn piece(&mut self) -> Result<Option<Vec<u8>>, JournalError> {
        let Some(mut file) = self.file.take() else { return Ok(None) };
        let mut group = Vec::new();
        let mut is_last = false;
        while group.len() < limits::PARQUET_GROUP_ROWS {
            let Some(lines) = self.lines.next_page()? else {
                is_last = true;
                break;
            };
            group.extend(lines.iter().map(|line| Shown::of(line, &self.zone)));
        }
        if !group.is_empty() {
            write_group(&mut file, &group).map_err(failed)?;
        }
        if is_last {
            file.close().map_err(failed)?;
        } else {
            self.file = Some(file);
        }
        Ok(Some(std::mem::take(&mut *self.written.0.lock())))
    }
}

impl Iterator for ParquetExport {
    type Item = Result<Vec<u8>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

fn write_group(file: &mut SerializedFileWriter<Written>, rows: &[Shown]) -> Result<(), ParquetError> {
    let mut group = file.next_row_group()?;
    let mut place = 0;
    while let Some(column) = group.next_column()? {
        write_column(column, place, rows)?;
        place += 1;
    }
    group.close().map(|_| ())
}

/// Writes the column at a place of [`SCHEMA`].
fn write_column(mut column: SerializedColumnWriter<'_>, place: usize, rows: &[Shown]) -> Result<(), ParquetError> {
    let out = &mut column;
    match place {
        0 => whole(out, rows, |row| row.row.map(|row| row as i64))?,
        1 => drop(out.typed::<Int64Type>().write_batch(&rows.iter().map(|row| row.at).collect::<Vec<_>>(), None, None)?),
        2 => texts(out, rows, |row| &row.local)?,
        3 => whole(out, rows, |row| row.source_time)?,
        4 => texts(out, rows, |row| &row.alarm)?,
        5 => texts(out, rows, |row| &row.message)?,
        6 => texts(out, rows, |row| row.priority)?,
        7 => texts(out, rows, |row| &row.area)?,
        8 => texts(out, rows, |row| row.event)?,
        9 => whole(out, rows, |row| row.occurrence.map(|number| number as i64))?,
        10 | 11 => texts(out, rows, |row| &row.states[place - 10])?,
        12..=15 => {
            let flags = rows.iter().map(|row| row.flags[place - 12]);
            let (levels, values) = optional(flags);
            out.typed::<BoolType>().write_batch(&values, Some(&levels), None)?;
        }
        16 => numbers(out, rows, |row| row.value)?,
        17 => texts(out, rows, |row| &row.value_text)?,
        18 => texts(out, rows, |row| &row.unit)?,
        19 => numbers(out, rows, |row| row.limit)?,
        20 => texts(out, rows, |row| row.quality)?,
        21 => whole(out, rows, |row| row.until)?,
        22 => texts(out, rows, |row| &row.user)?,
        _ => texts(out, rows, |row| &row.comment)?,
    }
    column.close()
}

fn texts<'a>(
    column: &mut SerializedColumnWriter<'_>,
    rows: &'a [Shown],
    get: impl Fn(&'a Shown) -> &'a str,
) -> Result<(), ParquetError> {
    let values: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(get(row).as_bytes().to_vec())).collect();
    column.typed::<ByteArrayType>().write_batch(&values, None, None).map(|_| ())
}

fn whole(
    column: &mut SerializedColumnWriter<'_>,
    rows: &[Shown],
    get: impl Fn(&Shown) -> Option<i64>,
) -> Result<(), ParquetError> {
    let (levels, values) = optional(rows.iter().map(get));
    column.typed::<Int64Type>().write_batch(&values, Some(&levels), None).map(|_| ())
}

fn numbers(
    column: &mut SerializedColumnWriter<'_>,
    rows: &[Shown],
    get: impl Fn(&Shown) -> Option<f64>,
) -> Result<(), ParquetError> {
    let (levels, values) = optional(rows.iter().map(get));
    column.typed::<DoubleType>().write_batch(&values, Some(&levels), None).map(|_| ())
}

/// A level of 1 for each that is there, and those.
fn optional<T>(values: impl Iterator<Item = Option<T>>) -> (Vec<i16>, Vec<T>) {
    let mut levels = Vec::new();
    let mut there = Vec::new();
    for value in values {
        levels.push(i16::from(value.is_some()));
        there.extend(value);
    }
    (levels, there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Columns;

    #[test]
    fn the_schema_has_the_columns_of_every_export() {
        let schema = parse_message_type(SCHEMA).unwrap();
        let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, Columns::ALL);
    }
}
