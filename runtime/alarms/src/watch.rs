//! Conditions that look at several tags, or keep more than whether they hold.

use plantroom_model::{AlarmSpec, Condition, LimitKind, LimitSource, Mono, Status, Value, ValueKind};

use self::rate::Rate;
use crate::index::inputs;
use crate::timers::Timers;

mod rate;

/// What a sample says to a condition.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// NaN where nothing can be made of it.
    pub number: f64,
    pub value: Value,
    pub status: Status,
}

/// What a condition says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Nobody can tell, and why.
    Unknown(Status),
    /// Whether it holds, and the limit that it was held against. `anew`: whatever it waited for begins again.
    Known { holds: bool, limit: Option<f64>, anew: bool },
    /// It held for one moment.
    Moment,
}

/// What is kept of one tag that a condition looks at.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// NaN while nothing can be made of it.
    number: f64,
    status: Status,
    cut_off: bool,
}

/// One such condition.
#[derive(Debug)]
pub(crate) struct Watch {
    /// What the alarm is about: its tag's last sample.
    pub about: Reading,
    /// What it said last.
    pub said: Option<Verdict>,
    /// A delay runs.
    pub pending: bool,
    /// When it wants to be looked at without a sample, and when it will be.
    pub look: Mono,
    pub looks_at: Mono,
    holds: bool,
    seen: [Option<Seen>; 3],
    what: What,
}

#[derive(Debug)]
enum What {
    /// `sign` mirrors low limits.
    Limit {
        sign: f64,
        hysteresis: f64,
    },
    Deviation {
        by: Option<f64>,
        hysteresis: f64,
    },
    Rate {
        per_s: Option<f64>,
        hysteresis: f64,
        rate: Box<Rate>,
    },
    State(Box<[i64]>),
    /// The last value that could be used.
    Change(Value),
    /// The last command.
    Disagree(f64),
    /// `links`: that its device doesn't answer is another alarm's business.
    BadQuality {
        links: bool,
    },
}

impl Watch {
    /// A watch where the condition needs one, of which nothing is known yet.
    pub fn of(spec: &AlarmSpec, holds: bool, links: bool) -> Option<Self> {
        let constant = |source: &LimitSource| match source {
            LimitSource::Constant(limit) => Some(*limit),
            LimitSource::Tag(_) => None,
        };
        let what = match &spec.condition {
            Condition::Limit { at: LimitSource::Tag(_), kind, hysteresis, .. } => {
                let is_high = matches!(kind, LimitKind::High | LimitKind::HighHigh);
                What::Limit { sign: if is_high { 1.0 } else { -1.0 }, hysteresis: *hysteresis }
            }
            Condition::Deviation { by, hysteresis, .. } => What::Deviation { by: constant(by), hysteresis: *hysteresis },
            Condition::Rate { per_s, window_ms, hysteresis, .. } => {
                let rate = Box::new(Rate::over(*window_ms));
                What::Rate { per_s: constant(per_s), hysteresis: *hysteresis, rate }
            }
            Condition::State { is, .. } => What::State(is.clone().into_boxed_slice()),
            Condition::Change { .. } => What::Change(Value::Null),
            Condition::Disagree { .. } => What::Disagree(f64::NAN),
            Condition::BadQuality { .. } => What::BadQuality { links },
            Condition::Limit { .. }
            | Condition::Link { .. }
            | Condition::Script { .. }
            | Condition::Plugin { .. }
            | Condition::System
            | Condition::Gone => return None,
        };
        let blind = Seen { number: f64::NAN, status: Status::BAD_WAITING_FOR_INITIAL_DATA, cut_off: false };
        let about = Reading { number: f64::NAN, value: Value::Null, status: Status::BAD_WAITING_FOR_INITIAL_DATA };
        let seen = inputs(&spec.condition).map(|tag| tag.map(|_| blind));
        Some(Self { about, said: None, pending: false, look: Timers::NEVER, looks_at: Timers::NEVER, holds, seen, what })
    }

    /// A sample of one of its tags.
    pub fn see(&mut self, input: u8, reading: Reading, now: Mono) -> Verdict {
        let Some(Some(seen)) = self.seen.get_mut(usize::from(input)) else { return Verdict::Unknown(Status::BAD) };
        (seen.number, seen.status) = (reading.number, reading.status);
        if input == 0 {
            if let What::Rate { rate, .. } = &mut self.what {
                rate.take(reading.number, now);
            }
            self.about = reading;
        }
        self.judge(now)
    }

    /// Whether the device of one of its tags answers.
    pub fn cut_off(&mut self, input: u8, cut_off: bool, now: Mono) -> Verdict {
        if let Some(Some(seen)) = self.seen.get_mut(usize::from(input)) {
            seen.cut_off = cut_off;
            // What it said before doesn't count any more.
            (seen.number, seen.status) = (f64::NAN, Status::BAD_NO_COMMUNICATION);
        }
        if let What::Rate { rate, .. } = &mut self.what {
            rate.take(f64::NAN, now);
        }
        self.judge(now)
    }

    /// What it says now.
    pub fn judge(&mut self, now: Mono) -> Verdict {
        if let Some(seen) = self.seen.iter().flatten().find(|seen| seen.cut_off) {
            return Verdict::Unknown(seen.status.worse(Status::BAD_NO_COMMUNICATION));
        }
        match &self.what {
            What::BadQuality { links } => return self.judge_quality(*links),
            What::Change(_) => return self.judge_change(),
            _ => {
                if let Some(seen) = self.seen.iter().flatten().find(|seen| seen.number.is_nan()) {
                    return Verdict::Unknown(unusable(seen.status));
                }
            }
        }
        let verdict = self.judge_numbers(now);
        if let Verdict::Known { holds, .. } = verdict {
            self.holds = holds;
        }
        verdict
    }

    fn judge_numbers(&mut self, now: Mono) -> Verdict {
        let number = |place: usize| self.seen[place].map_or(f64::NAN, |seen| seen.number);
        let known = |holds: bool, limit: f64| Verdict::Known { holds, limit: Some(limit), anew: false };
        let beyond = |size: f64, limit: f64, back: f64| size >= if self.holds { limit - back } else { limit };
        match &mut self.what {
            What::Limit { sign, hysteresis } => known(beyond(number(0) * *sign, number(1) * *sign, *hysteresis), number(1)),
            What::Deviation { by, hysteresis } => {
                let by = by.unwrap_or_else(|| number(2));
                known(beyond((number(0) - number(1)).abs(), by, *hysteresis), by)
            }
            What::Rate { per_s, hysteresis, rate } => {
                let limit = per_s.unwrap_or_else(|| number(1));
                let slope = rate.per_s(now);
                self.look = rate.look_again(now);
                match slope {
                    Some(slope) => known(beyond(slope.abs(), limit, *hysteresis), limit),
                    // Not yet watched for as long as the rate is measured over.
                    None => Verdict::Unknown(Status::BAD_WAITING_FOR_INITIAL_DATA),
                }
            }
            What::State(states) => match whole(&self.about) {
                Some(state) => {
                    Verdict::Known { holds: state.is_some_and(|state| states.contains(&state)), limit: None, anew: false }
                }
                None => Verdict::Unknown(unusable(self.about.status)),
            },
            What::Disagree(last) => {
                let (feedback, command) = (number(0), number(1));
                let anew = *last != command;
                *last = command;
                Verdict::Known { holds: feedback != command, limit: Some(command), anew }
            }
            What::Change(_) | What::BadQuality { .. } => Verdict::Unknown(Status::BAD),
        }
    }

    /// A change is one against the last value that could be used, also over times in which none could.
    fn judge_change(&mut self) -> Verdict {
        let About { usable, value } = about(&self.about);
        if !usable {
            return Verdict::Unknown(unusable(self.about.status));
        }
        let What::Change(last) = &mut self.what else { return Verdict::Unknown(Status::BAD) };
        let changed = *last != Value::Null && !last.same(value);
        last.clone_from(value);
        if changed { Verdict::Moment } else { Verdict::Known { holds: false, limit: None, anew: false } }
    }

    fn judge_quality(&self, links: bool) -> Verdict {
        let status = self.about.status;
        let reason = Status(status.0 & 0xFFFF_0000);
        let is_links = [Status::BAD_NO_COMMUNICATION, Status::BAD_TIMEOUT, Status::BAD_NOT_CONNECTED].contains(&reason);
        let is_nobodys = [Status::BAD_WAITING_FOR_INITIAL_DATA, Status::BAD_OUT_OF_SERVICE, Status::UNCERTAIN_INITIAL];
        if is_nobodys.contains(&reason) || (links && is_links) {
            return Verdict::Unknown(status);
        }
        // A number that is none is no better than a bad one.
        let is_none = matches!(&self.about.value, Value::Float(number) if !number.is_finite());
        Verdict::Known { holds: status.is_bad() || is_none, limit: None, anew: false }
    }

    /// Whether it held before the station was started.
    pub fn set_holds(&mut self, holds: bool) {
        self.holds = holds;
    }

    /// Whether the device of one of its tags is known not to answer.
    pub fn is_cut_off(&self, input: u8) -> bool {
        matches!(self.seen.get(usize::from(input)), Some(Some(Seen { cut_off: true, .. })))
    }

    /// Whether another alarm tells that its device doesn't answer.
    pub fn set_links(&mut self, its: bool) {
        if let What::BadQuality { links } = &mut self.what {
            *links = its;
        }
    }
}

struct About<'a> {
    usable: bool,
    value: &'a Value,
}

fn about(reading: &Reading) -> About<'_> {
    let usable = !reading.status.is_bad() && !is_initial(reading.status) && reading.value != Value::Null;
    let is_number = !matches!(&reading.value, Value::Float(number) if !number.is_finite());
    About { usable: usable && is_number, value: &reading.value }
}

/// The state that a sample shows; `Some(None)` for a number that is no state (a fraction).
fn whole(reading: &Reading) -> Option<Option<i64>> {
    let About { usable, value } = about(reading);
    if !usable || value.kind() == ValueKind::Text {
        return None;
    }
    Some(match value.converted(ValueKind::Int) {
        Some(Value::Int(state)) => Some(state),
        _ => None,
    })
}

/// A value from before a restart, not yet confirmed: no reason to change anything.
pub(crate) fn is_initial(status: Status) -> bool {
    status.0 & 0xFFFF_0000 == Status::UNCERTAIN_INITIAL.0
}

/// Why a sample can't be used, where its status doesn't say.
pub(crate) fn unusable(status: Status) -> Status {
    if status.is_bad() || is_initial(status) { status } else { Status::BAD_OUT_OF_RANGE }
}
