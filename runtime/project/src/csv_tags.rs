//! tags/*.csv: one tag or one instance a line, for lists that come from a spreadsheet.
//!
//! A line becomes the same tree as a `[[tag]]`, or, where the header has a column `type`, as an `[[instance]]`. Then
//! `name` and `description` are the instance's, `speed:high` is the column `high` of its tag `speed`, and every other
//! column is a parameter.

use std::borrow::Cow;

use crate::csv_columns::{COLUMNS, Column, Holds, WRITTEN, column, move_to, value};
use crate::csv_text::{Broken, Cell, Records, separator};
use crate::report::{Report, Spot, suggestion};
use crate::sources::byte;
use crate::tree::{Entries, Entry, Item, Raw};

/// What a line became.
#[derive(Debug)]
pub(crate) enum Row {
    /// A `[[tag]]`.
    Tag(Entries),
    /// An `[[instance]]`.
    Instance(Entries),
}

/// Where the cells of one column go.
#[derive(Clone, Debug)]
enum Target {
    /// Nowhere: the header couldn't be read; that was told.
    Nowhere,
    /// A key of the tag, or of the instance where there are instances.
    Key(&'static Column),
    /// The type of an instance.
    Type,
    /// A parameter of the instance.
    Parameter(String),
    /// A key of one of the instance's tags.
    OfTag(String, &'static Column),
}

/// A header line.
#[derive(Debug)]
pub(crate) struct Header {
    targets: Vec<(Target, u32)>,
    /// The lines are instances.
    pub has_instances: bool,
}

/// The rows of a file one after the other, each with its place.
pub(crate) fn read(text: &str, source: u32, report: &mut Report, take: &mut dyn FnMut(Row, Spot, &mut Report)) {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let (mut cells, mut broken) = (Vec::new(), Vec::new());
    let mut header: Option<Header> = None;
    let separator = separator(text);
    // Who separates with semicolons has the comma for decimals.
    let decimal_comma = separator != b',';
    let mut records = Records::new(text, start, separator);
    while let Some((at, _)) = records.next(&mut cells, &mut broken) {
        let row = Spot::new(byte(source, at));
        for trouble in broken.drain(..) {
            tell(trouble, source, report);
        }
        if is_comment(&cells) {
            continue;
        }
        let Some(header) = &header else {
            header = Some(read_header(&cells, source, row, report));
            continue;
        };
        if cells.len() > header.targets.len() && cells.iter().skip(header.targets.len()).any(|cell| !cell.text.is_empty()) {
            let message = format!("this line has {} cells, but the header has {}", cells.len(), header.targets.len());
            let at = cells.get(header.targets.len()).map_or(row.at, |cell| byte(source, cell.at));
            report.error(row.moved(at), message, "put text that contains the separator into double quotes");
        }
        let entries = read_row(&cells, header, source, decimal_comma, row, report);
        take(if header.has_instances { Row::Instance(entries) } else { Row::Tag(entries) }, row, report);
    }
    if header.is_none() {
        let help = "its first line names the columns: name,kind,...";
        report.error(Spot::new(source), "this file has no header line", help);
    }
}

/// Whether a line says nothing: empty, or a comment.
pub(crate) fn is_comment(cells: &[Cell<'_>]) -> bool {
    cells.iter().all(|cell| cell.text.trim().is_empty())
        || cells.first().is_some_and(|cell| !cell.quoted && cell.text.starts_with('#'))
}

fn tell(trouble: Broken, source: u32, report: &mut Report) {
    match trouble {
        Broken::Unclosed(at) => {
            let help = "end it with \"; a quote within quotes is written twice";
            report.error(Spot::new(byte(source, at)), "this text has no closing quote", help);
        }
        Broken::AfterQuote(at) => {
            let help = "a quote within quotes is written twice: \"3/4\"\" pipe\"";
            report.error(Spot::new(byte(source, at)), "there is text between the closing quote and the next cell", help);
        }
    }
}

fn read_header(cells: &[Cell<'_>], source: u32, row: Spot, report: &mut Report) -> Header {
    let has_instances = cells.iter().any(|cell| cell.text.trim().eq_ignore_ascii_case("type"));
    let mut targets: Vec<(Target, u32)> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for cell in cells {
        let name = cell.text.trim().to_owned();
        let spot = row.moved(byte(source, cell.at));
        let target = if has_instances { instance_target(&name) } else { column(&name).map_or(Target::Nowhere, Target::Key) };
        if !name.is_empty() && seen.contains(&name) {
            report.error(spot, format!("the column `{name}` is given twice"), "keep one of the two");
        } else if matches!(target, Target::Nowhere) && !name.is_empty() {
            let names = COLUMNS.iter().take(WRITTEN).map(|column| column.name);
            let all = format!("the columns are {}", names.clone().collect::<Vec<_>>().join(", "));
            let name = name.rsplit_once(':').filter(|_| has_instances).map_or(&*name, |(_, column)| column);
            report.error(spot, format!("there is no column `{name}`"), suggestion(name, names, &all));
        }
        targets.push((target, spot.at));
        seen.push(name);
    }
    let needed: &[&str] = if has_instances { &["name"] } else { &["name", "kind"] };
    for needed in needed.iter().filter(|needed| !targets.iter().any(|(target, _)| target.is_key(needed))) {
        report.error(row, format!("the column `{needed}` is missing"), "the first line names the columns: name,kind,...");
    }
    Header { targets, has_instances }
}

fn instance_target(name: &str) -> Target {
    match name.split_once(':') {
        None if name.is_empty() => Target::Nowhere,
        None if name.eq_ignore_ascii_case("type") => Target::Type,
        None => match column(name) {
            Some(column) if matches!(column.name, "name" | "description") => Target::Key(column),
            _ => Target::Parameter(name.to_owned()),
        },
        Some((tag, key)) => column(key).map_or(Target::Nowhere, |column| Target::OfTag(tag.trim().to_owned(), column)),
    }
}

impl Target {
    fn is_key(&self, name: &str) -> bool {
        matches!(self, Self::Key(column) if column.name == name)
    }
}

fn read_row(cells: &[Cell<'_>], header: &Header, source: u32, decimal_comma: bool, row: Spot, report: &mut Report) -> Entries {
    let kind = header.targets.iter().zip(cells).find(|((target, _), _)| target.is_key("kind")).map_or("", |(_, cell)| &cell.text);
    let mut entries = Entries::new();
    let mut of_tags: Vec<(&str, u32, Entries)> = Vec::new();
    let mut parameters = Entries::new();
    for (cell, (target, heading)) in cells.iter().zip(&header.targets) {
        let at = byte(source, cell.at);
        // An empty cell says nothing; only a text tag's first value may be an empty text, in quotes.
        let is_empty_text = cell.quoted && target.is_key("memory") && kind == "text";
        if cell.text.trim().is_empty() && !is_empty_text {
            continue;
        }
        let loose = || Item { raw: Raw::Loose(cell.text.to_string()), at };
        match target {
            Target::Nowhere => {}
            Target::Type => entries.push(Entry { key: Cow::Borrowed("type"), at, item: loose() }),
            Target::Parameter(name) => {
                let mut item = loose();
                if let (Some(Raw::Loose(number)), true) = (value(&NUMBER, &cell.text, decimal_comma, ""), decimal_comma) {
                    item.raw = Raw::Loose(number);
                }
                parameters.push(Entry { key: Cow::Owned(name.clone()), at: *heading, item });
            }
            Target::Key(column) => put_cell(&mut entries, column, cell, at, decimal_comma, kind, report),
            Target::OfTag(tag, column) => {
                let place = of_tags.iter().position(|(known, ..)| *known == tag).unwrap_or_else(|| {
                    of_tags.push((tag, *heading, Entries::new()));
                    of_tags.len() - 1
                });
                let kind = if flag_like(&cell.text) { "bool" } else { "" };
                put_cell(&mut of_tags[place].2, column, cell, at, decimal_comma, kind, report);
            }
        }
    }
    settle_write(&mut entries, true, row, report);
    check_pairs(&mut entries, row, report);
    let mut put_table = |key: &'static str, inner: Entries| {
        if !inner.is_empty() {
            entries.push(Entry { key: Cow::Borrowed(key), at: row.at, item: Item { raw: Raw::Table(inner), at: row.at } });
        }
    };
    put_table("parameters", parameters);
    let mut tags = Entries::new();
    for (tag, at, mut inner) in of_tags {
        // The type may have said that its tag is written.
        settle_write(&mut inner, false, row, report);
        check_pairs(&mut inner, row, report);
        tags.push(Entry { key: Cow::Owned(tag.to_owned()), at, item: Item { raw: Raw::Table(inner), at } });
    }
    put_table("tags", tags);
    entries
}

static NUMBER: Column = Column { name: "", path: &[], part: None, holds: Holds::Number };

fn flag_like(text: &str) -> bool {
    ["true", "false", "wahr", "falsch"].iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

fn put_cell(
    entries: &mut Entries,
    column: &'static Column,
    cell: &Cell<'_>,
    at: u32,
    decimal_comma: bool,
    kind: &str,
    report: &mut Report,
) {
    let Some(mut raw) = value(column, &cell.text, decimal_comma, kind) else {
        let (message, help) = match column.holds {
            Holds::States => ("this is not a list of states", "write number=word with bars between: 0=stopped|1=running"),
            _ => (
                "this is not a list of permissives",
                "write tag >= 20 : message, with bars between; or <=, or = true; or tag >= 20 for 1 : message, where only 1 needs it",
            ),
        };
        report.error(Spot::new(at), message, help);
        return;
    };
    move_to(&mut raw, at);
    put(entries, column.path, column.part, Item { raw, at });
}

/// `write` says whether, the columns beside it say how.
fn settle_write(entries: &mut Entries, must_say: bool, row: Spot, report: &mut Report) {
    let flag = entries.iter().find(|entry| entry.key == "write" && entry.item.flag().is_some()).map(|entry| entry.item.flag());
    let table = entries.iter().find(|entry| entry.key == "write" && entry.item.entries().is_some()).map(|entry| entry.at);
    match (table, flag) {
        (Some(_), Some(Some(true))) => entries.retain(|entry| entry.key != "write" || entry.item.entries().is_some()),
        (Some(at), flag) if must_say || flag.is_some() => {
            let message = "this line says how the tag is written, but `write` is not true";
            report.error(row.moved(at), message, "set write to true");
            entries.retain(|entry| entry.key != "write");
        }
        _ => {}
    }
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
        Raw::List(ends) if ends.len() == 1 && ends[0].entries().is_none() => {
            let message = format!("`{}` has only one of its two ends", entry.key);
            report.error(row.moved(entry.at), message, "fill in both columns, or neither");
            false
        }
        _ => true,
    });
}
