//! Where water is, where it flows without a machine, and what is in it.

use std::f64::consts::TAU;

use crate::file::{DemandFile, PipeFile, QualityFile, SourceFile, TankFile, VesselFile};
use crate::process::names::{Names, Node, Slot, Values};
use crate::process::{Chance, Element, GRAVITY, HOUR_S, Kinds, STANDING_M3H, Tick, Wander, share};

/// A day's rise and fall, lowest at four in the morning.
fn swing(half: f64, hour: f64) -> f64 {
    half * (TAU * (hour - 10.0) / 24.0).sin()
}

/// Adds a flow to both its ends, in m³/s.
pub(crate) fn flow_between(values: &mut Values, from: Node, to: Node, flow_m3s: f64) {
    values[from.out] += flow_m3s;
    values[to.into] += flow_m3s;
}

/// Resistance of a loss that goes with the square of the flow, in m/(m³/s)².
pub(crate) fn resistance(loss_m: f64, flow_m3h: f64) -> f64 {
    loss_m / (flow_m3h / HOUR_S).powi(2)
}

/// A river.
pub(crate) struct Source {
    node: Node,
    level: Slot,
    mean_m: f64,
    swing_m: f64,
    waves: Wander,
}

impl Source {
    pub fn declare(file: &SourceFile, names: &mut Names) {
        let level = file.level_m;
        names.declare(&file.name, &[("head_m", level), ("level_m", level), ("_inlet_m", level), ("_into", 0.0), ("_out", 0.0)]);
    }

    pub fn new(file: &SourceFile, names: &mut Names) -> Self {
        let (node, level) = (names.node(&file.name), names.own(&file.name, "level_m"));
        Self { node, level, mean_m: file.level_m, swing_m: file.swing_m, waves: Wander::new(file.noise_m, 20.0) }
    }
}

impl Element for Source {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let level = self.mean_m + swing(self.swing_m, tick.hour) + self.waves.step(tick.dt_s, chance);
        for slot in [self.level, self.node.head, self.node.inlet] {
            values[slot] = level;
        }
        values[self.node.into] = 0.0;
        values[self.node.out] = 0.0;
    }
}

/// An open tank: its level integrates what flows in and out.
pub(crate) struct Tank {
    node: Node,
    level: Slot,
    level_pct: Slot,
    volume: Slot,
    inflow: Slot,
    outflow: Slot,
    spill: Slot,
    overflowing: Slot,
    area_m2: f64,
    height_m: f64,
    overflow_m: f64,
    elevation_m: f64,
    inlet_m: f64,
}

impl Tank {
    pub fn declare(file: &TankFile, names: &mut Names) {
        let (area, height) = (*file.area_m2.get_ref(), *file.height_m.get_ref());
        for (key, value, at) in [("area_m2", area, &file.area_m2), ("height_m", height, &file.height_m)] {
            if value.is_nan() || value <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "");
            }
        }
        let level = file.level_m;
        let parts = [
            ("head_m", file.elevation_m + level),
            ("level_m", level),
            ("level_pct", 100.0 * level / height),
            ("volume_m3", level * area),
            ("inflow_m3h", 0.0),
            ("outflow_m3h", 0.0),
            ("spill_m3h", 0.0),
            ("overflowing", 0.0),
            ("_inlet_m", file.elevation_m + level.max(file.inlet_m)),
            ("_into", 0.0),
            ("_out", 0.0),
        ];
        names.declare(&file.name, &parts);
    }

    pub fn new(file: &TankFile, names: &mut Names) -> Self {
        let node = names.node(&file.name);
        let mut own = |part| names.own(&file.name, part);
        Self {
            node,
            level: own("level_m"),
            level_pct: own("level_pct"),
            volume: own("volume_m3"),
            inflow: own("inflow_m3h"),
            outflow: own("outflow_m3h"),
            spill: own("spill_m3h"),
            overflowing: own("overflowing"),
            area_m2: *file.area_m2.get_ref(),
            height_m: *file.height_m.get_ref(),
            overflow_m: file.overflow_m.unwrap_or(*file.height_m.get_ref()),
            elevation_m: file.elevation_m,
            inlet_m: file.inlet_m,
        }
    }
}

impl Element for Tank {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        let (into, out) = (values[self.node.into], values[self.node.out]);
        let level = values[self.level] + (into - out) * tick.dt_s / self.area_m2;
        let spilt = (level - self.overflow_m).max(0.0);
        let level = (level - spilt).max(0.0);
        values[self.level] = level;
        values[self.level_pct] = 100.0 * level / self.height_m;
        values[self.volume] = level * self.area_m2;
        values[self.inflow] = into * HOUR_S;
        values[self.outflow] = out * HOUR_S;
        values[self.spill] = spilt * self.area_m2 / tick.dt_s * HOUR_S;
        values.set_on(self.overflowing, spilt > 0.0);
        values[self.node.head] = self.elevation_m + level;
        values[self.node.inlet] = self.elevation_m + level.max(self.inlet_m);
        values[self.node.into] = 0.0;
        values[self.node.out] = 0.0;
    }
}

/// A closed, elastic volume: its head integrates what flows in and out.
pub(crate) struct Vessel {
    node: Node,
    pressure: Slot,
    capacity_m2: f64,
    elevation_m: f64,
}

impl Vessel {
    pub fn declare(file: &VesselFile, names: &mut Names) {
        let capacity = *file.capacity_m3_per_m.get_ref();
        if capacity.is_nan() || capacity <= 0.0 {
            names.problem(&file.capacity_m3_per_m, "`capacity_m3_per_m` must be above 0".into(), "");
        }
        let head = file.head_m;
        let pressure = (head - file.elevation_m) * GRAVITY / 100.0;
        names.declare(
            &file.name,
            &[("head_m", head), ("pressure_bar", pressure), ("_inlet_m", head), ("_into", 0.0), ("_out", 0.0)],
        );
    }

    pub fn new(file: &VesselFile, names: &mut Names) -> Self {
        let (node, pressure) = (names.node(&file.name), names.own(&file.name, "pressure_bar"));
        Self { node, pressure, capacity_m2: *file.capacity_m3_per_m.get_ref(), elevation_m: file.elevation_m }
    }
}

impl Element for Vessel {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        let stored = values[self.node.into] - values[self.node.out];
        // An empty main has air in it, not suction.
        let head = (values[self.node.head] + stored * tick.dt_s / self.capacity_m2).max(self.elevation_m);
        values[self.node.head] = head;
        values[self.node.inlet] = head;
        values[self.pressure] = (head - self.elevation_m) * GRAVITY / 100.0;
        values[self.node.into] = 0.0;
        values[self.node.out] = 0.0;
    }
}

/// A pipe, perhaps with a valve.
pub(crate) struct Pipe {
    from: Node,
    to: Node,
    flow: Slot,
    resistance: f64,
    valve: Option<Slot>,
    flow_m3s: f64,
}

impl Pipe {
    pub fn declare(file: &PipeFile, names: &mut Names) {
        for (key, at) in [("flow_m3h", &file.flow_m3h), ("loss_m", &file.loss_m)] {
            if at.get_ref().is_nan() || *at.get_ref() <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "a pipe without any loss would carry any flow");
            }
        }
        names.declare(&file.name, &[("flow_m3h", 0.0)]);
    }

    pub fn new(file: &PipeFile, names: &mut Names) -> Self {
        Self {
            from: names.node(&file.from),
            to: names.node(&file.to),
            flow: names.own(&file.name, "flow_m3h"),
            resistance: resistance(*file.loss_m.get_ref(), *file.flow_m3h.get_ref()),
            valve: file.valve.as_ref().map(|valve| names.part_of(valve, "_resistance", "valve")),
            flow_m3s: 0.0,
        }
    }
}

impl Element for Pipe {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        let forward = values[self.from.head] - values[self.to.inlet];
        let backward = values[self.to.head] - values[self.from.inlet];
        let resistance = self.resistance + self.valve.map_or(0.0, |valve| values[valve]);
        let aim = (forward.max(0.0) / resistance).sqrt() - (backward.max(0.0) / resistance).sqrt();
        // The water in the pipe has to be set in motion.
        self.flow_m3s += (aim - self.flow_m3s) * share(tick.dt_s, 0.5);
        values[self.flow] = self.flow_m3s * HOUR_S;
        flow_between(values, self.from, self.to, self.flow_m3s);
    }
}

/// How a district fails, and by how much of its mean it then draws more.
const DEMAND_KINDS: Kinds = &[("burst", "a main has burst: 150 % of the mean flow runs into the street")];
const BURST: f64 = 1.5;
/// How what is in the water fails, and how far.
const QUALITY_KINDS: Kinds = &[("surge", "four times as much as usual")];
const SURGE: f64 = 4.0;

/// Consumers.
pub(crate) struct Demand {
    name: String,
    burst: bool,
    from: Node,
    flow: Slot,
    wanted: Slot,
    mean_m3h: f64,
    pattern: Vec<f64>,
    noise: Wander,
    nominal_head_m: f64,
}

impl Demand {
    pub fn declare(file: &DemandFile, names: &mut Names) {
        if file.pattern.get_ref().len() != 24 {
            let message = format!("`pattern` has {} numbers instead of 24", file.pattern.get_ref().len());
            names.problem(&file.pattern, message, "one for each hour of the day, from midnight on");
        }
        if file.nominal_head_m.get_ref().is_nan() || *file.nominal_head_m.get_ref() <= 0.0 {
            names.problem(&file.nominal_head_m, "`nominal_head_m` must be above 0".into(), "");
        }
        names.declare(&file.name, &[("flow_m3h", 0.0), ("wanted_m3h", 0.0)]);
    }

    pub fn new(file: &DemandFile, names: &mut Names) -> Self {
        Self {
            name: file.name.get_ref().clone(),
            burst: false,
            from: names.node(&file.from),
            flow: names.own(&file.name, "flow_m3h"),
            wanted: names.own(&file.name, "wanted_m3h"),
            mean_m3h: file.mean_m3h,
            pattern: file.pattern.get_ref().clone(),
            noise: Wander::new(file.noise_pct / 100.0, file.noise_s),
            nominal_head_m: *file.nominal_head_m.get_ref(),
        }
    }
}

impl Element for Demand {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let (hour, part) = (tick.hour.floor(), tick.hour.fract());
        let at = |hour: f64| self.pattern[hour as usize % self.pattern.len()];
        let share = at(hour) * (1.0 - part) + at(hour + 1.0) * part;
        let wanted = (self.mean_m3h * (share + self.noise.step(tick.dt_s, chance))).max(0.0);
        let burst = if self.burst { BURST * self.mean_m3h } else { 0.0 };
        let flow = (wanted + burst) * (values[self.from.head].max(0.0) / self.nominal_head_m).sqrt();
        values[self.wanted] = wanted;
        values[self.flow] = flow;
        values[self.from.out] += flow / HOUR_S;
    }

    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.name, DEMAND_KINDS))
    }

    fn fail(&mut self, kind: Option<&'static str>, _: &mut Values) {
        self.burst = kind.is_some();
    }
}

/// What is in the water, or any other number that follows its inputs slowly.
pub(crate) struct Quality {
    name: String,
    surge: bool,
    least: f64,
    flow: Option<Slot>,
    slot: Slot,
    base: f64,
    inputs: Vec<(Slot, f64)>,
    swing: f64,
    /// Inflow in m³/h and volume in m³ of the tank it mixes in.
    tank: Option<(Slot, Slot)>,
    lag_s: f64,
    decay_per_h: f64,
    noise: Wander,
    at: Option<f64>,
}

impl Quality {
    pub fn declare(file: &QualityFile, names: &mut Names) {
        names.declare(&file.name, &[("", file.base)]);
    }

    pub fn new(file: &QualityFile, names: &mut Names) -> Self {
        let tank =
            file.tank.as_ref().map(|tank| (names.part_of(tank, "inflow_m3h", "tank"), names.part_of(tank, "volume_m3", "tank")));
        Self {
            name: file.name.get_ref().clone(),
            surge: false,
            least: file.least.unwrap_or(f64::NEG_INFINITY),
            flow: file.flow.as_ref().map(|flow| names.find(flow)),
            slot: names.own(&file.name, ""),
            base: file.base,
            inputs: file.inputs.iter().map(|input| (names.find(&input.of), input.factor)).collect(),
            swing: file.swing,
            tank,
            lag_s: file.lag_s,
            decay_per_h: file.decay_per_h,
            noise: Wander::new(file.noise, file.noise_s),
            at: file.initial,
        }
    }
}

impl Element for Quality {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let inputs: f64 = self.inputs.iter().map(|(slot, factor)| values[*slot] * factor).sum();
        let surge = if self.surge { SURGE } else { 1.0 };
        let aim = surge * (self.base + inputs + swing(self.swing, tick.hour)).max(self.least);
        let lag_s = match self.tank {
            None => self.lag_s,
            Some((inflow, volume)) => HOUR_S * values[volume].max(0.1) / values[inflow].max(1e-3),
        };
        // It starts where it would come to rest, so that a plant doesn't begin with empty pipes.
        let decay_per_s = self.decay_per_h / HOUR_S;
        let at = self.at.get_or_insert(aim / (1.0 + decay_per_s * if self.tank.is_some() { HOUR_S } else { lag_s }));
        let flows = self.flow.is_none_or(|flow| values[flow] > STANDING_M3H);
        let moved = if flows { (aim - *at) * share(tick.dt_s, lag_s) } else { 0.0 };
        *at += moved - *at * decay_per_s * tick.dt_s;
        let value = *at + self.noise.step(tick.dt_s, chance);
        values[self.slot] = value.max(self.least);
    }

    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.name, QUALITY_KINDS))
    }

    fn fail(&mut self, kind: Option<&'static str>, _: &mut Values) {
        self.surge = kind.is_some();
    }
}
