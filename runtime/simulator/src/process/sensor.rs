//! What measures and what counts.

use crate::file::{SensorFile, SumFile, TotalFile};
use crate::process::names::{Names, Slot, Values};
use crate::process::{Chance, Element, HOUR_S, Kinds, Tick, Wander, share};

/// How fast a sensor's noise changes, in s.
const NOISE_S: f64 = 1.0;
/// How far a drifting sensor goes off in a minute, as a share of what it shows.
const DRIFT_PER_MIN: f64 = 0.02;
/// Noise of a loose contact, as a share of what it shows.
const LOOSE: f64 = 0.08;

const KINDS: Kinds = &[
    ("freeze", "it shows its last value for ever"),
    ("drift", "it goes off by 2 % of its value a minute"),
    ("drift_fast", "it goes off by 20 % of its value a minute"),
    ("noise", "it jumps by 8 % of its value"),
    ("broken", "its wire is broken: 0 mA, or NaN"),
];

/// A measurement: late by its lag, off by its offset, noisy.
pub(crate) struct Sensor {
    name: String,
    of: Slot,
    slot: Slot,
    lag_s: f64,
    offset: f64,
    noise: Wander,
    at: Option<f64>,
    failing: Option<&'static str>,
    failing_s: f64,
    loose: Wander,
}

impl Sensor {
    pub fn declare(file: &SensorFile, names: &mut Names) {
        names.declare(&file.name, &[("", 0.0)]);
    }

    pub fn new(file: &SensorFile, names: &mut Names) -> Self {
        let (of, slot) = (names.find(&file.of), names.own(&file.name, ""));
        Self {
            name: file.name.get_ref().clone(),
            of,
            slot,
            lag_s: file.lag_s,
            offset: file.offset,
            noise: Wander::new(file.noise, NOISE_S),
            at: None,
            failing: None,
            failing_s: 0.0,
            loose: Wander::new(LOOSE, NOISE_S),
        }
    }
}

impl Element for Sensor {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let truth = values[self.of];
        let at = self.at.get_or_insert(truth);
        *at += (truth - *at) * share(tick.dt_s, self.lag_s);
        let shown = *at + self.offset + self.noise.step(tick.dt_s, chance);
        self.failing_s += tick.dt_s;
        values[self.slot] = match self.failing {
            None => shown,
            Some("freeze") => return,
            Some("drift") => shown * (1.0 + DRIFT_PER_MIN * self.failing_s / 60.0),
            Some("drift_fast") => shown * (1.0 + 10.0 * DRIFT_PER_MIN * self.failing_s / 60.0),
            Some("noise") => shown * (1.0 + self.loose.step(tick.dt_s, chance)),
            Some(_) => f64::NAN,
        };
    }

    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.name, KINDS))
    }

    fn fail(&mut self, kind: Option<&'static str>, _: &mut Values) {
        (self.failing, self.failing_s) = (kind, 0.0);
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
