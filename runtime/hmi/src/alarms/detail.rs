//! Everything about one alarm: what it means, what to do, how long there is, its life, and its tag's live trend.

use egui::{Context, Grid, RichText, ScrollArea, Ui, vec2};
use plantroom_model::{Hidden, Mono, Utc};
use plantroom_wire::{AlarmInfo, AlarmLine, AlarmNow, Ask, JournalAsk, Reply, ToStation};

use super::acts::Act;
use super::pane::wish_for;
use super::table::{Alarm, said};
use super::{journal, plots, sign, words};
use crate::fonts::{bold, regular};
use crate::paint::Canvas;
use crate::panes::list::{field, heading, list, plain, quiet, strong};
use crate::panes::poll::Poll;
use crate::panes::{Around, Want, window};

/// How much of the tag's trend is drawn, in ms.
pub const TREND_MS: u64 = 900_000;
/// Rows of its journal.
const ROWS: u32 = 40;

/// The pane.
pub struct AlarmDetail {
    poll: Poll,
    /// Asks for the alarm itself, while it isn't among those that consoles are told of.
    alone: Poll,
    known: Option<(AlarmInfo, AlarmNow)>,
    is_told: bool,
    name: String,
    tag: String,
    rows: Option<Vec<AlarmLine>>,
    refused: Option<String>,
    comment: String,
}

impl Default for AlarmDetail {
    fn default() -> Self {
        let (name, tag, comment) = (String::new(), String::new(), String::new());
        let (poll, alone) = (Poll::every(3_000), Poll::every(2_000));
        Self { poll, alone, known: None, is_told: true, name, tag, rows: None, refused: None, comment }
    }
}

impl AlarmDetail {
    /// Looks at another alarm.
    pub fn look_at(&mut self, name: &str) {
        *self = Self { name: name.to_owned(), ..Self::default() };
    }

    /// The tag that is to be drawn; empty for none.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// What the station is to be asked.
    pub fn ask(&mut self, now: Mono, last: &mut u64) -> impl Iterator<Item = ToStation> {
        let ask = JournalAsk { alarm: self.name.clone(), limit: ROWS, ..JournalAsk::default() };
        let journal = self.poll.due(now, last).map(|request| ToStation::Ask { request, ask: Ask::AlarmJournal(ask) });
        let due = if self.is_told { None } else { self.alone.due(now, last) };
        let place = self.name.clone();
        let alone = due.map(|request| ToStation::Ask { request, ask: Ask::AlarmsOf { place } });
        journal.into_iter().chain(alone)
    }

    /// Something was changed: what is shown is asked for again at once.
    pub fn again(&mut self) {
        self.poll.again();
        self.alone.again();
    }

    /// Whether this is an answer that is waited for.
    pub fn is_answered_by(&mut self, request: u64) -> bool {
        self.poll.is_answered_by(request) || self.alone.is_answered_by(request)
    }

    /// Takes in the answer.
    pub fn heard(&mut self, reply: Reply) {
        match reply {
            Reply::AlarmJournal { rows, .. } => (self.rows, self.refused) = (Some(rows), None),
            Reply::Alarms { infos, rows } => {
                self.known = infos.into_iter().zip(rows).find(|(info, _)| info.name == self.name);
            }
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    /// Draws it; gives whether it stays open.
    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        window(ctx, around, ("alarm", "Alarm"), (900.0, 660.0), |ui| {
            let look = &*around.look;
            let told = around.alarms.find(&self.name).and_then(|id| around.alarms.get(id));
            self.is_told = told.is_some();
            let known = self.known.take();
            let in_words = known.as_ref().map(|(info, _)| said(info, &look.texts).unwrap_or_else(|| info.clone()));
            let alone = known.as_ref().zip(in_words.as_ref());
            let alone = alone.map(|((_, now), info)| Alarm { info, now, unrecorded: false });
            match told.or(alone) {
                Some(alarm) => self.of(ui, around, &alarm, wants),
                None => {
                    ui.label(strong(look, &self.name));
                    ui.label(quiet(look, "asking the station"));
                }
            }
            self.known = known;
            self.life(ui, around);
        })
    }

    fn of(&mut self, ui: &mut Ui, around: &Around<'_>, alarm: &Alarm<'_>, wants: &mut Vec<Want>) {
        self.tag.clone_from(&alarm.info.tag);
        title(ui, around, alarm);
        facts(ui, around, alarm);
        self.keys(ui, around, alarm, wants);
        ui.separator();
        if !alarm.info.tag.is_empty() {
            plots::trend(ui, around, (&alarm.info.tag, TREND_MS), alarm.now.limit, Utc(alarm.now.came));
            ui.label(quiet(&around.look, "Drawn from what this console has seen since it was opened."));
        }
    }

    fn keys(&mut self, ui: &mut Ui, around: &Around<'_>, alarm: &Alarm<'_>, wants: &mut Vec<Want>) {
        let (look, info) = (&*around.look, alarm.info);
        ui.horizontal_wrapped(|ui| {
            field(ui, look, "Comment or reason", &mut self.comment, 220.0);
            let hidden = alarm.hidden();
            let turn = |is: bool, on: Act, off: Act| if is { on } else { off };
            let shelve = Act::Shelve { for_s: info.shelve_max_s.min(3_600), one_shot: false };
            let acts = [
                Act::Acknowledge,
                Act::Reset,
                turn(hidden.has(Hidden::SHELVED), Act::Unshelve, shelve),
                turn(hidden.has(Hidden::SUPPRESSED), Act::Unsuppress, Act::Suppress),
                turn(hidden.has(Hidden::OUT_OF_SERVICE), Act::InService, Act::OutOfService),
                Act::Remark,
            ];
            for act in acts {
                let why = around.blocked.or_else(|| act.refused(alarm));
                let button = egui::Button::new(look.say(act.name()));
                let response = ui.add_enabled(why.is_none(), button).on_disabled_hover_text(look.say(why.unwrap_or_default()));
                if response.clicked() && wish_for(around, act, vec![*alarm], &self.comment, response.rect, wants) {
                    self.comment.clear();
                }
            }
            if !info.screen.is_empty() && ui.button(look.say("Show its screen")).clicked() {
                wants.push(Want::Screen(info.screen.clone()));
            }
            if !info.tag.is_empty() && ui.button(look.say("Show its tag")).clicked() {
                wants.push(Want::Tag(info.tag.clone()));
            }
            let place = if info.instance.is_empty() { &info.tag } else { &info.instance };
            if !place.is_empty() && ui.button(look.say("Its neighbours")).clicked() {
                wants.push(Want::AlarmsOf(place.clone()));
            }
        });
    }

    fn life(&self, ui: &mut Ui, around: &Around<'_>) {
        let look = &*around.look;
        ui.add_space(6.0);
        ui.label(heading(look, "What happened to it"));
        if let Some(why) = &self.refused {
            ui.label(strong(look, why));
        }
        match &self.rows {
            None => drop(ui.label(quiet(look, "asking the station"))),
            Some(rows) => {
                let height = (ui.available_height() - 8.0).max(90.0);
                list(ui, look, ("life", height), &journal::OF_ONE, rows.len(), |row, at| {
                    journal::cell(look, around, &rows[row], journal::OF_ONE[at].title)
                });
            }
        }
    }
}

fn title(ui: &mut Ui, around: &Around<'_>, alarm: &Alarm<'_>) {
    let look = &*around.look;
    let t = &look.theme;
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(26.0, 26.0), egui::Sense::hover());
        let lit = !alarm.state().is_unacknowledged() || alarm.hidden().any() || sign::lit(around.utc);
        let c = Canvas::new(ui.painter(), rect.min, 1.0);
        sign::paint(&c, rect.center(), 20.0, words::priority(alarm.info), lit);
        ui.label(RichText::new(&alarm.info.message).font(bold(t.size_panel)).color(t.text));
    });
    ui.label(quiet(look, &format!("{}  {}", alarm.info.name, alarm.info.area)));
    if let Some(left) = words::to_respond(alarm, around.utc) {
        let words = match left {
            0.. => look.fill("Time left to respond: {}", &[&words::clock(left)]),
            _ => look.fill("The time to respond has been over for {}", &[&words::clock(-left)]),
        };
        ui.label(strong(look, &words));
    }
}

/// What to do and why, before everything else and in larger letters; then where it stands.
fn facts(ui: &mut Ui, around: &Around<'_>, alarm: &Alarm<'_>) {
    let (look, info, now) = (&*around.look, alarm.info, alarm.now);
    let t = &look.theme;
    for (name, words, font) in
        [("What to do", &info.action, bold(t.size_value)), ("Consequence", &info.consequence, regular(t.size_value))]
    {
        if !words.is_empty() {
            ui.horizontal_wrapped(|ui| {
                ui.label(quiet(look, &format!("{}:", look.say(name))));
                ui.label(RichText::new(words).font(font).color(t.text));
            });
        }
    }
    ui.add_space(4.0);
    let moment = |at: i64| crate::panes::moment(at, around);
    let acknowledged = now.acknowledged.as_ref().map(|(at, who)| format!("{who}, {}", moment(*at)));
    let live = crate::tags::usable(around.tags, &info.tag).map(|value| words::value(info, &plantroom_model::Value::Float(value)));
    let came = if now.came > 0 { moment(now.came) } else { String::new() };
    let rows = [
        ("State", words::state(look, alarm)),
        ("Came", came),
        ("Value then", words::value(info, &now.value)),
        ("Value now", live.unwrap_or_default()),
        ("Limit", words::limit(info, now.limit)),
        ("Condition", info.condition.clone()),
        ("Acknowledged by", acknowledged.unwrap_or_default()),
        ("Hidden by", words::hidden_by(look, now)),
        ("Shelf ends in", now.shelved_until.map_or_else(String::new, |until| words::left(until, around.utc))),
        ("First-out group", info.first_out.clone()),
        ("Likely cause", look.texts.translated(&now.cause).into_owned()),
        ("Remark", now.comment.clone()),
    ];
    let shown: Vec<_> = rows.iter().filter(|(_, words)| !words.is_empty()).collect();
    // Two columns, read downwards.
    let half = shown.len().div_ceil(2).max(1);
    ScrollArea::vertical().id_salt("facts").max_height(150.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.columns(2, |columns| {
            for (column, rows) in columns.iter_mut().zip(shown.chunks(half)) {
                Grid::new(("facts", rows.len())).num_columns(2).spacing(vec2(18.0, 3.0)).show(column, |ui| {
                    for (name, words) in rows {
                        ui.label(quiet(look, name));
                        ui.add(egui::Label::new(plain(look, words)).wrap());
                        ui.end_row();
                    }
                });
            }
        });
    });
}
