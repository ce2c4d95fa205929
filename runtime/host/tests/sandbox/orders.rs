//! Write orders through the sandbox: taken once, settled once, never guessed.

use plantroom_model::{SettleCode, field_error};

use crate::guest::Guest;
use crate::world::{Bench, Event};

/// Takes orders; the id of the first comes to stand in $id, and at 3000.
const TAKE: &str = "
    (call $take (i32.const 10) (i32.const 2048))
    (if (i32.gt_u (i32.load (i32.const 2052)) (i32.const 0))
        (then (i64.store (i32.const 3000) (i64.load (i32.load (i32.const 2048))))))
    (local.set $id (i64.load (i32.const 3000)))";
/// Writes one register for $id.
const WRITE: &str = "
    (drop (call $submit (i32.const 0) (i32.const 3) (i32.const 6) (i32.const 2) (i32.const 0) (i32.const 8) (i32.const 1)
        (local.get $id) (i32.const 0)))";
/// Settles $id with an outcome.
const SETTLE: &str = "(call $settle (local.get $id) (i32.const OUTCOME) (i32.const 4102) (i32.const 5))";
const IMPORTS: &[&str] = &["take", "submit", "settle", "collect"];

/// First step: takes and does `first`. Later steps: `then`.
fn bench(first: &str, then: &str) -> Bench {
    let step = format!(
        "{TAKE} (if (i64.eqz (local.get $id)) (then (return (i64.const -1))))
         (if (i32.eqz (i32.load (i32.const 3008)))
            (then (i32.store (i32.const 3008) (i32.const 1)) {first})
            (else (call $collect (i32.const 10) (i32.const 2200)) {then}))"
    );
    let mut bench = Bench::start(&Guest { imports: IMPORTS, step: &step, ..Guest::default() });
    bench.turn();
    bench
}

fn settle(outcome: u8) -> String {
    SETTLE.replace("OUTCOME", &outcome.to_string())
}

fn settled(events: &[Event]) -> Vec<(u64, SettleCode)> {
    events.iter().filter_map(|event| if let Event::Settled(id, code, _) = event { Some((*id, *code)) } else { None }).collect()
}

#[test]
fn an_order_goes_out_as_a_write_and_is_settled_when_it_is_answered() {
    let mut bench = bench(WRITE, &settle(0));
    assert!(bench.order(41, 1_000));
    let events = bench.turn_events();
    assert!(matches!(&events[..], [Event::Sent(1, request)] if request.function == 6 && request.unit == 3), "{events:?}");
    assert_eq!(bench.turn_events(), [], "nothing has arrived, so no step");
    bench.world.answer(0, &[]);
    assert_eq!(bench.turn_events(), [Event::Settled(41, SettleCode::Done, "hello".into())]);
    assert_eq!(bench.plugin.figures().orders, 1);
}

#[test]
fn an_order_is_settled_once() {
    let mut bench = bench(&format!("{} {}", settle(0), settle(0)), "");
    bench.order(41, 1_000);
    let events = bench.turn_events();
    assert_eq!(settled(&events), [(41, SettleCode::NotSent)], "the step is void, and no write was in it: {events:?}");
    assert!(bench.last_fault().message.contains("not open"));
}

#[test]
fn orders_of_a_faulted_plugin_are_never_guessed() {
    for (first, then, answer, wanted, why) in [
        ("(unreachable)", "", None, SettleCode::NotSent, "it was taken, and nothing submitted"),
        (&*format!("{WRITE} (unreachable)"), "", None, SettleCode::NotSent, "the submitting step is void"),
        (WRITE, "(unreachable)", Some(0), SettleCode::Unknown, "a write had left"),
        (WRITE, &format!("{} (unreachable)", settle(0)), Some(0), SettleCode::Unknown, "the settling step is void"),
        (WRITE, "(unreachable)", Some(field_error::NOT_CONNECTED), SettleCode::NotSent, "the write never reached the device"),
        (WRITE, "(unreachable)", Some(field_error::TIMEOUT), SettleCode::Unknown, "nobody knows"),
    ] {
        let mut bench = bench(first, then);
        bench.order(41, 60_000);
        let mut events = bench.turn_events();
        if let Some(error) = answer {
            bench.world.answer(error, &[]);
            events = bench.turn_events();
        }
        assert_eq!(settled(&events), [(41, wanted)], "{why}");
        assert_eq!(events.last(), Some(&Event::State(2)), "{why}");
        bench.after_ms(200);
        assert_eq!(settled(&bench.turn_events()), [], "never handed over again: {why}");
    }
}

#[test]
fn a_driver_cannot_claim_that_a_sent_write_was_not_sent() {
    for (error, wanted) in [
        (field_error::TIMEOUT, SettleCode::Unknown),
        (0, SettleCode::Unknown),
        (field_error::NOT_CONNECTED, SettleCode::NotSent),
        (field_error::QUEUE_FULL, SettleCode::NotSent),
    ] {
        let mut bench = bench(WRITE, &settle(3));
        bench.order(41, 1_000);
        bench.turn();
        bench.world.answer(error, &[]);
        assert_eq!(settled(&bench.turn_events()), [(41, wanted)], "error {error}");
    }
}

#[test]
fn an_expired_order_is_not_handed_over_and_not_written() {
    let mut bench = bench(WRITE, "");
    bench.order(41, 10);
    assert_eq!(settled(&bench.after_ms(10)), [(41, SettleCode::NotSent)]);
    // Taken in time, but written too late.
    let late = format!("(if (i32.ge_u (global.get $steps) (i32.const 3)) (then {WRITE}))");
    let mut bench = self::bench("", &late);
    bench.order(42, 10);
    assert_eq!(bench.turn_events(), []);
    let events = bench.after_ms(1_000);
    assert_eq!(events, [], "the write was refused, not sent");
}

#[test]
fn orders_are_taken_in_only_while_running_and_within_the_grant_and_the_limit() {
    let step = "(if (i32.const 0) (then (call $take (i32.const 0) (i32.const 2048))))";
    let guest = Guest { imports: &["take"], step, ..Guest::default() };
    let loaded = Bench::load_with(&guest, |_| {});
    assert!(!loaded.order(1, 1_000), "not started yet");
    let mut bench = Bench::start(&guest);
    for id in 0..plantroom_host::limits::ORDERS as u64 {
        assert!(bench.order(id + 1, 1_000));
    }
    assert!(!bench.order(9_999, 1_000), "full");
    bench.plugin.stop();
    let events = bench.turn_events();
    assert_eq!(settled(&events).len(), plantroom_host::limits::ORDERS, "every order is settled");
    assert!(settled(&events).iter().all(|(_, code)| *code == SettleCode::NotSent));
}

#[test]
fn an_order_that_is_never_settled_is_a_fault() {
    let mut bench = bench("", "");
    bench.order(41, 1_000);
    assert_eq!(bench.turn_events(), []);
    assert_eq!(bench.after_ms(1_000 + plantroom_host::limits::SETTLE_MS - 1), []);
    assert_eq!(settled(&bench.after_ms(1)), [(41, SettleCode::NotSent)]);
    assert!(bench.last_fault().message.contains("did not settle"));
}

#[test]
fn a_component_that_takes_no_orders_gets_none() {
    let bench = Bench::start(&Guest::default());
    assert!(!bench.order(41, 1_000));
}

#[test]
fn an_answer_for_a_dead_instance_reaches_nobody() {
    let mut bench = bench(WRITE, "(unreachable)");
    bench.order(41, 1_000);
    bench.turn();
    bench.order(42, 1_000);
    assert_eq!(settled(&bench.turn_events()).len(), 2);
    bench.after_ms(200);
    bench.turn_events();
    bench.world.answer(0, &[1, 2, 3]);
    assert_eq!(bench.turn_events(), []);
}

#[test]
fn a_lost_transaction_is_answered_as_unknown() {
    let mut bench = bench(WRITE, &settle(3));
    bench.order(41, 1_000);
    bench.turn();
    bench.world.open.lock().clear();
    assert_eq!(settled(&bench.turn_events()), [(41, SettleCode::Unknown)], "a dropped answer counts as a time-out");
}
