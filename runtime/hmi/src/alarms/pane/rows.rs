//! The rows of a list of alarms and what stands above them: only those in sight are made.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use plantroom_model::{Priority, Utc};

use super::super::list::{Line, Sort, Tab};
use super::super::table::Alarm;
use super::super::{sign, words};
use super::AlarmList;
use crate::fonts::{bold, regular};

use crate::paint::Canvas;
use crate::panes::Around;
use crate::words::{age_text, local};

/// Columns: title, share of the width, by what a click sorts. What happened stands before where it has its name.
const COLUMNS: [(&str, f32, Option<Sort>); 10] = [
    ("Time", 1.15, Some(Sort::Time)),
    ("Priority", 0.85, Some(Sort::Priority)),
    ("Message", 3.7, Some(Sort::Message)),
    ("Value", 1.1, None),
    ("Limit", 0.95, None),
    ("State", 2.6, Some(Sort::State)),
    ("Duration", 0.75, Some(Sort::Time)),
    ("Action", 3.1, None),
    ("Area", 0.95, Some(Sort::Area)),
    ("Name", 1.4, Some(Sort::Name)),
];
/// Places of columns in plain letters whatever waits: what explains, and where it is.
const PLAIN: [usize; 3] = [7, 8, 9];

pub enum Pressed {
    Row(u32, (bool, bool)),
    Twice(u32),
    Fold(String),
}

impl AlarmList {
    pub(super) fn header(&mut self, ui: &mut Ui, around: &Around<'_>) {
        let look = &*around.look;
        let (rect, _) = ui.allocate_exact_size(
            vec2(ui.available_width(), if look.touch { plantroom_scene::TOUCH_POINTS } else { 22.0 }),
            Sense::hover(),
        );
        for (place, cell) in cells(rect).into_iter().enumerate() {
            let (title, _, sort) = COLUMNS[place];
            let (now, backwards) = self.list.sorted();
            let mark = match (sort == Some(now) && title != "Duration", backwards) {
                (true, false) => " \u{25BE}",
                (true, true) => " \u{25B4}",
                (false, _) => "",
            };
            let words = format!("{}{mark}", look.say(title));
            let sense = if sort.is_some() { Sense::click() } else { Sense::hover() };
            let response = ui.interact(cell, ui.scope_id().with(("sort", place)), sense);
            response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, &words));
            if response.has_focus() {
                ui.painter().rect_stroke(cell, 2.0, Stroke::new(1.4, look.theme.focus), StrokeKind::Inside);
            }
            put(ui, cell, &words, bold(look.theme.size_text - 0.5), look.theme.text);
            if let (true, Some(sort)) = (response.clicked(), sort) {
                self.list.sort_by(sort);
            }
        }
    }

    pub(super) fn row(&self, ui: &Ui, around: &Around<'_>, rect: Rect, line: &Line) -> Option<Pressed> {
        let alarm = around.alarms.get(line.id)?;
        let look = &*around.look;
        let t = &look.theme;
        let gone = self.list.is_gone(around.alarms, line.id);
        let chosen = self.selection.has(line.id);
        let (info, now) = (alarm.info, alarm.now);
        let priority = words::priority(info);
        let waits = alarm.state().is_unacknowledged();
        let fill = match priority {
            _ if chosen => Some(t.normal_range),
            Priority::Critical if waits && !gone => Some(t.urgent_row),
            Priority::High if waits && !gone => Some(t.warning_row),
            _ => None,
        };
        if let Some(fill) = fill {
            ui.painter().rect_filled(rect, 0.0, fill);
        }
        ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(0.5, t.panel_line));
        let texts = self.texts(around, &alarm, line, gone);
        let (font, ink) = match (waits, gone) {
            (_, true) => (regular(t.size_text), t.text_off),
            (true, _) => (bold(t.size_text), t.text),
            (false, _) => (regular(t.size_text), t.text),
        };
        let c = Canvas::new(ui.painter(), rect.min, 1.0);
        let lit = !waits || gone || alarm.hidden().any() || sign::lit(around.utc);
        // One of those below stands a little to the right, and is a little smaller.
        let (indent, size) = if line.below { (8.0, 12.0) } else { (0.0, 15.0) };
        sign::paint(&c, pos2(rect.left() + 13.0 + indent, rect.center().y), size, priority, lit);
        for (place, cell) in cells(rect).into_iter().enumerate() {
            let plain = PLAIN.contains(&place);
            put(ui, cell, &texts[place], if plain { regular(t.size_text) } else { font.clone() }, ink);
        }
        let said = format!("{}, {}, {}, {}", texts[1], texts[2], texts[5], texts[0]);
        let response = ui.interact(rect, ui.scope_id().with(("row", line.id)), Sense::CLICK);
        response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, chosen, &said));
        if self.selection.cursor() == Some(line.id) {
            ui.painter().rect_stroke(rect.shrink(1.0), 0.0, Stroke::new(1.4, t.focus), StrokeKind::Inside);
        }
        let on_fold = response.interact_pointer_pos().is_some_and(|at| at.x < rect.left() + 26.0);
        if response.double_clicked() {
            return Some(Pressed::Twice(line.id));
        }
        if response.clicked() && line.more > 0 && on_fold {
            return Some(Pressed::Fold(now.cause.clone()));
        }
        let modifiers = ui.input(|input| (input.modifiers.shift, input.modifiers.command));
        response.clicked().then_some(Pressed::Row(line.id, modifiers))
    }

    fn texts(&self, around: &Around<'_>, alarm: &Alarm<'_>, line: &Line, gone: bool) -> [String; 10] {
        let (look, info, now) = (&*around.look, alarm.info, alarm.now);
        let today = |utc| local(utc, around.zone, "%Y-%m-%d");
        let same = around.utc.is_some_and(|utc| today(utc) == today(Utc(now.came)));
        let time = if now.came <= 0 {
            String::new()
        } else {
            local(Utc(now.came), around.zone, if same { "%H:%M:%S" } else { "%d.%m. %H:%M:%S" })
        };
        let state = if gone { look.say("gone").to_owned() } else { words::state(look, alarm) };
        let mut message = info.message.clone();
        if line.more > 0 {
            let mark = if self.list.is_open(&now.cause) { "\u{25BE}" } else { "\u{25B8}" };
            message = format!("{mark} +{}  {message} ({})", line.more, look.texts.translated(&now.cause));
        }
        let last = self.last(around, alarm);
        [
            time,
            look.say(words::priority(info).word()).to_owned(),
            message,
            words::value(info, &now.value),
            words::limit(info, now.limit),
            state,
            age_text(Utc(now.came), around.utc).unwrap_or_default(),
            last,
            look.say(&info.area).to_owned(),
            info.name.clone(),
        ]
    }

    /// What is to be done; of hidden ones, how long and by whom.
    fn last(&self, around: &Around<'_>, alarm: &Alarm<'_>) -> String {
        let now = alarm.now;
        let by = words::hidden_by(&around.look, now);
        match (self.list.tab(), now.shelved_until) {
            (Tab::Active, _) => alarm.info.action.clone(),
            (Tab::Shelved, Some(until)) => around.look.fill("{} left, {}", &[&words::left(until, around.utc), &by]),
            _ => by,
        }
    }
}

/// The places of the columns in a row.
fn cells(rect: Rect) -> Vec<Rect> {
    let (left, gap) = (rect.left() + 30.0, 8.0);
    let unit = (rect.right() - left - gap * COLUMNS.len() as f32).max(100.0) / COLUMNS.iter().map(|column| column.1).sum::<f32>();
    let mut x = left;
    let place = |(_, share, _): &(&str, f32, Option<Sort>)| {
        let cell = Rect::from_min_max(pos2(x, rect.top()), pos2(x + share * unit, rect.bottom()));
        x = cell.right() + gap;
        cell
    };
    COLUMNS.iter().map(place).collect()
}

/// Words in a cell; what has no room ends in an ellipsis.
pub fn put(ui: &Ui, cell: Rect, words: &str, font: FontId, ink: Color32) {
    if words.is_empty() {
        return;
    }
    let mut job = LayoutJob::simple_singleline(words.to_owned(), font, ink);
    job.wrap = TextWrapping::truncate_at_width(cell.width());
    let laid = ui.painter().layout_job(job);
    let at = pos2(cell.left(), cell.center().y - laid.size().y / 2.0);
    ui.painter().galley(at, laid, ink);
}
