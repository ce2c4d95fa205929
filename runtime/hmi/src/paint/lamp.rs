//! An indicator: a round sign with a word; a warning triangle where the state is abnormal.

use egui::{Align2, Rect, pos2};
use plantroom_model::Utc;
use plantroom_scene::Lamp;

use super::{Canvas, Font, Sign, marks};

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, lamp: &Lamp, now: Option<Utc>) {
    let reading = &lamp.reading;
    let size = rect.height().min(c.len(16.0));
    let centre = pos2(rect.left() + size / 2.0, rect.center().y);
    let abnormal = lamp.abnormal.is_some() && lamp.is_abnormal() == Some(true);
    let line = c.stroke(1.6, c.theme().equipment);
    if !reading.is_good() {
        c.dashed_circle(centre, size / 2.0, c.theme().vessel, line);
    } else if abnormal {
        marks::sign(c, centre, 17.0, Sign::Abnormal);
    } else {
        let fill = if reading.is_on() == Some(true) { c.theme().running } else { c.theme().stopped };
        c.circle(centre, size / 2.0, fill, line);
    }
    let at = pos2(rect.left() + size + c.len(8.0), rect.center().y);
    let name = c.text(at, Align2::LEFT_CENTER, lamp.label.get(), Font::TEXT, c.theme().text_quiet);
    let gap = if lamp.label.get().is_empty() { 0.0 } else { c.len(8.0) };
    let at = pos2(name.right() + gap, rect.center().y);
    let font = if abnormal { Font::TEXT_BOLD } else { Font::TEXT };
    let ink = if abnormal { c.theme().text } else { marks::ink(c, reading) };
    let word = c.text(at, Align2::LEFT_CENTER, &reading.text(), font, ink);
    marks::tail(c, pos2(word.right() + c.len(8.0), rect.center().y), Align2::LEFT_CENTER, reading, now);
}
