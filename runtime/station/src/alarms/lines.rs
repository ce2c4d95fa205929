//! Rows of the journal for people.

use jiff::tz::TimeZone;
use plantroom_historian::{JournalError, JournalReader, JournalRow, Order, Query};
use plantroom_model::{Priority, Utc, Value};
use plantroom_wire::{AlarmLine, JournalAsk};

/// Longest export that is answered at once, in bytes. A longer one takes a shorter time.
const EXPORT_BYTES: usize = 256 << 20;

/// All rows that fit, as a file: `csv` or `parquet`.
///
/// # Errors
/// In a sentence: another format, more than fits into one answer, or what the disk refuses.
pub fn export(reader: &JournalReader, ask: &JournalAsk, format: &str, zone: TimeZone) -> Result<Vec<u8>, String> {
    let query = query(ask)?;
    let mut file = Vec::new();
    let pieces: Box<dyn Iterator<Item = Result<Vec<u8>, JournalError>>> = match format {
        "csv" => Box::new(reader.csv(query, zone)),
        "parquet" => Box::new(reader.parquet(query, zone).map_err(|error| error.to_string())?),
        other => return Err(format!("There is no format {other}; there are csv and parquet.")),
    };
    for piece in pieces {
        file.extend(piece.map_err(|error| error.to_string())?);
        if file.len() > EXPORT_BYTES {
            return Err("This is more than fits into one answer; export a shorter time.".to_owned());
        }
    }
    Ok(file)
}

/// A page of the journal, each row with its number, and where the next one starts.
///
/// # Errors
/// In a sentence: a cursor that isn't one, or what the disk refuses.
pub fn page(reader: &JournalReader, ask: &JournalAsk) -> Result<(Vec<(u64, AlarmLine)>, Option<String>), String> {
    let page = reader.page(&query(ask)?).map_err(|error| error.to_string())?;
    for note in &page.notes {
        tracing::warn!("{note}");
    }
    Ok((page.rows.iter().map(|row| (row.row, line(row))).collect(), page.next.map(|next| next.to_string())))
}

fn query(ask: &JournalAsk) -> Result<Query, String> {
    let one = |text: &String| if text.is_empty() { Vec::new() } else { vec![text.clone()] };
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let after = ask.cursor.as_ref().map(|cursor| cursor.parse::<u64>()).transpose();
    Ok(Query {
        from: ask.from.map(Utc),
        until: ask.to.map(Utc),
        areas: one(&ask.area),
        alarms: one(&ask.alarm),
        priorities: ask.priorities.map(priorities).unwrap_or_default(),
        by: some(&ask.user),
        text: some(&ask.text),
        order: if ask.oldest_first { Order::OldestFirst } else { Order::NewestFirst },
        after: after.map_err(|_| "There is no such page of the journal; begin with the first one.".to_owned())?,
        limit: ask.limit as usize,
        ..Query::default()
    })
}

fn priorities(bits: u8) -> Vec<Priority> {
    Priority::ALL.into_iter().filter(|priority| bits >> *priority as u8 & 1 == 1).collect()
}

/// A row as consoles and the API are told.
pub fn line(row: &JournalRow) -> AlarmLine {
    let unit = if row.alarm.unit.is_empty() { String::new() } else { format!(" {}", row.alarm.unit) };
    let value = match &row.value {
        Value::Null => String::new(),
        Value::Float(number) => format!("{}{unit}", short(*number)),
        other => format!("{other}{unit}"),
    };
    AlarmLine {
        at: row.at.0,
        source_time: row.source_time.0,
        alarm: row.alarm.name.to_string(),
        message: row.alarm.message.to_string(),
        area: row.alarm.area.to_string(),
        priority: row.alarm.priority as u8,
        kind: row.kind as u8,
        occurrence: row.occurrence.0,
        states: (row.from.state as u8, row.to.state as u8),
        hidden: (row.from.hidden.0, row.to.hidden.0),
        value,
        limit: row.limit.map(|limit| format!("{}{unit}", short(limit))).unwrap_or_default(),
        by: row.by.as_deref().unwrap_or_default().to_owned(),
        comment: row.comment.as_deref().unwrap_or_default().to_owned(),
    }
}

/// A number in at most six significant digits, without zeros behind.
fn short(number: f64) -> String {
    if !number.is_finite() || number == 0.0 {
        return number.to_string();
    }
    let before = number.abs().log10().floor() as i32;
    let decimals = (5 - before).clamp(0, 12) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_people_read_them() {
        for (number, expected) in [
            (4.82, "4.82"),
            (0.1 + 0.2, "0.3"),
            (123_456_789.0, "123456789"),
            (-0.000_123_456_7, "-0.000123457"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(short(number), expected);
        }
    }

    #[test]
    fn priorities_are_bits() {
        assert_eq!(priorities(0b1_0010), [Priority::Low, Priority::Critical]);
    }
}
