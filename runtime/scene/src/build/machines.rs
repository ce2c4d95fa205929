//! `pump`, `motor` and every other machine and apparatus: one function, ten shapes.

use plantroom_script::rhai::{Dynamic, Engine};

use super::Done;
use super::arguments::{Call, offer};
use super::options::{Instance, Options};
use crate::{Machine, MachineKind, Point, Reading, Rect, Symbol};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "pump", |call| machine(call, MachineKind::Pump));
    offer(engine, "motor", |call| machine(call, MachineKind::Motor));
    offer(engine, "fan", |call| machine(call, MachineKind::Fan));
    offer(engine, "compressor", |call| machine(call, MachineKind::Compressor));
    offer(engine, "agitator", |call| machine(call, MachineKind::Agitator));
    offer(engine, "conveyor", |call| machine(call, MachineKind::Conveyor));
    offer(engine, "boiler", |call| machine(call, MachineKind::Boiler));
    offer(engine, "heat_exchanger", |call| machine(call, MachineKind::HeatExchanger));
    offer(engine, "filter", |call| machine(call, MachineKind::Filter));
    offer(engine, "breaker", |call| machine(call, MachineKind::Breaker));
}

/// The library's faceplate of a kind.
fn faceplate_of(kind: MachineKind) -> &'static str {
    match kind {
        MachineKind::Pump => "pump",
        MachineKind::Breaker => "breaker",
        MachineKind::HeatExchanger | MachineKind::Filter => "apparatus",
        MachineKind::Motor
        | MachineKind::Agitator
        | MachineKind::Fan
        | MachineKind::Compressor
        | MachineKind::Conveyor
        | MachineKind::Boiler => "motor",
    }
}

/// A box around a middle.
pub(super) fn around(at: Point, size: (f32, f32)) -> Rect {
    Rect { x: at.x - size.0 / 2.0, y: at.y - size.1 / 2.0, w: size.0, h: size.1 }
}

/// x, y and a tag prefix, told together where one is missing.
pub(super) fn prefixed(call: &mut Call) -> Done<(Point, String)> {
    if !(call.has(0) && call.has(1) && call.has(2)) {
        return call.wrong("needs x, y and a tag prefix");
    }
    Ok((call.xy()?, call.text(2, "a tag prefix")?))
}

/// Width and height: `size`, or `w` and `h`; the guide knows which of them a kind has.
fn extent(call: &Call, options: &mut Options, kind: MachineKind) -> Done<(f32, f32)> {
    let (w, h) = kind.size();
    let size = options.extent(call, "size", w)?;
    let (w, h) = if w == h { (size, size) } else { (w, h) };
    Ok((options.extent(call, "w", w)?, options.extent(call, "h", h)?))
}

fn machine(call: &mut Call, kind: MachineKind) -> Done<Dynamic> {
    let (at, prefix) = prefixed(call)?;
    let mut options = call.options(3)?;
    let size = extent(call, &mut options, kind)?;
    let label = options.words(call, "label", "")?;
    let running = match options.take("running") {
        Some(value) => call.reading(value, "running")?,
        None => {
            let tag = call.tag(&format!("{prefix}/{}", kind.running_tag()), "running")?;
            Reading { optional: kind.may_be_passive(), ..tag }
        }
    };
    let state = options.reading_or(call, "state", &format!("{prefix}/state"))?;
    let fault = options.reading_or(call, "fault", &format!("{prefix}/tripped"))?;
    let manual = match options.take("manual") {
        Some(value) if value.as_bool() == Ok(false) => Reading::absent(),
        Some(value) => call.reading(value, "manual")?,
        None => options.reading_or(call, "auto", &format!("{prefix}/auto"))?.inverted(),
    };
    let value = match kind.value_tag() {
        Some(tag) => options.reading_or(call, "value", &format!("{prefix}/{tag}"))?,
        None => options.reading(call, "value")?,
    };
    let facing = options.direction(call)?;
    let instance = Instance { part: faceplate_of(kind), name: &prefix, label: label.now.clone() };
    let machine = Machine { kind, label, running, state, fault, manual, value, facing };
    options.finish(call, around(at, size), Symbol::Machine(machine), &prefix, Some(instance))
}
