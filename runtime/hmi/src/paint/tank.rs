//! A vessel with its level, a scale and its limits.

use egui::{Align2, Rect, pos2};
use plantroom_model::Utc;
use plantroom_scene::{Facts, LimitMark, Tank, grouped};

use super::{Canvas, Font, Sign, marks};
use crate::theme::THEME;

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, tank: &Tank, now: Option<Utc>) {
    let level = &tank.level;
    let outline = c.stroke(THEME.line_equipment, THEME.equipment);
    c.filled(rect, THEME.vessel);
    if let Some(fraction) = level.fraction() {
        let top = rect.bottom() - rect.height() * fraction as f32;
        let contents = Rect::from_min_max(pos2(rect.left(), top), rect.right_bottom());
        if level.status.is_bad() {
            c.hatch(contents, THEME.contents);
            c.dashed(&[contents.left_top(), contents.right_top()], c.stroke(1.5, THEME.value));
        } else {
            c.filled(contents, THEME.contents);
            c.line(contents.left_top(), contents.right_top(), c.stroke(1.0, THEME.equipment));
        }
    } else {
        c.hatch(rect, THEME.panel_line);
    }
    if level.is_good() {
        c.add(egui::Shape::rect_stroke(rect, c.len(2.0), outline, egui::StrokeKind::Middle));
    } else {
        c.dashed_box(rect, outline);
    }
    scale(c, rect, &level.facts, level.limit_mark());
    if let Some(sign) = Sign::of(level) {
        marks::frame(c, rect, sign);
        marks::sign(c, pos2(rect.left() - c.len(6.0), rect.top() - c.len(6.0)), 17.0, sign);
    }
    let above = rect.top() - c.len(if Sign::of(level).is_some() { 16.0 } else { 10.0 });
    c.text(pos2(rect.center().x, above), Align2::CENTER_BOTTOM, tank.label.get(), Font::TEXT_BOLD, THEME.text);
    let inside = pos2(rect.center().x, rect.top() + c.len(8.0));
    marks::tail(c, inside, Align2::CENTER_TOP, level, now);
}

/// Ticks at every tenth of the range, and the limits with letter and number.
fn scale(c: &Canvas<'_>, rect: Rect, facts: &Facts, passed: Option<LimitMark>) {
    let y = |fraction: f64| rect.bottom() - rect.height() * fraction as f32;
    let start = rect.right() + c.len(2.0);
    for tenth in 0..=10u8 {
        let y = y(f64::from(tenth) / 10.0);
        c.line(pos2(start, y), pos2(start + c.len(8.0), y), c.stroke(1.0, THEME.equipment));
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
        let colour = if here { Sign::Limit(mark).colour() } else { THEME.equipment };
        c.line(pos2(start, y), pos2(start + c.len(14.0), y), c.stroke(THEME.line_attention, colour));
        // Letters that would lie on others are left out; those of a passed limit come first.
        if taken.iter().any(|other| (other - y).abs() < c.len(12.0)) {
            continue;
        }
        taken.push(y);
        let words = format!("{} {}", mark.letters(), short(limit, facts.decimals));
        let (font, ink) = if here { (Font::SMALL_BOLD, THEME.text) } else { (Font::SMALL, THEME.text_quiet) };
        c.text(pos2(start + c.len(18.0), y), Align2::LEFT_CENTER, &words, font, ink);
    }
}

/// A limit without digits that say nothing: `90`, not `90.0`.
pub fn short(limit: f64, decimals: u8) -> String {
    if limit.fract() == 0.0 { grouped(limit, 0) } else { grouped(limit, decimals) }
}
