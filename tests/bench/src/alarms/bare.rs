//! What a loop over arrays does to find the same limits passed and left, and nothing else.

use plantroom_model::{AlarmSpec, Changes, Condition, LimitKind, LimitSource};

/// One array for each number, the limits of a tag beside each other.
pub struct Bare {
    /// Of tag `n` the limits from `starts[n]` to `starts[n + 1]`.
    starts: Vec<u32>,
    limits: Vec<f64>,
    hysteresis: Vec<f64>,
    is_high: Vec<bool>,
    pub holds: Vec<bool>,
    pub alarms: Vec<u32>,
}

impl Bare {
    /// Arrays for alarms with constant limits, in the order of their tags.
    pub fn new(specs: &[AlarmSpec], tags: u32) -> Self {
        let mut bare = Self {
            starts: vec![0],
            limits: Vec::new(),
            hysteresis: Vec::new(),
            is_high: Vec::new(),
            holds: vec![false; specs.len()],
            alarms: (0..specs.len() as u32).collect(),
        };
        let mut next = 0;
        for (place, spec) in (1_u32..).zip(specs) {
            let Condition::Limit { tag, kind, at: LimitSource::Constant(limit), hysteresis } = &spec.condition else { continue };
            while next < tag.0 {
                next += 1;
                bare.starts.push(place - 1);
            }
            bare.limits.push(*limit);
            bare.hysteresis.push(*hysteresis);
            bare.is_high.push(matches!(kind, LimitKind::High | LimitKind::HighHigh));
        }
        bare.starts.resize(tags as usize + 1, specs.len() as u32);
        bare
    }

    /// Takes a scan in; how many limits were passed or left.
    pub fn apply(&mut self, changes: &Changes) -> usize {
        let mut moved = 0;
        for row in changes.rows() {
            let value = f64::from_bits(row.bits);
            let tag = row.tag.0 as usize;
            for place in self.starts[tag] as usize..self.starts[tag + 1] as usize {
                let was = self.holds[place];
                let back = if was { self.hysteresis[place] } else { 0.0 };
                let holds =
                    if self.is_high[place] { value >= self.limits[place] - back } else { value <= self.limits[place] + back };
                if holds != was {
                    self.holds[place] = holds;
                    moved += 1;
                }
            }
        }
        moved
    }
}
