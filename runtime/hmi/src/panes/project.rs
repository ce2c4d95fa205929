//! The project folder and its changes: what applying would do, mistakes with file and line, what was changed when and by
//! whom, with its difference, and the way back.

use egui::{Context, ScrollArea, Ui};
use plantroom_model::{Diagnostic, Mono, Role, Severity};
use plantroom_wire::{Ask, ChangeNow, Deed, ProjectNow, ProjectState, Reply, ToStation};

use super::list::{Cell, Column, column, field, heading, list, plain, quiet, strong};
use super::poll::Poll;
use super::{Around, Want, moment, window};
use crate::commands::Wish;
use crate::look::Look;

const COLUMNS: [Column; 6] =
    [column("No.", 0.5), column("When", 1.5), column("By", 1.0), column("What", 4.0), column("Comment", 2.2), column("", 0.9)];

/// The view.
pub struct Project {
    now_poll: Poll,
    list_poll: Poll,
    change_poll: Poll,
    now: Option<ProjectNow>,
    changes: Option<Vec<ChangeNow>>,
    /// Which change is shown whole.
    wanted: Option<u64>,
    shown: Option<ChangeNow>,
    refused: Option<String>,
    comment: String,
}

impl Default for Project {
    fn default() -> Self {
        Self {
            now_poll: Poll::every(1_000),
            list_poll: Poll::every(5_000),
            change_poll: Poll::every(u64::MAX / 2_000_000),
            now: None,
            changes: None,
            wanted: None,
            shown: None,
            refused: None,
            comment: String::new(),
        }
    }
}

impl Project {
    /// Asks again at once.
    pub fn again(&mut self) {
        self.now_poll.again();
        self.list_poll.again();
    }

    pub fn ask(&mut self, now: Mono, last: &mut u64, role: Role, messages: &mut Vec<ToStation>) {
        let mut send = |request: Option<u64>, ask| messages.extend(request.map(|request| ToStation::Ask { request, ask }));
        send(self.now_poll.due(now, last), Ask::Project);
        if role >= Role::Engineer {
            send(self.list_poll.due(now, last), Ask::Changes);
            if let Some(number) = self.wanted {
                send(self.change_poll.due(now, last), Ask::Change { number });
            }
        }
    }

    pub fn heard(&mut self, request: u64, reply: Reply) {
        let mine = [&mut self.now_poll, &mut self.list_poll, &mut self.change_poll];
        if !mine.into_iter().any(|poll| poll.is_answered_by(request)) {
            return;
        }
        self.refused = None;
        match reply {
            Reply::Project(now) => {
                if self.now.as_ref().is_some_and(|before| before.change != now.change) {
                    self.list_poll.again();
                }
                self.now = Some(now);
            }
            Reply::Changes(changes) => self.changes = Some(changes),
            Reply::Change(change) => self.shown = change.filter(|change| Some(change.number) == self.wanted),
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        window(ctx, around, ("project", "Project and its changes"), (1_060.0, 640.0), |ui| {
            let t = &*around.look;
            if let Some(why) = &self.refused {
                ui.label(strong(t, why));
            }
            let Some(now) = self.now.clone() else {
                ui.label(quiet(t, "asking the station"));
                return;
            };
            self.state(ui, around, &now, wants);
            ui.separator();
            if around.role < Role::Engineer {
                ui.label(quiet(t, "Changes, their differences and the way back are for engineers."));
            } else if self.wanted.is_some() {
                self.one(ui, around, wants);
            } else {
                self.list(ui, around, wants);
            }
        })
    }

    /// How the folder stands to what runs, and the key that applies it.
    fn state(&mut self, ui: &mut Ui, around: &Around<'_>, now: &ProjectNow, wants: &mut Vec<Want>) {
        let t = &*around.look;
        ui.label(heading(t, &now.message));
        let when =
            if now.on_save { "What is saved is applied at once." } else { "What is saved waits until somebody applies it." };
        let newest = if now.change == 0 { t.say("none").to_owned() } else { now.change.to_string() };
        ui.label(quiet(t, &t.fill("Newest change: {}. {}", &[&newest, t.say(when)])));
        let height = (ui.available_height() * 0.4).max(120.0);
        if !now.preview.is_empty() {
            ui.label(strong(t, &now.preview));
        }
        if !(now.details.is_empty() && now.diagnostics.is_empty()) {
            ScrollArea::vertical().id_salt("preview").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
                now.diagnostics.iter().for_each(|diagnostic| mistake(ui, around, diagnostic));
                now.details.iter().for_each(|line| drop(ui.label(plain(t, line))));
            });
        }
        if around.role >= Role::Engineer {
            ui.horizontal(|ui| {
                field(ui, t, "Comment", &mut self.comment, 320.0);
                let may = around.blocked.is_none() && now.state == ProjectState::Waiting;
                let response = ui.add_enabled(may, egui::Button::new(t.say("Apply the change")));
                if response.clicked() {
                    let mut notes = vec![now.preview.clone()];
                    notes.extend((!self.comment.trim().is_empty()).then(|| t.fill("Comment: {}", &[&self.comment])));
                    wants.push(Want::Ask {
                        prompt: t.say("Apply the change of the project?").to_owned(),
                        notes,
                        what: t.say("the change of the project").to_owned(),
                        wishes: vec![Wish::Deed(Deed::ApplyProject { comment: self.comment.trim().to_owned() })],
                        beside: response.rect,
                    });
                }
            });
        }
    }

    fn list(&mut self, ui: &mut Ui, around: &Around<'_>, wants: &mut Vec<Want>) {
        let t = &*around.look;
        ui.label(heading(t, "Changes"));
        let Some(changes) = &self.changes else {
            ui.label(quiet(t, "asking the station"));
            return;
        };
        let height = ui.available_height().max(140.0);
        let pressed = list(ui, t, ("changes", height), &COLUMNS, changes.len(), |row, at| {
            let change = &changes[row];
            match at {
                0 => Cell::key(t, change.number.to_string()),
                1 => Cell::quiet(t, moment(change.at, around)),
                2 => Cell::plain(t, change.user.as_str()),
                3 => Cell::plain(t, told(t, change)),
                4 => Cell::plain(t, change.comment.as_str()),
                _ => Cell::key(t, t.say("Difference")),
            }
        });
        let _ = wants;
        if let Some(change) = pressed.and_then(|(row, _)| changes.get(row)) {
            self.wanted = Some(change.number);
            self.shown = None;
            self.change_poll.again();
        }
    }

    /// One change with its difference, and the way back before it.
    fn one(&mut self, ui: &mut Ui, around: &Around<'_>, wants: &mut Vec<Want>) {
        let t = &*around.look;
        let mut back = false;
        ui.horizontal(|ui| {
            back = ui.button(t.say("All changes")).clicked();
            let Some(change) = &self.shown else { return };
            ui.label(heading(t, &t.fill("Change {}", &[&change.number.to_string()])));
            let words = t.fill("Roll back to before change {}", &[&change.number.to_string()]);
            let response = ui.add_enabled(around.blocked.is_none(), egui::Button::new(&words));
            if response.clicked() {
                wants.push(roll_back(t, change, &self.comment, response.rect));
            }
            if ui.button(t.say("Copy")).clicked() {
                ui.ctx().copy_text(change.diff.clone());
            }
        });
        match &self.shown {
            None => drop(ui.label(quiet(t, "asking the station"))),
            Some(change) => {
                ui.label(plain(t, &told(t, change)));
                let comment = if change.comment.is_empty() { String::new() } else { format!(": {}", change.comment) };
                ui.label(quiet(t, &t.fill("{} by {}{}", &[&moment(change.at, around), &change.user, &comment])));
                ui.label(quiet(t, &change.files.join(", ")));
                difference(ui, around, &change.diff);
            }
        }
        if back {
            (self.wanted, self.shown) = (None, None);
        }
    }
}

fn mistake(ui: &mut Ui, around: &Around<'_>, diagnostic: &Diagnostic) {
    let t = &*around.look;
    let Diagnostic { severity, file, line, column, message, help } = diagnostic;
    let word = if *severity == Severity::Error { "mistake" } else { "probably not meant" };
    let place = if *line > 0 { format!("{file}:{line}:{column}") } else { file.clone() };
    ui.label(strong(t, &format!("{place}: {}: {message}", t.say(word))));
    if !help.is_empty() {
        ui.label(quiet(t, help));
    }
}

/// The difference of the texts, line by line; what came and what went has its letter, and ink besides.
fn difference(ui: &mut Ui, around: &Around<'_>, diff: &str) {
    let t = &*around.look;
    let lines: Vec<&str> = diff.lines().collect();
    let font = egui::FontId::monospace(t.theme.size_text);
    let row_h = t.theme.size_text * 1.45;
    let height = ui.available_height().max(140.0);
    let area = ScrollArea::both().id_salt("difference").max_height(height).auto_shrink([false, true]);
    area.show_rows(ui, row_h, lines.len(), |ui, range| {
        for line in &lines[range] {
            let head = line.starts_with("+++") || line.starts_with("---") || line.starts_with("@@");
            let ink = match line.as_bytes().first() {
                _ if head => t.theme.text_quiet,
                Some(b'+') => t.theme.value,
                Some(b'-') => t.theme.urgent,
                _ => t.theme.text,
            };
            ui.add(egui::Label::new(egui::RichText::new(*line).font(font.clone()).color(ink)).extend());
        }
    });
    if lines.is_empty() {
        ui.label(quiet(t, "no text was changed"));
    }
}

fn told(look: &Look, change: &ChangeNow) -> String {
    match (change.kind.as_str(), change.of) {
        ("rollback", Some(of)) => look.fill("rolled back to before change {}: {}", &[&of.to_string(), &change.preview]),
        ("while-stopped", _) => look.fill("while the station stood: {}", &[&change.preview]),
        _ => change.preview.clone(),
    }
}

fn roll_back(look: &Look, change: &ChangeNow, comment: &str, beside: egui::Rect) -> Want {
    let number = change.number.to_string();
    let mut notes = vec![
        look.fill("The project folder gets the files from before change {}, and they run.", &[&number]),
        look.say("Every later change is taken back too; files that somebody has edited meanwhile are kept beside.").to_owned(),
    ];
    notes.extend((!comment.trim().is_empty()).then(|| look.fill("Comment: {}", &[comment])));
    Want::Ask {
        prompt: look.fill("Roll back to before change {}?", &[&number]),
        notes,
        what: look.fill("roll back to before change {}", &[&number]),
        wishes: vec![Wish::Deed(Deed::RollBack { before: change.number, comment: comment.trim().to_owned() })],
        beside,
    }
}
