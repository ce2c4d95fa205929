//! The engineer's panes over a screen: why a tag is as it is, commissioning, tags taken over, automations, changes.
//!
//! In:  the station's answers, and the operator's hands. Out: questions for the station, and what is to be asked in two
//! steps ([`Want`]). Start at [`Panes::show`].
//!
//! Invariant: nothing here changes the plant; what is wanted goes through the console's two steps.
//! Invariant: what isn't open asks the station nothing.

mod automations;
mod commissioning;
mod detail;
pub mod list;
mod overrides;
mod pick;
pub mod poll;
mod project;

use std::sync::Arc;

use egui::{Context, Key, Modifiers, Rect, Role as Part, Ui, vec2};
use jiff::tz::TimeZone;
use plantroom_model::{Mono, Role, Utc};
use plantroom_wire::{Reply, ToConsole, ToStation};

use crate::alarms::{AlarmDetail, AlarmList, AlarmsOfPane, Figures, Journal, Table};
use crate::chrome::Layout;
use crate::commands::Wish;
use crate::look::Look;
use crate::paint::{Canvas, Font, Sign, control, marks};
use crate::tags::{StationHealth, TagTable};
use crate::trend::Recorder;

pub use pick::{Surface, picked};

use automations::Automations;
use commissioning::Commissioning;
use detail::Detail;
use overrides::Overrides;
use project::Project;

/// What panes see.
pub struct Around<'a> {
    /// Values and facts of tags.
    pub tags: &'a TagTable,
    /// The plant's time zone.
    pub zone: &'a TimeZone,
    /// The station's time.
    pub utc: Option<Utc>,
    /// What the user may do.
    pub role: Role,
    /// Why nothing can be commanded now, if nothing can.
    pub blocked: Option<&'static str>,
    /// The part of the window in which they stay.
    pub body: Rect,
    /// Colours and words.
    pub look: Arc<Look>,
    /// All alarms.
    pub alarms: &'a Table,
    /// What pens have drawn.
    pub recorder: &'a Recorder,
}

/// What a pane wants of the console.
#[derive(Clone, Debug)]
pub enum Want {
    /// Show everything about a tag.
    Tag(String),
    /// Ask the operator, and then the station.
    Ask {
        /// `Take intake/level off scan?`
        prompt: String,
        /// What will be, line by line.
        notes: Vec<String>,
        /// What, as its outcome tells it.
        what: String,
        /// What is wanted, one part after the other.
        wishes: Vec<Wish>,
        /// Where it was pressed.
        beside: Rect,
    },
    /// Ask the station at once.
    Do {
        /// What, as its outcome tells it.
        what: String,
        /// What is wanted, one part after the other.
        wishes: Vec<Wish>,
    },
    /// Show everything about the alarm of this name.
    Alarm(String),
    /// Show all alarms of an instance or a tag, also those that stand as normal.
    AlarmsOf(String),
    /// The same by its number.
    AlarmOf(u32),
    /// What is selected is to be acknowledged; stays within the list.
    Acknowledge,
    /// Open another pane.
    Open(Pane),
    /// Go to a screen.
    Screen(String),
    /// Tell that it can't even be asked.
    Refuse {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// One of the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// Everything about one tag.
    Detail,
    /// Tags that somebody has taken over.
    Overrides,
    /// What the station does by itself.
    Automations,
    /// Raw registers beside values.
    Commissioning,
    /// The project folder and its changes.
    Project,
    /// The list of alarms.
    Alarms,
    /// All alarms of one machine or tag.
    AlarmsOf,
    /// Everything about one alarm.
    AlarmDetail,
    /// What happened to alarms.
    AlarmJournal,
    /// How well people can live with the alarms.
    Figures,
}

/// Those that have a key, a place in the footer and a name.
const KEYS: [(Pane, Key, &str); 4] = [
    (Pane::Overrides, Key::F6, "Overrides"),
    (Pane::Automations, Key::F7, "Automations"),
    (Pane::Commissioning, Key::F8, "Commissioning"),
    (Pane::Project, Key::F9, "Project"),
];

/// Those that have a key only: the banner leads to them.
const ALARM_KEYS: [(Pane, Key); 3] = [(Pane::Alarms, Key::F2), (Pane::AlarmJournal, Key::F3), (Pane::Figures, Key::F4)];

/// All of them, and what they ask.
#[derive(Default)]
pub struct Panes {
    /// Oldest first.
    open: Vec<Pane>,
    detail: Detail,
    overrides: Overrides,
    automations: Automations,
    commissioning: Commissioning,
    project: Project,
    alarms: AlarmList,
    alarms_of: AlarmsOfPane,
    alarm: AlarmDetail,
    journal: Journal,
    figures: Figures,
    last_request: u64,
}

impl Panes {
    /// Opens one, or brings it to the front.
    pub fn open(&mut self, pane: Pane) {
        self.open.retain(|open| *open != pane);
        self.open.push(pane);
        self.again();
    }

    /// Shows everything about a tag; `beside` are the others of the same symbol.
    pub fn show_tag(&mut self, tag: &str, beside: Vec<String>) {
        self.detail.look_at(tag, beside);
        self.open(Pane::Detail);
    }

    /// Shows all alarms of an instance or a tag.
    pub fn show_alarms_of(&mut self, name: &str) {
        self.alarms_of.look_at(name);
        self.open(Pane::AlarmsOf);
    }

    /// Shows those alarms that stand, of a part of the plant.
    pub fn show_alarms(&mut self, of: plantroom_scene::AlarmsOf) {
        self.alarms.show_only(of);
        self.open(Pane::Alarms);
    }

    /// Shows everything about an alarm.
    pub fn show_alarm(&mut self, name: &str) {
        self.alarm.look_at(name);
        self.open(Pane::AlarmDetail);
    }

    /// Whether one is open.
    pub fn is_open(&self, pane: Pane) -> bool {
        self.open.contains(&pane)
    }

    /// Closes the newest; false where none is open.
    pub fn close_newest(&mut self) -> bool {
        self.open.pop().is_some()
    }

    /// Forgets everything, as after a logout.
    pub fn clear(&mut self) {
        // Numbers go on, so that a late answer finds nobody.
        *self = Self { last_request: self.last_request, ..Self::default() };
    }

    /// Something was changed: what is shown is asked for again at once.
    pub fn again(&mut self) {
        self.detail.poll.again();
        self.overrides.poll.again();
        self.automations.poll.again();
        self.project.again();
        self.alarm.again();
        self.alarms_of.poll.again();
    }

    /// Tags that the panes show.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        let detail = self.is_open(Pane::Detail).then(|| self.detail.tag());
        let alarm = self.is_open(Pane::AlarmDetail).then(|| self.alarm.tag());
        detail.into_iter().chain(alarm).filter(|tag| !tag.is_empty())
    }

    /// The tag of the alarm that is looked at, and how much of it is drawn, in ms.
    pub fn alarm_pen(&self) -> Option<(&str, u64)> {
        let tag = self.is_open(Pane::AlarmDetail).then(|| self.alarm.tag()).filter(|tag| !tag.is_empty())?;
        Some((tag, crate::alarms::TREND_MS))
    }

    /// What the station is to be asked now.
    pub fn ask(&mut self, now: Mono, role: Role) -> Vec<ToStation> {
        let mut messages = Vec::new();
        let last = &mut self.last_request;
        for pane in &self.open {
            match pane {
                Pane::Detail => messages.extend(self.detail.ask(now, last)),
                Pane::Overrides => messages.extend(self.overrides.ask(now, last)),
                Pane::Automations => messages.extend(self.automations.ask(now, last)),
                Pane::Commissioning if role >= Role::Engineer => messages.extend(self.commissioning.ask(now, last)),
                Pane::Commissioning => {}
                Pane::Project => self.project.ask(now, last, role, &mut messages),
                Pane::Alarms => {}
                Pane::AlarmsOf => messages.extend(self.alarms_of.ask(now, last)),
                Pane::AlarmDetail => messages.extend(self.alarm.ask(now, last)),
                Pane::AlarmJournal => messages.extend(self.journal.ask(now, last)),
                Pane::Figures => messages.extend(self.figures.ask(now, last)),
            }
        }
        messages
    }

    /// Takes in an answer; one that nobody waits for any more is dropped.
    pub fn heard(&mut self, message: ToConsole) {
        match message {
            ToConsole::Why { request, tag, why } => self.detail.heard(request, &tag, why.map(|why| *why)),
            ToConsole::Reply { request, reply } => self.replied(request, *reply),
            _ => {}
        }
    }

    fn replied(&mut self, request: u64, reply: Reply) {
        if self.overrides.poll.is_answered_by(request) {
            self.overrides.heard(reply);
        } else if self.automations.poll.is_answered_by(request) {
            self.automations.heard(reply);
        } else if self.commissioning.poll.is_answered_by(request) {
            self.commissioning.heard(reply);
        } else if self.alarm.is_answered_by(request) {
            self.alarm.heard(reply);
        } else if self.alarms_of.poll.is_answered_by(request) {
            self.alarms_of.heard(reply);
        } else if self.journal.poll.is_answered_by(request) {
            self.journal.heard(reply);
        } else if self.figures.poll.is_answered_by(request) {
            self.figures.heard(reply);
        } else {
            self.project.heard(request, reply);
        }
    }

    /// F2 to F4 and F6 to F9 open and close panes.
    pub fn keys(&mut self, ctx: &Context) {
        let keys = KEYS.into_iter().map(|(pane, key, _)| (pane, key)).chain(ALARM_KEYS);
        for (pane, key) in keys {
            if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                self.toggle(pane);
            }
        }
    }

    fn toggle(&mut self, pane: Pane) {
        match self.open.iter().position(|open| *open == pane) {
            Some(place) => drop(self.open.remove(place)),
            None => self.open(pane),
        }
    }

    /// Draws the open panes; gives what they want.
    pub fn show(&mut self, ctx: &Context, around: &Around<'_>) -> Vec<Want> {
        let mut wants = Vec::new();
        for pane in self.open.clone() {
            let open = match pane {
                Pane::Detail => self.detail.show(ctx, around, &mut wants),
                Pane::Overrides => self.overrides.show(ctx, around, &mut wants),
                Pane::Automations => self.automations.show(ctx, around, &mut wants),
                Pane::Commissioning => self.commissioning.show(ctx, around, &mut wants),
                Pane::Project => self.project.show(ctx, around, &mut wants),
                Pane::Alarms => self.alarms.show(ctx, around, &mut wants),
                Pane::AlarmsOf => self.alarms_of.show(ctx, around, &mut wants),
                Pane::AlarmDetail => self.alarm.show(ctx, around, &mut wants),
                Pane::AlarmJournal => self.journal.show(ctx, around, &mut wants),
                Pane::Figures => self.figures.show(ctx, around, &mut wants),
            };
            if !open {
                self.open.retain(|other| *other != pane);
            }
        }
        wants
    }

    /// Draws the footer's keys to the panes, left of the version.
    pub fn footer(&mut self, ui: &Ui, layout: &Layout, health: &StationHealth) {
        let c = Canvas::new(ui.painter(), layout.footer.min, layout.scale);
        let mut right = layout.footer.right() - c.len(246.0);
        let high = if c.look().touch { layout.footer.height() - c.len(4.0) } else { c.len(26.0) };
        for (pane, key, name) in KEYS.into_iter().rev() {
            let count = if pane == Pane::Overrides { health.overrides } else { 0 };
            let wrong = count > 0 || pane == Pane::Project && health.project == 2;
            let name = c.look().say(name);
            let words = if count > 0 { format!("{name}: {count}") } else { name.to_owned() };
            let mark = if wrong { c.len(18.0) } else { 0.0 };
            let size = vec2(c.text_width(&words, Font::SMALL) + mark + c.len(18.0), high);
            let rect = Rect::from_min_size(egui::pos2(right - size.x, layout.footer.center().y - size.y / 2.0), size);
            right = rect.left() - c.len(8.0);
            let response = control::press(ui, &c, rect, ui.unique_id().with(("pane", name)), (Part::Button, &words), None);
            control::key(&c, rect, "", &control::face(&c, &response, true, self.is_open(pane)));
            if wrong {
                marks::sign(&c, egui::pos2(rect.left() + c.len(14.0), rect.center().y), 13.0, Sign::Abnormal);
            }
            let at = egui::pos2(rect.center().x + mark / 2.0, rect.center().y);
            c.text(at, egui::Align2::CENTER_CENTER, &words, Font::SMALL, c.theme().text);
            control::focus(&c, &response);
            if response.on_hover_text(key.name()).clicked() {
                self.toggle(pane);
            }
        }
    }
}

/// A pane's window; gives whether it stays open.
pub fn window(
    ctx: &Context,
    around: &Around<'_>,
    (id, title): (&str, &str),
    (width, height): (f32, f32),
    show: impl FnOnce(&mut Ui),
) -> bool {
    let t = &around.look.theme;
    let room = around.body.size() - vec2(24.0, 110.0);
    let size = vec2(width.min(room.x), height.min(room.y));
    let mut open = true;
    egui::Window::new(egui::RichText::new(around.look.say(title)).font(crate::fonts::bold(t.size_text)))
        .id(egui::Id::unique(("pane", id)))
        .default_pos(around.body.left_top() + vec2(20.0, 16.0))
        .default_size(size)
        .constrain_to(around.body)
        .collapsible(false)
        .resizable(true)
        .open(&mut open)
        .show(ctx, |ui| {
            ui.set_min_width(size.x.min(480.0));
            show(ui);
        });
    open
}

/// Why a key is off for this user.
fn takes(around: &Around<'_>, role: Role) -> String {
    around.look.fill("This takes the role {}.", &[around.look.say(role.word())])
}

/// A moment in the plant's time, with its day where that isn't today.
pub fn moment(at: i64, around: &Around<'_>) -> String {
    if at <= 0 {
        return around.look.say("never").to_owned();
    }
    let day = |utc| crate::words::local(utc, around.zone, "%Y-%m-%d");
    let today = around.utc.is_some_and(|now| day(now) == day(Utc(at)));
    crate::words::local(Utc(at), around.zone, if today { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" })
}
