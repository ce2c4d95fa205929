//! The engine beside a slow, clear model of the same rules.

use super::*;
use crate::accept::judge;
use crate::params::Params;
use plantroom_model::{FaultBand, LimitSet, LimitState, Scaling, limits};
use proptest::prelude::*;

/// One tag, as the rules say it, without a thought of speed.
struct Slow {
    spec: TagSpec,
    sample: Sample,
    limit: LimitState,
    misses: u8,
}

impl Slow {
    fn new(spec: &TagSpec) -> Self {
        Self { spec: spec.clone(), sample: Sample::waiting(), limit: LimitState::Normal, misses: 0 }
    }

    fn take(&mut self, value: Value, status: Status, time: i64, at: Now) {
        let far = limits::SOURCE_AHEAD_MS * 1_000_000 < time.saturating_sub(at.utc.0)
            || limits::SOURCE_BEHIND_MS * 1_000_000 < at.utc.0.saturating_sub(time);
        let source_time = if time == 0 || far { at.utc } else { Utc(time) };
        let (value, status) = judge(&Params::of(&self.spec), value, status);
        let value = value.unwrap_or_else(|| self.sample.value.clone());
        self.sample = Sample { value, status, source_time, server_time: at.utc };
        self.misses = 0;
        if self.sample.value.kind() != ValueKind::Bool
            && let Some(number) = self.sample.usable_f64()
        {
            self.limit = self.limit.next(number, &self.spec.limits, self.spec.hysteresis);
        }
    }

    fn miss(&mut self, at: Now) {
        self.misses = self.misses.saturating_add(1);
        let is_over = self.misses >= limits::MISSES_UNTIL_BAD || self.sample.value == Value::Null;
        let status = if is_over { Status::BAD_NO_COMMUNICATION } else { Status::UNCERTAIN_LAST_USABLE };
        let is_better = status.quality() < self.sample.status.quality();
        if !is_better && status != self.sample.status {
            (self.sample.status, self.sample.server_time) = (status, at.utc);
        }
    }
}

fn specs() -> Vec<TagSpec> {
    let scaling = Scaling {
        raw_low: 4_000.0,
        raw_high: 20_000.0,
        eng_low: -10.0,
        eng_high: 110.0,
        fault_band: Some(FaultBand { below: 3_600.0, above: 21_000.0 }),
    };
    let limits = LimitSet { high_high: Some(90.0), high: Some(80.0), low: Some(20.0), low_low: Some(10.0) };
    let of = |kind: ValueKind, scaled: bool, ranged: bool| {
        driven("t").with(|tag| {
            tag.kind = kind;
            tag.scaling = scaled.then_some(scaling);
            tag.range = ranged.then_some((0.0, 100.0));
            tag.limits = limits;
            tag.hysteresis = 3.0;
            tag.stale_after_ms = 0;
        })
    };
    vec![
        of(ValueKind::Float, true, true),
        of(ValueKind::Float, false, true),
        of(ValueKind::Float, false, false),
        of(ValueKind::Int, true, false),
        of(ValueKind::Uint, false, true),
        of(ValueKind::Int, false, false),
        of(ValueKind::Bool, false, false),
        of(ValueKind::Text, false, false),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Sample(u32, Value, Status, i64),
    Miss(u32),
}

fn any_step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        prop_oneof![any::<i64>(), -5..120_i64].prop_map(Value::Int),
        prop_oneof![any::<u64>(), 0..22_000_u64].prop_map(Value::Uint),
        prop_oneof![0.0..120.0_f64, 3e3..22e3_f64, Just(f64::NAN), Just(f64::NEG_INFINITY)].prop_map(Value::Float),
        "[a-z]{0,3}".prop_map(|text| Value::Text(text.as_str().into())),
    ];
    let status = prop_oneof![6 => Just(Status::GOOD), 1 => Just(Status::UNCERTAIN), 1 => Just(Status::BAD_DEVICE_FAILURE)];
    let time =
        prop_oneof![4 => Just(0_i64), 1 => any::<i64>(), 2 => (-90_000..90_000_i64).prop_map(|ms| START.utc.0 + ms * 1_000_000)];
    prop_oneof![
        8 => (0..9_u32, value, status, time).prop_map(|(tag, value, status, time)| Step::Sample(tag, value, status, time)),
        1 => (0..9_u32).prop_map(Step::Miss),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_is_the_clear_model_and_the_same_twice(steps in proptest::collection::vec(any_step(), 1..60)) {
        let specs = specs();
        let mut slow: Vec<Slow> = specs.iter().map(Slow::new).collect();
        let mut engines = [engine(specs.clone()), engine(specs)];
        for (number, step) in steps.iter().enumerate() {
            let now = at(number as u64 * 100);
            match step {
                Step::Sample(tag, value, status, time) => {
                    let mut columns = Columns::default();
                    columns.push(*tag, value, *status, Utc(*time));
                    engines.iter_mut().for_each(|engine| engine.apply(&columns, now));
                    if let Some(slow) = slow.get_mut(*tag as usize) {
                        slow.take(value.clone(), *status, *time, now);
                    }
                }
                Step::Miss(tag) => {
                    engines.iter_mut().for_each(|engine| engine.missed(&[TagId(*tag)], Status::BAD_TIMEOUT, now));
                    if let Some(slow) = slow.get_mut(*tag as usize) {
                        slow.miss(now);
                    }
                }
            }
            for (tag, slow) in slow.iter().enumerate() {
                let sample = engines[0].current(TagId(tag as u32)).unwrap();
                prop_assert!(sample.value.same(&slow.sample.value), "tag {}: {:?} {:?}", tag, sample, slow.sample);
                prop_assert_eq!(
                    (sample.status, sample.source_time, sample.server_time, engines[0].limit(TagId(tag as u32))),
                    (slow.sample.status, slow.sample.source_time, slow.sample.server_time, slow.limit)
                );
            }
            prop_assert_eq!(engines[0].take_changes(), engines[1].take_changes());
        }
    }
}
