//! Rows that are fixed once, and transactions in two lists: what they mean, and what traps.

use plantroom_host::FaultKind;
use plantroom_model::{ConnectionId, Value};

use crate::guest::Guest;
use crate::world::{Bench, Event};

/// Fixes rows of the handles at 4096 and the kinds at 4120, drops their name.
fn fix(handles: &[u32], kinds: &[u8], told_kinds: usize) -> String {
    let mut text = String::new();
    for (place, handle) in handles.iter().enumerate() {
        text.push_str(&format!("(i32.store (i32.const {}) (i32.const {handle}))", 4_096 + 4 * place));
    }
    for (place, kind) in kinds.iter().enumerate() {
        text.push_str(&format!("(i32.store8 (i32.const {}) (i32.const {kind}))", 4_120 + place));
    }
    let rows = handles.len();
    format!("{text}(drop (call $fix_set (i32.const 4096) (i32.const {rows}) (i32.const 4120) (i32.const {told_kinds})))")
}

/// Publishes one run: of this set, from this row on, so many rows, and so many values: 10, 11 and so on, as floats.
fn publish(set: u64, first: u64, count: u64, values: usize, heads: usize) -> String {
    let mut text = String::new();
    for (place, head) in [set << 32 | first, count << 32, 77].into_iter().enumerate() {
        text.push_str(&format!("(i64.store (i32.const {}) (i64.const {head}))", 5_120 + 8 * place));
    }
    for place in 0..values {
        text.push_str(&format!("(f64.store (i32.const {}) (f64.const {}))", 6_144 + 8 * place, 10 + place));
    }
    format!("{text}(call $publish_runs (i32.const 5120) (i32.const {heads}) (i32.const 6144) (i32.const {values}))")
}

fn check(step: &str, part: &str) {
    let imports = &["fix-set", "publish-runs", "submit-packed"];
    Bench::start(&Guest { imports, step, ..Guest::default() }).expect_fault(FaultKind::Contract, part);
}

#[test]
fn runs_of_a_fixed_set_are_published_as_its_rows() {
    let step = [fix(&[1, 0], &[4, 4], 2), publish(0, 1, 1, 1, 3), publish(0, 0, 2, 2, 3)].concat();
    let mut bench = Bench::start(&Guest { imports: &["fix-set", "publish-runs"], step: &step, ..Guest::default() });
    let float = |tag: u32, value: f64| (tag, Value::Float(value));
    // Handle 0 is tag 1, handle 1 is tag 2.
    let expected = [Event::Samples(vec![float(1, 10.0)]), Event::Samples(vec![float(2, 10.0), float(1, 11.0)])];
    assert_eq!(bench.turn_events(), expected);
    // The second step fixes another set; the first one's name goes on to mean the same.
    assert_eq!(bench.after_ms(1_000), expected);
}

#[test]
fn a_set_must_hold_together_and_be_granted() {
    check(&fix(&[0, 1], &[4], 1), "differ in length");
    check(&fix(&[2], &[4], 1), "handle 2, which it was not granted");
    check(&fix(&[900], &[4], 1), "handle 900, which it was not granted");
    check(&fix(&[0], &[5], 1), "value kind 5");
}

#[test]
fn sets_are_bounded() {
    let each = fix(&[0], &[4], 1);
    let step = format!("(loop $again {each} (br $again))");
    let guest = Guest { imports: &["fix-set"], step: &step, ..Guest::default() };
    let bench = Bench::start_with(&guest, |grant| grant.hard_ms = 20_000);
    bench.expect_fault(FaultKind::Contract, "more than 1048576 rows or 65536 sets");
}

#[test]
fn a_run_must_lie_within_its_set() {
    let outside = "not within their sets";
    for (set, first, count, values) in
        [(1, 0, 1, 1), (0, 2, 1, 1), (0, 1, 2, 2), (0, 0, 1, 2), (0, 0, 2, 1), (0, 0xFFFF_FFFF, 2, 2)]
    {
        check(&[fix(&[0, 1], &[4, 4], 2), publish(set, first, count, values, 3)].concat(), outside);
    }
    // A head that isn't whole.
    check(&[fix(&[0], &[4], 1), publish(0, 0, 1, 1, 2)].concat(), outside);
}

#[test]
fn runs_are_published_within_the_granted_rate() {
    let step = [fix(&[0, 1], &[4, 4], 2), publish(0, 0, 2, 2, 3)].concat();
    let guest = Guest { imports: &["fix-set", "publish-runs"], step: &step, ..Guest::default() };
    let mut bench = Bench::start_with(&guest, |grant| grant.samples_per_s = 1);
    bench.turn_events();
    bench.after_ms(1_000);
    let figures = bench.plugin.figures();
    assert_eq!((figures.samples, figures.dropped_samples), (2, 2), "the burst is one of each tag");
}

/// A read in two numbers: three registers from 7 on of unit 5, within 250 ms.
fn read(place: u64, function: u64, numbers: usize) -> String {
    let (what, how) = (place << 32 | 5 << 24 | function << 16 | 7, 250_u64 << 32 | 3);
    format!(
        "(i64.store (i32.const 5120) (i64.const {what})) (i64.store (i32.const 5128) (i64.const {how}))
         (drop (call $submit_packed (i32.const 5120) (i32.const {numbers})))"
    )
}

#[test]
fn packed_reads_are_reads_and_nothing_else() {
    let step = [read(0, 3, 2), read(0, 6, 2), read(0, 16, 2)].concat();
    let mut bench = Bench::start(&Guest { imports: &["submit-packed"], step: &step, ..Guest::default() });
    let events = bench.turn_events();
    let [Event::Sent(connection, request)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*connection, ConnectionId(1).0);
    assert_eq!((request.unit, request.function, request.address, request.count, request.timeout_ms), (5, 3, 7, 3, 250));
    check(&read(1, 3, 2), "connection 1, which it was not granted");
    check(&read(0, 3, 1), "a list of 1 numbers as reads");
}

#[test]
fn packed_answers_name_their_reads_and_hold_their_words() {
    // Publishes, of two answers: the names' sum x 1,000,000 + the first one's end x 100,000 + the second's error x 10,000 + the
    // first words' sum.
    let step = format!(
        "(call $collect_packed (i32.const 10) (i32.const 2048))
         (if (i32.eq (i32.load (i32.const 2052)) (i32.const 6)) (then
            (local.set $i (i32.load (i32.const 2048)))
            (call $send (i32.const 0) (f64.convert_i64_u (i64.add (i64.add (i64.add
                (i64.mul (i64.const 1000000) (i64.add (i64.load (local.get $i)) (i64.load offset=24 (local.get $i))))
                (i64.mul (i64.const 100000) (i64.extend_i32_u (i32.load offset=8 (local.get $i)))))
                (i64.mul (i64.const 10000) (i64.extend_i32_u (i32.load offset=36 (local.get $i)))))
                (i64.extend_i32_u (i32.load16_u (i32.load (i32.const 2056)))))))))
         (if (i32.eq (global.get $steps) (i32.const 1)) (then {} {}))",
        read(0, 3, 2),
        read(0, 4, 2)
    );
    let imports = &["submit-packed", "collect-packed", "publish"];
    let mut bench = Bench::start(&Guest { imports, step: &step, ..Guest::default() });
    assert_eq!(bench.turn_events().len(), 2, "both are sent");
    bench.world.answer(0, &[7, 1, 9]);
    bench.world.answer(0, &[30, 2, 9]);
    let events = bench.turn_events();
    // Names 1 and 2; the first one's words end at 3; no error; 7.
    assert!(matches!(&events[..], [Event::Samples(rows)] if format!("{rows:?}").contains("3300007")), "{events:?}");
}
