//! What a guest may try, and what it costs it.

use std::time::Duration;

use plantroom_host::FaultKind;
use plantroom_model::{ConnectionId, Value};

use crate::guest::Guest;
use crate::world::{Bench, Event};

/// Publishes first, so that every test also sees that a void step counts for nothing.
fn check(imports: &[&str], then: &str, kind: FaultKind, part: &str) {
    let imports: Vec<&str> = imports.iter().chain(&["publish"]).copied().collect();
    let step = format!("(call $send (i32.const 0) (f64.const 1)) {then}");
    Bench::start(&Guest { imports: &imports, step: &step, ..Guest::default() }).expect_fault(kind, part);
}

#[test]
fn a_plain_guest_publishes() {
    let mut bench =
        Bench::start(&Guest { imports: &["publish"], step: "(call $send (i32.const 1) (f64.const 2.5))", ..Guest::default() });
    assert_eq!(bench.turn_events(), [Event::Samples(vec![(2, Value::Float(2.5))])], "handle 1 is tag 2");
    assert_eq!(bench.turn_events(), [], "it asked for a second of sleep");
    assert_eq!(bench.after_ms(1_000), [Event::Samples(vec![(2, Value::Float(2.5))])]);
    assert_eq!(bench.plugin.figures().steps, 2);
    assert_eq!(bench.plugin.figures().samples, 2);
    assert_eq!(bench.plugin.figures().memory_bytes, 4 * 65_536);
}

#[test]
fn traps_void_the_step() {
    check(&[], "(unreachable)", FaultKind::Trap, "unreachable");
    check(&[], "(drop (i32.load (i32.const 0x7fffffff)))", FaultKind::Trap, "out of bounds");
    check(&[], "(drop (i32.div_u (i32.const 1) (i32.const 0)))", FaultKind::Trap, "divide by zero");
}

#[test]
fn endless_recursion_is_a_trap() {
    let body = "(call $deep) ";
    let guest = Guest { imports: &[], step: body, ..Guest::default() };
    let text = "(func $deep (call $deep))";
    // The recursive function rides in on the end of `stop`.
    let stop = format!(") {text} (func");
    Bench::start(&Guest { stop: &stop, ..guest }).expect_fault(FaultKind::Trap, "stack");
}

#[test]
fn endless_loops_end_at_the_hard_limit() {
    check(&[], "(loop $again (br $again))", FaultKind::Deadline, "within 30 ms");
}

#[test]
fn memory_and_tables_end_at_their_limits() {
    let grow = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)";
    check(&[], grow, FaultKind::Memory, "plugins.toml grants 4");
    let table =
        "(loop $more (br_if $more (i32.ne (table.grow $table (ref.null func) (i32.const 50000)) (i32.const -1)))) (unreachable)";
    check(&[], table, FaultKind::Memory, "table elements");
}

#[test]
fn a_guest_that_lives_with_less_memory_goes_on() {
    let grow = "(drop (memory.grow (i32.const 60000))) (call $send (i32.const 0) (f64.const 1))";
    let mut bench = Bench::start(&Guest { imports: &["publish"], step: grow, ..Guest::default() });
    assert_eq!(bench.turn_events(), [Event::Samples(vec![(1, Value::Float(1.0))])]);
}

#[test]
fn foreign_handles_trap() {
    for (handle, what) in [("2", "read only"), ("3", "none"), ("-1", "none")] {
        check(&[], &format!("(call $send (i32.const {handle}) (f64.const 1))"), FaultKind::Contract, "was not granted");
        let missed =
            format!("(i32.store (i32.const 8) (i32.const {handle})) (call $missed (i32.const 8) (i32.const 1) (i32.const 0))");
        check(&["missed"], &missed, FaultKind::Contract, "was not granted");
        let _ = what;
    }
    let read = "(i32.store (i32.const 8) (i32.const 0)) (call $read (i32.const 8) (i32.const 1) (i32.const 2048))";
    check(&["read"], read, FaultKind::Contract, "`read` in plugins.toml");
}

#[test]
fn malformed_batches_trap() {
    let publish = |handles: u32, kinds: u32, text: u32| {
        format!(
            "(call $one (i32.const 0) (f64.const 1)) (call $publish (i32.const 1024) (i32.const {handles}) (i32.const 1028)
             (i32.const {kinds}) (i32.const 1032) (i32.const 1) (i32.const 1040) (i32.const 1) (i32.const 1048) (i32.const 1)
             (i32.const 0) (i32.const {text}))"
        )
    };
    check(&[], &publish(2, 1, 0), FaultKind::Contract, "differ in length");
    check(&[], &publish(1, 0, 0), FaultKind::Contract, "differ in length");
    check(&[], &publish(1, 1, 2_000_000), FaultKind::Trap, "");
    let kind = "(call $one (i32.const 0) (f64.const 1)) (i32.store8 (i32.const 1028) (i32.const 9))
                (call $publish (i32.const 1024) (i32.const 1) (i32.const 1028) (i32.const 1) (i32.const 1032) (i32.const 1)
                (i32.const 1040) (i32.const 1) (i32.const 1048) (i32.const 1) (i32.const 0) (i32.const 0))";
    check(&[], kind, FaultKind::Contract, "unknown value kind");
    // 64 rows of the same 20,000 bytes.
    let text = "(loop $more
            (i32.store8 (i32.add (i32.const 8192) (local.get $i)) (i32.const 5))
            (i64.store (i32.add (i32.const 10240) (i32.mul (local.get $i) (i32.const 8))) (i64.const 20000))
            (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const 64))))
        (call $publish (i32.const 12288) (i32.const 64) (i32.const 8192) (i32.const 64) (i32.const 10240) (i32.const 64)
            (i32.const 12288) (i32.const 64) (i32.const 12288) (i32.const 64) (i32.const 16384) (i32.const 20000))";
    check(&[], text, FaultKind::Contract, "bytes of text");
}

#[test]
fn writes_need_an_open_order_and_a_granted_connection() {
    let submit = |place: u32, function: u32, order: u32| {
        format!(
            "(drop (call $submit (i32.const {place}) (i32.const 1) (i32.const {function}) (i32.const 0) (i32.const 1)
             (i32.const 8) (i32.const 1) (i64.const {order}) (i32.const 0)))"
        )
    };
    for function in [5, 6, 15, 16, 22, 23] {
        check(&["submit"], &submit(0, function, 0), FaultKind::Contract, "without an open order");
        check(&["submit"], &submit(0, function, 77), FaultKind::Contract, "without an open order");
    }
    check(&["submit"], &submit(1, 3, 0), FaultKind::Contract, "connection 1, which it was not granted");
}

#[test]
fn an_unknown_function_is_never_sent() {
    let step = "(drop (call $submit (i32.const 0) (i32.const 1) (i32.const 90) (i32.const 0) (i32.const 1) (i32.const 8)
                (i32.const 1) (i64.const 0) (i32.const 0)))
                (drop (call $submit (i32.const 0) (i32.const 1) (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8)
                (i32.const 0) (i64.const 0) (i32.const 0)))";
    let mut bench = Bench::start(&Guest { imports: &["submit"], step, ..Guest::default() });
    let events = bench.turn_events();
    assert!(
        matches!(&events[..], [Event::Sent(connection, request)] if *connection == ConnectionId(1).0 && request.function == 3)
    );
}

/// Two reads as columns: the second one's function and connection, and how many counts there are. Two holding registers
/// each; all else is 0.
fn reads(function: u8, place: u8, counts: u8) -> String {
    format!(
        "(i32.store8 (i32.const 12292) (i32.const {place})) (i32.store16 (i32.const 8192) (i32.const {}))
         (i32.store (i32.const 8196) (i32.const 0x00020002))
         (local.set $id (call $submit_reads (i32.const 12288) (i32.const 2) (i32.const 12304) (i32.const 2) (i32.const 8192)
            (i32.const 2) (i32.const 12304) (i32.const 2) (i32.const 8196) (i32.const {counts}) (i32.const 12304) (i32.const 2)))",
        3 | u32::from(function) << 8
    )
}

#[test]
fn reads_as_columns_must_hold_together_and_cannot_write() {
    check(&["submit-reads"], &reads(3, 0, 1), FaultKind::Contract, "differ in length");
    check(&["submit-reads"], &reads(3, 1, 2), FaultKind::Contract, "connection 1, which it was not granted");
    for function in [0, 6, 16, 22, 23, 90] {
        let mut bench = Bench::start(&Guest { imports: &["submit-reads"], step: &reads(function, 0, 2), ..Guest::default() });
        let events = bench.turn_events();
        assert!(matches!(&events[..], [Event::Sent(_, request)] if request.function == 3 && request.count == 2), "{events:?}");
    }
}

#[test]
fn answers_as_columns_name_their_reads_and_hold_their_words() {
    // Publishes, of two answers: the names' sum x 1,000,000 + the first one's end x 100,000 + the words' sum.
    let step = format!(
        "(call $collect_answers (i32.const 10) (i32.const 2048))
         (if (i32.eq (i32.load (i32.const 2052)) (i32.const 2)) (then
            (call $send (i32.const 0) (f64.convert_i64_u (i64.add (i64.add
                (i64.mul (i64.const 1000000) (i64.add (i64.load (i32.load (i32.const 2048)))
                    (i64.load offset=8 (i32.load (i32.const 2048)))))
                (i64.mul (i64.const 100000) (i64.extend_i32_u (i32.load (i32.load (i32.const 2064))))))
                (i64.add (i64.load16_u (i32.load (i32.const 2080))) (i64.load16_u offset=4 (i32.load (i32.const 2080)))))))))
         (if (i32.eq (global.get $steps) (i32.const 1)) (then {}))",
        reads(4, 0, 2)
    );
    let imports = &["submit-reads", "collect-answers", "publish"];
    let mut bench = Bench::start(&Guest { imports, step: &step, ..Guest::default() });
    assert_eq!(bench.turn_events().len(), 2, "both are sent");
    bench.world.answer(0, &[7, 1]);
    bench.world.answer(0, &[30, 2]);
    let events = bench.turn_events();
    // Names 1 and 2; the first one's words end at 2; 7 + 30.
    assert!(matches!(&events[..], [Event::Samples(rows)] if format!("{rows:?}").contains("3200037")), "{events:?}");
}

#[test]
fn unknown_orders_cannot_be_settled() {
    let settle = "(call $settle (i64.const 5) (i32.const 0) (i32.const 4096) (i32.const 5))";
    check(&["settle"], settle, FaultKind::Contract, "order 5, which is not open");
    let outcome = "(call $settle (i64.const 5) (i32.const 9) (i32.const 4096) (i32.const 5))";
    check(&["settle"], outcome, FaultKind::Contract, "does not exist");
}

#[test]
fn a_fault_keeps_the_last_words_of_its_void_step() {
    let step = "(call $log (i32.const 0) (i32.const 4102) (i32.const 5)) (unreachable)";
    let mut bench = Bench::start(&Guest { imports: &["log"], step, ..Guest::default() });
    assert_eq!(bench.turn_events(), [Event::State(2)]);
    let fault = bench.last_fault();
    assert_eq!((fault.message.as_str(), &fault.last_words[..], fault.step), ("hello", &["hello".to_owned()][..], 1));
    assert!(!fault.backtrace.is_empty());
}

#[test]
fn a_bug_of_the_station_is_a_fault_of_this_plugin_only() {
    let mut bench =
        Bench::start(&Guest { imports: &["publish"], step: "(call $send (i32.const 0) (f64.const 1))", ..Guest::default() });
    *bench.world.broken.lock() = true;
    bench.turn();
    assert_eq!((bench.last_fault().kind, bench.last_fault().message.as_str()), (FaultKind::Host, "the station has a bug"));
    *bench.world.broken.lock() = false;
    assert_eq!(bench.world.events(), [Event::State(2)]);
    assert_eq!(bench.after_ms(200), [Event::State(0), Event::State(1)]);
    assert_eq!(bench.turn_events(), [Event::Samples(vec![(1, Value::Float(1.0))])]);
}

#[test]
fn one_bad_plugin_delays_no_other() {
    let healthy = Guest { imports: &["publish"], step: "(call $send (i32.const 0) (f64.const 1))", ..Guest::default() };
    let looping = Guest { imports: &[], step: "(loop $again (br $again))", ..Guest::default() };
    let (mut good, bad) = (Bench::start(&healthy), Bench::start_with(&looping, |grant| grant.hard_ms = 2_000));
    let Bench { mut plugin, world } = bad;
    let thread = std::thread::spawn(move || plugin.turn());
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(good.turn_events().len(), 1, "the other one is in its endless loop");
    assert!(world.faults.lock().is_empty(), "and still is");
    thread.join().unwrap();
    assert_eq!(world.faults.lock()[0].kind, FaultKind::Deadline);
}
