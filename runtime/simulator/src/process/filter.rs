//! Filter beds that clog and are washed, and the controller that lets one at a time.
//!
//! A wash goes through its steps only as its valves and its water follow: a valve that is stuck, or a wash pump that
//! has tripped, ends it in a fault, as in a real controller.

use crate::file::{FilterControlFile, FilterFile};
use crate::process::machine::parts;
use crate::process::names::{Names, Node, Slot, Values};
use crate::process::water::{flow_between, resistance};
use crate::process::{Chance, Element, GRAVITY, HOUR_S, Kinds, Tick, share};

/// What a filter shows in `state`.
const OUT: f64 = 0.0;
const FILTERING: f64 = 1.0;
const WAITING: f64 = 2.0;
const DRAINING: f64 = 3.0;
const AIR: f64 = 4.0;
const WASHING: f64 = 5.0;
const RINSING: f64 = 6.0;
const FAULT: f64 = 7.0;

/// What it shows in `fault`.
const VALVE_LATE: f64 = 1.0;
const NO_WATER: f64 = 2.0;

/// How long a step waits for its valves or its water, in s.
const PATIENCE_S: f64 = 60.0;
/// Wash flow that counts as water, in m³/h.
const LEAST_WASH_M3H: f64 = 100.0;
/// Head loss of the expanded bed at 300 m³/h of wash water, in m.
const WASH_LOSS: (f64, f64) = (4.0, 300.0);
/// Clogging above which the bed lets particles through, in mbar, and how far for each further mbar.
const BREAKTHROUGH: (f64, f64) = (260.0, 0.004);
/// How long a washed bed lets more through, in s, and how much more.
const RIPENING: (f64, f64) = (600.0, 2.0);
/// Turbidity follows the bed with this lag, in s.
const LAG_S: f64 = 60.0;

const KINDS: Kinds = &[("clogged", "its bed clogs twenty times as fast"), ("breakthrough", "it lets ten times as much through")];

// Commands: service, auto (settings), request, reset (pulses). The rest is what it shows.
parts!(FilterParts: service, auto, request, reset, state, remaining_s, running, tripped, fault, due, flow_m3h, wash_m3h,
    loss_mbar, clogged_mbar, turbidity_ntu, hours, washes, _grant, _water, _air);

/// A filter.
pub(crate) struct Filter {
    name: String,
    parts: FilterParts,
    from: Node,
    to: Node,
    wash_from: Node,
    valves: [FilterValve; 3],
    turbidity_in: Slot,
    weir_m: f64,
    nominal_m3s: f64,
    clean: f64,
    wash: f64,
    passes: f64,
    clogging: f64,
    wash_at_mbar: f64,
    wash_after_h: f64,
    steps_s: [f64; 4],
    flow_m3s: f64,
    wash_m3s: f64,
    waited_s: f64,
    ripe_s: f64,
    failing: Option<&'static str>,
}

/// Inlet, outlet or wash valve.
struct FilterValve {
    command: Slot,
    position: Slot,
    resistance: Slot,
}

impl Filter {
    pub fn declare(file: &FilterFile, names: &mut Names) {
        for (key, at) in [("flow_m3h", &file.flow_m3h), ("clean_loss_m", &file.clean_loss_m)] {
            if at.get_ref().is_nan() || *at.get_ref() <= 0.0 {
                names.problem(at, format!("`{key}` must be above 0"), "");
            }
        }
        let initial = |part: &str| match part {
            "service" | "auto" | "running" => 1.0,
            "state" => FILTERING,
            "clogged_mbar" => file.clogged_mbar,
            "turbidity_ntu" => 0.08,
            "hours" => file.hours,
            _ => 0.0,
        };
        let parts: Vec<(&str, f64)> = FilterParts::NAMES.iter().map(|part| (*part, initial(part))).collect();
        names.declare(&file.name, &parts);
    }

    pub fn new(file: &FilterFile, names: &mut Names) -> Self {
        let nominal_m3h = *file.flow_m3h.get_ref();
        let mut valve = |valve| FilterValve {
            command: names.part_of(valve, "command_pct", "valve"),
            position: names.part_of(valve, "position_pct", "valve"),
            resistance: names.part_of(valve, "_resistance", "valve"),
        };
        let valves = [valve(&file.inlet), valve(&file.outlet), valve(&file.wash)];
        Self {
            name: file.name.get_ref().clone(),
            parts: FilterParts::of(&file.name, names),
            from: names.node(&file.from),
            to: names.node(&file.to),
            wash_from: names.node(&file.wash_from),
            valves,
            turbidity_in: names.find(&file.turbidity),
            weir_m: file.weir_m,
            nominal_m3s: nominal_m3h / HOUR_S,
            clean: resistance(*file.clean_loss_m.get_ref(), nominal_m3h),
            wash: resistance(WASH_LOSS.0, WASH_LOSS.1),
            passes: file.passes,
            clogging: file.mbar_per_ntu_m3,
            wash_at_mbar: file.wash_at_mbar,
            wash_after_h: file.wash_after_h,
            steps_s: file.steps_s,
            flow_m3s: 0.0,
            wash_m3s: 0.0,
            waited_s: 0.0,
            ripe_s: RIPENING.0,
            failing: None,
        }
    }

    /// Asks its valves where to go; true when they are there.
    fn ask(&self, values: &mut Values, wanted: [f64; 3]) -> bool {
        for (valve, position) in self.valves.iter().zip(wanted) {
            values[valve.command] = position;
        }
        self.valves.iter().zip(wanted).all(|(valve, position)| (values[valve.position] - position).abs() < 2.0)
    }

    fn enter(&mut self, values: &mut Values, state: f64) {
        values[self.parts.state] = state;
        let step = state as usize;
        values[self.parts.remaining_s] = if (3..=6).contains(&step) { self.steps_s[step - 3] } else { 0.0 };
        self.waited_s = 0.0;
    }

    /// A step of the wash: counts while all is as it should be; true when it is over.
    fn wash_step(&mut self, values: &mut Values, as_wanted: bool, late: f64, dt_s: f64) -> bool {
        let p = self.parts;
        if as_wanted {
            values[p.remaining_s] = (values[p.remaining_s] - dt_s).max(0.0);
            self.waited_s = 0.0;
        } else {
            self.waited_s += dt_s;
        }
        if self.waited_s > PATIENCE_S {
            values[p.fault] = late;
            values.set_on(p.tripped, true);
        }
        values[p.remaining_s] <= 0.0
    }

    /// What the controller does: its state, its valves, what it asks for.
    fn control(&mut self, values: &mut Values, dt_s: f64) {
        let p = self.parts;
        let request = values.take(p.request);
        if values.take(p.reset) {
            values.set_on(p.tripped, false);
            values[p.fault] = 0.0;
        }
        let dirty = values[p.clogged_mbar] > self.wash_at_mbar || values[p.hours] > self.wash_after_h;
        let state = values[p.state];
        let washes = (DRAINING..=RINSING).contains(&state);
        let next = match state {
            _ if values.is_on(p.tripped) => FAULT,
            _ if washes => state,
            _ if !values.is_on(p.service) => OUT,
            _ if state != WAITING && state != FILTERING => FILTERING,
            FILTERING if request || (dirty && values.is_on(p.auto)) => WAITING,
            WAITING if values.is_on(p._grant) => DRAINING,
            _ => state,
        };
        if next != state {
            self.enter(values, next);
        }
        let next = match values[p.state] {
            DRAINING => {
                let there = self.ask(values, [0.0, 100.0, 0.0]);
                self.wash_step(values, there, VALVE_LATE, dt_s).then_some(AIR)
            }
            AIR => {
                let there = self.ask(values, [0.0, 0.0, 0.0]);
                self.wash_step(values, there, VALVE_LATE, dt_s).then_some(WASHING)
            }
            WASHING => {
                let there = self.ask(values, [0.0, 0.0, 100.0]);
                let flows = self.wash_m3s * HOUR_S > LEAST_WASH_M3H;
                self.wash_step(values, flows, if there { NO_WATER } else { VALVE_LATE }, dt_s).then_some(RINSING)
            }
            RINSING => {
                let there = self.ask(values, [100.0, 0.0, 0.0]);
                self.wash_step(values, there, VALVE_LATE, dt_s).then_some(FILTERING)
            }
            FILTERING | WAITING => {
                if values.is_on(p.auto) {
                    self.ask(values, [100.0, 100.0, 0.0]);
                }
                None
            }
            _ => {
                self.ask(values, [0.0, 0.0, 0.0]);
                None
            }
        };
        if let Some(next) = next.filter(|_| !values.is_on(p.tripped)) {
            if next == FILTERING {
                values[p.washes] += 1.0;
                values[p.hours] = 0.0;
                self.ripe_s = 0.0;
            }
            self.enter(values, next);
        }
        let state = values[p.state];
        values.set_on(p.running, state == FILTERING || state == WAITING);
        values.set_on(p.due, (WAITING..=RINSING).contains(&state));
        values.set_on(p._water, state == WASHING && values[self.valves[2].position] > 20.0);
        values.set_on(p._air, state == AIR);
    }

    /// Water through the bed, and wash water back through it.
    fn flows(&mut self, values: &mut Values, dt_s: f64) {
        let p = self.parts;
        let lost = values[self.valves[0].resistance] + values[self.valves[1].resistance] + self.clean;
        // A bed loses head in proportion to its flow, pipes and valves to its square.
        let bed = values[p.clogged_mbar] / 10.0 / GRAVITY / self.nominal_m3s;
        let head = (values[self.from.head] - values[self.to.inlet]).max(0.0);
        let aim = ((bed * bed + 4.0 * lost * head).sqrt() - bed) / (2.0 * lost);
        self.flow_m3s += (aim - self.flow_m3s) * share(dt_s, 2.0);
        values[p.flow_m3h] = self.flow_m3s * HOUR_S;
        values[p.loss_mbar] = (self.clean * self.flow_m3s * self.flow_m3s + bed * self.flow_m3s) * GRAVITY * 10.0;
        flow_between(values, self.from, self.to, self.flow_m3s);

        let lift = (values[self.wash_from.head] - self.weir_m).max(0.0);
        let aim = (lift / (self.wash + values[self.valves[2].resistance])).sqrt();
        self.wash_m3s += (aim - self.wash_m3s) * share(dt_s, 0.5);
        values[p.wash_m3h] = self.wash_m3s * HOUR_S;
        values[self.wash_from.out] += self.wash_m3s;
    }

    fn bed(&mut self, values: &mut Values, dt_s: f64) {
        let p = self.parts;
        let quick = if self.failing == Some("clogged") { 20.0 } else { 1.0 };
        values[p.clogged_mbar] += quick * self.clogging * self.flow_m3s * dt_s * values[self.turbidity_in];
        // A wash clears the bed within its time, but never quite.
        if self.wash_m3s * HOUR_S > LEAST_WASH_M3H {
            values[p.clogged_mbar] += (8.0 - values[p.clogged_mbar]) * share(dt_s, self.steps_s[2] / 4.0);
        }
        if values.is_on(p.running) {
            values[p.hours] += dt_s / HOUR_S;
        }
        self.ripe_s += dt_s;
        let ripening = RIPENING.1 * (1.0 - self.ripe_s / RIPENING.0).max(0.0);
        let through = (values[p.clogged_mbar] - BREAKTHROUGH.0).max(0.0) * BREAKTHROUGH.1;
        let leak = if self.failing == Some("breakthrough") { 10.0 } else { 1.0 };
        let aim = values[self.turbidity_in] * self.passes * (1.0 + ripening + through) * leak;
        if self.flow_m3s * HOUR_S > 5.0 {
            values[p.turbidity_ntu] += (aim - values[p.turbidity_ntu]) * share(dt_s, LAG_S);
        }
    }
}

impl Element for Filter {
    fn step(&mut self, values: &mut Values, tick: Tick, _: &mut Chance) {
        self.control(values, tick.dt_s);
        self.flows(values, tick.dt_s);
        self.bed(values, tick.dt_s);
    }

    fn kinds(&self) -> Option<(&str, Kinds)> {
        Some((&self.name, KINDS))
    }

    fn fail(&mut self, kind: Option<&'static str>, _: &mut Values) {
        self.failing = kind;
    }
}

/// Lets one filter wash at a time, and runs pump and blower for it.
pub(crate) struct FilterControl {
    enabled: Slot,
    washing: Slot,
    waiting: Slot,
    level: Slot,
    least_pct: f64,
    pump_run: Slot,
    blower_run: Slot,
    filters: Vec<Washed>,
}

struct Washed {
    state: Slot,
    grant: Slot,
    water: Slot,
    air: Slot,
}

impl FilterControl {
    pub fn declare(file: &FilterControlFile, names: &mut Names) {
        names.declare(&file.name, &[("enabled", 1.0), ("washing", 0.0), ("waiting", 0.0)]);
    }

    pub fn new(file: &FilterControlFile, names: &mut Names) -> Self {
        let filters = file.filters.iter().map(|filter| {
            let mut part = |part| names.part_of(filter, part, "filter");
            Washed { state: part("state"), grant: part("_grant"), water: part("_water"), air: part("_air") }
        });
        let filters = filters.collect();
        Self {
            enabled: names.own(&file.name, "enabled"),
            washing: names.own(&file.name, "washing"),
            waiting: names.own(&file.name, "waiting"),
            level: names.find(&file.level),
            least_pct: file.least_pct,
            pump_run: names.part_of(&file.pump, "auto_run", "pump"),
            blower_run: names.part_of(&file.blower, "auto_run", "motor"),
            filters,
        }
    }
}

impl Element for FilterControl {
    fn step(&mut self, values: &mut Values, _: Tick, _: &mut Chance) {
        let washing = self.filters.iter().position(|filter| (DRAINING..=RINSING).contains(&values[filter.state]));
        let may = washing.is_none() && values.is_on(self.enabled) && values[self.level] > self.least_pct;
        let first = self.filters.iter().position(|filter| values[filter.state] == WAITING).filter(|_| may);
        for (place, filter) in self.filters.iter().enumerate() {
            values.set_on(filter.grant, first == Some(place));
        }
        values[self.washing] = washing.map_or(0.0, |place| place as f64 + 1.0);
        values[self.waiting] = self.filters.iter().filter(|filter| values[filter.state] == WAITING).count() as f64;
        let any = |part: fn(&Washed) -> Slot| self.filters.iter().any(|filter| values.is_on(part(filter)));
        let (water, air) = (any(|filter| filter.water), any(|filter| filter.air));
        values.set_on(self.pump_run, water);
        values.set_on(self.blower_run, air);
    }
}
