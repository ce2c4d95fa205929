//! What is counted of one alarm: 80 bytes, the same after a million steps.

use plantroom_model::{AlarmEventKind as Kind, AlarmState, AlarmStep, Hidden};

use super::{CHATTER_TIMES, SECOND_NS, STANDING_NS, is_visible};

const MINUTE_NS: i64 = 60 * SECOND_NS;

/// One alarm.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PerAlarm {
    state: AlarmState,
    hidden: Hidden,
    is_touched: bool,
    is_chattering: bool,
    /// How often it was announced.
    pub times: u32,
    /// How often of that while it chattered.
    pub chattered: u32,
    /// How often it began to chatter.
    pub bursts: u32,
    /// The most announcements that were seen in one minute.
    pub most_in_minute: u32,
    /// How often it stood for more than 24 h and went.
    pub stood: u32,
    minute_count: u32,
    minute_from: i64,
    /// When it was last announced, and the time before.
    last: i64,
    before_last: i64,
    /// When it came, for the time until somebody acknowledges it; 0 where nobody was told.
    came: i64,
    active_since: i64,
}

/// What counts of alarms at this moment changes by so much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub active: i8,
    pub unacknowledged: i8,
    pub shelved: i8,
    pub suppressed: i8,
    pub out_of_service: i8,
}

/// What a step was.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub change: Change,
    pub is_announced: bool,
    /// In ns.
    pub acknowledged_after: Option<i64>,
}

impl PerAlarm {
    pub fn is_touched(&self) -> bool {
        self.is_touched
    }

    /// Counts from here on; what stands stays.
    pub fn begin_anew(&mut self) {
        *self = Self { times: 0, chattered: 0, bursts: u32::from(self.is_chattering), most_in_minute: 0, stood: 0, ..*self };
    }

    /// Since when it is active and visible, where it has been for more than 24 h at a time.
    pub fn standing_since(&self, at: i64) -> Option<i64> {
        let is_long = self.state.is_active() && at.saturating_sub(self.active_since) > STANDING_NS;
        (is_long && !self.hidden.any()).then_some(self.active_since)
    }

    pub fn stood(&mut self, step: &AlarmStep) -> Change {
        let change = self.change(step.state, step.hidden);
        (self.state, self.hidden, self.is_touched) = (step.state, step.hidden, true);
        self.active_since = step.at.0;
        self.came = if step.state.is_unacknowledged() && !step.hidden.any() { step.at.0 } else { 0 };
        change
    }

    /// `at` is the step's time, never before that of another step.
    #[inline]
    pub fn apply(&mut self, step: &AlarmStep, at: i64) -> Seen {
        let change = self.change(step.state, step.hidden);
        let (was, was_hidden) = (self.state, self.hidden);
        let was_told = !was_hidden.any() && was == AlarmState::Unacknowledged;
        let comes = step.state == AlarmState::Unacknowledged && !was_told;
        let is_announced = !step.hidden.any() && step.kind != Kind::Standing && (comes || step.kind == Kind::Occurred);
        if step.state.is_active() && (!was.is_active() || !self.is_touched) {
            self.active_since = at;
        } else if was.is_active() && !step.state.is_active() && at - self.active_since > STANDING_NS {
            self.stood += 1;
        }
        let is_acknowledged = step.kind == Kind::Acknowledged && self.came != 0;
        let acknowledged_after = is_acknowledged.then(|| at - self.came);
        if is_announced {
            self.announced(at);
        } else if !step.state.is_unacknowledged() {
            self.came = 0;
        }
        (self.state, self.hidden, self.is_touched) = (step.state, step.hidden, true);
        Seen { change, is_announced, acknowledged_after }
    }

    fn announced(&mut self, at: i64) {
        self.times += 1;
        self.came = at;
        if at - self.minute_from > MINUTE_NS || self.minute_count == 0 {
            (self.minute_from, self.minute_count) = (at, 0);
        }
        self.minute_count += 1;
        self.most_in_minute = self.most_in_minute.max(self.minute_count);
        let chatters = self.before_last != 0 && at - self.before_last <= MINUTE_NS;
        if chatters {
            self.most_in_minute = self.most_in_minute.max(CHATTER_TIMES);
            self.bursts += u32::from(!self.is_chattering);
            self.chattered += 1;
        }
        self.is_chattering = chatters;
        (self.before_last, self.last) = (self.last, at);
    }

    fn change(&self, state: AlarmState, hidden: Hidden) -> Change {
        let (was, was_hidden) = (self.state, self.hidden);
        if (was, was_hidden) == (state, hidden) {
            return Change::default();
        }
        let step = |after: bool, before: bool| i8::from(after) - i8::from(before);
        let is_active = |state: AlarmState, hidden| state.is_active() && is_visible(state, hidden);
        let is_open = |state: AlarmState, hidden| state.is_unacknowledged() && is_visible(state, hidden);
        let flag = |which: Hidden| step(hidden.has(which), was_hidden.has(which));
        Change {
            active: step(is_active(state, hidden), is_active(was, was_hidden)),
            unacknowledged: step(is_open(state, hidden), is_open(was, was_hidden)),
            shelved: flag(Hidden::SHELVED),
            suppressed: flag(Hidden::SUPPRESSED),
            out_of_service: flag(Hidden::OUT_OF_SERVICE),
        }
    }
}
