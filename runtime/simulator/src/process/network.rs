//! Mains in which water ages, mixtures, and the small controllers of remote stations.

use std::collections::VecDeque;

use crate::file::{BlendFile, FollowFile, LevelValveFile, MainFile};
use crate::process::names::{Names, Slot, Values};
use crate::process::{Chance, Element, HOUR_S, Tick};

/// Parcels of water that a main is cut into.
const PARCELS: usize = 60;

/// Plug flow: what goes in comes out when the main's volume has passed, decayed meanwhile.
pub(crate) struct Main {
    of: Slot,
    flow: Slot,
    value: Slot,
    age: Slot,
    parcel_m3: f64,
    decay_per_s: f64,
    start_m3h: f64,
    /// Content and age in s of each parcel, the newest first.
    parcels: VecDeque<(f64, f64)>,
    /// What has flowed into the next parcel so far: m³, and content times m³.
    begun: (f64, f64),
}

impl Main {
    pub fn declare(file: &MainFile, names: &mut Names) {
        for (key, at) in [("volume_m3", &file.volume_m3), ("start_m3h", &file.start_m3h)] {
            if at.get_ref().is_nan() || *at.get_ref() <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "");
            }
        }
        names.declare(&file.name, &[("value", 0.0), ("age_h", 0.0)]);
    }

    pub fn new(file: &MainFile, names: &mut Names) -> Self {
        Self {
            of: names.find(&file.of),
            flow: names.find(&file.flow),
            value: names.own(&file.name, "value"),
            age: names.own(&file.name, "age_h"),
            parcel_m3: file.volume_m3.get_ref() / PARCELS as f64,
            decay_per_s: file.decay_per_h / HOUR_S,
            start_m3h: *file.start_m3h.get_ref(),
            parcels: VecDeque::with_capacity(PARCELS + 1),
            begun: (0.0, 0.0),
        }
    }

    fn fill(&mut self, content: f64) {
        let parcel_s = self.parcel_m3 / self.start_m3h * HOUR_S;
        for place in 0..PARCELS {
            let age_s = place as f64 * parcel_s;
            self.parcels.push_back((content * (-self.decay_per_s * age_s).exp(), age_s));
        }
    }
}

impl Element for Main {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        if self.parcels.is_empty() {
            self.fill(values[self.of]);
        }
        let keep = 1.0 - self.decay_per_s * tick.dt_s;
        for (content, age_s) in &mut self.parcels {
            *content *= keep;
            *age_s += tick.dt_s;
        }
        let amount = values[self.flow].max(0.0) * tick.dt_s / HOUR_S;
        self.begun = (self.begun.0 + amount, self.begun.1 * keep + amount * values[self.of]);
        while self.begun.0 >= self.parcel_m3 {
            let content = self.begun.1 / self.begun.0;
            self.parcels.push_front((content, 0.0));
            self.parcels.pop_back();
            self.begun = (self.begun.0 - self.parcel_m3, self.begun.1 - content * self.parcel_m3);
        }
        if let Some((content, age_s)) = self.parcels.back() {
            values[self.value] = *content;
            values[self.age] = age_s / HOUR_S;
        }
    }
}

/// A mean weighted by flows; without any flow it stays.
pub(crate) struct Blend {
    slot: Slot,
    parts: Vec<(Slot, Slot)>,
}

impl Blend {
    pub fn declare(file: &BlendFile, names: &mut Names) {
        names.declare(&file.name, &[("", file.initial)]);
    }

    pub fn new(file: &BlendFile, names: &mut Names) -> Self {
        let parts = file.parts.iter().map(|part| (names.find(&part.of), names.find(&part.flow))).collect();
        Self { slot: names.own(&file.name, ""), parts }
    }
}

impl Element for Blend {
    fn step(&mut self, values: &mut Values, _: Tick, _: &mut Chance) {
        let flow: f64 = self.parts.iter().map(|(_, flow)| values[*flow].max(0.0)).sum();
        if flow > 1.0 {
            let sum: f64 = self.parts.iter().map(|(of, flow)| values[*of] * values[*flow].max(0.0)).sum();
            values[self.slot] = sum / flow;
        }
    }
}

/// Opens a valve at a low level, and closes it at a high one.
pub(crate) struct LevelValve {
    level: Slot,
    command: Slot,
    enabled: Slot,
    open: Slot,
    close: Slot,
    position_pct: f64,
}

impl LevelValve {
    pub fn declare(file: &LevelValveFile, names: &mut Names) {
        names.declare(&file.name, &[("enabled", 1.0), ("open_pct", file.open_pct), ("close_pct", file.close_pct)]);
    }

    pub fn new(file: &LevelValveFile, names: &mut Names) -> Self {
        Self {
            level: names.find(&file.level),
            command: names.part_of(&file.valve, "command_pct", "valve"),
            enabled: names.own(&file.name, "enabled"),
            open: names.own(&file.name, "open_pct"),
            close: names.own(&file.name, "close_pct"),
            position_pct: file.position_pct,
        }
    }
}

impl Element for LevelValve {
    fn step(&mut self, values: &mut Values, _: Tick, _: &mut Chance) {
        // NaN, a sensor without a signal, changes nothing.
        let level = values[self.level];
        if values.is_on(self.enabled) && level <= values[self.open] {
            values[self.command] = self.position_pct;
        } else if values.is_on(self.enabled) && level >= values[self.close] {
            values[self.command] = 0.0;
        }
    }
}

/// Runs machines in automatic while a quantity is above a value.
pub(crate) struct Follow {
    of: Slot,
    above: f64,
    runs: Vec<Slot>,
}

impl Follow {
    pub fn declare(file: &FollowFile, names: &mut Names) {
        names.declare(&file.name, &[("on", 0.0)]);
    }

    pub fn new(file: &FollowFile, names: &mut Names) -> Self {
        let runs = file.machines.iter().map(|machine| names.part_of(machine, "auto_run", "machine")).collect();
        Self { of: names.find(&file.of), above: file.above, runs }
    }
}

impl Element for Follow {
    fn step(&mut self, values: &mut Values, _: Tick, _: &mut Chance) {
        let runs = values[self.of] > self.above;
        self.runs.iter().for_each(|run| values.set_on(*run, runs));
    }
}
