//! A file as a tree whose every part knows its place: what TOML tables, CSV rows and instances of types all become.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

use crate::sources::byte;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// What it is.
    pub raw: Raw,
    /// Its place in the run of all files.
    pub at: u32,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// Quoted text.
    Text(String),
    /// A CSV cell, or text made from a type's parameters: takes the shape that is asked for.
    Loose(String),
    /// Text of a type with placeholders that are not filled in yet: may become anything.
    Open(String),
    /// True or false.
    Flag(bool),
    /// A whole number.
    Whole(i128),
    /// A number with a point, or one too large for 128 bits.
    Number(f64),
    /// A date or a time; nothing takes one.
    Moment(String),
    /// A list.
    List(Vec<Item>),
    /// A table.
    Table(Entries),
}

/// A table's entries in the order of the file.
pub(crate) type Entries = Vec<Entry>;

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The key.
    pub key: Cow<'static, str>,
    /// The key's place.
    pub at: u32,
    /// The value.
    pub item: Item,
}

impl Item {
    /// The entries, where this is a table.
    pub fn entries(&self) -> Option<&Entries> {
        match &self.raw {
            Raw::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The parts, where this is a list.
    pub fn list(&self) -> Option<&[Item]> {
        match &self.raw {
            Raw::List(items) => Some(items),
            _ => None,
        }
    }

    /// Text in any of its forms.
    pub fn text(&self) -> Option<&str> {
        match &self.raw {
            Raw::Text(text) | Raw::Loose(text) => Some(text),
            _ => None,
        }
    }

    /// A flag, or loose text that is one.
    pub fn flag(&self) -> Option<bool> {
        match &self.raw {
            Raw::Flag(flag) => Some(*flag),
            Raw::Loose(text) => match text.trim() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A whole number, or loose text that is one.
    pub fn whole(&self) -> Option<i128> {
        match &self.raw {
            Raw::Whole(number) => Some(*number),
            Raw::Loose(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A finite number, or loose text that is one.
    pub fn number(&self) -> Option<f64> {
        let number = match &self.raw {
            Raw::Whole(number) => *number as f64,
            Raw::Number(number) => *number,
            Raw::Loose(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// What this is, for messages: `the text "abc"`.
    pub fn words(&self) -> String {
        match &self.raw {
            Raw::Text(text) | Raw::Open(text) => format!("the text \"{}\"", short(text)),
            Raw::Loose(text) => format!("`{}`", short(text)),
            Raw::Flag(flag) => format!("`{flag}`"),
            Raw::Whole(number) => format!("the number {number}"),
            Raw::Number(number) => format!("the number {number}"),
            Raw::Moment(text) => format!("the time {text}"),
            Raw::List(items) => format!("a list of {}", items.len()),
            Raw::Table(_) => "a table".to_owned(),
        }
    }

    /// As JSON, for the free tables that are a driver's business. `None` for what JSON can't say (NaN, infinities).
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match &self.raw {
            Raw::Text(text) | Raw::Loose(text) | Raw::Open(text) | Raw::Moment(text) => text.clone().into(),
            Raw::Flag(flag) => (*flag).into(),
            Raw::Whole(number) => match i64::try_from(*number) {
                Ok(small) => small.into(),
                Err(_) => u64::try_from(*number).ok()?.into(),
            },
            Raw::Number(number) => serde_json::Number::from_f64(*number)?.into(),
            Raw::List(items) => items.iter().map(Self::to_json).collect::<Option<Vec<_>>>()?.into(),
            Raw::Table(entries) => {
                let pairs = entries.iter().map(|entry| Some((entry.key.to_string(), entry.item.to_json()?)));
                serde_json::Value::Object(pairs.collect::<Option<_>>()?)
            }
        })
    }

    /// Where in this a value stands that JSON can't say.
    pub fn not_json(&self) -> Option<u32> {
        match &self.raw {
            Raw::List(items) => items.iter().find_map(Self::not_json),
            Raw::Table(entries) => entries.iter().find_map(|entry| entry.item.not_json()),
            _ => self.to_json().is_none().then_some(self.at),
        }
    }
}

/// The first 40 characters on one line.
fn short(text: &str) -> String {
    let mut out: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(40).is_some() {
        out.push_str("...");
    }
    out
}

/// The tree of a parsed TOML table, in the file that `source` means as a whole.
pub(crate) fn from_toml(table: &DeTable<'_>, source: u32) -> Entries {
    table
        .iter()
        .map(|(key, value)| Entry {
            key: Cow::Owned(key.get_ref().to_string()),
            at: byte(source, key.span().start),
            item: item_from_toml(value.get_ref(), value.span().start, source),
        })
        .collect()
}

fn item_from_toml(value: &DeValue<'_>, start: usize, source: u32) -> Item {
    let raw = match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            let whole = i128::from_str_radix(number.as_str(), number.radix());
            whole.map_or_else(|_| Raw::Number(number.as_str().parse().unwrap_or(f64::INFINITY)), Raw::Whole)
        }
        DeValue::Float(number) => Raw::Number(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Datetime(moment) => Raw::Moment(moment.to_string()),
        DeValue::Array(items) => {
            Raw::List(items.iter().map(|item| item_from_toml(item.get_ref(), item.span().start, source)).collect())
        }
        DeValue::Table(table) => Raw::Table(from_toml(table, source)),
    };
    Item { raw, at: byte(source, start) }
}
