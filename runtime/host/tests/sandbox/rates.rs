//! Floods are cut, counted and told.

use plantroom_model::{Status, Value};

use crate::guest::Guest;
use crate::world::{Bench, Event};

#[test]
fn samples_over_the_rate_are_dropped_counted_and_turn_uncertain() {
    let step = "(loop $more (call $send (i32.const 0) (f64.const 1))
                (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const 30))))";
    let guest = Guest { imports: &["publish"], step, ..Guest::default() };
    let mut bench = Bench::start_with(&guest, |grant| grant.samples_per_s = 20);
    let events = bench.turn_events();
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Samples(_))).count(), 20);
    assert_eq!(events.last(), Some(&Event::Missed(vec![1], Status::UNCERTAIN)), "the tag is told once");
    assert_eq!(bench.plugin.figures().dropped_samples, 10);
    let events = bench.after_ms(1_000);
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Samples(_))).count(), 20, "the next second has its own");
}

#[test]
fn log_lines_over_the_rate_are_dropped_counted_and_told() {
    let step = "(loop $more (call $log (i32.const 2) (i32.const 4102) (i32.const 5))
                (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const 30))))";
    let mut bench = Bench::start(&Guest { imports: &["log"], step, ..Guest::default() });
    let hello = Event::Log(2, "hello".into());
    assert_eq!(bench.turn_events(), vec![hello.clone(); 5]);
    let events = bench.after_ms(10_000);
    assert_eq!(events[..5], vec![hello; 5]);
    assert_eq!(bench.plugin.figures().dropped_log_lines, 50);
    bench.plugin.stop();
    let told: Vec<_> = bench.after_ms(10_000).into_iter().filter(|event| matches!(event, Event::Log(1, _))).collect();
    assert_eq!(told, [Event::Log(1, "50 of its log lines were dropped (`log_lines_per_s` in plugins.toml)".into())]);
}

#[test]
fn transactions_over_the_limit_end_at_once() {
    let step = "(loop $more
        (drop (call $submit (i32.const 0) (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0)
            (i64.const 0) (i32.const 0)))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const COUNT))))";
    let run = |count: &str| {
        let step = step.replace("COUNT", count);
        let mut bench =
            Bench::start_with(&Guest { imports: &["submit"], step: &step, ..Guest::default() }, |grant| grant.hard_ms = 1_000);
        bench.turn_events()
    };
    assert_eq!(run("1500").len(), plantroom_model::limits::OPEN_TRANSACTIONS, "the others are answered QUEUE_FULL");
    assert_eq!(run("100000"), [Event::State(2)], "who never collects is stopped");
}

#[test]
fn the_store_keeps_to_its_quota_and_lasts() {
    // Publishes what `get` says of "total" (0 absent), then sets it; then tries to set 4 KiB, and publishes whether it could.
    let step = "
        (call $get (i32.const 4096) (i32.const 5) (i32.const 2048))
        (call $send (i32.const 0) (f64.convert_i32_u (i32.load8_u (i32.const 2048))))
        (drop (call $set (i32.const 4096) (i32.const 5) (i32.const 4102) (i32.const 5)))
        (call $send (i32.const 1) (f64.convert_i32_u
            (call $set (i32.const 4096) (i32.const 1) (i32.const 8192) (i32.const 4096))))";
    let guest = Guest { imports: &["publish", "get", "set"], step, ..Guest::default() };
    let mut bench = Bench::start(&guest);
    let said = |first: f64| [Event::Samples(vec![(1, Value::Float(first))]), Event::Samples(vec![(2, Value::Float(0.0))])];
    assert_eq!(bench.turn_events(), said(0.0));
    assert_eq!(bench.after_ms(499), [], "not saved at every step");
    assert_eq!(bench.after_ms(1), [Event::Saved(4 + 8 + 10)]);
    assert_eq!(bench.after_ms(500), said(1.0));
    let mut next = Bench::load_with(&guest, |_| {});
    *next.world.store.lock() = bench.world.store.lock().clone();
    next.turn();
    next.world.events();
    assert_eq!(next.turn_events(), said(1.0), "after a restart of the station");
}

#[test]
fn a_void_step_leaves_the_store_alone() {
    let step = "
        (call $get (i32.const 4096) (i32.const 5) (i32.const 2048))
        (call $send (i32.const 0) (f64.convert_i32_u (i32.load8_u (i32.const 2048))))
        (drop (call $set (i32.const 4096) (i32.const 5) (i32.const 4102) (i32.const 5)))
        (if (i32.eq (global.get $steps) (i32.const 1)) (then (call $remove (i32.const 4096) (i32.const 5))) (else (unreachable)))";
    let mut bench = Bench::start(&Guest { imports: &["publish", "get", "set", "remove"], step, ..Guest::default() });
    let absent = [Event::Samples(vec![(1, Value::Float(0.0))])];
    assert_eq!(bench.turn_events(), absent);
    assert_eq!(bench.after_ms(1_000).last(), Some(&Event::State(2)));
    bench.after_ms(200);
    assert_eq!(bench.turn_events(), absent);
}

#[test]
fn a_store_that_cannot_be_read_is_told() {
    let mut bench = Bench::load_with(&Guest { imports: &["get"], ..Guest::default() }, |_| {});
    *bench.world.store.lock() = b"rubbish".to_vec();
    let events = bench.turn_events();
    assert!(matches!(&events[1], Event::Log(0, line) if line.contains("starts empty")), "{events:?}");
}
