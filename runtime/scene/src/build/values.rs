//! `value`, `row`, `bar`, `lamp`, `trend`, `sparkline`, `gauge`, `instrument`,
//! `permissives`.

use plantroom_script::rhai::{Dynamic, Engine, Map};

use super::Done;
use super::arguments::{Call, offer};
use super::machines::around;
use super::options::Options;
use crate::computed::value_of;
use crate::{Bar, Gauge, Instrument, Lamp, Location, Pen, Permissives, Prop, Rect, Symbol, Trend, ValueBox, guide, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "value", value);
    offer(engine, "row", row);
    offer(engine, "bar", bar);
    offer(engine, "lamp", lamp);
    offer(engine, "trend", trend);
    offer(engine, "sparkline", sparkline);
    offer(engine, "gauge", gauge);
    offer(engine, "instrument", instrument);
    offer(engine, "permissives", permissives);
}

fn value(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "a tag or a closure")?;
    let mut options = call.options(3)?;
    let rect = options.boxed(call, at, (92.0, 24.0))?;
    let mut reading = call.reading(given, "the value")?;
    options.facts(call, &mut reading)?;
    let label = options.words(call, "label", "")?;
    let tip = reading.tag().map(ToString::to_string).unwrap_or_default();
    options.finish(call, rect, Symbol::Value(ValueBox { label, reading, plain: false, label_w: 0.0 }), &tip, None)
}

fn row(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let label = call.take(2, "a label")?;
    let given = call.take(3, "a tag or a closure")?;
    let mut options = call.options(4)?;
    let rect = options.boxed(call, at, (280.0, 20.0))?;
    let label_w = options.extent(call, "label_w", 120.0)?;
    let label = call.words(label, "its label")?;
    let mut reading = call.reading(given, "the value")?;
    options.facts(call, &mut reading)?;
    let tip = reading.tag().map(ToString::to_string).unwrap_or_default();
    options.finish(call, rect, Symbol::Value(ValueBox { label, reading, plain: true, label_w }), &tip, None)
}

fn bar(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "a tag or a closure")?;
    let mut options = call.options(3)?;
    let lying = options.bool(call, "lying", false)?;
    let rect = options.boxed(call, at, if lying { (150.0, 18.0) } else { (18.0, 150.0) })?;
    let mut reading = call.reading(given, "the value")?;
    options.facts(call, &mut reading)?;
    let label = options.words(call, "label", "")?;
    let setpoint = options.reading(call, "setpoint")?;
    let normal = options.range(call, "normal")?;
    let number = options.bool(call, "number", true)?;
    let tip = reading.tag().map(ToString::to_string).unwrap_or_default();
    options.finish(call, rect, Symbol::Bar(Bar { label, reading, setpoint, normal, lying, number }), &tip, None)
}

fn lamp(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "a tag or a closure")?;
    let mut options = call.options(3)?;
    let size = options.extent(call, "size", 18.0)?;
    let mut reading = call.reading(given, "the state")?;
    options.facts(call, &mut reading)?;
    let label = options.words(call, "label", "")?;
    let abnormal = options.maybe_bool(call, "abnormal")?;
    let tip = reading.tag().map(ToString::to_string).unwrap_or_default();
    let rect = Rect { x: at.x, y: at.y, w: size, h: size };
    options.finish(call, rect, Symbol::Lamp(Lamp { label, reading, abnormal }), &tip, None)
}

fn trend(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let rect = options.boxed(call, at, (560.0, 300.0))?;
    let span_ms = span(call, options.text(call, "span")?.as_deref().unwrap_or("10m"))?;
    let given = options.take("pens").and_then(|pens| pens.into_array().ok()).unwrap_or_default();
    if given.is_empty() || given.len() > limits::TREND_PENS {
        return call.wrong(format!("needs 1 to {} pens", limits::TREND_PENS));
    }
    let pens = given.into_iter().map(|value| pen(call, value)).collect::<Done<Vec<_>>>()?;
    let label = options.words(call, "label", "")?;
    let tip = pens.iter().filter_map(|pen| pen.tag()).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    options.finish(call, rect, Symbol::Trend(Trend { label, pens, span_ms, spark: false }), &tip, None)
}

fn sparkline(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let tag = call.text(2, "a tag's name")?;
    let mut options = call.options(3)?;
    let rect = options.boxed(call, at, (120.0, 24.0))?;
    let span_ms = span(call, options.text(call, "span")?.as_deref().unwrap_or("10m"))?;
    let mut reading = call.tag(&tag, "the tag")?;
    reading.overrides.range = options.range(call, "range")?;
    let pens = vec![Pen { label: String::new(), reading }];
    options.finish(call, rect, Symbol::Trend(Trend { label: Prop::default(), pens, span_ms, spark: true }), &tag, None)
}

fn gauge(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "a tag or a closure")?;
    let mut options = call.options(3)?;
    let size = options.extent(call, "size", 112.0)?;
    let mut reading = call.reading(given, "the value")?;
    options.facts(call, &mut reading)?;
    let label = options.words(call, "label", "")?;
    let setpoint = options.reading(call, "setpoint")?;
    let normal = options.range(call, "normal")?;
    let tip = reading.tag().map(ToString::to_string).unwrap_or_default();
    let rect = Rect { x: at.x, y: at.y, w: size, h: size };
    options.finish(call, rect, Symbol::Gauge(Gauge { label, reading, setpoint, normal }), &tip, None)
}

fn instrument(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "a tag or a closure")?;
    let mut options = call.options(3)?;
    let size = options.extent(call, "size", 40.0)?;
    let mut reading = call.reading(given, "the value")?;
    options.facts(call, &mut reading)?;
    let tag = reading.tag().map(ToString::to_string).unwrap_or_default();
    let (letters, number) = match (options.text(call, "letters")?, options.text(call, "number")?, Instrument::named(&tag)) {
        (Some(letters), number, found) => (letters, number.or(found.map(|found| found.1)).unwrap_or_default()),
        (None, Some(number), Some((letters, _))) => (letters, number),
        (None, None, Some(found)) => found,
        (None, _, None) => {
            return call.refuse(format!(
                "finds no ISA-5.1 letters in `{tag}` (as in `pic601`); say them: #{{ letters: \"PIC\", number: \"601\" }}"
            ));
        }
    };
    if letters.is_empty() || letters.chars().count() > 6 || number.chars().count() > 8 {
        return call.refuse("has room for 1 to 6 `letters` and a `number` of 8");
    }
    let places =
        [("field", Location::Field), ("panel", Location::Panel), ("behind", Location::Behind), ("shared", Location::Shared)];
    let location = options.word(call, "location", &places, Location::Field)?;
    let with_value = options.bool(call, "value", true)?;
    let tip = if tag.is_empty() { format!("{letters} {number}") } else { tag };
    let symbol = Symbol::Instrument(Instrument { letters, number, location, reading, with_value });
    options.finish(call, around(at, (size, size)), symbol, &tip, None)
}

fn permissives(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "the tag that would be written")?;
    let mut options = call.options(3)?;
    let rect = options.boxed(call, at, (280.0, 20.0))?;
    let label_w = options.extent(call, "label_w", 120.0)?;
    let label = options.words(call, "label", "")?;
    let state = options.words(call, "state", "")?;
    let value = options.take("value").and_then(|value| value_of(&value));
    let mut target = call.reading(given, "the tag that would be written")?;
    options.facts(call, &mut target)?;
    let tip = target.tag().map(ToString::to_string).unwrap_or_default();
    options.finish(call, rect, Symbol::Permissives(Permissives { label, label_w, target, state, value }), &tip, None)
}

/// A pen: a tag, a closure, or `#{ tag: .., label: .., range: .. }`.
fn pen(call: &Call, value: Dynamic) -> Done<Pen> {
    let map = match value.flatten().try_cast_result::<Map>() {
        Ok(map) => map,
        Err(value) => return Ok(Pen { label: String::new(), reading: call.reading(value, "a pen")? }),
    };
    let all: Vec<&str> = ["tag", "label"].into_iter().chain(guide::FACTS.map(|(name, _)| name)).collect();
    for key in map.keys() {
        call.knows(key, &all, " in a pen")?;
    }
    let mut options = Options::new(map);
    let Some(tag) = options.take("tag") else { return call.refuse("needs `tag` in a pen: #{ tag: \"a/b\", label: \"flow\" }") };
    let mut reading = call.reading(tag, "a pen's tag")?;
    options.facts(call, &mut reading)?;
    let label = options.text(call, "label")?.unwrap_or_default();
    Ok(Pen { label, reading })
}

/// `30s`, `10m`, `1h`, `1d` in ms.
fn span(call: &Call, text: &str) -> Done<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit_ms = match unit.trim() {
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    match number.parse::<u64>().unwrap_or(0).saturating_mul(unit_ms) {
        ms @ 10_000..=limits::TREND_SPAN_MS => Ok(ms),
        _ => call.refuse(format!("can't show a span of \"{text}\"; write \"30s\", \"10m\" or \"1h\", from 10s to 1d")),
    }
}
