//! Tanks and vessels with their level, a scale and limits.

use egui::{Align2, Pos2, Rect, Stroke, pos2};
use plantroom_model::Utc;
use plantroom_scene::{Facts, LimitMark, Tank, TankShape, grouped};

use super::{Canvas, Font, Sign, marks};

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, tank: &Tank, now: Option<Utc>) {
    let level = &tank.level;
    let line = c.stroke(c.theme().line_equipment, c.theme().equipment);
    let hull = Hull { rect, shape: tank.shape };
    c.polygon(hull.part(rect.top()), c.theme().vessel, Stroke::NONE);
    if level.is_present() {
        contents(c, &hull, tank);
    }
    if level.is_good() || !level.is_present() {
        c.add(egui::Shape::closed_line(hull.part(rect.top()), line));
    } else {
        let mut around = hull.part(rect.top());
        around.extend(around.first().copied());
        c.dashed(&around, line);
    }
    let mut above = rect.top() - c.len(10.0);
    if level.is_present() {
        scale(c, rect, &level.facts, level.limit_mark());
        if let Some(sign) = Sign::of(level) {
            marks::frame(c, rect, sign);
            marks::sign(c, pos2(rect.left() - c.len(6.0), rect.top() - c.len(6.0)), 17.0, sign);
            above -= c.len(6.0);
        }
        let inside = pos2(rect.center().x, rect.top() + c.len(8.0));
        marks::tail(c, inside, Align2::CENTER_TOP, level, now);
    }
    c.text(pos2(rect.center().x, above), Align2::CENTER_BOTTOM, tank.label.get(), Font::TEXT_BOLD, c.theme().text);
}

/// What is in it, up to its level; hatched where that can't be trusted or isn't known.
fn contents(c: &Canvas<'_>, hull: &Hull, tank: &Tank) {
    let (rect, level) = (hull.rect, &tank.level);
    let Some(fraction) = level.fraction() else {
        hatch(c, hull, rect.top());
        return;
    };
    let top = rect.bottom() - rect.height() * fraction as f32;
    let (left, right) = hull.width_at(top);
    let surface = [pos2(left, top), pos2(right, top)];
    if level.status.is_bad() {
        hatch(c, hull, top);
        c.dashed(&surface, c.stroke(1.5, c.theme().value));
    } else {
        c.polygon(hull.part(top), c.theme().contents, Stroke::NONE);
        c.line(surface[0], surface[1], c.stroke(1.0, c.theme().equipment));
    }
}

/// Slanted lines in the part of the hull below a height.
fn hatch(c: &Canvas<'_>, hull: &Hull, top: f32) {
    let rect = hull.rect;
    let line = c.stroke(1.0, c.theme().contents);
    let step = c.len(7.0).max(4.0);
    let mut start = rect.left() - rect.height();
    while start < rect.right() {
        // Along each slanted line, the stretch that lies within the hull.
        let inside = |t: f32| {
            let at = pos2(start + t, rect.bottom() - t);
            let (left, right) = hull.width_at(at.y);
            (at.y >= top && at.x >= left && at.x <= right).then_some(at)
        };
        let pieces = (0..=64u8).filter_map(|part| inside(rect.height() * f32::from(part) / 64.0));
        let (mut first, mut last): (Option<Pos2>, Option<Pos2>) = (None, None);
        for at in pieces {
            first.get_or_insert(at);
            last = Some(at);
        }
        if let (Some(first), Some(last)) = (first, last) {
            c.line(first, last, line);
        }
        start += step;
    }
}

/// The outline.
struct Hull {
    rect: Rect,
    shape: TankShape,
}

impl Hull {
    /// How high a dished end is: of a standing vessel above and below, of a lying one at its sides.
    fn dish(&self) -> f32 {
        match self.shape {
            TankShape::Open => 0.0,
            TankShape::Standing => (self.rect.width() * 0.25).min(self.rect.height() * 0.4),
            TankShape::Lying => (self.rect.height() * 0.25).min(self.rect.width() * 0.4),
        }
    }

    /// Left and right edge at a height.
    fn width_at(&self, y: f32) -> (f32, f32) {
        let (rect, dish) = (self.rect, self.dish());
        let inset = match self.shape {
            TankShape::Open => 0.0,
            TankShape::Standing => {
                let into = (rect.top() + dish - y).max(y - (rect.bottom() - dish)).max(0.0) / dish.max(0.01);
                rect.width() / 2.0 * (1.0 - (1.0 - into.min(1.0).powi(2)).sqrt())
            }
            TankShape::Lying => {
                let off = ((y - rect.center().y) / (rect.height() / 2.0).max(0.01)).clamp(-1.0, 1.0);
                dish * (1.0 - (1.0 - off * off).sqrt())
            }
        };
        (rect.left() + inset, rect.right() - inset)
    }

    /// The outline of what lies below a height; all of it for the top.
    fn part(&self, top: f32) -> Vec<Pos2> {
        let rect = self.rect;
        if self.shape == TankShape::Open {
            let rect = Rect::from_min_max(pos2(rect.left(), top), rect.max);
            return vec![rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
        }
        // More points where the ends are round.
        let height = |step: u8| {
            let share = f32::from(step) / 24.0;
            let eased = (1.0 - (share * std::f32::consts::PI).cos()) / 2.0;
            top + (rect.bottom() - top) * eased
        };
        let right = (0..=24u8).map(|step| pos2(self.width_at(height(step)).1, height(step)));
        let left = (0..=24u8).rev().map(|step| pos2(self.width_at(height(step)).0, height(step)));
        right.chain(left).collect()
    }
}

/// Ticks at every tenth of the range, and the limits with letter and number.
fn scale(c: &Canvas<'_>, rect: Rect, facts: &Facts, passed: Option<LimitMark>) {
    let y = |fraction: f64| rect.bottom() - rect.height() * fraction as f32;
    let start = rect.right() + c.len(2.0);
    for tenth in 0..=10u8 {
        let y = y(f64::from(tenth) / 10.0);
        c.line(pos2(start, y), pos2(start + c.len(8.0), y), c.stroke(1.0, c.theme().equipment));
    }
    let limits = &facts.limits;
    let mut marks = [
        (LimitMark::HighHigh, limits.high_high),
        (LimitMark::High, limits.high),
        (LimitMark::Low, limits.low),
        (LimitMark::LowLow, limits.low_low),
    ];
    marks.sort_by_key(|(mark, _)| passed != Some(*mark));
    let mut taken: Vec<f32> = Vec::new();
    for (mark, limit) in marks {
        let Some((limit, fraction)) = limit.and_then(|limit| Some((limit, facts.fraction(limit)?))) else { continue };
        let here = passed == Some(mark);
        let y = y(fraction);
        let colour = if here { Sign::Limit(mark).colour(c.theme()) } else { c.theme().equipment };
        c.line(pos2(start, y), pos2(start + c.len(14.0), y), c.stroke(c.theme().line_attention, colour));
        // Letters that would lie on others are left out; those of a passed limit come first.
        if taken.iter().any(|other| (other - y).abs() < c.len(12.0)) {
            continue;
        }
        taken.push(y);
        let words = format!("{} {}", mark.letters(), short(limit, facts.decimals));
        let (font, ink) = if here { (Font::SMALL_BOLD, c.theme().text) } else { (Font::SMALL, c.theme().text_quiet) };
        c.text(pos2(start + c.len(18.0), y), Align2::LEFT_CENTER, &words, font, ink);
    }
}

/// A limit without digits that say nothing: `90`, not `90.0`.
pub fn short(limit: f64, decimals: u8) -> String {
    if limit.fract() == 0.0 { grouped(limit, 0) } else { grouped(limit, decimals) }
}
