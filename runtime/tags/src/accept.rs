//! One reading from a source, made into what its tag may hold.
//!
//! [`judge`] says it for every kind of value; [`quick`] says the same for numbers in bits, without making a [`Value`].

use plantroom_model::{Status, Value, ValueKind, limits};

use crate::params::Params;

/// The value to keep (`None`: the last one) and its status.
///
/// A reading that can't be used keeps the last value and marks it bad. Order of the rules: bad status, kind,
/// fault band, scaling, not-a-number, range (OPC 10000-8, 5.3 for engineering units exceeded).
pub(crate) fn judge(params: &Params, value: Value, status: Status) -> (Option<Value>, Status) {
    if value == Value::Null {
        let status = if status.is_good() { Status::BAD_DECODING } else { status };
        return (None, status);
    }
    if status.is_bad() {
        return (None, status);
    }
    if let Value::Text(text) = &value
        && text.len() > limits::TEXT_BYTES
    {
        return (None, Status::BAD_DECODING);
    }
    let value = if params.scaled {
        match scale(params, &value) {
            Ok(value) => value,
            Err(bad) => return (None, bad),
        }
    } else {
        value
    };
    if let Value::Float(number) = value
        && !number.is_finite()
    {
        return (None, Status::BAD_OUT_OF_RANGE);
    }
    let Some(value) = fit_kind(value, params.kind, params.scaled) else {
        return (None, Status::BAD_TYPE_MISMATCH);
    };
    let (value, status) = fit_range(value, params, status);
    (Some(value), status)
}

/// The same for a number or boolean in bits; `None` where the rules need a closer look. Gives the bits to keep, the same
/// as a number, and the status.
#[inline]
pub(crate) fn quick(params: &Params, kind: u8, bits: u64, status: Status) -> Option<(u64, f64, Status)> {
    const BOOL: u8 = ValueKind::Bool as u8;
    const INT: u8 = ValueKind::Int as u8;
    const UINT: u8 = ValueKind::Uint as u8;
    const FLOAT: u8 = ValueKind::Float as u8;
    if status.is_bad() {
        return None;
    }
    let (raw, bits) = match kind {
        FLOAT => (f64::from_bits(bits), bits),
        UINT => (bits as f64, bits),
        INT => (bits as i64 as f64, bits),
        BOOL => (f64::from(u8::from(bits != 0)), u64::from(bits != 0)),
        _ => return None,
    };
    if params.kind == ValueKind::Float {
        // Comparisons are written so that NaN and infinities fail them.
        let within = raw > params.fault_below && raw < params.fault_above;
        let value = if params.scaled { params.to_engineering(raw) } else { raw };
        if !within || !value.is_finite() {
            return None;
        }
        let held = value.max(params.low).min(params.high);
        let status = if held == value { status } else { status.worse(Status::UNCERTAIN_EU_EXCEEDED) };
        return Some((held.to_bits(), held, status));
    }
    let fits = kind == params.kind as u8 && !params.scaled && (kind == BOOL || (raw >= params.low && raw <= params.high));
    fits.then_some((bits, raw, status))
}

fn scale(params: &Params, value: &Value) -> Result<Value, Status> {
    let raw = value.as_f64().ok_or(Status::BAD_TYPE_MISMATCH)?;
    if !raw.is_finite() {
        return Err(Status::BAD_OUT_OF_RANGE);
    }
    if raw <= params.fault_below || raw >= params.fault_above {
        return Err(Status::BAD_SENSOR_FAILURE);
    }
    Ok(Value::Float(params.to_engineering(raw)))
}

/// A scaled number is rounded to an integer tag; an unscaled one must fit as it is.
pub(crate) fn fit_kind(value: Value, kind: ValueKind, scaled: bool) -> Option<Value> {
    if value.kind() == kind {
        return Some(value);
    }
    match (&value, kind) {
        (Value::Float(number), ValueKind::Int | ValueKind::Uint) if scaled => Value::Float(number.round()).converted(kind),
        _ => value.converted(kind),
    }
}

/// Clamps to the range and says so.
fn fit_range(value: Value, params: &Params, status: Status) -> (Value, Status) {
    let Some(number) = value.as_f64().filter(|_| !matches!(value, Value::Bool(_))) else { return (value, status) };
    if (params.low..=params.high).contains(&number) {
        return (value, status);
    }
    let edge = Value::Float(number.max(params.low).min(params.high));
    let clamped = fit_kind(edge, value.kind(), true).unwrap_or(value);
    (clamped, status.worse(Status::UNCERTAIN_EU_EXCEEDED))
}

/// The source time, or the station's where there is none or none that can be true; and whether it was the latter.
/// All in ns UTC.
#[inline]
pub(crate) fn plausible(source: i64, at: i64) -> (i64, bool) {
    const AHEAD_NS: i64 = limits::SOURCE_AHEAD_MS * 1_000_000;
    const BEHIND_NS: i64 = limits::SOURCE_BEHIND_MS * 1_000_000;
    if source == 0 {
        return (at, false);
    }
    let told = source <= at.saturating_add(AHEAD_NS) && source >= at.saturating_sub(BEHIND_NS);
    if told { (source, false) } else { (at, true) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{FaultBand, Origin, Scaling, TagSpec};
    use proptest::prelude::*;

    fn spec(kind: ValueKind) -> TagSpec {
        TagSpec::new("t", kind, Origin::System)
    }

    fn loop_spec() -> TagSpec {
        let scaling = Scaling {
            raw_low: 4000.0,
            raw_high: 20_000.0,
            eng_low: 0.0,
            eng_high: 100.0,
            fault_band: Some(FaultBand { below: 3600.0, above: 21_000.0 }),
        };
        spec(ValueKind::Float).with(|tag| (tag.scaling, tag.range) = (Some(scaling), Some((0.0, 100.0))))
    }

    #[track_caller]
    fn check(spec: &TagSpec, value: Value, expected: impl Into<Option<Value>>, status: Status) {
        let params = Params::of(spec);
        let expected = expected.into();
        assert_eq!(judge(&params, value.clone(), Status::GOOD), (expected.clone(), status));
        let quick = value.bits().and_then(|bits| quick(&params, value.kind() as u8, bits, Status::GOOD));
        if let Some((bits, _, quick_status)) = quick {
            assert_eq!((Some(Value::from_bits(spec.kind, bits)), quick_status), (expected, status), "the quick way");
        }
    }

    #[test]
    fn readings_become_what_the_tag_may_hold() {
        check(&loop_spec(), Value::Uint(12_000), Value::Float(50.0), Status::GOOD);
        check(&loop_spec(), Value::Uint(20_100), Value::Float(100.0), Status::UNCERTAIN_EU_EXCEEDED);
        check(&loop_spec(), Value::Uint(3_900), Value::Float(0.0), Status::UNCERTAIN_EU_EXCEEDED);
        check(&loop_spec(), Value::Uint(3_600), None, Status::BAD_SENSOR_FAILURE);
        check(&loop_spec(), Value::Uint(65_535), None, Status::BAD_SENSOR_FAILURE);
        check(&loop_spec(), Value::Text("x".into()), None, Status::BAD_TYPE_MISMATCH);
        check(&spec(ValueKind::Float), Value::Float(f64::NAN), None, Status::BAD_OUT_OF_RANGE);
        check(&spec(ValueKind::Float), Value::Float(f64::INFINITY), None, Status::BAD_OUT_OF_RANGE);
        check(&spec(ValueKind::Bool), Value::Uint(1), Value::Bool(true), Status::GOOD);
        check(&spec(ValueKind::Bool), Value::Uint(2), None, Status::BAD_TYPE_MISMATCH);
        check(&spec(ValueKind::Int), Value::Float(1.5), None, Status::BAD_TYPE_MISMATCH);
        check(&spec(ValueKind::Uint), Value::Null, None, Status::BAD_DECODING);
        check(&spec(ValueKind::Uint), Value::Uint(u64::MAX), Value::Uint(u64::MAX), Status::GOOD);
        check(&spec(ValueKind::Int), Value::Int((1 << 53) + 1), Value::Int((1 << 53) + 1), Status::GOOD);
    }

    #[test]
    fn a_time_that_can_not_be_true_is_replaced_and_told() {
        const AT: i64 = 1_790_000_000_000_000_000;
        for (source, expected) in [
            (0, (AT, false)),
            (AT - 3_600_000_000_000, (AT - 3_600_000_000_000, false)),
            (AT + 59_000_000_000, (AT + 59_000_000_000, false)),
            (AT + 61_000_000_000, (AT, true)),
            (1_000_000_000, (AT, true)),
            (i64::MAX, (AT, true)),
            (i64::MIN, (AT, true)),
        ] {
            assert_eq!(plausible(source, AT), expected, "{source}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let edge = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), Just(0.0), Just(1.0), Just(1e300), -3e4..3e4_f64];
        prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            prop_oneof![any::<i64>(), -9..9_i64].prop_map(Value::Int),
            prop_oneof![any::<u64>(), 0..30_000_u64].prop_map(Value::Uint),
            edge.prop_map(Value::Float),
        ]
    }

    fn any_spec() -> impl Strategy<Value = TagSpec> {
        let kinds = prop_oneof![Just(ValueKind::Bool), Just(ValueKind::Int), Just(ValueKind::Uint), Just(ValueKind::Float)];
        (kinds, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(kind, scaled, faults, ranged)| {
            let of_loop = loop_spec();
            let scaling = of_loop.scaling.map(|scaling| Scaling { fault_band: scaling.fault_band.filter(|_| faults), ..scaling });
            let (scaling, range) = (scaling.filter(|_| scaled), of_loop.range.filter(|_| ranged));
            spec(kind).with(|tag| (tag.scaling, tag.range) = (scaling, range))
        })
    }

    proptest! {
        #[test]
        fn the_quick_way_says_what_the_long_one_says(
            spec in any_spec(),
            value in any_value(),
            status in prop_oneof![Just(Status::GOOD), Just(Status::UNCERTAIN), Just(Status::BAD)],
        ) {
            let params = Params::of(&spec);
            let bits = value.bits().unwrap_or(0);
            if let Some((bits, number, quick_status)) = quick(&params, value.kind() as u8, bits, status) {
                let (long, long_status) = judge(&params, value, status);
                prop_assert_eq!(quick_status, long_status);
                let long = long.expect("the quick way always has a value");
                prop_assert!(long.same(&Value::from_bits(spec.kind, bits)), "{:?}", long);
                prop_assert_eq!(long.as_f64(), Some(number));
            }
        }
    }
}
