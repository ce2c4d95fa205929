//! What change is worth telling on one way out.

use plantroom_model::{Sample, TagId, Value};

/// Remembers what was last told of each tag, and tells only what has moved since.
///
/// Quality changes are always told; a number is told when it has moved by at least the deadband from what was
/// last told (not from the last sample, so a slow drift is told too).
#[derive(Clone, Debug)]
pub struct DeadbandFilter {
    bands: Vec<f64>,
    told: Vec<Option<Sample>>,
}

impl DeadbandFilter {
    /// A filter with one deadband a tag, in engineering units.
    pub fn new(bands: Vec<f64>) -> Self {
        let told = vec![None; bands.len()];
        Self { bands, told }
    }

    /// Whether this sample is worth telling; if so it is remembered as told.
    pub fn tell(&mut self, tag: TagId, sample: &Sample) -> bool {
        let index = tag.0 as usize;
        let (Some(told), Some(band)) = (self.told.get_mut(index), self.bands.get(index)) else { return false };
        let worth = told.as_ref().is_none_or(|last| worth_telling(last, sample, *band));
        if worth {
            *told = Some(sample.clone());
        }
        worth
    }
}

fn worth_telling(last: &Sample, sample: &Sample, band: f64) -> bool {
    if last.status != sample.status {
        return true;
    }
    match (&last.value, &sample.value) {
        (Value::Float(a), Value::Float(b)) if band > 0.0 => (a - b).abs() >= band,
        (a, b) => !a.same(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::Status;

    fn sample(value: f64, status: Status) -> Sample {
        Sample { value: Value::Float(value), status, ..Sample::waiting() }
    }

    #[test]
    fn a_slow_drift_is_told_in_steps_of_the_deadband() {
        let mut filter = DeadbandFilter::new(vec![1.0]);
        let told = (0..=100).filter(|step| filter.tell(TagId(0), &sample(f64::from(*step) * 0.25, Status::GOOD))).count();
        assert_eq!(told, 26);
    }

    #[test]
    fn a_change_of_quality_is_always_told() {
        let mut filter = DeadbandFilter::new(vec![1.0]);
        assert!(filter.tell(TagId(0), &sample(5.0, Status::GOOD)));
        assert!(!filter.tell(TagId(0), &sample(5.1, Status::GOOD)));
        assert!(filter.tell(TagId(0), &sample(5.1, Status::UNCERTAIN_LAST_USABLE)));
    }
}
