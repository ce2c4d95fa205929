//! `tank`, `vessel`, `valve`, `pipe`, `bus_bar`.

use plantroom_script::rhai::{Dynamic, Engine};

use super::arguments::{Call, offer};
use super::machines::{around, prefixed};
use super::options::Instance;
use super::{Done, with};
use crate::{Bus, Pipe, Point, Rect, Symbol, Tank, TankShape, Valve, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "tank", tank);
    offer(engine, "valve", valve);
    offer(engine, "pipe", pipe);
    offer(engine, "bus_bar", bus_bar);
    offer(engine, "vessel", vessel);
}

fn tank(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let rect = options.boxed(call, at, (140.0, 260.0))?;
    let Some(value) = options.take("tag") else { return call.wrong("needs the tag of its level as `tag`") };
    let mut level = call.reading(value, "tag")?;
    options.facts(call, &mut level)?;
    let label = options.words(call, "label", "")?;
    let tip = level.tag().map(ToString::to_string).unwrap_or_default();
    options.finish(call, rect, Symbol::Tank(Tank { label, level, shape: TankShape::Open }), &tip, None)
}

fn valve(call: &mut Call) -> Done<Dynamic> {
    let (at, prefix) = prefixed(call)?;
    let mut options = call.options(3)?;
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

fn vessel(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let lying = options.bool(call, "lying", false)?;
    let rect = options.boxed(call, at, if lying { (200.0, 96.0) } else { (96.0, 200.0) })?;
    let mut level = options.reading(call, "tag")?;
    options.facts(call, &mut level)?;
    let label = options.words(call, "label", "")?;
    let tip = level.tag().map(ToString::to_string).unwrap_or_else(|| label.now.clone());
    let shape = if lying { TankShape::Lying } else { TankShape::Standing };
    options.finish(call, rect, Symbol::Tank(Tank { label, level, shape }), &tip, None)
}

/// The corners of a pipe or a bus bar, within the part's own origin.
fn corners(call: &mut Call) -> Done<Vec<Point>> {
    let corners = call.take(0, "its corners")?.into_array().unwrap_or_default();
    if corners.len() < 2 || corners.len() > limits::PIPE_POINTS {
        return call.wrong(format!("needs 2 to {} corners", limits::PIPE_POINTS));
    }
    let origin = with(call.function, |build| Ok(build.origin()))?;
    let mut points = Vec::with_capacity(corners.len());
    for corner in corners {
        match corner.into_array().unwrap_or_default().as_slice() {
            [x, y] => points.push(Point { x: call.length(x, "x")? + origin.x, y: call.length(y, "y")? + origin.y }),
            _ => return call.wrong("needs each corner as [x, y]"),
        }
    }
    Ok(points)
}

fn pipe(call: &mut Call) -> Done<Dynamic> {
    let points = corners(call)?;
    let mut options = call.options(1)?;
    let flow = options.reading(call, "flow")?;
    let flowing_above = options.real(call, "flowing_above")?.unwrap_or(0.5);
    let arrow = options.bool(call, "arrow", false)?;
    let width = options.extent(call, "width", 6.0)?;
    let label = options.text(call, "label")?.unwrap_or_default();
    let tip = flow.tag().map(ToString::to_string).unwrap_or_default();
    let rect = Rect::around(&points);
    options.finish(call, rect, Symbol::Pipe(Pipe { points, flow, flowing_above, arrow, width, label }), &tip, None)
}

fn bus_bar(call: &mut Call) -> Done<Dynamic> {
    let points = corners(call)?;
    let mut options = call.options(1)?;
    let live = options.reading(call, "live")?;
    let live_above = options.real(call, "live_above")?.unwrap_or(0.5);
    let width = options.extent(call, "width", 8.0)?;
    let label = options.words(call, "label", "")?;
    let tip = live.tag().map(ToString::to_string).unwrap_or_else(|| label.now.clone());
    let rect = Rect::around(&points);
    options.finish(call, rect, Symbol::Bus(Bus { points, live, live_above, width, label }), &tip, None)
}
