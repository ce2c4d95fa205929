//! What the rules need of a tag's definition, packed, and shared by all tags that have the same.

use std::collections::HashMap;

use plantroom_model::{LimitSet, LimitState, Scaling, TagSpec, ValueKind};

/// Scaling, range, limits and deadband of a tag: two cache lines, without an `Option` to look into. What isn't said is
/// infinite, so that it never strikes. Tags of one type have one of these together.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(crate) struct Params {
    pub raw_low: f64,
    pub raw_span: f64,
    pub eng_low: f64,
    pub eng_span: f64,
    pub fault_below: f64,
    pub fault_above: f64,
    /// Range in engineering units.
    pub low: f64,
    pub high: f64,
    pub limit_low_low: f64,
    pub limit_low: f64,
    pub limit_high: f64,
    pub limit_high_high: f64,
    pub hysteresis: f64,
    /// To the historian, in engineering units.
    pub deadband: f64,
    pub stale_after_ms: u32,
    pub kind: ValueKind,
    pub scaled: bool,
}

impl Params {
    pub fn of(spec: &TagSpec) -> Self {
        let scaling =
            spec.scaling.unwrap_or(Scaling { raw_low: 0.0, raw_high: 1.0, eng_low: 0.0, eng_high: 1.0, fault_band: None });
        let (low, high) = spec.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let LimitSet { high_high, high: above, low: below, low_low } = spec.limits;
        Self {
            raw_low: scaling.raw_low,
            raw_span: scaling.raw_high - scaling.raw_low,
            eng_low: scaling.eng_low,
            eng_span: scaling.eng_high - scaling.eng_low,
            fault_below: scaling.fault_band.map_or(f64::NEG_INFINITY, |band| band.below),
            fault_above: scaling.fault_band.map_or(f64::INFINITY, |band| band.above),
            low,
            high,
            limit_low_low: low_low.unwrap_or(f64::NEG_INFINITY),
            limit_low: below.unwrap_or(f64::NEG_INFINITY),
            limit_high: above.unwrap_or(f64::INFINITY),
            limit_high_high: high_high.unwrap_or(f64::INFINITY),
            hysteresis: spec.hysteresis,
            deadband: spec.deadband.history,
            stale_after_ms: spec.stale_after_ms,
            kind: spec.kind,
            scaled: spec.scaling.is_some(),
        }
    }

    /// As [`Scaling::to_engineering`], in the same order of operations, so that both give the same bits.
    #[inline]
    pub fn to_engineering(&self, raw: f64) -> f64 {
        self.eng_low + (raw - self.raw_low) * self.eng_span / self.raw_span
    }

    /// As [`LimitState::next`] for a finite value.
    #[inline]
    pub fn limit(&self, state: LimitState, value: f64) -> LimitState {
        let back = |was: bool| if was { self.hysteresis } else { 0.0 };
        if state == LimitState::Normal
            && value > self.limit_low.max(self.limit_low_low)
            && value < self.limit_high.min(self.limit_high_high)
        {
            return LimitState::Normal;
        }
        if value >= self.limit_high_high - back(state == LimitState::HighHigh) {
            LimitState::HighHigh
        } else if value <= self.limit_low_low + back(state == LimitState::LowLow) {
            LimitState::LowLow
        } else if value >= self.limit_high - back(matches!(state, LimitState::High | LimitState::HighHigh)) {
            LimitState::High
        } else if value <= self.limit_low + back(matches!(state, LimitState::Low | LimitState::LowLow)) {
            LimitState::Low
        } else {
            LimitState::Normal
        }
    }

    /// All of it as bits, to find equal ones.
    fn key(&self) -> [u64; 15] {
        let mut key = [0; 15];
        let floats = [
            self.raw_low,
            self.raw_span,
            self.eng_low,
            self.eng_span,
            self.fault_below,
            self.fault_above,
            self.low,
            self.high,
            self.limit_low_low,
            self.limit_low,
            self.limit_high,
            self.limit_high_high,
            self.hysteresis,
            self.deadband,
        ];
        for (slot, float) in key.iter_mut().zip(floats) {
            *slot = float.to_bits();
        }
        key[14] = (u64::from(self.stale_after_ms) << 16) | ((self.kind as u64) << 8) | u64::from(self.scaled);
        key
    }
}

/// Each tag's parameters as a place in the list of different ones.
pub(crate) fn interned(specs: &[TagSpec]) -> (Vec<Params>, Vec<u32>) {
    let mut known: HashMap<[u64; 15], u32> = HashMap::new();
    let mut all = Vec::new();
    let places = specs.iter().map(|spec| {
        let params = Params::of(spec);
        *known.entry(params.key()).or_insert_with(|| {
            all.push(params);
            all.len() as u32 - 1
        })
    });
    let places = places.collect();
    all.shrink_to_fit();
    (all, places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::Origin;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packed_limits_are_the_models(
            bounds in proptest::collection::vec(proptest::option::of(-50.0..50.0_f64), 4),
            hysteresis in 0.0..10.0_f64,
            values in proptest::collection::vec(-60.0..60.0_f64, 1..50),
        ) {
            let limits = LimitSet { high_high: bounds[0], high: bounds[1], low: bounds[2], low_low: bounds[3] };
            let spec = TagSpec::new("t", ValueKind::Float, Origin::System);
            let params = Params::of(&spec.with(|tag| (tag.limits, tag.hysteresis) = (limits, hysteresis)));
            let (mut packed, mut model) = (LimitState::Normal, LimitState::Normal);
            for value in values {
                (packed, model) = (params.limit(packed, value), model.next(value, &limits, hysteresis));
                prop_assert_eq!(packed, model);
            }
        }
    }

    #[test]
    fn tags_of_one_kind_share_their_parameters() {
        let plain = TagSpec::new("t", ValueKind::Float, Origin::System);
        let spec = |stale_after_ms| plain.clone().with(|tag| tag.stale_after_ms = stale_after_ms);
        let (all, places) = interned(&[spec(1), spec(2), spec(1)]);
        assert_eq!((all.len(), places), (2, vec![0, 1, 0]));
        assert_eq!(size_of::<Params>(), 128);
    }
}
