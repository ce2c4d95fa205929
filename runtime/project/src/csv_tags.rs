//! tags/*.csv: one tag a line, for lists that come from a spreadsheet. A row becomes the same tree as a `[[tag]]`.

use std::borrow::Cow;

use crate::report::{Report, Spot, suggestion};
use crate::sources::byte;
use crate::tree::{Entries, Entry, Item, Raw};

/// Columns of the table itself.
const PLAIN: &[&str] = &[
    "name",
    "kind",
    "unit",
    "description",
    "decimals",
    "deadband",
    "stale_after_ms",
    "retain",
    "connection",
    "address",
    "group",
    "plugin",
    "memory",
    "write",
];

/// Columns that go into a table or a pair below: column, key, part. Parts 0 and 1 are the ends of a pair of that name.
const NESTED: &[(&str, &[&str], Option<usize>)] = &[
    ("range_low", &["range"], Some(0)),
    ("range_high", &["range"], Some(1)),
    ("high_high", &["limits", "high_high"], None),
    ("high", &["limits", "high"], None),
    ("low", &["limits", "low"], None),
    ("low_low", &["limits", "low_low"], None),
    ("raw_low", &["scaling", "raw"], Some(0)),
    ("raw_high", &["scaling", "raw"], Some(1)),
    ("eng_low", &["scaling", "eng"], Some(0)),
    ("eng_high", &["scaling", "eng"], Some(1)),
    ("fault_below", &["scaling", "fault"], Some(0)),
    ("fault_above", &["scaling", "fault"], Some(1)),
    ("write_role", &["write", "role"], None),
    ("write_low", &["write", "range"], Some(0)),
    ("write_high", &["write", "range"], Some(1)),
    ("feedback", &["write", "feedback"], None),
];

/// Every column that a CSV file may have.
pub(crate) fn columns() -> impl Iterator<Item = &'static str> + Clone {
    PLAIN.iter().copied().chain(NESTED.iter().map(|(column, _, _)| *column))
}

/// The rows of a file as tags, each with its place.
pub(crate) fn rows(text: &str, source: u32, report: &mut Report) -> Vec<(Entries, Spot)> {
    let text_start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = &text[text_start..];
    let head = body.lines().next().unwrap_or_default();
    // Spreadsheets of half of Europe separate with semicolons.
    let delimiter = if head.contains(';') && !head.contains(',') { b';' } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(body.as_bytes());
    let mut header: Option<Vec<Option<&'static str>>> = None;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while let Ok(true) = reader.read_record(&mut record) {
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let start = start + body.get(start..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let places: Vec<u32> =
            cell_starts(body.as_bytes(), start, delimiter, record.len()).map(|at| byte(source, at + text_start)).collect();
        let row = Spot::new(byte(source, start + text_start));
        match &header {
            None => header = Some(read_header(&record, &places, row, report)),
            Some(_) if record.iter().all(|cell| cell.trim().is_empty()) => {}
            Some(_) if record.get(0).is_some_and(|cell| cell.trim_start().starts_with('#')) => {}
            Some(header) => {
                if record.len() > header.len() {
                    let message = format!("this line has {} cells, but the header has {}", record.len(), header.len());
                    let at = places.get(header.len()).copied().unwrap_or(row.at);
                    report.error(row.moved(at), message, "put text that contains the separator into double quotes");
                }
                rows.push((read_row(&record, &places, header, row, report), row));
            }
        }
    }
    if header.is_none() {
        report.error(
            Spot::new(source),
            "this file has no header line",
            "its first line names the columns: name,kind,...",
        );
    }
    rows
}

/// Where each cell of a record starts, in bytes.
fn cell_starts(body: &[u8], start: usize, delimiter: u8, cells: usize) -> impl Iterator<Item = usize> {
    let mut at = start;
    let mut first = true;
    std::iter::from_fn(move || {
        if !std::mem::take(&mut first) {
            let mut quoted = body.get(at) == Some(&b'"');
            at += usize::from(quoted);
            while let Some(byte) = body.get(at) {
                at += 1;
                match byte {
                    b'"' => quoted = !quoted,
                    byte if *byte == delimiter && !quoted => break,
                    _ => {}
                }
            }
        }
        Some(at)
    })
    .take(cells)
}

fn read_header(record: &csv::StringRecord, places: &[u32], row: Spot, report: &mut Report) -> Vec<Option<&'static str>> {
    let mut header: Vec<Option<&'static str>> = Vec::new();
    for (cell, at) in record.iter().zip(places) {
        let name = cell.trim();
        let known = columns().find(|column| *column == name);
        let spot = row.moved(*at);
        if known.is_some() && header.contains(&known) {
            report.error(spot, format!("the column `{name}` is given twice"), "keep one of the two");
        } else if known.is_none() && !name.is_empty() {
            let all = format!("the columns are {}", columns().collect::<Vec<_>>().join(", "));
            report.error(spot, format!("there is no column `{name}`"), suggestion(name, columns(), &all));
        }
        header.push(known);
    }
    for needed in ["name", "kind"].into_iter().filter(|needed| !header.contains(&Some(*needed))) {
        report.error(row, format!("the column `{needed}` is missing"), "the first line names the columns: name,kind,...");
    }
    header
}

fn read_row(
    record: &csv::StringRecord,
    places: &[u32],
    header: &[Option<&'static str>],
    row: Spot,
    report: &mut Report,
) -> Entries {
    let mut entries = Entries::new();
    for ((cell, at), column) in record.iter().zip(places).zip(header) {
        let Some(column) = column.filter(|_| !cell.trim().is_empty()) else { continue };
        let item = Item { raw: Raw::Loose(cell.trim().to_owned()), at: *at };
        match NESTED.iter().find(|(name, _, _)| *name == column) {
            None => entries.push(Entry { key: Cow::Borrowed(column), at: *at, item }),
            Some((_, path, part)) => put(&mut entries, path, *part, item),
        }
    }
    // `write` says whether, the columns beside it say how.
    let flag = entries.iter().find(|entry| entry.key == "write" && entry.item.flag().is_some()).map(|entry| entry.item.flag());
    let has_table = entries.iter().any(|entry| entry.key == "write" && entry.item.entries().is_some());
    if has_table && flag == Some(Some(true)) {
        entries.retain(|entry| entry.key != "write" || entry.item.entries().is_some());
    } else if has_table {
        let at =
            entries.iter().find(|entry| entry.item.entries().is_some() && entry.key == "write").map_or(row.at, |entry| entry.at);
        report.error(row.moved(at), "this line says how the tag is written, but `write` is not true", "set write to true");
        entries.retain(|entry| entry.key != "write");
    }
    check_pairs(&mut entries, row, report);
    entries
}

/// Puts a cell below a path of tables; a part becomes one end of a pair.
fn put(entries: &mut Entries, path: &[&'static str], part: Option<usize>, item: Item) {
    let Some((key, rest)) = path.split_first() else { return };
    let is_mine = |entry: &&mut Entry| entry.key == *key && !matches!(entry.item.raw, Raw::Loose(_));
    if let Some(entry) = entries.iter_mut().find(is_mine) {
        match &mut entry.item.raw {
            Raw::Table(inner) => put(inner, rest, part, item),
            Raw::List(ends) if part == Some(0) => ends.insert(0, item),
            Raw::List(ends) => ends.push(item),
            _ => {}
        }
        return;
    }
    let at = item.at;
    let raw = if !rest.is_empty() {
        let mut inner = Entries::new();
        put(&mut inner, rest, part, item);
        Raw::Table(inner)
    } else if part.is_some() {
        Raw::List(vec![item])
    } else {
        entries.push(Entry { key: Cow::Borrowed(key), at, item });
        return;
    };
    entries.push(Entry { key: Cow::Borrowed(key), at, item: Item { raw, at } });
}

/// Tells pairs of which only one end is there, and takes them away.
fn check_pairs(entries: &mut Entries, row: Spot, report: &mut Report) {
    entries.retain_mut(|entry| match &mut entry.item.raw {
        Raw::Table(inner) => {
            check_pairs(inner, row, report);
            !inner.is_empty()
        }
        Raw::List(ends) if ends.len() == 1 => {
            let message = format!("`{}` has only one of its two ends", entry.key);
            report.error(row.moved(entry.at), message, "fill in both columns, or neither");
            false
        }
        _ => true,
    });
}
