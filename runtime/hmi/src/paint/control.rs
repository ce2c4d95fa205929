//! What can be pressed on a scene: buttons, setpoints, switches, tabs, and symbols that open something.
//!
//! Everything here is reachable with Tab, pressed with Enter or Space, and has its words for screen readers.

use egui::{Align2, Color32, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use plantroom_model::{Utc, Value};
use plantroom_scene::{Button, NavEntry, Navigation, Reading, Relation, Setpoint, Switch};

use super::{Canvas, Crowd, Font, Hit, View, marks, value};
use crate::look::Look;
use crate::stops;

/// Makes a box pressable, as far around it as the canvas says. What can't be pressed says why under the pointer.
pub fn press(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: egui::Id, (role, words): (Role, &str), blocked: Option<&str>) -> Response {
    let sense = if blocked.is_none() { Sense::click() } else { Sense::hover() };
    let mut response = ui.interact(c.reach(rect), id, sense);
    response.rect = rect;
    let enabled = blocked.is_none();
    response.widget_info(|| WidgetInfo::labeled(role, enabled, words));
    match blocked {
        Some(why) => response.on_hover_text(Look::of(ui.ctx()).say(why)),
        None => response.on_hover_cursor(egui::CursorIcon::PointingHand),
    }
}

/// Draws the keyboard focus.
pub fn focus(c: &Canvas<'_>, response: &Response) {
    stops::note(c.painter().ctx(), response);
    if response.has_focus() {
        let rect = response.rect.expand(c.len(3.0));
        c.add(egui::Shape::rect_stroke(rect, c.corner(), c.stroke(2.0, c.theme().focus), egui::StrokeKind::Middle));
    }
}

/// How a pressable box looks: see [`face`].
pub struct Face {
    fill: Color32,
    line: Stroke,
    ink: Color32,
}

/// How a pressable box looks now.
pub fn face(c: &Canvas<'_>, response: &Response, enabled: bool, chosen: bool) -> Face {
    if chosen {
        return Face { fill: c.theme().sheet, line: c.stroke(1.6, c.theme().text), ink: c.theme().value };
    }
    if !enabled {
        return Face { fill: c.theme().bar, line: c.stroke(1.0, c.theme().panel_line), ink: c.theme().text_off };
    }
    let fill = if response.is_pointer_button_down_on() {
        c.theme().value_box
    } else if response.hovered() {
        c.theme().button_hover
    } else {
        c.theme().button
    };
    Face { fill, line: c.stroke(1.2, c.theme().sheet_line), ink: c.theme().text }
}

/// Draws a pressable box with its words.
pub fn key(c: &Canvas<'_>, rect: Rect, words: &str, face: &Face) {
    c.boxed(rect, face.fill, face.line);
    // A word that is a little too long gets smaller letters before it loses any.
    let room = rect.width() - c.len(6.0);
    let font = if c.text_width(words, Font::TEXT_BOLD) <= room { Font::TEXT_BOLD } else { Font::SMALL_BOLD };
    let words = c.fitted(words, font, room);
    c.text(rect.center(), Align2::CENTER_CENTER, &words, font, face.ink);
}

/// Why a tag can't be written now, if it can't.
fn blocked<'v>(view: &'v View<'_>, target: &Reading, enabled: bool) -> Option<&'v str> {
    if let Some(why) = view.blocked {
        Some(why)
    } else if !enabled {
        Some("Not possible in this state.")
    } else if target.is_present() && target.is_known() && !target.facts.writable {
        Some("This tag can't be written by you.")
    } else {
        None
    }
}

/// Draws a button.
pub fn button(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: egui::Id, button: &Button, view: &View<'_>) -> Option<Hit> {
    let blocked = match (button.navigates, *button.enabled.get()) {
        (true, true) => None,
        (true, false) => Some("Not possible in this state."),
        (false, enabled) => blocked(view, &button.target, enabled),
    };
    let words = button.label.get();
    let response = press(ui, c, rect, id, (Role::Button, words), blocked);
    key(c, rect, words, &face(c, &response, blocked.is_none(), *button.chosen.get()));
    focus(c, &response);
    response.clicked().then_some(Hit::Fire { event: button.event, value: None, rect })
}

/// Draws a setpoint: a value box with a heavier outline, and a mark that it can be changed.
pub fn setpoint(
    ui: &Ui,
    c: &Canvas<'_>,
    (rect, crowd): (Rect, &Crowd),
    id: egui::Id,
    point: &Setpoint,
    view: &View<'_>,
) -> Option<Hit> {
    let reading = &point.reading;
    let blocked = blocked(view, reading, *point.enabled.get());
    let name = match (point.label.get().as_str(), reading.tag()) {
        ("", Some(tag)) => tag.to_string(),
        (label, _) => label.to_owned(),
    };
    let response = press(ui, c, rect, id, (Role::Button, &c.look().fill("Set {}", &[&name])), blocked);
    let above = pos2(rect.left(), rect.top() - c.len(3.0));
    c.text(above, Align2::LEFT_BOTTOM, point.label.get(), Font::TEXT, c.theme().text_quiet);
    let face = face(c, &response, blocked.is_none(), false);
    if reading.is_good() {
        c.boxed(rect, if blocked.is_none() { c.theme().sheet } else { face.fill }, face.line);
    } else {
        c.filled(rect, c.theme().panel);
        c.dashed_box(rect, c.stroke(1.4, c.theme().text_quiet));
    }
    let mark = pos2(rect.left() + c.len(10.0), rect.center().y);
    let (x, y) = (c.len(3.5), c.len(4.5));
    let ink = if blocked.is_none() { c.theme().value } else { c.theme().text_off };
    c.polygon(vec![mark + vec2(0.0, -y - 1.0), mark + vec2(x, -1.0), mark + vec2(-x, -1.0)], ink, Stroke::NONE);
    c.polygon(vec![mark + vec2(-x, 1.0), mark + vec2(x, 1.0), mark + vec2(0.0, y + 1.0)], ink, Stroke::NONE);
    let inner = Rect::from_min_max(pos2(rect.left() + c.len(14.0), rect.top()), rect.max);
    value::words(c, inner, reading);
    value::around(c, rect, reading, crowd, view.now);
    focus(c, &response);
    response.clicked().then(|| Hit::Enter { event: point.event, reading: reading.clone(), name, rect })
}

/// Draws a switch: its choices side by side, the current one raised.
pub fn switch(
    ui: &Ui,
    c: &Canvas<'_>,
    (rect, crowd): (Rect, &Crowd),
    id: egui::Id,
    switch: &Switch,
    view: &View<'_>,
) -> Option<Hit> {
    let above = pos2(rect.left(), rect.top() - c.len(3.0));
    c.text(above, Align2::LEFT_BOTTOM, switch.label.get(), Font::TEXT, c.theme().text_quiet);
    let blocked = blocked(view, &switch.target, *switch.enabled.get());
    let choices = switch.words();
    let gap = c.len(5.0);
    let count = choices.len().max(1) as f32;
    let width = (rect.width() - gap * (count - 1.0)) / count;
    let current = switch.reading.number().filter(|_| !switch.reading.status.is_bad());
    let mut hit = None;
    for (place, (number, words)) in choices.iter().enumerate() {
        let left = rect.left() + (width + gap) * place as f32;
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        let said = if switch.label.get().is_empty() { words.clone() } else { format!("{}: {words}", switch.label.get()) };
        let response = press(ui, c, part, id.with(place), (Role::RadioButton, &said), blocked);
        let chosen = current == Some(*number as f64);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, blocked.is_none(), chosen, &said));
        key(c, part, words, &face(c, &response, blocked.is_none(), chosen));
        focus(c, &response);
        if response.clicked() {
            hit = Some(Hit::Fire { event: switch.event, value: Some(Value::Int(*number)), rect: part });
        }
    }
    if !switch.reading.is_good() {
        c.dashed_box(rect.expand(c.len(3.0)), c.stroke(1.4, c.theme().text_quiet));
    }
    value::around(c, rect, &switch.reading, crowd, view.now);
    hit
}

/// Draws tabs to other screens in a box.
pub fn navigation(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: egui::Id, tabs: &Navigation) -> Option<Hit> {
    c.filled(rect, c.theme().bar);
    let mut left = rect.left();
    let mut hit = None;
    for (place, entry) in tabs.entries.iter().enumerate() {
        let width = tab_width(c, entry);
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        if tab(ui, c, part, id.with(place), entry) {
            hit = Some(Hit::Fire { event: entry.event, value: None, rect: part });
        }
        left += width;
    }
    hit
}

/// How wide a tab is, in points.
pub fn tab_width(c: &Canvas<'_>, entry: &NavEntry) -> f32 {
    c.text_width(&tab_words(entry), Font::TEXT_BOLD) + c.len(36.0)
}

/// A tab's words: an arrow up to the parent, an arrow down to a child.
pub fn tab_words(entry: &NavEntry) -> String {
    match entry.relation {
        Relation::Parent => format!("\u{2191} {}", entry.title),
        Relation::Child => format!("\u{2193} {}", entry.title),
        Relation::Here | Relation::Sibling => entry.title.clone(),
    }
}

/// Draws one tab; true when it was pressed.
pub fn tab(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: egui::Id, entry: &NavEntry) -> bool {
    let here = entry.relation == Relation::Here;
    let response = press(ui, c, rect, id, (Role::Tab, &entry.title), None);
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, here, &entry.title));
    if here {
        c.filled(rect, c.theme().background);
        let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - c.len(4.0)), rect.max);
        c.filled(line, c.theme().value);
    } else if response.hovered() {
        c.filled(rect, c.theme().panel);
    }
    let (font, ink) = if here { (Font::TEXT_BOLD, c.theme().value) } else { (Font::TEXT, c.theme().text) };
    c.text(rect.center(), Align2::CENTER_CENTER, &tab_words(entry), font, ink);
    focus(c, &response);
    response.clicked() && !here
}

/// What an object is called by screen readers and under the pointer.
pub fn described(look: &Look, tip: &str, reading: Option<&Reading>, now: Option<Utc>) -> String {
    let Some(reading) = reading.filter(|reading| reading.is_present()) else { return tip.to_owned() };
    let text = crate::words::with_unit(&reading.text(), &reading.facts.unit);
    if reading.status.is_override() {
        return format!("{tip} {text} {}", marks::tail_text(look, reading.status, reading.source_time, now));
    }
    if reading.is_good() {
        return format!("{tip} {text}");
    }
    let tail = marks::tail_text(look, reading.status, reading.source_time, now);
    format!("{tip} {text} {tail} ({})", look.say(reading.status.words()))
}
