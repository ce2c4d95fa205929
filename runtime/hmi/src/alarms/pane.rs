//! The list of alarms: tabs, filters, rows of which only those in sight are made, and what is done to those selected.

use egui::{Context, Key, Modifiers, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use plantroom_model::{Priority, Utc};

use super::acts::{Act, Plan};
use super::list::{Filter, Line, List, Sort, Tab};
use super::selection::Selection;
use super::table::Alarm;
use super::{sign, words};
use crate::fonts::{bold, regular};
use crate::paint::Canvas;
use crate::panes::list::{field, quiet, strong};
use crate::panes::{Around, Pane, Want, window};
use crate::words::{age_text, local};

/// A list under a pointer that rests for longer than this is held no more, in s.
const REST_S: f32 = 30.0;
/// Times for the shelf, in s, with what they are called.
const SHELVES: [(u32, &str); 6] =
    [(900, "15 min"), (1_800, "30 min"), (3_600, "1 h"), (7_200, "2 h"), (14_400, "4 h"), (28_800, "8 h")];

/// Columns: title, share of the width, by what a click sorts.
const COLUMNS: [(&str, f32, Option<Sort>); 10] = [
    ("Time", 1.25, Some(Sort::Time)),
    ("Priority", 0.9, Some(Sort::Priority)),
    ("State", 2.5, Some(Sort::State)),
    ("Area", 1.1, Some(Sort::Area)),
    ("Name", 2.0, Some(Sort::Name)),
    ("Message", 3.3, Some(Sort::Message)),
    ("Value", 1.1, None),
    ("Limit", 1.0, None),
    ("Duration", 0.8, Some(Sort::Time)),
    ("Action", 2.6, None),
];

/// The list with its keys.
pub struct AlarmList {
    list: List,
    selection: Selection,
    comment: String,
    shelf: usize,
    one_shot: bool,
    over: bool,
    scroll_to: Option<usize>,
}

impl Default for AlarmList {
    fn default() -> Self {
        let (list, selection, comment) = (List::default(), Selection::default(), String::new());
        Self { list, selection, comment, shelf: 2, one_shot: false, over: false, scroll_to: None }
    }
}

impl AlarmList {
    /// Draws it; gives whether it stays open.
    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        let rests = ctx.input(|input| input.pointer.time_since_last_movement()) > REST_S;
        let held = !self.selection.is_empty() || self.over && !rests;
        self.list.update(around.alarms, held);
        let room = around.body.size();
        window(ctx, around, ("alarms", "Alarms"), (room.x - 60.0, room.y - 90.0), |ui| {
            if !around.alarms.is_known() {
                ui.label(quiet(&around.look, "The station has told nothing of alarms yet."));
                return;
            }
            self.tabs(ui, around, wants);
            self.filters(ui, around);
            ui.separator();
            self.header(ui, around);
            let height = (ui.available_height() - 84.0).max(120.0);
            self.rows(ui, around, height, wants);
            ui.separator();
            self.foot(ui, around, wants);
        })
    }

    fn tabs(&mut self, ui: &mut Ui, around: &Around<'_>, wants: &mut Vec<Want>) {
        let (look, counts) = (&*around.look, around.alarms.counts());
        ui.horizontal_wrapped(|ui| {
            for (tab, name) in Tab::ALL {
                let count = match tab {
                    Tab::Active => counts.listed.iter().skip(1).sum(),
                    Tab::Shelved => counts.shelved,
                    Tab::Suppressed => counts.suppressed,
                    Tab::OutOfService => counts.out_of_service,
                };
                let words = format!("{} {count}", look.say(name));
                if ui.selectable_label(self.list.tab() == tab, strong(look, &words)).clicked() {
                    self.list.show(tab);
                    self.selection.clear();
                }
            }
            ui.add_space(24.0);
            for (pane, name) in [(Pane::AlarmJournal, "Journal"), (Pane::Figures, "Key figures")] {
                if ui.button(look.say(name)).clicked() {
                    wants.push(Want::Open(pane));
                }
            }
        });
    }

    fn filters(&mut self, ui: &mut Ui, around: &Around<'_>) {
        let look = &*around.look;
        let mut filter = self.list.filter().clone();
        ui.horizontal_wrapped(|ui| {
            field(ui, look, "Find", &mut filter.text, 180.0);
            ui.label(quiet(look, "Area"));
            let all = look.say("all areas").to_owned();
            let chosen = if filter.area.is_empty() { all.clone() } else { filter.area.clone() };
            egui::ComboBox::from_id_salt("area").selected_text(chosen).show_ui(ui, |ui| {
                ui.selectable_value(&mut filter.area, String::new(), all);
                for area in around.alarms.areas() {
                    ui.selectable_value(&mut filter.area, area.clone(), area);
                }
            });
            for priority in [Priority::Critical, Priority::High, Priority::Medium, Priority::Low] {
                let words = format!("{} {}", sign::number(priority), look.say(priority.word()));
                ui.checkbox(&mut filter.priorities[priority as usize], words);
            }
            ui.checkbox(&mut filter.waiting, look.say("unacknowledged only"));
            if filter.is_on() && ui.button(look.say("Show all")).clicked() {
                filter = Filter::default();
            }
        });
        if filter != *self.list.filter() {
            self.list.set_filter(filter);
            self.selection.clear();
        }
    }

    fn header(&mut self, ui: &mut Ui, around: &Around<'_>) {
        let look = &*around.look;
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
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
            put(ui, cell, &words, bold(look.theme.size_text - 0.5), look.theme.text);
            if let (true, Some(sort)) = (response.clicked(), sort) {
                self.list.sort_by(sort);
            }
        }
    }

    fn rows(&mut self, ui: &mut Ui, around: &Around<'_>, height: f32, wants: &mut Vec<Want>) {
        let look = &*around.look;
        let row_h = if look.touch { crate::look::TOUCH_POINTS } else { look.theme.size_text * 1.7 };
        self.keys(ui, (height / row_h) as isize - 1, wants);
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::vertical().id_salt("alarms").max_height(height).auto_shrink([false, false]);
        if let Some(place) = self.scroll_to.take() {
            area = area.vertical_scroll_offset((place as f32 * row_h - height / 2.0).max(0.0));
        }
        let mut pressed = None;
        let shown = area.show_rows(ui, row_h, self.list.lines().len(), |ui, range| {
            for line in self.list.lines().get(range).unwrap_or_default() {
                let size = vec2(ui.available_width(), row_h);
                let rect = Rect::from_min_size(ui.cursor().min, size);
                ui.advance_cursor_after_rect(rect);
                pressed = self.row(ui, around, rect, line).or(pressed.take());
            }
        });
        let pointer = ui.input(|input| input.pointer.hover_pos());
        self.over = pointer.is_some_and(|at| shown.inner_rect.contains(at)) && !self.list.lines().is_empty();
        if self.list.lines().is_empty() {
            let words = if self.list.filter().is_on() { "Nothing passes the filter." } else { "No alarms." };
            ui.put(
                Rect::from_min_size(shown.inner_rect.min + vec2(8.0, 6.0), vec2(300.0, 22.0)),
                egui::Label::new(quiet(look, words)),
            );
        }
        match pressed {
            Some(Pressed::Row(id, modifiers)) => self.selection.press(id, modifiers, self.list.ids()),
            Some(Pressed::Twice(id)) => wants.extend(around.alarms.get(id).map(|alarm| Want::Alarm(alarm.info.name.clone()))),
            Some(Pressed::Fold(cause)) => self.list.unfold(&cause, around.alarms),
            None => {}
        }
    }

    fn row(&self, ui: &Ui, around: &Around<'_>, rect: Rect, line: &Line) -> Option<Pressed> {
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
        let indent = if line.below { 14.0 } else { 0.0 };
        sign::paint(&c, pos2(rect.left() + 13.0 + indent, rect.center().y), 15.0, priority, lit);
        for (place, cell) in cells(rect).into_iter().enumerate() {
            let plain = matches!(place, 3 | 9);
            put(ui, cell, &texts[place], if plain { regular(t.size_text) } else { font.clone() }, ink);
        }
        let said = format!("{}, {}, {}, {}", texts[1], texts[5], texts[2], texts[0]);
        let response = ui.interact(rect, ui.scope_id().with(("row", line.id)), Sense::CLICK);
        response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, chosen, &said));
        if self.selection.cursor() == Some(line.id) {
            ui.painter().rect_stroke(rect.shrink(1.0), 0.0, Stroke::new(1.4, t.focus), egui::StrokeKind::Inside);
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
            message = format!("{mark} +{} {}: {message}", line.more, now.cause);
        }
        let last = self.last(around, alarm);
        [
            time,
            look.say(words::priority(info).word()).to_owned(),
            state,
            info.area.clone(),
            info.name.clone(),
            message,
            words::value(info, &now.value),
            words::limit(info, now.limit),
            age_text(Utc(now.came), around.utc).unwrap_or_default(),
            last,
        ]
    }

    /// What is to be done; of hidden ones, how long and by whom.
    fn last(&self, around: &Around<'_>, alarm: &Alarm<'_>) -> String {
        let now = alarm.now;
        let by = now
            .hidden_by
            .as_ref()
            .map_or_else(String::new, |(who, why)| if why.is_empty() { who.clone() } else { format!("{who}: {why}") });
        match (self.list.tab(), now.shelved_until) {
            (Tab::Active, _) => alarm.info.action.clone(),
            (Tab::Shelved, Some(until)) => around.look.fill("{} left, {}", &[&words::left(until, around.utc), &by]),
            _ => by,
        }
    }

    /// Keys of the list, where nobody types.
    fn keys(&mut self, ui: &Ui, page: isize, wants: &mut Vec<Want>) {
        if ui.ctx().text_edit_focused() {
            return;
        }
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(Modifiers::COMMAND, Key::A) {
            self.selection.all(self.list.ids());
        }
        if pressed(Modifiers::NONE, Key::A) {
            wants.push(Want::Acknowledge);
        }
        for (key, by) in [(Key::ArrowDown, 1), (Key::ArrowUp, -1), (Key::PageDown, page.max(1)), (Key::PageUp, -page.max(1))] {
            let extend = pressed(Modifiers::SHIFT, key);
            if extend || ui.memory(|memory| memory.focused().is_none()) && pressed(Modifiers::NONE, key) {
                self.scroll_to = self.selection.step(by, extend, self.list.ids());
            }
        }
        if let Some(id) = self.selection.cursor()
            && ui.memory(|memory| memory.focused().is_none())
            && pressed(Modifiers::NONE, Key::Enter)
        {
            wants.push(Want::AlarmOf(id));
        }
    }

    fn foot(&mut self, ui: &mut Ui, around: &Around<'_>, wants: &mut Vec<Want>) {
        let look = &*around.look;
        ui.horizontal_wrapped(|ui| {
            let counts = [self.selection.len(), self.list.len()].map(|count| count.to_string());
            ui.label(quiet(look, &look.fill("{} of {} selected", &[&counts[0], &counts[1]])));
            if !self.selection.is_empty() && ui.button(look.say("Select none")).clicked() {
                self.selection.clear();
            }
            if ui.button(look.say("Select all shown")).clicked() {
                self.selection.all(self.list.ids());
            }
            if self.list.fresh() > 0 {
                let words = look.fill("{} new ones wait while you work here", &[&self.list.fresh().to_string()]);
                if ui.button(strong(look, &words)).on_hover_text(look.say("Show them")).clicked() {
                    self.selection.clear();
                    self.list.update(around.alarms, false);
                }
            }
        });
        ui.horizontal_wrapped(|ui| {
            field(ui, look, "Comment or reason", &mut self.comment, 220.0);
            if self.key(ui, around, Act::Acknowledge) || wants.iter().any(|want| matches!(want, Want::Acknowledge)) {
                self.act(around, Act::Acknowledge, ui.min_rect(), wants);
            }
            let (for_s, one_shot) = (SHELVES[self.shelf.min(SHELVES.len() - 1)].0, self.one_shot);
            let acts: &[Act] = match self.list.tab() {
                Tab::Active => &[Act::Reset, Act::Shelve { for_s, one_shot }, Act::Suppress, Act::OutOfService, Act::Remark],
                Tab::Shelved => &[Act::Unshelve],
                Tab::Suppressed => &[Act::Unsuppress],
                Tab::OutOfService => &[Act::InService],
            };
            for act in acts {
                if self.key(ui, around, *act) {
                    self.act(around, *act, ui.min_rect(), wants);
                }
                if matches!(act, Act::Shelve { .. }) {
                    egui::ComboBox::from_id_salt("shelf").width(80.0).selected_text(look.say(SHELVES[self.shelf].1)).show_ui(
                        ui,
                        |ui| {
                            for (place, (_, name)) in SHELVES.iter().enumerate() {
                                ui.selectable_value(&mut self.shelf, place, look.say(name));
                            }
                        },
                    );
                    ui.checkbox(&mut self.one_shot, look.say("until it returns"));
                }
            }
        });
        wants.retain(|want| !matches!(want, Want::Acknowledge));
    }

    fn key(&self, ui: &mut Ui, around: &Around<'_>, act: Act) -> bool {
        let able = around.blocked.is_none() && !self.selection.is_empty();
        let why = around.blocked.unwrap_or("Select alarms first.");
        let words = egui::Button::new(around.look.say(act.name()));
        ui.add_enabled(able, words).on_disabled_hover_text(around.look.say(why)).clicked()
    }

    fn act(&mut self, around: &Around<'_>, act: Act, beside: Rect, wants: &mut Vec<Want>) {
        if self.selection.is_empty() || around.blocked.is_some() {
            return;
        }
        // Who acts on a folded group acts on all of it.
        let folded = self.list.lines().iter().filter(|line| line.more > 0 && self.selection.has(line.id));
        let mut ids: Vec<u32> = folded.flat_map(|line| self.list.group_of(around.alarms, line.id)).collect();
        ids.extend(self.selection.ids());
        ids.sort_unstable();
        ids.dedup();
        if wish_for(around, act, &ids, &self.comment, beside, wants) {
            self.selection.clear();
            self.comment.clear();
        }
    }
}

/// Asks for an act on these alarms: at once where it hides nothing, in two steps otherwise. False where nothing is asked.
pub fn wish_for(around: &Around<'_>, act: Act, ids: &[u32], comment: &str, beside: Rect, wants: &mut Vec<Want>) -> bool {
    let look = &*around.look;
    let plan = Plan::of(act, around.alarms, ids.iter().copied(), comment);
    let what = plan.called(look, act);
    let refuse = |why: &str| Want::Refuse { what: what.clone(), why: look.say(why).to_owned() };
    if let Some(why) = around.blocked {
        wants.push(refuse(why));
        return false;
    }
    if plan.wishes.is_empty() {
        wants.push(refuse(plan.why.unwrap_or("Nothing is selected.")));
        return false;
    }
    if act.takes_reason() && comment.trim().is_empty() {
        wants.push(refuse("Say why first: a reason is kept with it, and shown to everybody who looks."));
        return false;
    }
    let mut notes = vec![look.fill("{} alarms", &[&plan.alarms.to_string()])];
    if let (1.., Some(why)) = (plan.left_out, plan.why) {
        notes.push(look.fill("{} are left out: {}", &[&plan.left_out.to_string(), look.say(why)]));
    }
    if !comment.trim().is_empty() {
        notes.push(look.fill("Why: {}", &[comment.trim()]));
    }
    let beside = Rect::from_min_size(beside.left_top(), vec2(200.0, 60.0));
    let asks = act.takes_two_steps() && plan.wishes.len() == 1;
    for wish in plan.wishes {
        wants.push(match asks {
            true => Want::Ask { prompt: format!("{what}?"), notes: notes.clone(), what: what.clone(), wish, beside },
            false => Want::Do { what: what.clone(), wish },
        });
    }
    true
}

enum Pressed {
    Row(u32, (bool, bool)),
    Twice(u32),
    Fold(String),
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

/// Words in a cell, cut off at its end.
fn put(ui: &Ui, cell: Rect, words: &str, font: egui::FontId, ink: egui::Color32) {
    if words.is_empty() {
        return;
    }
    let painter = ui.painter().with_clip_rect(cell.intersect(ui.clip_rect()));
    painter.text(pos2(cell.left(), cell.center().y), egui::Align2::LEFT_CENTER, words, font, ink);
}
