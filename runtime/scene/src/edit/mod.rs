//! Changes a script's text where an object was written, and leaves every other character as it was.
//!
//! Start at [`moved`]. Places are those of [`crate::Object::place`].
//!
//! Invariant: only numbers written in the script are changed; what a script computes is refused with the reason.
//! Invariant: pure text in, pure text out; who saves it, saves it as a whole.

mod completions;
mod text;

use std::ops::Range;

use crate::guide;

pub use completions::{CLOSURE_FUNCTIONS, Completion, completions, definitions};

use text::{Found, call_at, elements, unit_end};

/// A coordinate as it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Coordinate {
    /// A number.
    Number(f64),
    /// An expression: its text.
    Computed(String),
}

/// Where an object can be moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Movable {
    /// The function that draws it.
    pub function: String,
    /// From the left.
    pub x: Coordinate,
    /// From the top.
    pub y: Coordinate,
}

/// Text that stands for a number, and where.
struct Written {
    range: Range<usize>,
    value: f64,
}

/// Every number of an axis that must move together, or the expression that can't.
type Axis = Result<Vec<Written>, String>;

/// What is written for a call's place.
///
/// # Errors
/// A sentence: there is no such call, or it has no place of its own.
pub fn movable(script: &str, place: (u32, u32)) -> Result<Movable, String> {
    let (found, x, y) = axes(script, place)?;
    let coordinate = |axis: Axis| match axis {
        Ok(numbers) => Coordinate::Number(numbers.first().map_or(0.0, |first| first.value)),
        Err(expression) => Coordinate::Computed(expression),
    };
    Ok(Movable { function: found.name, x: coordinate(x), y: coordinate(y) })
}

/// The script with one call moved by `(dx, dy)`; along each axis that moves, it comes to lie on the grid (0 for none).
///
/// # Errors
/// A sentence: the coordinates of an axis along which it was to move are computed, or there is no such call.
pub fn moved(script: &str, place: (u32, u32), (dx, dy): (f64, f64), grid: f64) -> Result<String, String> {
    let (found, x, y) = axes(script, place)?;
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for (axis, by, name) in [(x, dx, "x"), (y, dy, "y")] {
        if by == 0.0 {
            continue;
        }
        let numbers = axis.map_err(|expression| {
            format!("{name} of this {} is computed (`{expression}`): change it in the script, line {}", found.name, place.0)
        })?;
        let Some(first) = numbers.first() else { continue };
        let by = on_grid(first.value + by, grid) - first.value;
        changes.extend(numbers.iter().map(|number| {
            let written = &script[number.range.clone()];
            (number.range.clone(), as_written(number.value + by, written))
        }));
    }
    Ok(with_changes(script, changes))
}

/// The script with one option of a call set: `w`, `120`. The value is written as it is given.
///
/// # Errors
/// A sentence: there is no such call, or its options aren't written out.
pub fn with_option(script: &str, place: (u32, u32), key: &str, value: &str) -> Result<String, String> {
    let found = call(script, place)?;
    let options = found.arguments.iter().find(|range| script[(*range).clone()].starts_with("#{"));
    let Some(options) = options else {
        let end = found.arguments.last().map_or(found.open + 1, |last| last.end);
        let comma = if found.arguments.is_empty() { "" } else { ", " };
        return Ok(with_changes(script, vec![(end..end, format!("{comma}#{{ {key}: {value} }}"))]));
    };
    let entries = elements(script, options.start + 1).ok_or("the options of this call have no end")?;
    for entry in &entries {
        let (name, _) = script[entry.clone()].split_once(':').unwrap_or_default();
        if name.trim().trim_matches('"') == key {
            let from = entry.start + name.len() + 1;
            let from = from + (script[from..entry.end].len() - script[from..entry.end].trim_start().len());
            return Ok(with_changes(script, vec![(from..entry.end, value.to_owned())]));
        }
    }
    let change = match entries.last() {
        Some(last) => (last.end..last.end, format!(", {key}: {value}")),
        None => (options.clone(), format!("#{{ {key}: {value} }}")),
    };
    Ok(with_changes(script, vec![change]))
}

/// The script with the object of a call made so large, in the screen's units: `w` and `h`, or `size` where it has only that.
///
/// # Errors
/// A sentence: it has no size of its own, its size is computed, or there is no such call.
pub fn resized(script: &str, place: (u32, u32), (w, h): (f64, f64), grid: f64) -> Result<String, String> {
    let found = call(script, place)?;
    let known = guide::function(&found.name).ok_or_else(|| format!("there is no function {}()", found.name))?;
    let has = |key: &str| known.option_names().any(|name| name == key);
    let step = |length: f64| on_grid(length, grid).max(if grid > 0.0 { grid } else { 1.0 });
    let changes: Vec<(&str, f64)> = match (has("w"), has("h"), has("size")) {
        (false, false, true) => vec![("size", step(w.max(h)))],
        (with_w, with_h, _) => {
            let w = with_w.then(|| ("w", step(w)));
            w.into_iter().chain(with_h.then(|| ("h", step(h)))).collect()
        }
    };
    if changes.is_empty() {
        return Err(format!("{}() has no width and height; its points say how large it is", found.name));
    }
    let mut after = script.to_owned();
    for (key, length) in changes {
        if let Some(computed) = option_text(&after, place, key).filter(|text| number(text).is_none()) {
            let why =
                format!("`{key}` of this {} is computed (`{computed}`): change it in the script, line {}", found.name, place.0);
            return Err(why);
        }
        after = with_option(&after, place, key, &format!("{length}"))?;
    }
    Ok(after)
}

/// An option of a call as it is written.
fn option_text(script: &str, place: (u32, u32), key: &str) -> Option<String> {
    let found = call(script, place).ok()?;
    let options = found.arguments.iter().find(|range| script[(*range).clone()].starts_with("#{"))?;
    elements(script, options.start + 1)?.into_iter().find_map(|entry| {
        let (name, value) = script[entry].split_once(':')?;
        (name.trim().trim_matches('"') == key).then(|| value.trim().to_owned())
    })
}

/// A width or height as it is written in a call's options; `None` where it isn't a written number.
pub fn option_number(script: &str, place: (u32, u32), key: &str) -> Option<f64> {
    let found = call(script, place).ok()?;
    let options = found.arguments.iter().find(|range| script[(*range).clone()].starts_with("#{"))?;
    elements(script, options.start + 1)?.into_iter().find_map(|entry| {
        let (name, value) = script[entry].split_once(':')?;
        (name.trim() == key).then(|| number(value.trim()))?
    })
}

/// A call of a screen function at a place, as it would be added to a script. `tag` takes the place of the example's tag.
///
/// # Errors
/// When there is no such function, or it isn't drawn at a place.
pub fn snippet(function: &str, (x, y): (f32, f32), tag: Option<&str>) -> Result<String, String> {
    let known = guide::function(function).ok_or_else(|| format!("there is no function {function}()"))?;
    let open = known.usage.find('(').ok_or_else(|| format!("{function}() isn't called with arguments"))?;
    let end = text::bracket_end(known.usage, open).ok_or_else(|| format!("{function}() has no example"))?;
    let mut call = known.usage[..end].to_owned();
    if let Some(tag) = tag {
        call = with_tag(&call, tag);
    }
    let here = match movable(&call, (1, 1)) {
        Ok(Movable { x: Coordinate::Number(x), y: Coordinate::Number(y), .. }) => (x, y),
        _ => return Err(format!("{function}() isn't drawn at a place; write it into the script yourself")),
    };
    let by = (f64::from(x).round() - here.0, f64::from(y).round() - here.1);
    Ok(moved(&call, (1, 1), by, 0.0)? + ";")
}

/// The first text in quotes that names a tag or a prefix, replaced. A symbol that follows a prefix gets the tag's own.
fn with_tag(call: &str, tag: &str) -> String {
    let mut at = 0;
    while at < call.len() {
        let end = unit_end(call, at);
        let inside = call[at..end].strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        if let Some(example) = inside.filter(|inside| inside.contains('/')) {
            let is_prefix = example.matches('/').count() == 1 && !call[..at].contains("tag") && prefixed(call);
            let given = if is_prefix { tag.rsplit_once('/').map_or(tag, |(prefix, _)| prefix) } else { tag };
            return format!("{}\"{}\"{}", &call[..at], given.replace('"', ""), &call[end..]);
        }
        at = end;
    }
    call.to_owned()
}

/// Whether a function takes a prefix of tags instead of a tag.
fn prefixed(call: &str) -> bool {
    let name = call.split('(').next().unwrap_or_default();
    guide::function(name).is_some_and(|function| function.arguments.contains("prefix"))
}

/// The script with a line added at its end.
pub fn appended(script: &str, line: &str) -> String {
    let gap = if script.is_empty() || script.ends_with('\n') { "" } else { "\n" };
    format!("{script}{gap}{line}\n")
}

/// The script with a line behind the statement in which a call stands, loops and all; at its end where there is none.
pub fn inserted(script: &str, after: Option<(u32, u32)>, line: &str) -> String {
    let end = after.and_then(|place| text::offset(script, place)).and_then(|at| text::statement_end(script, at));
    let Some(end) = end else { return appended(script, line) };
    // What stands behind it on its line, a comment mostly, stays with it.
    let end = script[end..].find('\n').map_or(script.len(), |next| end + next);
    format!("{}\n{line}{}", &script[..end], &script[end..])
}

/// String literals that are words for people, if anything is: text, line and column.
pub(crate) fn said_literals(script: &str) -> Vec<(String, u32, u32)> {
    text::said_literals(script)
}

/// Every comment of a script with the line and column at which it starts.
pub(crate) fn comments(script: &str) -> Vec<((u32, u32), &str)> {
    text::comments(script)
}

fn call(script: &str, place: (u32, u32)) -> Result<Found, String> {
    call_at(script, place)
        .ok_or_else(|| format!("there is no call at line {}, column {}; the file has changed", place.0, place.1))
}

fn axes(script: &str, place: (u32, u32)) -> Result<(Found, Axis, Axis), String> {
    let found = call(script, place)?;
    let (first, second) = match found.name.as_str() {
        "pipe" | "bus_bar" => {
            let corners = found.arguments.first().cloned().unwrap_or(0..0);
            let (x, y) = corners_of(script, corners);
            return Ok((found, x, y));
        }
        "screen" | "faceplate" | "part" | "instances" => {
            return Err(format!("{}() draws nothing that could be moved", found.name));
        }
        "place" => (1, 2),
        _ => (0, 1),
    };
    let axis = |at: usize| match found.arguments.get(at) {
        Some(range) => written(script, range.clone()).map(|number| vec![number]),
        None => Err("not written".to_owned()),
    };
    let (x, y) = (axis(first), axis(second));
    Ok((found, x, y))
}

/// Both axes of `[[x, y], ..]`.
fn corners_of(script: &str, corners: Range<usize>) -> (Axis, Axis) {
    let whole = || script[corners.clone()].to_owned();
    let (mut x, mut y): (Axis, Axis) = (Ok(Vec::new()), Ok(Vec::new()));
    let list = if script[corners.clone()].starts_with('[') { elements(script, corners.start) } else { None };
    let Some(list) = list else { return (Err(whole()), Err(whole())) };
    for corner in list {
        let pair = if script[corner.clone()].starts_with('[') { elements(script, corner.start) } else { None };
        let Some([first, second]) = pair.as_deref() else { return (Err(whole()), Err(whole())) };
        for (axis, range) in [(&mut x, first), (&mut y, second)] {
            match (written(script, range.clone()), axis.as_mut()) {
                (Ok(number), Ok(numbers)) => numbers.push(number),
                (Err(expression), Ok(_)) => *axis = Err(expression),
                (_, Err(_)) => {}
            }
        }
    }
    (x, y)
}

/// A number as it is written, or the expression that stands in its place.
fn written(script: &str, range: Range<usize>) -> Result<Written, String> {
    let text = &script[range.clone()];
    number(text).map(|value| Written { range, value }).ok_or_else(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// `-12`, `1_600`, `3.5`: what both a person and the engine read as one number.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').map_or(text, str::trim_start);
    let plain = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '_')
        && digits.matches('.').count() <= 1;
    let value: f64 = digits.replace('_', "").parse().ok().filter(|_| plain)?;
    Some(if text.starts_with('-') { -value } else { value })
}

fn on_grid(value: f64, grid: f64) -> f64 {
    if grid > 0.0 { (value / grid).round() * grid } else { value }
}

/// A number in the manner of what it replaces: whole where it was whole and still is, with a fraction where it had one.
fn as_written(value: f64, before: &str) -> String {
    let value = (value * 1_000.0).round() / 1_000.0;
    let value = if value == 0.0 { 0.0 } else { value };
    if value.fract() == 0.0 && before.contains('.') { format!("{value:.1}") } else { format!("{value}") }
}

fn with_changes(script: &str, mut changes: Vec<(Range<usize>, String)>) -> String {
    changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = script.to_owned();
    for (range, new) in changes {
        text.replace_range(range, &new);
    }
    text
}

#[cfg(test)]
mod tests;
