//! The functions that alarm scripts have beside the ordinary ones.

use std::sync::Arc;

use plantroom_model::{Mono, duration_ms};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map, NativeCallContext};

use crate::alarm::timers::TooMany;
use crate::alarm::{AlarmRun, Declaration};
use crate::memory::detached;
use crate::{Sandbox, ScriptError, fits, limits, run};

type Done<T> = Result<T, Box<EvalAltResult>>;

/// Whether an alarm's condition holds can't be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotKnown;

pub(super) fn offer(engine: &mut Engine) {
    engine.register_fn("alarm", |context: NativeCallContext, name: &str, options: Map| declare(&context, name, options, None));
    engine.register_fn("alarm", |context: NativeCallContext, name: &str, options: Map, active: Dynamic| {
        declare(&context, name, options, Some(active))
    });
    engine.register_fn("instances", |of_type: &str| instances(of_type, "**"));
    engine.register_fn("instances", instances);
    engine.register_fn("lasts", |context: NativeCallContext, holds: bool, time: Dynamic| -> Done<bool> {
        let (place, ms) = (Sandbox::place(&context), length("lasts", &time)?);
        evaluating("lasts", |alarm| alarm.timers.lasts(place, holds, ms, alarm.now))?.map_err(|TooMany| too_many())
    });
    engine.register_fn("rises", |context: NativeCallContext, holds: bool| -> Done<bool> {
        let place = Sandbox::place(&context);
        evaluating("rises", |alarm| alarm.timers.rises(place, holds, alarm.now))?.map_err(|TooMany| too_many())
    });
    engine.register_fn("wake", |time: Dynamic| -> Done<()> {
        let ms = length("wake", &time)?;
        // A script that wakes itself without a pause would keep its thread.
        evaluating("wake", |alarm| alarm.timers.wake(alarm.now.plus_ms(ms.max(100))))
    });
    engine.register_fn("now_s", || evaluating("now_s", |alarm| seconds(alarm.now)));
    engine.register_fn("unknown", || evaluating("unknown", |_| Dynamic::from(NotKnown)));
}

fn seconds(now: Mono) -> f64 {
    now.0 as f64 / 1e9
}

fn too_many() -> Box<EvalAltResult> {
    ScriptError::fatal(format!("one alarm has at most {} calls of lasts() and rises()", limits::ALARM_TIMERS))
}

/// A length of time: `"10 min"`, or a number of seconds.
pub(crate) fn length(function: &str, time: &Dynamic) -> Done<u64> {
    let text = match (time.as_int(), time.as_float()) {
        (Ok(seconds), _) => seconds.to_string(),
        (_, Ok(seconds)) => seconds.to_string(),
        _ => time.as_immutable_string_ref().map_or_else(|_| String::new(), |text| text.to_string()),
    };
    duration_ms(&text).ok_or_else(|| {
        let word = if text.is_empty() { crate::strings::word(time).to_owned() } else { format!("\"{text}\"") };
        ScriptError::raise(format!("{function}() needs a length of time like \"10 min\" or a number of seconds, and got {word}"))
    })
}

/// Looks at the alarm that is evaluated.
fn evaluating<T>(function: &str, look: impl FnOnce(&mut AlarmRun) -> T) -> Done<T> {
    let found = run::with(|run| match &mut run.alarm {
        Some(alarm) if alarm.declared.is_none() => Some(look(alarm)),
        _ => None,
    });
    found
        .flatten()
        .ok_or_else(|| ScriptError::raise(format!("{function}() is for the function that is called: |a| ... {function}(...)")))
}

fn declare(context: &NativeCallContext, name: &str, options: Map, active: Option<Dynamic>) -> Done<()> {
    let place = Sandbox::place(context);
    let active = match active {
        Some(value) => match Sandbox::closure(context, &value)? {
            Some(closure) => Some(closure),
            None => {
                let word = crate::strings::word(&value).to_owned();
                return Err(ScriptError::raise(format!(
                    "alarm() needs a function last, as in |a| tag(a.on) > 3, and got a {word}"
                )));
            }
        },
        None => None,
    };
    // Maps of a script may share their parts with its variables.
    let options = detached(Dynamic::from_map(options), limits::NESTING).map_err(crate::memory::refusal)?;
    let options = options.try_cast::<Map>().unwrap_or_default();
    let declaration = Declaration { name: name.trim().to_owned(), options, active, place };
    let declared = run::with(|run| {
        let declared = run.alarm.as_mut().and_then(|alarm| alarm.declared.as_mut())?;
        declared.push(declaration);
        Some(declared.len())
    });
    match declared.flatten() {
        Some(count) if count > limits::SCRIPT_ALARMS => {
            Err(ScriptError::fatal(format!("one file declares at most {} alarms; use for_each", limits::SCRIPT_ALARMS)))
        }
        Some(_) => Ok(()),
        None => Err(ScriptError::raise("alarm() declares an alarm; it can't be called while one is evaluated")),
    }
}

/// The names of a type's instances.
fn instances(of_type: &str, pattern: &str) -> Done<Array> {
    let all: Option<Arc<[(String, String)]>> =
        run::with(|run| run.alarm.as_ref().map(|alarm| Arc::clone(&alarm.instances))).flatten();
    let all = all.unwrap_or_default();
    let names = all.iter().filter(|(of, name)| of == of_type && fits(pattern, name));
    let names: Array = names.map(|(_, name)| Dynamic::from(name.clone())).collect();
    if !all.iter().any(|(of, _)| of == of_type) {
        let near = plantroom_model::nearest(of_type, all.iter().map(|(of, _)| of.as_str()));
        let help = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        return Err(ScriptError::raise(format!("instances(): no instance is of type \"{of_type}\"{help}")));
    }
    Ok(names)
}
