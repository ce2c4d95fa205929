//! Derived tags, totals, overrides, and how they see one another.

use super::*;
use plantroom_model::{DerivedSpec, LimitSet, LimitState, TagMode, TotalSpec, Totalise};

pub(super) fn derived(name: &str, expression: &str, inputs: &[u32]) -> TagSpec {
    let derived = DerivedSpec { expression: expression.into(), inputs: inputs.iter().copied().map(TagId).collect() };
    TagSpec::new(name, ValueKind::Float, Origin::Derived(derived.into()))
}

pub(super) fn total(name: &str, source: u32, how: Totalise) -> TagSpec {
    TagSpec::new(name, ValueKind::Float, Origin::Total(TotalSpec { source: TagId(source), how }.into()))
}

fn rows(rows: &[(u32, f64)]) -> Columns {
    let mut columns = Columns::default();
    for (tag, value) in rows {
        columns.push(*tag, &Value::Float(*value), Status::GOOD, Utc(0));
    }
    columns
}

/// What was told of one tag since the last look.
fn told(engine: &mut TagEngine, tag: u32) -> Vec<(Value, Status)> {
    let changes = engine.take_changes();
    changes.iter().filter(|change| change.tag == TagId(tag)).map(|change| (change.sample.value, change.sample.status)).collect()
}

fn float(value: f64) -> Value {
    Value::Float(value)
}

#[test]
fn a_batch_is_one_picture_and_no_sample_is_passed_over() {
    let specs = vec![driven("a"), driven("b"), derived("d", "tag(\"a\") - tag(\"b\")", &[0, 1])];
    let mut engine = engine(specs);
    engine.apply(&rows(&[(0, 10.0), (1, 10.0)]), at(1));
    assert_eq!(told(&mut engine, 2).last(), Some(&(float(0.0), Status::GOOD)));
    // Both flows doubled at once: nobody sees a difference.
    engine.apply(&rows(&[(0, 20.0), (1, 20.0)]), at(2));
    assert_eq!(told(&mut engine, 2), []);
    // Three pictures in one batch: each is seen.
    engine.apply(&rows(&[(0, 21.0), (0, 25.0), (1, 20.0), (0, 20.0)]), at(3));
    assert_eq!(told(&mut engine, 2), [1.0, 5.0, 0.0].map(|value| (float(value), Status::GOOD)));
}

#[test]
fn a_tag_is_as_good_as_the_worst_that_it_is_computed_from() {
    let specs = vec![
        driven("a"),
        driven("b"),
        derived("sum", "tag(\"a\") + tag(\"b\")", &[0, 1]),
        derived("twice", "2 * tag(\"sum\")", &[2]),
        derived("safe", "tag_or(\"b\", 0.0) + 1", &[1]),
    ];
    let mut engine = engine(specs);
    assert_eq!(status(&engine, 3), Status::BAD_WAITING_FOR_INITIAL_DATA);
    engine.apply(&rows(&[(0, 1.0), (1, 2.0)]), at(0));
    let held = |engine: &TagEngine, tag| engine.current(TagId(tag)).map(|s| (s.value, s.status)).unwrap();
    assert_eq!(held(&engine, 3), (float(6.0), Status::GOOD));
    engine.missed(&[TagId(1)], Status::BAD_TIMEOUT, at(10));
    assert_eq!(held(&engine, 3), (float(6.0), Status::UNCERTAIN_SUB_NORMAL));
    engine.plugin_down(PluginId(0), Status::BAD_NO_COMMUNICATION, at(20));
    assert_eq!(held(&engine, 3), (float(6.0), Status::BAD_NO_COMMUNICATION), "the last value stays, marked");
    assert_eq!(held(&engine, 4), (float(1.0), Status::GOOD));
    engine.apply(&rows(&[(0, 1.0), (1, 2.0)]), at(30));
    assert_eq!(held(&engine, 3), (float(6.0), Status::GOOD));
}

#[test]
fn what_cannot_be_computed_is_bad_with_a_reason_that_goes_away() {
    let mut engine = engine(vec![driven("a"), derived("d", "1 / tag(\"a\")", &[0])]);
    let notes = |engine: &mut TagEngine| -> Vec<Option<String>> {
        engine.take_changes().notes().iter().map(|(_, note)| note.as_ref().map(ToString::to_string)).collect()
    };
    engine.apply(&rows(&[(0, 2.0)]), at(0));
    notes(&mut engine);
    engine.apply(&rows(&[(0, 0.0)]), at(1));
    assert_eq!(status(&engine, 1), Status::BAD_OUT_OF_RANGE);
    assert_eq!(engine.current(TagId(1)).unwrap().value, float(0.5));
    assert!(notes(&mut engine)[0].as_ref().is_some_and(|note| note.contains("divided by 0")));
    engine.apply(&rows(&[(0, 4.0)]), at(2));
    assert_eq!((status(&engine, 1), notes(&mut engine)), (Status::GOOD, vec![None]));
}

#[test]
fn circles_and_broken_expressions_are_bad_and_harm_nobody() {
    let specs = vec![
        derived("a", "tag(\"b\") + 1", &[1]),
        derived("b", "tag(\"a\") + 1", &[0]),
        derived("c", "tag(\"nobody\")", &[]),
        derived("d", "1 +", &[]),
        derived("e", "tag(\"e\")", &[4]),
        total("f", 99, Totalise::Starts),
        derived("g", "2 + 2", &[]),
        derived("h", "\"x\"", &[]),
    ];
    let mut engine = engine(specs);
    for tag in 0..6 {
        assert_eq!(status(&engine, tag), Status::BAD_CONFIGURATION, "tag {tag}");
    }
    assert_eq!(engine.current(TagId(6)).unwrap().value, float(4.0));
    assert_eq!(status(&engine, 7), Status::BAD_TYPE_MISMATCH);
    engine.apply(&rows(&[(0, 1.0), (6, 9.0)]), at(1));
    assert_eq!(engine.current(TagId(6)).unwrap().value, float(4.0), "no plugin says what a computed tag is");
}

#[test]
fn totals_follow_their_sources_and_are_set_by_operators() {
    let hour = Totalise::Rate { per_s: 3_600.0 };
    let specs = vec![driven("flow"), total("volume", 0, hour), derived("tons", "tag(\"volume\") * 0.998", &[1])];
    let mut engine = engine(specs);
    engine.apply(&rows(&[(0, 7.2)]), at(0));
    engine.apply(&rows(&[(0, 3.6)]), at(1_000));
    let sum = |engine: &TagEngine| engine.current(TagId(1)).and_then(|s| s.value.as_f64()).unwrap();
    assert!((sum(&engine) - 0.002).abs() < 1e-12, "{}", sum(&engine));
    // Nothing new is heard, and the flow holds; then it is not known any more.
    for second in 2..=4 {
        engine.tick(at(second * 1_000));
    }
    assert!((sum(&engine) - 0.005).abs() < 1e-12, "{}", sum(&engine));
    engine.plugin_down(PluginId(0), Status::BAD_NO_COMMUNICATION, at(4_000));
    engine.tick(at(9_000));
    assert!((sum(&engine) - 0.005).abs() < 1e-12);
    assert_eq!(status(&engine, 1), Status::UNCERTAIN_SUB_NORMAL);
    engine.set(TagId(1), Value::Float(100.0), Status::GOOD, at(9_100));
    assert_eq!(sum(&engine), 100.0);
    assert_eq!(engine.current(TagId(2)).unwrap().value, float(99.8));
    let kept = engine.take_changes().totals().last().copied().unwrap();
    assert_eq!((kept.tag, kept.sum, kept.last), (TagId(1), 100.0, None));
}

#[test]
fn a_counter_that_went_on_while_the_station_was_down_counts_once() {
    let specs: Arc<[TagSpec]> = vec![driven("count"), total("sum", 0, Totalise::Counter { wraps_at: None, factor: 1.0 })].into();
    let mut first = TagEngine::new(Arc::clone(&specs), &[], START);
    first.apply(&rows(&[(0, 100.0)]), at(0));
    first.apply(&rows(&[(0, 130.0)]), at(1));
    let kept = first.take_changes().totals().last().copied().unwrap();
    let mut second = TagEngine::with_totals(&specs, &[], &[kept], at(10));
    assert_eq!(second.current(TagId(1)).unwrap().value, float(30.0), "before anything is heard");
    second.apply(&rows(&[(0, 137.0)]), at(11));
    assert_eq!(second.current(TagId(1)).unwrap().value, float(37.0));
}

#[test]
fn an_override_is_marked_and_gives_way_to_the_newest_of_the_source() {
    let specs = vec![driven("a"), derived("d", "tag(\"a\") * 2", &[0]), total("t", 0, Totalise::Rate { per_s: 1.0 })];
    let mut engine = engine(specs);
    let held = |engine: &TagEngine, tag| engine.current(TagId(tag)).map(|s| (s.value, s.status)).unwrap();
    let tag = TagId(0);
    assert!(!engine.set_mode(tag, TagMode::Substituted, None, at(0)), "there is no value to stand");
    engine.apply(&rows(&[(0, 1.0)]), at(0));
    assert!(!engine.set_mode(tag, TagMode::Substituted, Some(Value::Float(f64::NAN)), at(0)));
    assert!(!engine.set_mode(TagId(9), TagMode::OffScan, None, at(0)));

    assert!(engine.set_mode(tag, TagMode::Substituted, Some(Value::Int(5)), at(1)));
    assert_eq!((held(&engine, 0), held(&engine, 1)), ((float(5.0), Status::GOOD_SUBSTITUTED), (float(10.0), Status::GOOD)));
    engine.apply(&rows(&[(0, 2.0)]), at(2));
    assert_eq!(held(&engine, 0), (float(5.0), Status::GOOD_SUBSTITUTED));
    engine.missed(&[tag], Status::BAD_TIMEOUT, at(3));
    assert_eq!(engine.source(tag).map(|s| (s.value, s.status)), Some((float(2.0), Status::UNCERTAIN_LAST_USABLE)));
    assert_eq!(held(&engine, 0).1, Status::GOOD_SUBSTITUTED);

    assert!(engine.set_mode(tag, TagMode::Simulated, None, at(4)));
    let before = held(&engine, 2);
    engine.set(tag, Value::Float(7.0), Status::GOOD, at(5));
    assert_eq!(held(&engine, 0), (float(7.0), Status::GOOD_SIMULATED));
    engine.tick(at(60_000));
    assert_eq!(held(&engine, 2).0, before.0, "what is made up is no water");
    assert_eq!(engine.modes(), [(tag, TagMode::Simulated, float(7.0))]);

    assert!(engine.set_mode(tag, TagMode::OffScan, None, at(60_001)));
    assert_eq!((held(&engine, 0), held(&engine, 1).1), ((float(7.0), Status::BAD_OUT_OF_SERVICE), Status::BAD_OUT_OF_SERVICE));
    engine.apply(&rows(&[(0, 3.0)]), at(60_002));
    assert!(engine.set_mode(tag, TagMode::Normal, None, at(60_003)));
    assert_eq!((held(&engine, 0), held(&engine, 1)), ((float(3.0), Status::GOOD), (float(6.0), Status::GOOD)));
    assert_eq!((engine.modes(), engine.mode(tag)), (vec![], TagMode::Normal));
}

#[test]
fn limits_are_told_with_the_changes() {
    let limits = LimitSet { high: Some(80.0), low: Some(20.0), ..LimitSet::default() };
    let deadband = plantroom_model::Deadband { console: 0.0, history: 2.0 };
    let spec = driven("a").with(|tag| (tag.limits, tag.hysteresis, tag.deadband) = (limits, 5.0, deadband));
    let mut engine = engine(vec![spec]);
    engine.apply(&rows(&[(0, 50.0), (0, 51.0), (0, 53.0), (0, 80.0), (0, 76.0), (0, f64::NAN), (0, 74.0)]), at(0));
    let told = engine.take_changes();
    let told: Vec<_> = told.rows().iter().map(|row| (row.limit, row.is_news)).collect();
    use LimitState::{High, Normal};
    // First value, within the deadband, beyond it, at the limit, within the hysteresis, not a number, back.
    assert_eq!(told, [(Normal, true), (Normal, false), (Normal, true), (High, true), (High, true), (High, true), (Normal, true)]);
}

#[test]
fn a_clock_that_steps_moves_no_quality_and_no_total() {
    let specs = vec![driven("flow"), total("hours", 0, Totalise::Hours)];
    for step_ns in [3_600_000_000_000, -3_600_000_000_000, 315_576_000_000_000_000, -315_576_000_000_000_000_i64] {
        let mut engine = engine(specs.clone());
        let shifted = |ms: u64| Now { utc: Utc(at(ms).utc.0 + step_ns), ..at(ms) };
        let sample = |time: Utc| {
            let mut columns = Columns::default();
            columns.push(0, &Value::Float(1.0), Status::GOOD, time);
            columns
        };
        engine.apply(&sample(at(0).utc), at(0));
        // The station's clock steps, the device's doesn't.
        for ms in (1_000..=36_000).step_by(1_000) {
            engine.apply(&sample(at(ms).utc), shifted(ms));
            engine.tick(shifted(ms));
        }
        assert_eq!(status(&engine, 0), Status::GOOD, "step of {step_ns} ns");
        let hours = engine.current(TagId(1)).and_then(|s| s.value.as_f64()).unwrap();
        assert!((hours - 0.01).abs() < 1e-9, "36 s are 0.01 h, and not {hours}");
        let counted = engine.implausible_times();
        assert_eq!(counted > 0, step_ns != 3_600_000_000_000, "{counted} times could not be true");
    }
}
