//! So many deliveries an hour, and no more; and how long to wait after a failure.

use plantroom_model::Mono;

use crate::limits;

const HOUR_NS: f64 = 3.6e12;

/// Half of an hour's deliveries may go at once, the others evenly: so whoever has used the first half up waits minutes for
/// the next one, and not for the end of the hour.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    most: f64,
    per_ns: f64,
    left: f64,
    at: Mono,
}

impl Pace {
    /// At most so many in any hour; `used` of them in the hour before.
    pub fn new(per_hour: u32, used: u32, now: Mono) -> Self {
        let at_once = per_hour.max(1).div_ceil(2);
        let evenly = per_hour.max(1) - at_once + 1;
        let (most, per_ns) = (f64::from(at_once), f64::from(evenly) / HOUR_NS);
        Self { most, per_ns, left: (most - f64::from(used)).max(0.0), at: now }
    }

    /// How many may go now.
    fn at(&self, now: Mono) -> f64 {
        (self.left + now.since(self.at) as f64 * self.per_ns).min(self.most)
    }

    /// Whether one more may go.
    pub fn allows(&self, now: Mono) -> bool {
        self.at(now) >= 1.0
    }

    /// Counts one that goes.
    pub fn take(&mut self, now: Mono) {
        self.left = (self.at(now) - 1.0).max(0.0);
        self.at = now;
    }

    /// When the next one may go.
    pub fn next(&self, now: Mono) -> Mono {
        let lacking = 1.0 - self.at(now);
        // A moment more, so that rounding doesn't ask in vain.
        if lacking <= 0.0 { now } else { now.plus_ms((lacking / self.per_ns / 1e6) as u64 + 1) }
    }

    /// Whether nothing of it is used: it need not be remembered.
    pub fn is_full(&self, now: Mono) -> bool {
        self.at(now) >= self.most
    }
}

/// How long to wait after so many failures in a row, in ms.
pub fn pause_ms(attempts: u32) -> u64 {
    let doubled = limits::FIRST_PAUSE_MS.saturating_mul(1 << attempts.saturating_sub(1).min(20));
    doubled.min(limits::LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hour_has_more_than_it_may_and_nobody_waits_for_its_end() {
        for per_hour in [1, 2, 3, 7, 60, 1_000] {
            let start = Mono(1_000_000_000);
            let mut pace = Pace::new(per_hour, 0, start);
            let (mut sent, mut longest) = (Vec::new(), 0);
            let mut now = start;
            for _ in 0..3 * per_hour {
                let next = pace.next(now);
                longest = longest.max(next.since(now));
                now = next;
                assert!(pace.allows(now), "{per_hour}: {pace:?}");
                pace.take(now);
                sent.push(now);
            }
            for (place, first) in sent.iter().enumerate() {
                let within = sent[place..].iter().take_while(|at| at.since(*first) < 3_600_000_000_000).count();
                assert!(within <= per_hour as usize, "{per_hour}: {within} in an hour from {first:?}");
            }
            let evenly = 3_600_000_000_000 / u64::from(per_hour / 2 + 1);
            assert!(longest <= evenly + 2_000_000, "{per_hour}: {longest} ns");
        }
    }

    #[test]
    fn what_was_used_before_a_restart_counts() {
        let pace = Pace::new(60, 30, Mono(5));
        assert!(!pace.allows(Mono(5)) && pace.next(Mono(5)) > Mono(5).plus_ms(60_000));
        assert!(Pace::new(60, 29, Mono(5)).allows(Mono(5)) && !pace.is_full(Mono(5)));
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!([1, 2, 3, 7, 60].map(pause_ms), [5_000, 10_000, 20_000, 300_000, 300_000]);
    }
}
