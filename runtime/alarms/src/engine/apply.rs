//! Samples, held against every alarm that looks at their tag.

use plantroom_model::{Changes, Now, PackedChange, Status, ValueKind};

use super::{AlarmEngine, Cause};
use crate::index::{BLIND, CUT_OFF, FRESH, HOLDS, What};
use crate::timers::{Due, Timers};
use crate::watch::{Reading, Verdict, is_initial, unusable};

/// Rows whose triggers are asked for together: all at once they come sooner than one after the other.
const FETCHED: usize = 32;

impl AlarmEngine {
    /// Every accepted sample of a scan, in order. What was due by now happens before.
    pub fn apply(&mut self, changes: &Changes, now: Now) {
        self.tick(now);
        for rows in changes.rows().chunks(FETCHED) {
            self.index.fetch(rows);
            for row in rows {
                let places = self.index.of_tag(row.tag);
                if places.is_empty() {
                    continue;
                }
                let number = number_of(row);
                let mut place = places.start;
                // Nearly every sample leaves nearly every alarm as it is.
                while let Some(next) = self.index.first_moved(place..places.end, number) {
                    self.see(next, number, row, changes, now);
                    place = next + 1;
                }
            }
        }
        self.settle_groups(now);
    }

    /// A sample that changes something for one alarm, or may.
    #[inline(never)]
    fn see(&mut self, place: usize, number: f64, row: &PackedChange, changes: &Changes, now: Now) {
        if self.index.triggers[place].flags & CUT_OFF != 0 {
            // It was on its way when its device stopped to answer; the first one after it answers again counts.
            return;
        }
        let reading = Reading { number, value: changes.value(row), status: row.status };
        let cause =
            Cause { value: reading.value.clone(), status: row.status, source_time: row.source_time, limit: None, detail: None };
        self.read(place, reading, cause, now);
    }

    /// Holds a reading against one alarm.
    pub(super) fn read(&mut self, place: usize, reading: Reading, cause: Cause, now: Now) {
        let trigger = &mut self.index.triggers[place];
        let alarm = trigger.alarm;
        if trigger.what == What::Watch {
            let (input, at) = (trigger.input, self.hot[alarm as usize].place as usize);
            let verdict = self.watches[at].see(input, reading, now.mono);
            return self.heed(alarm, verdict, Some(cause), now);
        }
        if reading.number.is_nan() {
            trigger.set_flag(BLIND, true);
            return self.lose(alarm, unusable(reading.status), now);
        }
        let holds = trigger.holds(reading.number);
        trigger.set_flag(BLIND | FRESH, false);
        trigger.set_flag(HOLDS, holds);
        let limit = Some(trigger.limit());
        self.settle(alarm, Verdict::Known { holds, limit, anew: false }, Cause { limit, ..cause }, now);
    }

    /// What a watch says; nothing happens where it says the same as before.
    pub(super) fn heed(&mut self, alarm: u32, verdict: Verdict, cause: Option<Cause>, now: Now) {
        let watch = &mut self.watches[self.hot[alarm as usize].place as usize];
        let look = std::mem::replace(&mut watch.look, Timers::NEVER);
        if look != Timers::NEVER && watch.looks_at == Timers::NEVER {
            watch.looks_at = look;
            self.timers.set(alarm, Due::Look, look);
        }
        let same = watch.said == Some(verdict) && !watch.pending;
        let is_anew = matches!(verdict, Verdict::Moment | Verdict::Known { anew: true, .. });
        if same && !is_anew {
            return;
        }
        watch.said = Some(verdict);
        let limit = match verdict {
            Verdict::Known { limit, .. } => limit,
            Verdict::Unknown(_) | Verdict::Moment => None,
        };
        // Whatever tag has moved, the alarm is about its own.
        let (value, status) = (watch.about.value.clone(), watch.about.status);
        let cause = Cause { value, status, limit, ..cause.unwrap_or_else(Cause::none) };
        self.settle(alarm, verdict, cause, now);
    }
}

/// A row as a number; NaN where conditions can't be decided by it: bad, not a finite number, from before a restart.
#[inline]
fn number_of(row: &PackedChange) -> f64 {
    if row.status != Status::GOOD && (row.status.is_bad() || is_initial(row.status)) {
        return f64::NAN;
    }
    let number = match row.kind {
        ValueKind::Float => f64::from_bits(row.bits),
        ValueKind::Uint => row.bits as f64,
        ValueKind::Int => row.bits as i64 as f64,
        ValueKind::Bool => f64::from(u8::from(row.bits != 0)),
        ValueKind::Null | ValueKind::Text => f64::NAN,
    };
    if number.is_finite() { number } else { f64::NAN }
}

/// A tag's present sample as a row of its own.
pub(super) fn reading_of(sample: &plantroom_model::Sample) -> (Reading, Cause) {
    let is_usable = !is_initial(sample.status);
    let number = sample.usable_f64().filter(|_| is_usable).unwrap_or(f64::NAN);
    let reading = Reading { number, value: sample.value.clone(), status: sample.status };
    let cause =
        Cause { value: sample.value.clone(), status: sample.status, source_time: sample.source_time, limit: None, detail: None };
    (reading, cause)
}
