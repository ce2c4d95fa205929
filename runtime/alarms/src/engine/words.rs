//! What scripts, plugins and the station say of conditions.

use std::sync::Arc;

use plantroom_model::{
    AlarmEventKind, Condition, ConditionSource, ConditionWord, Conditions, Marks, Now, Standing, Status, Utc, Value,
};

use super::hide::Who;
use super::{AlarmEngine, Cause};
use crate::watch::Verdict;

impl AlarmEngine {
    /// What a script, a plugin or the station says of conditions, in order. Whether a condition holds may only be said by
    /// whose alarm it is; other words are counted and passed over. Who may suppress and group is for the host to check.
    pub fn conditions(&mut self, from: ConditionSource, words: &Conditions, now: Now) {
        self.tick(now);
        for (alarm, word) in &words.rows {
            let Some(spec) = self.specs.get(alarm.0 as usize) else {
                self.misdirected += 1;
                continue;
            };
            let is_owner = source_of(&spec.condition) == Some(from);
            let speaks_of_it =
                matches!(word, ConditionWord::Raise { .. } | ConditionWord::Clear { .. } | ConditionWord::Unknown(_));
            if spec.condition == Condition::Gone || (speaks_of_it && !is_owner) {
                self.misdirected += 1;
                continue;
            }
            self.hear(alarm.0, from, word, now);
        }
        self.settle_groups(now);
    }

    fn hear(&mut self, alarm: u32, from: ConditionSource, word: &ConditionWord, now: Now) {
        let known = |holds| Verdict::Known { holds, limit: None, anew: false };
        match word {
            ConditionWord::Raise { value, source_time, detail } => {
                let cause =
                    Cause { value: value.clone(), source_time: *source_time, detail: Some(Arc::clone(detail)), ..Cause::none() };
                let held = self.hot[alarm as usize].state.is_holding();
                self.settle(alarm, known(true), cause, now);
                // A plugin tells more as it learns more, at the rate that its host grants it; so does the station. Scripts say
                // the same at each run.
                if !matches!(from, ConditionSource::Script(_)) {
                    self.tell_more(alarm, held, value, detail, now);
                }
            }
            ConditionWord::Clear { value } => {
                self.settle(alarm, known(false), Cause { value: value.clone(), ..Cause::none() }, now);
            }
            ConditionWord::Unknown(status) => self.lose(alarm, *status, now),
            ConditionWord::Suppress { reason } => {
                self.suppress(alarm, Who::Logic(from), None, Some(Arc::clone(reason)), now);
            }
            ConditionWord::Unsuppress => {
                self.unsuppress(alarm, Who::Logic(from), None, None, now);
            }
            ConditionWord::First(first) => self.mark_first(alarm, *first, AlarmEventKind::FirstOut, None, now),
            ConditionWord::Group { cause, first } => {
                if self.causes.get(&alarm) == Some(cause) && self.is_first(alarm) == *first {
                    return;
                }
                self.causes.insert(alarm, Arc::clone(cause));
                self.mark_first(alarm, *first, AlarmEventKind::Grouped, Some(Arc::clone(cause)), now);
            }
        }
    }

    /// What is said of an alarm that holds already is told where it is news.
    fn tell_more(&mut self, alarm: u32, held: bool, value: &Value, detail: &Arc<str>, now: Now) {
        let from = self.hot[alarm as usize].standing();
        if !from.state.is_holding() || detail.is_empty() || self.details.get(&alarm) == Some(detail) {
            return;
        }
        self.details.insert(alarm, Arc::clone(detail));
        if held {
            let event = self.event(alarm, AlarmEventKind::Remarked, from, now);
            (event.value, event.comment) = (value.clone(), Some(Arc::clone(detail)));
        }
    }

    fn is_first(&self, alarm: u32) -> bool {
        self.hot[alarm as usize].marks.has(Marks::FIRST_OUT)
    }

    fn mark_first(&mut self, alarm: u32, first: bool, kind: AlarmEventKind, comment: Option<Arc<str>>, now: Now) {
        if kind == AlarmEventKind::FirstOut && self.is_first(alarm) == first {
            return;
        }
        let from = self.hot[alarm as usize].standing();
        let marks = if first { from.marks.with(Marks::FIRST_OUT) } else { from.marks.without(Marks::FIRST_OUT) };
        self.put(alarm, Standing { marks, ..from });
        self.event(alarm, kind, from, now).comment = comment;
    }

    /// A script or a plugin is dead. Its alarms stand as they do, marked unknown, until it says something of them again;
    /// what it suppresses comes out if nobody says so again within [`AlarmEngine::SUPPRESSOR_GRACE_MS`].
    pub fn source_down(&mut self, source: ConditionSource, now: Now) {
        self.tick(now);
        let its = self.by_source.get(&source).cloned().unwrap_or_default();
        for alarm in its {
            self.lose(alarm, Status::BAD_OUT_OF_SERVICE, now);
        }
        self.doubt_suppressors(Who::Logic(source), now);
    }

    /// What was said of a source's alarms by others than tags; nothing of what links, tags or scripts say.
    pub(super) fn sources(&self) -> std::collections::BTreeMap<ConditionSource, Vec<u32>> {
        let mut all: std::collections::BTreeMap<ConditionSource, Vec<u32>> = std::collections::BTreeMap::new();
        for (alarm, spec) in (0_u32..).zip(self.specs.iter()) {
            if let Some(source) = source_of(&spec.condition) {
                all.entry(source).or_default().push(alarm);
            }
        }
        all
    }

    /// When an alarm that stood before the start came; for its standing.
    pub(super) fn active_for_ms(came: Utc, now: Now) -> u64 {
        if came.0 == 0 { 0 } else { u64::try_from(now.utc.0.saturating_sub(came.0)).unwrap_or(0) / 1_000_000 }
    }
}

/// Who says whether a condition holds; `None` where tags and links do.
fn source_of(condition: &Condition) -> Option<ConditionSource> {
    match condition {
        Condition::Script { script } => Some(ConditionSource::Script(*script)),
        Condition::Plugin { plugin } => Some(ConditionSource::Plugin(*plugin)),
        Condition::System => Some(ConditionSource::System),
        _ => None,
    }
}
