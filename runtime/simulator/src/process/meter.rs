//! A three-phase energy meter: everything that one shows, from the power that flows.

use crate::file::MeterFile;
use crate::process::machine::parts;
use crate::process::names::{Names, Slot, Values};
use crate::process::{Chance, Element, HOUR_S, Tick, Wander};

/// Voltage of a phase, and how it wanders: deviation in V, memory in s.
const PHASE_V: (f64, f64, f64) = (230.9, 0.7, 45.0);
/// How the phases share the load; together 1.
const SHARES: [f64; 3] = [0.338, 0.329, 0.333];
/// How the mains frequency wanders: deviation in Hz, memory in s.
const FREQUENCY: (f64, f64) = (0.012, 30.0);

parts!(MeterParts: u1, u2, u3, u12, u23, u31, i1, i2, i3, p1, p2, p3, s1, s2, s3, q1, q2, q3, u, ul, p, s, q, pf1, pf2, pf3, pf,
    sequence, hz, kwh, kvarh, kwh_out, dip_pct);

/// A meter. Voltages in V, currents in A, powers in W, VA and var, energies in kWh and kvarh.
pub(crate) struct Meter {
    of: Slot,
    parts: MeterParts,
    power_factor: f64,
    volts: [Wander; 3],
    factor: Wander,
    frequency: Wander,
}

impl Meter {
    pub fn declare(file: &MeterFile, names: &mut Names) {
        let initial = |part: &str| match part {
            "kwh" => file.energy_kwh,
            "kvarh" => file.energy_kwh * 0.45,
            _ => 0.0,
        };
        let parts: Vec<(&str, f64)> = MeterParts::NAMES.iter().map(|part| (*part, initial(part))).collect();
        names.declare(&file.name, &parts);
    }

    pub fn new(file: &MeterFile, names: &mut Names) -> Self {
        let volt = Wander::new(PHASE_V.1, PHASE_V.2);
        Self {
            of: names.find(&file.of),
            parts: MeterParts::of(&file.name, names),
            power_factor: file.power_factor.clamp(0.1, 1.0),
            volts: [volt; 3],
            factor: Wander::new(0.003, 60.0),
            frequency: Wander::new(FREQUENCY.0, FREQUENCY.1),
        }
    }
}

impl Element for Meter {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let m = self.parts;
        let power_w = values[self.of].max(0.0) * 1_000.0;
        let factor = (self.power_factor + self.factor.step(tick.dt_s, chance)).clamp(0.05, 1.0);
        let lag = (1.0 - factor * factor).sqrt() / factor;
        // A dip of the grid is told from outside; a meter that shows something has a rest of voltage.
        let dip = values[m.dip_pct].clamp(0.0, 90.0) / 100.0;
        let mut volts = [0.0; 3];
        for (volt, wander) in volts.iter_mut().zip(&mut self.volts) {
            *volt = PHASE_V.0 * (1.0 - dip) + wander.step(tick.dt_s, chance);
        }
        let phases =
            [(m.u1, m.i1, m.p1, m.s1, m.q1, m.pf1), (m.u2, m.i2, m.p2, m.s2, m.q2, m.pf2), (m.u3, m.i3, m.p3, m.s3, m.q3, m.pf3)];
        for ((volt, part), (u, i, p, s, q, pf)) in volts.iter().zip(SHARES).zip(phases) {
            let power = power_w * part;
            values[u] = *volt;
            values[i] = power / factor / volt;
            values[p] = power;
            values[s] = power / factor;
            values[q] = power * lag;
            values[pf] = factor;
        }
        let mean = volts.iter().sum::<f64>() / 3.0;
        // The phases are a third of a turn apart: c² = a² + b² + a b.
        let between = |a: f64, b: f64| (a * a + b * b + a * b).sqrt();
        for (slot, volt) in [
            (m.u12, between(volts[0], volts[1])),
            (m.u23, between(volts[1], volts[2])),
            (m.u31, between(volts[2], volts[0])),
            (m.u, mean),
            (m.ul, mean * 3.0_f64.sqrt()),
        ] {
            values[slot] = volt;
        }
        // L1, L2, L3; and nothing feeds in.
        (values[m.sequence], values[m.kwh_out]) = (0.0, 0.0);
        values[m.p] = power_w;
        values[m.s] = power_w / factor;
        values[m.q] = power_w * lag;
        values[m.pf] = factor;
        values[m.hz] = 50.0 + self.frequency.step(tick.dt_s, chance);
        values[m.kwh] += power_w / 1_000.0 * tick.dt_s / HOUR_S;
        values[m.kvarh] += power_w * lag / 1_000.0 * tick.dt_s / HOUR_S;
    }
}
