//! How many alarms came within the last 10 minutes, to the second, and the floods that this makes.

use plantroom_model::AlarmId;

use super::{FLOOD_ABOVE, FLOOD_ENDS_BELOW, SECOND_NS};

/// Seconds of the window.
const SECONDS: usize = 600;
/// Minutes of the longer one.
const MINUTES: usize = 60;
/// Floods that are kept; later ones are counted.
pub(crate) const FLOODS: usize = 4_096;

/// One flood: more than 10 alarms within 10 minutes, until fewer than 5 came within the last 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloodSeen {
    /// When the first of its alarms came, to the second, in ns.
    pub first_at: i64,
    /// When it became a flood, in ns.
    pub start: i64,
    /// When it was over; `None` while it goes on.
    pub end: Option<i64>,
    pub alarms: u32,
    /// The most within 10 minutes, and when.
    pub peak: u32,
    pub peak_at: i64,
    pub first: AlarmId,
}

/// The last 10 minutes of a position.
#[derive(Clone, Debug)]
pub(crate) struct Sliding {
    /// Alarms of each second.
    counts: Box<[u32; SECONDS]>,
    /// The first of each second.
    firsts: Box<[AlarmId; SECONDS]>,
    second: i64,
    /// Alarms in the window.
    pub sum: u32,
    pub most: u32,
    /// Seconds at whose end there were more than 10 in the window.
    pub seconds_over: u64,
    pub floods: Vec<FloodSeen>,
    pub flood_count: u32,
    is_flood: bool,
}

impl Sliding {
    pub fn new(from: i64) -> Self {
        Self {
            counts: Box::new([0; SECONDS]),
            firsts: Box::new([AlarmId(0); SECONDS]),
            second: from.div_euclid(SECOND_NS),
            sum: 0,
            most: 0,
            seconds_over: 0,
            floods: Vec::new(),
            flood_count: 0,
            is_flood: false,
        }
    }

    /// Counts from here on; what came in the last 10 minutes stays, and so does a flood that goes on.
    pub fn begin_anew(&mut self) {
        let open = self.open_flood().copied();
        (self.most, self.seconds_over) = (self.sum, 0);
        self.floods.clear();
        self.floods.extend(open);
        self.flood_count = self.floods.len() as u32;
    }

    /// The flood that goes on now.
    pub fn open_flood(&self) -> Option<&FloodSeen> {
        self.floods.last().filter(|flood| self.is_flood && flood.end.is_none())
    }

    /// Lets the window slide up to a time.
    pub fn advance(&mut self, to: i64) {
        let to = to.div_euclid(SECOND_NS);
        let steps = to - self.second;
        if steps <= 0 {
            return;
        }
        if self.sum == 0 {
            self.second = to;
            return;
        }
        for _ in 0..steps.min(SECONDS as i64) {
            self.seconds_over += u64::from(self.sum > FLOOD_ABOVE);
            self.second += 1;
            let gone = std::mem::take(&mut self.counts[place(self.second)]);
            self.sum -= gone;
            if gone > 0 {
                self.end_flood();
            }
        }
        self.second = to;
    }

    /// An alarm came in the present second.
    pub fn add(&mut self, at: i64, alarm: AlarmId) {
        let place = place(self.second);
        if self.counts[place] == 0 {
            self.firsts[place] = alarm;
        }
        self.counts[place] += 1;
        self.sum += 1;
        self.most = self.most.max(self.sum);
        if self.is_flood {
            if let Some(flood) = self.floods.last_mut().filter(|flood| flood.end.is_none()) {
                flood.alarms += 1;
                if self.sum > flood.peak {
                    (flood.peak, flood.peak_at) = (self.sum, at);
                }
            }
        } else if self.sum > FLOOD_ABOVE {
            self.begin_flood(at);
        }
    }

    fn begin_flood(&mut self, at: i64) {
        self.is_flood = true;
        self.flood_count += 1;
        if self.floods.len() >= FLOODS {
            return;
        }
        let oldest = (self.second - SECONDS as i64 + 1..=self.second).find(|second| self.counts[place(*second)] > 0);
        let oldest = oldest.unwrap_or(self.second);
        let first = self.firsts[place(oldest)];
        let first_at = oldest * SECOND_NS;
        self.floods.push(FloodSeen { first_at, start: at, end: None, alarms: self.sum, peak: self.sum, peak_at: at, first });
    }

    fn end_flood(&mut self) {
        if self.is_flood && self.sum < FLOOD_ENDS_BELOW {
            self.is_flood = false;
            let end = self.second * SECOND_NS;
            if let Some(flood) = self.floods.last_mut().filter(|flood| flood.end.is_none()) {
                flood.end = Some(end);
            }
        }
    }
}

/// How many came within the last hour, to the minute: enough for a rate that people watch.
#[derive(Clone, Debug)]
pub(crate) struct LastHour {
    counts: [u32; MINUTES],
    minute: i64,
    /// Alarms in the window.
    pub sum: u32,
}

impl LastHour {
    pub fn new(from: i64) -> Self {
        Self { counts: [0; MINUTES], minute: from.div_euclid(60 * SECOND_NS), sum: 0 }
    }

    /// Lets the window slide up to a time.
    pub fn advance(&mut self, to: i64) {
        let to = to.div_euclid(60 * SECOND_NS);
        for _ in 0..(to - self.minute).clamp(0, MINUTES as i64) {
            self.minute += 1;
            self.sum -= std::mem::take(&mut self.counts[self.minute.rem_euclid(MINUTES as i64) as usize]);
        }
        self.minute = self.minute.max(to);
    }

    /// An alarm came in the present minute.
    pub fn add(&mut self) {
        self.counts[self.minute.rem_euclid(MINUTES as i64) as usize] += 1;
        self.sum += 1;
    }
}

fn place(second: i64) -> usize {
    second.rem_euclid(SECONDS as i64) as usize
}
