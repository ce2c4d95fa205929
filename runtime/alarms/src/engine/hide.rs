//! Shelves, suppression by design, out of service: three flags that hide an alarm, each by itself.

use std::sync::Arc;

use plantroom_model::{AlarmEventKind, AlarmState, ConditionSource, Hidden, Marks, Mono, Now, Standing, Utc};

use super::AlarmEngine;
use crate::life::{Input, next};
use crate::timers::Due;

/// A place on the shelf.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    pub ends: Mono,
    pub until: Utc,
}

/// Who suppresses an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// An engineer.
    Hand,
    /// Logic, before the station was started.
    Before,
    /// Logic.
    Logic(ConditionSource),
}

#[derive(Clone, Debug)]
pub(super) struct Suppressor {
    pub who: Who,
    /// Since when nobody stands behind it; `None` while somebody does.
    pub dead_since: Option<Mono>,
}

impl AlarmEngine {
    /// Hides an alarm, or hides it by one thing more.
    pub(super) fn hide(&mut self, alarm: u32, flags: Hidden, kind: AlarmEventKind, now: Now) -> &mut plantroom_model::AlarmEvent {
        let from = self.hot[alarm as usize].standing();
        self.put(alarm, Standing { hidden: from.hidden.with(flags), ..from });
        self.event(alarm, kind, from, now)
    }

    /// One of what hides an alarm is gone; with the last one it comes out, and is announced anew if its condition holds.
    pub(super) fn unhide(&mut self, alarm: u32, flag: Hidden, kind: AlarmEventKind, now: Now) {
        let from = self.hot[alarm as usize].standing();
        let mut to = Standing { hidden: from.hidden.without(flag), ..from };
        if flag == Hidden::SHELVED {
            to.marks = to.marks.without(Marks::ONE_SHOT);
            if let Some(shelf) = self.shelves.remove(&alarm) {
                self.timers.remove(alarm, Due::Shelf, shelf.ends);
            }
        }
        if flag == Hidden::SUPPRESSED {
            to.hidden = to.hidden.without(Hidden::BY_HAND);
            self.suppressors.remove(&alarm);
        }
        if !to.hidden.any() {
            to.state = next(from.state, Input::ComesOut, self.nature(alarm)).unwrap_or(from.state);
            to.hidden = to.hidden.without(Hidden::SILENT);
        }
        if from.state == AlarmState::Acknowledged && to.state == AlarmState::Unacknowledged {
            self.cancel(alarm, Due::ReAlarm);
            self.acknowledged_by.remove(&alarm);
        }
        self.put(alarm, to);
        self.event(alarm, kind, from, now);
        if !to.hidden.any() && to.state.is_holding() {
            self.join_group(alarm, Utc(0), now.mono);
        }
    }

    /// Somebody suppresses an alarm. Returns whether that is news.
    pub(super) fn suppress(&mut self, alarm: u32, who: Who, by: Option<Arc<str>>, why: Option<Arc<str>>, now: Now) -> bool {
        let all = self.suppressors.entry(alarm).or_default();
        if matches!(who, Who::Logic(_)) {
            // Logic that suppresses it now is what suppressed it before the start.
            all.retain(|one| one.who != Who::Before);
        }
        if let Some(one) = all.iter_mut().find(|one| one.who == who) {
            one.dead_since = None;
            return false;
        }
        all.push(Suppressor { who, dead_since: None });
        let is_first = !self.hot[alarm as usize].hidden.has(Hidden::SUPPRESSED);
        if who != Who::Hand && !is_first {
            return false;
        }
        let by_hand = if who == Who::Hand { Hidden::BY_HAND } else { Hidden::default() };
        let event = self.hide(alarm, Hidden::SUPPRESSED.with(by_hand), AlarmEventKind::Suppressed, now);
        (event.by, event.comment) = (by, why.filter(|why| !why.is_empty()));
        true
    }

    /// Somebody suppresses it no more. Returns whether they did.
    pub(super) fn unsuppress(&mut self, alarm: u32, who: Who, by: Option<Arc<str>>, why: Option<Arc<str>>, now: Now) -> bool {
        let Some(all) = self.suppressors.get_mut(&alarm) else { return false };
        let before = all.len();
        all.retain(|one| one.who != who);
        if all.len() == before {
            return false;
        }
        if all.is_empty() {
            self.unhide(alarm, Hidden::SUPPRESSED, AlarmEventKind::Unsuppressed, now);
        } else if who == Who::Hand {
            let from = self.hot[alarm as usize].standing();
            self.put(alarm, Standing { hidden: from.hidden.without(Hidden::BY_HAND), ..from });
            self.event(alarm, AlarmEventKind::Unsuppressed, from, now);
        } else {
            return true;
        }
        if let Some(event) =
            self.out.events.iter_mut().rev().find(|event| event.alarm.0 == alarm && event.kind == AlarmEventKind::Unsuppressed)
        {
            (event.by, event.comment) = (by, why.filter(|why| !why.is_empty()));
        }
        true
    }

    /// Nobody stands behind what this source suppresses; it has a while to say so again.
    pub(super) fn doubt_suppressors(&mut self, who: Who, now: Now) {
        let ends = now.mono.plus_ms(Self::SUPPRESSOR_GRACE_MS);
        for (alarm, all) in &mut self.suppressors {
            for one in all.iter_mut().filter(|one| one.who == who && one.dead_since.is_none()) {
                one.dead_since = Some(now.mono);
                self.timers.set(*alarm, Due::Suppressor, ends);
            }
        }
    }

    /// What nobody has said again in time hides nothing any more.
    pub(super) fn drop_dead_suppressors(&mut self, alarm: u32, now: Now) {
        let Some(all) = self.suppressors.get_mut(&alarm) else { return };
        let is_over = |one: &Suppressor| one.dead_since.is_some_and(|since| since.plus_ms(Self::SUPPRESSOR_GRACE_MS) <= now.mono);
        let is_it =
            |event: &&mut plantroom_model::AlarmEvent| event.alarm.0 == alarm && event.kind == AlarmEventKind::Unsuppressed;
        let before = all.len();
        all.retain(|one| !is_over(one));
        if all.is_empty() && before > 0 {
            self.unhide(alarm, Hidden::SUPPRESSED, AlarmEventKind::Unsuppressed, now);
            if let Some(event) = self.out.events.iter_mut().rev().find(is_it) {
                event.comment = Some("the logic that suppressed it does not run any more".into());
            }
        }
    }
}
