//! What one call publishes leaves in one piece, and what one step says counts as a whole: a batch with one row that may not be
//! there takes its good rows, and everything else of its step, with it; a value that no number is harms nobody.

use plantroom_host::FaultKind;
use plantroom_model::{Value, limits::BATCH_ROWS};

use crate::guest::Guest;
use crate::world::{Bench, Event};

const IMPORTS: &[&str] = &["publish", "fix-set", "publish-runs"];
/// What the guest's memory holds from here on is 0, once it has grown.
const ZEROS: u32 = 1 << 20;
const GROW: &str = "(drop (memory.grow (i32.const 48)))";

/// Publishes rows as columns: handle and value bits, all floats.
fn columns(rows: &[(u32, u64)]) -> String {
    let mut text = String::new();
    for (place, (handle, bits)) in rows.iter().enumerate() {
        text.push_str(&format!(
            "(i32.store (i32.const {}) (i32.const {handle})) (i32.store8 (i32.const {}) (i32.const 4))
             (i64.store (i32.const {}) (i64.const {bits}))",
            4_200 + 4 * place,
            4_400 + place,
            4_600 + 8 * place
        ));
    }
    let count = rows.len();
    format!(
        "{text}(call $publish (i32.const 4200) (i32.const {count}) (i32.const 4400) (i32.const {count}) (i32.const 4600)
         (i32.const {count}) (i32.const 5000) (i32.const {count}) (i32.const 5400) (i32.const {count}) (i32.const 0) (i32.const 0))"
    )
}

/// Fixes handles 0 and 1 as a set of floats, and publishes these value bits as one run of it.
fn run(values: &[u64]) -> String {
    let mut text = "(i32.store (i32.const 4200) (i32.const 0)) (i32.store (i32.const 4204) (i32.const 1))
        (i32.store16 (i32.const 4400) (i32.const 0x0404))
        (drop (call $fix_set (i32.const 4200) (i32.const 2) (i32.const 4400) (i32.const 2)))
        (i64.store (i32.const 6000) (i64.const 0)) (i64.store (i32.const 6016) (i64.const 0))"
        .to_owned();
    text.push_str(&format!("(i64.store (i32.const 6008) (i64.const {}))", (values.len() as u64) << 32));
    for (place, bits) in values.iter().enumerate() {
        text.push_str(&format!("(i64.store (i32.const {}) (i64.const {bits}))", 4_600 + 8 * place));
    }
    format!("{text}(call $publish_runs (i32.const 6000) (i32.const 3) (i32.const 4600) (i32.const {}))", values.len())
}

/// So many rows of handle 0 without a value, as columns.
fn many_columns(rows: usize) -> String {
    let lists = format!("(i32.const {ZEROS}) (i32.const {rows}) ").repeat(5);
    format!("{GROW}(call $publish {lists}(i32.const 0) (i32.const 0))")
}

/// The same as one run of a set.
fn many_in_a_run(rows: usize) -> String {
    format!(
        "{GROW}(drop (call $fix_set (i32.const {ZEROS}) (i32.const {rows}) (i32.const {ZEROS}) (i32.const {rows})))
         (i64.store (i32.const 6000) (i64.const 0)) (i64.store (i32.const 6008) (i64.const {})) (i64.store (i32.const 6016)
         (i64.const 0)) (call $publish_runs (i32.const 6000) (i32.const 3) (i32.const {ZEROS}) (i32.const {rows}))",
        (rows as u64) << 32
    )
}

fn bits(value: f64) -> u64 {
    value.to_bits()
}

fn bench(step: &str) -> Bench {
    let guest = Guest { imports: IMPORTS, step, ..Guest::default() };
    Bench::start_with(&guest, |grant| (grant.samples_per_s, grant.hard_ms, grant.soft_ms) = (1_000_000, 20_000, 10_000))
}

#[test]
fn one_row_that_may_not_be_there_takes_its_batch_and_its_step_with_it() {
    let good = columns(&[(0, bits(1.0)), (1, bits(2.0))]);
    // Granted for reading only; not granted at all; no handle of anybody's.
    for handle in [2, 3, 900, u32::MAX >> 1] {
        let sentence = format!("it published handle {handle}, which it was not granted (`publish` in plugins.toml)");
        for rows in [[(handle, 0), (0, bits(5.0))], [(0, bits(5.0)), (handle, 0)]] {
            bench(&columns(&rows)).expect_fault(FaultKind::Contract, &sentence);
            bench(&[good.as_str(), &columns(&rows)].concat()).expect_fault(FaultKind::Contract, &sentence);
            bench(&[run(&[bits(1.0), bits(2.0)]).as_str(), &columns(&rows)].concat())
                .expect_fault(FaultKind::Contract, &sentence);
        }
    }
}

#[test]
fn values_that_are_no_numbers_leave_with_the_others() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::from_bits(0x7FF8_0000_DEAD_BEEF), f64::MIN_POSITIVE / 2.0, -0.0];
    for value in odd {
        for step in [run(&[bits(value), bits(7.0)]), columns(&[(0, bits(value)), (1, bits(7.0))])] {
            let events = bench(&step).turn_events();
            let [Event::Samples(rows)] = &events[..] else { panic!("{value}: {events:?}") };
            let [(1, Value::Float(first)), (2, Value::Float(second))] = rows[..] else { panic!("{value}: {rows:?}") };
            assert_eq!((first.to_bits(), second), (value.to_bits(), 7.0), "{value}");
        }
    }
}

#[test]
fn a_batch_of_the_largest_size_leaves_whole_and_one_row_more_leaves_nothing() {
    for step in [many_columns, many_in_a_run] {
        let events = bench(&step(BATCH_ROWS)).turn_events();
        let [Event::Samples(rows)] = &events[..] else { panic!("{} events", events.len()) };
        assert_eq!(rows.len(), BATCH_ROWS);
        assert!(rows.iter().all(|row| *row == (1, Value::Null)));
    }
    bench(&many_columns(BATCH_ROWS + 1)).expect_fault(FaultKind::Contract, "more than 65536 rows");
    bench(&many_in_a_run(BATCH_ROWS + 1)).expect_fault(FaultKind::Contract, "more than 65536 rows in one call");
}

#[test]
fn after_a_batch_that_was_refused_the_next_instance_publishes_as_ever() {
    let good = run(&[bits(1.0), bits(2.0)]);
    let step = format!("{good} (if (i32.eq (global.get $steps) (i32.const 2)) (then {}))", columns(&[(0, 0), (900, 0)]));
    let whole = vec![Event::Samples(vec![(1, Value::Float(1.0)), (2, Value::Float(2.0))])];
    let mut bench = bench(&step);
    assert_eq!(bench.turn_events(), whole);
    assert_eq!(bench.after_ms(1_000), [Event::State(2)], "its second step is void, also what was good of it");
    bench.after_ms(1_000);
    assert_eq!(bench.turn_events(), whole, "a new instance begins anew");
    assert_eq!(bench.plugin.figures().samples, 4);
}
