//! How a priority looks: a shape, a colour and a number, so that each alone tells it (ISA-101; greyscale too).

use egui::{Align2, Pos2, Rect, Stroke, pos2, vec2};
use plantroom_model::{Priority, Utc};
use plantroom_scene::theme::Shape;

use crate::paint::{Canvas, Font};

/// Half of the time that a blink takes, in ns: what waits blinks once a second, and nothing else does.
const HALF_NS: i64 = 500_000_000;

/// Whether what blinks is lit now.
pub fn lit(now: Option<Utc>) -> bool {
    now.is_none_or(|now| now.0.div_euclid(HALF_NS) % 2 == 0)
}

/// The number in a priority's shape: 1 is the most urgent.
pub fn number(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "1",
        Priority::High => "2",
        Priority::Medium => "3",
        Priority::Low => "4",
        Priority::Event => "i",
    }
}

/// Draws a priority's sign, `size` in units, in the theme's shape and colour for it, with its number. Not lit, only its
/// outline is there, so that a blinking one never disappears.
pub fn paint(c: &Canvas<'_>, centre: Pos2, size: f32, priority: Priority, lit: bool) {
    let t = c.theme();
    let sign = t.alarms[place(priority)];
    let (x, y, half) = (centre.x, centre.y, c.len(size) / 2.0);
    let fill = if lit { sign.fill } else { t.sheet };
    let edge = match (lit, sign.edged) {
        (true, true) => c.stroke(1.0, sign.on),
        (true, false) => Stroke::NONE,
        (false, edged) => c.stroke(1.6, if edged { t.text } else { sign.fill }),
    };
    let mut down = 0.0;
    match sign.shape {
        Shape::Square => c.boxed(Rect::from_center_size(centre, vec2(half * 2.0, half * 2.0)), fill, edge),
        Shape::Triangle | Shape::TriangleDown => {
            let up = if sign.shape == Shape::Triangle { 1.0 } else { -1.0 };
            let wide = half * 1.15;
            down = up * half / 4.0;
            let corners = vec![pos2(x, y - up * half * 1.1), pos2(x + wide, y + up * half), pos2(x - wide, y + up * half)];
            c.polygon(corners, fill, edge);
        }
        Shape::Diamond => {
            let wide = half * 1.2;
            c.polygon(vec![pos2(x, y - wide), pos2(x + wide, y), pos2(x, y + wide), pos2(x - wide, y)], fill, edge);
        }
        Shape::Hexagon => {
            let (wide, part) = (half * 1.1, half * 0.55);
            let corners = [(wide, 0.0), (part, half), (-part, half), (-wide, 0.0), (-part, -half), (part, -half)];
            c.polygon(corners.map(|(dx, dy)| pos2(x + dx, y + dy)).to_vec(), fill, edge);
        }
        Shape::Circle => c.circle(centre, half, fill, edge),
    }
    let ink = if lit { sign.on } else { t.text };
    let font = Font::SMALL_BOLD.at_most(size * 0.68);
    c.text(pos2(x, y + down), Align2::CENTER_CENTER, number(priority), font, ink);
}

/// Where the theme has a priority's sign.
fn place(priority: Priority) -> usize {
    match priority {
        Priority::Critical => 0,
        Priority::High => 1,
        Priority::Medium => 2,
        Priority::Low | Priority::Event => 3,
    }
}
