//! A controller that starts and stops pumps by a level.

use crate::file::LevelControlFile;
use crate::process::names::{Names, Slot, Values};
use crate::process::{Chance, Element, Tick};

/// How far the level has to fall below `full_pct` before held pumps are free again, in percent.
const FREE_PCT: f64 = 3.0;

/// The first pump starts below `start_pct`, each further one `step_pct` lower; above `stop_pct` they stop.
pub(crate) struct LevelControl {
    level: Slot,
    enabled: Slot,
    start: Slot,
    stop: Slot,
    full: Slot,
    pumps: Vec<ControlledPump>,
    step_pct: f64,
    full_pct: f64,
}

struct ControlledPump {
    auto_run: Slot,
    hold: Slot,
}

impl LevelControl {
    pub fn declare(file: &LevelControlFile, names: &mut Names) {
        let parts = [("enabled", 1.0), ("start_pct", file.start_pct), ("stop_pct", file.stop_pct), ("full", 0.0)];
        names.declare(&file.name, &parts);
    }

    pub fn new(file: &LevelControlFile, names: &mut Names) -> Self {
        Self {
            level: names.find(&file.level),
            enabled: names.own(&file.name, "enabled"),
            start: names.own(&file.name, "start_pct"),
            stop: names.own(&file.name, "stop_pct"),
            full: names.own(&file.name, "full"),
            pumps: file
                .pumps
                .iter()
                .map(|pump| ControlledPump {
                    auto_run: names.part_of(pump, "auto_run", "pump"),
                    hold: names.part_of(pump, "hold", "pump"),
                })
                .collect(),
            step_pct: file.step_pct,
            full_pct: file.full_pct,
        }
    }
}

impl Element for LevelControl {
    fn step(&mut self, values: &mut Values, _: Tick, _: &mut Chance) {
        let level = values[self.level];
        if level.is_nan() {
            // A controller without its sensor keeps what it does.
            return;
        }
        let was_full = values.is_on(self.full);
        let full = level > self.full_pct || was_full && level > self.full_pct - FREE_PCT;
        values.set_on(self.full, full);
        let (enabled, stop) = (values.is_on(self.enabled), values[self.stop]);
        for (pump, place) in self.pumps.iter().zip(0_u8..) {
            let start = values[self.start] - f64::from(place) * self.step_pct;
            let run = enabled && level < stop && (level < start || values.is_on(pump.auto_run));
            values.set_on(pump.auto_run, run);
            values.set_on(pump.hold, full);
        }
    }
}
