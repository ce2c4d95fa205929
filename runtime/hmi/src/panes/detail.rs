//! Everything about one tag: value, quality, age, limits, who has taken it over, what stands in the way of a write, and
//! why it holds what it holds; and the keys to take it over.

use egui::{Context, Key, Rect, ScrollArea, Ui};
use plantroom_model::{Mono, Role, TagMode, Value, ValueKind};
use plantroom_scene::{Facts, TagView, conditions};
use plantroom_wire::{TagInfo, ToStation, WhyNow};

use super::list::{field, heading, plain, quiet, strong};
use super::overrides::{needed, restore};
use super::poll::Poll;
use super::{Around, Want, moment, takes, window};
use crate::commands::{Wish, entered};
use crate::look::Look;
use crate::words::age_text;

/// Names that are offered while somebody types one.
const OFFERED: usize = 8;

/// The sheet.
pub struct Detail {
    pub poll: Poll,
    tag: String,
    /// Other tags of the same symbol.
    beside: Vec<String>,
    typed: String,
    why: Option<WhyNow>,
    /// The station knows no such tag.
    missing: bool,
    reason: String,
    value: String,
    focus: bool,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            poll: Poll::every(2_000),
            tag: String::new(),
            beside: Vec::new(),
            typed: String::new(),
            why: None,
            missing: false,
            reason: String::new(),
            value: String::new(),
            focus: false,
        }
    }
}

impl Detail {
    /// Turns to a tag; without a name the operator types one.
    pub fn look_at(&mut self, tag: &str, beside: Vec<String>) {
        *self = Self {
            tag: tag.to_owned(),
            typed: tag.to_owned(),
            beside: if beside.len() > 1 { beside } else { Vec::new() },
            focus: tag.is_empty(),
            ..Self::default()
        };
    }

    /// Which tag it shows; empty for none yet.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    pub fn ask(&mut self, now: Mono, last: &mut u64) -> Option<ToStation> {
        if self.tag.is_empty() {
            return None;
        }
        self.poll.due(now, last).map(|request| ToStation::Why { request, tag: self.tag.clone() })
    }

    pub fn heard(&mut self, request: u64, tag: &str, why: Option<WhyNow>) {
        if self.poll.is_answered_by(request) && tag == self.tag {
            self.missing = why.is_none();
            self.why = why;
        }
    }

    pub fn show(&mut self, ctx: &Context, around: &Around<'_>, wants: &mut Vec<Want>) -> bool {
        let mut turn = None;
        let open = window(ctx, around, ("detail", "Tag"), (720.0, 640.0), |ui| {
            turn = self.head(ui, around, wants);
            if self.tag.is_empty() {
                ui.label(quiet(&around.look, "Type the name of a tag, or right-click a value on the screen."));
                return;
            }
            let height = (ui.available_height() - 8.0).max(200.0);
            ScrollArea::vertical().id_salt("detail").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
                self.facts(ui, around);
                self.take_over(ui, around, wants);
                self.steps(ui, around);
            });
        });
        if let Some(tag) = turn {
            let beside = std::mem::take(&mut self.beside);
            self.look_at(&tag, beside);
        }
        open
    }

    /// The name, and names to turn to.
    fn head(&mut self, ui: &mut Ui, around: &Around<'_>, wants: &mut Vec<Want>) -> Option<String> {
        let t = &*around.look;
        let mut turn = None;
        ui.horizontal(|ui| {
            let name = field(ui, t, "Tag name", &mut self.typed, 420.0);
            if std::mem::take(&mut self.focus) {
                name.request_focus();
            }
            let enter = name.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let typed = self.typed.trim();
            if (ui.button(t.say("Show")).clicked() || enter) && !typed.is_empty() && typed != self.tag {
                turn = Some(typed.to_owned());
            }
            if !self.tag.is_empty() && ui.button(t.say("all alarms of this tag")).clicked() {
                wants.push(Want::AlarmsOf(self.tag.clone()));
            }
        });
        let others: Vec<String> = if self.typed.trim() == self.tag { self.beside.clone() } else { self.offered(around) };
        if !others.is_empty() {
            ui.horizontal_wrapped(|ui| {
                for other in others {
                    if ui.selectable_label(other == self.tag, &other).clicked() {
                        turn = Some(other);
                    }
                }
            });
        }
        turn
    }

    /// Names that are shown now and hold what was typed.
    fn offered(&self, around: &Around<'_>) -> Vec<String> {
        let typed = self.typed.trim().to_lowercase();
        let holds = |name: &&String| name.to_lowercase().contains(&typed);
        around.tags.names().iter().filter(holds).take(OFFERED).cloned().collect()
    }

    fn facts(&self, ui: &mut Ui, around: &Around<'_>) {
        let t = &*around.look;
        if self.missing {
            ui.label(strong(t, "This plant has no such tag."));
            return;
        }
        let (Some(info), sample) = (around.tags.info(&self.tag), around.tags.sample(&self.tag)) else {
            ui.label(quiet(t, "asking the station"));
            return;
        };
        if !info.description.is_empty() {
            ui.label(plain(t, &info.description));
        }
        if let Some(sample) = &sample {
            let words = around.tags.words(&self.tag, &sample.value);
            let shown = if sample.value == Value::Null { t.say("no value") } else { &words };
            let ink = if sample.status.is_good() { t.theme.value } else { t.theme.text_quiet };
            let age = age_text(sample.source_time, around.utc).map(|age| t.fill(", {} old", &[&age])).unwrap_or_default();
            ui.horizontal(|ui| {
                ui.label(heading(t, shown).color(ink));
                let letter = sample.status.quality().letter();
                let letter = if letter.is_empty() { String::new() } else { format!("{letter}  ") };
                ui.label(strong(t, &format!("{letter}{}{age}", around.look.say(sample.status.words()))));
            });
        }
        for (what, words) in [("limits", limits(t, info)), ("range", range(t, info))] {
            if !words.is_empty() {
                ui.label(quiet(t, &format!("{}: {words}", t.say(what))));
            }
        }
        for condition in conditions(around.tags, &self.tag) {
            let (mark, words) = match condition.holds {
                Some(true) => ("\u{2713}", around.look.texts.translated(&condition.message).into_owned()),
                _ => ("\u{00D7}", around.look.fill("not possible: {}", &[&condition.words(&around.look.texts)])),
            };
            let only = match condition.only_words.as_str() {
                "" => String::new(),
                only => around.look.fill(", only for {}", &[around.look.say(only)]),
            };
            let words = format!("{mark} {words} ({}{only})", condition.tag);
            ui.label(if condition.is_in_the_way() { strong(t, &words) } else { plain(t, &words) });
        }
        if let Some(over) = self.why.as_ref().and_then(|why| why.over.as_ref()) {
            let value = if over.value.is_empty() { String::new() } else { t.fill(" at {}", &[&over.value]) };
            let since = moment(over.since, around);
            let given = [t.say(over.mode.word()), &value, &over.user, &since, &over.reason];
            ui.label(strong(t, &t.fill("{}{} by {} since {}: {}", &given)).color(t.theme.doubt));
        }
    }

    /// The keys that take the tag over or put it back.
    fn take_over(&mut self, ui: &mut Ui, around: &Around<'_>, wants: &mut Vec<Want>) {
        let (t, tag) = (&*around.look, self.tag.clone());
        let Some(info) = around.tags.info(&tag).filter(|_| !tag.starts_with("system/")) else { return };
        if around.blocked.is_some() || around.role < Role::Operate {
            return;
        }
        ui.add_space(8.0);
        ui.label(heading(t, "Take over"));
        ui.horizontal(|ui| {
            field(ui, t, "Reason", &mut self.reason, 280.0);
            field(ui, t, "Value", &mut self.value, 90.0)
                .on_hover_text(t.say("For substitute and simulate; empty for the present value"));
            ui.label(quiet(t, &info.unit));
        });
        let over = self.why.as_ref().and_then(|why| why.over.clone());
        let keys = [("Off scan", TagMode::OffScan), ("Substitute", TagMode::Substituted), ("Simulate", TagMode::Simulated)];
        ui.horizontal(|ui| {
            for (words, mode) in keys {
                let role = needed(mode).max(needed(over.as_ref().map_or(TagMode::Normal, |over| over.mode)));
                let response = ui.add_enabled(around.role >= role, egui::Button::new(t.say(words)));
                let response = response.on_disabled_hover_text(takes(around, role));
                if response.clicked() {
                    wants.push(wish(around, info, mode, (&self.reason, &self.value), response.rect));
                }
            }
            if let Some(over) = over {
                let may = around.role >= needed(over.mode);
                let response = ui.add_enabled(may, egui::Button::new(t.say("Restore")));
                if response.clicked() {
                    wants.push(restore(t, &over, &self.reason, response.rect));
                }
            }
        });
    }

    /// From the source to the value.
    fn steps(&self, ui: &mut Ui, around: &Around<'_>) {
        let t = &*around.look;
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            ui.label(heading(t, "Why"));
            if let Some(why) = &self.why
                && ui.button(t.say("Copy")).clicked()
            {
                ui.ctx().copy_text(why.text.clone());
            }
        });
        let Some(why) = &self.why else {
            if !self.missing {
                ui.label(quiet(t, "asking the station"));
            }
            return;
        };
        if why.steps.is_empty() {
            ui.label(plain(t, &why.text));
        }
        for step in &why.steps {
            ui.horizontal_top(|ui| {
                ui.add_space(14.0 * f32::from(step.depth));
                ui.allocate_ui(egui::vec2(104.0, 18.0), |ui| {
                    ui.set_min_width(104.0);
                    ui.label(quiet(t, &step.what));
                });
                let doubtful = !matches!(step.quality.as_str(), "" | "good");
                let mark = if doubtful { format!("  [{}]", t.say(&step.quality)) } else { String::new() };
                let words = format!("{}{mark}", step.text);
                let text = if doubtful { strong(t, &words) } else { plain(t, &words) };
                ui.add(egui::Label::new(text).wrap());
            });
        }
    }
}

/// The wish to take a tag over, or why it can't be asked.
fn wish(around: &Around<'_>, info: &TagInfo, mode: TagMode, (reason, typed): (&str, &str), beside: Rect) -> Want {
    let (tag, takes_value) = (&info.name, matches!(mode, TagMode::Substituted | TagMode::Simulated));
    let look = &*around.look;
    let (words, done) = match mode {
        TagMode::OffScan => (look.fill("Take {} off scan?", &[tag]), "{}: off scan"),
        TagMode::Substituted => (look.fill("Substitute {}?", &[tag]), "{}: substituted"),
        _ => (look.fill("Simulate {}?", &[tag]), "{}: simulated"),
    };
    let refuse = |why: String| Want::Refuse { what: words.trim_end_matches('?').to_owned(), why };
    if reason.trim().is_empty() {
        let why = "Say why first: a reason is kept with it, and shown to everybody who looks at the tag.";
        return refuse(look.say(why).to_owned());
    }
    let typed = typed.trim();
    let value = match (takes_value, typed.is_empty()) {
        (false, _) | (true, true) => None,
        (true, false) => match parse(info, typed) {
            Ok(value) => Some(value),
            Err(why) => return refuse(why),
        },
    };
    let now =
        around.tags.sample(tag).map_or_else(|| look.say("no value").to_owned(), |sample| around.tags.words(tag, &sample.value));
    let then = match (&value, takes_value) {
        (Some(value), _) => around.tags.words(tag, value),
        (None, true) => look.fill("{} (as now)", &[&now]),
        (None, false) => look.say("the last value stands, bad; what its source says is not taken in").to_owned(),
    };
    Want::Ask {
        prompt: words,
        notes: vec![format!("{now}  \u{2192}  {then}"), look.fill("Why: {}", &[reason])],
        what: look.fill(done, &[tag]),
        wishes: vec![Wish::Mode { tag: tag.clone(), mode, value, reason: reason.trim().to_owned() }],
        beside,
    }
}

/// What somebody typed, as the tag's kind: a state's word, on or off, a number, a text.
fn parse(info: &TagInfo, typed: &str) -> Result<Value, String> {
    let kind = ValueKind::from_u8(info.kind).unwrap_or(ValueKind::Float);
    let state = info.states.iter().find(|(_, word)| word.eq_ignore_ascii_case(typed)).map(|(number, _)| Value::Int(*number));
    let value = match (state, kind) {
        (Some(number), _) => number,
        (None, ValueKind::Text) => Value::Text(typed.into()),
        (None, ValueKind::Bool) => match typed.to_lowercase().as_str() {
            "1" | "on" | "true" | "yes" => Value::Bool(true),
            "0" | "off" | "false" | "no" => Value::Bool(false),
            _ => return Err(format!("\u{201C}{typed}\u{201D} is neither on nor off.")),
        },
        (None, _) => Value::Float(entered(typed, info.range, &info.unit)?),
    };
    value.converted(kind).ok_or_else(|| format!("\u{201C}{typed}\u{201D} doesn't fit this tag; it takes a whole number."))
}

fn limits(look: &Look, info: &TagInfo) -> String {
    let facts = Facts::of(info);
    let (all, limits) = (["too high", "high", "low", "too low"], &info.limits);
    let each = all.into_iter().zip([limits.high_high, limits.high, limits.low, limits.low_low]);
    let words: Vec<String> = each
        .filter_map(|(word, limit)| {
            Some(format!("{} {}", look.say(word), crate::words::with_unit(&facts.words(&Value::Float(limit?)), &facts.unit)))
        })
        .collect();
    words.join(", ")
}

fn range(look: &Look, info: &TagInfo) -> String {
    let words = |(low, high): (f64, f64)| look.fill("{} to {}", &[&low.to_string(), &high.to_string()]);
    info.range.map(|range| crate::words::with_unit(&words(range), &info.unit)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_the_tags_own_kind_or_a_sentence() {
        let info = |kind, states: &[(i64, &str)]| TagInfo {
            name: "a".into(),
            kind: kind as u8,
            unit: "bar".into(),
            description: String::new(),
            decimals: 1,
            range: Some((0.0, 10.0)),
            limits: plantroom_model::LimitSet::default(),
            states: states.iter().map(|(number, word)| (*number, (*word).to_owned())).collect(),
            write: None,
            permissives: Vec::new(),
        };
        let words = [(0, "stopped"), (1, "running")];
        let cases = [
            (info(ValueKind::Float, &[]), "4,5", Ok(Value::Float(4.5))),
            (info(ValueKind::Uint, &[]), "4", Ok(Value::Uint(4))),
            (info(ValueKind::Bool, &[]), "on", Ok(Value::Bool(true))),
            (info(ValueKind::Bool, &words), "Running", Ok(Value::Bool(true))),
            (info(ValueKind::Uint, &words), "running", Ok(Value::Uint(1))),
            (info(ValueKind::Text, &[]), "B 12", Ok(Value::Text("B 12".into()))),
            (info(ValueKind::Bool, &[]), "maybe", Err("neither on nor off")),
            (info(ValueKind::Float, &[]), "11", Err("Outside of what may be set")),
            (info(ValueKind::Uint, &[]), "4.5", Err("whole number")),
        ];
        for (info, typed, expected) in cases {
            match (parse(&info, typed), expected) {
                (Ok(value), Ok(wanted)) => assert_eq!(value, wanted, "{typed}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{typed}: {why}"),
                (got, wanted) => panic!("{typed}: {got:?}, not {wanted:?}"),
            }
        }
    }
}
