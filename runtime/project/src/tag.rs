//! One tag, as its table says it: everything that can be checked without looking at other tables.

use std::sync::Arc;

use plantroom_model::{Deadband, Detail, FaultBand, Instance, LimitSet, Scaling, Totalise, Value, ValueKind};

use crate::fields::Fields;
use crate::names::check_path;
use crate::report::{Report, Spot};
use crate::shared::Kept;
use crate::source::read_source;
use crate::tree::{Item, Raw};
use crate::write::{WriteDecl, read_write};

/// A tag whose references are only names yet.
#[derive(Debug)]
pub(crate) struct TagDecl {
    /// Number of its description among the texts that are kept.
    pub description: u32,
    /// All that it may have in common with others, but for what only its references tell.
    pub detail: Arc<Detail>,
    /// What it was made from.
    pub instance: Option<Arc<Instance>>,
    /// Where its name stands.
    pub spot: Spot,
    /// Where its value comes from.
    pub source: SourceDecl,
    /// How it is written.
    pub write: Option<Box<WriteDecl>>,
    /// Silence after which a poll counts as missed, where it is said.
    pub stale_after_ms: Option<u32>,
    /// Its limits are alarms.
    pub has_alarms: bool,
}

/// Where a tag's value comes from, by name. Names and addresses are numbers of texts that are kept: a million tags wait
/// in this form until all files are read.
#[derive(Debug)]
pub(crate) enum SourceDecl {
    /// A driver polls it.
    Connection { name: u32, spot: Spot, device: Option<(u32, Spot)>, address: u32 },
    /// A plugin computes it.
    Plugin { name: u32, spot: Spot },
    /// The station keeps it.
    Memory(Value),
    /// The station computes it from other tags.
    Derived { expression: Arc<str>, spot: Spot },
    /// The station adds up another tag, of this name and at this place.
    Total(Box<(String, Spot, Totalise)>),
    /// It couldn't be made out; that was told, or depends on a type's parameters.
    NotKnown,
}

/// Reads a tag whose full name is known.
pub(crate) fn read_tag(
    fields: Fields<'_>,
    name: &str,
    instance: Option<Instance>,
    kept: &mut Kept,
    report: &mut Report,
) -> TagDecl {
    let kind = fields.word("kind").and_then(kind_of).unwrap_or(ValueKind::Null);
    let mut detail = Detail::new(kind);
    let good_name = check_path("tag name", name, fields.at("name"), report);
    if name == "system" || name.starts_with("system/") {
        report.error(fields.at("name"), "names under system/ belong to the station", "choose another first part");
    }
    detail.unit = fields.text("unit").unwrap_or_default().trim().to_owned();
    detail.group = fields.text("group").unwrap_or_default().trim().to_owned();
    detail.decimals = fields.whole_or("decimals", 1);
    detail.retain = fields.flag("retain").unwrap_or(false);
    let is_number = matches!(kind, ValueKind::Int | ValueKind::Uint | ValueKind::Float | ValueKind::Null);
    for key in ["range", "limits", "scaling", "deadband"] {
        if !is_number && fields.has(key) {
            let message = format!("a tag of kind {} has no `{key}`", kind.word());
            report.error(fields.key_at(key), message, format!("remove {key}, or make kind a number: float, int or uint"));
        }
    }
    if is_number {
        detail.range = fields.pair("range");
        check_range("range", detail.range, fields.at("range"), report);
        if let Some(limits) = fields.table("limits") {
            detail.limits = read_limits(limits, detail.range, report);
            detail.hysteresis = read_hysteresis(limits, detail.limits, detail.range, report);
        }
        detail.scaling = fields.table("scaling").and_then(|scaling| read_scaling(scaling, report));
        detail.deadband = read_deadband(fields, report);
    }
    detail.states = read_states(fields, kind, report);
    let source = read_source(fields, kind, detail.range, kept, report);
    let write = read_write(fields, &detail, report).map(Box::new);
    let stale_after_ms = fields.whole("stale_after_ms").and_then(|ms| u32::try_from(ms).ok());
    // A name that must be changed tells nothing about the grants it needs.
    let source = if good_name { source } else { SourceDecl::NotKnown };
    TagDecl {
        description: kept.texts.add(fields.text("description").unwrap_or_default().trim()),
        detail: kept.details.one(detail),
        instance: instance.map(|instance| kept.instances.one(instance)),
        spot: fields.at("name"),
        source,
        write,
        stale_after_ms,
        has_alarms: fields.table("limits").and_then(|limits| limits.flag("alarm")) == Some(true),
    }
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

fn read_hysteresis(limits: Fields<'_>, set: LimitSet, range: Option<(f64, f64)>, report: &mut Report) -> f64 {
    let hysteresis = limits.number("hysteresis").unwrap_or(0.0);
    let spot = limits.at("hysteresis");
    if hysteresis < 0.0 {
        report.error(spot, format!("the hysteresis must not be negative, but is {hysteresis}"), "0 clears at the limit itself");
        return 0.0;
    }
    let (highest, lowest) = (set.high.or(set.high_high), set.low.or(set.low_low));
    let from = |low: Option<f64>, high: Option<f64>| Some((high?, high? - low?));
    let room = [from(lowest.or(range.map(|(low, _)| low)), highest), from(lowest, highest.or(range.map(|(_, high)| high)))];
    if let Some((_, room)) = room.into_iter().flatten().find(|(_, room)| hysteresis > 0.0 && hysteresis >= *room) {
        let message = format!("with a hysteresis of {hysteresis} a limit would never clear: there is only {room} beside it");
        report.error(
            spot,
            message,
            "a high limit clears at limit - hysteresis, a low one at limit + hysteresis; make it smaller",
        );
    }
    hysteresis
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
        states.push((number, entry.item.text().unwrap_or_default().trim().to_owned()));
    }
    states
}

/// A scalar as a value of a kind, if it is one: text is never a number, and a number never text.
pub(crate) fn value_of(item: &Item, kind: ValueKind) -> Option<Value> {
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
