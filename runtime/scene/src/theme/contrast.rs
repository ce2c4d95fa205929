//! Which tokens must be told apart from which, and how far (WCAG 2.1, 1.4.3 and 1.4.11).

use super::read::line_of;
use super::{Rgba, SIGNS as SIGN_NAMES, Shade, Tokens, Wrong};

/// Two tokens that must be told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// What is looked at.
    pub ink: &'static str,
    /// What it stands on.
    pub ground: &'static str,
    /// Least contrast: 4.5 for words, 3 for lines and signs.
    pub least: f32,
}

/// Words, and the grounds that they stand on.
const WORDS: [(&str, &[&str]); 11] = [
    ("text", &["background", "panel", "bar", "sheet", "urgent_row", "warning_row", "button"]),
    ("text_quiet", &["background", "panel", "bar", "sheet", "value_box", "plot"]),
    ("value", &["background", "panel", "sheet", "value_box", "plot"]),
    ("on_urgent", &["urgent"]),
    ("on_warning", &["warning"]),
    ("on_doubt", &["doubt"]),
    ("on_value", &["value"]),
    ("on_alarm_critical", &["alarm_critical"]),
    ("on_alarm_high", &["alarm_high"]),
    ("on_alarm_medium", &["alarm_medium"]),
    ("on_alarm_low", &["alarm_low"]),
];

/// Lines and signs, and the grounds that they stand on.
const SIGNS: [(&str, &[&str]); 5] = [
    ("equipment", &["background"]),
    ("focus", &["background"]),
    ("running", &["stopped"]),
    ("urgent", &["background"]),
    ("doubt", &["background"]),
];

/// What signs of alarms stand on: the screen, panels and bars, lists and faceplates.
const UNDER_ALARMS: [&str; 4] = ["background", "panel", "bar", "sheet"];

/// Whether an alarm's sign needs an edge in the colour of its number, because it is nearly as light as the screen.
pub fn needs_edge(tokens: &Tokens, shade: Shade, priority: &str) -> bool {
    let fill = tokens.colour(shade, &format!("alarm_{priority}"));
    UNDER_ALARMS.iter().any(|ground| ratio(fill, tokens.colour(shade, ground)) < 3.0)
}

/// Signs of alarms that neither their colour nor their edge tells from where they stand.
fn lost_signs(tokens: &Tokens, shade: Shade, text: &str) -> Vec<Wrong> {
    let is_lost = |priority: &&str| {
        let edge = tokens.colour(shade, &format!("on_alarm_{priority}"));
        let lost = |ground: &&str| ratio(edge, tokens.colour(shade, ground)) < 3.0;
        needs_edge(tokens, shade, priority) && UNDER_ALARMS.iter().any(|ground| lost(&ground))
    };
    let told = |priority: &str| {
        let name = format!("alarm_{priority}");
        let message = format!(
            "in the {} theme the sign of {priority} alarms can't be told apart from the screen: `{name}` or, as its edge, \
             `on_{name}` needs a contrast of at least 3",
            shade.word()
        );
        Wrong { line: line_of(text, shade.word(), &name), message }
    };
    SIGN_NAMES.iter().filter(|priority| is_lost(priority)).map(|priority| told(priority)).collect()
}

/// All rules.
pub fn rules() -> impl Iterator<Item = Rule> {
    let each = |(ink, grounds): (&'static str, &'static [&'static str]), least| {
        grounds.iter().map(move |ground| Rule { ink, ground, least })
    };
    WORDS.into_iter().flat_map(move |pair| each(pair, 4.5)).chain(SIGNS.into_iter().flat_map(move |pair| each(pair, 3.0)))
}

/// Relative luminance (WCAG 2.1).
fn luminance(colour: Rgba) -> f32 {
    let linear = |v: u8| {
        let v = f32::from(v) / 255.0;
        if v <= 0.039_28 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
}

/// Contrast of two colours, 1 to 21 (WCAG 2.1).
pub fn ratio(a: Rgba, b: Rgba) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Every token that breaks a rule, in both shades, with the line of `text` that says it or the ground.
pub fn wrongs(tokens: &Tokens, text: &str) -> Vec<Wrong> {
    let mut found = Vec::new();
    for shade in Shade::ALL {
        let mut broken: Vec<(String, Vec<(&str, f32)>, f32)> = Vec::new();
        let mut look = |ink: String, colour: Rgba, ground: &'static str, least: f32| {
            let has = ratio(colour, tokens.colour(shade, ground));
            if has >= least {
                return;
            }
            match broken.iter_mut().find(|(known, ..)| *known == ink) {
                Some((_, grounds, _)) => grounds.push((ground, has)),
                None => broken.push((ink, vec![(ground, has)], least)),
            }
        };
        for rule in rules() {
            look(rule.ink.to_owned(), tokens.colour(shade, rule.ink), rule.ground, rule.least);
        }
        for (place, pen) in tokens.pens(shade).into_iter().enumerate() {
            look(format!("pen {}", place + 1), pen, "plot", 4.5);
        }
        for (ink, grounds, least) in broken {
            let names =
                std::iter::once(if ink.starts_with("pen ") { "pens" } else { &ink }).chain(grounds.iter().map(|(name, _)| *name));
            let line = names.map(|name| line_of(text, shade.word(), name)).find(|line| *line > 0).unwrap_or(0);
            let told: Vec<String> = grounds.iter().map(|(name, has)| format!("`{name}` ({has:.1})")).collect();
            let message = format!(
                "in the {} theme `{ink}` can't be told apart from {}: a contrast of at least {least} is needed",
                shade.word(),
                told.join(", ")
            );
            found.push(Wrong { line, message });
        }
        found.extend(lost_signs(tokens, shade, text));
    }
    found
}
