//! What a request is about: the tag, how it is written, and whether the plant allows it now.

use std::sync::Arc;

use plantroom_model::{Permissive, Role, Sample, Snapshot, TagId, TagSpec, Value, ValueKind, WriteRequest, WriteSpec, limits};
use plantroom_project::Plant;

/// The tag, its way of being written, and the value as the tag's kind.
///
/// # Errors
/// With a sentence for the operator.
pub fn find<'a>(plant: &'a Plant, request: &WriteRequest) -> Result<(&'a TagSpec, &'a WriteSpec, Value), String> {
    let spec = plant.tags.get(request.tag.0 as usize).ok_or("There is no such tag in this plant.")?;
    let name = &spec.name;
    let write = spec.write.as_ref().ok_or_else(|| format!("{name} can't be written; the project doesn't say how."))?;
    if let Some(question) = write.confirmation.as_ref().filter(|_| !request.confirmed) {
        return Err(format!("{name} wants a yes first (`confirmed` in the API, --yes on the command line): {question}"));
    }
    if request.comment.len() > limits::COMMENT_BYTES {
        return Err(format!("The comment is too long; at most {} bytes.", limits::COMMENT_BYTES));
    }
    let wrong_kind = || format!("{name} takes {}, not {}.", kind_words(spec.kind), request.value);
    let value = request.value.converted(spec.kind).ok_or_else(wrong_kind)?;
    if let Value::Text(text) = &value
        && (request.value.kind() != ValueKind::Text || text.len() > limits::TEXT_BYTES)
    {
        return Err(wrong_kind());
    }
    if let Some(number) = value.as_f64() {
        if !number.is_finite() {
            return Err(wrong_kind());
        }
        if let Some((low, high)) = write.range.or(spec.range)
            && !(low..=high).contains(&number)
        {
            return Err(format!("{name} takes {low} to {high} {}; {number} is outside.", spec.unit)
                .replace("  ", " ")
                .replace(" ;", ";"));
        }
    }
    Ok((spec, write, value))
}

/// The tag's name for the record, and the lowest role that may write it; the role operate where there is nothing to write.
pub fn name_and_role(plant: &Plant, tag: TagId) -> (Arc<str>, Role) {
    let spec = plant.tags.get(tag.0 as usize);
    let name = spec.map_or_else(|| Arc::from("(no such tag)"), |spec| Arc::from(&spec.name));
    (name, spec.and_then(|spec| spec.write.as_ref()).map_or(Role::Operate, |write| write.role))
}

/// Whether every plant condition that writing this value needs holds. One whose input is bad, stale or no number refuses.
///
/// # Errors
/// With the first condition that doesn't hold, in the project's words.
pub fn permissives(plant: &Plant, write: &WriteSpec, value: &Value, snapshot: &Snapshot) -> Result<(), String> {
    let needed = write.permissives.iter().filter(|permissive| permissive.concerns(Some(value)));
    needed.map(|permissive| holds(plant, permissive, snapshot)).collect()
}

/// Whether one plant condition holds now.
///
/// # Errors
/// With what the operator is told when it doesn't.
pub fn holds(plant: &Plant, permissive: &Permissive, snapshot: &Snapshot) -> Result<(), String> {
    let name = plant.tags.get(permissive.tag.0 as usize).map_or("", |tag| &tag.name);
    let sample = snapshot.get(permissive.tag).filter(|sample| sample.status.is_good());
    let Some(number) = sample.and_then(|sample| sample.usable_f64()) else {
        return Err(format!("Not possible now: {} can't be judged, because {name} has no good value.", permissive.message));
    };
    if !permissive.test.holds(number) {
        return Err(format!("Not possible now: {}.", permissive.message.trim_end_matches('.')));
    }
    Ok(())
}

/// Whether one write may go so far from the present value. A value that isn't good can't be measured from: refused.
///
/// # Errors
/// With a sentence for the operator.
pub fn step(spec: &TagSpec, write: &WriteSpec, value: &Value, present: Option<&Sample>) -> Result<(), String> {
    let (Some(most), Some(wanted)) = (write.max_step, value.as_f64()) else { return Ok(()) };
    let most_words = shown(spec, &Value::Float(most));
    let Some(now) = present.filter(|sample| sample.status.is_good()).and_then(Sample::usable_f64) else {
        let why = present.map_or("no value", |sample| sample.status.words());
        return Err(format!(
            "{} may be changed by at most {most_words} at once, and its present value isn't good ({why}).",
            spec.name
        ));
    };
    // A step as large as the limit must not fail because of the last binary digit.
    if (wanted - now).abs() <= most * (1.0 + 1e-9) {
        return Ok(());
    }
    let (from, to) = (shown(spec, &Value::Float(now)), shown(spec, value));
    Err(format!("{} may be changed by at most {most_words} at once; from {from} to {to} is more.", spec.name))
}

/// The value in the device's numbers; `None` where it has none.
pub fn raw(spec: &TagSpec, value: &Value) -> Option<Value> {
    match &spec.scaling {
        Some(scaling) => value
            .as_f64()
            .map(|number| Value::Float(scaling.to_raw(number)))
            .filter(|raw| raw.as_f64().is_some_and(f64::is_finite)),
        None => Some(value.clone()),
    }
}

/// The value as an operator reads it: state word, or number with unit.
pub fn shown(spec: &TagSpec, value: &Value) -> String {
    let number = value.as_f64();
    let state = number.and_then(|number| spec.states.iter().find(|(state, _)| *state as f64 == number));
    match (state, value) {
        (Some((_, word)), _) => word.clone(),
        (None, Value::Float(number)) => format!("{number:.*} {}", usize::from(spec.decimals), spec.unit).trim_end().to_owned(),
        (None, other) => format!("{other} {}", spec.unit).trim_end().to_owned(),
    }
}

fn kind_words(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "nothing",
        ValueKind::Bool => "true or false",
        ValueKind::Int => "a whole number",
        ValueKind::Uint => "a whole number that isn't negative",
        ValueKind::Float => "a number",
        ValueKind::Text => "text",
    }
}
