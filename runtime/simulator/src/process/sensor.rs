//! What measures and what counts.

use crate::file::{SensorFile, SumFile, TotalFile};
use crate::process::names::{Names, Slot, Values};
use crate::process::{Chance, Element, HOUR_S, Tick, Wander, share};

/// How fast a sensor's noise changes, in s.
const NOISE_S: f64 = 1.0;

/// A measurement: late by its lag, off by its offset, noisy.
pub(crate) struct Sensor {
    of: Slot,
    slot: Slot,
    lag_s: f64,
    offset: f64,
    noise: Wander,
    at: Option<f64>,
}

impl Sensor {
    pub fn declare(file: &SensorFile, names: &mut Names) {
        names.declare(&file.name, &[("", 0.0)]);
    }

    pub fn new(file: &SensorFile, names: &mut Names) -> Self {
        let (of, slot) = (names.find(&file.of), names.own(&file.name, ""));
        Self { of, slot, lag_s: file.lag_s, offset: file.offset, noise: Wander::new(file.noise, NOISE_S), at: None }
    }
}

impl Element for Sensor {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let truth = values[self.of];
        let at = self.at.get_or_insert(truth);
        *at += (truth - *at) * share(tick.dt_s, self.lag_s);
        values[self.slot] = *at + self.offset + self.noise.step(tick.dt_s, chance);
    }
}

/// A weighted sum.
pub(crate) struct Sum {
    slot: Slot,
    base: f64,
    inputs: Vec<(Slot, f64)>,
}

impl Sum {
    pub fn declare(file: &SumFile, names: &mut Names) {
        names.declare(&file.name, &[("", file.base)]);
    }

    pub fn new(file: &SumFile, names: &mut Names) -> Self {
        let inputs = file.inputs.iter().map(|input| (names.find(&input.of), input.factor)).collect();
        Self { slot: names.own(&file.name, ""), base: file.base, inputs }
    }
}

impl Element for Sum {
    fn step(&mut self, values: &mut Values, _: Tick, _: &mut Chance) {
        values[self.slot] = self.base + self.inputs.iter().map(|(slot, factor)| values[*slot] * factor).sum::<f64>();
    }
}

/// A counter: a quantity per hour, summed over time.
pub(crate) struct Total {
    of: Slot,
    slot: Slot,
    daily: bool,
}

impl Total {
    pub fn declare(file: &TotalFile, names: &mut Names) {
        names.declare(&file.name, &[("", file.initial)]);
    }

    pub fn new(file: &TotalFile, names: &mut Names) -> Self {
        Self { of: names.find(&file.of), slot: names.own(&file.name, ""), daily: file.daily }
    }
}

impl Element for Total {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        if tick.midnight && self.daily {
            values[self.slot] = 0.0;
        }
        let amount = values[self.of] * tick.dt_s / HOUR_S;
        // A broken sensor must not spoil the count.
        if amount.is_finite() {
            values[self.slot] += amount;
        }
    }
}
