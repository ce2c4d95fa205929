//! The scales of a trend: pens of one unit share one, every other unit has its own.
//!
//! A scale follows what was drawn, so that a value which moves by a hundredth of its range isn't a flat line; but never
//! closer than [`CLOSEST`] of the range, so that noise doesn't fill the plot. A range that the script gives is kept.

use egui::{Align2, Rect, pos2};
use plantroom_scene::{Pen, Reading, grouped};

use crate::paint::{Canvas, Font};
use crate::trend::Bucket;

/// The smallest part of a tag's range that fills the plot.
const CLOSEST: f64 = 0.05;
/// Where more than this part of its range was drawn, the whole range is shown.
const MOST: f64 = 0.7;
/// What is drawn fills at most 1 / AIR of the plot.
const AIR: f64 = 1.1;
/// Steps that are tried; the second one fits already.
const ATTEMPTS: usize = 4;
/// Steps between the bottom and the top: the lines of the grid lie on round numbers.
const STEPS: f64 = 4.0;

/// One scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    /// The places of the pens that are drawn in it.
    pub pens: Vec<usize>,
    /// At the bottom.
    pub low: f64,
    /// At the top.
    pub high: f64,
    unit: String,
    decimals: u8,
}

/// The scales of these pens, in the order of the pens.
pub fn scales(pens: &[Pen], lines: &[(usize, Vec<Vec<Bucket>>)]) -> Vec<Scale> {
    let mut scales: Vec<Scale> = Vec::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, pen) in pens.iter().enumerate() {
        let (unit, fixed) = (&pen.reading.facts.unit, pen.reading.scripted_range());
        let same = |group: &&mut Vec<usize>| {
            let first = &pens[group[0]].reading;
            !unit.is_empty() && first.facts.unit == *unit && first.scripted_range() == fixed
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    for group in groups {
        let drawn = lines.iter().filter(|(place, _)| group.contains(place)).flat_map(|(_, runs)| runs.iter().flatten());
        let drawn = drawn.filter_map(|bucket| bucket.range);
        let drawn = drawn.reduce(|(low, high), (l, h)| (low.min(l), high.max(h)));
        let first = &pens[group[0]].reading;
        let (low, high) = first.scripted_range().unwrap_or_else(|| round(drawn, first.facts.range));
        let decimals = decimals(&[low, low + (high - low) / 2.0, high], first);
        scales.push(Scale { pens: group, low, high, unit: first.facts.unit.clone(), decimals });
    }
    scales
}

/// Round ends around what was drawn; the tag's range where most of it was used, or nothing was drawn.
fn round(drawn: Option<(f64, f64)>, range: Option<(f64, f64)>) -> (f64, f64) {
    let range = range.filter(|(bottom, top)| top > bottom);
    let Some((low, high)) = drawn else { return range.unwrap_or((0.0, 1.0)) };
    let within = range.filter(|(bottom, top)| low >= *bottom && high <= *top);
    let least = range.map_or(high.abs().max(low.abs()) * CLOSEST, |(bottom, top)| (top - bottom) * CLOSEST);
    let span = ((high - low) * AIR).max(least).max(1e-9);
    if let Some((bottom, top)) = within.filter(|(bottom, top)| span > (top - bottom) * MOST) {
        return (bottom, top);
    }
    let wanted = (low + high - span) / 2.0;
    let mut step = nice(span / STEPS);
    for _ in 0..ATTEMPTS {
        let mut bottom = (wanted / step).floor() * step;
        if let Some((least, most)) = within {
            // Not beyond what the tag can be, where both ends can't be kept rather at the bottom.
            bottom = bottom.min((most / step).ceil() * step - STEPS * step).max((least / step).floor() * step);
        }
        if bottom + step * STEPS >= high {
            return (bottom, bottom + step * STEPS);
        }
        step = nice(step * 1.01);
    }
    (low, low + span)
}

/// The next of 1, 2, 2.5, 5 times a power of ten, at or above.
fn nice(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let of = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|of| of * power >= step * 0.999_999);
    of.unwrap_or(10.0) * power
}

/// Digits that these round numbers need; those of the tag where they aren't round.
fn decimals(numbers: &[f64], reading: &Reading) -> u8 {
    let is_whole = |number: f64| (number - number.round()).abs() < 1e-6;
    let fits = |digits: &u8| numbers.iter().all(|number| is_whole(number * 10f64.powi(i32::from(*digits))));
    (0..=4u8).find(fits).unwrap_or(reading.facts.decimals)
}

impl Scale {
    fn numbers(&self) -> [(f32, String); 3] {
        [0.0f32, 0.5, 1.0].map(|share| (share, grouped(self.low + (self.high - self.low) * f64::from(share), self.decimals)))
    }

    /// The room that its numbers need beside the plot, in points.
    pub fn width(&self, c: &Canvas<'_>) -> f32 {
        let widths = self.numbers().map(|(_, words)| c.text_width(&words, Font::SMALL));
        widths.into_iter().fold(c.text_width(&self.unit, Font::SMALL), f32::max) + c.len(10.0)
    }

    /// Draws its numbers and its unit at one side of the plot, in the colour of its first pen.
    pub fn paint(&self, c: &Canvas<'_>, plot: Rect, right: bool) {
        let colour = c.theme().pens[self.pens.first().map_or(0, |pen| pen % c.theme().pens.len())];
        let x = if right { plot.right() + c.len(6.0) } else { plot.left() - c.len(6.0) };
        let anchors = if right {
            [Align2::LEFT_BOTTOM, Align2::LEFT_CENTER, Align2::LEFT_TOP]
        } else {
            [Align2::RIGHT_BOTTOM, Align2::RIGHT_CENTER, Align2::RIGHT_TOP]
        };
        for ((share, words), anchor) in self.numbers().into_iter().zip(anchors) {
            c.text(pos2(x, plot.bottom() - plot.height() * share), anchor, &words, Font::SMALL, colour);
        }
        if plot.height() > c.len(80.0) {
            c.text(pos2(x, plot.top() + c.len(13.0)), anchors[2], &self.unit, Font::SMALL, colour);
        }
    }

    /// For the legend, where it has no place at a side: ` (from 40 to 60)`.
    pub fn in_words(&self) -> String {
        format!(" ({} to {})", grouped(self.low, self.decimals), grouped(self.high, self.decimals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(drawn: (f64, f64), range: Option<(f64, f64)>, low: f64, high: f64) {
        let found = round(Some(drawn), range);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(found.0, low) && near(found.1, high), "{drawn:?} in {range:?}: {found:?}");
        assert!(found.0 <= drawn.0 && found.1 >= drawn.1);
    }

    #[test]
    fn a_scale_follows_what_was_drawn_and_ends_at_round_numbers() {
        check((338.0, 352.0), Some((0.0, 1_000.0)), 320.0, 400.0);
        check((0.103, 0.106), Some((0.0, 5.0)), 0.0, 0.4);
        check((0.0, 100.0), Some((0.0, 100.0)), 0.0, 100.0);
        check((-3.0, 3.0), None, -4.0, 4.0);
        check((99.0, 100.0), Some((0.0, 100.0)), 92.0, 100.0);
        check((20.0, 80.0), Some((0.0, 100.0)), 0.0, 80.0);
    }

    #[test]
    fn nothing_drawn_shows_the_range() {
        assert_eq!(round(None, Some((0.0, 10.0))), (0.0, 10.0));
        assert_eq!(round(None, None), (0.0, 1.0));
    }

    #[test]
    fn everything_drawn_is_inside_for_any_place_and_width() {
        for exponent in -6..9 {
            for number in 1..50 {
                let low = f64::from(number) * 0.37 * 10f64.powi(exponent) * if number % 2 == 0 { -1.0 } else { 1.0 };
                let high = low + f64::from(number % 7) * 10f64.powi(exponent - number % 3);
                let (bottom, top) = round(Some((low, high)), None);
                assert!(bottom <= low && top >= high && top > bottom, "{low} {high}: {bottom} {top}");
            }
        }
    }
}
