//! All alarms of one machine or tag: also those that are normal, shelved or out of service, each with when it comes.

use egui::Context;
use plantroom_model::Mono;
use plantroom_wire::{AlarmInfo, AlarmNow, Ask, Reply, ToStation};

use super::table::{Alarm, said};
use super::words;
use crate::panes::list::{Cell, Column, column, list, quiet, strong};
use crate::panes::poll::Poll;
use crate::panes::{Around, Want, window};

const COLUMNS: [Column; 6] = [
    column("Priority", 0.8),
    column("Message", 3.0),
    column("State", 2.2),
    column("Condition", 2.6),
    column("Limit", 0.9),
    column("Hidden by", 1.8),
];

/// The pane.
pub struct AlarmsOfPane {
    pub poll: Poll,
    place: String,
    rows: Option<Vec<(AlarmInfo, AlarmNow)>>,
    refused: Option<String>,
}

impl Default for AlarmsOfPane {
    fn default() -> Self {
        Self { poll: Poll::every(2_000), place: String::new(), rows: None, refused: None }
    }
}

impl AlarmsOfPane {
    /// Looks at another machine or tag.
    pub fn look_at(&mut self, place: &str) {
        *self = Self { place: place.to_owned(), ..Self::default() };
    }

    /// What the station is to be asked.
    pub fn ask(&mut self, now: Mono, last: &mut u64) -> Option<ToStation> {
        let ask = Ask::AlarmsOf { place: self.place.clone() };
        self.poll.due(now, last).map(|request| ToStation::Ask { request, ask })
    }

    /// Takes in the answer: what stands first, then by priority and name.
    pub fn heard(&mut self, reply: Reply) {
        match reply {
            Reply::Alarms { infos, rows } => {
                let mut all: Vec<_> = infos.into_iter().zip(rows).collect();
                all.sort_by_cached_key(|(info, now)| {
                    let alarm = Alarm { info, now, unrecorded: false };
                    (!alarm.is_listed(), std::cmp::Reverse(info.priority), info.name.clone())
                });
                (self.rows, self.refused) = (Some(all), None);
            }
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    /// Draws it; gives whether it stays open.
    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        window(ctx, around, ("alarms of", "Alarms of one place"), (1_060.0, 420.0), |ui| {
            let look = &*around.look;
            ui.label(strong(look, &self.place));
            if let Some(why) = &self.refused {
                ui.label(strong(look, why));
            }
            let Some(rows) = &self.rows else {
                ui.label(quiet(look, "asking the station"));
                return;
            };
            let height = (ui.available_height() - 12.0).max(100.0);
            let pressed = list(ui, look, ("alarms of", height), &COLUMNS, rows.len(), |row, at| {
                cell(around, &rows[row], COLUMNS[at].title)
            });
            if let Some((info, _)) = pressed.and_then(|(row, _)| rows.get(row)) {
                wants.push(Want::Alarm(info.name.clone()));
            }
        })
    }
}

fn cell(around: &Around<'_>, (info, now): &(AlarmInfo, AlarmNow), title: &str) -> Cell {
    let look = &*around.look;
    let in_words = said(info, &look.texts);
    let alarm = Alarm { info: in_words.as_ref().unwrap_or(info), now, unrecorded: false };
    match title {
        "Priority" => Cell::plain(look, look.say(words::priority(info).word())),
        "Message" => Cell { strong: alarm.is_listed(), ..Cell::key(look, alarm.info.message.as_str()) },
        "State" if alarm.is_listed() => Cell { strong: true, ..Cell::plain(look, words::state(look, &alarm)) },
        "State" => Cell::quiet(look, words::state(look, &alarm)),
        "Condition" => Cell::quiet(look, alarm.info.condition.as_str()),
        "Limit" => Cell::plain(look, words::limit(info, now.limit)),
        _ => Cell::quiet(look, words::hidden_by(look, now)),
    }
}
