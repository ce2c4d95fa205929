//! Every tag that somebody has taken over: who, since when, why, and the key that puts it back.

use egui::Context;
use plantroom_model::{Mono, Role, TagMode};
use plantroom_wire::{Ask, OverrideNow, Reply, ToStation};

use super::list::{Cell, Column, column, field, list, quiet, strong};
use super::poll::Poll;
use super::{Around, Want, moment, window};
use crate::commands::Wish;
use crate::look::Look;

const COLUMNS: [Column; 7] = [
    column("Tag", 3.0),
    column("Mode", 1.3),
    column("Value", 1.2),
    column("By", 1.0),
    column("Since", 1.6),
    column("Why", 3.0),
    column("", 0.9),
];

/// The list.
pub struct Overrides {
    pub poll: Poll,
    list: Option<(Vec<OverrideNow>, u32)>,
    refused: Option<String>,
    reason: String,
}

impl Default for Overrides {
    fn default() -> Self {
        Self { poll: Poll::every(2_000), list: None, refused: None, reason: String::new() }
    }
}

impl Overrides {
    pub fn ask(&mut self, now: Mono, last: &mut u64) -> Option<ToStation> {
        self.poll.due(now, last).map(|request| ToStation::Ask { request, ask: Ask::Overrides })
    }

    pub fn heard(&mut self, reply: Reply) {
        match reply {
            Reply::Overrides { list, more } => (self.list, self.refused) = (Some((list, more)), None),
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        window(ctx, around, ("overrides", "Tags that somebody has taken over"), (980.0, 460.0), |ui| {
            let t = &*around.look;
            if let Some(why) = &self.refused {
                ui.label(strong(t, why));
            }
            let Some((rows, more)) = &self.list else {
                ui.label(quiet(t, "asking the station"));
                return;
            };
            ui.horizontal(|ui| {
                field(ui, t, "Why they are put back", &mut self.reason, 320.0);
            });
            ui.add_space(6.0);
            let can = |over: &OverrideNow| around.blocked.is_none() && around.role >= needed(over.mode);
            let height = (ui.available_height() - 60.0).max(120.0);
            let pressed = list(ui, t, ("overrides", height), &COLUMNS, rows.len(), |row, at| {
                let over = &rows[row];
                match at {
                    0 => Cell::key(t, over.tag.as_str()),
                    1 => Cell::plain(t, t.say(over.mode.word())),
                    2 => Cell::value(t, if over.value.is_empty() { t.say("the last one") } else { &over.value }, true),
                    3 => Cell::plain(t, over.user.as_str()),
                    4 => Cell::quiet(t, moment(over.since, around)),
                    5 => Cell::plain(t, over.reason.as_str()),
                    _ if can(over) => Cell::key(t, t.say("Restore")),
                    _ => Cell::quiet(t, t.say("not by you")),
                }
            });
            if *more > 0 {
                ui.label(quiet(
                    t,
                    &t.fill("{} more are not shown here; `plantroom tag list --overridden` lists all.", &[&more.to_string()]),
                ));
            }
            match pressed.and_then(|(row, at)| Some((rows.get(row)?, at))) {
                Some((over, 0)) => wants.push(Want::Tag(over.tag.clone())),
                Some((over, _)) => wants.push(restore(t, over, &self.reason, ui.min_rect())),
                None => {}
            }
        })
    }
}

/// The lowest role that may bring a tag into a mode, or out of it; the station has the last word.
pub fn needed(mode: TagMode) -> Role {
    match mode {
        TagMode::Substituted | TagMode::Normal => Role::Operate,
        TagMode::OffScan | TagMode::Simulated => Role::Engineer,
    }
}

/// The wish to put a tag back.
pub fn restore(look: &Look, over: &OverrideNow, reason: &str, beside: egui::Rect) -> Want {
    if reason.trim().is_empty() {
        let why = look.say("Say why first: a reason is kept with it.").to_owned();
        return Want::Refuse { what: look.fill("Restore {}", &[&over.tag]), why };
    }
    let was = look.fill("It is {} by {}: {}", &[look.say(over.mode.word()), &over.user, &over.reason]);
    Want::Ask {
        prompt: look.fill("Restore {}?", &[&over.tag]),
        notes: vec![was, look.say("It follows its source again.").to_owned(), look.fill("Why: {}", &[reason])],
        what: look.fill("{}: restored", &[&over.tag]),
        wishes: vec![Wish::Mode { tag: over.tag.clone(), mode: TagMode::Normal, value: None, reason: reason.to_owned() }],
        beside: egui::Rect::from_min_size(beside.left_top(), egui::vec2(200.0, 60.0)),
    }
}
