//! Machines and apparatus: white when running and dark when stopped, with name, state and number in words.

mod shape;

use egui::{Align2, Pos2, Rect, pos2, vec2};
use plantroom_model::Utc;
use plantroom_scene::{Direction, Machine, MachineKind, Reading};

use super::{Canvas, Font, Sign, marks};
use crate::words::with_unit;

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, machine: &Machine, now: Option<Utc>) {
    shape::paint(c, rect, machine);
    let sign = sign_of(machine);
    let body = match machine.kind {
        MachineKind::Pump | MachineKind::Motor | MachineKind::Fan | MachineKind::Compressor => {
            Rect::from_center_size(rect.center(), vec2(1.0, 1.0) * rect.width().min(rect.height()))
        }
        MachineKind::Agitator => shape::drive(rect),
        _ => rect,
    };
    if let Some(sign) = sign {
        marks::frame(c, body, sign);
        marks::sign(c, body.left_top() - vec2(c.len(6.0), c.len(8.0)), 17.0, sign);
    }
    let by_hand = machine.manual.is_present() && machine.manual.is_on() == Some(true);
    if by_hand {
        marks::manual(c, body.right_top() + vec2(c.len(4.0), c.len(-2.0)));
    }
    let gap = c.len(if sign.is_some_and(|sign| !matches!(sign, Sign::Doubt(_))) { 12.0 } else { 5.0 });
    let stands = matches!(machine.facing, Direction::Up | Direction::Down);
    // Words at the side make room for the mark at the corner.
    let aside = gap + c.len(if by_hand { 12.0 } else { 0.0 });
    match machine.kind {
        MachineKind::Agitator => words(c, body.right_top() + vec2(aside, c.len(-2.0)), Align2::LEFT_TOP, machine, now),
        MachineKind::Breaker if stands => words(c, body.right_top() + vec2(aside, c.len(-2.0)), Align2::LEFT_TOP, machine, now),
        _ => words(c, pos2(body.center().x, body.bottom() + gap), Align2::CENTER_TOP, machine, now),
    }
}

/// Name, state and number, one below the other.
fn words(c: &Canvas<'_>, at: Pos2, anchor: Align2, machine: &Machine, now: Option<Utc>) {
    let below = |rect: Rect| pos2(at.x, rect.bottom() + c.len(2.0));
    let name = c.text(at, anchor, machine.label.get(), Font::TEXT_BOLD, c.theme().text);
    let state = if machine.state.is_present() { &machine.state } else { &machine.running };
    let (mut used, mut told) = (name, false);
    if state.is_present() {
        let tail = marks::tail_text(c.look(), state.status, state.source_time, now);
        let at = if machine.label.get().is_empty() { at } else { below(name) };
        let (font, ink) = if tail.is_empty() { (Font::SMALL, c.theme().text_quiet) } else { (Font::SMALL_BOLD, c.theme().text) };
        let words = if tail.is_empty() { state.text() } else { format!("{}  {tail}", state.text()) };
        used = c.text(at, anchor, &words, font, ink);
        told = !tail.is_empty();
    }
    if machine.value.is_present() {
        // Letter and age are told once.
        number(c, below(used), anchor, &machine.value, (now, !told));
    }
}

fn number(c: &Canvas<'_>, at: Pos2, anchor: Align2, value: &Reading, (now, with_tail): (Option<Utc>, bool)) {
    let words = if value.is_known() { with_unit(&value.text(), &value.facts.unit) } else { c.say("no tag").to_owned() };
    let used = c.text(at, anchor, &words, Font::TEXT_BOLD, marks::ink(c, value));
    if let Some(sign) = Sign::of(value).filter(|sign| matches!(sign, Sign::Limit(_))) {
        marks::sign(c, pos2(used.left() - c.len(11.0), used.center().y), 15.0, sign);
    }
    if !value.is_good() {
        c.dashed_box(used.expand2(vec2(c.len(3.0), c.len(1.0))), c.stroke(1.2, c.theme().text_quiet));
    }
    if with_tail {
        marks::tail(c, pos2(used.right() + c.len(6.0), used.center().y), Align2::LEFT_CENTER, value, now);
    }
}

/// What deserves attention about a machine.
pub fn sign_of(machine: &Machine) -> Option<Sign> {
    let failed = machine.fault.is_present() && machine.fault.is_good() && machine.fault.is_on() == Some(true);
    if failed {
        return Some(Sign::Fault);
    }
    let doubt = Sign::of(&machine.running).filter(|sign| matches!(sign, Sign::Doubt(_)));
    doubt.or_else(|| Sign::of(&machine.value))
}
