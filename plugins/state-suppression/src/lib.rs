//! Suppresses alarms in plant states in which they make no sense, and says why.
//!
//! In:  tags that say in which state parts of the plant are.
//! Out: suppressions of the alarms that the table names, each with its reason.
//! Start at [`StateSuppression::look`].
//!
//! Invariant: an alarm is suppressed while at least one rule wants it; it is let go when none does.
//! Invariant: while nobody can tell the state, nothing new is suppressed.

mod config;

use plantroom_sdk::prelude::*;

use config::{Rule, Table, Unit, WhenUnknown};

/// The plugin.
pub struct StateSuppression {
    table: Table,
    seen: RefCell<Seen>,
    /// The time at which a rule changes its mind without any change of a tag.
    due: Signal,
}

#[derive(Default)]
struct Seen {
    /// By unit.
    units: Vec<UnitSeen>,
    /// By alarm: the reason for which it is suppressed now; `None` for not; outer `None`: nothing was said yet.
    said: Vec<Option<Option<String>>>,
}

#[derive(Clone, Default)]
struct UnitSeen {
    /// The state; `None` while nobody can tell.
    state: Option<usize>,
    /// By rule: whether the alarms make sense in the last known state, and since when; `None` while nobody can tell.
    sense: Vec<Option<Sense>>,
    /// The tag had a value that no state has, and that was told.
    told_strange: bool,
}

/// Whether a rule's alarms make sense.
#[derive(Clone, Copy)]
struct Sense {
    makes: bool,
    /// Since when, ns on the monotonic clock; `None` for so long that no delay matters any more.
    since_ns: Option<u64>,
}

impl Sense {
    /// When its delay is over; `None` where it is.
    fn due_ns(self, rule: &Rule) -> Option<u64> {
        let delay_ns = if self.makes { rule.settle_ns } else { rule.leave_ns };
        self.since_ns.map(|since| since.saturating_add(delay_ns)).filter(|due| *due > now().mono_ns)
    }
}

impl Create for StateSuppression {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        Ok(Self { table: Table::new(setup)?, seen: RefCell::default(), due: Signal::new() })
    }
}

impl AlarmLogic for StateSuppression {
    fn start(self: Rc<Self>, io: Io) {
        spawn(self.run(io));
    }
}

impl StateSuppression {
    async fn run(self: Rc<Self>, io: Io) {
        self.begin_with(&io);
        spawn(self.clone().delays(io.clone()));
        loop {
            let changes = io.changes().await;
            for change in changes.iter() {
                for (place, unit) in self.table.units.iter().enumerate() {
                    if unit.tag.handle() == change.tag {
                        self.enter(place, unit, &change.sample());
                    }
                }
            }
            self.look(&io);
            self.due.raise();
        }
    }

    fn begin_with(&self, io: &Io) {
        let Table { units, alarms } = &self.table;
        let fresh = units.iter().map(|unit| UnitSeen { sense: vec![None; unit.rules.len()], ..UnitSeen::default() });
        self.seen.replace(Seen { units: fresh.collect(), said: vec![None; alarms.len()] });
        for (place, unit) in units.iter().enumerate() {
            self.enter(place, unit, &io.read(&unit.tag));
        }
        // A state that was there before the plugin came isn't new: what settles has settled.
        for unit in &mut self.seen.borrow_mut().units {
            unit.sense.iter_mut().flatten().for_each(|sense| sense.since_ns = None);
        }
        self.look(io);
    }

    /// Waits until a delay is over, and looks again.
    async fn delays(self: Rc<Self>, io: Io) {
        loop {
            match self.next_due() {
                Some(due_ns) => {
                    let left = Duration::from_nanos(due_ns.saturating_sub(now().mono_ns));
                    first(sleep(left), self.due.wait()).await;
                }
                None => self.due.wait().await,
            }
            self.look(&io);
        }
    }

    /// A unit's tag says this.
    fn enter(&self, place: usize, unit: &Unit, sample: &Sample<Value>) {
        let value = sample.usable().filter(|value| **value != Value::Null);
        let state = value.and_then(|value| unit.state_of(value));
        let mut seen = self.seen.borrow_mut();
        let Some(known) = seen.units.get_mut(place) else { return };
        if let (Some(value), None) = (value, state)
            && !std::mem::replace(&mut known.told_strange, true)
        {
            log_warn!("`{}` is {value}, which is no state of {}; add it to states in the table", unit.tag.name(), unit.name);
        }
        if known.state == state && state.is_some() {
            return;
        }
        known.state = state;
        let Some(state) = state else {
            if unit.when_unknown == WhenUnknown::Show {
                known.sense.iter_mut().for_each(|sense| *sense = None);
            }
            return;
        };
        for (rule, sense) in unit.rules.iter().zip(&mut known.sense) {
            let makes = rule.sense[state];
            let since_ns = match *sense {
                // From one state in which they make sense to another nothing begins anew.
                Some(before) if before.makes == makes => continue,
                // What had not settled yet was suppressed all the time, and stays so.
                Some(before) if before.makes && before.due_ns(rule).is_some() => None,
                _ => Some(now().mono_ns),
            };
            *sense = Some(Sense { makes, since_ns });
        }
    }

    /// Says of every alarm whether it is suppressed now, where that is news.
    fn look(&self, io: &Io) {
        let Table { units, alarms } = &self.table;
        let mut seen = self.seen.borrow_mut();
        let mut wanted: Vec<Option<String>> = vec![None; alarms.len()];
        for (unit, known) in units.iter().zip(&seen.units) {
            for (rule, sense) in unit.rules.iter().zip(&known.sense) {
                let Some(sense) = *sense else { continue };
                let reason = match (sense.makes, sense.due_ns(rule)) {
                    (true, Some(_)) => rule.settle_reason(unit, known.state),
                    (false, None) => rule.state_reason(unit, known.state),
                    (true, None) | (false, Some(_)) => continue,
                };
                for place in &rule.alarms {
                    wanted[*place].get_or_insert_with(|| reason.clone());
                }
            }
        }
        for ((alarm, said), wanted) in alarms.iter().zip(&mut seen.said).zip(wanted) {
            if said.as_ref() == Some(&wanted) {
                continue;
            }
            match &wanted {
                Some(reason) => io.suppress(alarm, reason),
                None => io.unsuppress(alarm),
            }
            *said = Some(wanted);
        }
    }

    /// When the next delay is over.
    fn next_due(&self) -> Option<u64> {
        let seen = self.seen.borrow();
        let dues = self.table.units.iter().zip(&seen.units).flat_map(|(unit, known)| {
            unit.rules.iter().zip(&known.sense).filter_map(|(rule, sense)| sense.and_then(|sense| sense.due_ns(rule)))
        });
        dues.min()
    }
}

impl Rule {
    fn state_reason(&self, unit: &Unit, state: Option<usize>) -> String {
        let state = word(unit, state);
        match &self.reason {
            Some(reason) => format!("{reason} ({} is {state})", unit.name),
            None => format!("{} is {state}", unit.name),
        }
    }

    fn settle_reason(&self, unit: &Unit, state: Option<usize>) -> String {
        let (state, seconds) = (word(unit, state), self.settle_ns as f64 / 1e9);
        format!("{} has just become {state}; it gets {seconds} s to settle", unit.name)
    }
}

fn word(unit: &Unit, state: Option<usize>) -> &str {
    state.and_then(|state| unit.states.get(state)).map_or("in a state that can't be told now", |(word, _)| word)
}

plantroom_sdk::export_alarm_logic!(StateSuppression);
