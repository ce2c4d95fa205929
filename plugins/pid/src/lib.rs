//! PID loops: ISA form, anti-windup, bumpless transfer, limits and rates.
//!
//! In:  process values, setpoints, manual outputs and who has the loop, as tags.
//! Out: each loop's output, state and reason. The project names what is written with it (automations.toml, `copy`).
//! Start at [`Loop::step`]; the equations are in [`law`].
//!
//! Invariant: the output never leaves its range, and never moves faster than its rate.
//! Invariant: between manual, automatic and trouble with the process value, the output doesn't jump.
//! Invariant: writes nothing: an output is a tag like others until the project says what it moves.

mod config;
pub mod law;

use plantroom_sdk::prelude::*;

use config::{LoopConfig, OnBad, PidConfig};
use law::{Law, Ramp};

/// A pause of more than so many periods isn't integrated over: the loop begins anew from where it stands.
const GAP_PERIODS: f64 = 5.0;

/// What a loop is doing, in the numbers of its state tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has no process value or no setpoint yet.
    Waiting = 0,
    /// The output is set by hand.
    Manual = 1,
    /// The loop is closed.
    Automatic = 2,
    /// The process value is bad; the output stands.
    Holding = 3,
    /// The process value is bad; the output is safe.
    Safe = 4,
}

/// One loop.
struct Loop {
    pv: Input<f64>,
    setpoint: Input<f64>,
    auto: Option<Input<bool>>,
    manual: Option<Input<f64>>,
    position: Option<Input<f64>>,
    output: Tag<f64>,
    state: Option<Tag<i64>>,
    reason: Option<Tag<String>>,
    config: LoopConfig,
    now: RefCell<Now>,
}

/// What a loop knows from step to step.
struct Now {
    law: Law,
    ramp: Ramp,
    state: State,
    /// The last usable setpoint, in percent.
    target: Option<f64>,
    was_auto: bool,
    /// What was set by hand, in percent, and the tag's value that said so.
    manual: (Option<f64>, Option<f64>),
    mono_ns: Option<u64>,
    /// Whether the output has its beginning: where the equipment stands.
    begun: bool,
    told: (Option<State>, String),
}

/// The plugin.
pub struct Pid {
    period: Duration,
    loops: Vec<Loop>,
}

impl Create for Pid {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        let config: PidConfig = setup.config()?;
        let mut problems = Problems::new();
        config.check(&mut problems);
        let period = Duration::from_millis(config.period_ms.max(1));
        let loops = config.loops.into_iter().filter_map(|one| problems.keep(Loop::new(setup, one))).collect();
        problems.result(Some(Self { period, loops }))
    }
}

impl Analytics for Pid {
    fn period(&self) -> Option<Duration> {
        Some(self.period)
    }

    async fn tick(&self, io: &Io) -> Result<()> {
        let mono_ns = now().mono_ns;
        for one in &self.loops {
            one.step(io, mono_ns, self.period.as_secs_f64());
        }
        Ok(())
    }
}

impl Loop {
    fn new(setup: &Setup, config: LoopConfig) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let find = |name: &str, right: &str| {
            setup.tags.iter().find(|tag| tag.name == name).ok_or_else(|| {
                Problems::one(format!(
                    "`{name}` isn't granted to this plugin; add it to the plugin's grant.{right}, or correct the name"
                ))
            })
        };
        let pv = problems.keep(find(&config.pv, "read").and_then(|tag| tag.to_read()));
        let setpoint = problems.keep(find(&config.setpoint, "read").and_then(|tag| tag.to_read()));
        let output = problems.keep(find(&config.output, "publish").and_then(|tag| tag.to_publish()));
        let mut number = |name: &Option<String>| {
            name.as_ref().and_then(|name| problems.keep(find(name, "read").and_then(|tag| tag.to_read())))
        };
        let (manual, position) = (number(&config.manual), number(&config.position));
        let auto = config.auto.as_ref().and_then(|name| problems.keep(find(name, "read").and_then(|tag| tag.to_read())));
        let state = config.state.as_ref().and_then(|name| problems.keep(find(name, "publish").and_then(|tag| tag.to_publish())));
        let reason =
            config.reason.as_ref().and_then(|name| problems.keep(find(name, "publish").and_then(|tag| tag.to_publish())));
        let span = config.pv_range.1 - config.pv_range.0;
        let ramp = Ramp::new(config.setpoint_rate_per_s.map_or(f64::INFINITY, |rate| rate / span * 100.0));
        let now = RefCell::new(Now {
            law: Law::new(config.tuning(), 0.0),
            ramp,
            state: State::Waiting,
            target: None,
            was_auto: false,
            manual: (None, None),
            mono_ns: None,
            begun: false,
            told: (None, String::new()),
        });
        let tags = pv.zip(setpoint).zip(output);
        problems.result(tags.map(|((pv, setpoint), output)| Self {
            pv,
            setpoint,
            auto,
            manual,
            position,
            output,
            state,
            reason,
            config,
            now,
        }))
    }

    /// One step of the loop: looks, decides who has the output, moves it, tells.
    fn step(&self, io: &Io, mono_ns: u64, period_s: f64) {
        let pv = io.read(&self.pv);
        let pv_now = usable(&pv).map(|pv| self.of_pv(pv));
        let mut now = self.now.borrow_mut();
        if let Some(target) = usable(&io.read(&self.setpoint)) {
            now.target = Some(self.of_pv(target));
        }
        let since_s = now.mono_ns.map(|before| mono_ns.saturating_sub(before) as f64 / 1e9);
        now.mono_ns = Some(mono_ns);
        let is_gap = since_s.is_none_or(|since_s| since_s > GAP_PERIODS * period_s);
        let step_s = if is_gap { period_s } else { since_s.unwrap_or(period_s) };
        // A bad switch leaves the loop to whoever had it.
        let switch = self.auto.as_ref().map(|auto| io.read(auto).usable().copied());
        let auto = switch.map_or(true, |switch| switch.unwrap_or(now.was_auto));
        if !now.begun {
            now.begun = self.begin(io, &mut now, pv_now);
            if !now.begun {
                now.was_auto = auto;
                self.tell(io, &mut now, State::Waiting, "it is not known yet where the equipment stands".to_owned());
                return;
            }
        } else if is_gap {
            let target = now.target.unwrap_or(0.0);
            now.law.settle(target, pv_now);
        }
        let (state, why) = match (auto, pv_now, now.target) {
            (false, _, _) => self.by_hand(io, &mut now, pv_now, step_s),
            (true, Some(pv), Some(target)) => self.closed(&mut now, pv, target, step_s),
            (true, None, _) if now.state != State::Waiting => self.in_trouble(&mut now, words(pv.status).to_owned(), step_s),
            (true, None, _) => (State::Waiting, "there is no process value yet".to_owned()),
            (true, Some(_), None) => (State::Waiting, "there is no setpoint yet".to_owned()),
        };
        now.was_auto = auto;
        now.state = state;
        self.tell(io, &mut now, state, why);
    }

    /// The first step: the output begins where the equipment stands, or with what was set by hand. False, and nothing
    /// begins, as long as the equipment's position is to be known and isn't: a guess would move it.
    fn begin(&self, io: &Io, now: &mut Now, pv: Option<f64>) -> bool {
        let read = |input: &Option<Input<f64>>| input.as_ref().and_then(|input| usable(&io.read(input)));
        let position = read(&self.position);
        if self.position.is_some() && position.is_none() {
            return false;
        }
        let output = position.or_else(|| read(&self.manual)).map_or(0.0, |output| self.of_output(output));
        let target = now.target.unwrap_or(0.0);
        now.law.stand_at(output, target, pv);
        true
    }

    fn by_hand(&self, io: &Io, now: &mut Now, pv: Option<f64>, step_s: f64) -> (State, String) {
        let set = self.manual.as_ref().and_then(|manual| usable(&io.read(manual)));
        let first = now.state != State::Manual;
        if first {
            // The output stays where it is until somebody sets another one.
            now.manual = (Some(now.law.output()), set);
        } else if set.is_some() && set != now.manual.1 {
            now.manual = (set.map(|set| self.of_output(set)), set);
        }
        let output = now.manual.0.unwrap_or(now.law.output());
        let target = now.target.unwrap_or(0.0);
        now.law.follow(output, target, pv, step_s);
        (State::Manual, "the output is set by hand".to_owned())
    }

    fn closed(&self, now: &mut Now, pv: f64, target: f64, step_s: f64) -> (State, String) {
        if now.state != State::Automatic {
            now.ramp.begin_at(pv);
            let setpoint = now.ramp.step(target, 0.0);
            now.law.settle(setpoint, Some(pv));
        }
        let setpoint = now.ramp.step(target, step_s);
        let output = now.law.control(setpoint, pv, step_s);
        let why = match output {
            output if output >= 100.0 => "the output is at its highest",
            output if output <= 0.0 => "the output is at its lowest",
            _ if setpoint != target => "the setpoint is on its way",
            _ => "in control",
        };
        (State::Automatic, why.to_owned())
    }

    fn in_trouble(&self, now: &mut Now, why: String, step_s: f64) -> (State, String) {
        let target = now.target.unwrap_or(0.0);
        match (self.config.on_bad, self.config.safe_output) {
            (OnBad::Safe, Some(safe)) => {
                now.law.follow(self.of_output(safe), target, None, step_s);
                (State::Safe, format!("the process value is bad ({why}); the output goes to its safe value"))
            }
            _ => (State::Holding, format!("the process value is bad ({why}); the output stands")),
        }
    }

    fn tell(&self, io: &Io, now: &mut Now, state: State, why: String) {
        let (low, high) = self.config.output_range;
        let output = low + now.law.output() / 100.0 * (high - low);
        match state {
            State::Waiting => io.publish_bad(&self.output, Status::BAD_WAITING_FOR_INITIAL_DATA),
            State::Manual | State::Automatic => io.publish(&self.output, output),
            State::Holding | State::Safe => io.publish_as(&self.output, output, Status::UNCERTAIN_SUB_NORMAL, 0),
        }
        let told = (Some(state), why);
        if now.told != told {
            if let Some(tag) = &self.state {
                io.publish(tag, state as i64);
            }
            if let Some(tag) = &self.reason {
                io.publish(tag, told.1.clone());
            }
            now.told = told;
        }
    }

    fn of_pv(&self, value: f64) -> f64 {
        let (low, high) = self.config.pv_range;
        (value - low) / (high - low) * 100.0
    }

    fn of_output(&self, value: f64) -> f64 {
        let (low, high) = self.config.output_range;
        (value - low) / (high - low) * 100.0
    }
}

fn usable(sample: &Sample<f64>) -> Option<f64> {
    sample.usable().copied().filter(|value| value.is_finite())
}

/// What is wrong, in an operator's words.
fn words(status: Status) -> &'static str {
    match status {
        Status::BAD_NO_COMMUNICATION => "no communication",
        Status::BAD_SENSOR_FAILURE => "sensor failure",
        Status::BAD_DEVICE_FAILURE => "device failure",
        Status::BAD_WAITING_FOR_INITIAL_DATA => "no value yet",
        _ => "not usable",
    }
}

plantroom_sdk::export_analytics!(Pid);
