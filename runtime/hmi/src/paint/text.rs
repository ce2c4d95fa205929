//! Words and group boxes.

use egui::{Align2, Rect, pos2, vec2};
use plantroom_scene::{Align, Panel, Text, TextRole};

use super::{Canvas, Font};

/// Draws words; made from doubtful values they are quieter and carry the quality letter.
pub fn paint(c: &Canvas<'_>, rect: Rect, text: &Text) {
    let status = text.text.status();
    let (font, colour) = match text.role {
        TextRole::Title => (Font::TITLE, c.theme().text),
        TextRole::Heading => (Font::PANEL, c.theme().text),
        TextRole::Body => (Font::TEXT, c.theme().text),
        TextRole::Dim => (Font::TEXT, c.theme().text_quiet),
        TextRole::State => (Font::TEXT_BOLD, c.theme().value),
    };
    let colour = if status.is_bad() { c.theme().text_quiet } else { colour };
    let (x, anchor) = match text.align {
        Align::Left => (rect.left(), Align2::LEFT_CENTER),
        Align::Centre => (rect.center().x, Align2::CENTER_CENTER),
        Align::Right => (rect.right(), Align2::RIGHT_CENTER),
    };
    let used = c.text(pos2(x, rect.center().y), anchor, text.text.get(), font, colour);
    let letter = status.quality().letter();
    if !letter.is_empty() && !text.text.get().is_empty() {
        c.dashed_box(used.expand2(vec2(c.len(4.0), c.len(2.0))), c.stroke(1.2, c.theme().text_quiet));
        let at = pos2(used.right() + c.len(8.0), used.center().y);
        c.text(at, Align2::LEFT_CENTER, letter, Font::SMALL_BOLD, c.theme().text);
    }
}

/// Draws a group box.
pub fn panel(c: &Canvas<'_>, rect: Rect, panel: &Panel) {
    c.boxed(rect, c.theme().panel, c.stroke(c.theme().line, c.theme().panel_line));
    let at = rect.left_top() + vec2(c.len(16.0), c.len(12.0));
    c.text(at, Align2::LEFT_TOP, panel.label.get(), Font::PANEL, c.theme().text);
}
