//! The columns of tags/*.csv, and where each goes in the tree of a `[[tag]]`.

use std::borrow::Cow;

use crate::tree::{Entries, Entry, Item, Raw};

/// What a column holds, beyond its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Text, taken as it is.
    Text,
    /// A number: a decimal comma may be one.
    Number,
    /// True or false, as spreadsheets spell them.
    Flag,
    /// A value of the tag's kind.
    Value,
    /// `0=stopped|1=running`.
    States,
    /// `tank/level >= 20 : too low|valve/open = true`.
    Permissives,
}

/// A column: where it goes, and, for one end of a pair, which end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// As in the header line.
    pub name: &'static str,
    /// Keys of the tables on the way.
    pub path: &'static [&'static str],
    /// 0 and 1 are the ends of a pair.
    pub part: Option<usize>,
    /// What it holds.
    pub holds: Holds,
}

const fn plain(path: &'static [&'static str; 1], holds: Holds) -> Column {
    Column { name: path[0], path, part: None, holds }
}

const fn nested(name: &'static str, path: &'static [&'static str], holds: Holds) -> Column {
    Column { name, path, part: None, holds }
}

const fn end(name: &'static str, path: &'static [&'static str], part: usize) -> Column {
    Column { name, path, part: Some(part), holds: Holds::Number }
}

use Holds::{Flag, Number, Permissives, States, Text, Value};

/// Every column, in the order in which they are exported.
pub(crate) static COLUMNS: [Column; 58] = [
    plain(&["name"], Text),
    plain(&["kind"], Text),
    plain(&["unit"], Text),
    plain(&["description"], Text),
    plain(&["decimals"], Number),
    end("range_low", &["range"], 0),
    end("range_high", &["range"], 1),
    nested("high_high", &["limits", "high_high"], Number),
    nested("high", &["limits", "high"], Number),
    nested("low", &["limits", "low"], Number),
    nested("low_low", &["limits", "low_low"], Number),
    nested("hysteresis", &["limits", "hysteresis"], Number),
    nested("alarm", &["limits", "alarm"], Flag),
    end("raw_low", &["scaling", "raw"], 0),
    end("raw_high", &["scaling", "raw"], 1),
    end("eng_low", &["scaling", "eng"], 0),
    end("eng_high", &["scaling", "eng"], 1),
    end("fault_below", &["scaling", "fault"], 0),
    end("fault_above", &["scaling", "fault"], 1),
    plain(&["deadband"], Number),
    nested("deadband_console", &["deadband", "console"], Number),
    nested("deadband_history", &["deadband", "history"], Number),
    plain(&["states"], States),
    plain(&["stale_after_ms"], Number),
    plain(&["retain"], Flag),
    plain(&["connection"], Text),
    plain(&["device"], Text),
    plain(&["address"], Text),
    plain(&["group"], Text),
    plain(&["plugin"], Text),
    plain(&["memory"], Value),
    plain(&["derive"], Text),
    nested("total_of", &["total", "of"], Text),
    nested("total_rate_per", &["total", "rate_per"], Text),
    nested("total_counter_wraps_at", &["total", "counter_wraps_at"], Number),
    nested("total_factor", &["total", "factor"], Number),
    nested("total_starts", &["total", "starts"], Flag),
    nested("total_hours", &["total", "hours"], Flag),
    plain(&["write"], Flag),
    nested("write_role", &["write", "role"], Text),
    end("write_low", &["write", "range"], 0),
    end("write_high", &["write", "range"], 1),
    nested("feedback", &["write", "feedback"], Text),
    nested("no_feedback", &["write", "no_feedback"], Flag),
    nested("follow_ms", &["write", "follow_ms"], Number),
    nested("tolerance", &["write", "tolerance"], Number),
    nested("max_step", &["write", "max_step"], Number),
    nested("min_interval_ms", &["write", "min_interval_ms"], Number),
    nested("pulse_ms", &["write", "pulse", "hold_ms"], Number),
    nested("pulse_rest", &["write", "pulse", "rest"], Value),
    nested("confirmation", &["write", "confirmation"], Text),
    nested("expires_ms", &["write", "expires_ms"], Number),
    nested("essential", &["write", "essential"], Flag),
    nested("permissives", &["write", "permissives"], Permissives),
    // Only for reading: what other systems and older files call things.
    Column { name: "units", path: &["unit"], part: None, holds: Text },
    Column { name: "comment", path: &["description"], part: None, holds: Text },
    Column { name: "min", path: &["range"], part: Some(0), holds: Number },
    Column { name: "max", path: &["range"], part: Some(1), holds: Number },
];

/// Columns that are written; the rest are other names for some of them.
pub(crate) const WRITTEN: usize = 54;

/// The names of all columns that are written, in their order.
pub fn tag_columns() -> Vec<&'static str> {
    COLUMNS.iter().take(WRITTEN).map(|column| column.name).collect()
}

/// The column of this name, whatever its case.
pub(crate) fn column(name: &str) -> Option<&'static Column> {
    let name = name.trim().to_ascii_lowercase().replace(' ', "_");
    COLUMNS.iter().find(|column| column.name == name)
}

/// A cell's value, as the tree has it; `None` where the cell is not of the form that its column has.
pub(crate) fn value(column: &Column, text: &str, decimal_comma: bool, kind: &str) -> Option<Raw> {
    let number = |text: &str| if decimal_comma { with_point(text) } else { text.to_owned() };
    Some(match column.holds {
        Text => Raw::Loose(text.to_owned()),
        Number => Raw::Loose(number(text)),
        Flag => Raw::Loose(flag(text).to_owned()),
        Value if kind == "bool" => Raw::Loose(flag(text).to_owned()),
        Value if kind == "text" => Raw::Loose(text.to_owned()),
        Value => Raw::Loose(number(text)),
        States => Raw::Table(states(text)?),
        Permissives => Raw::List(permissives(text)?),
    })
}

/// `1,5` as `1.5`; anything else as it is.
pub(crate) fn with_point(text: &str) -> String {
    let trimmed = text.trim();
    let is_number = trimmed.matches(',').count() == 1
        && !trimmed.contains('.')
        && trimmed.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '-' | '+' | 'e' | 'E'));
    if is_number { trimmed.replace(',', ".") } else { text.to_owned() }
}

/// English and German spreadsheets write their own words.
pub(crate) fn flag(text: &str) -> &str {
    match text.trim() {
        word if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("wahr") => "true",
        word if word.eq_ignore_ascii_case("false") || word.eq_ignore_ascii_case("falsch") => "false",
        _ => text,
    }
}

fn states(text: &str) -> Option<Entries> {
    split(text).into_iter().map(|state| state.split_once('=').map(|(key, word)| loose(key.trim(), word.trim()))).collect()
}

fn permissives(text: &str) -> Option<Vec<Item>> {
    split(text).into_iter().map(|one| Some(Item { raw: Raw::Table(permissive(&one)?), at: 0 })).collect()
}

fn permissive(text: &str) -> Option<Entries> {
    // Names hold no spaces and no operators, so the first operator is the one that is meant.
    let (at, operator, key) = [(">=", "at_least"), ("<=", "at_most"), ("=", "is")]
        .into_iter()
        .filter_map(|(operator, key)| Some((text.find(operator)?, operator, key)))
        .min_by_key(|(at, operator, _)| (*at, operator.len() == 1))?;
    let rest = &text[at + operator.len()..];
    let (value, message) = rest.split_once(':').map_or((rest, None), |(value, message)| (value, Some(message.trim())));
    let (value, only_for) = value.split_once(" for ").map_or((value, None), |(value, only)| (value, Some(only.trim())));
    let mut entries = vec![loose("tag", text[..at].trim()), loose(key, flag(value.trim()))];
    entries.extend(only_for.map(|only| loose("for", flag(only))));
    entries.extend(message.map(|message| loose("message", message)));
    Some(entries)
}

fn loose(key: &str, text: &str) -> Entry {
    Entry { key: Cow::Owned(key.to_owned()), at: 0, item: Item { raw: Raw::Loose(text.to_owned()), at: 0 } }
}

/// The parts between bars; `\|` is a bar, `\\` a backslash.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '|' => parts.push(String::new()),
            '\\' => parts.last_mut().into_iter().for_each(|part| part.extend(letters.next())),
            letter => parts.last_mut().into_iter().for_each(|part| part.push(letter)),
        }
    }
    parts
}

/// Parts joined with bars.
pub(crate) fn join(parts: impl Iterator<Item = String>) -> String {
    parts.map(|part| part.replace('\\', "\\\\").replace('|', "\\|")).collect::<Vec<_>>().join("|")
}

/// Gives everything in a value the same place.
pub(crate) fn move_to(raw: &mut Raw, at: u32) {
    let inner = |item: &mut Item| {
        item.at = at;
        move_to(&mut item.raw, at);
    };
    match raw {
        Raw::Table(entries) => entries.iter_mut().for_each(|entry| {
            entry.at = at;
            inner(&mut entry.item);
        }),
        Raw::List(items) => items.iter_mut().for_each(inner),
        _ => {}
    }
}
