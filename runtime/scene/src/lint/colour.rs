//! Colours: which ones a console paints with, how well they can be told apart, and which ones have no place on a screen.

use super::{Finding, Findings, Subject};
use crate::{Place, Scene, Symbol};

/// Red, green and blue, 0 to 255.
pub type Rgb = [u8; 3];

/// The colours and sizes with which a console paints, from its theme.
#[derive(Clone, Debug)]
pub struct Palette {
    /// Words.
    pub text: Rgb,
    /// Labels and units.
    pub quiet: Rgb,
    /// Live values, states in words.
    pub value: Rgb,
    /// Behind a screen.
    pub background: Rgb,
    /// Behind a panel's contents.
    pub panel: Rgb,
    /// Behind a faceplate.
    pub sheet: Rgb,
    /// Inside of bars, dials and trends.
    pub plot: Rgb,
    /// Inside of an empty vessel.
    pub vessel: Rgb,
    /// Contents of a vessel.
    pub contents: Rgb,
    /// Equipment that runs.
    pub running: Rgb,
    /// Equipment that stands.
    pub stopped: Rgb,
    /// Behind a value.
    pub value_box: Rgb,
    /// Buttons.
    pub button: Rgb,
    /// What is kept for attention.
    pub attention: Vec<Rgb>,
    /// Height of ordinary words, in points of an unscaled scene.
    pub text_points: f32,
}

/// Contrast of two colours, 1 to 21 (WCAG 2.1, relative luminance).
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |colour: Rgb| {
        let linear = |channel: u8| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2])
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Tags whose name says that they are true while all is well.
const NORMALLY_TRUE: [&str; 8] = ["running", "ready", "available", "ok", "healthy", "online", "permitted", "closed_limit"];
/// Pens that can still be told apart in one trend.
const PENS: usize = 4;

pub(super) fn look(scene: &Scene, found: &mut Findings) {
    for object in &scene.objects {
        match &object.symbol {
            Symbol::Lamp(lamp) => {
                let last = lamp.reading.tag().and_then(|tag| tag.rsplit('/').next().map(str::to_owned)).unwrap_or_default();
                if lamp.abnormal == Some(true) && NORMALLY_TRUE.contains(&last.as_str()) {
                    let message = format!("this lamp takes a colour while `{last}` is true, which sounds normal");
                    found.at("alarm-colour", object, message, "write `abnormal: false`, or leave `abnormal` away");
                }
            }
            Symbol::Machine(machine) => {
                if machine.fault.tag().is_some() && machine.fault.tag() == machine.running.tag() {
                    let message = format!("this {} shows a fault whenever it runs: both follow one tag", object.symbol.word());
                    found.at("alarm-colour", object, message, "give `fault` the tag of the trip, or `fault: false`");
                }
            }
            Symbol::Trend(trend) if trend.pens.len() > PENS => {
                let message = format!("this trend has {} pens", trend.pens.len());
                found.at("too-many-pens", object, message, format!("make two trends of it, with at most {PENS} pens each"));
            }
            _ => {}
        }
        for (what, reading) in super::look::shown(&object.symbol) {
            let (Some((low, high)), Some(_)) = (reading.facts.range, reading.tag()) else { continue };
            let limits = reading.facts.limits;
            let top = limits.high.or(limits.high_high).unwrap_or(high).min(high);
            let bottom = limits.low.or(limits.low_low).unwrap_or(low).max(low);
            if high > low && top - bottom < (high - low) * 0.1 {
                let message = format!(
                    "{what} is painted as abnormal over {:.0} % of its range ({low} to {high}, limits {bottom} and {top})",
                    100.0 - 100.0 * (top - bottom).max(0.0) / (high - low)
                );
                found.at("alarm-colour", object, message, "set `limits` to where somebody has to act, or narrow the `range`");
            }
        }
    }
}

/// The colours of the project's drawings.
pub(super) fn pictures(subject: &Subject<'_>, found: &mut Findings) {
    for (file, text) in subject.files.iter().filter(|(file, _)| file.to_ascii_lowercase().ends_with(".svg")) {
        let mut strong = Vec::new();
        for (place, word, colour) in colours_of(text) {
            let near = subject.palette.attention.iter().any(|attention| distance(*attention, colour) < 90.0);
            let place = Place { file: file.as_str().into(), line: place.0, column: place.1 };
            if near && is_strong(colour) {
                let message = format!("`{word}` in this drawing is so near to a colour of alarms that it looks like one");
                found.add("alarm-colour", &place, message, "draw it in grey; what is abnormal is shown by symbols");
            } else if is_strong(colour) {
                strong.push((word, place));
            }
        }
        if let Some((word, place)) = strong.first() {
            let message = format!("this drawing has {} strong colours, such as `{word}`", strong.len());
            found.add("colour", place, message, "draw it in greys, as the console draws equipment");
        }
    }
    // Of one drawing the first place of each finding is enough.
    let mut seen = std::collections::BTreeSet::new();
    found.all.retain(|finding: &Finding| {
        let key = (finding.lint, finding.diagnostic.file.clone(), finding.diagnostic.message.clone());
        !finding.diagnostic.file.ends_with(".svg") || seen.insert(key)
    });
}

/// Whether a colour is one at all: far enough from grey.
fn is_strong([r, g, b]: Rgb) -> bool {
    r.max(g).max(b) - r.min(g).min(b) > 70
}

fn distance(a: Rgb, b: Rgb) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(b)) * (f64::from(*a) - f64::from(b))).sum::<f64>().sqrt()
}

/// Names that drawings use for strong colours (CSS Color 4).
const NAMES: [(&str, Rgb); 17] = [
    ("red", [255, 0, 0]),
    ("crimson", [220, 20, 60]),
    ("orange", [255, 165, 0]),
    ("orangered", [255, 69, 0]),
    ("gold", [255, 215, 0]),
    ("yellow", [255, 255, 0]),
    ("lime", [0, 255, 0]),
    ("green", [0, 128, 0]),
    ("aqua", [0, 255, 255]),
    ("cyan", [0, 255, 255]),
    ("blue", [0, 0, 255]),
    ("dodgerblue", [30, 144, 255]),
    ("purple", [128, 0, 128]),
    ("magenta", [255, 0, 255]),
    ("fuchsia", [255, 0, 255]),
    ("deeppink", [255, 20, 147]),
    ("firebrick", [178, 34, 34]),
];

/// Line and column, words and colour of what a drawing is painted with.
fn colours_of(text: &str) -> Vec<((u32, u32), String, Rgb)> {
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for key in ["fill", "stroke", "stop-color", "color"] {
            for (at, _) in line.match_indices(key) {
                let rest = line[at + key.len()..].trim_start_matches([' ', '=', ':', '"', '\'']);
                let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '#').collect();
                if let Some(colour) = colour_of(&word) {
                    all.push(((number as u32 + 1, at as u32 + 1), word, colour));
                }
            }
        }
    }
    all
}

/// `#c8102e`, `#f00` or a name.
fn colour_of(word: &str) -> Option<Rgb> {
    let Some(hex) = word.strip_prefix('#') else {
        return NAMES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, colour)| *colour);
    };
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    match digits.as_slice() {
        [r, g, b] => Some([r * 17, g * 17, b * 17]),
        [r1, r2, g1, g2, b1, b2] => Some([r1 * 16 + r2, g1 * 16 + g2, b1 * 16 + b2]),
        _ => None,
    }
}
