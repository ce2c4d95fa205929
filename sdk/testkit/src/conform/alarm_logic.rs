//! What every alarm-logic plugin must hold, whatever its inputs and the alarms around it do.

use plantroom_model::{ConditionWord, Status, Value};

use super::analytics::{each_input, extremes, flood, some};
use super::{apart, good_start, strange_configuration, strange_documents, unknown_keys};
use crate::{Bench, Runner, Spec};

/// How long a plugin may take to say how its own alarms stand, in ms: a minute is how long an idle guest may sleep.
const SPOKEN_WITHIN_MS: u64 = 70_000;
/// Times that every alarm comes and goes at one moment.
const CHATTER: usize = 200;

/// Tries an alarm-logic plugin on a good spec of a project: strange configuration, unknown keys, inputs that are missing, bad,
/// extreme or in floods, alarms that chatter, and stops at any time. Returns what it did wrong, in sentences; empty for a
/// good one.
pub fn alarm_logic_conformance(runner: &Runner, spec: &Spec) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, body: fn(&Runner, &Spec) -> Vec<String>| {
        let (runner, spec) = (runner.clone(), spec.clone());
        wrong.extend(apart(what, move || body(&runner, &spec)));
    };
    check("a good configuration", good_start);
    check("strange documents", strange_documents);
    check("strange configuration", strange_configuration);
    check("keys of a later host", unknown_keys);
    check("its own alarms", silent_alarms);
    check("no input at all", |runner, spec| with(runner, spec, |_, _| {}));
    check("bad inputs", |runner, spec| {
        with(runner, spec, |bench, spec| {
            each_input(spec, |tag| bench.change_as(&tag.name, Value::Null, Status::BAD_NO_COMMUNICATION));
        })
    });
    check("extreme inputs", |runner, spec| with(runner, spec, extremes));
    check("a flood of inputs", |runner, spec| with(runner, spec, flood));
    check("alarms that chatter", |runner, spec| with(runner, spec, chatter));
    check("the same twice", repeats);
    wrong
}

/// After a restart its alarms are marked as unknown until it speaks of them.
fn silent_alarms(runner: &Runner, spec: &Spec) -> Vec<String> {
    let mut bench = match Bench::start(runner, spec) {
        Ok(bench) => bench,
        Err(error) => return vec![format!("does not start: {error}")],
    };
    bench.run_for(SPOKEN_WITHIN_MS);
    let about = |word: &ConditionWord| {
        matches!(word, ConditionWord::Raise { .. } | ConditionWord::Clear { .. } | ConditionWord::Unknown(_))
    };
    let silent = spec.alarms.iter().filter(|alarm| alarm.raise && !bench.said(&alarm.name).iter().any(|(_, word)| about(word)));
    silent.map(|alarm| format!("it said nothing of its own alarm `{}` for {SPOKEN_WITHIN_MS} ms", alarm.name)).collect()
}

/// Good inputs, what is to be tried, and good inputs again; then it is stopped.
fn with(runner: &Runner, spec: &Spec, trouble: fn(&mut Bench, &Spec)) -> Vec<String> {
    let mut bench = match Bench::start(runner, spec) {
        Ok(bench) => bench,
        Err(error) => return vec![format!("does not start: {error}")],
    };
    bench.run_for(1_500);
    trouble(&mut bench, spec);
    bench.run_for(3_000);
    each_input(spec, |tag| bench.change(&tag.name, some(tag.kind, 1.0)));
    each_alarm(spec, |name| bench.occur(name));
    bench.run_for(3_000);
    trouble(&mut bench, spec);
    bench.run_for(700_000);
    bench.stop();
    bench.faults()
}

fn each_alarm(spec: &Spec, act: impl FnMut(&str)) {
    spec.alarms.iter().filter(|alarm| !alarm.raise).map(|alarm| alarm.name.as_str()).for_each(act);
}

fn chatter(bench: &mut Bench, spec: &Spec) {
    for _ in 0..CHATTER {
        each_alarm(spec, |name| bench.occur(name));
        each_alarm(spec, |name| bench.go(name));
    }
    bench.run_for(100);
    each_alarm(spec, |name| bench.occur(name));
}

/// The same at the same times must give the same: that is what a replay rests on.
fn repeats(runner: &Runner, spec: &Spec) -> Vec<String> {
    let story = || {
        let mut bench = Bench::start(runner, spec).map_err(|error| error.to_string())?;
        for at in 0..20 {
            each_input(spec, |tag| bench.change(&tag.name, some(tag.kind, f64::from(at % 7))));
            let mut number = 0;
            each_alarm(spec, |name| {
                number += 1;
                match (at + number) % 3 {
                    0 => bench.go(name),
                    _ => bench.occur_at(name, i64::from(number)),
                }
            });
            bench.run_for(530);
        }
        Ok::<_, String>(bench.transcript())
    };
    match (story(), story()) {
        (Ok(first), Ok(second)) if first == second => Vec::new(),
        (Ok(_), Ok(_)) => vec!["the same inputs gave other words the second time".to_owned()],
        (Err(error), _) | (_, Err(error)) => vec![format!("does not start: {error}")],
    }
}
