//! What the station does by itself: state, last run, last action and why, the journal, and the words to stop and start.

use egui::{Context, Rect, ScrollArea, Ui};
use plantroom_model::{AutomationVerb, Mono, Role};
use plantroom_wire::{Ask, AutomationNow, Deed, JournalLine, Reply, ToStation};

use super::list::{Cell, Column, column, field, heading, list, plain, quiet, strong};
use super::poll::Poll;
use super::{Around, Want, moment, takes, window};
use crate::commands::Wish;
use crate::look::Look;

const JOURNAL: [Column; 5] =
    [column("Time", 1.4), column("Automation", 1.4), column("Cause", 1.6), column("What", 4.0), column("Why", 2.4)];

/// The view.
pub struct Automations {
    pub poll: Poll,
    list: Option<(Vec<AutomationNow>, Vec<JournalLine>)>,
    refused: Option<String>,
    /// Only the journal of this one.
    only: Option<String>,
    reason: String,
}

impl Default for Automations {
    fn default() -> Self {
        Self { poll: Poll::every(1_000), list: None, refused: None, only: None, reason: String::new() }
    }
}

impl Automations {
    pub fn ask(&mut self, now: Mono, last: &mut u64) -> Option<ToStation> {
        let request = self.poll.due(now, last)?;
        Some(ToStation::Ask { request, ask: Ask::Automations { journal_of: self.only.clone() } })
    }

    pub fn heard(&mut self, reply: Reply) {
        match reply {
            Reply::Automations { list, journal } => (self.list, self.refused) = (Some((list, journal)), None),
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        window(ctx, around, ("automations", "Automations: what the station does by itself"), (1_060.0, 600.0), |ui| {
            let t = &*around.look;
            if let Some(why) = &self.refused {
                ui.label(strong(t, why));
            }
            let Some((all, journal)) = &self.list else {
                ui.label(quiet(t, "asking the station"));
                return;
            };
            if all.is_empty() {
                ui.label(plain(t, "This plant has no automations; automations.toml in the project would name them."));
                return;
            }
            ui.horizontal(|ui| {
                field(ui, t, "Reason (a stop must have one)", &mut self.reason, 320.0);
            });
            ui.add_space(6.0);
            let (mut only, reason) = (self.only.clone(), self.reason.clone());
            let height = (ui.available_height() * 0.55).max(140.0);
            ScrollArea::vertical().id_salt("automations").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
                for one in all {
                    card(ui, around, one, (&mut only, &reason), wants);
                }
            });
            ui.add_space(6.0);
            let title = only.as_deref().map_or("Journal".to_owned(), |name| t.fill("Journal of {}", &[name]));
            ui.horizontal(|ui| {
                ui.label(heading(t, &title));
                if only.is_some() && ui.button(t.say("Journal of all")).clicked() {
                    only = None;
                }
            });
            let height = ui.available_height().max(120.0);
            list(ui, t, ("journal", height), &JOURNAL, journal.len(), |row, at| {
                let line = &journal[row];
                match at {
                    0 => Cell::quiet(t, moment(line.at, around)),
                    1 => Cell::plain(t, line.automation.as_str()),
                    2 => Cell::quiet(t, line.cause.as_str()),
                    3 => Cell { strong: !line.good, ..Cell::plain(t, line.words.as_str()) },
                    _ => Cell::plain(t, line.why.as_str()),
                }
            });
            if only != self.only {
                self.only = only;
                self.poll.again();
            }
        })
    }
}

fn card(
    ui: &mut Ui,
    around: &Around<'_>,
    one: &AutomationNow,
    (only, reason): (&mut Option<String>, &str),
    wants: &mut Vec<Want>,
) {
    let t = &*around.look;
    egui::Frame::NONE.fill(t.theme.value_box).inner_margin(egui::Margin::symmetric(10, 6)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(strong(t, &one.name));
            let state = if one.state.is_empty() { "not known yet" } else { &one.state };
            ui.label(strong(t, if one.by_person { "stopped by hand" } else { state }).color(t.theme.value));
            ui.label(quiet(t, &t.fill("{} for {}", &[&one.does, &one.user])));
            keys(ui, around, one, reason, wants);
            if ui.small_button(t.say("Journal")).on_hover_text(t.fill("Journal of {}", &[&one.name])).clicked() {
                *only = Some(one.name.clone());
            }
        });
        for (words, text) in
            [("", &one.description), ("last ran", &one.last_run), ("last did", &one.last_action), ("stopped", &one.last_error)]
        {
            if !text.is_empty() {
                ui.horizontal_wrapped(|ui| {
                    if !words.is_empty() {
                        ui.label(quiet(t, words));
                    }
                    ui.label(if words == "stopped" { strong(t, text) } else { plain(t, text) });
                });
            }
        }
        let scope = if one.write.is_empty() { t.say("nothing").to_owned() } else { one.write.join(", ") };
        ui.label(quiet(t, &t.fill("may write {}", &[&scope])));
    });
    ui.add_space(6.0);
}

fn keys(ui: &mut Ui, around: &Around<'_>, one: &AutomationNow, reason: &str, wants: &mut Vec<Want>) {
    let verbs: &[(AutomationVerb, &str, Role)] = if one.by_person {
        &[(AutomationVerb::Start, "Start", Role::Operate)]
    } else {
        &[(AutomationVerb::Stop, "Stop", Role::Operate), (AutomationVerb::Restart, "Restart", Role::Engineer)]
    };
    for (verb, words, role) in verbs {
        let may = around.blocked.is_none() && around.role >= *role;
        let words = format!("{} {}", around.look.say(words), one.name);
        let response = ui.add_enabled(may, egui::Button::new(&words).small());
        let response = response.on_disabled_hover_text(takes(around, *role));
        if response.clicked() {
            wants.push(steer(&around.look, one, *verb, (&words, reason), response.rect));
        }
    }
}

fn steer(look: &Look, one: &AutomationNow, verb: AutomationVerb, (words, reason): (&str, &str), beside: Rect) -> Want {
    if verb == AutomationVerb::Stop && reason.trim().is_empty() {
        let why = look.say("Say why first: a reason is kept with it, and shown to everybody who looks.").to_owned();
        return Want::Refuse { what: words.to_owned(), why };
    }
    let means = match verb {
        AutomationVerb::Stop => "It does nothing more until somebody starts it, also after a restart of the station.",
        AutomationVerb::Start => "It works again.",
        AutomationVerb::Restart => "It begins anew; what it remembers stays.",
    };
    let mut notes = vec![look.say(means).to_owned()];
    notes.extend((!reason.trim().is_empty()).then(|| look.fill("Why: {}", &[reason])));
    Want::Ask {
        prompt: format!("{words}?"),
        notes,
        what: words.to_owned(),
        wishes: vec![Wish::Deed(Deed::Automation { name: one.name.clone(), verb, reason: reason.to_owned() })],
        beside,
    }
}
