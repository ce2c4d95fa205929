//! The View menu, the list of keys, and going to a screen or a tag by its name.

use egui::{Align2, Area, Context, Id, Key, Order, RichText, ScrollArea, TextEdit, Ui, vec2};
use plantroom_scene::theme::Shade;

use crate::alarms::marks::{Marked, on_tab};
use crate::appearance::{Appearance, Choices, SCALES};
use crate::dialogs::sheet;
use crate::fonts::{bold, regular};
use crate::look::{Look, language_name};
use crate::paint::Canvas;

/// Lines of what was found, at most.
const FOUND: usize = 12;

/// What a person wants of the menus.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// Looks like this from now on.
    Choose(Choices),
    /// The whole screen.
    Whole,
    /// The list of keys.
    Keys,
    /// Another window, with the plant's home screen.
    Window,
    /// Another window, with this screen.
    WindowOfThis,
    /// Closes this window for good.
    Leave,
}

/// Draws what the View button opens; `windows` says whether there can be others than this one.
pub fn view(ui: &mut Ui, appearance: &Appearance, windows: bool) -> Option<Wish> {
    let look = Look::of(ui.ctx());
    let mut choices = appearance.choices().clone();
    let mut wish = None;
    ui.set_min_width(200.0);
    ui.label(look.say("Language"));
    let spoken = appearance.language();
    for code in appearance.languages() {
        if ui.radio(code == spoken, language_name(&code)).clicked() {
            choices.language = Some(code);
        }
    }
    ui.separator();
    ui.label(look.say("Theme"));
    for (shade, words) in [(None, "as the machine"), (Some(Shade::Light), "light"), (Some(Shade::Dark), "dark")] {
        if ui.radio(choices.shade == shade, look.say(words)).clicked() {
            choices.shade = shade;
        }
    }
    ui.separator();
    ui.checkbox(&mut choices.touch, look.say("Touch"));
    let mut sound = !choices.mute;
    ui.checkbox(&mut sound, look.say("Sound of the horn"));
    choices.mute = !sound;
    let scale = choices.scale.unwrap_or(1.0);
    for (words, step) in [("Larger", 0.1), ("Smaller", -0.1)] {
        if ui.button(look.say(words)).clicked() {
            choices.scale = Some(((scale + step) * 10.0).round() / 10.0).map(|scale: f32| scale.clamp(SCALES.0, SCALES.1));
        }
    }
    ui.separator();
    for (words, what) in [("Whole screen", Wish::Whole), ("Keys", Wish::Keys)] {
        if ui.button(look.say(words)).clicked() {
            wish = Some(what);
        }
    }
    if windows {
        ui.separator();
        let all = [
            ("New window", Wish::Window),
            ("This screen in a new window", Wish::WindowOfThis),
            ("Close this window for good", Wish::Leave),
        ];
        for (words, what) in all {
            if ui.button(look.say(words)).clicked() {
                wish = Some(what);
            }
        }
    }
    if choices != *appearance.choices() {
        wish = Some(Wish::Choose(choices));
    }
    wish
}

/// Keys and what they do, in the console's own words.
const KEYS: [(&str, &str); 29] = [
    ("Tab, Shift+Tab", "next, previous"),
    ("\u{2190} \u{2191} \u{2192} \u{2193}", "neighbour in that direction"),
    ("Enter, Space", "press what has the focus"),
    ("Esc", "close what is on top"),
    ("Alt+\u{2190}", "back to the screen before"),
    ("Ctrl+K, /", "go to a screen or a tag by its name"),
    ("Ctrl+wheel, +, -", "zoom"),
    ("Shift+\u{2190} \u{2191} \u{2192} \u{2193}", "move the screen"),
    ("middle button", "move the screen"),
    ("0", "the whole screen"),
    ("Ctrl++, Ctrl+-, Ctrl+0", "everything larger, smaller, as usual"),
    ("F2", "alarms"),
    ("A, Space, Ctrl+A", "in the list of alarms: acknowledge, select one more, all"),
    ("\u{2190} \u{2192}, Ctrl+F", "in the list of alarms: fold and unfold a group, search"),
    ("F3", "what happened to alarms"),
    ("F4", "key figures of the alarms"),
    ("F12", "silence the horn"),
    ("F5", "open the screen anew from its script"),
    ("I, right click, long press", "everything about a tag, and why it is so"),
    ("F6", "tags that somebody has taken over"),
    ("F7", "what the station does by itself"),
    ("F8", "raw registers beside values"),
    ("F9", "the project and its changes"),
    ("F11", "fill the display"),
    ("Ctrl+N", "a new window"),
    ("Ctrl+Shift+N", "this screen in a new window"),
    ("Ctrl+W", "close this window for good: it doesn't come back"),
    ("Enter, Esc", "Confirm, Cancel"),
    ("F1", "this list"),
];

/// Draws the list of keys; true when it is to be closed.
pub fn keys(ctx: &Context) -> bool {
    let look = Look::of(ctx);
    let t = &look.theme;
    let area = Area::new(Id::unique("keys")).anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0)).order(Order::Foreground);
    let shown = area.show(ctx, |ui| {
        sheet(t, false).show(ui, |ui| {
            ui.label(RichText::new(look.say("Keys")).font(bold(t.size_panel)).color(t.text));
            ui.add_space(6.0);
            egui::Grid::new("keys").num_columns(2).spacing(vec2(24.0, 4.0)).show(ui, |ui| {
                for (key, does) in KEYS {
                    ui.label(RichText::new(key).font(bold(t.size_text)).color(t.value));
                    ui.label(RichText::new(look.say(does)).font(regular(t.size_text)).color(t.text));
                    ui.end_row();
                }
            });
            ui.add_space(8.0);
            ui.button(look.say("Close")).clicked()
        })
    });
    shown.inner.inner || ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Escape))
}

/// A place that can be gone to by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// What is looked for: a screen's title or file, a tag's name.
    pub name: String,
    /// What it is, in words: the title of the screen that shows a tag; empty for a screen itself.
    pub on: String,
    /// The screen to go to, by its file name.
    pub screen: String,
}

/// Going somewhere by name.
#[derive(Default)]
pub struct Finder {
    goals: Vec<Goal>,
    text: String,
    chosen: usize,
    focused: bool,
}

impl Finder {
    /// Over these places.
    pub fn new(goals: Vec<Goal>) -> Self {
        Self { goals, ..Self::default() }
    }

    /// What fits: every word of what was typed occurs; names that begin with it first, then the shorter ones.
    fn fitting(&self) -> Vec<&Goal> {
        let wanted = self.text.to_lowercase();
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let fits = |goal: &&Goal| {
            let said = format!("{} {}", goal.name.to_lowercase(), goal.screen.to_lowercase());
            words.iter().all(|word| said.contains(word))
        };
        let mut all: Vec<&Goal> = self.goals.iter().filter(fits).collect();
        all.sort_by_key(|goal| (!goal.name.to_lowercase().starts_with(&wanted), !goal.on.is_empty(), goal.name.len()));
        all.truncate(FOUND);
        all
    }

    /// Draws it: the screen to go to, or nothing when it was closed; outside nothing while it is open.
    /// Screens show the worst alarm behind them.
    pub fn show(&mut self, ctx: &Context, marked: Marked<'_>) -> Option<Option<String>> {
        let look = Look::of(ctx);
        let t = &look.theme;
        let pressed = |key| ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
        let (up, down, enter, escape) =
            (pressed(Key::ArrowUp), pressed(Key::ArrowDown), pressed(Key::Enter), pressed(Key::Escape));
        let area = Area::new(Id::unique("find")).anchor(Align2::CENTER_TOP, vec2(0.0, 120.0)).order(Order::Foreground);
        let shown = area.show(ctx, |ui| {
            sheet(t, true).show(ui, |ui| {
                ui.set_width(520.0);
                let title = ui.label(RichText::new(look.say("Go to a screen or a tag")).font(bold(t.size_panel)).color(t.text));
                let hint = look.say("Name of a screen or a tag");
                let field = ui.add(TextEdit::singleline(&mut self.text).hint_text(hint).desired_width(f32::INFINITY));
                let field = field.labelled_by(title.id);
                if !std::mem::replace(&mut self.focused, true) {
                    field.request_focus();
                }
                if field.changed() {
                    self.chosen = 0;
                }
                let fitting: Vec<Goal> = self.fitting().into_iter().cloned().collect();
                self.chosen = match (up, down) {
                    (true, _) => self.chosen.saturating_sub(1),
                    (_, true) => (self.chosen + 1).min(fitting.len().saturating_sub(1)),
                    _ => self.chosen,
                };
                if fitting.is_empty() {
                    ui.label(look.say("nothing of that name"));
                }
                let mut gone = None;
                ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
                    for (place, goal) in fitting.iter().enumerate() {
                        let on = if goal.on.is_empty() { look.say("screen").to_owned() } else { look.fill("on {}", &[&goal.on]) };
                        let words = RichText::new(format!("{}   {on}", goal.name)).font(regular(t.size_text)).color(t.text);
                        let response = ui.selectable_label(place == self.chosen, words);
                        if goal.on.is_empty() {
                            let tab = response.rect.translate(vec2(18.0, 0.0));
                            on_tab(&Canvas::new(ui.painter(), tab.min, 1.0), tab, &goal.screen, marked);
                        }
                        if response.clicked() {
                            gone = Some(goal.screen.clone());
                        }
                    }
                });
                gone.or_else(|| fitting.get(self.chosen).filter(|_| enter).map(|goal| goal.screen.clone()))
            })
        });
        match shown.inner.inner {
            Some(screen) => Some(Some(screen)),
            None if escape => Some(None),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_the_words_comes_first_and_screens_before_tags() {
        let goal = |name: &str, on: &str, screen: &str| Goal { name: name.into(), on: on.into(), screen: screen.into() };
        let goals = vec![
            goal("high_lift/p1/speed", "High-lift pumps", "2_high_lift"),
            goal("High-lift pumps", "", "2_high_lift"),
            goal("intake/p1/speed", "Intake", "2_intake"),
            goal("Overview", "", "1_overview"),
        ];
        #[track_caller]
        fn check(goals: &[Goal], text: &str, wanted: &[&str]) {
            let mut finder = Finder::new(goals.to_vec());
            finder.text = text.to_owned();
            let found: Vec<&str> = finder.fitting().iter().map(|goal| goal.name.as_str()).collect();
            assert_eq!(found, wanted, "{text}");
        }
        check(&goals, "high", &["High-lift pumps", "high_lift/p1/speed"]);
        check(&goals, "p1 speed", &["intake/p1/speed", "high_lift/p1/speed"]);
        check(&goals, "OVER", &["Overview"]);
        check(&goals, "nothing", &[]);
    }
}
