//! A value with its unit: in a box, or as a plain row of a list.

use egui::{Align2, Rect, pos2};
use plantroom_model::Utc;
use plantroom_scene::{Reading, ValueBox};

use super::{Canvas, Crowd, Font, Sign, marks};

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, value: &ValueBox, crowd: &Crowd, now: Option<Utc>) {
    if value.plain {
        row(c, rect, value, now);
        return;
    }
    let above = pos2(rect.left(), rect.top() - c.len(3.0));
    c.text(above, Align2::LEFT_BOTTOM, value.label.get(), Font::TEXT, c.theme().text_quiet);
    boxed(c, rect, &value.reading);
    around(c, rect, &value.reading, crowd, now);
}

/// The box: value right-aligned and bold, then its unit. Dashed where the value isn't good.
pub fn boxed(c: &Canvas<'_>, rect: Rect, reading: &Reading) {
    if reading.is_good() {
        c.boxed(rect, c.theme().value_box, c.stroke(c.theme().line, c.theme().panel_line));
    } else {
        c.filled(rect, c.theme().panel);
        c.dashed_box(rect, c.stroke(1.4, c.theme().text_quiet));
    }
    words(c, rect, reading);
}

/// Value and unit in a box.
pub fn words(c: &Canvas<'_>, rect: Rect, reading: &Reading) {
    let high = rect.height() / c.scale();
    let right = pos2(rect.right() - c.len(6.0), rect.center().y);
    let unit_font = Font::SMALL.at_most(high * 0.52);
    let unit = c.text(right, Align2::RIGHT_CENTER, &reading.facts.unit, unit_font, c.theme().text_quiet);
    let gap = if reading.facts.unit.is_empty() { 0.0 } else { c.len(5.0) };
    let font = Font::VALUE.at_most(high * 0.66);
    let room = unit.left() - gap - rect.left() - c.len(5.0);
    let text = if reading.is_known() { reading.text() } else { c.say("no tag").to_owned() };
    let text = c.fitted(&text, font, room);
    c.text(pos2(unit.left() - gap, rect.center().y), Align2::RIGHT_CENTER, &text, font, marks::ink(c, reading));
}

/// What stands beside a box: the sign on the left, quality and age on the right, or below where a neighbour is in the way.
pub fn around(c: &Canvas<'_>, rect: Rect, reading: &Reading, crowd: &Crowd, now: Option<Utc>) {
    if let Some(sign) = Sign::of(reading).filter(|sign| matches!(sign, Sign::Limit(_))) {
        marks::sign(c, pos2(rect.left() - c.len(13.0), rect.center().y), 16.0, sign);
    }
    let words = marks::tail_text(c.look(), reading.status, reading.source_time, now);
    if words.is_empty() {
        return;
    }
    let beside = pos2(rect.right() + c.len(5.0), rect.center().y);
    let size = egui::vec2(c.text_width(&words, Font::SMALL_BOLD), c.len(12.0));
    if crowd.is_free(Rect::from_min_size(beside - egui::vec2(0.0, size.y / 2.0), size), rect) {
        c.text(beside, Align2::LEFT_CENTER, &words, Font::SMALL_BOLD, c.theme().text);
    } else {
        let below = rect.left_bottom() + egui::vec2(0.0, c.len(2.0));
        c.text(below, Align2::LEFT_TOP, &words, Font::SMALL_BOLD, c.theme().text);
    }
}

fn row(c: &Canvas<'_>, rect: Rect, value: &ValueBox, now: Option<Utc>) {
    let reading = &value.reading;
    let y = rect.center().y;
    let start = rect.left() + c.len(value.label_w.max(0.0));
    let room = start - rect.left() - c.len(4.0);
    let label = c.fitted(value.label.get(), Font::TEXT, room.max(c.len(20.0)));
    c.text(pos2(rect.left(), y), Align2::LEFT_CENTER, &label, Font::TEXT, c.theme().text_quiet);
    if let Some(sign) = Sign::of(reading).filter(|sign| matches!(sign, Sign::Limit(_))) {
        marks::sign(c, pos2(start - c.len(11.0), y), 15.0, sign);
    }
    let text = if reading.is_known() { reading.text() } else { c.say("no such tag").to_owned() };
    let text = crate::words::with_unit(&text, &reading.facts.unit);
    let used = c.text(pos2(start, y), Align2::LEFT_CENTER, &text, Font::TEXT_BOLD, marks::ink(c, reading));
    if !reading.is_good() {
        c.dashed_box(used.expand2(egui::vec2(c.len(4.0), c.len(1.0))), c.stroke(1.2, c.theme().text_quiet));
    }
    marks::tail(c, pos2(used.right() + c.len(9.0), y), Align2::LEFT_CENTER, reading, now);
}
