//! From a condition to an alarm: delays, coming and going, and not knowing.

use plantroom_model::{AlarmEventKind, AlarmState, Hidden, Marks, Mono, Now, Occurrence, Standing, Status};

use super::{AlarmEngine, Cause, Pending};
use crate::hot::{CHATTER_WAITS, Hot, RAW, WATCHED};
use crate::index::PENDING;
use crate::life::{Input, next};
use crate::rules::Rule;
use crate::timers::{Due, Timers};
use crate::watch::Verdict;

impl AlarmEngine {
    /// What a condition says now.
    pub(super) fn settle(&mut self, alarm: u32, verdict: Verdict, cause: Cause, now: Now) {
        match verdict {
            Verdict::Unknown(status) => self.lose(alarm, status, now),
            Verdict::Known { holds, anew, .. } => {
                self.know(alarm, now);
                if anew {
                    self.drop_delay(alarm);
                }
                self.raw(alarm, holds, cause, now);
            }
            Verdict::Moment => {
                self.know(alarm, now);
                self.drop_delay(alarm);
                self.turn(alarm, true, cause.clone(), now.mono, now);
                self.raw(alarm, false, cause, now);
            }
        }
    }

    /// Whether the condition holds, without delays. A delay runs as long as it goes on saying the same without a break.
    pub(super) fn raw(&mut self, alarm: u32, holds: bool, cause: Cause, now: Now) {
        let hot = &mut self.hot[alarm as usize];
        hot.set(RAW, holds);
        if holds == hot.state.is_holding() {
            return self.drop_delay(alarm);
        }
        if hot.delay != Timers::NEVER {
            if let Some(pending) = self.pending.get_mut(&alarm) {
                pending.cause = Cause { source_time: pending.cause.source_time, ..cause };
            }
            return;
        }
        let rule = self.rule(alarm);
        let delay_ms = if holds { rule.on_delay_ms } else { rule.off_delay_ms };
        if delay_ms == 0 {
            return self.turn(alarm, holds, cause, now.mono, now);
        }
        self.wait(alarm, Due::Delay, now.mono.plus_ms(u64::from(delay_ms)));
        self.pending.insert(alarm, Pending { cause, began: now.mono });
        self.set_pending(alarm, true);
    }

    /// A delay is over: the condition has said the same all the time.
    pub(super) fn delay_over(&mut self, alarm: u32, now: Now) {
        self.hot[alarm as usize].delay = Timers::NEVER;
        self.set_pending(alarm, false);
        let holds = self.hot[alarm as usize].has(RAW);
        if let Some(Pending { cause, began }) = self.pending.remove(&alarm) {
            self.turn(alarm, holds, cause, began, now);
        }
    }

    pub(super) fn drop_delay(&mut self, alarm: u32) {
        if self.hot[alarm as usize].delay != Timers::NEVER {
            self.cancel(alarm, Due::Delay);
            self.pending.remove(&alarm);
            self.set_pending(alarm, false);
        }
    }

    fn set_pending(&mut self, alarm: u32, on: bool) {
        let hot = &self.hot[alarm as usize];
        if hot.place == Hot::NOWHERE {
            return;
        }
        if hot.has(WATCHED) {
            self.watches[hot.place as usize].pending = on;
        } else {
            self.index.triggers[hot.place as usize].set_flag(PENDING, on);
        }
    }

    /// The condition has come (since `began`), or is gone, with its delay.
    pub(super) fn turn(&mut self, alarm: u32, holds: bool, cause: Cause, began: Mono, now: Now) {
        let from = self.hot[alarm as usize].standing();
        let input = if holds { Input::Occurs } else { Input::Returns };
        let Ok(state) = next(from.state, input, self.nature(alarm)) else { return };
        if holds { self.come(alarm, from, state, cause, began, now) } else { self.go(alarm, from, state, cause, now) }
    }

    fn come(&mut self, alarm: u32, from: Standing, state: AlarmState, cause: Cause, began: Mono, now: Now) {
        let mut to = Standing { occurrence: Occurrence(self.next_occurrence), state, ..from };
        self.next_occurrence += 1;
        // What was there before has been announced; what comes now, while hidden, hasn't.
        let silent = from.hidden.any() && from.state == AlarmState::Normal;
        to.hidden = if silent { from.hidden.with(Hidden::SILENT) } else { from.hidden.without(Hidden::SILENT) };
        to.marks = to.marks.without(Marks::RE_ALARMED);
        if self.came_too_often(alarm, now.mono) {
            to.marks = to.marks.with(Marks::CHATTERING);
        }
        self.acknowledged_by.remove(&alarm);
        self.cancel(alarm, Due::ReAlarm);
        if !from.state.is_active() {
            self.wait(alarm, Due::Standing, now.mono.plus_ms(Self::STANDING_MS));
        }
        self.put(alarm, to);
        let source_time = cause.source_time;
        self.event_by(alarm, AlarmEventKind::Occurred, from, cause, now);
        if !to.hidden.any() {
            self.join_group(alarm, source_time, began);
        }
    }

    fn go(&mut self, alarm: u32, from: Standing, state: AlarmState, cause: Cause, now: Now) {
        let mut to = Standing { state, hidden: from.hidden.without(Hidden::SILENT), ..from };
        self.cancel(alarm, Due::ReAlarm);
        if !state.is_active() {
            self.cancel(alarm, Due::Standing);
            to.marks = to.marks.without(Marks::STANDING);
        }
        to = self.rested(alarm, to);
        self.put(alarm, to);
        self.event_by(alarm, AlarmEventKind::Returned, from, cause, now);
        self.rest_group(alarm);
        if to.hidden.has(Hidden::SHELVED) && to.marks.has(Marks::ONE_SHOT) {
            self.unhide(alarm, Hidden::SHELVED, AlarmEventKind::ShelfEnded, now);
        }
    }

    /// What marks an occurrence goes when the alarm is normal again; the first of a group stays so until all of them are.
    pub(super) fn rested(&self, alarm: u32, mut to: Standing) -> Standing {
        if to.state == AlarmState::Normal {
            to.marks = to.marks.without(Marks::RE_ALARMED);
            if self.rule(alarm).group == Rule::NO_GROUP {
                to.marks = to.marks.without(Marks::FIRST_OUT);
            }
        }
        to
    }

    /// Three times within a minute, this one included.
    fn came_too_often(&mut self, alarm: u32, now: Mono) -> bool {
        let window_ns = Self::CHATTER_MS * 1_000_000;
        let hot = &mut self.hot[alarm as usize];
        let [older, newer] = hot.came;
        hot.came = [newer, now];
        if older == Timers::NEVER || now.since(older) > window_ns {
            return false;
        }
        if !hot.has(CHATTER_WAITS) {
            hot.set(CHATTER_WAITS, true);
            self.timers.set(alarm, Due::Chatter, now.plus_ms(Self::CHATTER_MS));
        }
        true
    }

    /// Whether the condition holds can't be told: nothing moves, and no delay goes on.
    pub(super) fn lose(&mut self, alarm: u32, status: Status, now: Now) {
        self.drop_delay(alarm);
        if self.hot[alarm as usize].is_unknown() {
            return;
        }
        let from = self.hot[alarm as usize].standing();
        self.put(alarm, Standing { marks: from.marks.with(Marks::UNKNOWN), ..from });
        if !from.is_at_rest() {
            self.event(alarm, AlarmEventKind::Unknown, from, now).status = status;
        }
    }

    /// It can be told again.
    pub(super) fn know(&mut self, alarm: u32, now: Now) {
        if !self.hot[alarm as usize].is_unknown() {
            return;
        }
        let from = self.hot[alarm as usize].standing();
        self.put(alarm, Standing { marks: from.marks.without(Marks::UNKNOWN), ..from });
        if !from.is_at_rest() {
            self.event(alarm, AlarmEventKind::Known, from, now);
        }
    }
}
