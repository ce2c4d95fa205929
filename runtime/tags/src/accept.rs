//! One reading from a source, made into what its tag may hold.

use plantroom_model::{Sample, Scaling, Status, TagSpec, Utc, Value, ValueKind, limits};

/// What a source delivered.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Raw value; `Null` where only the status is news.
    pub value: Value,
    /// As the source sees it.
    pub status: Status,
    /// 0 when the source has no time.
    pub source_time: Utc,
}

/// The sample that a reading becomes, given what the tag held before, and whether its source time had to be
/// replaced because it was not plausible.
///
/// A reading that can't be used keeps the last value and marks it bad. Order of the rules: bad status, kind,
/// fault band, scaling, not-a-number, range (OPC 10000-8, 5.3 for engineering units exceeded).
pub fn accept(spec: &TagSpec, before: &Sample, reading: Reading, at: Utc) -> (Sample, bool) {
    let (source_time, replaced) = plausible(reading.source_time, at);
    let (value, status) = judge(spec, reading.value, reading.status);
    let value = value.unwrap_or_else(|| before.value.clone());
    (Sample { value, status, source_time, server_time: at }, replaced)
}

/// The value to keep (`None`: the last one) and its status.
fn judge(spec: &TagSpec, value: Value, status: Status) -> (Option<Value>, Status) {
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
    let value = match spec.scaling {
        Some(scaling) => match scale(&scaling, &value) {
            Ok(value) => value,
            Err(bad) => return (None, bad),
        },
        None => value,
    };
    if let Value::Float(number) = value
        && !number.is_finite()
    {
        return (None, Status::BAD_OUT_OF_RANGE);
    }
    let Some(value) = fit_kind(value, spec.kind, spec.scaling.is_some()) else {
        return (None, Status::BAD_TYPE_MISMATCH);
    };
    let (value, status) = fit_range(value, spec.range, status);
    (Some(value), status)
}

fn scale(scaling: &Scaling, value: &Value) -> Result<Value, Status> {
    let raw = value.as_f64().ok_or(Status::BAD_TYPE_MISMATCH)?;
    if !raw.is_finite() {
        return Err(Status::BAD_OUT_OF_RANGE);
    }
    if let Some(band) = scaling.fault_band
        && (raw <= band.below || raw >= band.above)
    {
        return Err(Status::BAD_SENSOR_FAILURE);
    }
    Ok(Value::Float(scaling.to_engineering(raw)))
}

/// A scaled number is rounded to an integer tag; an unscaled one must fit as it is.
fn fit_kind(value: Value, kind: ValueKind, scaled: bool) -> Option<Value> {
    if value.kind() == kind {
        return Some(value);
    }
    match (&value, kind) {
        (Value::Float(number), ValueKind::Int | ValueKind::Uint) if scaled => Value::Float(number.round()).converted(kind),
        _ => value.converted(kind),
    }
}

/// Clamps to the range and says so.
fn fit_range(value: Value, range: Option<(f64, f64)>, status: Status) -> (Value, Status) {
    let Some((low, high)) = range else { return (value, status) };
    let Some(number) = value.as_f64().filter(|_| !matches!(value, Value::Bool(_))) else { return (value, status) };
    if (low..=high).contains(&number) {
        return (value, status);
    }
    let edge = Value::Float(number.clamp(low, high));
    let clamped = fit_kind(edge, value.kind(), true).unwrap_or(value);
    (clamped, status.worse(Status::UNCERTAIN_EU_EXCEEDED))
}

/// The source time, or the station's where there is none or none that can be true.
fn plausible(source: Utc, at: Utc) -> (Utc, bool) {
    if source.0 == 0 {
        return (at, false);
    }
    let ahead_ms = source.as_ms() - at.as_ms();
    if ahead_ms > limits::SOURCE_AHEAD_MS || ahead_ms < -limits::SOURCE_BEHIND_MS { (at, true) } else { (source, false) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{FaultBand, Origin};

    const AT: Utc = Utc(1_790_000_000_000_000_000);

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
        TagSpec { scaling: Some(scaling), range: Some((0.0, 100.0)), ..spec(ValueKind::Float) }
    }

    #[track_caller]
    fn check(spec: &TagSpec, value: Value, expected: Value, status: Status) {
        let before = Sample { value: Value::Float(-1.0), ..Sample::waiting() };
        let (sample, _) = accept(spec, &before, Reading { value, status: Status::GOOD, source_time: Utc(0) }, AT);
        assert_eq!((sample.value, sample.status), (expected, status));
    }

    #[test]
    fn readings_become_what_the_tag_may_hold() {
        let last = Value::Float(-1.0);
        check(&loop_spec(), Value::Uint(12_000), Value::Float(50.0), Status::GOOD);
        check(&loop_spec(), Value::Uint(20_100), Value::Float(100.0), Status::UNCERTAIN_EU_EXCEEDED);
        check(&loop_spec(), Value::Uint(3_900), Value::Float(0.0), Status::UNCERTAIN_EU_EXCEEDED);
        check(&loop_spec(), Value::Uint(3_600), last.clone(), Status::BAD_SENSOR_FAILURE);
        check(&loop_spec(), Value::Uint(65_535), last.clone(), Status::BAD_SENSOR_FAILURE);
        check(&loop_spec(), Value::Text("x".into()), last.clone(), Status::BAD_TYPE_MISMATCH);
        check(&spec(ValueKind::Float), Value::Float(f64::NAN), last.clone(), Status::BAD_OUT_OF_RANGE);
        check(&spec(ValueKind::Float), Value::Float(f64::INFINITY), last.clone(), Status::BAD_OUT_OF_RANGE);
        check(&spec(ValueKind::Bool), Value::Uint(1), Value::Bool(true), Status::GOOD);
        check(&spec(ValueKind::Bool), Value::Uint(2), last.clone(), Status::BAD_TYPE_MISMATCH);
        check(&spec(ValueKind::Int), Value::Float(1.5), last.clone(), Status::BAD_TYPE_MISMATCH);
        check(&spec(ValueKind::Uint), Value::Null, last, Status::BAD_DECODING);
        check(&spec(ValueKind::Uint), Value::Uint(u64::MAX), Value::Uint(u64::MAX), Status::GOOD);
    }

    #[test]
    fn a_time_that_can_not_be_true_is_replaced_and_told() {
        let spec = spec(ValueKind::Int);
        for (source, expected, replaced) in [
            (Utc(0), AT, false),
            (Utc(AT.0 - 3_600_000_000_000), Utc(AT.0 - 3_600_000_000_000), false),
            (Utc(AT.0 + 61_000_000_000), AT, true),
            (Utc(1_000_000_000), AT, true),
        ] {
            let reading = Reading { value: Value::Int(1), status: Status::GOOD, source_time: source };
            let (sample, was_replaced) = accept(&spec, &Sample::waiting(), reading, AT);
            assert_eq!((sample.source_time, was_replaced), (expected, replaced));
            assert_eq!(sample.status, Status::GOOD, "the value stays live");
        }
    }
}
