//! `button`, `link`, `setpoint`, `selector`.

use std::sync::Arc;

use plantroom_model::Value;
use plantroom_script::rhai::{Dynamic, Engine};

use super::arguments::{Call, offer};
use super::options::Options;
use super::{Done, Mention, with};
use crate::computed::value_of;
use crate::event::{Does, Event};
use crate::{Action, Button, EventId, Prop, Reading, Setpoint, Switch, Symbol, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "button", button);
    offer(engine, "link", link);
    offer(engine, "setpoint", setpoint);
    offer(engine, "selector", selector);
}

fn event(call: &Call, label: &str, does: Does) -> Done<EventId> {
    let event = Event { place: call.place.clone(), label: label.to_owned(), does };
    with(call.function, |build| Ok(build.add_event(event)))
}

/// What stands on a button, for the operator's question.
fn question(label: &Prop<String>) -> String {
    label.now.clone()
}

fn button(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let label = call.take(2, "what it says")?;
    let pressed = if call.has(3) { Some(call.take(3, "what it does")?) } else { None };
    let at_options = if pressed.is_some() { 4 } else { 3 };
    let mut options = call.options(at_options)?;
    let rect = options.boxed(call, at, (92.0, 32.0))?;
    let label = call.words(label, "what it says")?;
    let ask = options.text(call, "ask")?;
    let optional = options.bool(call, "optional", false)?;
    let (does, mut target, navigates) = match pressed {
        Some(value) => match call.closure(&value)? {
            Some(closure) => (Does::Closure(closure), Reading::absent(), false),
            None => return call.wrong("needs a closure |op| ... as what it does"),
        },
        None => fixed(call, &mut options, &question(&label), ask.clone())?,
    };
    target.optional |= optional;
    let event = event(call, &ask.unwrap_or_else(|| question(&label)), does)?;
    let enabled = options.flag(call, "enabled", true, false)?;
    let chosen = options.flag(call, "chosen", false, false)?;
    let tip = target.tag().map(ToString::to_string).unwrap_or_default();
    let options = options.without_click(call)?;
    options.finish(call, rect, Symbol::Button(Button { label, event, enabled, target, navigates, chosen }), &tip, None)
}

/// A button that always does the same: writes a value, or opens something.
fn fixed(call: &Call, options: &mut Options, label: &str, ask: Option<String>) -> Done<(Does, Reading, bool)> {
    if let Some(tag) = options.text(call, "tag")? {
        let Some(value) = options.take("value").and_then(|value| value_of(&value)).filter(|value| *value != Value::Null) else {
            return call.wrong("needs `value`, what it writes to its tag");
        };
        let reading = call.tag(&tag, "tag")?;
        let prompt = ask.unwrap_or_else(|| format!("{label}?"));
        let request = Action::Request { tag: Arc::from(tag.as_str()), value, prompt };
        return Ok((Does::Actions(vec![request]), reading, false));
    }
    let params = options.params(call)?;
    if let Some(screen) = options.text(call, "open")? {
        with(call.function, |build| {
            build.mention(Mention::Screen(screen.clone()), &call.place);
            Ok(())
        })?;
        return Ok((Does::Actions(vec![Action::Open { screen, params }]), Reading::absent(), true));
    }
    if let Some(part) = options.text(call, "faceplate")? {
        with(call.function, |build| {
            build.mention(Mention::Part(part.clone()), &call.place);
            Ok(())
        })?;
        return Ok((Does::Actions(vec![Action::Faceplate { part, params }]), Reading::absent(), true));
    }
    call.wrong("needs a closure, or `tag` and `value`, or `open`, or `faceplate`")
}

fn link(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let label = call.take(2, "what it says")?;
    let screen = call.text(3, "a screen's name")?;
    let mut options = call.options(4)?;
    let rect = options.boxed(call, at, (120.0, 28.0))?;
    let label = call.words(label, "what it says")?;
    let params = options.params(call)?;
    with(call.function, |build| {
        build.mention(Mention::Screen(screen.clone()), &call.place);
        Ok(())
    })?;
    let event = event(call, &question(&label), Does::Actions(vec![Action::Open { screen: screen.clone(), params }]))?;
    let enabled = options.flag(call, "enabled", true, false)?;
    let (target, chosen) = (Reading::absent(), Prop::constant(false));
    let options = options.without_click(call)?;
    options.finish(call, rect, Symbol::Button(Button { label, event, enabled, target, navigates: true, chosen }), &screen, None)
}

/// What entering does: `on_enter`, or writing the tag.
fn entered(call: &Call, options: &mut Options, tag: &str, label: &Prop<String>) -> Done<EventId> {
    let does = match options.take("on_enter") {
        None => Does::Write(Arc::from(tag)),
        Some(value) => match call.closure(&value)? {
            Some(closure) => Does::Closure(closure),
            None => return call.refuse("needs a closure as `on_enter`: |op, value| op.request(..., value)"),
        },
    };
    event(call, &question(label), does)
}

fn setpoint(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let tag = call.text(2, "a tag's name")?;
    let mut options = call.options(3)?;
    let rect = options.boxed(call, at, (120.0, 26.0))?;
    let mut reading = call.tag(&tag, "the tag")?;
    options.facts(call, &mut reading)?;
    let label = options.words(call, "label", "")?;
    let event = entered(call, &mut options, &tag, &label)?;
    let enabled = options.flag(call, "enabled", true, false)?;
    let options = options.without_click(call)?;
    options.finish(call, rect, Symbol::Setpoint(Setpoint { label, reading, event, enabled }), &tag, None)
}

fn selector(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let tag = call.text(2, "a tag's name")?;
    let mut options = call.options(3)?;
    let rect = options.boxed(call, at, (180.0, 26.0))?;
    let optional = options.bool(call, "optional", false)?;
    let reading = Reading { optional, ..call.tag(&tag, "the tag")? };
    let target_name = options.text(call, "target")?.unwrap_or_else(|| tag.clone());
    let target = Reading { optional, ..call.tag(&target_name, "target")? };
    let label = options.words(call, "label", "")?;
    let choices = choices(call, &mut options)?;
    let event = entered(call, &mut options, &target_name, &label)?;
    let enabled = options.flag(call, "enabled", true, false)?;
    let options = options.without_click(call)?;
    options.finish(call, rect, Symbol::Switch(Switch { label, reading, target, choices, event, enabled }), &tag, None)
}

/// `["manual", "automatic"]`, or `[[1, "pump 1"], [2, "pump 2"]]` where they don't count from 0.
fn choices(call: &Call, options: &mut Options) -> Done<Vec<(i64, String)>> {
    let Some(value) = options.take("choices") else { return Ok(Vec::new()) };
    let array = value.into_array().unwrap_or_default();
    if array.len() < 2 || array.len() > limits::CHOICES {
        return call.refuse(format!("needs 2 to {} `choices`", limits::CHOICES));
    }
    let each = array.into_iter().enumerate().map(|(number, choice)| match choice.as_array_ref().as_deref().map(Vec::as_slice) {
        Ok([number, word]) => Some((number.as_int().ok()?, word.clone().into_string().ok()?)),
        Ok(_) => None,
        Err(_) => Some((number as i64, choice.clone().into_string().ok()?)),
    });
    match each.collect::<Option<Vec<_>>>() {
        Some(choices) => Ok(choices),
        None => call.refuse("needs `choices` as words, or as [number, word] pairs: [[1, \"pump 1\"], [2, \"pump 2\"]]"),
    }
}
