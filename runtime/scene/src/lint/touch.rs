//! Fingers: what is pressed must lie so far from what else is pressed that a fingertip can't mean both.
//!
//! The console lets a small target be pressed 9 mm across where nothing else is (`hmi/src/paint/reach.rs`); here those pairs are
//! found for which there isn't that room.

use super::{Findings, layout};
use crate::{Layer, Object, Rect, Scene, TOUCH_POINTS};

pub(super) fn look(scene: &Scene, found: &mut Findings) {
    let scale = layout::scale(scene);
    let always = |object: &&Object| *object.visible.source() == crate::Source::Constant;
    let mut all: Vec<(&Object, Rect)> = scene
        .objects
        .iter()
        .filter(|object| object.is_pressed())
        .filter(always)
        .map(|object| (object, reach(object.rect, scale)))
        .collect();
    all.sort_by(|a, b| a.1.x.total_cmp(&b.1.x));
    // Each target is told of once, with the neighbour that takes most of its room.
    let mut worst: Vec<Option<(f32, usize)>> = vec![None; all.len()];
    for (at, (object, area)) in all.iter().enumerate() {
        let nearby = all.iter().enumerate().skip(at + 1).take_while(|(_, (_, other))| other.x < area.x + area.w);
        for (other_at, (other, other_area)) in nearby {
            let shared = shared(*area, *other_area);
            let (earlier, later) = if object.id < other.id { (at, other_at) } else { (other_at, at) };
            let is_more = worst[later].is_none_or(|(most, _)| shared > most);
            // Half a point is what rounding does. What lies on another is told of as an overlap.
            if shared > 0.5 && is_more && !by_turns(object.layer, other.layer) && self::shared(object.rect, other.rect) <= 0.0 {
                worst[later] = Some((shared, earlier));
            }
        }
    }
    for ((object, _), worst) in all.iter().zip(&worst) {
        let Some((other, _)) = worst.and_then(|(_, other)| all.get(other)) else { continue };
        let (gap, how) = gap(object.rect, other.rect);
        let message = format!(
            "this {} is {:.0} points from the {} of line {}: a fingertip of {TOUCH_POINTS:.0} points (9 mm) may press either",
            object.symbol.word(),
            gap * scale,
            other.symbol.word(),
            line(other),
        );
        let help = format!("make both at least {:.0} units {how}, or move them apart", TOUCH_POINTS / scale);
        found.at("touch-room", object, message, help);
    }
}

/// Where a finger that means it may land, in the screen's units.
fn reach(rect: Rect, scale: f32) -> Rect {
    let more = |side: f32| (TOUCH_POINTS / scale - side).max(0.0);
    let (w, h) = (more(rect.w), more(rect.h));
    Rect { x: rect.x - w / 2.0, y: rect.y - h / 2.0, w: rect.w + w, h: rect.h + h }
}

/// How deep two boxes lie in each other; 0 or less where they don't.
fn shared(a: Rect, b: Rect) -> f32 {
    let w = (a.x + a.w).min(b.x + b.w) - a.x.max(b.x);
    let h = (a.y + a.h).min(b.y + b.h) - a.y.max(b.y);
    w.min(h)
}

/// How far two boxes are from each other, and which of their sides are too short for that.
fn gap(a: Rect, b: Rect) -> (f32, &'static str) {
    let across = a.x.max(b.x) - (a.x + a.w).min(b.x + b.w);
    let down = a.y.max(b.y) - (a.y + a.h).min(b.y + b.h);
    if across > down { (across.max(0.0), "wide") } else { (down.max(0.0), "high") }
}

/// Two pages of one set of tabs.
fn by_turns(a: Option<Layer>, b: Option<Layer>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.of == b.of && a.page != b.page)
}

/// The line at which an integrator finds it.
fn line(object: &Object) -> u32 {
    match &object.placed_by {
        Some(placed) if object.place.file.starts_with("library/") => placed.line,
        _ => object.place.line,
    }
}
