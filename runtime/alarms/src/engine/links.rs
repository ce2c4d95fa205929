//! Devices that don't answer: one alarm each, and none of their tags'.

use plantroom_model::{Condition, ConnectionId, Now, Sample, Status, TagId, Value};

use super::apply::reading_of;
use super::{AlarmEngine, Cause};
use crate::field::Place;
use crate::index::{CUT_OFF, What};
use crate::watch::{Verdict, is_initial};

impl AlarmEngine {
    /// Whether a connection (`device`: `None`) or one of the devices behind it answers. While it doesn't, alarms on its tags
    /// keep their state, marked unknown, and none of them comes; where the connection has an alarm, its devices' alarms are
    /// among those. After it answers again a tag counts with its first good sample: `current` says what tags hold.
    pub fn link(
        &mut self,
        connection: ConnectionId,
        device: Option<u32>,
        answers: bool,
        current: &dyn Fn(TagId) -> Option<Sample>,
        now: Now,
    ) {
        self.tick(now);
        let behind = self.field.behind((connection, device));
        let before: Vec<bool> = behind.iter().map(|place| self.field.is_cut_off(*place)).collect();
        self.field.answers.insert((connection, device), answers);
        self.judge_links(connection, now);
        for (place, was_cut_off) in behind.into_iter().zip(before) {
            let is_cut_off = self.field.is_cut_off(place);
            if is_cut_off != was_cut_off {
                self.cut_off(place, is_cut_off, current, now);
            }
        }
        self.settle_groups(now);
    }

    fn cut_off(&mut self, place: Place, is_cut_off: bool, current: &dyn Fn(TagId) -> Option<Sample>, now: Now) {
        for tag in self.field.tags_of(place).to_vec() {
            for trigger in self.index.of_tag(TagId(tag)) {
                self.cut_off_trigger(trigger, is_cut_off, now);
            }
            // A value that no poll has missed is the first good sample already.
            let sample = if is_cut_off { None } else { current(TagId(tag)) };
            if let Some(sample) = sample.filter(|sample| sample.status.is_good()) {
                self.read_anew(TagId(tag), &sample, now);
            }
        }
    }

    /// Holds a tag's present sample against all its alarms.
    fn read_anew(&mut self, tag: TagId, sample: &Sample, now: Now) {
        debug_assert!(!is_initial(sample.status), "what is good is from after the start");
        for place in self.index.of_tag(tag) {
            let (reading, cause) = reading_of(sample);
            self.read(place, reading, cause, now);
        }
    }

    pub(super) fn cut_off_trigger(&mut self, place: usize, is_cut_off: bool, now: Now) {
        let trigger = &mut self.index.triggers[place];
        trigger.set_flag(CUT_OFF, is_cut_off);
        trigger.set_flag(crate::index::BLIND, true);
        let (alarm, input, what) = (trigger.alarm, trigger.input, trigger.what);
        if what == What::Watch {
            let watch = &mut self.watches[self.hot[alarm as usize].place as usize];
            let verdict = watch.cut_off(input, is_cut_off, now.mono);
            self.heed(alarm, verdict, None, now);
        } else if is_cut_off {
            self.lose(alarm, Status::BAD_NO_COMMUNICATION, now);
        }
    }

    /// All alarms that tell of a connection and of what is behind it.
    pub(super) fn judge_links(&mut self, connection: ConnectionId, now: Now) {
        let its = self.field.alarms.range((connection, None)..=(connection, Some(u32::MAX)));
        let its: Vec<(Place, Vec<u32>)> = its.map(|(place, alarms)| (*place, alarms.clone())).collect();
        for (place, alarms) in its {
            for alarm in alarms {
                self.judge_link(alarm, place, now);
            }
        }
    }

    fn judge_link(&mut self, alarm: u32, (connection, device): Place, now: Now) {
        let whole = self.field.answers.get(&(connection, None)).copied();
        let own = self.field.answers.get(&(connection, device)).copied();
        let told = self.field.alarms.contains_key(&(connection, None));
        let known = |holds| Verdict::Known { holds, limit: None, anew: false };
        let verdict = match (whole, own) {
            (Some(false), _) if device.is_some() && told => Verdict::Unknown(Status::BAD_NO_COMMUNICATION),
            (Some(false), _) => known(true),
            (_, Some(answers)) => known(!answers),
            (_, None) => return,
        };
        let cause = Cause { value: Value::Bool(matches!(verdict, Verdict::Known { holds: false, .. })), ..Cause::none() };
        self.settle(alarm, verdict, cause, now);
    }

    /// The device on whose clock an alarm's source times are: of several behind one connection each has its own.
    pub(super) fn clock_of(&self, alarm: u32) -> Option<Place> {
        let condition = self.specs.get(alarm as usize).map(|spec| &spec.condition)?;
        if let Condition::Link { .. } = condition {
            return None;
        }
        let tag = crate::index::inputs(condition)[0]?;
        self.field.device_of(tag)
    }
}
