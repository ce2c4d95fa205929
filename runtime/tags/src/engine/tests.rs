use super::*;
use plantroom_model::{ConnectionId, Mono, ValueKind};

const START: Now = Now { mono: Mono(1_000_000_000), utc: Utc(1_790_000_000_000_000_000) };

fn at(ms: u64) -> Now {
    Now { mono: START.mono.plus_ms(ms), utc: Utc(START.utc.0 + ms as i64 * 1_000_000) }
}

fn driven(name: &str) -> TagSpec {
    let origin = Origin::Driver { plugin: PluginId(0), connection: ConnectionId(0), device: None, address: "holding 0".into() };
    TagSpec::new(name, ValueKind::Float, origin).with(|tag| tag.stale_after_ms = 5_000)
}

fn engine(specs: Vec<TagSpec>) -> TagEngine {
    TagEngine::new(specs.into(), &[], START)
}

fn batch(tag: u32, value: f64) -> Columns {
    let mut columns = Columns::default();
    columns.push(tag, &Value::Float(value), Status::GOOD, Utc(0));
    columns
}

fn status(engine: &TagEngine, tag: u32) -> Status {
    engine.current(TagId(tag)).unwrap().status
}

#[test]
fn the_first_missed_poll_is_uncertain_and_the_third_is_bad_and_the_value_stays() {
    let mut engine = engine(vec![driven("a")]);
    engine.apply(&batch(0, 7.0), at(0));
    for (miss, expected) in [
        (1, Status::UNCERTAIN_LAST_USABLE),
        (2, Status::UNCERTAIN_LAST_USABLE),
        (3, Status::BAD_NO_COMMUNICATION),
        (4, Status::BAD_NO_COMMUNICATION),
    ] {
        engine.missed(&[TagId(0)], Status::BAD_TIMEOUT, at(miss * 1000));
        assert_eq!(status(&engine, 0), expected, "after miss {miss}");
        assert_eq!(engine.current(TagId(0)).unwrap().value, Value::Float(7.0));
    }
    engine.apply(&batch(0, 8.0), at(9_000));
    assert_eq!(status(&engine, 0), Status::GOOD);
    engine.missed(&[TagId(0)], Status::BAD_TIMEOUT, at(10_000));
    assert_eq!(status(&engine, 0), Status::UNCERTAIN_LAST_USABLE, "the row of misses began anew");
}

#[test]
fn a_tag_that_never_had_a_value_is_bad_at_the_first_miss() {
    let mut engine = engine(vec![driven("a")]);
    engine.missed(&[TagId(0)], Status::BAD_NOT_CONNECTED, at(0));
    assert_eq!(status(&engine, 0), Status::BAD_NO_COMMUNICATION);
}

#[test]
fn a_silent_driver_is_noticed_by_the_watchdog() {
    let mut engine = engine(vec![driven("a")]);
    engine.apply(&batch(0, 1.0), at(0));
    let mut seen = Vec::new();
    for ms in (0..20_000).step_by(100) {
        engine.tick(at(ms));
        if seen.last() != Some(&status(&engine, 0)) {
            seen.push(status(&engine, 0));
        }
    }
    assert_eq!(seen, [Status::GOOD, Status::UNCERTAIN_LAST_USABLE, Status::BAD_NO_COMMUNICATION]);
}

#[test]
fn an_unchanged_value_is_not_stale() {
    let mut engine = engine(vec![driven("a")]);
    for ms in (0..60_000).step_by(100) {
        if ms % 1_000 == 0 {
            engine.apply(&batch(0, 1.0), at(ms));
        }
        engine.tick(at(ms));
        assert_eq!(status(&engine, 0), Status::GOOD);
    }
}

#[test]
fn a_plugin_that_is_down_costs_only_its_own_tags() {
    let other = TagSpec { origin: Origin::Analytics { plugin: PluginId(1) }, ..driven("b") };
    let mut engine = engine(vec![driven("a"), other]);
    engine.apply(&batch(0, 1.0), at(0));
    engine.apply(&batch(1, 1.0), at(0));
    engine.plugin_down(PluginId(0), Status::BAD_NO_COMMUNICATION, at(10));
    assert_eq!((status(&engine, 0), status(&engine, 1)), (Status::BAD_NO_COMMUNICATION, Status::GOOD));
}

#[test]
fn every_accepted_sample_is_a_change_in_order() {
    let mut engine = engine(vec![driven("a")]);
    for value in [1.0, 2.0, 2.0, 1.0] {
        engine.apply(&batch(0, value), at(0));
    }
    let values: Vec<_> = engine.take_changes().iter().map(|change| change.sample.value).collect();
    assert_eq!(values, [1.0, 2.0, 2.0, 1.0].map(Value::Float));
    assert!(engine.take_changes().is_empty());
}

#[test]
fn retained_values_wait_for_confirmation_and_memory_holds_them() {
    let memory = TagSpec { origin: Origin::Memory { initial: Value::Float(3.0) }, ..driven("m") }.with(|tag| tag.retain = true);
    let unset = TagSpec { origin: Origin::Memory { initial: Value::Float(4.0) }, ..driven("n") };
    let specs: Vec<TagSpec> = vec![driven("a").with(|tag| tag.retain = true), memory, unset];
    let retained =
        [(TagId(0), Value::Float(9.0), Utc(5)), (TagId(1), Value::Float(8.0), Utc(6)), (TagId(77), Value::Int(1), Utc(7))];
    let mut engine = TagEngine::new(specs.into(), &retained, START);
    let held = |tag| engine.current(TagId(tag)).map(|s| (s.value.clone(), s.status)).unwrap();
    assert_eq!(held(0), (Value::Float(9.0), Status::UNCERTAIN_INITIAL));
    assert_eq!(held(1), (Value::Float(8.0), Status::GOOD));
    assert_eq!(held(2), (Value::Float(4.0), Status::GOOD));
    assert_eq!(engine.take_changes().len(), 3, "what is known at the start is told");
}

#[test]
fn samples_lost_on_the_way_make_a_value_uncertain_but_not_missed() {
    let mut engine = engine(vec![driven("a")]);
    engine.apply(&batch(0, 1.0), at(0));
    for _ in 0..5 {
        engine.missed(&[TagId(0)], Status::UNCERTAIN, at(1));
    }
    assert_eq!(status(&engine, 0), Status::UNCERTAIN);
}

#[test]
fn a_missed_poll_never_makes_a_bad_value_better() {
    let mut engine = engine(vec![driven("a")]);
    engine.apply(&batch(0, 1.0), at(0));
    engine.apply(&batch(0, f64::NAN), at(10));
    assert_eq!(status(&engine, 0), Status::BAD_OUT_OF_RANGE);
    engine.missed(&[TagId(0)], Status::BAD_TIMEOUT, at(20));
    assert_eq!(status(&engine, 0), Status::BAD_OUT_OF_RANGE);
    engine.plugin_down(PluginId(0), Status::BAD_NO_COMMUNICATION, at(30));
    engine.missed(&[TagId(0)], Status::BAD_TIMEOUT, at(40));
    assert_eq!(status(&engine, 0), Status::BAD_NO_COMMUNICATION);
    engine.apply(&batch(0, 2.0), at(50));
    assert_eq!(status(&engine, 0), Status::GOOD);
}

mod computed;
mod model;
mod online;
