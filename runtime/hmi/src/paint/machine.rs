//! Pumps and motors: a circle, white when running and dark when stopped, with its state in words.

use egui::{Align2, Pos2, Rect, pos2, vec2};
use plantroom_model::Utc;
use plantroom_scene::{Direction, Machine};

use super::{Canvas, Font, Sign, marks};
use crate::theme::THEME;

/// Which machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A triangle in the circle.
    Pump,
    /// An `M` in the circle.
    Motor,
}

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, machine: &Machine, kind: Kind, now: Option<Utc>) {
    let running = &machine.running;
    let centre = rect.center();
    let radius = rect.width().min(rect.height()) / 2.0;
    let line = c.stroke(THEME.line_equipment, THEME.equipment);
    let known = running.is_good();
    let fill = match running.is_on() {
        Some(true) => THEME.running,
        Some(false) => THEME.stopped,
        None => THEME.vessel,
    };
    if known {
        c.circle(centre, radius, fill, line);
    } else {
        c.dashed_circle(centre, radius, if running.status.is_bad() { THEME.vessel } else { fill }, line);
    }
    let stopped = known && running.is_on() == Some(false);
    let ink = if stopped { THEME.text } else { THEME.equipment };
    match kind {
        Kind::Pump => {
            let points = triangle(centre, radius * 0.62, machine.facing);
            c.add(egui::Shape::closed_line(points, c.stroke(THEME.line_equipment, ink)));
        }
        Kind::Motor => {
            c.text(centre, Align2::CENTER_CENTER, "M", Font::VALUE, ink);
        }
    }
    let sign = sign_of(machine);
    if let Some(sign) = sign {
        marks::frame(c, Rect::from_center_size(centre, vec2(radius, radius) * 2.0), sign);
        let corner = centre - vec2(radius + c.len(6.0), radius + c.len(8.0));
        marks::sign(c, corner, 17.0, sign);
    }
    if machine.manual.is_present() && machine.manual.is_on() == Some(true) {
        marks::manual(c, centre + vec2(radius + c.len(4.0), -radius + c.len(-2.0)));
    }
    words(c, centre, radius + c.len(if sign.is_some() { 10.0 } else { 5.0 }), machine, now);
}

fn words(c: &Canvas<'_>, centre: Pos2, below: f32, machine: &Machine, now: Option<Utc>) {
    let at = pos2(centre.x, centre.y + below);
    let name = c.text(at, Align2::CENTER_TOP, machine.label.get(), Font::TEXT_BOLD, THEME.text);
    let state = if machine.state.is_present() { &machine.state } else { &machine.running };
    let mut line = state.text();
    let tail = marks::tail_text(state.status, state.source_time, now);
    if !tail.is_empty() {
        line = format!("{line}  {tail}");
    }
    let at = pos2(centre.x, name.bottom() + c.len(2.0));
    let (font, ink) = if tail.is_empty() { (Font::SMALL, THEME.text_quiet) } else { (Font::SMALL_BOLD, THEME.text) };
    c.text(at, Align2::CENTER_TOP, &line, font, ink);
}

/// What deserves attention about a machine.
pub fn sign_of(machine: &Machine) -> Option<Sign> {
    let failed = machine.fault.is_present() && machine.fault.is_good() && machine.fault.is_on() == Some(true);
    if failed {
        return Some(Sign::Fault);
    }
    Sign::of(&machine.running).filter(|sign| matches!(sign, Sign::Doubt(_)))
}

/// A triangle around a centre that points somewhere.
pub fn triangle(centre: Pos2, reach: f32, facing: Direction) -> Vec<Pos2> {
    let turn = |x: f32, y: f32| match facing {
        Direction::Right => vec2(x, y),
        Direction::Left => vec2(-x, y),
        Direction::Up => vec2(y, -x),
        Direction::Down => vec2(y, x),
    };
    [(1.0, 0.0), (-0.72, 0.85), (-0.72, -0.85)].iter().map(|(x, y)| centre + turn(*x, *y) * reach).collect()
}
