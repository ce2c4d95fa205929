//! The shapes of machines: outline and fill say whether one runs, the drawing inside says what it is.

use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, Vec2, pos2, vec2};
use plantroom_scene::{Direction, Machine, MachineKind};

use super::super::{Canvas, Font};

/// How it is filled and drawn.
struct Look {
    fill: Color32,
    /// Outline.
    line: Stroke,
    /// What is drawn inside.
    ink: Stroke,
    /// Whether its state is known: dashed otherwise.
    known: bool,
}

fn look(c: &Canvas<'_>, machine: &Machine) -> Look {
    let running = &machine.running;
    let line = c.stroke(c.theme().line_equipment, c.theme().equipment);
    if !running.is_present() {
        let known = !machine.value.is_present() || machine.value.is_good();
        return Look { fill: c.theme().vessel, line, ink: line, known };
    }
    let known = running.is_good();
    let fill = match running.is_on() {
        _ if running.status.is_bad() => c.theme().vessel,
        Some(true) => c.theme().running,
        Some(false) => c.theme().stopped,
        None => c.theme().vessel,
    };
    let dark = known && running.is_on() == Some(false);
    Look { fill, line, ink: Stroke { color: if dark { c.theme().text } else { c.theme().equipment }, ..line }, known }
}

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, machine: &Machine) {
    let look = look(c, machine);
    let centre = rect.center();
    let radius = rect.width().min(rect.height()) / 2.0;
    let facing = machine.facing;
    match machine.kind {
        MachineKind::Agitator => agitator(c, rect, &look),
        MachineKind::Conveyor => conveyor(c, rect, &look, facing),
        MachineKind::Boiler => boiler(c, rect, &look),
        MachineKind::Filter => filter(c, rect, &look),
        MachineKind::Breaker => breaker(c, rect, &look, machine),
        kind => {
            circle(c, centre, radius, &look);
            match kind {
                MachineKind::Fan => fan(c, centre, radius, &look),
                MachineKind::Compressor => compressor(c, centre, radius, &look, facing),
                MachineKind::HeatExchanger => coil(c, centre, radius, &look, facing),
                MachineKind::Motor => {
                    c.text(centre, Align2::CENTER_CENTER, "M", Font::VALUE, look.ink.color);
                }
                _ => c.add(Shape::closed_line(triangle(centre, radius * 0.62, facing), look.ink)),
            }
        }
    }
}

fn circle(c: &Canvas<'_>, centre: Pos2, radius: f32, look: &Look) {
    if look.known {
        c.circle(centre, radius, look.fill, look.line);
    } else {
        c.dashed_circle(centre, radius, look.fill, look.line);
    }
}

/// A closed outline, dashed where the state isn't known.
fn outline(c: &Canvas<'_>, points: Vec<Pos2>, look: &Look) {
    if look.known {
        c.polygon(points, look.fill, look.line);
        return;
    }
    let mut around = points.clone();
    around.extend(points.first().copied());
    c.polygon(points, look.fill, Stroke::NONE);
    c.dashed(&around, look.line);
}

/// A box with round ends; `round` is the radius.
fn rounded(rect: Rect, round: f32) -> Vec<Pos2> {
    let round = round.min(rect.width() / 2.0).min(rect.height() / 2.0);
    let inner = rect.shrink(round);
    let corners = [inner.right_top(), inner.right_bottom(), inner.left_bottom(), inner.left_top()];
    let mut points = Vec::with_capacity(36);
    for (corner, start) in corners.iter().zip([-90.0_f32, 0.0, 90.0, 180.0]) {
        for step in 0..=8u8 {
            let angle = (start + f32::from(step) * 11.25).to_radians();
            points.push(*corner + vec2(angle.cos(), angle.sin()) * round);
        }
    }
    points
}

/// Turns what was drawn as facing right.
fn turned(x: f32, y: f32, facing: Direction) -> Vec2 {
    match facing {
        Direction::Right => vec2(x, y),
        Direction::Left => vec2(-x, y),
        Direction::Up => vec2(y, -x),
        Direction::Down => vec2(y, x),
    }
}

/// A triangle around a centre that points somewhere.
fn triangle(centre: Pos2, reach: f32, facing: Direction) -> Vec<Pos2> {
    [(1.0, 0.0), (-0.72, 0.85), (-0.72, -0.85)].iter().map(|(x, y)| centre + turned(*x, *y, facing) * reach).collect()
}

/// Three blades around a hub: drops that are fuller towards the rim.
fn fan(c: &Canvas<'_>, centre: Pos2, radius: f32, look: &Look) {
    for blade in 0..3u8 {
        let (sin, cos) = (f32::from(blade) * std::f32::consts::TAU / 3.0 - std::f32::consts::FRAC_PI_2).sin_cos();
        let drop = (0..=20u8).map(|step| {
            let turn = f32::from(step) / 20.0 * std::f32::consts::TAU;
            let along = 0.46 - 0.34 * turn.cos();
            let across = 0.25 * turn.sin() * (0.55 - 0.45 * turn.cos());
            centre + vec2(along * cos - across * sin, along * sin + across * cos) * radius
        });
        c.add(Shape::closed_line(drop.collect(), look.ink));
    }
    c.circle(centre, radius * 0.12, look.ink.color, Stroke::NONE);
}

/// Two lines that come closer along the flow (ISO 10628).
fn compressor(c: &Canvas<'_>, centre: Pos2, radius: f32, look: &Look, facing: Direction) {
    for side in [1.0, -1.0] {
        let (wide, narrow) = (50.0_f32.to_radians(), 18.0_f32.to_radians());
        let from = centre + turned(-wide.cos(), side * wide.sin(), facing) * radius;
        let to = centre + turned(narrow.cos(), side * narrow.sin(), facing) * radius;
        c.line(from, to, look.ink);
    }
}

/// A coil through the circle, with both of its ends outside.
fn coil(c: &Canvas<'_>, centre: Pos2, radius: f32, look: &Look, facing: Direction) {
    let points = [(-1.22, 0.0), (-0.55, 0.0), (-0.28, -0.5), (0.28, 0.5), (0.55, 0.0), (1.22, 0.0)];
    c.path(points.iter().map(|(x, y)| centre + turned(*x, *y, facing) * radius).collect(), look.ink);
}

/// The drive on top of an agitator.
pub fn drive(rect: Rect) -> Rect {
    let size = (rect.width() * 0.5).min(rect.height() * 0.28);
    Rect::from_min_size(pos2(rect.center().x - size / 2.0, rect.top()), vec2(size, size))
}

fn agitator(c: &Canvas<'_>, rect: Rect, look: &Look) {
    let drive = drive(rect);
    let foot = rect.bottom() - drive.height() * 0.3;
    let shaft = Stroke { width: look.line.width * 1.4, ..look.line };
    c.line(drive.center_bottom(), pos2(rect.center().x, foot), shaft);
    let (reach, high) = (rect.width() / 2.0, drive.height() * 0.3);
    for side in [-1.0, 1.0] {
        let middle = pos2(rect.center().x, foot);
        let tip = middle + vec2(side * reach, 0.0);
        let blade = vec![middle, tip + vec2(0.0, -high), tip + vec2(0.0, high)];
        c.polygon(blade, look.fill, look.line);
    }
    circle(c, drive.center(), drive.width() / 2.0, look);
    c.text(drive.center(), Align2::CENTER_CENTER, "M", Font::SMALL_BOLD, look.ink.color);
}

fn conveyor(c: &Canvas<'_>, rect: Rect, look: &Look, facing: Direction) {
    let high = rect.height().min(rect.width() / 2.0);
    outline(c, rounded(rect, high / 2.0), look);
    let roller = high * 0.28;
    for x in [rect.left() + high / 2.0, rect.right() - high / 2.0] {
        c.circle(pos2(x, rect.center().y), roller, c.theme().vessel, look.ink);
    }
    let side = if facing == Direction::Left { Direction::Left } else { Direction::Right };
    c.add(Shape::closed_line(triangle(rect.center(), high * 0.24, side), look.ink));
}

/// A drum with a dished top; the burner below shows whether it fires.
fn boiler(c: &Canvas<'_>, rect: Rect, look: &Look) {
    let body = Look { fill: c.theme().vessel, ..*look };
    outline(c, rounded(rect, rect.width() * 0.22), &body);
    let radius = rect.width().min(rect.height()) * 0.24;
    let hearth = pos2(rect.center().x, rect.bottom() - radius * 1.5);
    circle(c, hearth, radius, look);
    // A flame: a drop with a fold.
    let flame =
        [(0.0, -0.72), (0.34, -0.1), (0.42, 0.26), (0.22, 0.58), (-0.22, 0.58), (-0.42, 0.26), (-0.2, -0.02), (-0.08, -0.3)];
    c.add(Shape::closed_line(flame.iter().map(|(x, y)| hearth + vec2(*x, *y) * radius).collect(), look.ink));
    // Tubes above it.
    for row in 0..2u8 {
        let y = rect.top() + rect.height() * (0.18 + 0.13 * f32::from(row));
        let inset = rect.width() * 0.2;
        c.line(pos2(rect.left() + inset, y), pos2(rect.right() - inset, y), look.line);
    }
}

/// A box with the screen across (ISO 10628: filter, general).
fn filter(c: &Canvas<'_>, rect: Rect, look: &Look) {
    outline(c, vec![rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()], look);
    c.dashed(&[rect.left_bottom(), rect.right_top()], look.ink);
}

/// The contact lies along the line when closed and across it when open, so that it also reads without its fill.
fn breaker(c: &Canvas<'_>, rect: Rect, look: &Look, machine: &Machine) {
    outline(c, vec![rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()], look);
    let heavy = Stroke { width: look.ink.width * 2.0, ..look.ink };
    let centre = rect.center();
    let reach = rect.width().min(rect.height()) * 0.34;
    let along = turned(1.0, 0.0, machine.facing);
    match machine.running.is_on().filter(|_| !machine.running.status.is_bad()) {
        Some(true) => c.line(centre - along * reach, centre + along * reach, heavy),
        Some(false) => c.line(centre - along.rot90() * reach, centre + along.rot90() * reach, heavy),
        None => {
            c.text(centre, Align2::CENTER_CENTER, "?", Font::TEXT_BOLD, c.theme().text);
        }
    }
}
