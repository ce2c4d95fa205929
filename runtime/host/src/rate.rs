//! Token buckets.

use plantroom_model::Mono;

/// So many a second, and so many at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    a_second: f64,
    burst: f64,
    filled: Mono,
}

impl Bucket {
    /// A full bucket.
    pub fn new(a_second: f64, burst: f64, now: Mono) -> Self {
        Self { tokens: burst, a_second, burst, filled: now }
    }

    /// Fills it up to now, and says how many whole tokens there are.
    pub fn available(&mut self, now: Mono) -> u64 {
        self.tokens = (self.tokens + now.since(self.filled) as f64 / 1e9 * self.a_second).min(self.burst);
        self.filled = self.filled.max(now);
        self.tokens as u64
    }

    /// Takes tokens that are [`Bucket::available`].
    pub fn spend(&mut self, tokens: u64) {
        self.tokens = (self.tokens - tokens as f64).max(0.0);
    }
}

/// A share of one core: who has used more than it, averaged over [`crate::limits::SHARE_MS`], waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// Of 1.
    share: f64,
    /// What was used and not yet earned, in ns.
    owed_ns: f64,
    seen: Mono,
}

impl Share {
    /// Nothing is owed.
    pub fn new(pct: u32, now: Mono) -> Self {
        Self { share: f64::from(pct.clamp(1, 100)) / 100.0, owed_ns: 0.0, seen: now }
    }

    /// Notes that so much time was used, up to now.
    pub fn use_ns(&mut self, used: u64, now: Mono) {
        self.earn(now);
        self.owed_ns += used as f64;
    }

    /// When the next step may be; `None` where it may be now.
    pub fn wait_until(&mut self, now: Mono) -> Option<Mono> {
        self.earn(now);
        let free_ns = self.share * crate::limits::SHARE_MS as f64 * 1e6;
        let over = self.owed_ns - free_ns;
        (self.share < 1.0 && over > 0.0).then(|| Mono(now.0.saturating_add((over / self.share) as u64)))
    }

    fn earn(&mut self, now: Mono) {
        self.owed_ns = (self.owed_ns - now.since(self.seen) as f64 * self.share).max(0.0);
        self.seen = self.seen.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_uses_more_than_its_share_waits_until_it_is_earned() {
        let ms = |ms: u64| Mono(ms * 1_000_000);
        let mut share = Share::new(10, ms(0));
        share.use_ns(100_000_000, ms(100));
        assert_eq!(share.wait_until(ms(100)), None, "a tenth of a second in a second is its share");
        share.use_ns(250_000_000, ms(350));
        let until = share.wait_until(ms(350)).unwrap();
        // 350 ms were used and 25 earned since the first note: 225 too many, at 0.1 ms a ms.
        assert_eq!(until.0 / 1_000_000, 350 + 2_250);
        assert_eq!(share.wait_until(Mono(until.0 + 1_000)), None);
        let mut whole = Share::new(100, ms(0));
        whole.use_ns(u64::MAX / 4, ms(1));
        assert_eq!(whole.wait_until(ms(1)), None, "who has the whole core never waits");
    }

    #[test]
    fn a_bucket_refills_with_time_and_never_over_its_burst() {
        let mut bucket = Bucket::new(100.0, 50.0, Mono(0));
        bucket.spend(50);
        assert_eq!(bucket.available(Mono(0)), 0);
        assert_eq!(bucket.available(Mono(100_000_000)), 10);
        assert_eq!(bucket.available(Mono(0)), 10, "a clock that goes back gives nothing");
        assert_eq!(bucket.available(Mono(10_000_000_000)), 50);
    }
}
