//! A controller that holds a pressure with the speed and the number of its pumps.

use crate::file::PressureControlFile;
use crate::process::names::{Names, Slot, Values};
use crate::process::{Chance, Element, Tick};

/// Proportional and integral action on the speed; a further pump when the speed isn't enough, one less when the
/// others can carry it; the next pump when one trips.
pub(crate) struct PressureControl {
    measured: Slot,
    pv: Slot,
    sp: Slot,
    out: Slot,
    auto: Slot,
    manual_out: Slot,
    duty: Slot,
    standby: Slot,
    running_count: Slot,
    pumps: Vec<StagedPump>,
    gain: f64,
    integral_s: f64,
    out_min: f64,
    stage_up_pct: f64,
    stage_down_share: f64,
    stage_s: f64,
    /// How many pumps it wants.
    wanted: usize,
    above_s: f64,
    below_s: f64,
    error_before: Option<f64>,
}

struct StagedPump {
    auto: Slot,
    ready: Slot,
    auto_run: Slot,
    auto_speed: Slot,
    running: Slot,
    flow: Slot,
    capacity: Slot,
}

impl PressureControl {
    pub fn declare(file: &PressureControlFile, names: &mut Names) {
        if file.integral_s.get_ref().is_nan() || *file.integral_s.get_ref() <= 0.0 {
            names.problem(&file.integral_s, "`integral_s` must be above 0".into(), "");
        }
        let parts = [
            ("pv", file.sp),
            ("sp", file.sp),
            ("out", file.out),
            ("auto", 1.0),
            ("manual_out", file.out),
            ("duty", 1.0),
            ("standby", 0.0),
            ("running_count", 0.0),
        ];
        names.declare(&file.name, &parts);
    }

    pub fn new(file: &PressureControlFile, names: &mut Names) -> Self {
        let mut pump = |name| {
            let mut part = |part| names.part_of(name, part, "pump");
            StagedPump {
                auto: part("auto"),
                ready: part("ready"),
                auto_run: part("auto_run"),
                auto_speed: part("auto_speed"),
                running: part("running"),
                flow: part("flow_m3h"),
                capacity: part("capacity_m3h"),
            }
        };
        let pumps: Vec<StagedPump> = file.pumps.iter().map(&mut pump).collect();
        let measured = names.find(&file.pv);
        let mut own = |part| names.own(&file.name, part);
        Self {
            measured,
            pv: own("pv"),
            sp: own("sp"),
            out: own("out"),
            auto: own("auto"),
            manual_out: own("manual_out"),
            duty: own("duty"),
            standby: own("standby"),
            running_count: own("running_count"),
            pumps,
            gain: file.gain,
            integral_s: *file.integral_s.get_ref(),
            out_min: file.out_min,
            stage_up_pct: file.stage_up_pct,
            stage_down_share: file.stage_down_share,
            stage_s: file.stage_s,
            wanted: 0,
            above_s: 0.0,
            below_s: 0.0,
            error_before: None,
        }
    }

    /// The loop itself, in velocity form, so that changing its mode makes no bump.
    fn regulate(&mut self, values: &mut Values, dt_s: f64) {
        values[self.pv] = values[self.measured];
        if !values.is_on(self.auto) {
            values[self.out] = values[self.manual_out].clamp(0.0, 100.0);
            self.error_before = None;
            return;
        }
        let error = values[self.sp] - values[self.pv];
        if error.is_finite() {
            let change = error - self.error_before.unwrap_or(error);
            self.error_before = Some(error);
            let move_pct = self.gain * (change + error * dt_s / self.integral_s);
            values[self.out] = (values[self.out] + move_pct).clamp(self.out_min, 100.0);
        }
        values[self.manual_out] = values[self.out];
    }

    /// The places of the pumps that it may use, the one on duty first.
    fn candidates(&self, values: &Values) -> Vec<usize> {
        let count = self.pumps.len();
        let duty = (values[self.duty].max(1.0) as usize - 1) % count.max(1);
        (0..count)
            .map(|place| (duty + place) % count)
            .filter(|place| values.is_on(self.pumps[*place].auto) && values.is_on(self.pumps[*place].ready))
            .collect()
    }

    fn stage(&mut self, values: &Values, candidates: &[usize], dt_s: f64) {
        if !values.is_on(self.auto) {
            (self.above_s, self.below_s) = (0.0, 0.0);
            self.wanted = self.wanted.clamp(usize::from(!candidates.is_empty()), candidates.len());
            return;
        }
        let flow: f64 = self.pumps.iter().map(|pump| values[pump.flow]).sum();
        let others: f64 =
            candidates.iter().take(self.wanted.saturating_sub(1)).map(|place| values[self.pumps[*place].capacity]).sum();
        let count = |since: f64, holds: bool| if holds { since + dt_s } else { 0.0 };
        self.above_s = count(self.above_s, values[self.out] >= self.stage_up_pct && self.wanted < candidates.len());
        self.below_s = count(self.below_s, self.wanted > 1 && flow < self.stage_down_share * others);
        if self.above_s > self.stage_s {
            (self.wanted, self.above_s, self.below_s) = (self.wanted + 1, 0.0, 0.0);
        } else if self.below_s > self.stage_s {
            (self.wanted, self.above_s, self.below_s) = (self.wanted - 1, 0.0, 0.0);
        }
        self.wanted = self.wanted.clamp(usize::from(!candidates.is_empty()), candidates.len());
    }
}

impl Element for PressureControl {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        self.regulate(values, tick.dt_s);
        let candidates = self.candidates(values);
        if tick.time_s == 0.0 {
            self.wanted = candidates.iter().filter(|place| values.is_on(self.pumps[**place].auto_run)).count();
        }
        self.stage(values, &candidates, tick.dt_s);
        let (chosen, rest) = candidates.split_at(self.wanted.min(candidates.len()));
        // Change-over: the new one runs before the old one stops.
        let all_run = chosen.iter().all(|place| values.is_on(self.pumps[*place].running));
        for place in chosen {
            values.set_on(self.pumps[*place].auto_run, true);
        }
        for place in rest.iter().filter(|_| all_run) {
            values.set_on(self.pumps[*place].auto_run, false);
        }
        for (place, pump) in self.pumps.iter().enumerate() {
            if !candidates.contains(&place) {
                values.set_on(pump.auto_run, values.is_on(pump.running) && !values.is_on(pump.auto));
            }
            values[pump.auto_speed] = values[self.out];
        }
        let standby = rest.iter().find(|place| !values.is_on(self.pumps[**place].running));
        values[self.standby] = standby.map_or(0.0, |place| *place as f64 + 1.0);
        values[self.running_count] = self.pumps.iter().filter(|pump| values.is_on(pump.running)).count() as f64;
    }
}
