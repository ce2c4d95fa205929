//! Dosing pumps with their tanks, and what coagulation takes out of the water.

use crate::file::{DosingFile, SettlerFile};
use crate::process::machine::parts;
use crate::process::names::{Names, Slot, Values};
use crate::process::{Chance, Element, HOUR_S, Kinds, STANDING_M3H, Tick, Wander, share};

/// What a unit shows in `state`; as a pump does.
const STOPPED: f64 = 0.0;
const RUNNING: f64 = 2.0;
const TRIPPED: f64 = 4.0;
/// What it shows in `fault`.
const OVERLOADED: f64 = 1.0;
const NO_FLOW: f64 = 2.0;
const EMPTY: f64 = 3.0;
const UNDERVOLTAGE: f64 = 4.0;

/// Flow of water below which nothing is dosed in automatic, in m³/h.
const LEAST_M3H: f64 = 40.0;
/// How long its flow monitor waits, in s.
const MONITOR_S: f64 = 20.0;
/// How fast a tank is filled, in l/h, and how far, in percent.
const FILLING: (f64, f64) = (20_000.0, 95.0);

const KINDS: Kinds = &[
    ("trip", "its motor protection stops it; it can be reset"),
    ("undervoltage", "its voltage is gone for a moment: it stops, and waits for a reset"),
    ("airlock", "it strokes and moves nothing, until its flow monitor trips it"),
    ("leak", "its tank loses 200 l an hour"),
];

// Settings: auto, dose_setpoint, manual_stroke. Pulses: start, stop, reset, fill.
parts!(DosingParts: auto, start, stop, reset, fill, dose_setpoint, manual_stroke, running, stopped, tripped, ready, state, fault,
    stroke_pct, flow_l_h, dose_mg_l, tank_l, tank_pct, filling, hours, used_l);

/// A dosing unit.
pub(crate) struct Dosing {
    name: String,
    parts: DosingParts,
    water: Slot,
    strength_g_l: f64,
    capacity_l_h: f64,
    tank_l: f64,
    manual_run: bool,
    missing_s: f64,
    unrest: Wander,
    failing: Option<&'static str>,
}

impl Dosing {
    pub fn declare(file: &DosingFile, names: &mut Names) {
        for (key, at) in [("strength_g_l", &file.strength_g_l), ("capacity_l_h", &file.capacity_l_h), ("tank_l", &file.tank_l)] {
            if at.get_ref().is_nan() || *at.get_ref() <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "");
            }
        }
        let initial = |part: &str| match part {
            "auto" | "running" | "ready" => 1.0,
            "state" => RUNNING,
            "dose_setpoint" | "dose_mg_l" => file.dose_mg_l,
            "manual_stroke" => 30.0,
            "tank_l" => file.filled_pct / 100.0 * file.tank_l.get_ref(),
            "tank_pct" => file.filled_pct,
            "hours" => file.hours,
            _ => 0.0,
        };
        let parts: Vec<(&str, f64)> = DosingParts::NAMES.iter().map(|part| (*part, initial(part))).collect();
        names.declare(&file.name, &parts);
    }

    pub fn new(file: &DosingFile, names: &mut Names) -> Self {
        Self {
            name: file.name.get_ref().clone(),
            parts: DosingParts::of(&file.name, names),
            water: names.find(&file.flow),
            strength_g_l: *file.strength_g_l.get_ref(),
            capacity_l_h: *file.capacity_l_h.get_ref(),
            tank_l: *file.tank_l.get_ref(),
            manual_run: false,
            missing_s: 0.0,
            unrest: Wander::new(0.01, 5.0),
            failing: None,
        }
    }

    /// The stroke that is asked for now, in percent; `None` while it stands.
    fn command(&mut self, values: &mut Values) -> Option<f64> {
        let p = self.parts;
        let (start, stop) = (values.take(p.start), values.take(p.stop));
        if values.take(p.reset) {
            values.set_on(p.tripped, false);
            values[p.fault] = 0.0;
        }
        if stop {
            self.manual_run = false;
            values.set_on(p.auto, false);
        }
        let auto = values.is_on(p.auto);
        if auto {
            self.manual_run = values.is_on(p.running);
        } else if start {
            self.manual_run = true;
        }
        if values.is_on(p.tripped) {
            self.manual_run = false;
            return None;
        }
        let water = values[self.water];
        if auto {
            let wanted = values[p.dose_setpoint] * water / self.strength_g_l / self.capacity_l_h * 100.0;
            return (water > LEAST_M3H && wanted > 0.0).then_some(wanted.clamp(0.0, 100.0));
        }
        self.manual_run.then_some(values[p.manual_stroke].clamp(0.0, 100.0))
    }

    fn tank(&mut self, values: &mut Values, flow_l_h: f64, dt_s: f64) {
        let p = self.parts;
        if values.take(p.fill) {
            values.set_on(p.filling, true);
        }
        let leak = if self.failing == Some("leak") { 200.0 } else { 0.0 };
        let into = if values.is_on(p.filling) { FILLING.0 } else { 0.0 };
        let held = (values[p.tank_l] + (into - flow_l_h - leak) * dt_s / HOUR_S).clamp(0.0, self.tank_l);
        values[p.tank_l] = held;
        values[p.tank_pct] = 100.0 * held / self.tank_l;
        values[p.used_l] += flow_l_h * dt_s / HOUR_S;
        if values[p.tank_pct] >= FILLING.1 {
            values.set_on(p.filling, false);
        }
    }
}

impl Element for Dosing {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let p = self.parts;
        let stroke = self.command(values);
        let runs = stroke.is_some();
        let moves = self.failing != Some("airlock") && values[p.tank_l] > 0.5;
        let unrest = 1.0 + self.unrest.step(tick.dt_s, chance);
        let flow = if moves { stroke.unwrap_or(0.0) / 100.0 * self.capacity_l_h * unrest } else { 0.0 };
        values[p.stroke_pct] = stroke.unwrap_or(0.0);
        values[p.flow_l_h] += (flow - values[p.flow_l_h]) * share(tick.dt_s, 2.0);
        let water = values[self.water];
        values[p.dose_mg_l] = if water > LEAST_M3H { values[p.flow_l_h] * self.strength_g_l / water } else { 0.0 };
        self.tank(values, flow, tick.dt_s);
        self.missing_s = if runs && !moves { self.missing_s + tick.dt_s } else { 0.0 };
        if self.missing_s > MONITOR_S {
            values.set_on(p.tripped, true);
            values[p.fault] = if values[p.tank_l] > 0.5 { NO_FLOW } else { EMPTY };
        }
        let tripped = values.is_on(p.tripped);
        values.set_on(p.running, runs && !tripped);
        values.set_on(p.stopped, !runs || tripped);
        values.set_on(p.ready, !tripped);
        values[p.state] = match (tripped, runs) {
            (true, _) => TRIPPED,
            (false, true) => RUNNING,
            (false, false) => STOPPED,
        };
        if runs {
            values[p.hours] += tick.dt_s / HOUR_S;
        }
    }

    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.name, KINDS))
    }

    fn fail(&mut self, kind: Option<&'static str>, values: &mut Values) {
        let fault = match kind {
            Some("trip") => Some(OVERLOADED),
            Some("undervoltage") => Some(UNDERVOLTAGE),
            _ => None,
        };
        if let Some(fault) = fault {
            values.set_on(self.parts.tripped, true);
            values[self.parts.fault] = fault;
        } else {
            self.failing = kind;
        }
    }
}

/// Coagulation and settling.
pub(crate) struct Settler {
    slot: Slot,
    of: Slot,
    dose: Slot,
    mixer: Option<Slot>,
    half_mg_l: f64,
    removal: f64,
    lag_s: f64,
    flow: Slot,
    at: Option<f64>,
}

impl Settler {
    pub fn declare(file: &SettlerFile, names: &mut Names) {
        if file.half_mg_l.get_ref().is_nan() || *file.half_mg_l.get_ref() <= 0.0 {
            names.problem(&file.half_mg_l, "`half_mg_l` must be above 0".into(), "");
        }
        names.declare(&file.name, &[("", 0.0)]);
    }

    pub fn new(file: &SettlerFile, names: &mut Names) -> Self {
        Self {
            slot: names.own(&file.name, ""),
            of: names.find(&file.of),
            dose: names.find(&file.dose),
            mixer: file.mixer.as_ref().map(|mixer| names.part_of(mixer, "running", "motor")),
            half_mg_l: *file.half_mg_l.get_ref(),
            removal: file.removal,
            lag_s: file.lag_s,
            flow: names.find(&file.flow),
            at: file.initial,
        }
    }
}

impl Element for Settler {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        let dose = values[self.dose].max(0.0);
        let mixed = if self.mixer.is_none_or(|mixer| values.is_on(mixer)) { 1.0 } else { 0.5 };
        let aim = values[self.of] * (1.0 - self.removal * mixed * dose / (dose + self.half_mg_l));
        let at = self.at.get_or_insert(aim);
        if values[self.flow] > STANDING_M3H {
            *at += (aim - *at) * share(tick.dt_s, self.lag_s);
        }
        values[self.slot] = *at;
    }
}
