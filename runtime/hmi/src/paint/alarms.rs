//! Alarms on a screen: the most urgent ones that wait, and a small list of those that stand.

use egui::{Align2, Id, Rect, Role, Ui, WidgetInfo, pos2};
use plantroom_scene::{Alarms, AlarmsOf};

use super::{Canvas, Font, Hit, View, control};
use crate::alarms::{self, Table};

/// Height of a line, in units.
const LINE: f32 = 22.0;

/// Height of a line in points: as high as a finger is wide where fingers press it.
fn line_of(c: &Canvas<'_>) -> f32 {
    if c.look().touch { c.len(LINE).max(plantroom_scene::TOUCH_POINTS) } else { c.len(LINE) }
}

/// Lines that fit; a hair too little, as scaling leaves, is none less.
fn lines_of(c: &Canvas<'_>, rect: Rect) -> usize {
    ((rect.height() / line_of(c) + 0.05).floor() as usize).max(1)
}

/// The line at a place, counted from the top.
fn line_at(c: &Canvas<'_>, rect: Rect, place: usize) -> Rect {
    let (high, gap) = (line_of(c), c.len(1.0));
    let top = rect.top() + high * place as f32 + gap;
    Rect::from_min_max(pos2(rect.left() + gap, top), pos2(rect.right() - gap, top + high - gap * 2.0))
}

/// The most urgent alarms that wait for an acknowledgement, as many as fit: a click goes to the alarm's screen.
pub fn waiting(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: Id, of: &AlarmsOf, (table, view): (&Table, &View<'_>)) -> Option<Hit> {
    let lines = lines_of(c, rect);
    let top = table.top(of, true, lines);
    let mut hit = None;
    for (place, alarm) in top.ids.iter().filter_map(|id| table.get(*id)).enumerate() {
        let row = line_at(c, rect, place);
        let said = alarms::banner::row(c, row, &alarm, (view.now, view.zone));
        let response = control::press(ui, c, row, id.with(("alarm", place)), (Role::Button, &said), None);
        control::focus(c, &response);
        let name = || alarm.info.name.clone();
        if response.double_clicked() {
            hit = Some(Hit::Alarm(name()));
        } else if response.clicked() {
            hit = Some(Hit::Jump(name()));
        }
    }
    if top.all == 0 {
        nothing(c, rect, "Nothing waits for an acknowledgement.");
    } else if top.all > lines {
        let words = format!("+{}", top.all - lines);
        let last = line_at(c, rect, lines - 1);
        let used = c.text_width(&words, Font::SMALL_BOLD) + c.len(8.0);
        let ground = Rect::from_min_max(pos2(last.right() - used, last.top()), last.max);
        c.filled(ground, c.theme().panel);
        c.text(ground.center(), Align2::CENTER_CENTER, &words, Font::SMALL_BOLD, c.theme().text);
    }
    hit
}

/// A small list of the alarms that stand: a click opens everything about one.
pub fn paint(ui: &Ui, c: &Canvas<'_>, rect: Rect, id: Id, own: &Alarms, view: &View<'_>) -> Option<Hit> {
    // A station that tells of no alarms has none to list, and an empty list would say that all is well.
    let table = view.alarms?;
    let above = pos2(rect.left(), rect.top() - c.len(3.0));
    c.text(above, Align2::LEFT_BOTTOM, own.label.get(), Font::TEXT, c.theme().text_quiet);
    c.boxed(rect, c.theme().plot, c.stroke(c.theme().line, c.theme().panel_line));
    let lines = lines_of(c, rect);
    let top = table.top(&own.of, false, lines);
    let whole = own.of.instance.is_empty() && top.all <= lines;
    let rows = if whole { lines } else { lines.saturating_sub(1).max(1) };
    let mut hit = None;
    for (place, alarm) in top.ids.iter().take(rows).filter_map(|id| table.get(*id)).enumerate() {
        let row = line_at(c, rect, place);
        let said = alarms::banner::row(c, row, &alarm, (view.now, view.zone));
        let response = control::press(ui, c, row, id.with(place), (Role::ListItem, &said), None);
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &said));
        control::focus(c, &response);
        if response.clicked() {
            hit = Some(Hit::Alarm(alarm.info.name.clone()));
        }
    }
    if top.all == 0 {
        nothing(c, rect, "No alarms.");
    }
    if !whole && lines > 1 {
        hit = foot(ui, c, (line_at(c, rect, lines - 1), id), own, top.all.saturating_sub(rows)).or(hit);
    }
    hit
}

/// What opens the whole list.
fn foot(ui: &Ui, c: &Canvas<'_>, (line, id): (Rect, Id), own: &Alarms, more: usize) -> Option<Hit> {
    let words = match (more, own.of.instance.is_empty()) {
        (0, _) => c.say("all of its alarms").to_owned(),
        (_, true) => c.look().fill("{} more", &[&more.to_string()]),
        (_, false) => c.look().fill("{} more, and all of its alarms", &[&more.to_string()]),
    };
    let response = control::press(ui, c, line, id.with("all"), (Role::Button, &words), None);
    control::focus(c, &response);
    if response.hovered() {
        c.filled(line, c.theme().button_hover);
    }
    let fitted = c.fitted(&format!("{words} \u{25B8}"), Font::SMALL, line.width() - c.len(12.0));
    c.text(pos2(line.right() - c.len(6.0), line.center().y), Align2::RIGHT_CENTER, &fitted, Font::SMALL, c.theme().text);
    response.clicked().then(|| Hit::Alarms(own.of.clone()))
}

fn nothing(c: &Canvas<'_>, rect: Rect, words: &str) {
    let line = line_at(c, rect, 0);
    let words = c.fitted(c.say(words), Font::TEXT, line.width() - c.len(20.0));
    c.text(pos2(line.left() + c.len(10.0), line.center().y), Align2::LEFT_CENTER, &words, Font::TEXT, c.theme().text_quiet);
}
