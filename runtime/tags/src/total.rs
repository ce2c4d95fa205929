//! Totals: what a rate, a counter or a running signal has come to.
//!
//! Time is the station's monotonic clock, so that no clock that is set adds or loses anything; the time in which the
//! station is down doesn't count for rates and hours, while a device's counter brings what passed meanwhile along.

use plantroom_model::{KeptTotal, Mono, Totalise};

/// A smaller count than this part of the one before is a counter that began anew; one nearer by went backwards.
const RESET_PART: f64 = 0.5;
/// A step of more than this part of a counter's whole range can't be told from one backwards, and isn't believed.
const WRAP_PART: f64 = 0.5;

/// One total's state.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    /// The tag that it follows.
    pub source: u32,
    how: Totalise,
    sum: f64,
    /// What the sum's last digits have lost (Kahan and Neumaier's summation).
    lost: f64,
    /// What the source showed last, while it was usable: the rate that holds on, the count, or 0 and 1.
    last: Option<f64>,
    /// The part of `last` that may be gone on from, after a gap too.
    base: Option<f64>,
    since: Mono,
    /// Why the last step was not believed.
    doubt: Option<String>,
}

impl Total {
    pub fn new(source: u32, how: Totalise, kept: Option<&KeptTotal>, now: Mono) -> Self {
        let sum = kept.map_or(0.0, |kept| kept.sum);
        let base = kept.and_then(|kept| kept.last);
        Self { source, how, sum, lost: 0.0, last: None, base, since: now, doubt: None }
    }

    /// What it has come to.
    pub fn sum(&self) -> f64 {
        self.sum + self.lost
    }

    /// What is to be kept with the sum.
    pub fn base(&self) -> Option<f64> {
        match self.how {
            Totalise::Counter { .. } | Totalise::Starts => self.base,
            Totalise::Rate { .. } | Totalise::Hours => None,
        }
    }

    /// Why its last step was not believed.
    pub fn doubt(&self) -> Option<&str> {
        self.doubt.as_deref()
    }

    /// Whether it grows with time alone.
    pub fn grows_with_time(&self) -> bool {
        matches!(self.how, Totalise::Rate { .. } | Totalise::Hours) && self.last.is_some_and(|last| last != 0.0)
    }

    /// Whether both follow the same source in the same way.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.source, self.how) == (other.source, other.how)
    }

    /// Goes on from here; what it follows stays as it is.
    pub fn set(&mut self, sum: f64) {
        (self.sum, self.lost, self.doubt) = (sum, 0.0, None);
    }

    /// Lets time pass: the last value of the source holds until the next one.
    pub fn pass(&mut self, now: Mono) {
        let passed_s = now.since(self.since) as f64 / 1e9;
        self.since = now;
        let Some(last) = self.last else { return };
        match self.how {
            Totalise::Rate { per_s } => self.add(last * passed_s / per_s),
            Totalise::Hours if last != 0.0 => self.add(passed_s / 3_600.0),
            Totalise::Hours | Totalise::Counter { .. } | Totalise::Starts => {}
        }
    }

    /// The source shows something else: a number, or that it has none that can be used.
    pub fn follow(&mut self, shown: Option<f64>, now: Mono) {
        self.pass(now);
        self.last = shown;
        let Some(shown) = shown else { return };
        self.doubt = None;
        match (self.how, self.base) {
            (Totalise::Counter { wraps_at, factor }, Some(base)) => match grown(base, shown, wraps_at) {
                Ok(grown) => self.add(grown * factor),
                Err(doubt) => self.doubt = Some(doubt),
            },
            (Totalise::Starts, Some(base)) if base == 0.0 && shown != 0.0 => self.add(1.0),
            _ => {}
        }
        self.base = Some(shown);
    }

    fn add(&mut self, part: f64) {
        if !part.is_finite() {
            return;
        }
        let sum = self.sum + part;
        self.lost += if self.sum.abs() >= part.abs() { (self.sum - sum) + part } else { (part - sum) + self.sum };
        self.sum = sum;
    }
}

/// How many counts lie between two readings of a counter; or why that can't be said.
fn grown(base: f64, shown: f64, wraps_at: Option<f64>) -> Result<f64, String> {
    let backwards = || format!("the counter went from {base} back to {shown}; nothing was added");
    if shown < 0.0 {
        return Err(format!("the counter shows {shown}; nothing was added"));
    }
    let step = shown - base;
    match wraps_at {
        Some(wraps_at) if shown > wraps_at || base > wraps_at => {
            Err(format!("the counter shows {shown}, and is said to begin anew at {wraps_at}; nothing was added"))
        }
        Some(wraps_at) => {
            let around = if step < 0.0 { step + wraps_at } else { step };
            if around <= wraps_at * WRAP_PART {
                Ok(around)
            } else if step < 0.0 && shown <= base * RESET_PART {
                Ok(shown)
            } else if step < 0.0 {
                Err(backwards())
            } else {
                Err(format!("the counter went from {base} to {shown}, more than half its range at once; nothing was added"))
            }
        }
        None if step >= 0.0 => Ok(step),
        None if shown <= base * RESET_PART => Ok(shown),
        None => Err(backwards()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(how: Totalise) -> Total {
        Total::new(0, how, None, Mono(0))
    }

    fn s(seconds: u64) -> Mono {
        Mono(seconds * 1_000_000_000)
    }

    #[track_caller]
    fn check(how: Totalise, steps: &[(u64, Option<f64>, f64)]) {
        let mut total = total(how);
        for (at, shown, expected) in steps {
            total.follow(*shown, s(*at));
            assert!((total.sum() - expected).abs() < 1e-9, "after {shown:?} at {at} s: {} instead of {expected}", total.sum());
        }
    }

    #[test]
    fn a_rate_holds_until_the_next_value_and_a_gap_adds_nothing() {
        // 3600 m3/h are 1 m3/s.
        check(
            Totalise::Rate { per_s: 3_600.0 },
            &[
                (10, Some(3_600.0), 0.0),
                (20, Some(7_200.0), 10.0),
                (25, None, 20.0),
                (100, Some(3_600.0), 20.0),
                (101, Some(-3_600.0), 21.0),
                (102, Some(0.0), 20.0),
                (1_000, Some(0.0), 20.0),
            ],
        );
    }

    #[test]
    fn a_counter_is_followed_over_wraps_and_resets_and_not_believed_backwards() {
        let wrapping = Totalise::Counter { wraps_at: Some(65_536.0), factor: 0.1 };
        check(
            wrapping,
            &[
                (0, Some(65_000.0), 0.0),
                (1, Some(65_500.0), 50.0),
                (2, Some(64.0), 60.0),
                (3, None, 60.0),
                (4, Some(164.0), 70.0),
                (5, Some(160.0), 70.0),
                (6, Some(40_000.0), 70.0),
                (7, Some(40_010.0), 71.0),
                (8, Some(70_000.0), 71.0),
            ],
        );
        let plain = Totalise::Counter { wraps_at: None, factor: 1.0 };
        check(plain, &[(0, Some(1_000.0), 0.0), (1, Some(1_010.0), 10.0), (2, Some(5.0), 15.0), (3, Some(4.9), 15.0)]);
        let byte = Totalise::Counter { wraps_at: Some(256.0), factor: 1.0 };
        check(byte, &[(0, Some(255.0), 0.0), (1, Some(0.0), 1.0), (2, Some(127.0), 128.0)]);
    }

    #[test]
    fn starts_and_hours_follow_a_running_signal() {
        check(
            Totalise::Starts,
            &[
                (0, Some(1.0), 0.0),
                (1, Some(0.0), 0.0),
                (2, Some(1.0), 1.0),
                (3, None, 1.0),
                (4, Some(1.0), 1.0),
                (5, Some(0.0), 1.0),
            ],
        );
        check(Totalise::Hours, &[(0, Some(1.0), 0.0), (3_600, Some(0.0), 1.0), (9_000, Some(1.0), 1.0), (10_800, None, 1.5)]);
    }

    #[test]
    fn after_a_restart_nothing_counts_twice_and_no_count_is_missing() {
        let how = Totalise::Counter { wraps_at: None, factor: 1.0 };
        let mut before = total(how);
        for (at, count) in [(0, 100.0), (1, 150.0)] {
            before.follow(Some(count), s(at));
        }
        let kept = KeptTotal { tag: plantroom_model::TagId(0), sum: before.sum(), last: before.base() };
        let mut after = Total::new(0, how, Some(&kept), Mono(0));
        after.follow(Some(180.0), s(1));
        assert_eq!(after.sum(), 80.0);
    }

    #[test]
    fn many_small_parts_are_not_lost_in_a_large_sum() {
        let mut total = total(Totalise::Rate { per_s: 1.0 });
        total.set(1e15);
        total.follow(Some(0.001), s(0));
        for second in 1..=10_000 {
            total.pass(s(second));
        }
        assert_eq!(total.sum(), 1e15 + 10.0);
    }
}
