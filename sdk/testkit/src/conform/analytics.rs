//! What every analytics plugin must hold, whatever it computes and whatever its inputs do.

use plantroom_model::{Status, Value, ValueKind};

use super::{apart, good_start, strange_configuration, strange_documents, unknown_keys};
use crate::spec::SpecTag;
use crate::{Bench, Runner, Spec};

/// Changes of one input at one moment: more than a scan of a fast plant has, and fewer than a plugin may lose.
const BURST: usize = 5_000;

/// Tries an analytics plugin on a good spec of a project: strange configuration, unknown keys, inputs that are missing, bad,
/// extreme or in floods, and stops at any time. Returns what it did wrong, in sentences; empty for a good one.
pub fn analytics_conformance(runner: &Runner, spec: &Spec) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, body: fn(&Runner, &Spec) -> Vec<String>| {
        let (runner, spec) = (runner.clone(), spec.clone());
        wrong.extend(apart(what, move || body(&runner, &spec)));
    };
    check("a good configuration", good_start);
    check("strange documents", strange_documents);
    check("strange configuration", strange_configuration);
    check("keys of a later host", unknown_keys);
    check("no input at all", |runner, spec| with(runner, spec, |_, _| {}));
    check("bad inputs", |runner, spec| {
        with(runner, spec, |bench, spec| {
            each_input(spec, |tag| bench.change_as(&tag.name, Value::Null, Status::BAD_NO_COMMUNICATION))
        })
    });
    check("extreme inputs", |runner, spec| with(runner, spec, extremes));
    check("a flood of inputs", |runner, spec| with(runner, spec, flood));
    check("the same inputs twice", repeats);
    wrong
}

pub(super) fn each_input(spec: &Spec, change: impl FnMut(&SpecTag)) {
    spec.tags.iter().filter(|tag| tag.read).for_each(change);
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
    bench.run_for(3_000);
    trouble(&mut bench, spec);
    bench.stop();
    bench.faults()
}

pub(super) fn extremes(bench: &mut Bench, spec: &Spec) {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, -0.0, 9_007_199_254_740_993.0] {
        each_input(spec, |tag| bench.change(&tag.name, some(tag.kind, number)));
        bench.run_for(700);
    }
    each_input(spec, |tag| bench.change(&tag.name, Value::Text("\u{1F4A5}".repeat(1_000).into())));
}

pub(super) fn flood(bench: &mut Bench, spec: &Spec) {
    for at in 0..BURST {
        each_input(spec, |tag| bench.change(&tag.name, some(tag.kind, at as f64)));
    }
}

/// The same inputs at the same times must give the same outputs: that is what a replay rests on.
fn repeats(runner: &Runner, spec: &Spec) -> Vec<String> {
    let story = || {
        let mut bench = Bench::start(runner, spec).map_err(|error| error.to_string())?;
        for at in 0..20 {
            each_input(spec, |tag| bench.change(&tag.name, some(tag.kind, f64::from(at % 7))));
            bench.run_for(530);
        }
        Ok::<_, String>(bench.transcript())
    };
    match (story(), story()) {
        (Ok(first), Ok(second)) if first == second => Vec::new(),
        (Ok(_), Ok(_)) => vec!["the same inputs gave other outputs the second time".to_owned()],
        (Err(error), _) | (_, Err(error)) => vec![format!("does not start: {error}")],
    }
}

pub(super) fn some(kind: ValueKind, number: f64) -> Value {
    match kind {
        ValueKind::Bool => Value::Bool(number > 0.0),
        ValueKind::Int => Value::Int(number as i64),
        ValueKind::Uint => Value::Uint(number as u64),
        ValueKind::Text => Value::Text(number.to_string().into()),
        ValueKind::Float | ValueKind::Null => Value::Float(number),
    }
}
