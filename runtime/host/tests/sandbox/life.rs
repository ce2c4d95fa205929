//! Starting, restarting, quarantine, stopping.

use std::sync::Arc;

use plantroom_host::{FaultKind, InitError, Outside, Turn};
use plantroom_model::{ModbusCompletion, TagId, Utc, Value};

use crate::guest::Guest;
use crate::world::{Bench, Event, World, load_into, plant};

/// `init` returns one problem: about handle 1, "hello".
const PROBLEM: &str = "
    (i32.store8 (i32.const 0) (i32.const 1)) (i32.store (i32.const 4) (i32.const 16)) (i32.store (i32.const 8) (i32.const 1))
    (i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 1))
    (i32.store (i32.const 24) (i32.const 4102)) (i32.store (i32.const 28) (i32.const 5))";

fn due(turn: Turn, world: &World) -> u64 {
    match turn {
        Turn::WaitUntil(until) => until.since(world.now().mono) / 1_000_000,
        Turn::Ended => panic!("it has ended"),
    }
}

#[test]
fn faults_restart_with_growing_pauses_until_quarantine() {
    let mut bench = Bench::load_with(&Guest { step: "(unreachable)", ..Guest::default() }, |_| {});
    for pause_ms in [200, 400, 800, 1_600] {
        assert_eq!(bench.turn_events(), [Event::State(0), Event::State(1)]);
        assert_eq!(bench.turn_events(), [Event::State(2)]);
        assert_eq!(bench.after_ms(pause_ms - 1), [], "not before the pause is over");
        bench.world.pass_ms(1);
    }
    assert_eq!(bench.turn_events(), [Event::State(0), Event::State(1)]);
    assert_eq!(bench.turn_events(), [Event::State(3)]);
    assert_eq!(bench.after_ms(3_600_000), [], "it stays down");
    assert!(!bench.order(1, 1_000), "and takes no order");
    bench.plugin.release();
    assert_eq!(bench.turn_events(), [Event::State(0), Event::State(1)]);
    let figures = bench.plugin.figures();
    assert_eq!((figures.faults, figures.restarts, figures.steps), (5, 4, 0));
}

#[test]
fn a_restarted_guest_has_forgotten_everything() {
    let step = "(if (i32.eq (global.get $steps) (i32.const 2)) (then (unreachable)))
                (call $send (i32.const 0) (f64.convert_i32_u (global.get $steps)))";
    let mut bench = Bench::start(&Guest { imports: &["publish"], step, ..Guest::default() });
    let first = [Event::Samples(vec![(1, Value::Float(1.0))])];
    assert_eq!(bench.turn_events(), first);
    assert_eq!(bench.after_ms(1_000), [Event::State(2)]);
    bench.after_ms(200);
    assert_eq!(bench.turn_events(), first, "a fresh instance counts from one");
}

#[test]
fn a_wrong_configuration_is_told_with_its_tag_and_quarantines() {
    let guest = Guest { init: PROBLEM, ..Guest::default() };
    let loaded = load_into(&plant(|_| {}), &guest.component()).unwrap();
    assert_eq!(loaded.try_init(), Err(InitError::Problems(vec![(Some(TagId(2)), "hello".into())])));
    let mut bench = Bench::load_with(&guest, |_| {});
    assert_eq!(bench.turn_events(), [Event::State(0), Event::State(3)]);
    assert_eq!((bench.last_fault().kind, bench.last_fault().message.as_str()), (FaultKind::Configuration, "hello"));
}

#[test]
fn init_is_tried_in_the_sandbox() {
    let try_init = |init: &str| load_into(&plant(|_| {}), &Guest { init, ..Guest::default() }.component()).unwrap().try_init();
    assert_eq!(try_init(""), Ok(()));
    assert!(matches!(try_init("(unreachable)"), Err(InitError::Fault(text)) if text.contains("unreachable")));
}

#[test]
fn init_gets_the_document() {
    // Logs its configuration.
    let init = "(call $log (i32.const 2) (local.get $config) (local.get $len))";
    let mut bench = Bench::load_with(&Guest { imports: &["log"], init, ..Guest::default() }, |_| {});
    let events = bench.turn_events();
    let [Event::State(0), Event::Log(2, text), Event::State(1)] = &events[..] else { panic!("{events:?}") };
    let wanted = serde_json::json!({
        "plugin": { "groups": { "fast": 250 } },
        "connections": [{ "name": "plc", "device": { "unit": 3 }, "pipeline": 1, "devices": [] }],
        "tags": [
            { "name": "t1", "kind": "float", "access": ["publish"], "connection": 0, "address": "holding 1", "group": "" },
            { "name": "t2", "kind": "float", "access": ["publish", "write"], "connection": 0, "address": "holding 2", "group": "" },
            { "name": "t3", "kind": "float", "access": ["read"] },
        ],
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(text).unwrap(), wanted);
}

#[test]
fn stop_is_the_last_call() {
    let guest = Guest { imports: &["publish"], stop: "(call $send (i32.const 0) (f64.const 9))", ..Guest::default() };
    let mut bench = Bench::start(&guest);
    bench.turn_events();
    bench.plugin.stop();
    assert_eq!(bench.turn_events(), [Event::Samples(vec![(1, Value::Float(9.0))]), Event::State(4)]);
    assert_eq!((bench.turn(), bench.world.events()), (Turn::Ended, vec![]));
}

#[test]
fn a_guest_cannot_ask_for_a_busy_loop_nor_sleep_for_ever() {
    for (wish, wanted_ms) in [("(i64.const 0)", 1), ("(local.get $mono)", 1), ("(i64.const -1)", 60_000)] {
        let step = format!("(return {wish})");
        let mut bench = Bench::start(&Guest { step: &step, ..Guest::default() });
        let turn = bench.turn();
        assert_eq!(due(turn, &bench.world), wanted_ms, "{wish}");
    }
}

#[test]
fn a_guest_that_keeps_itself_busy_is_slowed_down() {
    let step =
        "(drop (call $submit (i32.const 0) (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0)
                (i64.const 0) (i32.const 0))) (call $collect (i32.const 10) (i32.const 2048))";
    let mut bench = Bench::start(&Guest { imports: &["submit", "collect"], step, ..Guest::default() });
    let burst = plantroom_host::limits::STEP_BURST as u64;
    for _ in 0..burst + 100 {
        bench.turn();
        bench.world.open.lock().drain(..).for_each(|done| done(ModbusCompletion { error: 257, data: vec![], at: Utc(0) }));
    }
    assert_eq!(bench.plugin.figures().steps, burst, "no time has passed, so there are no more");
    assert_eq!(due(bench.turn(), &bench.world), 0, "the pause is shorter than a millisecond");
    bench.after_ms(1);
    assert_eq!(bench.plugin.figures().steps, burst + 1);
}

#[test]
fn a_thread_of_its_own_starts_steps_and_stops() {
    let guest = Guest { imports: &["publish"], step: "(call $send (i32.const 0) (f64.const 1))", ..Guest::default() };
    let loaded = load_into(&plant(|_| {}), &guest.component()).unwrap();
    let world = Arc::new(World::default());
    let run = loaded.start(world.clone()).unwrap();
    for wanted in 1..=3 {
        while run.figures().steps < wanted {
            std::thread::yield_now();
        }
        world.pass_ms(1_000);
        run.nudge();
    }
    run.stop();
    let events = world.events();
    assert_eq!(events[..2], [Event::State(0), Event::State(1)]);
    assert_eq!(events.last(), Some(&Event::State(4)));
    assert!(events.len() >= 6, "{events:?}");
}
