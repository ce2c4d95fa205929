//! Places: what lies over what, and what is too small.

use super::{Findings, Palette};
use crate::{Object, Rect, Scene, Symbol};

/// The window by which sizes are judged, in points: what is left of 1600 x 900 between the console's rows.
const BODY: (f32, f32) = (1_600.0, 730.0);
/// Smallest height of ordinary words in it, in points.
const WORDS: f32 = 10.0;
/// Smallest side of what is pressed, in points.
const TARGET: f32 = 24.0;
/// How much of the smaller one may be covered: symbols may touch.
const COVERED: f32 = 0.15;

pub(super) fn look(scene: &Scene, palette: &Palette, found: &mut Findings) {
    let (size, scale) = (scene.header.size, scale(scene));
    let points = palette.text_points * scale;
    if points < WORDS {
        let message = format!(
            "on a display of 1600 x 900 the words of this screen are {points:.1} points high, because it is {} x {} units",
            size.0, size.1
        );
        let help = format!(
            "give it a `size` of at most {:.0} x {:.0}, or make two screens of it",
            BODY.0 * palette.text_points / WORDS,
            BODY.1 * palette.text_points / WORDS
        );
        found.add("small-text", &scene.header.place, message, help);
    }
    for object in &scene.objects {
        small(object, scale, found);
    }
    overlaps(scene, found);
}

/// Points a unit in the window by which sizes are judged.
pub(super) fn scale(scene: &Scene) -> f32 {
    let size = scene.header.size;
    // A faceplate is painted at the scale of the screen under it, which is 1 in this window.
    if scene.header.level == 0 { 1.0 } else { (BODY.0 / size.0).min(BODY.1 / size.1) }
}

fn small(object: &Object, scale: f32, found: &mut Findings) {
    let Rect { w, h, .. } = object.rect;
    match &object.symbol {
        Symbol::Button(_) | Symbol::Setpoint(_) | Symbol::Switch(_) | Symbol::Popup(_) => {
            if w.min(h) * scale < TARGET {
                let message = format!(
                    "this {} is {:.0} x {:.0} points on a display of 1600 x 900",
                    object.symbol.word(),
                    w * scale,
                    h * scale
                );
                found.at("small-target", object, message, format!("make it at least {:.0} units high and wide", TARGET / scale));
            }
        }
        Symbol::Value(value) if !value.plain && h < 16.0 => {
            let message = format!("the digits of this value must shrink to fit into {h} units");
            found.at("small-text", object, message, "make it at least 16 units high; 24 is usual");
        }
        _ => {}
    }
}

/// Things that must not cover each other. Pipes run into symbols, words and pictures lie on them, panels hold them.
pub(super) fn is_solid(symbol: &Symbol) -> bool {
    !matches!(
        symbol,
        Symbol::Panel(_)
            | Symbol::Pipe(_)
            | Symbol::Bus(_)
            | Symbol::Text(_)
            | Symbol::Image(_)
            | Symbol::Tabs(_)
            | Symbol::Tank(_)
    )
}

fn overlaps(scene: &Scene, found: &mut Findings) {
    let mut solid: Vec<&Object> = scene.objects.iter().filter(|object| is_solid(&object.symbol) || is_panel(object)).collect();
    solid.sort_by(|a, b| a.rect.x.total_cmp(&b.rect.x));
    for (at, first) in solid.iter().enumerate() {
        let right = first.rect.x + first.rect.w;
        for second in solid[at + 1..].iter().take_while(|second| second.rect.x < right) {
            if first.layer == second.layer && is_panel(first) == is_panel(second) && covers(first, second) {
                let (lower, upper) = if first.id < second.id { (first, second) } else { (second, first) };
                let message =
                    format!("this {} lies over the {} of line {}", upper.symbol.word(), lower.symbol.word(), lower.place.line);
                found.at("overlap", upper, message, "move one of them; leave 8 units between them");
            }
        }
    }
}

fn is_panel(object: &Object) -> bool {
    matches!(object.symbol, Symbol::Panel(_))
}

fn covers(a: &Object, b: &Object) -> bool {
    // What is shown by turns may lie in one place; only what its script always shows is judged.
    if *a.visible.source() != crate::Source::Constant || *b.visible.source() != crate::Source::Constant {
        return false;
    }
    let (panels, a, b) = (is_panel(a), a.rect, b.rect);
    let w = (a.x + a.w).min(b.x + b.w) - a.x.max(b.x);
    let h = (a.y + a.h).min(b.y + b.h) - a.y.max(b.y);
    if w <= 0.0 || h <= 0.0 {
        return false;
    }
    let share = w * h / (a.w * a.h).min(b.w * b.h).max(1.0);
    // A panel wholly in another one is a group in a group.
    if panels { share > 0.02 && share < 0.98 } else { share > COVERED }
}
