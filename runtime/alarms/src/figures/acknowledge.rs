//! How long it takes until somebody acknowledges: a histogram with eight steps for each doubling, exact to 9 %.

use serde::Serialize;

/// Steps for each doubling of the time.
const STEPS: f64 = 8.0;
/// The shortest time that is told apart, in s.
const SHORTEST_S: f64 = 0.5;
/// Up to 12 days; longer ones are in the last step.
const BUCKETS: usize = 168;
/// The bars of the histogram that is shown: up to so many s.
const BARS_S: [u32; 10] = [10, 30, 60, 120, 300, 600, 1_800, 3_600, 28_800, 86_400];

/// Times to acknowledge.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AcknowledgeFigures {
    /// Acknowledgements.
    pub count: u64,
    /// Half of them took at most so long, in s.
    pub median_s: Option<f64>,
    /// 95 % of them took at most so long, in s.
    pub p95_s: Option<f64>,
    /// Up to so many s (`None`: longer), how many.
    pub bars: Vec<(Option<u32>, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Acknowledge {
    buckets: Box<[u64; BUCKETS]>,
    bars: [u64; BARS_S.len() + 1],
    count: u64,
}

impl Default for Acknowledge {
    fn default() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), bars: [0; BARS_S.len() + 1], count: 0 }
    }
}

impl Acknowledge {
    /// Adds a time, in ns.
    pub fn add(&mut self, took_ns: i64) {
        let took_s = took_ns.max(0) as f64 / 1e9;
        let place = ((took_s / SHORTEST_S).max(1.0).log2() * STEPS).floor() as usize;
        self.buckets[place.min(BUCKETS - 1)] += 1;
        let bar = BARS_S.iter().position(|bar| took_s <= f64::from(*bar)).unwrap_or(BARS_S.len());
        self.bars[bar] += 1;
        self.count += 1;
    }

    pub fn figures(&self) -> AcknowledgeFigures {
        let labels = BARS_S.iter().copied().map(Some).chain([None]);
        AcknowledgeFigures {
            count: self.count,
            median_s: self.percentile(0.5),
            p95_s: self.percentile(0.95),
            bars: labels.zip(self.bars).collect(),
        }
    }

    /// The upper end of the step in which this part of all times ends, in s.
    fn percentile(&self, part: f64) -> Option<f64> {
        let wanted = (self.count as f64 * part).ceil() as u64;
        let mut seen = 0;
        let place = self.buckets.iter().position(|count| {
            seen += count;
            seen >= wanted && wanted > 0
        })?;
        Some(SHORTEST_S * ((place as f64 + 1.0) / STEPS).exp2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_nine_percent_and_never_too_good() {
        let mut all = Acknowledge::default();
        assert_eq!((all.figures().median_s, all.figures().p95_s), (None, None));
        (1..=1_000).for_each(|s| all.add(s * 1_000_000_000));
        let figures = all.figures();
        for (found, exact) in [(figures.median_s, 500.0), (figures.p95_s, 950.0)] {
            let found = found.unwrap_or_default();
            assert!(found >= exact && found <= exact * 1.0906, "{found} instead of {exact}");
        }
        assert_eq!(figures.bars.iter().map(|(_, count)| count).sum::<u64>(), 1_000);
        assert_eq!(figures.bars[2], (Some(60), 30));
    }

    #[test]
    fn times_that_can_not_be_are_times_all_the_same() {
        let mut all = Acknowledge::default();
        [-5, 0, i64::MAX].into_iter().for_each(|ns| all.add(ns));
        assert_eq!((all.figures().count, all.figures().bars[10].1), (3, 1));
    }
}
