//! The process: quantities by name, and the elements that move them.

mod control;
mod dosing;
mod failures;
mod filter;
mod machine;
mod meter;
mod names;
mod network;
mod pressure;
mod sensor;
mod water;

pub(crate) use control::LevelControl;
pub(crate) use dosing::{Dosing, Settler};
pub use failures::{FailError, FailurePoint, Kinds, MEND};
pub(crate) use failures::{kind_of, unknown};
pub(crate) use filter::{Filter, FilterControl};
pub(crate) use machine::{Motor, Pump, Valve};
pub(crate) use meter::Meter;
pub(crate) use names::{Names, Slot, Values};
pub(crate) use network::{Blend, Follow, LevelValve, Main};
pub(crate) use pressure::PressureControl;
pub(crate) use sensor::{Sensor, Sum, Total};
pub(crate) use water::{Demand, Pipe, Quality, Source, Tank, Vessel};

use crate::file::SimulationFile;

/// Gravity, m/s².
const GRAVITY: f64 = 9.81;
/// Flow below which water stands, in m³/h.
const STANDING_M3H: f64 = 40.0;
/// Seconds in an hour.
const HOUR_S: f64 = 3_600.0;

/// The time of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    /// Length of the step, in s.
    pub dt_s: f64,
    /// Since the start, in s.
    pub time_s: f64,
    /// Hour of the plant's day, 0 to 24.
    pub hour: f64,
    /// This step is the first one of a day.
    pub midnight: bool,
}

/// Something that moves quantities.
pub(crate) trait Element: Send {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance);

    /// Its name and the ways in which it can fail; none for what can't.
    fn kinds(&self) -> Option<(&str, Kinds)> {
        None
    }

    /// Has it fail in one of these ways, or no longer.
    fn fail(&mut self, _: Option<&'static str>, _: &mut Values) {}
}

/// Seeded chance.
#[derive(Debug)]
pub(crate) struct Chance(fastrand::Rng);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Bell-shaped, mean 0, deviation 1: a sum of uniform numbers (Irwin-Hall), which never goes beyond 3.5.
    pub fn bell(&mut self) -> f64 {
        (0..4).map(|_| self.0.f64() - 0.5).sum::<f64>() * 3.0_f64.sqrt()
    }
}

/// A number that wanders about 0 with a given deviation and memory (Ornstein-Uhlenbeck).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wander {
    deviation: f64,
    memory_s: f64,
    at: f64,
}

impl Wander {
    pub fn new(deviation: f64, memory_s: f64) -> Self {
        Self { deviation, memory_s: memory_s.max(0.01), at: 0.0 }
    }

    pub fn step(&mut self, dt_s: f64, chance: &mut Chance) -> f64 {
        if self.deviation > 0.0 {
            let keep = (-dt_s / self.memory_s).exp();
            self.at = keep * self.at + self.deviation * (1.0 - keep * keep).sqrt() * chance.bell();
        }
        self.at
    }
}

/// How much of the way to its aim a first-order lag goes in a step.
fn share(dt_s: f64, lag_s: f64) -> f64 {
    if lag_s > 0.0 { 1.0 - (-dt_s / lag_s).exp() } else { 1.0 }
}

/// A whole plant's physics and local control, stepped from outside.
pub struct Process {
    values: Values,
    elements: Vec<Box<dyn Element>>,
    forced: Vec<(Slot, f64)>,
    failing: Vec<(String, &'static str)>,
    chance: Chance,
    names: std::collections::HashMap<String, Slot>,
    step_s: f64,
    start_hour: f64,
    steps: u64,
}

impl Process {
    pub(crate) fn new(file: &SimulationFile, names: Names, elements: Vec<Box<dyn Element>>) -> Self {
        let (names, values) = names.into_parts();
        Self {
            values,
            elements,
            forced: Vec::new(),
            failing: Vec::new(),
            chance: Chance::new(file.seed),
            names,
            step_s: f64::from(file.step_ms) / 1_000.0,
            start_hour: file.start_hour,
            steps: 0,
        }
    }

    /// Length of one step, in s.
    pub fn step_s(&self) -> f64 {
        self.step_s
    }

    /// Simulated time since the start, in s.
    pub fn time_s(&self) -> f64 {
        self.steps as f64 * self.step_s
    }

    /// Moves everything on by one step.
    pub fn step(&mut self) {
        let hour_at = |steps: u64| (self.start_hour + steps as f64 * self.step_s / HOUR_S).rem_euclid(24.0);
        let hour = hour_at(self.steps);
        let midnight = self.steps > 0 && hour < hour_at(self.steps - 1);
        let tick = Tick { dt_s: self.step_s, time_s: self.time_s(), hour, midnight };
        for element in &mut self.elements {
            element.step(&mut self.values, tick, &mut self.chance);
        }
        for (slot, value) in &self.forced {
            self.values[*slot] = *value;
        }
        self.steps += 1;
    }

    /// A quantity by name, `clear_well.level_m`; `None` when there is none of this name.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.names.get(name).map(|slot| self.values[*slot])
    }

    /// Sets a quantity once, as a client's write does. False when there is none of this name.
    pub fn set(&mut self, name: &str, value: f64) -> bool {
        self.names.get(name).map(|slot| self.values[*slot] = value).is_some()
    }

    /// Holds a quantity at a value (a sensor that is stuck or, with NaN, broken) until it is released with `None`.
    /// False when there is none of this name.
    pub fn force(&mut self, name: &str, value: Option<f64>) -> bool {
        let Some(slot) = self.names.get(name).copied() else { return false };
        self.forced.retain(|(forced, _)| *forced != slot);
        if let Some(value) = value {
            self.forced.push((slot, value));
            self.values[slot] = value;
        }
        true
    }

    /// All quantities, for a look around; in no particular order.
    pub fn quantities(&self) -> impl Iterator<Item = (&str, f64)> {
        self.names.iter().map(|(name, slot)| (name.as_str(), self.values[*slot]))
    }

    pub(crate) fn values(&mut self) -> &mut Values {
        &mut self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_has_the_deviation_it_says_and_repeats() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..20_000).map(|_| chance.bell()).collect::<Vec<f64>>()
        };
        let numbers = draw(7);
        assert_eq!(numbers, draw(7));
        assert_ne!(numbers, draw(8));
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let deviation = (numbers.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / numbers.len() as f64).sqrt();
        assert!(mean.abs() < 0.03 && (deviation - 1.0).abs() < 0.03, "{mean} {deviation}");
        let (mut chance, mut wander) = (Chance::new(1), Wander::new(2.0, 5.0));
        let walk: Vec<f64> = (0..200_000).map(|_| wander.step(0.1, &mut chance)).collect();
        let deviation = (walk.iter().map(|n| n.powi(2)).sum::<f64>() / walk.len() as f64).sqrt();
        assert!((deviation - 2.0).abs() < 0.2, "{deviation}");
    }
}
