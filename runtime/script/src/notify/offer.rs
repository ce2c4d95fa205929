//! The functions that rules of notifications have beside the ordinary ones.

use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, NativeCallContext};

use crate::notify::{Moment, Notification, NotifyRun};
use crate::{Sandbox, ScriptError, limits, run};

type Done<T> = Result<T, Box<EvalAltResult>>;

/// Longest subject, in bytes; the rest is cut.
const SUBJECT_BYTES: usize = 200;
/// Most people of one notification.
const RECIPIENTS: usize = 50;

pub(super) fn offer(engine: &mut Engine) {
    engine.register_fn("escalate", escalate);
    engine.register_fn("notify", |context: NativeCallContext, outlet: &str| ask(&context, outlet, Dynamic::UNIT, Dynamic::UNIT));
    engine
        .register_fn("notify", |context: NativeCallContext, outlet: &str, to: Dynamic| ask(&context, outlet, to, Dynamic::UNIT));
    engine.register_fn("notify", |context: NativeCallContext, outlet: &str, to: Dynamic, text: Dynamic| {
        ask(&context, outlet, to, text)
    });
    engine.register_fn("time", || telling("time", |notify| time_of(notify)));
    for (name, urgency) in [("EVENT", 0_i64), ("LOW", 1), ("MEDIUM", 2), ("HIGH", 3), ("CRITICAL", 4)] {
        engine.register_fn(name, move || urgency);
    }
}

fn time_of(notify: &NotifyRun) -> Map {
    let time = notify.time;
    let whole = |number: i64| Dynamic::from_int(number);
    [
        ("year", whole(i64::from(time.year))),
        ("month", whole(i64::from(time.month))),
        ("day", whole(i64::from(time.day))),
        ("weekday", whole(i64::from(time.weekday))),
        ("hour", whole(i64::from(time.hour))),
        ("minute", whole(i64::from(time.minute))),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), value))
    .collect()
}

/// Looks at the call that goes on.
fn telling<T>(function: &str, look: impl FnOnce(&mut NotifyRun) -> T) -> Done<T> {
    let found = run::with(|run| run.notify.as_mut().filter(|notify| !notify.is_reading).map(|notify| look(notify)));
    found.flatten().ok_or_else(|| {
        ScriptError::raise(format!("{function}() is for the functions that are called: fn occurred(alarm) {{ ... }}"))
    })
}

fn escalate(steps: Array) -> Done<()> {
    let minutes: Option<Vec<u32>> = steps
        .iter()
        .map(|step| step.as_int().ok().and_then(|n| u32::try_from(n).ok()).filter(|n| (1..=10_080).contains(n)))
        .collect();
    let wrong =
        || ScriptError::raise("escalate() takes at most 20 whole numbers of minutes, upwards, from 1 to 10080: [5, 15, 60]");
    let minutes = minutes.filter(|all| all.len() <= 20 && all.is_sorted_by(|a, b| a < b)).ok_or_else(wrong)?;
    let done = run::with(|run| {
        let notify = run.notify.as_mut().filter(|notify| notify.is_reading)?;
        notify.steps_min = Some(minutes);
        Some(())
    });
    done.flatten().ok_or_else(|| ScriptError::raise("escalate() stands at the beginning of the file, outside of functions"))
}

fn ask(context: &NativeCallContext, outlet: &str, to: Dynamic, text: Dynamic) -> Done<()> {
    let place = Sandbox::place(context);
    let to = recipients(to)?;
    let (subject, text) = words(text)?;
    let outlet = outlet.trim().to_owned();
    let count = telling("notify", |notify| {
        let usual = notify.facts.words(notify.moment.unwrap_or(Moment::Occurred));
        let text = text.unwrap_or_else(|| usual.clone());
        let subject = subject.unwrap_or_else(|| text.lines().next().unwrap_or_default().to_owned());
        let one_line: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        notify.asked.push(Notification {
            outlet: outlet.into(),
            to,
            subject: one_line[..one_line.floor_char_boundary(SUBJECT_BYTES)].to_owned(),
            text: text[..text.floor_char_boundary(limits::NOTIFICATION_BYTES)].to_owned(),
            place,
        });
        notify.asked.len()
    })?;
    if count > limits::NOTIFICATIONS {
        return Err(ScriptError::fatal(format!("one call asks for more than {} notifications", limits::NOTIFICATIONS)));
    }
    Ok(())
}

fn recipients(to: Dynamic) -> Done<Vec<String>> {
    if to.is_unit() {
        return Ok(Vec::new());
    }
    let wrong = || ScriptError::raise("notify() needs to whom: a text, or a list of texts");
    let list: Vec<String> = match to.as_array_ref() {
        Ok(list) => list.iter().map(|one| one.clone().into_string().map_err(|_| wrong())).collect::<Done<_>>()?,
        Err(_) => vec![to.clone().into_string().map_err(|_| wrong())?],
    };
    let list: Vec<String> = list.into_iter().map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect();
    if list.len() > RECIPIENTS || list.iter().any(|one| one.chars().any(char::is_control)) {
        return Err(ScriptError::raise(format!("notify() takes at most {RECIPIENTS} people, each on one line")));
    }
    Ok(list)
}

/// Subject and text, as far as the rule says them.
fn words(text: Dynamic) -> Done<(Option<String>, Option<String>)> {
    if text.is_unit() {
        return Ok((None, None));
    }
    let wrong = || ScriptError::raise("notify() needs what to say: a text, or #{ subject: \"...\", text: \"...\" }");
    if let Ok(map) = text.as_map_ref() {
        if map.keys().any(|key| !matches!(key.as_str(), "subject" | "text")) {
            return Err(wrong());
        }
        let part = |key: &str| map.get(key).map(|value| value.clone().into_string().map_err(|_| wrong())).transpose();
        return Ok((part("subject")?, part("text")?));
    }
    text.clone().into_string().map(|text| (None, Some(text))).map_err(|_| wrong())
}
