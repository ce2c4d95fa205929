//! Which of its limits a value is beyond.

use serde::{Deserialize, Serialize};

use crate::LimitSet;

/// Where a value stands among its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum LimitState {
    /// Within them, or there are none.
    #[default]
    Normal = 0,
    /// At or below low.
    Low = 1,
    /// At or below low-low.
    LowLow = 2,
    /// At or above high.
    High = 3,
    /// At or above high-high.
    HighHigh = 4,
}

impl LimitState {
    /// As people say it; empty within the limits.
    pub fn word(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::Low => "low",
            Self::LowLow => "low low",
            Self::High => "high",
            Self::HighHigh => "high high",
        }
    }

    /// The state after this one at a value: a limit is passed at it, and left when the value has come back by more than
    /// the hysteresis (FIELD.md, alarms). All in engineering units. NaN changes nothing.
    pub fn next(self, value: f64, limits: &LimitSet, hysteresis: f64) -> Self {
        if value.is_nan() {
            return self;
        }
        let above =
            |limit: Option<f64>, was: bool| limit.is_some_and(|limit| value >= if was { limit - hysteresis } else { limit });
        let below =
            |limit: Option<f64>, was: bool| limit.is_some_and(|limit| value <= if was { limit + hysteresis } else { limit });
        if above(limits.high_high, self == Self::HighHigh) {
            Self::HighHigh
        } else if below(limits.low_low, self == Self::LowLow) {
            Self::LowLow
        } else if above(limits.high, matches!(self, Self::High | Self::HighHigh)) {
            Self::High
        } else if below(limits.low, matches!(self, Self::Low | Self::LowLow)) {
            Self::Low
        } else {
            Self::Normal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_passed_at_it_and_left_behind_the_hysteresis() {
        let limits = LimitSet { high_high: Some(90.0), high: Some(80.0), low: Some(20.0), low_low: Some(10.0) };
        let mut state = LimitState::Normal;
        use LimitState::{High, HighHigh, Low, LowLow, Normal};
        for (value, expected) in [
            (79.9, Normal),
            (80.0, High),
            (78.0, High),
            (77.9, Normal),
            (95.0, HighHigh),
            (88.0, HighHigh),
            (87.9, High),
            (f64::NAN, High),
            (78.0, High),
            (9.0, LowLow),
            (12.0, LowLow),
            (12.1, Low),
            (22.0, Low),
            (22.1, Normal),
            (f64::INFINITY, HighHigh),
        ] {
            state = state.next(value, &limits, 2.0);
            assert_eq!(state, expected, "at {value}");
        }
        assert_eq!(HighHigh.next(95.0, &LimitSet::default(), 0.0), Normal, "without limits there is nothing to be beyond");
    }
}
