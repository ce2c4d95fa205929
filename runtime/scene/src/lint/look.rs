//! Values and words: do they have a unit, a range, a word, and can they be read?

use plantroom_model::Value;

use super::{Findings, Palette, Rgb, contrast};
use crate::{Object, Reading, Rect, Scene, Shows, Source, Symbol, TextRole};

/// Smallest contrast of words and what is behind them (WCAG 2.1, 1.4.3).
const CONTRAST: f64 = 4.5;

/// What an object shows as a number or a word, each with what it is called in a sentence.
pub(super) fn shown(symbol: &Symbol) -> Vec<(&'static str, &Reading)> {
    match symbol {
        Symbol::Tank(tank) => vec![("this level", &tank.level)],
        Symbol::Value(value) => vec![("this value", &value.reading)],
        Symbol::Bar(bar) => vec![("this bar", &bar.reading)],
        Symbol::Gauge(gauge) => vec![("this dial", &gauge.reading)],
        Symbol::Setpoint(setpoint) => vec![("this setpoint", &setpoint.reading)],
        Symbol::Instrument(instrument) if instrument.with_value => vec![("this instrument", &instrument.reading)],
        Symbol::Trend(trend) => trend.pens.iter().map(|pen| ("a pen of this trend", &pen.reading)).collect(),
        Symbol::Table(table) => {
            let values = table.columns.iter().enumerate().filter(|(_, column)| column.shows == Shows::Value);
            let cells = values.flat_map(|(at, _)| table.rows.iter().filter_map(move |row| row.cells.get(at)));
            cells.map(|cell| ("a cell of this table", cell)).collect()
        }
        _ => Vec::new(),
    }
}

pub(super) fn look(scene: &Scene, palette: &Palette, found: &mut Findings) {
    for (at, object) in scene.objects.iter().enumerate() {
        for (what, reading) in shown(&object.symbol) {
            if reading.is_present() && reading.is_known() {
                unit(object, what, reading, found);
                range(object, what, reading, found);
            }
        }
        words(object, found);
        readable(scene, at, palette, found);
    }
}

fn named(reading: &Reading) -> String {
    reading.tag().map(|tag| format!(" (`{tag}`)")).unwrap_or_default()
}

fn unit(object: &Object, what: &str, reading: &Reading, found: &mut Findings) {
    let is_measured = matches!(reading.value, Value::Float(_));
    if is_measured && reading.facts.unit.is_empty() && reading.facts.states.is_empty() {
        let help = match reading.source() {
            Source::Tag(_) => "give the tag its `unit` in tags/; what has no dimension says what it is: unit = \"pH\", \"-\"",
            Source::Constant | Source::Closure(_) => "write `unit: \"...\"` beside it",
        };
        found.at("value-without-unit", object, format!("{what}{} has no unit", named(reading)), help);
    }
}

fn range(object: &Object, what: &str, reading: &Reading, found: &mut Findings) {
    let needs = matches!(object.symbol, Symbol::Tank(_) | Symbol::Bar(_) | Symbol::Gauge(_));
    if needs && reading.facts.range.is_none() {
        let message = format!("{what}{} has no range, so its length says nothing", named(reading));
        found.at("range-missing", object, message, "give the tag its `range` in tags/, or write `range: [low, high]` beside it");
    }
}

fn words(object: &Object, found: &mut Findings) {
    let (label, states) = match &object.symbol {
        Symbol::Lamp(lamp) => (lamp.label.get(), &lamp.reading.facts.states),
        Symbol::Machine(machine) => (machine.label.get(), &machine.running.facts.states),
        _ => return,
    };
    if label.is_empty() && states.is_empty() {
        let message = format!("this {} has neither a name nor words for its states", object.symbol.word());
        found.at("words-missing", object, message, "give it a `label`, or give its tag `states` in tags/");
    }
}

/// Words on what lies under them.
fn readable(scene: &Scene, at: usize, palette: &Palette, found: &mut Findings) {
    let Some(object) = scene.objects.get(at) else { return };
    let (words, start) = match &object.symbol {
        Symbol::Text(text) => {
            let colour = match text.role {
                TextRole::Title | TextRole::Heading | TextRole::Body => palette.text,
                TextRole::Dim => palette.quiet,
                TextRole::State => palette.value,
            };
            (vec![("these words", colour)], object.rect)
        }
        Symbol::Value(value) if value.plain => (vec![("this label", palette.quiet), ("this value", palette.value)], object.rect),
        _ => return,
    };
    let (ground, grounds) = ground(scene, at, start, palette);
    for (what, colour) in words {
        let worst = grounds.iter().map(|ground| contrast(colour, *ground)).fold(21.0, f64::min);
        if worst < CONTRAST {
            let message = format!("{what} have a contrast of {worst:.1}:1 on the {ground} behind them");
            found.at("low-contrast", object, message, "move them beside it, or onto the screen's own ground");
        }
    }
}

/// What lies under the start of some words: its name, and every colour that it can have there.
fn ground(scene: &Scene, at: usize, words: Rect, palette: &Palette) -> (&'static str, Vec<Rgb>) {
    let (x, y) = (words.x + 1.0, words.centre().y);
    let own = scene.objects.get(at).and_then(|object| object.layer);
    let below = scene.objects[..at].iter().rev().filter(|other| other.layer == own && *other.visible.get());
    for other in below {
        let rect = other.rect;
        if x < rect.x || x > rect.x + rect.w || y < rect.y || y > rect.y + rect.h {
            continue;
        }
        match &other.symbol {
            Symbol::Panel(_) => return ("panel", vec![palette.panel]),
            Symbol::Tank(_) => return ("tank", vec![palette.vessel, palette.contents]),
            Symbol::Trend(_) => return ("trend", vec![palette.plot]),
            Symbol::Bar(_) | Symbol::Gauge(_) => return ("bar", vec![palette.plot]),
            Symbol::Machine(_) | Symbol::Valve(_) => return ("equipment", vec![palette.running, palette.stopped]),
            Symbol::Value(value) if !value.plain => return ("value", vec![palette.value_box]),
            Symbol::Button(_) | Symbol::Popup(_) => return ("button", vec![palette.button]),
            _ => {}
        }
    }
    if scene.header.level == 0 { ("sheet", vec![palette.sheet]) } else { ("background", vec![palette.background]) }
}
