//! Derived tags and totals: what they read exists and fits, and none of them, over any number of steps, reads itself.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{DerivedSpec, Origin, TagId, TagSpec, Totalise, ValueKind};
use plantroom_script::Expression;

use crate::report::{Report, Spot};
use crate::resolve::Everything;

/// Most cycles told: one wrong type may give a thousand.
const CYCLES: usize = 20;
/// Longest chain written out in a message; of a longer one its beginning and its end are.
const CHAIN: usize = 8;

/// An expression with its tags looked up; `None` where that can't be done, which is told.
pub(crate) fn resolve(
    text: &Arc<str>,
    kind: ValueKind,
    spot: Spot,
    all: &Everything<'_>,
    report: &mut Report,
) -> Option<DerivedSpec> {
    let expression = match Expression::compile(text) {
        Ok(expression) => expression,
        Err(error) => {
            let help = "write one Rhai expression, as in tag(\"a/flow\") - tag(\"b/flow\")";
            report.error(spot, format!("{}: {}", place(error.line, error.column), error.message), help);
            return None;
        }
    };
    let found: Vec<Option<u32>> = expression.reads().iter().map(|name| all.tag_names.find(name, spot, report)).collect();
    let inputs: Vec<u32> = found.into_iter().collect::<Option<_>>()?;
    if inputs.is_empty() {
        let help = "name at least one as tag(\"...\"); a constant is a tag with memory = ...";
        report.error(spot, "this expression reads no tag, so it would never be computed", help);
        return None;
    }
    let kinds: Vec<ValueKind> = inputs.iter().map(|id| all.kind(*id)).collect();
    if !kinds.contains(&ValueKind::Null) {
        check_result(&expression, &kinds, kind, spot, report);
    }
    Some(DerivedSpec { expression: Arc::clone(text), inputs: inputs.into_iter().map(TagId).collect() })
}

/// Whether what it gives fits into the tag.
fn check_result(expression: &Expression, kinds: &[ValueKind], kind: ValueKind, spot: Spot, report: &mut Report) {
    let gives = match expression.probe(kinds) {
        Ok(gives) => gives,
        Err(error) => {
            report.error(spot, format!("{}: {}", place(error.line, error.column), error.message), "");
            return;
        }
    };
    let fits = match (gives, kind) {
        (None, _) | (_, ValueKind::Null) => true,
        (Some(gives), kind) if gives == kind => true,
        (Some(ValueKind::Int | ValueKind::Uint), ValueKind::Int | ValueKind::Uint | ValueKind::Float) => true,
        _ => false,
    };
    if let Some(gives) = gives.filter(|_| !fits) {
        let message = format!("this expression gives a value of kind {}, but the tag's kind is {}", gives.word(), kind.word());
        let help = match (gives, kind) {
            (ValueKind::Float, ValueKind::Int | ValueKind::Uint) => {
                "write kind = \"float\", or round it: to_int(round(...))".to_owned()
            }
            (ValueKind::Bool, _) => "write kind = \"bool\", or if ... { 1 } else { 0 }".to_owned(),
            (_, ValueKind::Bool) => "write kind = \"float\", or compare it with something: ... > 0".to_owned(),
            _ => format!("write kind = \"{}\"", gives.word()),
        };
        report.error(spot, message, help);
    }
}

fn place(line: u32, column: u32) -> String {
    match (line, column) {
        (0, _) => "in this expression".to_owned(),
        (1, column) => format!("in this expression, at character {column}"),
        (line, column) => format!("in this expression, at its line {line}, character {column}"),
    }
}

/// Whether a total can follow a tag of this kind.
pub(crate) fn check_total(of: &str, kind: ValueKind, how: Totalise, spot: Spot, report: &mut Report) {
    let counts_states = matches!(how, Totalise::Starts | Totalise::Hours);
    let message = match kind {
        ValueKind::Bool if !counts_states => format!("`{of}` is a bool: it has no rate and is no counter"),
        ValueKind::Text => format!("`{of}` is text, which nothing can add up"),
        ValueKind::Int | ValueKind::Uint | ValueKind::Float if counts_states => {
            format!("starts and hours are counted of a bool, but `{of}` is of kind {}", kind.word())
        }
        _ => return,
    };
    let help = if counts_states { "name a bool, for example one that says it runs" } else { "use starts = true or hours = true" };
    report.error(spot, message, if kind == ValueKind::Text { "name a number or a bool" } else { help });
}

/// The tags that a tag is computed from.
pub(crate) fn inputs(tag: &TagSpec) -> &[TagId] {
    match &tag.origin {
        Origin::Derived(derived) => &derived.inputs,
        Origin::Total(total) => std::slice::from_ref(&total.source),
        _ => &[],
    }
}

/// Tells every tag that is computed from itself, with the way on which.
pub(crate) fn check_cycles(tags: &[TagSpec], spots: &[Spot], report: &mut Report) {
    let cycles = cycles(tags);
    for cycle in cycles.iter().take(CYCLES) {
        let Some(first) = cycle.first() else { continue };
        let mut names: Vec<&str> = cycle.iter().chain([first]).filter_map(|id| tags.get(*id)).map(|tag| &*tag.name).collect();
        let chain = if names.len() > CHAIN {
            let end = names.split_off(names.len() - CHAIN / 2);
            names.truncate(CHAIN / 2);
            format!("{} <- ... <- {}", names.join(" <- "), end.join(" <- "))
        } else {
            names.join(" <- ")
        };
        let name = tags.get(*first).map_or("", |tag| &tag.name);
        let message = format!("`{name}` is computed from itself: {chain}");
        let spot = spots.get(*first).copied().unwrap_or(Spot::NOWHERE);
        report.error(spot, message, "break the circle: let one of them read a measured value, or keep a value in a memory tag");
    }
}

/// Every circle, each once, as places in the list: each tag is computed from the next, and the last from the first.
fn cycles(tags: &[TagSpec]) -> Vec<Vec<usize>> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; tags.len()];
    let mut found = Vec::new();
    for start in 0..tags.len() {
        if state[start] != NEW || inputs(&tags[start]).is_empty() {
            continue;
        }
        // Each step of the way with the number of its inputs that were looked at; no recursion, a chain may be long.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        state[start] = OPEN;
        while let Some((at, looked)) = way.last_mut() {
            let at = *at;
            let Some(next) = tags.get(at).and_then(|tag| inputs(tag).get(*looked)).map(|id| id.0 as usize) else {
                state[at] = DONE;
                way.pop();
                continue;
            };
            *looked += 1;
            match state.get(next).copied() {
                Some(NEW) => {
                    state[next] = OPEN;
                    way.push((next, 0));
                }
                Some(OPEN) => {
                    let from = way.iter().position(|(step, _)| *step == next).unwrap_or(0);
                    found.push(way[from..].iter().map(|(step, _)| *step).collect());
                }
                _ => {}
            }
        }
    }
    found
}

/// Every computed tag, each after those that it is computed from; what is computed from itself is left out.
pub(crate) fn in_order(tags: &[TagSpec]) -> Vec<TagId> {
    let is_computed = |id: usize| tags.get(id).is_some_and(|tag| !inputs(tag).is_empty());
    let mut waits_for = vec![0_u32; tags.len()];
    let mut readers: HashMap<u32, Vec<u32>> = HashMap::new();
    for (id, tag) in (0_u32..).zip(tags) {
        for input in inputs(tag).iter().filter(|input| is_computed(input.0 as usize)) {
            waits_for[id as usize] += 1;
            readers.entry(input.0).or_default().push(id);
        }
    }
    let mut order: Vec<TagId> =
        (0..tags.len()).filter(|id| is_computed(*id) && waits_for[*id] == 0).map(|id| TagId(id as u32)).collect();
    let mut next = 0;
    while let Some(done) = order.get(next).copied() {
        next += 1;
        for reader in readers.remove(&done.0).unwrap_or_default() {
            waits_for[reader as usize] -= 1;
            if waits_for[reader as usize] == 0 {
                order.push(TagId(reader));
            }
        }
    }
    order
}
