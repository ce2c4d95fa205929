//! Alarms on the bench: what a test makes happen to them, and what the plugin says of them.

use plantroom_model::{AlarmEventKind, AlarmId, ConditionWord, Standing, Utc};

use super::Bench;
use crate::event::Happened;

impl Bench {
    /// An alarm's condition comes, now; the plugin hears of it when time runs next.
    ///
    /// # Panics
    /// When the spec has no such alarm, or it is the plugin's own.
    pub fn occur(&mut self, alarm: &str) {
        self.occur_at(alarm, 0);
    }

    /// As [`Bench::occur`]; its source says that it came so many ms before now.
    ///
    /// # Panics
    /// When the spec has no such alarm, or it is the plugin's own.
    pub fn occur_at(&mut self, alarm: &str, ms_ago: i64) {
        let id = self.foreign_alarm(alarm);
        let source = Utc(self.world.now_utc_ns() - ms_ago * 1_000_000);
        self.world.set_alarm(id, true, source);
    }

    /// An alarm's condition goes, now.
    ///
    /// # Panics
    /// When the spec has no such alarm, or it is the plugin's own.
    pub fn go(&mut self, alarm: &str) {
        let id = self.foreign_alarm(alarm);
        self.world.set_alarm(id, false, Utc(0));
    }

    /// An operator acknowledges an alarm.
    ///
    /// # Panics
    /// When the spec has no such alarm, or there is nothing to acknowledge.
    pub fn acknowledge(&mut self, alarm: &str) {
        self.settle_alarm(alarm, AlarmEventKind::Acknowledged);
    }

    /// An operator resets a latched alarm.
    ///
    /// # Panics
    /// When the spec has no such alarm, or it isn't latched.
    pub fn reset(&mut self, alarm: &str) {
        self.settle_alarm(alarm, AlarmEventKind::Reset);
    }

    /// An operator puts an alarm on the shelf.
    ///
    /// # Panics
    /// When the spec has no such alarm, or it is there already.
    pub fn shelve(&mut self, alarm: &str) {
        self.settle_alarm(alarm, AlarmEventKind::Shelved);
    }

    /// An operator takes an alarm from the shelf.
    ///
    /// # Panics
    /// When the spec has no such alarm, or it isn't there.
    pub fn unshelve(&mut self, alarm: &str) {
        self.settle_alarm(alarm, AlarmEventKind::Unshelved);
    }

    fn settle_alarm(&mut self, alarm: &str, kind: AlarmEventKind) {
        let id = self.known_alarm(alarm);
        assert!(self.world.settle_alarm(id, kind), "{kind:?} makes no sense: `{alarm}` is {}", self.standing(alarm).state.word());
    }

    /// Where an alarm stands, by what the plugin and the test have made happen.
    ///
    /// # Panics
    /// When the spec has no such alarm.
    pub fn standing(&self, alarm: &str) -> Standing {
        self.world.standing(self.known_alarm(alarm))
    }

    /// Whether an alarm's condition holds.
    ///
    /// # Panics
    /// When the spec has no such alarm.
    pub fn holds(&self, alarm: &str) -> bool {
        self.standing(alarm).state.is_holding()
    }

    /// What the plugin last added to an alarm's message.
    ///
    /// # Panics
    /// When the spec has no such alarm.
    pub fn detail(&self, alarm: &str) -> String {
        self.world.alarm_texts(self.known_alarm(alarm)).0
    }

    /// The likely cause that the plugin has found for an alarm; empty for none.
    ///
    /// # Panics
    /// When the spec has no such alarm.
    pub fn cause(&self, alarm: &str) -> String {
        self.world.alarm_texts(self.known_alarm(alarm)).1
    }

    /// Everything that the plugin said of an alarm: when (ms), what.
    pub fn said(&self, alarm: &str) -> Vec<(u64, ConditionWord)> {
        let of_alarm = |event: crate::Event| match event.happened {
            Happened::Said { alarm: name, word } if name == alarm => Some((event.at_ms, word)),
            _ => None,
        };
        self.events().into_iter().filter_map(of_alarm).collect()
    }

    /// Hands over what happened to alarms since the last time, as one scan tells it.
    pub(super) fn hand_over_alarms(&mut self) {
        let events = self.world.take_alarm_events();
        if !events.is_empty() {
            self.frames += 1;
            self.stepper.alarms(self.frames, self.world.now_both(), events);
            self.arrived = true;
        }
    }

    fn known_alarm(&self, name: &str) -> AlarmId {
        let Some(id) = self.spec.alarm_id(name) else { panic!("the spec has no alarm `{name}`") };
        id
    }

    fn foreign_alarm(&self, name: &str) -> AlarmId {
        let id = self.known_alarm(name);
        let own = self.spec.alarms.get(id.0 as usize).is_some_and(|alarm| alarm.raise);
        assert!(!own, "`{name}` is the plugin's own; only it says when the alarm holds");
        id
    }
}
