//! Where a tag's value comes from, as its table says it: a connection, a plugin, memory, or other tags.

use std::sync::Arc;

use plantroom_model::{Totalise, ValueKind};

use crate::fields::Fields;
use crate::report::Report;
use crate::shared::Kept;
use crate::tag::{SourceDecl, value_of};

/// The keys of which one says where a tag's value comes from.
pub(crate) const SOURCES: [&str; 5] = ["connection", "plugin", "derive", "total", "memory"];
/// The keys that go with a connection.
pub(crate) const OF_CONNECTION: [&str; 3] = ["address", "group", "device"];

/// Reads it; what is wrong is told.
pub(crate) fn read_source(
    fields: Fields<'_>,
    kind: ValueKind,
    range: Option<(f64, f64)>,
    kept: &mut Kept,
    report: &mut Report,
) -> SourceDecl {
    let given: Vec<&str> = SOURCES.into_iter().filter(|key| fields.has(key)).collect();
    if given.len() > 1 {
        let message = format!("the tag's value comes from one place, but `{}` are given", given.join("` and `"));
        report.error(fields.key_at(given[1]), message, "keep one of them");
        return SourceDecl::NotKnown;
    }
    for key in OF_CONNECTION.into_iter().filter(|key| fields.has(key) && given.first() != Some(&"connection")) {
        let message = format!("`{key}` is only for a tag with a connection");
        report.error(fields.key_at(key), message, "add connection = \"...\", or remove it");
        if given.is_empty() {
            return SourceDecl::NotKnown;
        }
    }
    match given.first() {
        Some(&"connection") => read_connection(fields, kept, report),
        Some(&"plugin") => match fields.text("plugin") {
            Some(name) => SourceDecl::Plugin { name: kept.texts.add(name), spot: fields.at("plugin") },
            None => SourceDecl::NotKnown,
        },
        Some(&"derive") => read_derive(fields, report),
        Some(&"total") => read_total(fields, kind, report),
        Some(_) => read_memory(fields, kind, range, report),
        None => {
            let help = "add connection and address (a device), or plugin, derive or total (computed), or memory (a first value)";
            report.error(fields.spot, "nothing says where this tag's value comes from", help);
            SourceDecl::NotKnown
        }
    }
}

fn read_connection(fields: Fields<'_>, kept: &mut Kept, report: &mut Report) -> SourceDecl {
    if !fields.has("address") {
        let help = "add where it is in the device, in the driver's notation: address = \"holding 0 f32\"";
        report.error(fields.spot, "this tag has a connection, but no address", help);
    } else if fields.text("address").is_some_and(|address| address.trim().is_empty()) {
        report.error(fields.at("address"), "the address is empty", "write it in the driver's notation: \"holding 0 f32\"");
    }
    match fields.text("connection") {
        Some(name) => SourceDecl::Connection {
            name: kept.texts.add(name),
            spot: fields.at("connection"),
            device: fields.text("device").map(|name| (kept.texts.add(name), fields.at("device"))),
            address: kept.texts.add(fields.text("address").unwrap_or_default().trim()),
        },
        None => SourceDecl::NotKnown,
    }
}

fn read_derive(fields: Fields<'_>, report: &mut Report) -> SourceDecl {
    let Some(expression) = fields.text("derive") else { return SourceDecl::NotKnown };
    if expression.trim().is_empty() {
        let help = "write what it is computed from: derive = \"tag(\\\"a/flow\\\") - tag(\\\"b/flow\\\")\"";
        report.error(fields.at("derive"), "the expression is empty", help);
        return SourceDecl::NotKnown;
    }
    SourceDecl::Derived { expression: Arc::from(expression.trim()), spot: fields.at("derive") }
}

fn read_total(fields: Fields<'_>, kind: ValueKind, report: &mut Report) -> SourceDecl {
    let Some(total) = fields.table("total") else { return SourceDecl::NotKnown };
    let says = |key: &str| total.flag(key) == Some(true);
    let is_counter = total.has("counter_wraps_at") || total.has("factor");
    let given: Vec<&str> = [
        ("rate_per", total.has("rate_per")),
        (if total.has("counter_wraps_at") { "counter_wraps_at" } else { "factor" }, is_counter),
        ("starts", says("starts")),
        ("hours", says("hours")),
    ]
    .into_iter()
    .filter_map(|(key, is_given)| is_given.then_some(key))
    .collect();
    let help =
        "write rate_per = \"h\" (a flow), counter_wraps_at = 65536 or factor = 1 (a counter), starts = true, or hours = true";
    if given.len() != 1 {
        let message = match given.is_empty() {
            true => "nothing says how this total grows".to_owned(),
            false => format!("a total grows in one way, but `{}` are given", given.join("` and `")),
        };
        report.error(given.get(1).map_or(total.spot, |second| total.key_at(second)), message, help);
        return SourceDecl::NotKnown;
    }
    let how = match given.first() {
        Some(&"rate_per") => total.word("rate_per").map(|per| Totalise::Rate { per_s: seconds(per) }),
        Some(&"starts") => Some(Totalise::Starts),
        Some(&"hours") => Some(Totalise::Hours),
        _ => read_counter(total, report),
    };
    let whole = matches!(kind, ValueKind::Int | ValueKind::Uint);
    let counts = match how {
        Some(Totalise::Starts) => whole || kind == ValueKind::Float,
        Some(Totalise::Counter { factor, .. }) => kind == ValueKind::Float || (whole && factor.fract() == 0.0),
        _ => kind == ValueKind::Float,
    };
    if !counts && kind != ValueKind::Null && how.is_some() {
        let message = format!("a total that grows like this has fractions, which a tag of kind {} can't hold", kind.word());
        let message = if whole { message } else { format!("a total is a number, but this tag is of kind {}", kind.word()) };
        report.error(fields.at("kind"), message, "write kind = \"float\"");
    }
    match (total.text("of"), how) {
        (Some(of), Some(how)) => SourceDecl::Total(Box::new((of.to_owned(), total.at("of"), how))),
        _ => SourceDecl::NotKnown,
    }
}

/// Seconds of a rate's unit of time.
fn seconds(per: &str) -> f64 {
    match per {
        "h" => 3600.0,
        "min" => 60.0,
        _ => 1.0,
    }
}

fn read_counter(total: Fields<'_>, report: &mut Report) -> Option<Totalise> {
    let wraps_at = total.number("counter_wraps_at");
    let factor = if total.has("factor") { total.number("factor")? } else { 1.0 };
    if total.has("counter_wraps_at") && wraps_at.is_none() {
        return None;
    }
    if let Some(wraps_at) = wraps_at.filter(|wraps_at| *wraps_at <= 1.0) {
        let message = format!("a counter can't start again after {wraps_at}");
        report.error(total.at("counter_wraps_at"), message, "65536 for a 16-bit register, 4294967296 for one of 32 bits");
    }
    if factor == 0.0 {
        report.error(total.at("factor"), "a count that is worth nothing gives no total", "write what one count is worth");
    }
    Some(Totalise::Counter { wraps_at, factor })
}

fn read_memory(fields: Fields<'_>, kind: ValueKind, range: Option<(f64, f64)>, report: &mut Report) -> SourceDecl {
    let Some(item) = fields.item("memory").filter(|_| kind != ValueKind::Null) else { return SourceDecl::NotKnown };
    let Some(value) = value_of(item, kind) else {
        let message = format!("the tag's kind is {}, but its first value is {}", kind.word(), item.words());
        let example = match kind {
            ValueKind::Bool => "false",
            ValueKind::Text => "\"\"",
            ValueKind::Float => "0.0",
            _ => "0",
        };
        report.error(fields.at("memory"), message, format!("write memory = {example}, or change kind"));
        return SourceDecl::NotKnown;
    };
    if let (Some((low, high)), Some(number)) = (range, value.as_f64())
        && low < high
        && !(low..=high).contains(&number)
    {
        let message = format!("the first value ({number}) is outside of the tag's range, {low} to {high}");
        report.error(fields.at("memory"), message, "choose a first value in the range");
    }
    SourceDecl::Memory(value)
}
