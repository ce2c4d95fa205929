//! How fast a number moves, over a window of time.

use plantroom_model::Mono;

/// Points that are kept of a window; with more samples than that, those between are left out.
const POINTS: usize = 8;

/// The last window of a number. In engineering units a second, on the clock that never steps.
#[derive(Debug)]
pub(super) struct Rate {
    window_ns: u64,
    /// Oldest first; the first is the last one from before the window, once there is one.
    points: [(Mono, f64); POINTS + 2],
    len: usize,
    /// The newest sample.
    last: Option<(Mono, f64)>,
}

impl Rate {
    pub fn over(window_ms: u32) -> Self {
        let window_ns = u64::from(window_ms.max(1)) * 1_000_000;
        Self { window_ns, points: [(Mono(0), 0.0); POINTS + 2], len: 0, last: None }
    }

    /// A sample; one that can't be used begins anew.
    pub fn take(&mut self, number: f64, now: Mono) {
        if number.is_nan() {
            (self.len, self.last) = (0, None);
            return;
        }
        self.last = Some((now, number));
        let newest = self.points[..self.len].last().map(|(at, _)| *at);
        if newest.is_some_and(|at| now.since(at) < self.window_ns / POINTS as u64) {
            return;
        }
        self.drop_old(now);
        if self.len == self.points.len() {
            self.points.copy_within(1.., 0);
            self.len -= 1;
        }
        self.points[self.len] = (now, number);
        self.len += 1;
    }

    /// The mean rate over the window that ends now; `None` before it was watched for so long.
    pub fn per_s(&mut self, now: Mono) -> Option<f64> {
        self.drop_old(now);
        let (last_at, last) = self.last?;
        let begin = Mono(now.0.checked_sub(self.window_ns)?);
        let (from_at, from) = *self.points[..self.len].first().filter(|(at, _)| *at <= begin)?;
        let (to_at, to) = self.points[..self.len].get(1).copied().unwrap_or((last_at, last));
        let span = to_at.since(from_at);
        let part = if span == 0 { 0.0 } else { (begin.since(from_at) as f64 / span as f64).min(1.0) };
        let then = from + (to - from) * part;
        Some((last - then) / (self.window_ns as f64 / 1e9))
    }

    /// When time alone makes it another rate.
    pub fn look_again(&self, now: Mono) -> Mono {
        let Some((_, last)) = self.last else { return crate::timers::Timers::NEVER };
        let points = &self.points[..self.len];
        let is_covered = points.first().is_some_and(|(at, _)| now.since(*at) >= self.window_ns);
        if is_covered && points.iter().all(|(_, number)| *number == last) {
            return crate::timers::Timers::NEVER;
        }
        Mono(now.0.saturating_add((self.window_ns / POINTS as u64).max(1)))
    }

    /// Keeps one point from before the window.
    fn drop_old(&mut self, now: Mono) {
        let old = self.points[..self.len].iter().filter(|(at, _)| now.since(*at) >= self.window_ns).count();
        if old > 1 {
            self.points.copy_within(old - 1..self.len, 0);
            self.len -= old - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono(100_000_000_000 + ms * 1_000_000)
    }

    /// Samples of `number(ms)` every `every_ms`, until `end_ms`; the rate then.
    fn rate(window_ms: u32, every_ms: usize, end_ms: u64, number: impl Fn(u64) -> f64) -> Option<f64> {
        let mut rate = Rate::over(window_ms);
        for ms in (0..=end_ms).step_by(every_ms) {
            rate.take(number(ms), at(ms));
        }
        rate.per_s(at(end_ms))
    }

    #[test]
    fn a_ramp_has_its_rate_however_often_it_is_read() {
        for every_ms in [1, 10, 130, 500, 900] {
            let got = rate(1_000, every_ms, 9_000, |ms| ms as f64 * 0.002).unwrap_or(f64::NAN);
            // The last sample may be older than now.
            let slack = every_ms as f64 * 0.002 + 1e-9;
            assert!((got - 2.0).abs() <= slack, "read every {every_ms} ms: {got}");
        }
        assert_eq!(rate(1_000, 10, 900, |ms| ms as f64), None, "not watched for a second yet");
    }

    #[test]
    fn a_step_ends_by_itself_once_the_window_has_passed() {
        let mut rate = Rate::over(1_000);
        for ms in (0..=2_000).step_by(100) {
            rate.take(if ms < 2_000 { 0.0 } else { 5.0 }, at(ms));
        }
        assert_eq!(rate.per_s(at(2_000)), Some(5.0));
        assert!(rate.look_again(at(2_000)) < at(2_200), "it must be looked at again without a sample");
        assert_eq!(rate.per_s(at(3_200)), Some(0.0));
        rate.take(f64::NAN, at(3_300));
        assert_eq!(rate.per_s(at(3_300)), None, "what was before can't be held against what comes");
    }
}
