//! A changed plugin takes the place of the one that runs: nothing is lost but reads on their way.

use std::sync::Arc;

use plantroom_host::Loaded;
use plantroom_model::{Change, Frame, SettleCode, TagId, Value};

use crate::guest::Guest;
use crate::world::{Bench, Event, load_into, plant};

/// Publishes a number at every step, at its first handle.
fn says(number: f64) -> String {
    format!("(call $send (i32.const 0) (f64.const {number}))")
}

fn loaded(guest: &Guest) -> Loaded {
    load_into(&plant(|_| {}), &guest.component()).expect("it loads")
}

fn publisher(step: &str) -> Guest<'_> {
    Guest { imports: &["publish"], step, ..Guest::default() }
}

fn sample(number: f64) -> Event {
    Event::Samples(vec![(1, Value::Float(number))])
}

/// Takes one order and writes one register for it; settles it as done when that is answered.
const WRITER: &str = "
    (call $take (i32.const 10) (i32.const 2048))
    (if (i32.gt_u (i32.load (i32.const 2052)) (i32.const 0))
        (then
            (i64.store (i32.const 3000) (i64.load (i32.load (i32.const 2048))))
            (drop (call $submit (i32.const 0) (i32.const 3) (i32.const 6) (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 1)
                (i64.load (i32.const 3000)) (i32.const 0))))
        (else
            (if (i64.ne (i64.load (i32.const 3000)) (i64.const 0))
                (then
                    (call $collect (i32.const 10) (i32.const 2200))
                    (call $settle (i64.load (i32.const 3000)) (i32.const 0) (i32.const 4102) (i32.const 5))
                    (i64.store (i32.const 3000) (i64.const 0))))))
    (return (i64.const -1))";

fn writer() -> Guest<'static> {
    Guest { imports: &["take", "submit", "settle", "collect"], step: WRITER, ..Guest::default() }
}

fn none() -> Arc<Frame> {
    Arc::new(Frame::default())
}

#[test]
fn it_takes_over_between_two_steps_and_is_never_down() {
    let (first, second) = (says(1.0), says(2.0));
    let mut bench = Bench::start(&publisher(&first));
    assert_eq!(bench.turn_events(), [sample(1.0)]);
    bench.plugin.replace(loaded(&publisher(&second)), none);
    assert_eq!(bench.turn_events(), [Event::State(1)], "neither starting nor stopped is told");
    assert_eq!(bench.turn_events(), [sample(2.0)], "it polls at once");
    let figures = bench.plugin.figures();
    assert_eq!((figures.replaced, figures.faults, figures.restarts), (1, 0, 0));
}

#[test]
fn an_order_that_was_taken_is_finished_first() {
    let mut bench = Bench::start(&writer());
    bench.turn();
    assert!(bench.order(41, 5_000));
    bench.turn();
    bench.plugin.replace(loaded(&writer()), none);
    assert!(!bench.turn_events().contains(&Event::State(1)), "it waits");
    assert!(bench.order(42, 5_000), "orders are taken in meanwhile");
    bench.world.events();
    bench.world.answer(0, &[]);
    assert_eq!(bench.turn_events(), [Event::Settled(41, SettleCode::Done, "hello".into())]);
    assert_eq!(bench.turn_events(), [Event::State(1)]);
    let events = bench.turn_events();
    assert!(matches!(&events[..], [Event::Sent(1, request)] if request.function == 6), "42 went to the new one: {events:?}");
}

#[test]
fn an_order_that_takes_too_long_is_unknown_and_the_next_one_is_not_lost() {
    let mut bench = Bench::start(&writer());
    bench.turn();
    assert!(bench.order(41, 60_000));
    bench.turn();
    bench.plugin.replace(loaded(&writer()), none);
    bench.turn();
    assert!(bench.order(42, 60_000));
    bench.world.events();
    assert_eq!(bench.after_ms(999), []);
    let events = bench.after_ms(1);
    let [Event::Settled(41, SettleCode::Unknown, words), Event::State(1)] = &events[..] else { panic!("{events:?}") };
    assert!(words.contains("look before trying again"), "{words}");
    let events = bench.turn_events();
    assert!(matches!(&events[..], [Event::Sent(1, _)]), "{events:?}");
}

#[test]
fn an_order_for_a_plugin_that_stops_instead_never_left() {
    let mut bench = Bench::start(&writer());
    bench.turn();
    bench.order(41, 60_000);
    bench.turn();
    bench.plugin.replace(loaded(&writer()), none);
    bench.turn();
    bench.order(42, 60_000);
    bench.turn();
    bench.world.events();
    bench.plugin.stop();
    let events = bench.turn_events();
    let codes: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::Settled(id, code, _) = event { Some((*id, *code)) } else { None })
        .collect();
    assert_eq!(codes, [(42, SettleCode::NotSent), (41, SettleCode::Unknown)], "{events:?}");
}

#[test]
fn a_quarantined_plugin_starts_again_with_its_change() {
    let good = says(3.0);
    let mut bench = Bench::load_with(&Guest { step: "(unreachable)", ..Guest::default() }, |_| {});
    for _ in 0..40 {
        bench.after_ms(2_000);
    }
    bench.plugin.replace(loaded(&publisher(&good)), none);
    assert_eq!(bench.turn_events(), [Event::State(0), Event::State(1)]);
    assert_eq!(bench.turn_events(), [sample(3.0)]);
}

#[test]
fn a_change_that_fails_is_a_fault_of_the_plugin_and_restarts() {
    let good = says(1.0);
    let mut bench = Bench::start(&publisher(&good));
    bench.plugin.replace(loaded(&Guest { init: "(unreachable)", ..Guest::default() }), none);
    assert_eq!(bench.turn_events(), [Event::State(2)]);
    bench.plugin.replace(loaded(&publisher(&good)), none);
    assert_eq!(bench.turn_events(), [Event::State(0), Event::State(1)], "a new change ends the pause");
}

#[test]
fn the_newest_of_two_changes_takes_over_once() {
    let (first, second, third) = (says(1.0), says(2.0), says(3.0));
    let mut bench = Bench::start(&publisher(&first));
    bench.plugin.replace(loaded(&publisher(&second)), none);
    bench.plugin.replace(loaded(&publisher(&third)), none);
    assert_eq!(bench.turn_events(), [Event::State(1)]);
    assert_eq!(bench.turn_events(), [sample(3.0)]);
}

#[test]
fn what_it_reads_is_there_from_the_start() {
    // Reads handle 2 (tag 3) and publishes it: value bits are at 2048 + 16 of the answer's columns.
    let step = "(i32.store (i32.const 8) (i32.const 2))
        (call $read (i32.const 8) (i32.const 1) (i32.const 2048))
        (call $send (i32.const 0) (f64.load (i32.load (i32.const 2064))))";
    let guest = Guest { imports: &["publish", "read"], step, ..Guest::default() };
    let good = says(1.0);
    let mut bench = Bench::start(&publisher(&good));
    let current = || {
        let sample = plantroom_model::Sample { value: Value::Float(7.5), ..plantroom_model::Sample::waiting() };
        Arc::new(Frame { number: 9, changes: vec![Change { tag: TagId(3), sample }].into(), ..Frame::default() })
    };
    bench.plugin.replace(loaded(&guest), current);
    assert_eq!(bench.turn_events(), [Event::State(1)]);
    assert_eq!(bench.turn_events(), [sample(7.5)]);
}
