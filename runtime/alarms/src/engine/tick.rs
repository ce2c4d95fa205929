//! What happens because time has passed.

use plantroom_model::{AlarmEventKind, Hidden, Marks, Mono, Now, Standing, Utc};

use super::{AlarmEngine, offset_ns};
use crate::hot::{CHATTER_WAITS, Hot, WATCHED};
use crate::life::{Input, next};
use crate::timers::{Due, Timers};

/// A clock that is off by more than this has been set; less is what its steering does. In ns.
const STEP_NS: u64 = 1_000_000_000;

impl AlarmEngine {
    /// Lets time pass: what is due by now happens, in order. Called at least as often as [`AlarmEngine::next_due`] says, and
    /// before the samples of a scan ([`AlarmEngine::apply`] does so itself).
    pub fn tick(&mut self, now: Now) {
        while let Some((alarm, what)) = self.timers.pop(now.mono) {
            match what {
                Due::Delay => self.delay_over(alarm, now),
                Due::Shelf => self.unhide(alarm, Hidden::SHELVED, AlarmEventKind::ShelfEnded, now),
                Due::Suppressor => self.drop_dead_suppressors(alarm, now),
                Due::ReAlarm => self.announce_anew(alarm, now),
                Due::Look => self.look(alarm, now),
                Due::Chatter => self.still_chatters(alarm, now.mono),
                Due::Standing => {
                    self.hot[alarm as usize].standing = Timers::NEVER;
                    self.mark(alarm, |marks| marks.with(Marks::STANDING));
                }
            }
        }
        self.settle_groups(now);
        self.follow_clock(now);
    }

    fn announce_anew(&mut self, alarm: u32, now: Now) {
        self.hot[alarm as usize].realarm = Timers::NEVER;
        let from = self.hot[alarm as usize].standing();
        if from.hidden.any() {
            return;
        }
        let Ok(state) = next(from.state, Input::ReAlarm, self.nature(alarm)) else { return };
        self.put(alarm, Standing { state, marks: from.marks.with(Marks::RE_ALARMED), ..from });
        self.acknowledged_by.remove(&alarm);
        self.event(alarm, AlarmEventKind::ReAlarmed, from, now);
    }

    fn look(&mut self, alarm: u32, now: Now) {
        let hot = &self.hot[alarm as usize];
        if !hot.has(WATCHED) || hot.place == Hot::NOWHERE {
            return;
        }
        let watch = &mut self.watches[hot.place as usize];
        watch.looks_at = Timers::NEVER;
        let verdict = watch.judge(now.mono);
        self.heed(alarm, verdict, None, now);
    }

    fn still_chatters(&mut self, alarm: u32, now: Mono) {
        let hot = &mut self.hot[alarm as usize];
        let ends = hot.came[1].plus_ms(Self::CHATTER_MS);
        if ends > now {
            return self.timers.set(alarm, Due::Chatter, ends);
        }
        hot.set(CHATTER_WAITS, false);
        self.mark(alarm, |marks| marks.without(Marks::CHATTERING));
    }

    /// The station's clock has been set: shelves end when they would have, and that is another time of day now.
    fn follow_clock(&mut self, now: Now) {
        let offset = offset_ns(now);
        if offset.abs_diff(self.utc_offset_ns) <= STEP_NS {
            return;
        }
        self.utc_offset_ns = offset;
        let shelved: Vec<u32> = self.shelves.keys().copied().collect();
        for alarm in shelved {
            let Some(shelf) = self.shelves.get_mut(&alarm) else { continue };
            shelf.until = Utc(now.utc.0.saturating_add_unsigned(shelf.ends.since(now.mono)));
            let until = shelf.until;
            let from = self.hot[alarm as usize].standing();
            let event = self.event(alarm, AlarmEventKind::Standing, from, now);
            (event.until, event.comment) = (Some(until), Some("the station's clock was set".into()));
        }
    }
}
