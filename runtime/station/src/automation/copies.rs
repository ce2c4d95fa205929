//! A plugin's outputs become writes, at their own pace: each is audited, so each must be worth it.

use std::sync::Arc;
use std::time::Duration;

use plantroom_model::{Mono, OutcomeKind, Quality, Sample, Value};
use plantroom_project::CopySpec;
use tokio::time::sleep;

use super::journal::Happened;
use super::{Own, State, Wish};

/// After a refusal the next try waits this many times the shortest pause, so that a permissive that doesn't hold costs
/// one record a while and not one a second.
const PATIENCE: u64 = 10;

/// One copy at work.
struct Copy {
    spec: CopySpec,
    /// What was last written.
    written: Option<Value>,
    /// When the next write may be.
    next: Mono,
    /// The output was not usable when last looked at; told once.
    unusable: bool,
}

/// Follows a plugin's outputs until the automation is changed.
pub(super) async fn run(own: Arc<Own>, copies: Vec<CopySpec>) {
    let mut snapshots = own.commands.snapshots.clone();
    snapshots.mark_changed();
    let start = own.commands.clock.now().mono;
    let mut copies: Vec<Copy> =
        copies.into_iter().map(|spec| Copy { spec, written: None, next: start, unusable: false }).collect();
    loop {
        let now = own.commands.clock.now().mono;
        let waiting = copies.iter().map(|copy| copy.next).filter(|next| *next > now).min();
        tokio::select! {
            changed = snapshots.changed() => if changed.is_err() { return },
            () = sleep(Duration::from_nanos(waiting.unwrap_or(now).since(now))), if waiting.is_some() => {}
        }
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        for copy in &mut copies {
            if copy.next > own.commands.clock.now().mono {
                continue;
            }
            let plant = own.commands.plant();
            let sample = |name: &str| plant.tag(name).and_then(|(tag, _)| snapshot.get(tag)).cloned().unwrap_or_default();
            let (from, to) = (sample(&copy.spec.from), sample(&copy.spec.to));
            match due(&copy.spec, copy.written.as_ref(), &from, &to) {
                Due::No => copy.unusable = false,
                Due::Unusable(why) => {
                    if !std::mem::replace(&mut copy.unusable, true) && from.value != Value::Null {
                        own.note("copy", Happened::Held(why));
                    }
                }
                Due::Write(value) => write(&own, copy, value).await,
            }
        }
    }
}

async fn write(own: &Own, copy: &mut Copy, value: Value) {
    copy.unusable = false;
    own.state(State::Running, "");
    let at = own.commands.clock.now();
    let why = format!("copy of {}", copy.spec.from);
    let wish = Wish { tag: Arc::clone(&copy.spec.to), value: value.clone(), why };
    let kind = own.request(wish, "copy").await;
    own.ran(at.utc);
    own.state(State::Waiting, "");
    let pause_ms = u64::from(copy.spec.min_interval_ms);
    let refused = matches!(kind, OutcomeKind::Refused | OutcomeKind::NotSent);
    copy.next = if refused { own.commands.clock.now().mono.plus_ms(pause_ms * PATIENCE) } else { at.mono.plus_ms(pause_ms) };
    if !refused {
        copy.written = Some(value);
    }
}

#[derive(Debug, PartialEq)]
enum Due {
    No,
    Unusable(String),
    Write(Value),
}

/// Whether an output is worth a write: it is usable, and far enough from what was written last. At the start it is
/// compared with what the target holds, so that taking over changes nothing that is right already.
fn due(spec: &CopySpec, written: Option<&Value>, from: &Sample, to: &Sample) -> Due {
    if from.status.quality() == Quality::Bad || from.value == Value::Null {
        return Due::Unusable(format!("{} is not usable ({}); nothing is written", spec.from, from.status.words()));
    }
    let present = (to.status.is_good()).then_some(&to.value);
    let Some(before) = written.or(present) else { return Due::Write(from.value.clone()) };
    let far = match (from.value.as_f64(), before.as_f64()) {
        (Some(new), Some(old)) => (new - old).abs() > spec.deadband && new != old,
        _ => !from.value.same(before),
    };
    if far { Due::Write(from.value.clone()) } else { Due::No }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::Status;

    #[test]
    fn an_output_is_written_when_it_is_usable_and_far_enough() {
        let spec = CopySpec { from: "a".into(), to: "b".into(), deadband: 0.5, min_interval_ms: 1_000 };
        let sample = |value: f64, status| Sample { value: Value::Float(value), status, ..Sample::waiting() };
        let good = |value| sample(value, Status::GOOD);
        let write = |value| Due::Write(Value::Float(value));
        let waiting = Sample::waiting();
        let check = |written: Option<f64>, from: Sample, to: &Sample, expected: Due| {
            assert_eq!(due(&spec, written.map(Value::Float).as_ref(), &from, to), expected, "{written:?} {from:?} {to:?}");
        };
        check(None, good(10.0), &waiting, write(10.0));
        check(None, good(10.0), &good(10.2), Due::No);
        check(None, good(10.0), &good(12.0), write(10.0));
        check(Some(10.0), good(10.5), &good(99.0), Due::No);
        check(Some(10.0), good(10.6), &good(10.0), write(10.6));
        check(Some(10.0), sample(20.0, Status::UNCERTAIN_SUB_NORMAL), &waiting, write(20.0));
        let bad = due(&spec, None, &sample(20.0, Status::BAD_DEVICE_FAILURE), &waiting);
        assert!(matches!(bad, Due::Unusable(why) if why.contains("device failure")));
    }
}
