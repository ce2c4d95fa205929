//! One sliding window over a value that holds until it changes.

use std::collections::VecDeque;

/// Most values in one window; beyond it the oldest two are merged, so a chattering input costs accuracy, not memory.
const VALUES: usize = 4_096;

/// What a window says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Mean, weighted by time; `None` when nothing in the window is usable.
    pub mean: Option<f64>,
    /// Slope of a straight line through the window, per second; `None` when nothing in the window is usable or the
    /// first value has held for no time yet.
    pub rate_per_s: Option<f64>,
    /// The part of the time since the first value, or of the window, for which there was a usable value: 0 to 1.
    pub usable: f64,
}

/// The values of the last so many nanoseconds.
#[derive(Debug)]
pub struct Window {
    length_ns: u64,
    /// Since when (monotonic ns), and what: `None` for not usable.
    values: VecDeque<(u64, Option<f64>)>,
}

impl Window {
    pub fn new(length_ns: u64) -> Self {
        Self { length_ns: length_ns.max(1), values: VecDeque::new() }
    }

    /// From now on the input holds this. What went before the first usable value isn't known, and no gap: the window
    /// begins with that value.
    pub fn add(&mut self, mono_ns: u64, value: Option<f64>) {
        if self.values.is_empty() && value.is_none() {
            return;
        }
        match self.values.back_mut() {
            // Several changes in one step: the last one holds.
            Some((since, held)) if *since == mono_ns => *held = value,
            Some((_, held)) if *held == value => {}
            _ => self.values.push_back((mono_ns, value)),
        }
        if self.values.len() > VALUES {
            self.merge_oldest();
        }
    }

    /// What the window that ends now says.
    pub fn figures(&mut self, now_ns: u64) -> Figures {
        let start = now_ns.saturating_sub(self.length_ns);
        // The value that held when the window began stays, until the next one holds at its beginning.
        while self.values.get(1).is_some_and(|(since, _)| *since <= start) {
            self.values.pop_front();
        }
        let spans = self.spans(start, now_ns);
        let weight: f64 = spans.iter().map(|span| span.length_s).sum();
        let known_s = self.values.front().map_or(0.0, |(since, _)| seconds(now_ns.saturating_sub((*since).max(start))));
        let latest = self.values.back().and_then(|(_, value)| *value);
        if weight <= 0.0 {
            // The first value has held for no time yet.
            let usable = if latest.is_some() && known_s == 0.0 { 1.0 } else { 0.0 };
            return Figures { mean: latest.filter(|_| known_s == 0.0), rate_per_s: None, usable };
        }
        let mean = spans.iter().map(|span| span.value * span.length_s).sum::<f64>() / weight;
        Figures { mean: Some(mean), rate_per_s: Some(slope(&spans, mean, weight)), usable: (weight / known_s).min(1.0) }
    }

    fn spans(&self, start: u64, now_ns: u64) -> Vec<Span> {
        let ends = self.values.iter().skip(1).map(|(since, _)| *since).chain([now_ns]);
        let held = self.values.iter().zip(ends);
        held.filter_map(|((since, value), end)| {
            let begin = (*since).max(start);
            let length_s = seconds(end.saturating_sub(begin));
            let middle_s = seconds(begin.saturating_sub(start)) + length_s / 2.0;
            value.filter(|_| length_s > 0.0).map(|value| Span { middle_s, length_s, value })
        })
        .collect()
    }

    fn merge_oldest(&mut self) {
        let (Some((first, a)), Some((second, b)), Some((third, _))) =
            (self.values.pop_front(), self.values.pop_front(), self.values.front())
        else {
            return;
        };
        let (short, long) = (seconds(second - first), seconds(third - second));
        let mean = a.zip(b).map(|(a, b)| (a * short + b * long) / (short + long));
        self.values.push_front((first, mean.or(a).or(b)));
    }
}

struct Span {
    middle_s: f64,
    length_s: f64,
    value: f64,
}

/// Least squares, each span weighted by its length.
fn slope(spans: &[Span], mean: f64, weight: f64) -> f64 {
    let middle = spans.iter().map(|span| span.middle_s * span.length_s).sum::<f64>() / weight;
    let spread: f64 = spans.iter().map(|span| span.length_s * (span.middle_s - middle).powi(2)).sum();
    let along: f64 = spans.iter().map(|span| span.length_s * (span.middle_s - middle) * (span.value - mean)).sum();
    if spread > 0.0 { along / spread } else { 0.0 }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn check(length_s: u64, values: &[(u64, Option<f64>)], now_s: u64, mean: Option<f64>, usable: f64) {
        let mut window = Window::new(length_s * S);
        values.iter().for_each(|(at, value)| window.add(at * S, *value));
        let figures = window.figures(now_s * S);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(figures.usable, usable), "{values:?}: {figures:?}");
        assert!(figures.mean.zip(mean).map_or(figures.mean == mean, |(a, b)| near(a, b)), "{values:?}: {figures:?}");
    }

    #[test]
    fn a_value_counts_for_as_long_as_it_stood() {
        check(60, &[(0, Some(10.0))], 0, Some(10.0), 1.0);
        check(60, &[(0, Some(10.0))], 30, Some(10.0), 1.0);
        check(10, &[(0, Some(0.0)), (9, Some(10.0))], 10, Some(1.0), 1.0);
        check(10, &[(0, Some(5.0)), (100, Some(10.0))], 105, Some(7.5), 1.0);
        check(10, &[(0, Some(5.0)), (100, Some(10.0))], 1_000, Some(10.0), 1.0);
    }

    #[test]
    fn what_is_not_usable_counts_for_nothing_and_is_told() {
        check(10, &[], 5, None, 0.0);
        check(10, &[(0, None)], 5, None, 0.0);
        check(10, &[(0, Some(4.0)), (5, None)], 10, Some(4.0), 0.5);
        check(10, &[(0, Some(4.0)), (5, None)], 20, None, 0.0);
    }

    #[test]
    fn a_window_begins_with_the_first_usable_value_and_every_gap_after_it_is_told() {
        check(10, &[(0, None), (5, Some(4.0))], 5, Some(4.0), 1.0);
        check(10, &[(0, None), (5, Some(4.0))], 10, Some(4.0), 1.0);
        check(10, &[(0, None), (2, Some(4.0)), (8, None)], 10, Some(4.0), 0.75);
        check(10, &[(0, Some(2.0)), (1, None), (20, Some(4.0))], 25, Some(4.0), 0.5);
    }

    #[test]
    fn a_ramp_has_its_own_rate() {
        let mut window = Window::new(60 * S);
        for second in 0..100 {
            window.add(second * S, Some(second as f64 * 0.5));
        }
        let rate = window.figures(100 * S).rate_per_s.unwrap();
        assert!((rate - 0.5).abs() < 1e-6, "{rate}");
        window.add(100 * S, Some(7.0));
        assert_eq!(window.figures(1_000 * S).rate_per_s, Some(0.0));
    }

    #[test]
    fn a_chattering_input_costs_no_memory_and_keeps_its_mean() {
        let mut window = Window::new(86_400 * S);
        for at in 0..20_000 {
            window.add(at * S / 100, Some(if at % 2 == 0 { 0.0 } else { 1.0 }));
        }
        assert!(window.values.len() <= VALUES);
        let mean = window.figures(200 * S).mean.unwrap();
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
    }
}
