//! Other definitions while the station runs.

use super::computed::{derived, total};
use super::*;
use plantroom_model::{LimitSet, LimitState, TagMode, Totalise};

fn held(engine: &TagEngine, tag: u32) -> (Value, Status) {
    engine.current(TagId(tag)).map(|s| (s.value, s.status)).unwrap()
}

fn float(value: f64) -> Value {
    Value::Float(value)
}

#[test]
fn what_is_not_changed_goes_on_and_what_is_waits_or_goes() {
    let memory = |name: &str, initial| TagSpec::new(name, ValueKind::Int, Origin::Memory { initial: Value::Int(initial) });
    let mut before = vec![driven("a"), driven("b"), driven("c"), memory("m", 1), derived("d", "tag(\"a\") + 1", &[0])];
    before.push(total("t", 0, Totalise::Rate { per_s: 1.0 }));
    let mut engine = engine(before.clone());
    for tag in 0..3 {
        engine.apply(&batch(tag, f64::from(tag) + 1.0), at(0));
    }
    engine.set(TagId(3), Value::Int(8), Status::GOOD, at(0));
    engine.missed(&[TagId(1)], Status::BAD_TIMEOUT, at(500));
    engine.take_changes();

    let mut after = before;
    let Origin::Driver { address, .. } = &mut after[2].origin else { panic!() };
    *address = "holding 7".into();
    after[0].limits = LimitSet { high: Some(0.5), ..LimitSet::default() };
    after[4] = derived("d", "tag(\"a\") + 10", &[0]);
    after.push(memory("n", 5));
    after.push(driven("e"));
    engine.change_plant(after.clone().into(), at(1_000));
    assert_eq!((held(&engine, 0), engine.limit(TagId(0))), ((float(1.0), Status::GOOD), LimitState::High));
    assert_eq!(held(&engine, 1), (float(2.0), Status::UNCERTAIN_LAST_USABLE));
    assert_eq!(held(&engine, 2), (Value::Null, Status::BAD_WAITING_FOR_INITIAL_DATA), "another register, another value");
    assert_eq!(held(&engine, 3), (Value::Int(8), Status::GOOD));
    assert_eq!(held(&engine, 4), (float(11.0), Status::GOOD));
    assert_eq!(held(&engine, 5), (float(1.0), Status::GOOD), "a second at 1 a second");
    assert_eq!((held(&engine, 6), held(&engine, 7).0), ((Value::Int(5), Status::GOOD), Value::Null));
    engine.missed(&[TagId(1)], Status::BAD_TIMEOUT, at(1_100));
    engine.missed(&[TagId(1)], Status::BAD_TIMEOUT, at(1_200));
    assert_eq!(status(&engine, 1), Status::BAD_NO_COMMUNICATION, "misses before the change count");

    after[1].origin = Origin::Gone;
    after[0].kind = ValueKind::Int;
    engine.change_plant(after.into(), at(2_000));
    assert_eq!(held(&engine, 1), (Value::Null, Status::BAD_OUT_OF_SERVICE));
    assert_eq!(held(&engine, 0), (Value::Int(1), Status::GOOD));
    assert_eq!(held(&engine, 5).0, float(2.0));
}

#[test]
fn a_change_to_the_same_tells_nothing() {
    let specs = vec![driven("a"), derived("d", "tag(\"a\") + 1", &[0]), total("t", 0, Totalise::Starts)];
    let mut engine = engine(specs.clone());
    engine.apply(&batch(0, 4.0), at(0));
    engine.take_changes();
    engine.change_plant(specs.into(), at(1));
    assert!(engine.take_changes().is_empty());
}

#[test]
fn overrides_and_totals_outlive_a_change() {
    let specs = vec![driven("a"), total("t", 0, Totalise::Counter { wraps_at: None, factor: 1.0 })];
    let mut engine = engine(specs.clone());
    for count in [5.0, 9.0] {
        engine.apply(&batch(0, count), at(0));
    }
    engine.set_mode(TagId(0), TagMode::OffScan, None, at(1));
    engine.change_plant(specs.into(), at(2));
    assert_eq!((held(&engine, 0), engine.mode(TagId(0))), ((float(9.0), Status::BAD_OUT_OF_SERVICE), TagMode::OffScan));
    engine.apply(&batch(0, 10.0), at(3));
    engine.set_mode(TagId(0), TagMode::Normal, None, at(4));
    assert_eq!((held(&engine, 0), held(&engine, 1)), ((float(10.0), Status::GOOD), (float(5.0), Status::GOOD)));
}
