//! What stands over a screen: login, question, entry of a setpoint, outcomes, script errors.

use egui::{Align2, Area, Context, Frame, Id, Key, Margin, Order, Rect, RichText, Stroke, TextEdit, Ui, pos2, vec2};
use plantroom_model::{Mono, OutcomeKind};
use plantroom_scene::{EventId, Header, Reading, ScriptError};

use crate::commands::{Commands, Told, entered};
use crate::fonts::{bold, regular};
use crate::look::Look;
use crate::theme::Theme;
use crate::words::{outcome_word, with_unit};

/// What a person typed into the login dialog.
#[derive(Default)]
pub struct LoginForm {
    /// User name.
    pub user: String,
    /// Password; forgotten as soon as it was sent.
    pub password: String,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer<T> {
    /// Nothing yet.
    Waiting,
    /// Not this.
    Cancel,
    /// This.
    Go(T),
}

/// The frame of what stands over a screen.
pub fn sheet(t: &Theme, heavy: bool) -> Frame {
    let line = if heavy { Stroke::new(2.0, t.value) } else { Stroke::new(1.2, t.sheet_line) };
    let shadow = egui::Shadow { offset: [0, 3], blur: 12, spread: 0, color: t.shadow };
    Frame::NONE.fill(t.sheet).stroke(line).corner_radius(t.corner).inner_margin(Margin::same(16)).shadow(shadow)
}

fn heading(t: &Theme, words: &str) -> RichText {
    RichText::new(words).font(bold(t.size_panel)).color(t.text)
}

fn quiet(t: &Theme, words: &str) -> RichText {
    RichText::new(words).font(regular(t.size_text - 1.0)).color(t.text_quiet)
}

fn primary<'w>(t: &Theme, words: &'w str) -> egui::Button<'w> {
    let words = RichText::new(words).font(bold(t.size_text)).color(t.on_value);
    egui::Button::new(words).fill(t.value)
}

/// The login dialog; gives name and password when they were entered.
pub fn login(ctx: &Context, form: &mut LoginForm, why: Option<&str>, address: &str) -> Answer<(String, String)> {
    let look = Look::of(ctx);
    let t = &look.theme;
    let area = Area::new(Id::unique("login")).anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0)).order(Order::Foreground);
    let shown = area.show(ctx, |ui| {
        sheet(t, false).show(ui, |ui| {
            ui.set_width(320.0);
            ui.label(heading(t, look.say("Log in")));
            ui.label(quiet(t, address));
            ui.add_space(10.0);
            let name = ui.label(look.say("User"));
            let user = ui.add(TextEdit::singleline(&mut form.user).desired_width(f32::INFINITY)).labelled_by(name.id);
            ui.add_space(4.0);
            let name = ui.label(look.say("Password"));
            let field = TextEdit::singleline(&mut form.password).password(true).desired_width(f32::INFINITY);
            let password = ui.add(field).labelled_by(name.id);
            if ctx.memory(|memory| memory.focused()).is_none() {
                if form.user.is_empty() { &user } else { &password }.request_focus();
            }
            if let Some(why) = why {
                ui.add_space(8.0);
                ui.label(RichText::new(look.say(why)).font(bold(t.size_text)).color(t.urgent));
            }
            ui.add_space(12.0);
            let ready = !form.user.is_empty() && !form.password.is_empty();
            let pressed = ui.add_enabled(ready, primary(t, look.say("Log in"))).clicked();
            pressed || ready && password.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
        })
    });
    if shown.inner.inner { Answer::Go((form.user.clone(), std::mem::take(&mut form.password))) } else { Answer::Waiting }
}

/// Places a panel below what was pressed, and never on it: the second press of a double press must not confirm.
fn beside(ctx: &Context, rect: Rect, height: f32) -> egui::Pos2 {
    let screen = ctx.content_rect();
    let below = rect.bottom() + 10.0;
    let y = if below + height < screen.bottom() { below } else { (rect.top() - 10.0 - height).max(screen.top()) };
    pos2(rect.left().min(screen.right() - 420.0).max(screen.left() + 8.0), y)
}

/// The second step of a command.
pub fn question(ctx: &Context, commands: &mut Commands, now: Mono) -> Answer<()> {
    let look = Look::of(ctx);
    let t = &look.theme;
    let Some((question, left_ms)) = commands.question(now).map(|(question, left)| (question.clone(), left)) else {
        return Answer::Waiting;
    };
    let mut agreed = question.agreed;
    let own: Vec<&str> = question.writes.iter().filter_map(|write| write.confirmation.as_deref()).collect();
    let unmet: usize = question.writes.iter().map(|write| write.unmet.len()).sum();
    let lines = question.writes.len() + question.notes.len() + 2 * unmet;
    let height = 128.0 + 22.0 * lines as f32 + 48.0 * own.len() as f32;
    let area = Area::new(Id::unique("question")).fixed_pos(beside(ctx, question.beside, height)).order(Order::Foreground);
    let shown = area.show(ctx, |ui| {
        sheet(t, true).show(ui, |ui| {
            ui.set_min_width(320.0);
            ui.label(heading(t, &question.prompt));
            ui.add_space(6.0);
            for write in &question.writes {
                ui.horizontal(|ui| {
                    ui.label(quiet(t, &write.tag));
                    let change = format!("{}  \u{2192}  {}", write.old, write.new);
                    ui.label(RichText::new(change).font(bold(t.size_text)).color(t.value));
                });
            }
            ui.set_max_width(420.0);
            for note in &question.notes {
                ui.label(RichText::new(note).font(regular(t.size_text)).color(t.text));
            }
            for words in question.writes.iter().flat_map(|write| &write.unmet) {
                let words = look.fill("Not possible now: {}", &[words]);
                ui.label(RichText::new(words).font(bold(t.size_text)).color(t.urgent));
            }
            if !own.is_empty() {
                ui.add_space(8.0);
                for words in &own {
                    ui.label(RichText::new(*words).font(bold(t.size_text)).color(t.text));
                }
                ui.checkbox(&mut agreed, look.say("Yes, I confirm this"));
            }
            ui.add_space(10.0);
            ui.horizontal(|ui| {
                let confirm = ui.add_enabled(commands.can_confirm(now), primary(t, look.say("Confirm")));
                let cancel = ui.button(look.say("Cancel"));
                ui.label(quiet(t, &look.fill("expires in {} s", &[&left_ms.div_ceil(1_000).to_string()])));
                (confirm.clicked(), cancel.clicked())
            })
            .inner
        })
    });
    commands.agree(agreed);
    let (confirm, cancel) = shown.inner.inner;
    let (enter, escape) = plain_keys(ctx);
    match (confirm || enter, cancel || escape) {
        (_, true) => Answer::Cancel,
        (true, false) if commands.can_confirm(now) => Answer::Go(()),
        _ => Answer::Waiting,
    }
}

/// Enter and Escape, pressed anew; a key that is held down confirms nothing.
fn plain_keys(ctx: &Context) -> (bool, bool) {
    let pressed = |input: &egui::InputState, wanted: Key| {
        let hit =
            |event: &egui::Event| matches!(event, egui::Event::Key { key, pressed: true, repeat: false, .. } if *key == wanted);
        input.events.iter().any(hit)
    };
    ctx.input(|input| (pressed(input, Key::Enter), pressed(input, Key::Escape)))
}

/// A setpoint that is being entered.
pub struct Entry {
    /// The scene that asked for it.
    pub sheet: u64,
    /// What to fire with the number.
    pub event: EventId,
    /// What it is now.
    pub reading: Reading,
    /// What it is called.
    pub name: String,
    /// Where it was pressed.
    pub beside: Rect,
    /// What was typed so far.
    pub text: String,
    /// What is wrong with it.
    pub problem: Option<String>,
    focused: bool,
}

impl Entry {
    /// An empty entry.
    pub fn new(sheet: u64, event: EventId, reading: Reading, name: String, beside: Rect) -> Self {
        Self { sheet, event, reading, name, beside, text: String::new(), problem: None, focused: false }
    }
}

/// The entry of a setpoint: the number is checked before the first step.
pub fn entry(ctx: &Context, entry: &mut Entry) -> Answer<f64> {
    let look = Look::of(ctx);
    let t = &look.theme;
    let facts = &entry.reading.facts;
    let range = facts.write_range.or(facts.range);
    let area = Area::new(Id::unique("entry")).fixed_pos(beside(ctx, entry.beside, 170.0)).order(Order::Foreground);
    let shown = area.show(ctx, |ui| {
        sheet(t, true).show(ui, |ui| {
            ui.set_min_width(300.0);
            ui.label(heading(t, &look.fill("Set {}", &[&entry.name])));
            ui.label(quiet(t, &look.fill("now {}", &[&with_unit(&entry.reading.text(), &facts.unit)])));
            ui.add_space(6.0);
            let field = ui.horizontal(|ui| {
                let name = ui.label(look.say("New value"));
                let field = ui.add(TextEdit::singleline(&mut entry.text).desired_width(110.0).font(bold(t.size_value)));
                ui.label(quiet(t, &facts.unit));
                if let Some((low, high)) = range {
                    ui.label(quiet(t, &look.fill("{} to {}", &[&low.to_string(), &high.to_string()])));
                }
                field.labelled_by(name.id)
            });
            let field = field.inner;
            if !entry.focused {
                field.request_focus();
                entry.focused = true;
            }
            if let Some(problem) = &entry.problem {
                ui.label(RichText::new(look.say(problem)).font(bold(t.size_text)).color(t.urgent));
            }
            ui.add_space(8.0);
            let (set, cancel) = ui
                .horizontal(|ui| (ui.add(primary(t, look.say("Set"))).clicked(), ui.button(look.say("Cancel")).clicked()))
                .inner;
            let enter = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            (set || enter, cancel)
        })
    });
    let (set, cancel) = shown.inner.inner;
    if cancel || plain_keys(ctx).1 {
        return Answer::Cancel;
    }
    if !set {
        return Answer::Waiting;
    }
    match entered(&entry.text, range, &entry.reading.facts.unit) {
        Ok(number) => Answer::Go(number),
        Err(problem) => {
            entry.problem = Some(problem);
            entry.focused = false;
            Answer::Waiting
        }
    }
}

/// Requests on their way and their outcomes, at the lower left, away from faceplates and their buttons; gives the one that was dismissed.
pub fn outcomes(ctx: &Context, commands: &Commands, bottom: f32) -> Option<u64> {
    if commands.told().is_empty() {
        return None;
    }
    let offset = vec2(14.0, -bottom - 10.0);
    let area = Area::new(Id::unique("outcomes")).anchor(Align2::LEFT_BOTTOM, offset).order(Order::Foreground);
    let each = |ui: &mut Ui| commands.told().iter().fold(None, |dismissed, told| outcome(ui, told).or(dismissed));
    area.show(ctx, each).inner
}

fn outcome(ui: &mut Ui, told: &Told) -> Option<u64> {
    let look = Look::of(ui.ctx());
    let t = &look.theme;
    let (word, line, fill) = match told.kind {
        None => ("Sent", t.sheet_line, t.sheet),
        Some(_) if told.let_go => ("Not confirmed", t.sheet_line, t.sheet),
        Some(kind) => match outcome_word(kind) {
            (word, true) => (word, t.value, t.sheet),
            (word, false) if kind == OutcomeKind::Unknown => (word, t.warning, t.warning_row),
            (word, false) => (word, t.urgent, t.urgent_row),
        },
    };
    let frame = sheet(t, false).fill(fill).stroke(Stroke::new(2.0, line)).inner_margin(Margin::symmetric(12, 8));
    let shown = frame.show(ui, |ui| {
        ui.set_width(380.0);
        ui.horizontal(|ui| {
            outcome_shape(ui, told);
            ui.vertical(|ui| {
                ui.set_width(318.0);
                ui.label(RichText::new(look.say(word)).font(bold(t.size_text)).color(t.text));
                ui.label(RichText::new(&told.what).font(regular(t.size_text)).color(t.text));
                ui.label(quiet(t, &look.texts.translated(&told.message)));
            });
            let close = egui::Button::new(RichText::new("\u{00D7}").font(bold(t.size_panel))).frame(false);
            told.kind.is_some() && ui.add(close).on_hover_text(look.say("Dismiss")).clicked()
        })
        .inner
    });
    ui.add_space(6.0);
    shown.inner.then_some(told.request)
}

/// The shape of an outcome: a tick, a hollow circle (on its way), one with a bar (let go), a triangle with `?`, a square
/// with `×`.
fn outcome_shape(ui: &mut Ui, told: &Told) {
    let look = Look::of(ui.ctx());
    let t = &look.theme;
    let (rect, _) = ui.allocate_exact_size(vec2(24.0, 24.0), egui::Sense::hover());
    let (painter, centre) = (ui.painter(), rect.center());
    let letter = |words: &str, colour, down: f32| {
        painter.text(centre + vec2(0.0, down), Align2::CENTER_CENTER, words, bold(t.size_text), colour);
    };
    match told.kind {
        None => {
            painter.circle_stroke(centre, 8.0, Stroke::new(2.0, t.equipment));
        }
        Some(_) if told.let_go => {
            let line = Stroke::new(2.0, t.equipment);
            painter.circle_stroke(centre, 8.0, line);
            painter.line_segment([centre - vec2(4.5, 0.0), centre + vec2(4.5, 0.0)], line);
        }
        Some(OutcomeKind::Confirmed | OutcomeKind::Done) => {
            painter.circle_filled(centre, 10.0, t.value);
            let tick = vec![centre + vec2(-5.0, 0.0), centre + vec2(-1.5, 4.0), centre + vec2(5.0, -4.0)];
            painter.line(tick, Stroke::new(2.2, t.on_value));
        }
        Some(OutcomeKind::Unknown) => {
            let points = vec![centre + vec2(0.0, -11.0), centre + vec2(12.0, 9.0), centre + vec2(-12.0, 9.0)];
            painter.add(egui::Shape::convex_polygon(points, t.warning, Stroke::NONE));
            letter("?", t.on_warning, 2.0);
        }
        Some(_) => {
            painter.rect_filled(rect.shrink(3.0), 0.0, t.urgent);
            letter("\u{00D7}", t.on_urgent, 0.0);
        }
    }
}

/// What stands above a faceplate: its title, and its instance where that says more and fits beside it.
pub fn window_title(header: &Header) -> String {
    /// About how wide a letter is, and what the edges and the cross take, in units.
    const LETTER: f32 = 7.6;
    const EDGES: f32 = 84.0;
    let both = format!("{}  {}", header.title, header.subtitle);
    let fits = both.chars().count() as f32 * LETTER + EDGES <= header.size.0;
    let more = !header.subtitle.is_empty() && header.subtitle != header.title;
    if more && fits { both } else { header.title.clone() }
}

/// A script's error, over the last good scene.
pub fn script_error(ctx: &Context, error: &ScriptError, has_scene: bool, top: f32) -> bool {
    let look = Look::of(ctx);
    let t = &look.theme;
    let area = Area::new(Id::unique("script error")).anchor(Align2::CENTER_TOP, vec2(0.0, top + 8.0)).order(Order::Middle);
    let shown = area.show(ctx, |ui| {
        let frame = sheet(t, false).fill(t.warning_row).stroke(Stroke::new(2.0, t.warning));
        frame.show(ui, |ui| {
            ui.set_max_width(820.0);
            ui.label(heading(t, look.say("This screen's script has an error")));
            let place =
                if error.line > 0 { format!("{}:{}:{}", error.file, error.line, error.column) } else { error.file.to_string() };
            ui.label(RichText::new(place).font(bold(t.size_text)).color(t.text));
            ui.label(RichText::new(&error.message).font(regular(t.size_text)).color(t.text));
            ui.add_space(4.0);
            let last = if has_scene {
                "The last good screen is shown below; its values are live. It opens again as soon as the file is mended."
            } else {
                "It opens as soon as the file is mended."
            };
            ui.label(quiet(t, look.say(last)));
            has_scene && ui.button(look.say("Hide")).clicked()
        })
    });
    shown.inner.inner
}

/// Tells that something takes its time.
pub fn waiting(ctx: &Context, what: &str, why: Option<&str>) {
    let look = Look::of(ctx);
    let t = &look.theme;
    let area = Area::new(Id::unique("waiting")).anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0)).order(Order::Foreground);
    area.show(ctx, |ui| {
        sheet(t, false).show(ui, |ui| {
            ui.label(heading(t, what));
            if let Some(why) = why {
                ui.label(quiet(t, &look.fill("Last try: {}. Trying again by itself.", &[look.say(why)])));
            }
        });
    });
}
