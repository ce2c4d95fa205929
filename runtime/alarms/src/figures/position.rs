//! Operator positions, and what is counted for each.

use plantroom_model::{AlarmId, Hidden, Priority};
use serde::{Deserialize, Serialize};

use super::acknowledge::Acknowledge;
use super::calendar::Calendar;
use super::outcome::{HiddenFigures, NowFigures};
use super::per_alarm::Change;
use super::sliding::{LastHour, Sliding};

/// Positions are bits of a number; the last one is for areas that no position has.
const POSITIONS: usize = 31;

/// Who looks after which areas of the plant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its name: `control room`.
    pub name: String,
    /// Its areas, and all areas below them; none means all.
    pub areas: Vec<String>,
}

/// All positions.
#[derive(Clone, Debug)]
pub(crate) struct Positions {
    list: Vec<Position>,
    /// There is one more, for what none of them has.
    has_rest: bool,
}

impl Positions {
    /// At most 31; more count as not assigned.
    pub fn new(positions: &[Position]) -> Self {
        let mut list: Vec<Position> = positions.iter().take(POSITIONS).cloned().collect();
        if list.is_empty() {
            list.push(Position { name: "plant".to_owned(), areas: Vec::new() });
        }
        let has_rest = !list.iter().any(|position| position.areas.is_empty());
        if has_rest {
            list.push(Position { name: "not assigned".to_owned(), areas: Vec::new() });
        }
        Self { list, has_rest }
    }

    pub fn count(&self) -> usize {
        self.list.len()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|position| position.name.as_str())
    }

    /// Whether this is the one for what no position has.
    pub fn is_rest(&self, place: usize) -> bool {
        self.has_rest && place + 1 == self.list.len()
    }

    /// The positions that look after an area, a bit each.
    pub fn of_area(&self, area: &str) -> u32 {
        let has = |position: &Position| {
            let below =
                |own: &String| area.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            position.areas.is_empty() || position.areas.iter().any(below)
        };
        let own = self.list.len() - usize::from(self.has_rest);
        let bits =
            self.list[..own].iter().enumerate().fold(0, |bits, (place, position)| bits | u32::from(has(position)) << place);
        if bits == 0 && self.has_rest { 1 << own } else { bits }
    }
}

/// What is counted for one position.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub by_priority: [u64; Priority::ALL.len()],
    pub sliding: Sliding,
    pub last_hour: LastHour,
    /// By window of 10 minutes.
    pub windows: Vec<u32>,
    /// By hour: how many, and the most within 10 minutes.
    pub hours: Vec<(u32, u32)>,
    /// By day: how many by priority, and the most within 10 minutes.
    pub days: Vec<([u32; Priority::ALL.len()], u32)>,
    pub acknowledge: Acknowledge,
    /// Came while they were shelved, suppressed, out of service.
    pub hidden: HiddenFigures,
    /// Acts of shelving.
    pub shelved: u64,
    now: [i64; 5],
}

impl Tally {
    pub fn new(from: i64) -> Self {
        Self {
            by_priority: [0; Priority::ALL.len()],
            sliding: Sliding::new(from),
            last_hour: LastHour::new(from),
            windows: Vec::new(),
            hours: Vec::new(),
            days: Vec::new(),
            acknowledge: Acknowledge::default(),
            hidden: HiddenFigures::default(),
            shelved: 0,
            now: [0; 5],
        }
    }

    pub fn begin_anew(&mut self, from: i64) {
        let last_hour = self.last_hour.clone();
        let mut anew = Self { now: self.now, sliding: self.sliding.clone(), last_hour, ..Self::new(from) };
        anew.sliding.begin_anew();
        *self = anew;
    }

    pub fn now(&mut self, change: Change) {
        let changes = [change.active, change.unacknowledged, change.shelved, change.suppressed, change.out_of_service];
        self.now.iter_mut().zip(changes).for_each(|(now, by)| *now += i64::from(by));
    }

    pub fn hidden(&mut self, by: Hidden) {
        self.hidden.shelved += u64::from(by.has(Hidden::SHELVED));
        self.hidden.suppressed += u64::from(by.has(Hidden::SUPPRESSED));
        self.hidden.out_of_service += u64::from(by.has(Hidden::OUT_OF_SERVICE));
    }

    pub fn advance(&mut self, calendar: &Calendar) {
        self.sliding.advance(calendar.now);
        self.last_hour.advance(calendar.now);
        if self.sliding.sum > 0 {
            self.note_most(calendar);
        }
    }

    #[inline]
    pub fn announced(&mut self, at: i64, alarm: AlarmId, priority: Priority, calendar: &Calendar) {
        self.by_priority[priority as usize] += 1;
        self.sliding.add(at, alarm);
        self.last_hour.add();
        if let Some(window) = calendar.this_window() {
            *place(&mut self.windows, window) += 1;
        }
        if let Some(hour) = calendar.this_hour() {
            place(&mut self.hours, hour).0 += 1;
        }
        place(&mut self.days, calendar.today()).0[priority as usize] += 1;
        self.note_most(calendar);
    }

    fn note_most(&mut self, calendar: &Calendar) {
        let sum = self.sliding.sum;
        if let Some(hour) = calendar.this_hour() {
            let most = &mut place(&mut self.hours, hour).1;
            *most = sum.max(*most);
        }
        let most = &mut place(&mut self.days, calendar.today()).1;
        *most = sum.max(*most);
    }

    pub fn figures_now(&self) -> NowFigures {
        let [active, unacknowledged, shelved, suppressed, out_of_service] = self.now.map(|count| count.max(0) as u64);
        let in_flood_since = self.sliding.open_flood().map(|flood| plantroom_model::Utc(flood.start));
        let (announced, in_10_min, in_1_h) = (self.by_priority.iter().sum(), self.sliding.sum, self.last_hour.sum);
        NowFigures { active, unacknowledged, shelved, suppressed, out_of_service, in_10_min, in_1_h, announced, in_flood_since }
    }
}

fn place<T: Clone + Default>(list: &mut Vec<T>, place: usize) -> &mut T {
    if list.len() <= place {
        list.resize(place + 1, T::default());
    }
    &mut list[place]
}
