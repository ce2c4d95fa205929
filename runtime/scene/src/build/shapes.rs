//! `tank`, `pump`, `motor`, `valve`, `pipe`.

use plantroom_script::rhai::{Dynamic, Engine};

use super::arguments::{Call, offer};
use super::options::{FACTS, Instance};
use super::{Done, with};
use crate::{Machine, Pipe, Point, Rect, Symbol, Tank, Valve, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "tank", "tank(80, 220, #{ tag: \"clear_well/level\", w: 140, h: 260 })", tank);
    offer(engine, "pump", "pump(300, 440, \"high_lift/p1\", #{ label: \"Pump 1\" }): x, y and a tag prefix", |call| {
        machine(call, "pump", Symbol::Pump)
    });
    offer(engine, "motor", "motor(300, 440, \"intake/mixer\", #{ label: \"Mixer\" }): x, y and a tag prefix", |call| {
        machine(call, "motor", Symbol::Motor)
    });
    offer(engine, "valve", "valve(400, 440, \"high_lift/v1\", #{ label: \"Valve 1\" }): x, y and a tag prefix", valve);
    offer(engine, "pipe", "pipe([[220, 440], [300, 440]], #{ flow: \"clear_well/outflow\", arrow: true })", pipe);
}

/// Facts options and the function's own.
fn known<const N: usize>(own: [&'static str; N]) -> Vec<&'static str> {
    own.into_iter().chain(FACTS).collect()
}

fn tank(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2, &known(["w", "h", "tag", "label"]))?;
    let rect = options.boxed(call, at, (140.0, 260.0))?;
    let Some(value) = options.take("tag") else { return call.wrong("needs the tag of its level as `tag`") };
    let mut level = call.reading(value, "tag")?;
    options.facts(call, &mut level)?;
    let label = options.words(call, "label", "")?;
    let tip = level.tag().map(ToString::to_string).unwrap_or_default();
    options.finish(call, rect, Symbol::Tank(Tank { label, level }), &tip, None)
}

/// A box around a middle.
fn around(at: Point, size: (f32, f32)) -> Rect {
    Rect { x: at.x - size.0 / 2.0, y: at.y - size.1 / 2.0, w: size.0, h: size.1 }
}

fn machine(call: &mut Call, kind: &'static str, symbol: fn(Machine) -> Symbol) -> Done<Dynamic> {
    if !(call.has(0) && call.has(1) && call.has(2)) {
        return call.wrong("needs x, y and a tag prefix");
    }
    let at = call.xy()?;
    let prefix = call.text(2, "a tag prefix")?;
    let own = ["label", "facing", "running", "state", "fault", "manual", "auto", "size"];
    let mut options = call.options(3, &own)?;
    let size = options.extent(call, "size", 48.0)?;
    let label = options.words(call, "label", "")?;
    let running = match options.take("running") {
        Some(value) => call.reading(value, "running")?,
        None => call.tag(&format!("{prefix}/running"), "running")?,
    };
    let state = options.reading_or(call, "state", &format!("{prefix}/state"))?;
    let fault = options.reading_or(call, "fault", &format!("{prefix}/tripped"))?;
    let manual = match options.take("manual") {
        Some(value) if value.as_bool() == Ok(false) => crate::Reading::absent(),
        Some(value) => call.reading(value, "manual")?,
        None => options.reading_or(call, "auto", &format!("{prefix}/auto"))?.inverted(),
    };
    let facing = options.direction(call)?;
    let instance = Instance { part: kind, name: &prefix, label: label.now.clone() };
    let machine = Machine { label, running, state, fault, manual, facing };
    options.finish(call, around(at, (size, size)), symbol(machine), &prefix, Some(instance))
}

fn valve(call: &mut Call) -> Done<Dynamic> {
    if !(call.has(0) && call.has(1) && call.has(2)) {
        return call.wrong("needs x, y and a tag prefix");
    }
    let at = call.xy()?;
    let prefix = call.text(2, "a tag prefix")?;
    let mut options = call.options(3, &["label", "facing", "position", "fault", "manual", "size"])?;
    let size = options.extent(call, "size", 30.0)?;
    let label = options.words(call, "label", "")?;
    let position = match options.take("position") {
        Some(value) => call.reading(value, "position")?,
        None => call.tag(&format!("{prefix}/position"), "position")?,
    };
    let fault = options.reading_or(call, "fault", &format!("{prefix}/fault"))?;
    let manual = options.reading_or(call, "manual", &format!("{prefix}/manual"))?;
    let facing = options.direction(call)?;
    let instance = Instance { part: "valve", name: &prefix, label: label.now.clone() };
    let valve = Valve { label, position, fault, manual, facing };
    let extent = match facing {
        crate::Direction::Right | crate::Direction::Left => (size, size * 0.74),
        crate::Direction::Up | crate::Direction::Down => (size * 0.74, size),
    };
    options.finish(call, around(at, extent), Symbol::Valve(valve), &prefix, Some(instance))
}

fn pipe(call: &mut Call) -> Done<Dynamic> {
    let corners = call.take(0, "its corners")?.into_array().unwrap_or_default();
    if corners.len() < 2 || corners.len() > limits::PIPE_POINTS {
        return call.wrong(format!("needs 2 to {} corners", limits::PIPE_POINTS));
    }
    let origin = with("pipe", |build| Ok(build.origin()))?;
    let mut points = Vec::with_capacity(corners.len());
    for corner in corners {
        match corner.into_array().unwrap_or_default().as_slice() {
            [x, y] => points.push(Point { x: call.length(x, "x")? + origin.x, y: call.length(y, "y")? + origin.y }),
            _ => return call.wrong("needs each corner as [x, y]"),
        }
    }
    let mut options = call.options(1, &["flow", "flowing_above", "arrow", "width", "label"])?;
    let flow = options.reading(call, "flow")?;
    let flowing_above = options.real(call, "flowing_above")?.unwrap_or(0.5);
    let arrow = options.bool(call, "arrow", false)?;
    let width = options.extent(call, "width", 6.0)?;
    let label = options.text(call, "label")?.unwrap_or_default();
    let tip = flow.tag().map(ToString::to_string).unwrap_or_default();
    let rect = Rect::around(&points);
    options.finish(call, rect, Symbol::Pipe(Pipe { points, flow, flowing_above, arrow, width, label }), &tip, None)
}
