//! The plugin's configuration, checked as a whole.

use plantroom_sdk::prelude::*;
use serde::Deserialize;

use crate::law::Tuning;

/// Shortest and longest pause between two steps, in ms.
const PERIOD_MS: std::ops::RangeInclusive<u64> = 50..=60_000;

/// The plugin's configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PidConfig {
    /// Pause between two steps of all loops, in ms.
    #[serde(default = "half_a_second")]
    pub period_ms: u64,
    /// The loops.
    #[serde(default)]
    pub loops: Vec<LoopConfig>,
}

/// One loop.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoopConfig {
    /// Process value.
    pub pv: String,
    /// Setpoint.
    pub setpoint: String,
    /// Whether the loop is closed (a bool); always, where there is no such tag.
    pub auto: Option<String>,
    /// The output in manual.
    pub manual: Option<String>,
    /// Where the equipment stands: what the output begins with.
    pub position: Option<String>,
    /// What the loop computes.
    pub output: String,
    /// 0 waiting, 1 manual, 2 automatic, 3 holding, 4 safe.
    pub state: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// Percent of output per percent of process value.
    pub gain: f64,
    /// In s; none without it.
    pub integral_s: Option<f64>,
    /// In s.
    #[serde(default)]
    pub derivative_s: f64,
    /// The derivative is filtered by derivative_s divided by this.
    #[serde(default = "eight")]
    pub derivative_filter: f64,
    /// How much of a step of the setpoint goes straight to the output.
    #[serde(default = "one")]
    pub setpoint_weight: f64,
    /// reverse: the output falls when the process value rises (heating); direct: it rises (cooling).
    #[serde(default)]
    pub action: Action,
    /// What 0 and 100 % of the process value are.
    pub pv_range: (f64, f64),
    /// Lowest and highest output; also what 0 and 100 % of it are.
    #[serde(default = "percent")]
    pub output_range: (f64, f64),
    /// Fastest change of the output, in its units a second; none without it.
    pub output_rate_per_s: Option<f64>,
    /// Fastest change of the setpoint, in its units a second; none without it.
    pub setpoint_rate_per_s: Option<f64>,
    /// What happens while the process value is bad.
    #[serde(default)]
    pub on_bad: OnBad,
    /// The output for `on_bad = "safe"`.
    pub safe_output: Option<f64>,
}

/// Which way the output goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It falls when the process value rises.
    #[default]
    Reverse,
    /// It rises when the process value rises.
    Direct,
}

/// What happens while the process value is bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnBad {
    /// The output stays where it is.
    #[default]
    Hold,
    /// The output goes to `safe_output`, as fast as it may.
    Safe,
}

fn half_a_second() -> u64 {
    500
}

fn eight() -> f64 {
    8.0
}

fn one() -> f64 {
    1.0
}

fn percent() -> (f64, f64) {
    (0.0, 100.0)
}

impl PidConfig {
    /// Everything that is wrong with the numbers; tags are looked up by the loops.
    pub fn check(&self, problems: &mut Problems) {
        if self.loops.is_empty() {
            let example = "loops = [{ pv = \"tag\", setpoint = \"tag\", output = \"tag\", gain = 1, pv_range = [0, 100] }]";
            problems.add(format!("there is no loop; add `{example}`"));
        }
        if !PERIOD_MS.contains(&self.period_ms) {
            problems.add(format!("period_ms is {}; give it 50 to 60000", self.period_ms));
        }
        for one in &self.loops {
            one.check(problems);
        }
    }
}

impl LoopConfig {
    fn check(&self, problems: &mut Problems) {
        let name = &self.output;
        let mut wrong = |is_wrong: bool, words: String| {
            if is_wrong {
                problems.add(format!("{words} (loop of `{name}`)"));
            }
        };
        let positive = |number: f64| number.is_finite() && number > 0.0;
        wrong(
            !positive(self.gain),
            format!("gain is {}; give it a positive number, and action = \"direct\" to turn it round", self.gain),
        );
        let integral = self.integral_s.unwrap_or(1.0);
        wrong(!positive(integral), format!("integral_s is {integral}; give it positive seconds, or leave it out for none"));
        let derivative = self.derivative_s;
        wrong(
            !(derivative.is_finite() && derivative >= 0.0),
            format!("derivative_s is {derivative}; give it seconds, 0 for none"),
        );
        let filter = self.derivative_filter;
        wrong(!(1.0..=100.0).contains(&filter), format!("derivative_filter is {filter}; give it 1 to 100, usually 2 to 20"));
        let weight = self.setpoint_weight;
        wrong(!(0.0..=1.0).contains(&weight), format!("setpoint_weight is {weight}; give it 0 to 1"));
        for (key, (low, high)) in [("pv_range", self.pv_range), ("output_range", self.output_range)] {
            let fits = low.is_finite() && high.is_finite() && low < high;
            wrong(!fits, format!("{key} goes from {low} to {high}; give it two numbers, the lower one first"));
        }
        for (key, rate) in [("output_rate_per_s", self.output_rate_per_s), ("setpoint_rate_per_s", self.setpoint_rate_per_s)] {
            let rate = rate.unwrap_or(1.0);
            wrong(!positive(rate), format!("{key} is {rate}; give it a positive number, or leave it out for none"));
        }
        match (self.on_bad, self.safe_output) {
            (OnBad::Safe, None) => wrong(true, "on_bad is \"safe\"; say with safe_output where the output goes".to_owned()),
            (OnBad::Hold, Some(_)) => {
                wrong(true, "safe_output is given, but on_bad is \"hold\"; set on_bad = \"safe\"".to_owned())
            }
            (OnBad::Safe, Some(safe)) => {
                let (low, high) = self.output_range;
                wrong(!(low..=high).contains(&safe), format!("safe_output {safe} is outside of output_range"));
            }
            (OnBad::Hold, None) => {}
        }
    }

    /// The law's own numbers, in percent of the spans.
    pub fn tuning(&self) -> Tuning {
        let span = self.output_range.1 - self.output_range.0;
        Tuning {
            gain: if self.action == Action::Direct { -self.gain } else { self.gain },
            integral_s: self.integral_s.unwrap_or(f64::INFINITY),
            derivative_s: self.derivative_s,
            derivative_filter: self.derivative_filter,
            setpoint_weight: self.setpoint_weight,
            output: (0.0, 100.0),
            output_rate_per_s: self.output_rate_per_s.map_or(f64::INFINITY, |rate| rate / span * 100.0),
        }
    }
}
