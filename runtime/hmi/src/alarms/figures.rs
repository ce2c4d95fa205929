//! The key figures of the alarms (IEC 62682) over a period, with plots: how well people can live with them.

use egui::{Context, Grid, ScrollArea, Ui, vec2};
use plantroom_model::{Mono, Priority, Utc};
use plantroom_wire::{AlarmFiguresNow, Ask, Reply, ToStation};

use super::journal::PERIODS;
use super::plots;
use crate::look::Look;
use crate::panes::list::{heading, plain, quiet, strong};
use crate::panes::poll::Poll;
use crate::panes::{Around, Want, moment, window};
use crate::words::local;

/// Alarms in 10 minutes for one operator: acceptable, the most that can be managed, and where a flood begins.
const TARGETS: [(f64, &str); 3] = [(1.0, "acceptable"), (2.0, "most that can be managed"), (10.0, "flood")];
/// How alarms that came should be split, in % (low, medium, high and critical).
const SPLIT: [f64; 3] = [80.0, 15.0, 5.0];

/// The pane.
pub struct Figures {
    pub poll: Poll,
    period: usize,
    position: String,
    figures: Option<Box<AlarmFiguresNow>>,
    refused: Option<String>,
    now: Option<Utc>,
}

impl Default for Figures {
    fn default() -> Self {
        let (position, figures, refused, now) = (String::new(), None, None, None);
        Self { poll: Poll::every(10_000), period: 2, position, figures, refused, now }
    }
}

impl Figures {
    /// What the station is to be asked.
    pub fn ask(&mut self, now: Mono, last: &mut u64) -> Option<ToStation> {
        let utc = self.now?;
        let request = self.poll.due(now, last)?;
        let from = Some(utc.0 - PERIODS[self.period].0 * 1_000_000_000);
        Some(ToStation::Ask { request, ask: Ask::AlarmFigures { from, to: None, position: self.position.clone() } })
    }

    /// Takes in the answer.
    pub fn heard(&mut self, reply: Reply) {
        match reply {
            Reply::AlarmFigures(figures) => (self.figures, self.refused) = (Some(figures), None),
            Reply::Refused(why) => self.refused = Some(why),
            _ => {}
        }
    }

    /// Draws it; gives whether it stays open.
    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        self.now = around.utc;
        let room = around.body.size();
        window(ctx, around, ("figures", "Key figures of the alarms"), (room.x - 100.0, room.y - 120.0), |ui| {
            let look = &*around.look;
            self.chooser(ui, look);
            if let Some(why) = &self.refused {
                ui.label(strong(look, why));
            }
            let Some(figures) = &self.figures else {
                ui.label(quiet(look, "asking the station"));
                return;
            };
            let span = format!("{} \u{2013} {}", moment(figures.from, around), moment(figures.to, around));
            ui.label(quiet(look, &span));
            if !figures.verdict.is_empty() {
                ui.label(heading(look, &look.fill("Verdict: {}", &[look.say(&figures.verdict)])));
            }
            ScrollArea::vertical().id_salt("figures").auto_shrink([false, false]).show(ui, |ui| {
                show_all(ui, around, figures, wants);
            });
        })
    }

    fn chooser(&mut self, ui: &mut Ui, look: &Look) {
        let before = (self.period, self.position.clone());
        ui.horizontal_wrapped(|ui| {
            for (place, (_, name)) in PERIODS.iter().enumerate().filter(|(_, (seconds, _))| *seconds > 0) {
                ui.selectable_value(&mut self.period, place, look.say(name));
            }
            let positions = self.figures.as_ref().map(|figures| figures.positions.clone()).unwrap_or_default();
            if !positions.is_empty() {
                ui.label(quiet(look, "Operator position"));
                let whole = look.say("whole plant").to_owned();
                let chosen = if self.position.is_empty() { whole.clone() } else { self.position.clone() };
                egui::ComboBox::from_id_salt("position").selected_text(chosen).show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.position, String::new(), whole);
                    for position in positions {
                        ui.selectable_value(&mut self.position, position.clone(), position);
                    }
                });
            }
        });
        if before != (self.period, self.position.clone()) {
            self.poll.again();
        }
    }
}

fn show_all(ui: &mut Ui, around: &Around<'_>, figures: &AlarmFiguresNow, wants: &mut Vec<Want>) {
    let look = &*around.look;
    rates(ui, around, figures);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(ui.available_width() * 0.5);
            table(ui, look, figures);
        });
        ui.vertical(|ui| {
            split(ui, look, figures);
            acknowledge(ui, look, figures);
        });
    });
    ui.label(heading(look, "Floods"));
    for flood in &figures.floods {
        let end = flood.end.map_or_else(|| look.say("goes on").to_owned(), |end| moment(end, around));
        let counts = [flood.alarms.to_string(), flood.peak.to_string()];
        let words = look.fill(
            "{} to {}: {} alarms, at most {} in 10 min, first {}",
            &[&moment(flood.start, around), &end, &counts[0], &counts[1], &flood.first],
        );
        ui.label(plain(look, &words));
    }
    none(ui, look, figures.floods.is_empty());
    ui.label(heading(look, "Alarms that come most often"));
    for (name, message, count, share) in &figures.top {
        let tail = look.fill("{} times, {} %", &[&count.to_string(), &format!("{share:.1}")]);
        named(ui, look, (name, message), &tail, wants);
    }
    none(ui, look, figures.top.is_empty());
    ui.label(heading(look, "Alarms that chatter"));
    for (name, message, most) in &figures.chattering {
        named(ui, look, (name, message), &look.fill("up to {} times a minute", &[&most.to_string()]), wants);
    }
    none(ui, look, figures.chattering.is_empty());
    ui.label(heading(look, "Alarms that have stood for more than 24 h"));
    for (name, message, since) in &figures.standing {
        named(ui, look, (name, message), &look.fill("since {}", &[&moment(*since, around)]), wants);
    }
    none(ui, look, figures.standing.is_empty());
}

fn none(ui: &mut Ui, look: &Look, is_empty: bool) {
    if is_empty {
        ui.label(quiet(look, "none"));
    }
    ui.add_space(8.0);
}

fn named(ui: &mut Ui, look: &Look, (name, message): (&str, &str), tail: &str, wants: &mut Vec<Want>) {
    ui.horizontal_wrapped(|ui| {
        // A line of letters is too low for a finger.
        let pressed = if look.touch { ui.button(name) } else { ui.link(name) };
        if pressed.clicked() {
            wants.push(Want::Alarm(name.to_owned()));
        }
        ui.label(plain(look, &look.texts.translated(message)));
        ui.label(quiet(look, tail));
    });
}

fn table(ui: &mut Ui, look: &Look, figures: &AlarmFiguresNow) {
    Grid::new("figures").num_columns(4).spacing(vec2(16.0, 3.0)).show(ui, |ui| {
        for figure in &figures.figures {
            ui.label(quiet(look, &figure.name));
            ui.label(strong(look, &figure.value));
            ui.label(quiet(look, &figure.target));
            let verdict = match figure.good {
                Some(true) => "as it should be",
                Some(false) => "not as it should be",
                None => "",
            };
            ui.label(if figure.good == Some(false) { strong(look, verdict) } else { quiet(look, verdict) });
            ui.end_row();
        }
    });
}

fn rates(ui: &mut Ui, around: &Around<'_>, figures: &AlarmFiguresNow) {
    let look = &*around.look;
    let minutes = f64::from(figures.rate_s.max(1)) / 60.0;
    let title = match figures.rate_s {
        0..=3_599 => look.fill("Alarms in {} min", &[&format!("{minutes:.0}")]),
        s => look.fill("Alarms in {} h", &[&(s / 3_600).to_string()]),
    };
    ui.label(heading(look, &title));
    let pattern = if figures.to.saturating_sub(figures.from) > 172_800_000_000_000 { "%d.%m." } else { "%H:%M" };
    let bars: Vec<plots::Bar> = figures
        .rates
        .iter()
        .map(|(at, count)| plots::Bar { name: local(Utc(*at), around.zone, pattern), value: f64::from(*count) })
        .collect();
    let targets: Vec<(f64, String)> =
        TARGETS.iter().map(|(each, name)| (each * minutes / 10.0, look.say(name).to_owned())).collect();
    plots::bars(ui, look, "rates", &bars, &targets, 170.0);
    ui.add_space(8.0);
}

fn split(ui: &mut Ui, look: &Look, figures: &AlarmFiguresNow) {
    ui.label(heading(look, "Share of each priority"));
    let of = |priority: Priority| f64::from(figures.split[priority as usize]);
    let parts = [of(Priority::Low), of(Priority::Medium), of(Priority::High) + of(Priority::Critical)];
    let all = parts.iter().sum::<f64>().max(1.0);
    let names = ["low", "medium", "high and critical"];
    let bars: Vec<plots::Bar> = (0..3)
        .map(|at| {
            let share = parts[at] * 100.0 / all;
            let words = [format!("{share:.0}"), format!("{:.0}", SPLIT[at])];
            let name = format!("{}: {}", look.say(names[at]), look.fill("{} % (target {} %)", &[&words[0], &words[1]]));
            plots::Bar { name, value: share }
        })
        .collect();
    plots::rows(ui, look, "split", &bars, 100.0);
    ui.add_space(8.0);
}

fn acknowledge(ui: &mut Ui, look: &Look, figures: &AlarmFiguresNow) {
    ui.label(heading(look, "Time until somebody acknowledged"));
    let bars: Vec<plots::Bar> = figures
        .acknowledge
        .iter()
        .map(|(upto, count)| {
            let name = match upto {
                0 => look.say("longer").to_owned(),
                s if s % 60 == 0 => look.fill("up to {} min", &[&(s / 60).to_string()]),
                s => look.fill("up to {} s", &[&s.to_string()]),
            };
            plots::Bar { name: format!("{name}: {count}"), value: f64::from(*count) }
        })
        .collect();
    let most = bars.iter().map(|bar| bar.value).fold(1.0, f64::max);
    plots::rows(ui, look, "acknowledge", &bars, most);
    none(ui, look, bars.is_empty());
}
