//! What operators do to alarms, and what they are told.

use std::sync::Arc;

use plantroom_model::{
    AlarmAct, AlarmEventKind, AlarmReply, AlarmState, AlarmVerb, Condition, Hidden, Marks, Now, Occurrence, Standing, Utc,
    duration_words, limits,
};

use super::AlarmEngine;
use super::hide::{Shelf, Who};
use crate::hot::RAW;
use crate::life::{Input, Refusal, next};
use crate::timers::Due;

type Done = Result<(), Arc<str>>;

impl AlarmEngine {
    /// An operator's act, authorised and recorded; its answer is in the next frame. An act that is refused changes nothing.
    pub fn act(&mut self, act: &AlarmAct, now: Now) {
        self.tick(now);
        let done = self.try_act(act, now);
        self.settle_groups(now);
        self.out.replies.push(AlarmReply { request: act.request, done });
    }

    fn try_act(&mut self, act: &AlarmAct, now: Now) -> Done {
        let alarm = act.alarm.0;
        if self.specs.get(alarm as usize).is_none_or(|spec| spec.condition == Condition::Gone) {
            return refuse("The project has no such alarm any more.");
        }
        if act.comment.len() > limits::COMMENT_BYTES {
            return refuse(format!("The comment is too long: at most {} bytes.", limits::COMMENT_BYTES));
        }
        match act.verb {
            AlarmVerb::Acknowledge { occurrence } => self.acknowledge(alarm, occurrence, act, now),
            AlarmVerb::Reset => self.reset(alarm, act, now),
            AlarmVerb::Shelve { for_s, one_shot } => self.shelve(alarm, for_s, one_shot, act, now),
            AlarmVerb::Unshelve => {
                self.must_be(alarm, Hidden::SHELVED, "The alarm is not on the shelf.")?;
                self.unhide(alarm, Hidden::SHELVED, AlarmEventKind::Unshelved, now);
                self.sign(AlarmEventKind::Unshelved, act);
                Ok(())
            }
            AlarmVerb::Suppress => {
                let done = self.suppress(alarm, Who::Hand, Some(Arc::clone(&act.by)), comment(act), now);
                if done { Ok(()) } else { refuse("The alarm is suppressed by hand already.") }
            }
            AlarmVerb::Unsuppress => self.unsuppress_by_hand(alarm, act, now),
            AlarmVerb::OutOfService => {
                if self.hot[alarm as usize].hidden.has(Hidden::OUT_OF_SERVICE) {
                    return refuse("The alarm is out of service already.");
                }
                self.hide(alarm, Hidden::OUT_OF_SERVICE, AlarmEventKind::OutOfService, now);
                self.sign(AlarmEventKind::OutOfService, act);
                Ok(())
            }
            AlarmVerb::InService => {
                self.must_be(alarm, Hidden::OUT_OF_SERVICE, "The alarm is in service already.")?;
                self.unhide(alarm, Hidden::OUT_OF_SERVICE, AlarmEventKind::InService, now);
                self.sign(AlarmEventKind::InService, act);
                Ok(())
            }
            AlarmVerb::Remark => {
                if act.comment.trim().is_empty() {
                    return refuse("A remark needs a text.");
                }
                let from = self.hot[alarm as usize].standing();
                self.event(alarm, AlarmEventKind::Remarked, from, now);
                self.sign(AlarmEventKind::Remarked, act);
                Ok(())
            }
        }
    }

    fn acknowledge(&mut self, alarm: u32, occurrence: Occurrence, act: &AlarmAct, now: Now) -> Done {
        let from = self.hot[alarm as usize].standing();
        if occurrence < from.occurrence {
            return refuse("The alarm has come again since. Look at it as it stands now, and acknowledge that.");
        }
        if occurrence > from.occurrence {
            return refuse("The alarm has not come so often. Load the list again.");
        }
        let state = next(from.state, Input::Acknowledge, self.nature(alarm)).map_err(|refusal| self.why_not(alarm, refusal))?;
        let to = self.rested(alarm, Standing { state, ..from });
        self.put(alarm, to);
        self.acknowledged_by.insert(alarm, Arc::clone(&act.by));
        let rule = self.rule(alarm);
        if state == AlarmState::Acknowledged && rule.realarm_s > 0 {
            self.wait(alarm, Due::ReAlarm, now.mono.plus_ms(u64::from(rule.realarm_s) * 1_000));
        }
        self.event(alarm, AlarmEventKind::Acknowledged, from, now);
        self.sign(AlarmEventKind::Acknowledged, act);
        self.rest_group(alarm);
        Ok(())
    }

    fn reset(&mut self, alarm: u32, act: &AlarmAct, now: Now) -> Done {
        let hot = &self.hot[alarm as usize];
        let from = hot.standing();
        let (holds, unknown) = (hot.has(RAW), hot.is_unknown());
        let first = Marks::FIRST_OUT.with(Marks::ORDER_UNDETERMINED);
        let state = match next(from.state, Input::Reset, self.nature(alarm)) {
            Ok(_) if unknown => {
                return refuse(
                    "Whether the condition is gone can't be told now: its tag, device or logic says nothing. Reset it then.",
                );
            }
            Ok(_) if holds => return refuse(HOLDS),
            Ok(state) => state,
            // The first of a group can be taken back also where it doesn't latch.
            Err(Refusal::NotLatched) if from.state == AlarmState::Normal && from.marks.has(first) => from.state,
            Err(refusal) => return Err(self.why_not(alarm, refusal)),
        };
        self.cancel(alarm, Due::Standing);
        self.leave_group(alarm);
        let mut to = self.hot[alarm as usize].standing();
        to.state = state;
        to.marks = to.marks.without(Marks::STANDING).without(first).without(Marks::RE_ALARMED);
        self.put(alarm, to);
        self.event(alarm, AlarmEventKind::Reset, from, now);
        self.sign(AlarmEventKind::Reset, act);
        self.rest_group(alarm);
        Ok(())
    }

    fn shelve(&mut self, alarm: u32, for_s: u32, one_shot: bool, act: &AlarmAct, now: Now) -> Done {
        let most_s = self.rule(alarm).shelve_max_s;
        if most_s == 0 {
            return refuse("The project does not allow this alarm to be shelved.");
        }
        if self.hot[alarm as usize].hidden.has(Hidden::SHELVED) {
            return refuse("The alarm is on the shelf already. Take it off first to shelve it for another time.");
        }
        if for_s == 0 {
            return refuse("Say for how long the alarm is to be shelved.");
        }
        if for_s > most_s {
            return refuse(format!("The alarm can be shelved for at most {}.", duration_words(u64::from(most_s) * 1_000)));
        }
        let ns = u64::from(for_s) * 1_000_000_000;
        let shelf = Shelf { ends: now.mono.plus_ms(u64::from(for_s) * 1_000), until: Utc(now.utc.0.saturating_add_unsigned(ns)) };
        let until = shelf.until;
        self.timers.set(alarm, Due::Shelf, shelf.ends);
        self.shelves.insert(alarm, shelf);
        let from = self.hot[alarm as usize].standing();
        let marks = if one_shot { from.marks.with(Marks::ONE_SHOT) } else { from.marks };
        self.put(alarm, Standing { marks, hidden: from.hidden.with(Hidden::SHELVED), ..from });
        self.event(alarm, AlarmEventKind::Shelved, from, now).until = Some(until);
        self.sign(AlarmEventKind::Shelved, act);
        Ok(())
    }

    fn unsuppress_by_hand(&mut self, alarm: u32, act: &AlarmAct, now: Now) -> Done {
        self.must_be(alarm, Hidden::SUPPRESSED, "The alarm is not suppressed.")?;
        if self.unsuppress(alarm, Who::Hand, Some(Arc::clone(&act.by)), comment(act), now) {
            return Ok(());
        }
        refuse("Logic suppresses the alarm, and ends that by itself when the plant's state is another.")
    }

    fn must_be(&self, alarm: u32, flag: Hidden, otherwise: &str) -> Done {
        if self.hot[alarm as usize].hidden.has(flag) { Ok(()) } else { refuse(otherwise) }
    }

    /// Who did it, and why, into the event that came of it.
    fn sign(&mut self, kind: AlarmEventKind, act: &AlarmAct) {
        let mut events = self.out.events.iter_mut().rev();
        if let Some(event) = events.find(|event| event.kind == kind && event.alarm == act.alarm) {
            (event.by, event.comment) = (Some(Arc::clone(&act.by)), comment(act));
        }
    }

    fn why_not(&self, alarm: u32, refusal: Refusal) -> Arc<str> {
        match (refusal, self.acknowledged_by.get(&alarm)) {
            (Refusal::Acknowledged | Refusal::Normal, Some(by)) => format!("The alarm was acknowledged by {by} already.").into(),
            (Refusal::Acknowledged, None) if !self.rule(alarm).acknowledge => "The alarm needs no acknowledgement.".into(),
            (Refusal::Acknowledged, None) => "The alarm is acknowledged already.".into(),
            (Refusal::Normal | Refusal::NoChange, _) => "The alarm is normal: there is nothing to acknowledge.".into(),
            (Refusal::Silent, _) => {
                "The alarm came while it was hidden: it was not announced, and needs no acknowledgement.".into()
            }
            (Refusal::Holding, _) => HOLDS.into(),
            (Refusal::Unacknowledged, _) => "Nobody has acknowledged the alarm yet. Acknowledge it, then reset it.".into(),
            (Refusal::NotLatched, _) => "The alarm is not latched: there is nothing to reset.".into(),
        }
    }
}

const HOLDS: &str = "The condition still holds. Put right what causes it, then reset the alarm.";

fn refuse(why: impl Into<Arc<str>>) -> Done {
    Err(why.into())
}

fn comment(act: &AlarmAct) -> Option<Arc<str>> {
    (!act.comment.trim().is_empty()).then(|| Arc::clone(&act.comment))
}
