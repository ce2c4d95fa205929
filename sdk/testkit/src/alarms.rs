//! A station in small: what a plugin says of alarms, what tests do to them, and what both lead to. Without delays and shelves,
//! which plugins don't see.

use plantroom_model::{
    AlarmEvent, AlarmEventKind, AlarmId, AlarmState, ConditionWord, Hidden, Marks, Now, Occurrence, Standing, Status, Utc, Value,
};

/// All alarms of a bench.
#[derive(Default)]
pub(crate) struct Alarms {
    all: Vec<One>,
    occurrences: u64,
    /// What the plugin hasn't been told yet.
    pending: Vec<AlarmEvent>,
}

/// One alarm.
#[derive(Clone, Default)]
struct One {
    standing: Standing,
    latching: bool,
    detail: String,
    cause: String,
}

/// What is to be known beside an event.
struct Cause {
    value: Value,
    status: Status,
    source: Utc,
}

impl Cause {
    fn none() -> Self {
        Self { value: Value::Null, status: Status::GOOD, source: Utc(0) }
    }
}

impl Alarms {
    /// All at rest; which of them latch.
    pub fn new(latching: impl Iterator<Item = bool>) -> Self {
        Self { all: latching.map(|latching| One { latching, ..One::default() }).collect(), ..Self::default() }
    }

    /// Everything that happened since the last call.
    pub fn take(&mut self) -> Vec<AlarmEvent> {
        std::mem::take(&mut self.pending)
    }

    /// Where an alarm stands.
    pub fn standing(&self, alarm: AlarmId) -> Standing {
        self.all.get(alarm.0 as usize).map(|one| one.standing).unwrap_or_default()
    }

    /// What was last added to its message.
    pub fn detail(&self, alarm: AlarmId) -> String {
        self.all.get(alarm.0 as usize).map(|one| one.detail.clone()).unwrap_or_default()
    }

    /// The cause that it was grouped under; empty for none.
    pub fn cause(&self, alarm: AlarmId) -> String {
        self.all.get(alarm.0 as usize).map(|one| one.cause.clone()).unwrap_or_default()
    }

    /// A plugin's word.
    pub fn word(&mut self, alarm: AlarmId, word: &ConditionWord, now: Now) {
        match word {
            ConditionWord::Raise { value, source_time, detail } => {
                if let Some(one) = self.all.get_mut(alarm.0 as usize) {
                    one.detail = detail.to_string();
                }
                let source = if *source_time == Utc(0) { now.utc } else { *source_time };
                self.condition(alarm, true, Cause { value: value.clone(), source, ..Cause::none() }, now);
            }
            ConditionWord::Clear { value } => {
                self.condition(alarm, false, Cause { value: value.clone(), source: now.utc, ..Cause::none() }, now);
            }
            ConditionWord::Unknown(status) => {
                let cause = Cause { status: *status, ..Cause::none() };
                self.change(alarm, AlarmEventKind::Unknown, cause, now, |to| to.marks = to.marks.with(Marks::UNKNOWN));
            }
            ConditionWord::Suppress { .. } => {
                let hide = |to: &mut Standing| to.hidden = to.hidden.with(Hidden::SUPPRESSED);
                self.change(alarm, AlarmEventKind::Suppressed, Cause::none(), now, hide);
            }
            ConditionWord::Unsuppress => {
                let show = |to: &mut Standing| to.hidden = to.hidden.without(Hidden::SUPPRESSED);
                self.change(alarm, AlarmEventKind::Unsuppressed, Cause::none(), now, show);
            }
            ConditionWord::First(is_first) => {
                self.change(alarm, AlarmEventKind::FirstOut, Cause::none(), now, |to| {
                    to.marks = if *is_first { to.marks.with(Marks::FIRST_OUT) } else { to.marks.without(Marks::FIRST_OUT) };
                });
            }
            ConditionWord::Group { cause, .. } => {
                if let Some(one) = self.all.get_mut(alarm.0 as usize) {
                    one.cause = cause.to_string();
                }
                self.tell(alarm, AlarmEventKind::Grouped, Cause::none(), now, self.standing(alarm));
            }
        }
    }

    /// A condition came or went; a source time of 0 is now.
    pub fn set(&mut self, alarm: AlarmId, holds: bool, source: Utc, now: Now) {
        let source = if source == Utc(0) { now.utc } else { source };
        self.condition(alarm, holds, Cause { value: Value::Bool(holds), source, ..Cause::none() }, now);
    }

    fn condition(&mut self, alarm: AlarmId, holds: bool, cause: Cause, now: Now) {
        let Some(one) = self.all.get(alarm.0 as usize) else { return };
        let (before, latching) = (one.standing, one.latching);
        let mut to = Standing { marks: before.marks.without(Marks::UNKNOWN), ..before };
        use AlarmState::{Acknowledged, LatchedAcknowledged, LatchedUnacknowledged, Normal, Returned, Unacknowledged};
        let kind = match (holds, before.state.is_holding()) {
            (true, false) => {
                self.occurrences += 1;
                (to.occurrence, to.state) = (Occurrence(self.occurrences), Unacknowledged);
                AlarmEventKind::Occurred
            }
            (false, true) => {
                to.state = match (before.state, latching) {
                    (Unacknowledged, false) => Returned,
                    (Unacknowledged, true) => LatchedUnacknowledged,
                    (Acknowledged, true) => LatchedAcknowledged,
                    _ => Normal,
                };
                AlarmEventKind::Returned
            }
            _ if to.marks != before.marks => AlarmEventKind::Known,
            _ => return,
        };
        self.tell(alarm, kind, cause, now, to);
    }

    /// An operator acknowledges, resets what is latched, shelves or unshelves. False where there is nothing of the kind.
    pub fn settle(&mut self, alarm: AlarmId, kind: AlarmEventKind, now: Now) -> bool {
        use AlarmState::{Acknowledged, LatchedAcknowledged, LatchedUnacknowledged, Normal, Returned, Unacknowledged};
        let before = self.standing(alarm);
        let is_shelved = before.hidden.has(Hidden::SHELVED);
        let hidden = match kind {
            AlarmEventKind::Shelved if !is_shelved => before.hidden.with(Hidden::SHELVED),
            AlarmEventKind::Unshelved if is_shelved => before.hidden.without(Hidden::SHELVED),
            _ => before.hidden,
        };
        let state = match (kind, before.state) {
            _ if hidden != before.hidden => before.state,
            (AlarmEventKind::Acknowledged, Unacknowledged) => Acknowledged,
            (AlarmEventKind::Acknowledged, Returned) => Normal,
            (AlarmEventKind::Acknowledged, LatchedUnacknowledged) => LatchedAcknowledged,
            (AlarmEventKind::Reset, LatchedUnacknowledged | LatchedAcknowledged) => Normal,
            _ => return false,
        };
        self.tell(alarm, kind, Cause::none(), now, Standing { state, hidden, ..before });
        true
    }

    fn change(&mut self, alarm: AlarmId, kind: AlarmEventKind, cause: Cause, now: Now, change: impl FnOnce(&mut Standing)) {
        let before = self.standing(alarm);
        let mut to = before;
        change(&mut to);
        if to != before {
            self.tell(alarm, kind, cause, now, to);
        }
    }

    fn tell(&mut self, alarm: AlarmId, kind: AlarmEventKind, cause: Cause, now: Now, to: Standing) {
        let Some(one) = self.all.get_mut(alarm.0 as usize) else { return };
        let from = std::mem::replace(&mut one.standing, to);
        let Cause { value, status, source } = cause;
        self.pending.push(AlarmEvent {
            alarm,
            occurrence: to.occurrence,
            at: now,
            source_time: source,
            kind,
            from,
            to,
            value,
            status,
            limit: None,
            until: None,
            by: None,
            comment: None,
        });
    }
}
