//! The short memory behind live trends: one ring of buckets a pen, with gaps where nothing usable was heard.

use std::collections::{HashMap, VecDeque};

use plantroom_model::Utc;

/// Buckets a pen keeps; more than a trend has pixels across, so that min/max loses no spike.
const BUCKETS: usize = 900;
/// Pens that are remembered; the one not recorded for longest is forgotten for a new one.
const PENS: usize = 64;
/// Shortest bucket, in ns.
const SHORTEST_NS: i64 = 100_000_000;

/// What a pen did in one slice of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Start of the slice, ns UTC.
    pub at: i64,
    /// Lowest and highest usable value; `None` where there was none.
    pub range: Option<(f64, f64)>,
    /// The last usable value.
    pub last: f64,
}

/// One pen's ring.
#[derive(Clone, Debug)]
pub struct Pen {
    bucket_ns: i64,
    buckets: VecDeque<Bucket>,
}

impl Pen {
    fn new(span_ms: u64) -> Self {
        let span_ns = i64::try_from(span_ms).unwrap_or(i64::MAX / 1_000_000).saturating_mul(1_000_000);
        Self { bucket_ns: (span_ns / (BUCKETS as i64 - 10)).max(SHORTEST_NS), buckets: VecDeque::new() }
    }

    /// Takes in what the pen shows now; `None` for a value that can't be used.
    fn record(&mut self, now: Utc, value: Option<f64>) {
        let at = now.0 - now.0.rem_euclid(self.bucket_ns);
        if self.buckets.back().is_some_and(|newest| newest.at.saturating_sub(at) > self.pause_ns()) {
            // The station's clock was set back: what was recorded under later times would stand in the way until then.
            self.buckets.retain(|bucket| bucket.at < at);
        }
        match self.buckets.back_mut() {
            Some(bucket) if bucket.at >= at => {
                if let Some(value) = value {
                    let (low, high) = bucket.range.unwrap_or((value, value));
                    bucket.range = Some((low.min(value), high.max(value)));
                    bucket.last = value;
                }
            }
            _ => {
                if self.buckets.len() == BUCKETS {
                    self.buckets.pop_front();
                }
                self.buckets.push_back(Bucket { at, range: value.map(|v| (v, v)), last: value.unwrap_or(0.0) });
            }
        }
    }

    /// Runs of neighbouring usable buckets from `from` on: each is one line; between them is a gap.
    pub fn runs(&self, from: i64) -> Vec<Vec<Bucket>> {
        let pause = self.pause_ns();
        let mut runs: Vec<Vec<Bucket>> = Vec::new();
        let mut before: Option<i64> = None;
        for bucket in self.buckets.iter().filter(|bucket| bucket.at >= from) {
            if bucket.range.is_none() {
                before = None;
                continue;
            }
            match runs.last_mut() {
                Some(run) if before.is_some_and(|at| bucket.at - at <= pause) => run.push(*bucket),
                _ => runs.push(vec![*bucket]),
            }
            before = Some(bucket.at);
        }
        runs
    }

    /// Values are recorded a few times a second; a longer pause means that nobody listened.
    fn pause_ns(&self) -> i64 {
        self.bucket_ns.saturating_mul(3).max(3_000_000_000)
    }

    /// Width of a bucket, ns.
    pub fn bucket_ns(&self) -> i64 {
        self.bucket_ns
    }
}

/// All pens, by tag and span, each with the time at which it was last shown.
#[derive(Default)]
pub struct Recorder {
    pens: HashMap<(String, u64), (Pen, i64)>,
    revision: u64,
}

impl Recorder {
    /// Takes in a pen's value; `None` for one that can't be used.
    pub fn record(&mut self, tag: &str, span_ms: u64, now: Utc, value: Option<f64>) {
        let key = (tag.to_owned(), span_ms);
        if !self.pens.contains_key(&key) && self.pens.len() >= PENS {
            let oldest = self.pens.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.pens.remove(&key));
        }
        self.revision += u64::from(!self.pens.contains_key(&key));
        let (pen, used) = self.pens.entry(key).or_insert_with(|| (Pen::new(span_ms), now.0));
        *used = now.0;
        pen.record(now, value.filter(|v| v.is_finite()));
    }

    /// Takes in what the pens of screens show that aren't open now, so that their trends have no gap when they are again.
    pub fn record_rest(&mut self, now: Utc, value: impl Fn(&str) -> Option<f64>) {
        for ((tag, _), (pen, used)) in &mut self.pens {
            if *used != now.0 {
                pen.record(now, value(tag).filter(|v| v.is_finite()));
            }
        }
    }

    /// Changes whenever other pens are remembered than before.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The tags of all remembered pens.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.pens.keys().map(|(tag, _)| tag.as_str())
    }

    /// A pen, if it was recorded.
    pub fn pen(&self, tag: &str, span_ms: u64) -> Option<&Pen> {
        self.pens.get(&(tag.to_owned(), span_ms)).map(|(pen, _)| pen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn a_spike_between_two_pixels_is_kept() {
        let mut recorder = Recorder::default();
        for step in 0..100 {
            let value = if step == 57 { 99.0 } else { 1.0 };
            recorder.record("a", 3_600_000, Utc(step * S / 10), Some(value));
        }
        let runs = recorder.pen("a", 3_600_000).map(|pen| pen.runs(0)).unwrap_or_default();
        assert_eq!(runs.len(), 1);
        assert!(runs[0].iter().any(|bucket| bucket.range == Some((1.0, 99.0))));
    }

    #[test]
    fn bad_values_and_silence_leave_gaps() {
        let mut recorder = Recorder::default();
        for second in 0..20 {
            let value = (second / 5 != 1).then_some(1.0);
            recorder.record("a", 60_000, Utc((second + i64::from(second >= 15) * 30) * S), value);
        }
        let runs = recorder.pen("a", 60_000).map(|pen| pen.runs(0)).unwrap_or_default();
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5, 5]);
    }

    #[test]
    fn pens_that_are_not_shown_go_on_without_a_gap_and_are_the_first_to_be_forgotten() {
        let mut recorder = Recorder::default();
        recorder.record("a", 60_000, Utc(0), Some(1.0));
        for second in 1..20 {
            recorder.record("b", 60_000, Utc(second * S), Some(1.0));
            recorder.record_rest(Utc(second * S), |_| Some(2.0));
        }
        let runs = recorder.pen("a", 60_000).map(|pen| pen.runs(0)).unwrap_or_default();
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [20]);
        for pen in 0..PENS - 1 {
            recorder.record(&format!("p{pen}"), 60_000, Utc(30 * S), Some(1.0));
        }
        assert!(recorder.pen("a", 60_000).is_none() && recorder.pen("b", 60_000).is_some());
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_a_trend() {
        for set_by_s in [-3_600, 3_600, -315_576_000, 315_576_000] {
            let start = 1_790_000_000;
            let mut recorder = Recorder::default();
            let mut record = |second: i64| recorder.record("a", 60_000, Utc((start + second) * S), Some(1.0));
            (0..20).for_each(&mut record);
            (20..40).for_each(|second| record(second + set_by_s));
            (40..60).for_each(&mut record);
            let runs = recorder.pen("a", 60_000).map(|pen| pen.runs(start * S)).unwrap_or_default();
            let times: Vec<i64> = runs.iter().flatten().map(|bucket| bucket.at / S - start).filter(|at| *at < 60).collect();
            let whole: Vec<i64> = (0..20).chain(40..60).collect();
            let expected: &[i64] = if set_by_s > 0 { &whole } else { &whole[20..] };
            assert!(times.ends_with(expected), "set by {set_by_s} s: {times:?}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut recorder = Recorder::default();
        for pen in 0..200 {
            recorder.record(&format!("p{pen}"), 1_000, Utc(pen), Some(1.0));
        }
        assert_eq!(recorder.pens.len(), PENS);
        for step in 0..5_000 {
            recorder.record("p199", 1_000, Utc(S + step * S), Some(1.0));
        }
        assert_eq!(recorder.pen("p199", 1_000).map(|pen| pen.buckets.len()), Some(BUCKETS));
    }
}
