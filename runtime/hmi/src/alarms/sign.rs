//! How a priority looks: a shape, a colour and a number, so that each alone tells it (ISA-101; greyscale too).

use egui::{Align2, Pos2, Rect, Stroke, pos2, vec2};
use plantroom_model::{Priority, Utc};

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

/// Draws a priority's shape, `size` in units: a square (1), a triangle (2), a diamond (3), a circle (4). Not lit, only its
/// outline is there, so that a blinking one never disappears.
pub fn paint(c: &Canvas<'_>, centre: Pos2, size: f32, priority: Priority, lit: bool) {
    let t = c.theme();
    let (x, y, half) = (centre.x, centre.y, c.len(size) / 2.0);
    let (colour, on) = match priority {
        Priority::Critical => (t.urgent, t.on_urgent),
        Priority::High => (t.warning, t.on_warning),
        Priority::Medium => (t.doubt, t.on_doubt),
        Priority::Low | Priority::Event => (t.equipment, t.sheet),
    };
    let fill = if lit { colour } else { t.sheet };
    // Amber is nearly as light as what lies behind it: a dark edge keeps its shape in greyscale.
    let edge = match (lit, priority) {
        (true, Priority::High) => c.stroke(1.0, t.on_warning),
        (true, _) => Stroke::NONE,
        (false, _) => c.stroke(1.6, if priority == Priority::High { t.text } else { colour }),
    };
    let mut down = 0.0;
    match priority {
        Priority::Critical => c.boxed(Rect::from_center_size(centre, vec2(half * 2.0, half * 2.0)), fill, edge),
        Priority::High => {
            let wide = half * 1.15;
            down = half / 4.0;
            c.polygon(vec![pos2(x, y - half * 1.1), pos2(x + wide, y + half), pos2(x - wide, y + half)], fill, edge);
        }
        Priority::Medium => {
            let wide = half * 1.2;
            c.polygon(vec![pos2(x, y - wide), pos2(x + wide, y), pos2(x, y + wide), pos2(x - wide, y)], fill, edge);
        }
        Priority::Low | Priority::Event => c.circle(centre, half, fill, edge),
    }
    let ink = if lit { on } else { t.text };
    let font = Font::SMALL_BOLD.at_most(size * 0.68);
    c.text(pos2(x, y + down), Align2::CENTER_CENTER, number(priority), font, ink);
}
