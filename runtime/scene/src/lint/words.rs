//! Words that lie over each other, or over what is beside them: labels, limits, states and numbers around symbols.
//!
//! Widths are those of the console's letters on average, a little narrower, so that what is told is really so.

use super::Findings;
use super::layout::is_solid;
use crate::{Bar, Facts, MachineKind, Object, Point, Rect, Scene, Source, Symbol, Valve};

/// Average width of a letter of ordinary words, of small ones and of numbers in boxes, in units.
const TEXT: f32 = 6.6;
const SMALL: f32 = 5.6;
const VALUE: f32 = 9.4;
/// Heights of the same.
const TEXT_H: f32 = 13.0;
const SMALL_H: f32 = 10.0;
const VALUE_H: f32 = 15.0;
/// What may overlap, in units: letters have room around them.
const GRACE: (f32, f32) = (3.0, 3.5);

/// Some words of an object and where they lie.
struct Words<'a> {
    object: &'a Object,
    rect: Rect,
    said: String,
    /// What they are: "the label", "the limit".
    what: &'static str,
}

pub(super) fn look(scene: &Scene, found: &mut Findings) {
    let constant = |object: &&Object| *object.visible.source() == Source::Constant && *object.visible.get();
    let shown: Vec<&Object> = scene.objects.iter().filter(constant).collect();
    let mut words: Vec<Words<'_>> = shown.iter().flat_map(|object| around(object)).collect();
    words.sort_by(|a, b| a.rect.x.total_cmp(&b.rect.x));
    for (at, first) in words.iter().enumerate() {
        let right = first.rect.x + first.rect.w;
        for second in words[at + 1..].iter().take_while(|second| second.rect.x < right) {
            let apart = first.object.layer != second.object.layer || first.object.id == second.object.id;
            if !apart && overlap(first.rect, second.rect) {
                let (lower, upper) = if first.object.id < second.object.id { (first, second) } else { (second, first) };
                let other = format!("{} \"{}\" of the {}", lower.what, lower.said, lower.object.symbol.word());
                tell(upper, &other, lower.object, found);
            }
        }
    }
    for own in &words {
        let solid = shown.iter().filter(|other| other.id != own.object.id && other.layer == own.object.layer);
        for other in solid {
            let is_body = is_solid(&other.symbol) && !is_lamp(&other.symbol) && overlap(own.rect, other.rect);
            // Words of the script's own may lie on a pipe; what a symbol says may not be crossed by one.
            let is_crossed = !matches!(own.object.symbol, Symbol::Text(_)) && crosses(&other.symbol, own.rect);
            if is_body || is_crossed {
                tell(own, &format!("the {}", other.symbol.word()), other, found);
            }
        }
    }
}

fn tell(own: &Words<'_>, other: &str, lower: &Object, found: &mut Findings) {
    let place = &lower.place;
    let file = if place.file == own.object.place.file { String::new() } else { format!("{} ", place.file) };
    let message = format!(
        "{} \"{}\" of this {} and {other} of {file}line {} lie over each other",
        own.what,
        own.said,
        own.object.symbol.word(),
        place.line
    );
    found.at("overlap", own.object, message, "move one of them; words take about 7 units a letter and 16 in height");
}

fn overlap(a: Rect, b: Rect) -> bool {
    let w = (a.x + a.w).min(b.x + b.w) - a.x.max(b.x);
    let h = (a.y + a.h).min(b.y + b.h) - a.y.max(b.y);
    w > GRACE.0 && h > GRACE.1
}

/// Its words lie in its own place, not in a body.
fn is_lamp(symbol: &Symbol) -> bool {
    matches!(symbol, Symbol::Lamp(_))
}

/// Whether a pipe or a bus bar runs through a box.
fn crosses(symbol: &Symbol, rect: Rect) -> bool {
    let (points, width) = match symbol {
        Symbol::Pipe(pipe) => (&pipe.points, pipe.width),
        Symbol::Bus(bus) => (&bus.points, bus.width),
        _ => return false,
    };
    points.windows(2).any(|ends| {
        let [a, b] = ends else { return false };
        let straight = a.x == b.x || a.y == b.y;
        let line = Rect::around(&[*a, *b]);
        let half = width / 2.0;
        let line = Rect { x: line.x - half, y: line.y - half, w: line.w + width, h: line.h + width };
        straight && overlap(line, rect)
    })
}

/// Everything that an object says beside its body.
fn around(object: &Object) -> Vec<Words<'_>> {
    let mut all = Vec::new();
    let rect = object.rect;
    let mut add = |what: &'static str, said: &str, rect: Rect| {
        if !said.trim().is_empty() {
            all.push(Words { object, rect, said: said.to_owned(), what });
        }
    };
    match &object.symbol {
        Symbol::Text(text) if *text.text.source() == Source::Constant => {
            let (w, h) = (rect.w * 0.88, rect.h * 0.72);
            add("the words", text.text.get(), Rect { x: rect.x + rect.w * 0.06, y: rect.y + rect.h * 0.14, w, h });
        }
        Symbol::Value(value) if !value.plain => add("the label", value.label.get(), above(rect, value.label.get(), 3.0)),
        Symbol::Setpoint(setpoint) => add("the label", setpoint.label.get(), above(rect, setpoint.label.get(), 3.0)),
        Symbol::Switch(switch) => add("the label", switch.label.get(), above(rect, switch.label.get(), 3.0)),
        Symbol::Table(table) => add("the label", table.label.get(), above(rect, table.label.get(), 3.0)),
        Symbol::AlarmBanner(banner) => add("the label", banner.label.get(), above(rect, banner.label.get(), 3.0)),
        Symbol::Alarms(own) => add("the label", own.label.get(), above(rect, own.label.get(), 3.0)),
        Symbol::Lamp(lamp) => {
            let said = format!("{} {}", lamp.label.get(), lamp.reading.text());
            let size = rect.h.min(16.0);
            let (y, w) = (rect.y + (rect.h - TEXT_H) / 2.0, wide(&said, TEXT));
            add("the words", said.trim(), Rect { x: rect.x + size + 8.0, y, w, h: TEXT_H });
        }
        Symbol::Bar(bar) => of_bar(bar, rect, &mut add),
        Symbol::Tank(tank) => {
            let label = tank.label.get();
            let y = rect.y - 10.0 - TEXT_H;
            add("the label", label, centred(Point { x: rect.x + rect.w / 2.0, y }, label, TEXT, TEXT_H));
            for (said, share) in limits(&tank.level.facts).filter(|_| tank.level.is_present()) {
                let y = rect.y + rect.h * (1.0 - share) - SMALL_H / 2.0;
                add("the limit", &said, Rect { x: rect.x + rect.w + 20.0, y, w: wide(&said, SMALL), h: SMALL_H });
            }
        }
        Symbol::Machine(machine) if !matches!(machine.kind, MachineKind::Agitator | MachineKind::Breaker) => {
            let (label, state) = (machine.label.get(), machine.state.text());
            let mut at = Point { x: rect.x + rect.w / 2.0, y: rect.y + rect.h + 6.0 };
            add("the label", label, centred(at, label, TEXT, TEXT_H));
            at.y += if label.is_empty() { 0.0 } else { TEXT_H + 4.0 };
            let state = if machine.state.is_present() { state } else { machine.running.text() };
            add("the state", &state, centred(at, &state, SMALL, SMALL_H));
        }
        Symbol::Valve(valve) => of_valve(valve, rect, &mut add),
        _ => {}
    }
    all
}

fn of_bar(bar: &Bar, rect: Rect, add: &mut impl FnMut(&'static str, &str, Rect)) {
    let label = bar.label.get();
    let facts = &bar.reading.facts;
    if bar.lying {
        let lift = if limits(facts).next().is_some() { 23.0 } else { 5.0 };
        return add("the label", label, above(rect, label, lift));
    }
    let middle = rect.x + rect.w / 2.0;
    add("the label", label, centred(Point { x: middle, y: rect.y - 5.0 - TEXT_H }, label, TEXT, TEXT_H));
    for (said, share) in limits(facts) {
        let y = rect.y + rect.h * (1.0 - share) - SMALL_H / 2.0;
        add("the limit", &said, Rect { x: rect.x + rect.w + 10.0, y, w: wide(&said, SMALL), h: SMALL_H });
    }
    if bar.number {
        let said = bar.reading.text();
        add("the number", &said, centred(Point { x: middle, y: rect.y + rect.h + 8.0 }, &said, VALUE, VALUE_H));
        let y = rect.y + rect.h + 12.0 + VALUE_H;
        add("the unit", &facts.unit, centred(Point { x: middle, y }, &facts.unit, SMALL, SMALL_H));
    }
}

fn of_valve(valve: &Valve, rect: Rect, add: &mut impl FnMut(&'static str, &str, Rect)) {
    let said = format!("{} {}", valve.position.text(), valve.position.facts.unit);
    let mut at = Point { x: rect.x + rect.w / 2.0, y: rect.y + rect.h + 6.0 };
    add("the position", said.trim(), centred(at, said.trim(), SMALL, SMALL_H));
    at.y += SMALL_H + 4.0;
    add("the label", valve.label.get(), centred(at, valve.label.get(), SMALL, SMALL_H));
}

/// Limits in words, and where they lie in the range, 0 to 1. Two that lie close are painted apart, so the outer one is left out.
fn limits(facts: &Facts) -> impl Iterator<Item = (String, f32)> + use<> {
    let limits = facts.limits;
    let all = [("HH", limits.high_high), ("H", limits.high), ("L", limits.low), ("LL", limits.low_low)];
    let said = all.map(|(letters, limit)| {
        let limit = limit?;
        Some((format!("{letters} {}", crate::grouped(limit, facts.decimals)), facts.fraction(limit)? as f32))
    });
    said.into_iter().flatten()
}

fn wide(words: &str, letter: f32) -> f32 {
    words.chars().count() as f32 * letter
}

/// Left-aligned words over a box.
fn above(rect: Rect, words: &str, lift: f32) -> Rect {
    Rect { x: rect.x, y: rect.y - lift - TEXT_H, w: wide(words, TEXT), h: TEXT_H }
}

/// Words below or above a point, in the middle.
fn centred(at: Point, words: &str, letter: f32, h: f32) -> Rect {
    let w = wide(words, letter);
    Rect { x: at.x - w / 2.0, y: at.y, w, h }
}
