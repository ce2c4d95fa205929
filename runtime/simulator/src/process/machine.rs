//! Pumps with their drives and starters, and motor valves.

use crate::file::{MotorFile, PumpFile, ValveFile};
use crate::process::names::{Names, Node, Slot, Values};
use crate::process::water::{flow_between, resistance};
use crate::process::{Chance, Element, GRAVITY, HOUR_S, Kinds, Tick, Wander, share};

/// Current above which the overload relay counts, as a share of the rated one, and how long it counts, in s.
const OVERLOAD: (f64, f64) = (1.25, 5.0);
/// How long suction may be too low before it trips, in s.
const SUCTION_S: f64 = 2.0;
/// Share of its power that a motor turns into head, at best.
const EFFICIENCY: f64 = 0.82;
/// Opening below which a valve lets nothing through.
const SHUT_PCT: f64 = 0.5;
/// Resistance of a shut valve, in m/(m³/s)².
const SHUT: f64 = 1e12;

/// What a pump's starter shows in `state`.
const STOPPED: f64 = 0.0;
const STARTING: f64 = 1.0;
const RUNNING: f64 = 2.0;
const STOPPING: f64 = 3.0;
const TRIPPED: f64 = 4.0;

/// What a pump's starter shows in `fault`.
const OVERLOADED: f64 = 1.0;
const SUCTION_LOW: f64 = 2.0;
const NO_START: f64 = 3.0;
const UNDERVOLTAGE: f64 = 4.0;
/// How long a starter waits for its motor to turn, in s.
const START_S: f64 = 8.0;

/// How pumps and motors fail.
const MACHINE_KINDS: Kinds = &[
    ("trip", "its protection stops it; it can be reset"),
    ("undervoltage", "its voltage is gone for a moment: its contactor drops, and it waits for a reset"),
    ("jam", "it takes three times its current, and trips again after each reset"),
    ("no_start", "its contactor doesn't close: it stands, and trips as not started"),
    ("worn", "it lifts a quarter less"),
];
/// How valves fail.
const VALVE_KINDS: Kinds = &[
    ("stuck", "it stays where it is"),
    ("slow", "it takes four times as long"),
    ("no_power", "its actuator has no voltage: it stays where it is, and says so"),
];

macro_rules! parts {
    ($what:ident: $($name:ident),*) => {
        #[derive(Clone, Copy)]
        struct $what { $($name: Slot),* }

        impl $what {
            const NAMES: &[&str] = &[$(stringify!($name)),*];

            fn of(name: &toml::Spanned<String>, names: &mut $crate::process::Names) -> Self {
                Self { $($name: names.own(name, stringify!($name))),* }
            }
        }
    };
}

// Commands (pulses): start, stop, reset. Settings: auto, speed_setpoint. From the automatic: auto_run, auto_speed,
// hold (stands still whatever anybody wants). The rest is what the starter and the instruments show.
pub(crate) use parts;

parts!(PumpParts: start, stop, reset, auto, speed_setpoint, auto_run, auto_speed, hold, demanded, running, stopped, tripped,
    ready, state, fault, speed_rpm, speed_pct, flow_m3h, capacity_m3h, current_a, power_kw, hours, starts_today, temperature_c);

/// A machine's drive and starter: takes commands, turns, protects itself.
struct Drive {
    name: String,
    parts: PumpParts,
    rated_rpm: f64,
    rated_a: f64,
    ramp_s: f64,
    manual_run: bool,
    overload_s: f64,
    start_s: f64,
    failing: Option<&'static str>,
}

/// What a drive begins with.
struct Begin {
    running: bool,
    auto: bool,
    speed_pct: f64,
    rated_rpm: f64,
    hours: f64,
    starts_today: f64,
}

impl Drive {
    fn declare(name: &toml::Spanned<String>, begin: &Begin, names: &mut Names) {
        let on = |flag: bool| f64::from(u8::from(flag));
        let speed = if begin.running { begin.speed_pct } else { 0.0 };
        let initial = |part: &str| match part {
            "auto" => on(begin.auto),
            "auto_run" => on(begin.auto && begin.running),
            "running" | "demanded" => on(begin.running),
            "stopped" => on(!begin.running),
            "ready" => 1.0,
            "state" if begin.running => RUNNING,
            "speed_setpoint" | "auto_speed" => begin.speed_pct,
            "speed_pct" => speed,
            "speed_rpm" => speed / 100.0 * begin.rated_rpm,
            "hours" => begin.hours,
            "starts_today" => begin.starts_today,
            "temperature_c" if begin.running => 62.0,
            "temperature_c" => 24.0,
            _ => 0.0,
        };
        let parts: Vec<(&str, f64)> = PumpParts::NAMES.iter().map(|part| (*part, initial(part))).collect();
        names.declare(name, &parts);
    }

    fn new(
        name: &toml::Spanned<String>,
        (rated_rpm, rated_a, ramp_s): (f64, f64, f64),
        manual_run: bool,
        names: &mut Names,
    ) -> Self {
        let parts = PumpParts::of(name, names);
        let name = name.get_ref().clone();
        Self { name, parts, rated_rpm, rated_a, ramp_s, manual_run, overload_s: 0.0, start_s: 0.0, failing: None }
    }

    /// What the starter makes of its commands; whether the pump is asked to run.
    fn command(&mut self, values: &mut Values, tick: Tick) -> bool {
        let p = self.parts;
        if tick.midnight {
            values[p.starts_today] = 0.0;
        }
        let (start, stop, reset) = (values.take(p.start), values.take(p.stop), values.take(p.reset));
        if reset && values.is_on(p.tripped) {
            values.set_on(p.tripped, false);
            values[p.fault] = 0.0;
        }
        let auto = values.is_on(p.auto);
        if auto {
            // So that taking it to manual changes nothing by itself.
            self.manual_run = values.is_on(p.auto_run);
        } else if start {
            self.manual_run = true;
        }
        if stop {
            self.manual_run = false;
            values.set_on(p.auto, false);
        }
        if values.is_on(p.tripped) || values.is_on(p.hold) {
            self.manual_run = false;
        }
        let wanted = if values.is_on(p.auto) { values.is_on(p.auto_run) } else { self.manual_run };
        wanted && !values.is_on(p.tripped) && !values.is_on(p.hold)
    }

    fn turn(&self, values: &mut Values, demanded: bool, dt_s: f64) {
        let p = self.parts;
        let setpoint = if values.is_on(p.auto) { values[p.auto_speed] } else { values[p.speed_setpoint] };
        let turns = demanded && self.failing != Some("no_start");
        let aim = if turns { setpoint.clamp(0.0, 100.0) } else { 0.0 };
        // A tripped motor has no ramp: it coasts down.
        let ramp_s = if values.is_on(p.tripped) { self.ramp_s / 2.0 } else { self.ramp_s };
        let most = 100.0 * dt_s / ramp_s;
        let speed = values[p.speed_pct] + (aim - values[p.speed_pct]).clamp(-most, most);
        values[p.speed_pct] = speed;
        values[p.speed_rpm] = speed / 100.0 * self.rated_rpm;
        let was_running = values.is_on(p.running);
        let running = demanded && (was_running || speed >= 0.97 * aim && aim > 0.0);
        if demanded && !values.is_on(p.demanded) {
            values[p.starts_today] += 1.0;
        }
        values.set_on(p.demanded, demanded);
        values.set_on(p.running, running);
        values.set_on(p.stopped, !demanded && speed < 0.5);
        values.set_on(p.ready, !values.is_on(p.tripped));
        values[p.state] = match (values.is_on(p.tripped), demanded, running) {
            (true, ..) => TRIPPED,
            (false, true, true) => RUNNING,
            (false, true, false) => STARTING,
            (false, false, _) if speed < 0.5 => STOPPED,
            (false, false, _) => STOPPING,
        };
        if speed > 1.0 {
            values[p.hours] += dt_s / HOUR_S;
        }
    }

    /// Stops the motor before it burns; `suction_low` is for pumps.
    fn protect(&mut self, values: &mut Values, dt_s: f64, suction_low: bool) {
        let p = self.parts;
        let load = values[p.current_a] / self.rated_a;
        let count = |since: f64, bad: bool| if bad { since + dt_s } else { 0.0 };
        self.overload_s = count(self.overload_s, load > OVERLOAD.0);
        self.start_s = count(self.start_s, values.is_on(p.demanded) && values[p.speed_pct] < 1.0);
        let fault = if self.overload_s > OVERLOAD.1 {
            OVERLOADED
        } else if suction_low {
            SUCTION_LOW
        } else if self.start_s > START_S {
            NO_START
        } else {
            0.0
        };
        if fault != 0.0 {
            self.trip(values, fault);
        }
        let warm = 24.0 + 55.0 * load * load;
        values[p.temperature_c] += (warm - values[p.temperature_c]) * share(dt_s, 600.0);
    }

    fn trip(&mut self, values: &mut Values, fault: f64) {
        if !values.is_on(self.parts.tripped) {
            values.set_on(self.parts.tripped, true);
            values[self.parts.fault] = fault;
        }
    }

    /// How much more current it takes than it should.
    fn drag(&self, values: &Values) -> f64 {
        if self.failing == Some("jam") && values.is_on(self.parts.demanded) { 3.0 } else { 1.0 }
    }

    fn fail(&mut self, kind: Option<&'static str>, values: &mut Values) {
        match kind {
            Some("trip") => self.trip(values, OVERLOADED),
            Some("undervoltage") => self.trip(values, UNDERVOLTAGE),
            _ => self.failing = kind,
        }
    }
}

/// A centrifugal pump on a frequency converter.
pub(crate) struct Pump {
    drive: Drive,
    from: Node,
    to: Node,
    suction_level: Option<(Slot, f64)>,
    valve: Option<Slot>,
    shutoff_m: f64,
    /// Of the pump's curve, and of its own pipes, in m/(m³/s)².
    curve: f64,
    pipes: f64,
    rated_kw: f64,
    flow_m3s: f64,
    suction_s: f64,
    unrest: Wander,
}

impl Pump {
    pub fn declare(file: &PumpFile, names: &mut Names) {
        let positive = [&file.shutoff_head_m, &file.runout_m3h, &file.rated_kw, &file.ramp_s];
        for (at, key) in positive.iter().zip(["shutoff_head_m", "runout_m3h", "rated_kw", "ramp_s"]) {
            if at.get_ref().is_nan() || *at.get_ref() <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "");
            }
        }
        let PumpFile { running, auto, speed_pct, rated_rpm, hours, starts_today, .. } = *file;
        Drive::declare(&file.name, &Begin { running, auto, speed_pct, rated_rpm, hours, starts_today }, names);
    }

    pub fn new(file: &PumpFile, names: &mut Names) -> Self {
        let (shutoff_m, runout_m3h) = (*file.shutoff_head_m.get_ref(), *file.runout_m3h.get_ref());
        let ratings = (file.rated_rpm, file.rated_a, *file.ramp_s.get_ref());
        Self {
            drive: Drive::new(&file.name, ratings, file.running && !file.auto, names),
            from: names.node(&file.from),
            to: names.node(&file.to),
            suction_level: file
                .min_suction_m
                .as_ref()
                .map(|least| (names.part_of(&file.from, "level_m", "tank with a level"), *least.get_ref())),
            valve: file.valve.as_ref().map(|valve| names.part_of(valve, "_resistance", "valve")),
            shutoff_m,
            curve: resistance(shutoff_m, runout_m3h),
            pipes: resistance(file.loss_m, runout_m3h),
            rated_kw: *file.rated_kw.get_ref(),
            flow_m3s: 0.0,
            suction_s: 0.0,
            unrest: Wander::new(0.004, 1.0),
        }
    }

    /// Flow by the pump's curve against the heads at both ends; backwards the check valve is shut.
    fn push(&mut self, values: &mut Values, dt_s: f64, chance: &mut Chance) {
        let p = self.drive.parts;
        let shutoff_m = if self.drive.failing == Some("worn") { 0.75 * self.shutoff_m } else { self.shutoff_m };
        let lift = values[self.to.inlet] - values[self.from.head];
        let losses = self.curve + self.pipes + self.valve.map_or(0.0, |valve| values[valve]);
        let at_speed = |speed: f64| ((shutoff_m * speed * speed - lift).max(0.0) / losses).sqrt();
        let speed = values[p.speed_pct] / 100.0;
        let aim = if self.is_dry(values) { 0.0 } else { at_speed(speed) };
        self.flow_m3s += (aim - self.flow_m3s) * share(dt_s, 0.5);
        values[p.capacity_m3h] = at_speed(1.0) * HOUR_S;
        values[p.flow_m3h] = self.flow_m3s * HOUR_S;
        flow_between(values, self.from, self.to, self.flow_m3s);
        // No-load losses go with the cube of the speed; the rest is the water's power.
        let head = (shutoff_m * speed * speed - self.curve * self.flow_m3s * self.flow_m3s).max(0.0);
        let unrest = 1.0 + self.unrest.step(dt_s, chance);
        let power = 0.12 * self.rated_kw * speed.powi(3) + GRAVITY * self.flow_m3s * head / EFFICIENCY;
        values[p.power_kw] = power;
        values[p.current_a] =
            unrest * self.drive.drag(values) * self.drive.rated_a * (0.25 * speed + 0.75 * power / self.rated_kw);
    }

    fn is_dry(&self, values: &Values) -> bool {
        self.suction_level.is_some_and(|(level, _)| values[level] <= 0.01)
    }
}

impl Element for Pump {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let demanded = self.drive.command(values, tick);
        self.drive.turn(values, demanded, tick.dt_s);
        self.push(values, tick.dt_s, chance);
        let low = self.suction_level.is_some_and(|(level, least)| values[level] < least);
        let counts = low && values.is_on(self.drive.parts.demanded);
        self.suction_s = if counts { self.suction_s + tick.dt_s } else { 0.0 };
        self.drive.protect(values, tick.dt_s, self.suction_s > SUCTION_S);
    }

    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.drive.name, MACHINE_KINDS))
    }

    fn fail(&mut self, kind: Option<&'static str>, values: &mut Values) {
        self.drive.fail(kind, values);
    }
}

/// A machine that moves no water: a mixer, a blower.
pub(crate) struct Motor {
    drive: Drive,
    rated_kw: f64,
    load: f64,
    unrest: Wander,
}

impl Motor {
    pub fn declare(file: &MotorFile, names: &mut Names) {
        for (key, at) in [("rated_kw", &file.rated_kw), ("ramp_s", &file.ramp_s)] {
            if at.get_ref().is_nan() || *at.get_ref() <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "");
            }
        }
        let MotorFile { running, auto, speed_pct, rated_rpm, hours, starts_today, .. } = *file;
        Drive::declare(&file.name, &Begin { running, auto, speed_pct, rated_rpm, hours, starts_today }, names);
    }

    pub fn new(file: &MotorFile, names: &mut Names) -> Self {
        let ratings = (file.rated_rpm, file.rated_a, *file.ramp_s.get_ref());
        Self {
            drive: Drive::new(&file.name, ratings, file.running && !file.auto, names),
            rated_kw: *file.rated_kw.get_ref(),
            load: file.load,
            unrest: Wander::new(0.006, 1.0),
        }
    }
}

impl Element for Motor {
    fn step(&mut self, values: &mut Values, tick: Tick, chance: &mut Chance) {
        let demanded = self.drive.command(values, tick);
        self.drive.turn(values, demanded, tick.dt_s);
        let p = self.drive.parts;
        let speed = values[p.speed_pct] / 100.0;
        let power = self.load * self.rated_kw * speed.powi(3);
        let unrest = 1.0 + self.unrest.step(tick.dt_s, chance);
        values[p.power_kw] = power;
        values[p.current_a] =
            unrest * self.drive.drag(values) * self.drive.rated_a * (0.25 * speed + 0.75 * power / self.rated_kw);
        self.drive.protect(values, tick.dt_s, false);
    }

    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.drive.name, &MACHINE_KINDS[..4]))
    }

    fn fail(&mut self, kind: Option<&'static str>, values: &mut Values) {
        self.drive.fail(kind, values);
    }
}

parts!(ValveParts: command_pct, position_pct, opened, closed, moving, available, _resistance);

/// A motor valve: takes its time, and says where it is.
pub(crate) struct Valve {
    name: String,
    parts: ValveParts,
    failing: Option<&'static str>,
    travel_s: f64,
    open_resistance: f64,
}

impl Valve {
    pub fn declare(file: &ValveFile, names: &mut Names) {
        for (key, at) in [("travel_s", &file.travel_s), ("loss_m", &file.loss_m), ("flow_m3h", &file.flow_m3h)] {
            if at.get_ref().is_nan() || *at.get_ref() <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "");
            }
        }
        let parts: Vec<(&str, f64)> = ValveParts::NAMES
            .iter()
            .map(|part| (*part, if matches!(*part, "command_pct" | "position_pct") { file.position_pct } else { 0.0 }))
            .collect();
        names.declare(&file.name, &parts);
    }

    pub fn new(file: &ValveFile, names: &mut Names) -> Self {
        Self {
            name: file.name.get_ref().clone(),
            failing: None,
            parts: ValveParts::of(&file.name, names),
            travel_s: *file.travel_s.get_ref(),
            open_resistance: resistance(*file.loss_m.get_ref(), *file.flow_m3h.get_ref()),
        }
    }
}

impl Element for Valve {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        let p = self.parts;
        let command = values[p.command_pct].clamp(0.0, 100.0);
        let pace = match self.failing {
            Some("stuck" | "no_power") => 0.0,
            Some(_) => 0.25,
            None => 1.0,
        };
        let most = pace * 100.0 * tick.dt_s / self.travel_s;
        let missing = command - values[p.position_pct];
        let position = values[p.position_pct] + missing.clamp(-most, most);
        values[p.position_pct] = position;
        values.set_on(p.moving, most > 0.0 && missing.abs() > most);
        values.set_on(p.available, self.failing != Some("no_power"));
        values.set_on(p.opened, position > 99.0);
        values.set_on(p.closed, position < 1.0);
        values[p._resistance] = if position < SHUT_PCT { SHUT } else { self.open_resistance / (position / 100.0).powi(2) };
    }
    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.name, VALVE_KINDS))
    }

    fn fail(&mut self, kind: Option<&'static str>, _: &mut Values) {
        self.failing = kind;
    }
}
