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

#[cfg(test)]
mod tests {
    use super::*;

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
