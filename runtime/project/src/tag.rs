//! One tag, as its table says it: everything that can be checked without looking at other tables.

use std::sync::Arc;

use plantroom_model::{Deadband, FaultBand, LimitSet, Origin, Scaling, TagSpec, Value, ValueKind};

use crate::fields::Fields;
use crate::names::check_path;
use crate::report::{Report, Spot};
use crate::tree::{Item, Raw};
use crate::write::{WriteDecl, read_write};

/// A tag whose references are only names yet.
#[derive(Debug)]
pub(crate) struct TagDecl {
    /// All but origin and write, which `source` and `write` become.
    pub spec: TagSpec,
    /// Where its name stands.
    pub spot: Spot,
    /// Where its value comes from.
    pub source: SourceDecl,
    /// How it is written.
    pub write: Option<WriteDecl>,
    /// Silence after which a poll counts as missed, where it is said.
    pub stale_after_ms: Option<u32>,
}

/// Where a tag's value comes from, by name.
#[derive(Debug)]
pub(crate) enum SourceDecl {
    /// A driver polls it.
    Connection { name: String, spot: Spot, address: String, group: String },
    /// A plugin computes it.
    Plugin { name: String, spot: Spot },
    /// The station keeps it.
    Memory(Value),
    /// It couldn't be made out; that was told, or depends on a type's parameters.
    NotKnown,
}

/// Reads a tag whose full name is known.
pub(crate) fn read_tag(fields: Fields<'_>, name: &str, instance: Option<(Arc<str>, Arc<str>)>, report: &mut Report) -> TagDecl {
    let kind = fields.word("kind").and_then(kind_of).unwrap_or(ValueKind::Null);
    let mut spec = TagSpec::new(name, kind, Origin::System);
    spec.instance = instance;
    let good_name = check_path("tag name", name, fields.at("name"), report);
    if name == "system" || name.starts_with("system/") {
        report.error(fields.at("name"), "names under system/ belong to the station", "choose another first part");
    }
    spec.unit = fields.text("unit").unwrap_or_default().to_owned();
    spec.description = fields.text("description").unwrap_or_default().to_owned();
    spec.decimals = fields.whole_or("decimals", 1);
    spec.retain = fields.flag("retain").unwrap_or(false);
    let is_number = matches!(kind, ValueKind::Int | ValueKind::Uint | ValueKind::Float | ValueKind::Null);
    for key in ["range", "limits", "scaling", "deadband"] {
        if !is_number && fields.has(key) {
            let message = format!("a tag of kind {} has no `{key}`", kind.word());
            report.error(fields.key_at(key), message, format!("remove {key}, or make kind a number: float, int or uint"));
        }
    }
    if is_number {
        spec.range = fields.pair("range");
        check_range("range", spec.range, fields.at("range"), report);
        spec.limits = fields.table("limits").map(|limits| read_limits(limits, spec.range, report)).unwrap_or_default();
        spec.scaling = fields.table("scaling").and_then(|scaling| read_scaling(scaling, report));
        spec.deadband = read_deadband(fields, report);
    }
    spec.states = read_states(fields, kind, report);
    let source = read_source(fields, kind, spec.range, report);
    let write = read_write(fields, &spec, report);
    let stale_after_ms = fields.whole("stale_after_ms").and_then(|ms| u32::try_from(ms).ok());
    // A name that must be changed tells nothing about the grants it needs.
    let source = if good_name { source } else { SourceDecl::NotKnown };
    TagDecl { spec, spot: fields.at("name"), source, write, stale_after_ms }
}

/// Tells a pair whose ends are the wrong way round.
pub(crate) fn check_range(name: &str, range: Option<(f64, f64)>, spot: Spot, report: &mut Report) {
    let Some((low, high)) = range else { return };
    if low > high {
        report.error(spot, format!("`{name}` is upside down: {low} is above {high}"), format!("write {name} = [{high}, {low}]"));
    } else if low == high {
        report.error(spot, format!("`{name}` is empty: both ends are {low}"), "write [low, high]");
    }
}

/// The kind that a word names.
pub(crate) fn kind_of(word: &str) -> Option<ValueKind> {
    [ValueKind::Bool, ValueKind::Int, ValueKind::Uint, ValueKind::Float, ValueKind::Text]
        .into_iter()
        .find(|kind| kind.word() == word)
}

fn read_limits(limits: Fields<'_>, range: Option<(f64, f64)>, report: &mut Report) -> LimitSet {
    let names = ["low_low", "low", "high", "high_high"];
    let given: Vec<(&str, f64)> = names.iter().filter_map(|name| Some((*name, limits.number(name)?))).collect();
    for pair in given.windows(2) {
        if let [(below, low), (above, high)] = pair
            && low >= high
        {
            let message = format!("`{above}` ({high}) must be above `{below}` ({low})");
            report.error(limits.at(above), message, "limits go up in this order: low_low, low, high, high_high");
        }
    }
    if let Some((low, high)) = range.filter(|(low, high)| low < high) {
        for (name, value) in given.iter().filter(|(_, value)| *value < low || *value > high) {
            let message = format!("`{name}` ({value}) is outside of the tag's range, {low} to {high}");
            report.error(limits.at(name), message, "a reading is clamped to the range, so this limit could never be passed");
        }
    }
    let value = |name| limits.number(name);
    LimitSet { high_high: value("high_high"), high: value("high"), low: value("low"), low_low: value("low_low") }
}

fn read_scaling(scaling: Fields<'_>, report: &mut Report) -> Option<Scaling> {
    let (raw, eng) = (scaling.pair("raw"), scaling.pair("eng"));
    for (name, pair) in [("raw", raw), ("eng", eng)] {
        if pair.is_some_and(|(low, high)| low == high) {
            let message = format!("both ends of `{name}` are the same, so this scaling is no line");
            report.error(scaling.at(name), message, "write for example raw = [0, 27648], eng = [0, 100]");
        }
    }
    let ((raw_low, raw_high), (eng_low, eng_high)) = (raw?, eng?);
    let fault_band = scaling.pair("fault").map(|(below, above)| FaultBand { below, above });
    if let Some(band) = fault_band {
        check_range("fault", Some((band.below, band.above)), scaling.at("fault"), report);
        if band.below < band.above && (band.below >= raw_low.min(raw_high) || band.above <= raw_low.max(raw_high)) {
            let message = "the fault band reaches into the raw range: a good reading would count as a failed sensor";
            report.warning(
                scaling.at("fault"),
                message,
                format!("fault means: at or below {}, at or above {}", band.below, band.above),
            );
        }
    }
    (raw_low != raw_high && eng_low != eng_high).then_some(Scaling { raw_low, raw_high, eng_low, eng_high, fault_band })
}

fn read_deadband(fields: Fields<'_>, report: &mut Report) -> Deadband {
    let mut part = |table: Fields<'_>, name: &str| {
        let value = table.number(name).unwrap_or(0.0);
        if value < 0.0 {
            report.error(table.at(name), format!("the deadband must not be negative, but is {value}"), "0 tells every change");
        }
        value
    };
    match fields.table("deadband") {
        Some(table) => Deadband { console: part(table, "console"), history: part(table, "history") },
        None => {
            let both = part(fields, "deadband");
            Deadband { console: both, history: both }
        }
    }
}

fn read_states(fields: Fields<'_>, kind: ValueKind, report: &mut Report) -> Vec<(i64, String)> {
    let Some(entries) = fields.entries("states") else { return Vec::new() };
    if matches!(kind, ValueKind::Float | ValueKind::Text) {
        let message = format!("a tag of kind {} has no `states`", kind.word());
        report.error(fields.key_at("states"), message, "states are words for a bool, int or uint");
    }
    let mut states: Vec<(i64, String)> = Vec::new();
    for entry in entries {
        let Ok(number) = entry.key.parse::<i64>() else { continue };
        let spot = fields.spot.moved(entry.at);
        let possible = match kind {
            ValueKind::Bool => (0..=1).contains(&number),
            ValueKind::Uint => number >= 0,
            _ => true,
        };
        if !possible {
            report.error(spot, format!("{} is never {number}", kind.word()), "remove this state");
        }
        if states.iter().any(|(before, _)| *before == number) {
            report.error(spot, format!("the state {number} is given twice"), "keep one of the two");
        }
        states.push((number, entry.item.text().unwrap_or_default().to_owned()));
    }
    states
}

fn read_source(fields: Fields<'_>, kind: ValueKind, range: Option<(f64, f64)>, report: &mut Report) -> SourceDecl {
    let given: Vec<&str> = ["connection", "plugin", "memory"].into_iter().filter(|key| fields.has(key)).collect();
    if given.len() > 1 {
        let message = format!("the tag's value comes from one place, but `{}` are given", given.join("` and `"));
        report.error(fields.key_at(given[1]), message, "keep one of them");
        return SourceDecl::NotKnown;
    }
    for key in ["address", "group"].into_iter().filter(|key| fields.has(key) && given.first() != Some(&"connection")) {
        let message = format!("`{key}` is only for a tag with a connection");
        report.error(fields.key_at(key), message, "add connection = \"...\", or remove it");
        if given.is_empty() {
            return SourceDecl::NotKnown;
        }
    }
    match given.first() {
        Some(&"connection") => read_connection(fields, report),
        Some(&"plugin") => match fields.text("plugin") {
            Some(name) => SourceDecl::Plugin { name: name.to_owned(), spot: fields.at("plugin") },
            None => SourceDecl::NotKnown,
        },
        Some(_) => read_memory(fields, kind, range, report),
        None => {
            let help = "add connection and address (a device), or plugin (computed), or memory (a first value)";
            report.error(fields.spot, "nothing says where this tag's value comes from", help);
            SourceDecl::NotKnown
        }
    }
}

fn read_connection(fields: Fields<'_>, report: &mut Report) -> SourceDecl {
    if !fields.has("address") {
        let help = "add where it is in the device, in the driver's notation: address = \"holding 0 f32\"";
        report.error(fields.spot, "this tag has a connection, but no address", help);
    } else if fields.text("address").is_some_and(|address| address.trim().is_empty()) {
        report.error(fields.at("address"), "the address is empty", "write it in the driver's notation: \"holding 0 f32\"");
    }
    match fields.text("connection") {
        Some(name) => SourceDecl::Connection {
            name: name.to_owned(),
            spot: fields.at("connection"),
            address: fields.text("address").unwrap_or_default().to_owned(),
            group: fields.text("group").unwrap_or_default().to_owned(),
        },
        None => SourceDecl::NotKnown,
    }
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

/// A scalar as a value of a kind, if it is one: text is never a number, and a number never text.
fn value_of(item: &Item, kind: ValueKind) -> Option<Value> {
    match (kind, &item.raw) {
        (ValueKind::Bool, _) => item.flag().map(Value::Bool),
        (ValueKind::Text, Raw::Text(text) | Raw::Loose(text)) => {
            (text.len() <= plantroom_model::limits::TEXT_BYTES).then(|| Value::Text(text.as_str().into()))
        }
        (ValueKind::Float, _) => item.number().map(Value::Float),
        (ValueKind::Int, _) => item.whole().and_then(|number| i64::try_from(number).ok()).map(Value::Int),
        (ValueKind::Uint, _) => item.whole().and_then(|number| u64::try_from(number).ok()).map(Value::Uint),
        _ => None,
    }
}
