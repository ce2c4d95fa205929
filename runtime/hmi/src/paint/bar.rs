//! A bar in its range: pointer, normal band, limits, setpoint marker, number.

use egui::{Align2, Pos2, Rect, Stroke, pos2};
use plantroom_model::Utc;
use plantroom_scene::{Bar, LimitMark};

use super::{Canvas, Font, Sign, marks, tank};
use crate::words::with_unit;

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, bar: &Bar, now: Option<Utc>) {
    let reading = &bar.reading;
    let facts = &reading.facts;
    let has_limits = facts.limits != plantroom_model::LimitSet::default();
    let lift = if bar.lying && has_limits { 23.0 } else { 5.0 };
    let above = if bar.lying { rect.left_top() } else { rect.center_top() } - egui::vec2(0.0, c.len(lift));
    let anchor = if bar.lying { Align2::LEFT_BOTTOM } else { Align2::CENTER_BOTTOM };
    c.text(above, anchor, bar.label.get(), Font::TEXT, c.theme().text_quiet);
    c.filled(rect, c.theme().value_box);
    let axis = Axis { rect, lying: bar.lying };
    if let Some((low, high)) = bar.normal
        && let (Some(low), Some(high)) = (facts.fraction(low), facts.fraction(high))
    {
        c.filled(axis.slice(low, high), c.theme().normal_range);
    } else if let Some(fraction) = reading.fraction().filter(|_| !reading.status.is_bad()) {
        c.filled(axis.slice(0.0, fraction), c.theme().normal_range);
    }
    let line = c.stroke(1.2, c.theme().equipment);
    if reading.is_good() {
        c.add(egui::Shape::rect_stroke(rect, 0.0, line, egui::StrokeKind::Middle));
    } else {
        c.dashed_box(rect, line);
    }
    limits(c, &axis, bar);
    if let Some(fraction) = reading.fraction() {
        pointer(c, &axis, fraction, reading.status.is_bad());
    }
    if bar.setpoint.is_present()
        && let Some(fraction) = bar.setpoint.number().and_then(|number| facts.fraction(number))
    {
        setpoint(c, &axis, fraction);
    }
    figures(c, rect, bar, now);
}

struct Axis {
    rect: Rect,
    lying: bool,
}

impl Axis {
    /// A place at a share of the range, on the near (left, lower) and the far edge.
    fn ends(&self, fraction: f64) -> (Pos2, Pos2) {
        let share = fraction as f32;
        if self.lying {
            let x = self.rect.left() + self.rect.width() * share;
            (pos2(x, self.rect.bottom()), pos2(x, self.rect.top()))
        } else {
            let y = self.rect.bottom() - self.rect.height() * share;
            (pos2(self.rect.left(), y), pos2(self.rect.right(), y))
        }
    }

    fn slice(&self, low: f64, high: f64) -> Rect {
        Rect::from_two_pos(self.ends(low).0, self.ends(high).1)
    }
}

fn limits(c: &Canvas<'_>, axis: &Axis, bar: &Bar) {
    let (facts, passed) = (&bar.reading.facts, bar.reading.limit_mark());
    let mut all = [
        (LimitMark::HighHigh, facts.limits.high_high),
        (LimitMark::High, facts.limits.high),
        (LimitMark::Low, facts.limits.low),
        (LimitMark::LowLow, facts.limits.low_low),
    ];
    let mut taken: Vec<(f32, f32)> = Vec::new();
    all.sort_by_key(|(mark, _)| passed != Some(*mark));
    for (mark, limit) in all {
        let Some((limit, fraction)) = limit.and_then(|limit| Some((limit, facts.fraction(limit)?))) else { continue };
        let here = passed == Some(mark);
        let (_, far) = axis.ends(fraction);
        let colour = if here { Sign::Limit(mark).colour(c.theme()) } else { c.theme().equipment };
        let out = if axis.lying { egui::vec2(0.0, -1.0) } else { egui::vec2(1.0, 0.0) };
        c.line(far, far + out * c.len(7.0), c.stroke(2.4, colour));
        let words = format!("{} {}", mark.letters(), tank::short(limit, facts.decimals));
        let (font, ink) = if here { (Font::SMALL_BOLD, c.theme().text) } else { (Font::SMALL, c.theme().text_quiet) };
        // Letters that would lie on others are left out; that of a passed limit never is.
        let (at, reach) = (far + out * c.len(10.0), c.text_width(&words, font) / 2.0);
        let (low, high) = if axis.lying { (at.x - reach, at.x + reach) } else { (at.y - c.len(6.0), at.y + c.len(6.0)) };
        if !here && taken.iter().any(|(l, h): &(f32, f32)| low < *h && high > *l) {
            continue;
        }
        taken.push((low, high));
        let anchor = if axis.lying { Align2::CENTER_BOTTOM } else { Align2::LEFT_CENTER };
        c.text(at, anchor, &words, font, ink);
    }
}

/// The filled pointer of the value; hollow and dashed where it can't be trusted.
fn pointer(c: &Canvas<'_>, axis: &Axis, fraction: f64, bad: bool) {
    let (near, far) = axis.ends(fraction);
    let (side, size) = (if axis.lying { egui::vec2(0.0, 1.0) } else { egui::vec2(-1.0, 0.0) }, c.len(7.0));
    let back = near + side * size;
    let across = side.rot90() * size * 0.8;
    let line = c.stroke(1.8, c.theme().value);
    if bad {
        c.dashed(&[near, far], line);
        c.polygon(vec![near, back + across, back - across], c.theme().panel, c.stroke(1.0, c.theme().value));
    } else {
        c.line(near, far, line);
        c.polygon(vec![near, back + across, back - across], c.theme().value, Stroke::NONE);
    }
}

/// The hollow marker of the setpoint, on the other side.
fn setpoint(c: &Canvas<'_>, axis: &Axis, fraction: f64) {
    let (_, far) = axis.ends(fraction);
    let (side, size) = (if axis.lying { egui::vec2(0.0, -1.0) } else { egui::vec2(1.0, 0.0) }, c.len(8.0));
    let back = far + side * size;
    let across = side.rot90() * size * 0.65;
    c.polygon(vec![far, back + across, back - across], c.theme().sheet, c.stroke(1.5, c.theme().text));
}

fn figures(c: &Canvas<'_>, rect: Rect, bar: &Bar, now: Option<Utc>) {
    let reading = &bar.reading;
    let text = if reading.is_known() { reading.text() } else { c.say("no tag").to_owned() };
    let sign = Sign::of(reading).filter(|sign| matches!(sign, Sign::Limit(_)));
    let used = if !bar.number {
        Rect::from_min_size(rect.left_bottom(), egui::Vec2::ZERO)
    } else if bar.lying {
        let at = pos2(rect.left(), rect.bottom() + c.len(9.0));
        let words = with_unit(&text, &reading.facts.unit);
        c.text(at, Align2::LEFT_TOP, &words, Font::TEXT_BOLD, marks::ink(c, reading))
    } else {
        let at = pos2(rect.center().x, rect.bottom() + c.len(6.0));
        let number = c.text(at, Align2::CENTER_TOP, &text, Font::VALUE, marks::ink(c, reading));
        let unit_at = number.center_bottom() + egui::vec2(0.0, c.len(1.0));
        let unit = c.text(unit_at, Align2::CENTER_TOP, &reading.facts.unit, Font::SMALL, c.theme().text_quiet);
        let below = unit.center_bottom() + egui::vec2(0.0, c.len(1.0));
        marks::tail(c, below, Align2::CENTER_TOP, reading, now);
        number
    };
    if let Some(sign) = sign {
        marks::sign(c, pos2(used.left() - c.len(11.0), used.center().y.max(rect.bottom() + c.len(8.0))), 15.0, sign);
    }
    if !bar.number && !bar.lying && reading.status.is_override() {
        marks::tail(c, rect.center_bottom() + egui::vec2(0.0, c.len(3.0)), Align2::CENTER_TOP, reading, now);
    }
    if bar.lying {
        marks::tail(c, used.right_center() + egui::vec2(c.len(8.0), 0.0), Align2::LEFT_CENTER, reading, now);
    }
}
