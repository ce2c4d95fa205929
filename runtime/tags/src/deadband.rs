//! What change is worth telling on one way out.

use plantroom_model::{Sample, Value};

/// Whether a sample is worth telling to a reader that was last told `told`: its quality is another, or its value has
/// moved by more than the deadband (engineering units; 0 tells every change). Compared with what was told, not with
/// the sample before, so that a slow drift is told in steps and never lost.
pub fn is_news(told: &Sample, sample: &Sample, deadband: f64) -> bool {
    if told.status != sample.status {
        return true;
    }
    match (&told.value, &sample.value) {
        (Value::Float(a), Value::Float(b)) if deadband > 0.0 && a.is_finite() && b.is_finite() => (a - b).abs() > deadband,
        (a, b) => !a.same(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{Status, Utc};

    fn sample(value: f64, status: Status) -> Sample {
        Sample { value: Value::Float(value), status, source_time: Utc(1), server_time: Utc(1) }
    }

    #[test]
    fn only_what_an_operator_can_see_is_news() {
        let told = sample(10.0, Status::GOOD);
        let check = |value: f64, status: Status, deadband: f64, news: bool| {
            assert_eq!(is_news(&told, &sample(value, status), deadband), news, "{value} {status} {deadband}");
        };
        check(10.0, Status::GOOD, 0.0, false);
        check(10.01, Status::GOOD, 0.0, true);
        check(10.4, Status::GOOD, 0.5, false);
        check(10.6, Status::GOOD, 0.5, true);
        check(10.0, Status::UNCERTAIN, 0.5, true);
        check(f64::NAN, Status::GOOD, 0.5, true);
        check(f64::INFINITY, Status::GOOD, 0.5, true);
        let nan = sample(f64::NAN, Status::GOOD);
        assert!(!is_news(&nan, &nan, 0.5));
    }
}
