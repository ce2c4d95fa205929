//! `value`, `row`, `bar`, `lamp`, `trend`.

use plantroom_script::rhai::{Dynamic, Engine, Map};

use super::Done;
use super::arguments::{Call, offer};
use super::options::{FACTS, Options};
use crate::{Bar, Lamp, Pen, Rect, Symbol, Trend, ValueBox, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "value", "value(320, 520, \"high_lift/p1/speed\", #{ label: \"speed\" })", value);
    offer(engine, "row", "row(16, 60, \"Speed\", \"high_lift/p1/speed\")", row);
    offer(engine, "bar", "bar(900, 480, \"high_lift/pressure\", #{ w: 18, h: 150, setpoint: \"high_lift/pic601/sp\" })", bar);
    offer(engine, "lamp", "lamp(60, 80, \"intake/auto\", #{ label: \"automatic\", abnormal: false })", lamp);
    offer(engine, "trend", "trend(980, 180, #{ w: 560, h: 300, pens: [\"clear_well/level\"], span: \"1h\" })", trend);
}

fn known<const N: usize>(own: [&'static str; N]) -> Vec<&'static str> {
    own.into_iter().chain(FACTS).collect()
}

fn value(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let given = call.take(2, "a tag or a closure")?;
    let mut options = call.options(3, &known(["w", "h", "label"]))?;
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
    let mut options = call.options(4, &known(["w", "h", "label_w"]))?;
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
    let mut options = call.options(3, &known(["w", "h", "label", "setpoint", "normal", "lying", "number"]))?;
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
    let mut options = call.options(3, &known(["size", "label", "abnormal"]))?;
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
    let mut options = call.options(2, &["w", "h", "label", "pens", "span"])?;
    let rect = options.boxed(call, at, (560.0, 300.0))?;
    let span_ms = span(call, options.text(call, "span")?.as_deref().unwrap_or("10m"))?;
    let given = options.take("pens").and_then(|pens| pens.into_array().ok()).unwrap_or_default();
    if given.is_empty() || given.len() > limits::TREND_PENS {
        return call.wrong(format!("needs 1 to {} pens", limits::TREND_PENS));
    }
    let pens = given.into_iter().map(|value| pen(call, value)).collect::<Done<Vec<_>>>()?;
    let label = options.words(call, "label", "")?;
    let tip = pens.iter().filter_map(|pen| pen.tag()).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    options.finish(call, rect, Symbol::Trend(Trend { label, pens, span_ms }), &tip, None)
}

/// A pen: a tag, a closure, or `#{ tag: .., label: .., range: .. }`.
fn pen(call: &Call, value: Dynamic) -> Done<Pen> {
    let map = match value.flatten().try_cast_result::<Map>() {
        Ok(map) => map,
        Err(value) => return Ok(Pen { label: String::new(), reading: call.reading(value, "a pen")? }),
    };
    let own: Vec<_> = known(["tag", "label"]);
    if let Some(key) = map.keys().find(|key| !own.contains(&key.as_str())) {
        return call.refuse(format!("has no option `{key}` in a pen; it has: {}", own.join(", ")));
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
