//! The journal of alarms: what happened, page by page, as the station has it on its disk.

use egui::{Context, Ui};
use plantroom_model::{AlarmEventKind, AlarmState, Mono, Priority, Utc};
use plantroom_wire::{AlarmLine, Ask, JournalAsk, Reply, ToStation};

use super::sign;
use crate::look::Look;
use crate::panes::list::{Cell, Column, column, field, list, quiet, strong};
use crate::panes::poll::Poll;
use crate::panes::{Around, Want, moment, window};

/// Rows of a page.
const PAGE: u32 = 200;
/// Periods, in s, with what they are called; 0: all of it.
pub const PERIODS: [(i64, &str); 6] =
    [(3_600, "1 h"), (28_800, "8 h"), (86_400, "24 h"), (604_800, "7 days"), (2_592_000, "30 days"), (0, "all")];

const COLUMNS: [Column; 9] = [
    column("Time", 1.6),
    column("What", 1.5),
    column("Priority", 0.8),
    column("Alarm", 2.4),
    column("Message", 2.8),
    column("State", 1.6),
    column("Value", 1.0),
    column("By", 0.9),
    column("Comment", 2.0),
];

/// Columns where all rows are of one alarm.
pub const OF_ONE: [Column; 6] = [
    column("Time", 1.4),
    column("What", 1.4),
    column("State", 1.8),
    column("Value", 1.0),
    column("By", 1.0),
    column("Comment", 2.4),
];

/// The pane.
pub struct Journal {
    pub poll: Poll,
    /// As it is edited.
    ask: JournalAsk,
    period: usize,
    priorities: [bool; 5],
    /// Where the pages before began.
    back: Vec<Option<String>>,
    page: Option<(Vec<AlarmLine>, Option<String>)>,
    refused: Option<String>,
    now: Option<Utc>,
}

impl Default for Journal {
    fn default() -> Self {
        let ask = JournalAsk { limit: PAGE, ..JournalAsk::default() };
        let (back, page, refused) = (Vec::new(), None, None);
        Self { poll: Poll::every(5_000), ask, period: 2, priorities: [true; 5], back, page, refused, now: None }
    }
}

impl Journal {
    /// What the station is to be asked.
    pub fn ask(&mut self, now: Mono, last: &mut u64) -> Option<ToStation> {
        let utc = self.now?;
        let request = self.poll.due(now, last)?;
        let mut ask = self.ask.clone();
        // A page further on stays the page that it is: its start is fixed by its cursor.
        let (seconds, _) = PERIODS[self.period];
        if seconds > 0 && !ask.oldest_first && ask.cursor.is_none() {
            ask.from = Some(utc.0 - seconds * 1_000_000_000);
            self.ask.from = ask.from;
        }
        let bits = self.priorities.iter().enumerate().fold(0_u8, |bits, (place, on)| bits | u8::from(*on) << place);
        ask.priorities = (bits != 31).then_some(bits);
        Some(ToStation::Ask { request, ask: Ask::AlarmJournal(ask) })
    }

    /// Takes in the answer.
    pub fn heard(&mut self, reply: Reply) {
        match reply {
            Reply::AlarmJournal { rows, next } => (self.page, self.refused) = (Some((rows, next)), None),
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    fn begin(&mut self) {
        (self.ask.cursor, self.ask.from) = (None, None);
        self.back.clear();
        self.poll.again();
    }

    /// Draws it; gives whether it stays open.
    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        self.now = around.utc;
        let room = around.body.size();
        window(ctx, around, ("alarm journal", "Journal of alarms"), (room.x - 80.0, room.y - 110.0), |ui| {
            let look = &*around.look;
            self.filters(ui, around);
            if let Some(why) = &self.refused {
                ui.label(strong(look, why));
            }
            ui.separator();
            let Some((rows, next)) = &self.page else {
                ui.label(quiet(look, "asking the station"));
                return;
            };
            // The titles, a line, and the keys below.
            let height = (ui.available_height() - 60.0 - ui.spacing().interact_size.y * 1.6).max(120.0);
            let pressed = list(ui, look, ("alarm journal", height), &COLUMNS, rows.len(), |row, at| {
                cell(look, around, &rows[row], COLUMNS[at].title)
            });
            if let Some(line) = pressed.and_then(|(row, _)| rows.get(row)) {
                wants.push(Want::Alarm(line.alarm.clone()));
            }
            let next = next.clone();
            self.turn(ui, look, next);
        })
    }

    fn filters(&mut self, ui: &mut Ui, around: &Around<'_>) {
        let look = &*around.look;
        let before = (self.ask.clone(), self.period, self.priorities);
        ui.horizontal_wrapped(|ui| {
            egui::ComboBox::from_id_salt("period").width(80.0).selected_text(look.say(PERIODS[self.period].1)).show_ui(
                ui,
                |ui| {
                    for (place, (_, name)) in PERIODS.iter().enumerate() {
                        ui.selectable_value(&mut self.period, place, look.say(name));
                    }
                },
            );
            field(ui, look, "Find", &mut self.ask.text, 160.0);
            field(ui, look, "Area", &mut self.ask.area, 110.0);
            field(ui, look, "By", &mut self.ask.user, 90.0);
            for priority in Priority::ALL.into_iter().rev() {
                let words = format!("{} {}", sign::number(priority), look.say(priority.word()));
                ui.checkbox(&mut self.priorities[priority as usize], words);
            }
            ui.checkbox(&mut self.ask.oldest_first, look.say("the oldest first"));
        });
        if before != (self.ask.clone(), self.period, self.priorities) {
            self.begin();
        }
    }

    fn turn(&mut self, ui: &mut Ui, look: &Look, next: Option<String>) {
        ui.horizontal(|ui| {
            if ui.add_enabled(!self.back.is_empty(), egui::Button::new(look.say("Page before"))).clicked() {
                self.ask.cursor = self.back.pop().flatten();
                self.poll.again();
            }
            ui.label(quiet(look, &look.fill("page {}", &[&(self.back.len() + 1).to_string()])));
            if ui.add_enabled(next.is_some(), egui::Button::new(look.say("Next page"))).clicked() {
                self.back.push(self.ask.cursor.take());
                self.ask.cursor = next;
                self.poll.again();
            }
        });
    }
}

/// One cell of a row, by its column's title.
pub fn cell(look: &Look, around: &Around<'_>, line: &AlarmLine, title: &str) -> Cell {
    match title {
        "Time" => Cell::quiet(look, moment(line.at, around)),
        "What" => Cell { strong: true, ..Cell::plain(look, look.say(kind(line.kind))) },
        "Priority" => Cell::plain(look, look.say(Priority::from_u8(line.priority).unwrap_or_default().word())),
        "Alarm" => Cell::key(look, line.alarm.as_str()),
        "Message" => Cell::plain(look, look.texts.translated(&line.message)),
        "State" => Cell::plain(look, look.say(AlarmState::from_u8(line.states.1).unwrap_or_default().word())),
        "Value" if line.limit.is_empty() => Cell::plain(look, line.value.as_str()),
        "Value" => Cell::plain(look, look.fill("{} (limit {})", &[&line.value, &line.limit])),
        "By" => Cell::plain(look, line.by.as_str()),
        _ => Cell::plain(look, line.comment.as_str()),
    }
}

/// What happened, in words.
fn kind(number: u8) -> &'static str {
    use AlarmEventKind as K;
    match AlarmEventKind::from_u8(number) {
        Some(K::Occurred) => "came",
        Some(K::Returned) => "returned to normal",
        Some(K::Acknowledged) => "was acknowledged",
        Some(K::Reset) => "was reset",
        Some(K::ReAlarmed) => "was announced again",
        Some(K::Shelved) => "was shelved",
        Some(K::Unshelved) => "was unshelved",
        Some(K::ShelfEnded) => "shelf ended",
        Some(K::Suppressed) => "was suppressed",
        Some(K::Unsuppressed) => "is suppressed no more",
        Some(K::OutOfService) => "was taken out of service",
        Some(K::InService) => "was put in service",
        Some(K::Unknown) => "can't be told any more",
        Some(K::Known) => "can be told again",
        Some(K::FirstOut) => "first of its group",
        Some(K::Remarked) => "remark",
        Some(K::Removed) => "is no more in the project",
        Some(K::Standing) => "stood so",
        Some(K::Grouped) => "belongs to a cause",
        None => "something that this console doesn't know",
    }
}
