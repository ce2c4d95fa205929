//! The list of alarms: tabs, filters, rows of which only those in sight are made, and what is done to those selected.

use egui::{Context, Key, Modifiers, Rect, ScrollArea, Ui, vec2};
use plantroom_model::Priority;
use plantroom_scene::AlarmsOf;

mod lesson;
mod rows;

use rows::Pressed;

use super::acts::{Act, Plan};
use super::list::{Filter, List, Tab};
use super::selection::Selection;
use super::sign;
use super::table::Alarm;
use crate::panes::list::{field, quiet, strong};
use crate::panes::{Around, Pane, Want, window};

/// A list under a pointer that rests for longer than this is held no more, in s.
const REST_S: f32 = 30.0;
/// Times for the shelf, in s, with what they are called.
const SHELVES: [(u32, &str); 6] =
    [(900, "15 min"), (1_800, "30 min"), (3_600, "1 h"), (7_200, "2 h"), (14_400, "4 h"), (28_800, "8 h")];

/// The list with its keys.
pub struct AlarmList {
    list: List,
    selection: Selection,
    comment: String,
    shelf: usize,
    one_shot: bool,
    over: bool,
    scroll_to: Option<usize>,
    /// Height of what stands below the rows, as it was drawn the last time, in points.
    foot_h: f32,
}

impl Default for AlarmList {
    fn default() -> Self {
        let (list, selection, comment) = (List::default(), Selection::default(), String::new());
        Self { list, selection, comment, shelf: 2, one_shot: false, over: false, scroll_to: None, foot_h: 150.0 }
    }
}

impl AlarmList {
    /// Shows those of a part of the plant only, until somebody asks for all of them.
    pub fn show_only(&mut self, of: AlarmsOf) {
        self.list.show(Tab::Active);
        self.list.set_filter(Filter { of, ..Filter::default() });
        self.selection.clear();
    }

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
            let height = (ui.available_height() - self.foot_h).max(120.0);
            self.rows(ui, around, height, wants);
            let below = ui.cursor().top();
            ui.separator();
            self.lesson(ui, around, wants);
            ui.separator();
            self.foot(ui, around, wants);
            self.foot_h = (ui.cursor().top() - below).clamp(80.0, 400.0);
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
            let find = field(ui, look, "Find", &mut filter.text, 180.0);
            if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::F)) {
                find.request_focus();
            }
            ui.label(quiet(look, "Area"));
            let all = look.say("all areas").to_owned();
            let chosen = if filter.area.is_empty() { all.clone() } else { look.say(&filter.area).to_owned() };
            egui::ComboBox::from_id_salt("area").selected_text(chosen).show_ui(ui, |ui| {
                ui.selectable_value(&mut filter.area, String::new(), all);
                for area in around.alarms.areas() {
                    ui.selectable_value(&mut filter.area, area.clone(), look.say(&area));
                }
            });
            for priority in [Priority::Critical, Priority::High, Priority::Medium, Priority::Low] {
                let words = format!("{} {}", sign::number(priority), look.say(priority.word()));
                ui.checkbox(&mut filter.priorities[priority as usize], words);
            }
            ui.checkbox(&mut filter.waiting, look.say("unacknowledged only"));
            let only = [&filter.of.area, &filter.of.instance, &filter.of.screen].into_iter().find(|name| !name.is_empty());
            if let Some(only) = only {
                ui.label(strong(look, &look.fill("only {}", &[look.say(only)])));
            }
            if filter.is_on() && ui.button(look.say("Show all")).clicked() {
                filter = Filter::default();
            }
        });
        if filter != *self.list.filter() {
            self.list.set_filter(filter);
            self.selection.clear();
        }
    }

    fn rows(&mut self, ui: &mut Ui, around: &Around<'_>, height: f32, wants: &mut Vec<Want>) {
        let look = &*around.look;
        let row_h = if look.touch { plantroom_scene::TOUCH_POINTS } else { look.theme.size_text * 1.7 };
        self.keys(ui, around, (height / row_h) as isize - 1, wants);
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

    /// Keys of the list, where nobody types.
    fn keys(&mut self, ui: &Ui, around: &Around<'_>, page: isize, wants: &mut Vec<Want>) {
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
        let (free, far) = (ui.memory(|memory| memory.focused().is_none()), isize::MAX / 2);
        let page = page.max(1);
        let steps = [
            (Key::ArrowDown, 1),
            (Key::ArrowUp, -1),
            (Key::PageDown, page),
            (Key::PageUp, -page),
            (Key::Home, -far),
            (Key::End, far),
        ];
        for (key, by) in steps {
            let extend = pressed(Modifiers::SHIFT, key);
            if extend || free && pressed(Modifiers::NONE, key) {
                self.scroll_to = self.selection.step(by, extend, self.list.ids());
            }
        }
        let Some(id) = self.selection.cursor().filter(|_| free) else { return };
        if pressed(Modifiers::NONE, Key::Enter) {
            wants.push(Want::AlarmOf(id));
        }
        if pressed(Modifiers::NONE, Key::Space) {
            self.selection.press(id, (false, true), self.list.ids());
        }
        let line = self.list.lines().iter().find(|line| line.id == id && line.more > 0);
        let cause = line.and_then(|_| around.alarms.get(id)).map(|alarm| alarm.now.cause.clone());
        if let Some(cause) = cause {
            let unfolds = !self.list.is_open(&cause) && pressed(Modifiers::NONE, Key::ArrowRight);
            let folds = self.list.is_open(&cause) && pressed(Modifiers::NONE, Key::ArrowLeft);
            if unfolds || folds {
                self.list.unfold(&cause, around.alarms);
            }
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
        let alarms = ids.iter().filter_map(|id| around.alarms.get(*id)).collect();
        if wish_for(around, act, alarms, &self.comment, beside, wants) {
            self.selection.clear();
            self.comment.clear();
        }
    }
}

/// Asks for an act on these alarms: at once where it hides nothing, in two steps otherwise. False where nothing is asked.
pub fn wish_for(
    around: &Around<'_>,
    act: Act,
    alarms: Vec<Alarm<'_>>,
    comment: &str,
    beside: Rect,
    wants: &mut Vec<Want>,
) -> bool {
    let look = &*around.look;
    let plan = Plan::of(act, alarms.into_iter(), comment);
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
    let wishes = plan.wishes;
    wants.push(match act.takes_two_steps() {
        true => Want::Ask { prompt: format!("{what}?"), notes, what, wishes, beside },
        false => Want::Do { what, wishes },
    });
    true
}
