//! What an analytics guest sees of the plant.

use std::sync::Arc;

use plantroom_model::{Change, Frame, Sample, Status, TagId, Value};

use crate::guest::Guest;
use crate::world::{Bench, Event};

/// Publishes how many changes there are, and the first value; then the current value of handle 2.
const STEP: &str = "
    (call $changes (i32.const 2048))
    (call $send (i32.const 0) (f64.convert_i32_u (i32.load (i32.const 2052))))
    (i32.store (i32.const 8) (i32.const 2))
    (call $read (i32.const 8) (i32.const 1) (i32.const 2200))
    (call $send (i32.const 1) (f64.load (i32.load (i32.const 2216))))";
const GUEST: Guest = Guest { imports: &["publish", "changes", "read"], step: STEP, init: "", stop: "", manifest: None };

fn frame(number: u64, changes: &[(u32, f64)]) -> Arc<Frame> {
    let sample = |value: f64| Sample { value: Value::Float(value), status: Status::GOOD, ..Sample::waiting() };
    let changes = changes.iter().map(|(tag, value)| Change { tag: TagId(*tag), sample: sample(*value) }).collect();
    Arc::new(Frame { number, changes, ..Frame::default() })
}

fn saw(changes: f64, current: f64) -> Vec<Event> {
    vec![Event::Samples(vec![(1, Value::Float(changes))]), Event::Samples(vec![(2, Value::Float(current))])]
}

#[test]
fn changes_of_granted_tags_arrive_in_order_and_wake_the_guest() {
    let mut bench = Bench::start(&GUEST);
    assert_eq!(bench.turn_events(), saw(0.0, 0.0));
    bench.plugin.deliver_changes(frame(1, &[(0, 9.0), (1, 9.0)]));
    assert_eq!(bench.turn_events(), [], "none of them is granted for reading");
    bench.plugin.deliver_changes(frame(2, &[(3, 1.0), (0, 9.0), (3, 2.0)]));
    bench.plugin.deliver_changes(frame(3, &[(3, 3.0)]));
    assert_eq!(bench.turn_events(), saw(3.0, 3.0));
    assert_eq!(bench.after_ms(1_000), saw(0.0, 3.0));
}

#[test]
fn a_restarted_guest_reads_current_values() {
    let step = format!("{STEP} (if (i32.eq (global.get $steps) (i32.const 2)) (then (unreachable)))");
    let mut bench = Bench::start(&Guest { step: &step, ..GUEST });
    bench.turn_events();
    bench.plugin.deliver_changes(frame(1, &[(3, 1.0)]));
    assert_eq!(bench.turn_events(), [Event::State(2)]);
    bench.plugin.deliver_changes(frame(2, &[(3, 2.0)]));
    bench.turn_events();
    bench.after_ms(200);
    assert_eq!(bench.turn_events(), saw(0.0, 2.0), "what came while it was down is current, and no change");
}

#[test]
fn a_guest_that_is_too_slow_loses_changes_but_no_value() {
    let mut bench = Bench::start(&GUEST);
    bench.turn_events();
    let frames = plantroom_host::limits::FRAMES as u64 + 10;
    for number in 0..frames {
        bench.plugin.deliver_changes(frame(number, &[(3, number as f64)]));
    }
    assert_eq!(bench.turn_events(), saw((frames - 10) as f64, (frames - 1) as f64));
    assert_eq!(bench.plugin.figures().lost_changes, 10);
}
