//! Which keys a table may have and what they hold: one declaration for the checks and for the editors' schemas.

use plantroom_model::{duration_ms, duration_words};

use crate::report::{Report, Spot, suggestion};
use crate::tree::{Entries, Item, Raw};

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// True or false.
    Flag,
    /// A whole number between two bounds, both allowed.
    Whole(i64, i64),
    /// Any finite number.
    Number,
    /// Two numbers: `[low, high]`.
    Pair,
    /// A list of texts.
    Texts,
    /// True, false, a number or text.
    Scalar,
    /// A table whose keys are somebody else's business.
    Free,
    /// A table with these keys.
    Table(&'static Keys),
    /// A length of time: seconds, or a text like `"5 min"`; between two bounds in ms, both allowed.
    Duration(u64, u64),
    /// A list of scalars.
    Scalars,
    /// Tables with these keys: `[[tag]]`, or a list of `{ ... }`.
    Tables(&'static Keys),
    /// A table of whole numbers and their words: `{ 0 = "stopped" }`.
    States,
    /// A table of parameters and their values.
    Values,
    /// A table of parameters and their defaults, or `{ required = true }`.
    Parameters,
    /// A table of tags and what is different about them; looked at when it is laid over the type's tags.
    Overrides,
    /// A table of alarms and what is different about them; looked at when it is laid over the type's alarms.
    AlarmOverrides,
    /// Any of these.
    OneOf(&'static [Shape]),
}

/// The keys of one kind of table.
#[derive(Debug)]
pub(crate) struct Keys {
    /// What a table of this kind is called in messages: `a tag`.
    pub what: &'static str,
    /// For editors.
    pub doc: &'static str,
    /// Other keys than these are somebody else's business.
    pub open: bool,
    /// Every key there is.
    pub keys: &'static [Key],
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// As written.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// A table without it is a mistake.
    pub required: bool,
    /// What holds when it isn't there, as written in TOML; empty where nothing does.
    pub default: &'static str,
    /// For editors.
    pub doc: &'static str,
}

/// A key that must be there.
pub(crate) const fn needed(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key { name, shape, required: true, default: "", doc }
}

/// A key that may be there.
pub(crate) const fn optional(name: &'static str, shape: Shape, default: &'static str, doc: &'static str) -> Key {
    Key { name, shape, required: false, default, doc }
}

impl Keys {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// Checks a table against its keys, everything below it included, and tells every mistake.
/// `spot` is the table's place.
pub(crate) fn check_table(entries: &Entries, spot: Spot, keys: &'static Keys, report: &mut Report) {
    for entry in entries {
        let here = spot.moved(entry.at);
        match keys.key(&entry.key) {
            Some(key) => check_value(&entry.item, spot, &entry.key, &key.shape, report),
            None if keys.open => check_free(&entry.item, spot, &entry.key, report),
            None => {
                let message = format!("{} has no key `{}`", keys.what, entry.key);
                let names = keys.keys.iter().map(|key| key.name);
                let otherwise = format!("its keys are {}", keys.keys.iter().map(|key| key.name).collect::<Vec<_>>().join(", "));
                report.error(here, message, suggestion(&entry.key, names, &otherwise));
            }
        }
    }
    for key in keys.keys.iter().filter(|key| key.required) {
        if !entries.iter().any(|entry| entry.key == key.name) {
            let message = format!("{} needs `{}`", keys.what, key.name);
            report.error(spot, message, format!("add {} = {}: {}", key.name, key.shape.example(), key.doc));
        }
    }
}

/// Checks one value; `name` is its key.
fn check_value(item: &Item, spot: Spot, name: &str, shape: &Shape, report: &mut Report) {
    let here = spot.moved(item.at);
    if matches!(item.raw, Raw::Open(_)) {
        return;
    }
    match (shape, &item.raw) {
        (Shape::OneOf(shapes), _) => {
            if let Some(fitting) = shapes.iter().find(|shape| shape.fits(item)) {
                check_value(item, spot, name, fitting, report);
            } else {
                wrong(item, here, name, shape, report);
            }
        }
        (Shape::Table(keys), Raw::Table(entries)) => check_table(entries, here, keys, report),
        (Shape::Tables(keys), Raw::List(items)) => {
            for item in items {
                match item.entries() {
                    Some(entries) => check_table(entries, spot.moved(item.at), keys, report),
                    None => wrong(item, spot.moved(item.at), name, &Shape::Table(keys), report),
                }
            }
        }
        (Shape::Word(words), _) => match item.text() {
            Some(text) if words.contains(&text.trim()) => {}
            Some(text) => {
                let message = format!("`{name}` can't be `{text}`");
                report.error(here, message, suggestion(text, words.iter().copied(), "see the documentation for its words"));
            }
            None => wrong(item, here, name, shape, report),
        },
        (Shape::Whole(low, high), _) => match item.whole() {
            Some(number) if number < i128::from(*low) || number > i128::from(*high) => {
                report.error(here, format!("`{name}` must be between {low} and {high}, but is {number}"), "");
            }
            Some(_) => {}
            None => wrong(item, here, name, shape, report),
        },
        (Shape::Duration(low, high), _) if shape.fits(item) => check_duration(item, here, name, (*low, *high), report),
        (Shape::Scalars, Raw::List(items)) => {
            for item in items.iter().filter(|item| !Shape::Scalar.fits(item)) {
                wrong(item, spot.moved(item.at), name, &Shape::Scalar, report);
            }
        }
        (Shape::States, Raw::Table(entries)) => check_states(entries, spot, report),
        (Shape::Values, Raw::Table(entries)) => {
            for entry in entries.iter().filter(|entry| !Shape::Scalar.fits(&entry.item)) {
                wrong(&entry.item, spot.moved(entry.item.at), &entry.key, &Shape::Scalar, report);
            }
        }
        (Shape::Pair, Raw::List(items)) if items.len() == 2 => {
            for item in items.iter().filter(|item| !Shape::Number.fits(item)) {
                let message = format!("`{name}` must be {}, but one of them is {}", shape.words(), item.words());
                report.error(spot.moved(item.at), message, format!("write for example {name} = {}", shape.example()));
            }
        }
        (Shape::Texts, Raw::List(items)) => {
            for item in items.iter().filter(|item| !Shape::Text.fits(item)) {
                wrong(item, spot.moved(item.at), name, &Shape::Text, report);
            }
        }
        (Shape::Free, Raw::Table(_)) => check_free(item, spot, name, report),
        (Shape::Parameters | Shape::AlarmOverrides, Raw::Table(_)) => {}
        _ if shape.fits(item) => {}
        _ => wrong(item, here, name, shape, report),
    }
}

fn check_duration(item: &Item, here: Spot, name: &str, (low, high): (u64, u64), report: &mut Report) {
    match duration_of(item) {
        Some(ms) if (low..=high).contains(&ms) => {}
        Some(ms) => {
            let (low, high) = (duration_words(low), duration_words(high));
            report.error(here, format!("`{name}` must be between {low} and {high}, but is {}", duration_words(ms)), "");
        }
        None => {
            let message = format!("`{name}` is a length of time, but {} is none", item.words());
            report.error(here, message, "write a number and its unit, ms, s, min, h or d: \"5 min\", \"1 h 30 min\"");
        }
    }
}

/// A length of time in ms: a number counts seconds.
pub(crate) fn duration_of(item: &Item) -> Option<u64> {
    match item.text() {
        Some(text) => duration_ms(text),
        None => duration_ms(&item.number()?.to_string()),
    }
}

fn check_free(item: &Item, spot: Spot, name: &str, report: &mut Report) {
    if let Some(at) = item.not_json() {
        let help = "NaN, infinities and numbers beyond 64 bits can't be handed to a plugin";
        report.error(spot.moved(at), format!("`{name}` holds a number that is not finite or too large"), help);
    }
}

fn wrong(item: &Item, here: Spot, name: &str, shape: &Shape, report: &mut Report) {
    let help = match (&item.raw, shape) {
        (Raw::Text(text), Shape::Number | Shape::Whole(..)) if text.trim().parse::<f64>().is_ok() => {
            format!("write it without quotes: {name} = {}", text.trim())
        }
        (Raw::Loose(text), Shape::Number) if text.replace(',', ".").trim().parse::<f64>().is_ok() => {
            format!("write {}", text.replace(',', ".").trim())
        }
        (Raw::Text(text), Shape::Flag) if matches!(text.as_str(), "true" | "false") => format!("write it without quotes: {text}"),
        _ => format!("write for example {name} = {}", shape.example()),
    };
    report.error(here, format!("`{name}` must be {}, but is {}", shape.words(), item.words()), help);
}

fn check_states(entries: &Entries, spot: Spot, report: &mut Report) {
    for entry in entries {
        if entry.key.parse::<i64>().is_err() {
            let message = format!("`states` names words for whole numbers, but `{}` is none", entry.key);
            report.error(spot.moved(entry.at), message, "write for example states = { 0 = \"stopped\", 1 = \"running\" }");
        }
        if !Shape::Text.fits(&entry.item) {
            wrong(&entry.item, spot.moved(entry.item.at), &entry.key, &Shape::Text, report);
        }
    }
}

impl Shape {
    /// Whether a value is of this kind at all; bounds and inner keys are not looked at.
    pub fn fits(&self, item: &Item) -> bool {
        match self {
            _ if matches!(item.raw, Raw::Open(_)) => true,
            Self::Text | Self::Word(_) => item.text().is_some(),
            Self::Flag => item.flag().is_some(),
            Self::Whole(..) => item.whole().is_some(),
            Self::Number => item.number().is_some(),
            Self::Pair => item.list().is_some_and(|list| list.len() == 2 && list.iter().all(|item| Self::Number.fits(item))),
            Self::Texts | Self::Scalars | Self::Tables(_) => item.list().is_some(),
            Self::Duration(..) => item.number().is_some() || item.text().is_some(),
            Self::Scalar => matches!(item.raw, Raw::Flag(_) | Raw::Whole(_) | Raw::Number(_) | Raw::Text(_) | Raw::Loose(_)),
            Self::Free
            | Self::Table(_)
            | Self::States
            | Self::Values
            | Self::Parameters
            | Self::Overrides
            | Self::AlarmOverrides => item.entries().is_some(),
            Self::OneOf(shapes) => shapes.iter().any(|shape| shape.fits(item)),
        }
    }

    /// `a whole number from 0 to 9`.
    pub fn words(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Flag => "true or false".to_owned(),
            Self::Whole(low, high) => format!("a whole number from {low} to {high}"),
            Self::Number => "a number".to_owned(),
            Self::Pair => "two numbers, [low, high]".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Scalars => "a list of values".to_owned(),
            Self::Duration(..) => "a length of time".to_owned(),
            Self::Scalar => "true, false, a number or text".to_owned(),
            Self::Free
            | Self::Table(_)
            | Self::Values
            | Self::Parameters
            | Self::States
            | Self::Overrides
            | Self::AlarmOverrides => "a table".to_owned(),
            Self::Tables(_) => "a list of tables".to_owned(),
            Self::OneOf(shapes) => shapes.iter().map(Self::words).collect::<Vec<_>>().join(", or "),
        }
    }

    /// A value that would do, as written in TOML.
    pub fn example(&self) -> String {
        match self {
            Self::Text => "\"...\"".to_owned(),
            Self::Word(words) => format!("\"{}\"", words.first().unwrap_or(&"")),
            Self::Flag => "true".to_owned(),
            Self::Whole(low, high) => 1_000.clamp(*low, *high).to_string(),
            Self::Number | Self::Scalar => "1.5".to_owned(),
            Self::Pair => "[0, 100]".to_owned(),
            Self::Texts => "[\"...\"]".to_owned(),
            Self::Scalars => "[1, 2]".to_owned(),
            Self::Duration(low, high) => format!("\"{}\"", duration_words(300_000.clamp(*low, *high))),
            Self::AlarmOverrides => "{ tripped = { priority = \"high\" } }".to_owned(),
            Self::Free | Self::Values | Self::Parameters => "{ name = 1 }".to_owned(),
            Self::Overrides => "{ speed = { limits = { high = 90 } } }".to_owned(),
            Self::States => "{ 0 = \"stopped\", 1 = \"running\" }".to_owned(),
            Self::Table(_) => "{ ... }".to_owned(),
            Self::Tables(_) => "[{ ... }]".to_owned(),
            Self::OneOf(shapes) => shapes.first().map(Self::example).unwrap_or_default(),
        }
    }
}
