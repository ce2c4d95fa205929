//! Which alarms nobody has acknowledged for how long.

use std::collections::{BTreeMap, BTreeSet};

use plantroom_model::{AlarmId, Mono, Occurrence};

/// Minutes in ms.
const MINUTE_MS: u64 = 60_000;

/// Counts the time of unacknowledged alarms, and tells when the next step has come. O(log n) a word.
#[derive(Clone, Debug, Default)]
pub struct Escalation {
    steps_min: Vec<u32>,
    open: BTreeMap<AlarmId, Open>,
    due: BTreeSet<(Mono, AlarmId)>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    occurrence: Occurrence,
    since: Mono,
    /// How long it had waited before that, in ms: before the station started.
    before_ms: u64,
    /// Which step comes next.
    next: usize,
}

impl Escalation {
    /// With these steps, in minutes; those of several files together.
    pub fn new(steps_min: impl IntoIterator<Item = u32>) -> Self {
        let steps: BTreeSet<u32> = steps_min.into_iter().filter(|step| *step > 0).collect();
        Self { steps_min: steps.into_iter().collect(), ..Self::default() }
    }

    /// An alarm has occurred, and waits for somebody. One that waits already goes on, but for a new occurrence.
    pub fn begin(&mut self, alarm: AlarmId, occurrence: Occurrence, now: Mono) {
        if self.open.get(&alarm).is_some_and(|open| open.occurrence == occurrence) || self.steps_min.is_empty() {
            return;
        }
        self.end(alarm);
        self.open.insert(alarm, Open { occurrence, since: now, before_ms: 0, next: 0 });
        self.schedule(alarm);
    }

    /// An alarm waits since before the station started: for so long, in ms, and this step was told already. Steps that came
    /// while nobody counted are due at once, told as the last of them.
    pub fn resume(&mut self, alarm: AlarmId, occurrence: Occurrence, now: Mono, (before_ms, told_min): (u64, Option<u32>)) {
        self.end(alarm);
        let next = told_min.map_or(0, |told| self.steps_min.partition_point(|step| *step <= told));
        self.open.insert(alarm, Open { occurrence, since: now, before_ms, next });
        self.schedule(alarm);
    }

    /// Takes other steps from now on: the rules were changed. What was told is not told again.
    pub fn change_steps(&mut self, steps_min: impl IntoIterator<Item = u32>) {
        let told = |open: &Open| open.next.checked_sub(1).and_then(|place| self.steps_min.get(place)).copied();
        let kept: Vec<(AlarmId, Open, Option<u32>)> = self.open.iter().map(|(alarm, open)| (*alarm, *open, told(open))).collect();
        *self = Self::new(steps_min);
        for (alarm, open, told) in kept {
            let next = told.map_or(0, |told| self.steps_min.partition_point(|step| *step <= told));
            self.open.insert(alarm, Open { next, ..open });
            self.schedule(alarm);
        }
    }

    /// Whether it waits.
    pub fn waits(&self, alarm: AlarmId) -> bool {
        self.open.contains_key(&alarm)
    }

    /// All that wait.
    pub fn waiting(&self) -> Vec<AlarmId> {
        self.open.keys().copied().collect()
    }

    /// It waits no more: acknowledged, hidden, or gone.
    pub fn end(&mut self, alarm: AlarmId) {
        if let Some(open) = self.open.remove(&alarm)
            && let Some(due) = self.time_of(&open)
        {
            self.due.remove(&(due, alarm));
        }
    }

    /// What has waited for one more step, with the minutes of that step. Steps that were missed are told once, as the last.
    pub fn due(&mut self, now: Mono) -> Vec<(AlarmId, Occurrence, u32)> {
        let mut told = Vec::new();
        while let Some((due, alarm)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, alarm));
            let Some(mut open) = self.open.get(&alarm).copied() else { continue };
            let minutes = (now.since(open.since) / 1_000_000 + open.before_ms) / MINUTE_MS;
            let passed = self.steps_min.partition_point(|step| u64::from(*step) <= minutes);
            open.next = passed.max(open.next + 1);
            if let Some(step) = self.steps_min.get(open.next - 1) {
                told.push((alarm, open.occurrence, *step));
            }
            self.open.insert(alarm, open);
            self.schedule(alarm);
        }
        told
    }

    /// When the next step comes.
    pub fn next_due(&self) -> Option<Mono> {
        self.due.first().map(|(due, _)| *due)
    }

    fn time_of(&self, open: &Open) -> Option<Mono> {
        let step_ms = u64::from(*self.steps_min.get(open.next)?) * MINUTE_MS;
        Some(open.since.plus_ms(step_ms.saturating_sub(open.before_ms)))
    }

    fn schedule(&mut self, alarm: AlarmId) {
        if let Some(due) = self.open.get(&alarm).and_then(|open| self.time_of(open)) {
            self.due.insert((due, alarm));
        }
    }
}
