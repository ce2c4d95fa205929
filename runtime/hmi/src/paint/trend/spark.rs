//! A sparkline: the line alone, with a dot where it is now, and its limits where they are within its scale.

use egui::{Rect, Stroke, pos2};
use plantroom_scene::Trend;

use super::super::{Canvas, View};
use super::{TimeAxis, columns, gaps_of};

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, trend: &Trend, view: &View<'_>) {
    let Some(pen) = trend.pens.first() else { return };
    let base = c.stroke(1.0, c.theme().panel_line);
    let (Some(now), Some(tag)) = (view.now, pen.tag()) else {
        c.dashed(&[rect.left_bottom(), rect.right_bottom()], base);
        return;
    };
    c.line(rect.left_bottom(), rect.right_bottom(), base);
    let span_ns = i64::try_from(trend.span_ms).unwrap_or(i64::MAX / 1_000_000).saturating_mul(1_000_000).max(1);
    let from = now.0.saturating_sub(span_ns);
    let recorded = view.recorder.pen(tag, trend.span_ms);
    let runs = recorded.map(|recorded| recorded.runs(from)).unwrap_or_default();
    let ranges = runs.iter().flatten().filter_map(|bucket| bucket.range);
    let seen = ranges.fold((f64::MAX, f64::MIN), |(low, high), (l, h)| (low.min(l), high.max(h)));
    let (low, high) = scale(pen.reading.scripted_range(), seen);
    let plot = rect.shrink2(egui::vec2(c.len(3.0), c.len(2.0)));
    let time = TimeAxis { plot, from, span_ns };
    if let Some(recorded) = recorded {
        for (from, to) in gaps_of(&runs, recorded.bucket_ns(), now.0) {
            let gap = Rect::from_min_max(pos2(time.x(from), plot.top()), pos2(time.x(to), plot.bottom())).intersect(plot);
            c.hatch(gap, c.theme().stopped);
        }
    }
    let limits = pen.reading.facts.limits;
    for limit in [limits.high_high, limits.high, limits.low, limits.low_low].into_iter().flatten() {
        if limit > low && limit < high {
            let y = plot.bottom() - plot.height() * ((limit - low) / (high - low)) as f32;
            c.dashed(&[pos2(plot.left(), y), pos2(plot.right(), y)], c.stroke(1.0, c.theme().equipment));
        }
    }
    let mut end = None;
    for run in &runs {
        let points = columns(run, &time, (low, high));
        end = points.last().copied().or(end);
        c.path(points, c.stroke(1.5, c.theme().value));
    }
    if let Some(end) = end {
        let (fill, line) = if pen.reading.is_good() {
            (c.theme().value, Stroke::NONE)
        } else {
            (c.theme().background, c.stroke(1.2, c.theme().value))
        };
        c.circle(end, c.len(2.6), fill, line);
    }
}

/// The script's range, or what was seen with some air; never empty.
fn scale(scripted: Option<(f64, f64)>, (low, high): (f64, f64)) -> (f64, f64) {
    match scripted {
        Some(range) => range,
        None if low > high => (0.0, 1.0),
        // A line that hardly moves is drawn as one that hardly moves, not as noise from edge to edge.
        None => {
            let middle = (low + high) / 2.0;
            let half = ((high - low) / 2.0 * 1.1).max(middle.abs() * 0.01).max(1e-6);
            (middle - half, middle + half)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::scale;

    #[test]
    fn a_still_line_lies_in_the_middle() {
        let (low, high) = scale(None, (50.0, 50.0));
        assert!(low < 50.0 && high > 50.0 && (low + high - 100.0).abs() < 1e-9);
        assert_eq!(scale(Some((0.0, 10.0)), (3.0, 4.0)), (0.0, 10.0));
        assert_eq!(scale(None, (f64::MAX, f64::MIN)), (0.0, 1.0));
    }
}
