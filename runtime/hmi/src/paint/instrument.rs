//! Instrument bubbles (ISA-5.1): letters above, loop number below; the lines say where the instrument is.

use egui::{Align2, Rect, Stroke, pos2, vec2};
use plantroom_model::Utc;
use plantroom_scene::{Instrument, Location};

use super::{Canvas, Font, Sign, marks};
use crate::words::with_unit;

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, instrument: &Instrument, now: Option<Utc>) {
    let reading = &instrument.reading;
    let (centre, radius) = (rect.center(), rect.width().min(rect.height()) / 2.0);
    let line = c.stroke(c.theme().line_equipment, c.theme().equipment);
    let square = Rect::from_center_size(centre, vec2(radius, radius) * 2.0);
    if instrument.location == Location::Shared {
        c.filled(square, c.theme().value_box);
        if reading.is_good() {
            c.add(egui::Shape::rect_stroke(square, 0.0, line, egui::StrokeKind::Middle));
        } else {
            c.dashed_box(square, line);
        }
    }
    if reading.is_good() {
        c.circle(centre, radius, c.theme().value_box, line);
    } else {
        c.dashed_circle(centre, radius, c.theme().panel, line);
    }
    let ends = [pos2(centre.x - radius, centre.y), pos2(centre.x + radius, centre.y)];
    match instrument.location {
        Location::Field => {}
        Location::Panel | Location::Shared => c.line(ends[0], ends[1], line),
        Location::Behind => c.dashed(&ends, Stroke { width: line.width, ..line }),
    }
    let room = radius * 1.7;
    for (words, down) in [(&instrument.letters, -0.42), (&instrument.number, 0.42)] {
        let font = [Font::TEXT_BOLD, Font::SMALL_BOLD].into_iter().find(|font| c.text_width(words, *font) <= room);
        let words = c.fitted(words, font.unwrap_or(Font::SMALL_BOLD), room);
        c.text(
            centre + vec2(0.0, radius * down),
            Align2::CENTER_CENTER,
            &words,
            font.unwrap_or(Font::SMALL_BOLD),
            c.theme().text,
        );
    }
    if let Some(sign) = Sign::of(reading) {
        marks::frame(c, square, sign);
        marks::sign(c, square.left_top() - vec2(c.len(5.0), c.len(5.0)), 15.0, sign);
    }
    if instrument.with_value {
        let framed = Sign::of(reading).is_some_and(|sign| !matches!(sign, Sign::Doubt(_)));
        let below = pos2(centre.x, square.bottom() + c.len(if framed { 11.0 } else { 5.0 }));
        let text = if reading.is_known() { with_unit(&reading.text(), &reading.facts.unit) } else { c.say("no tag").to_owned() };
        let used = c.text(below, Align2::CENTER_TOP, &text, Font::TEXT_BOLD, marks::ink(c, reading));
        let beside = pos2(used.right() + c.len(6.0), used.center().y);
        marks::tail(c, beside, Align2::LEFT_CENTER, reading, now);
    }
}
