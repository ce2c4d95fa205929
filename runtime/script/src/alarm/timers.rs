//! What an alarm's `lasts`, `rises` and `wake` remember from one evaluation to the next. Each call is known by its place in
//! the text, and in a loop by its turn.

use plantroom_model::Mono;

use crate::limits;

/// The timers of one alarm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    known: Vec<Timer>,
    /// Calls of this evaluation: place and how often.
    calls: Vec<((u32, u32), u32)>,
    /// When the alarm must be looked at again.
    pub due: Option<Mono>,
}

/// A call of a timer: its place in the text, and its turn.
pub(crate) type Call = ((u32, u32), u32);

#[derive(Clone, Copy, Debug)]
struct Timer {
    key: Call,
    /// Since when the condition holds without a break; none while it doesn't.
    since: Option<Mono>,
    /// It was asked in this evaluation.
    is_used: bool,
}

/// One evaluation asks for more timers than there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Timers {
    /// Begins an evaluation.
    pub fn begin(&mut self) {
        self.calls.clear();
        self.due = None;
        self.known.iter_mut().for_each(|timer| timer.is_used = false);
    }

    /// Ends one: what wasn't asked for has begun anew when it is asked again.
    pub fn end(&mut self) {
        self.known.retain(|timer| timer.is_used);
    }

    /// Whether a condition has held without a break for so long.
    pub fn lasts(&mut self, place: (u32, u32), holds: bool, for_ms: u64, now: Mono) -> Result<bool, TooMany> {
        let timer = self.timer(place)?;
        if !holds {
            timer.since = None;
            return Ok(false);
        }
        let since = *timer.since.get_or_insert(now);
        let due = since.plus_ms(for_ms);
        if now < due {
            self.wake(due);
        }
        Ok(now >= due)
    }

    /// Whether a condition has come to hold since the last evaluation.
    pub fn rises(&mut self, place: (u32, u32), holds: bool, now: Mono) -> Result<bool, TooMany> {
        let timer = self.timer(place)?;
        let held = timer.since.is_some();
        timer.since = holds.then_some(timer.since.unwrap_or(now));
        Ok(holds && !held)
    }

    /// The calls whose condition holds.
    pub fn held(&self) -> impl Iterator<Item = Call> {
        self.known.iter().filter(|timer| timer.since.is_some()).map(|timer| timer.key)
    }

    /// A call's condition held before a restart; how long it has lasted counts from now.
    pub fn held_before(&mut self, key: Call, now: Mono) {
        if self.known.len() < limits::ALARM_TIMERS {
            self.known.push(Timer { key, since: Some(now), is_used: false });
        }
    }

    /// Asks for another look.
    pub fn wake(&mut self, at: Mono) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    fn timer(&mut self, place: (u32, u32)) -> Result<&mut Timer, TooMany> {
        let turn = match self.calls.iter_mut().find(|(known, _)| *known == place) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.calls.push((place, 0));
                0
            }
        };
        let key = (place, turn);
        let at = self.known.iter().position(|timer| timer.key == key);
        if at.is_none() {
            if self.known.iter().filter(|timer| timer.is_used).count() >= limits::ALARM_TIMERS {
                return Err(TooMany);
            }
            self.known.push(Timer { key, since: None, is_used: true });
        }
        let at = at.unwrap_or(self.known.len() - 1);
        let timer = self.known.get_mut(at).ok_or(TooMany)?;
        timer.is_used = true;
        Ok(timer)
    }
}
