//! Plots as SVG: grey bars with their numbers, readable without colours and in print.

use std::fmt::Write as _;

use super::escaped;

/// Of the whole plot, in its own units; the page scales it.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 170.0;
const LEFT: f64 = 44.0;
const BOTTOM: f64 = 34.0;
const TOP: f64 = 14.0;

/// Bars with labels below; of many bars only some have one. `unit` is told to who can't see it.
pub(crate) fn bars(bars: &[(String, f64)], unit: &str) -> String {
    let most = bars.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).fold(0.0, f64::max);
    let top = nice(most);
    let sum: f64 = bars.iter().map(|(_, value)| value).sum();
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{sum:.0} {unit}\" font-size=\"10\" fill=\"#222\">",
        unit = escaped(unit)
    );
    let plot_height = HEIGHT - BOTTOM - TOP;
    let height = |value: f64| plot_height * (value / top).clamp(0.0, 1.0);
    for step in 0..=2 {
        let value = top * f64::from(step) / 2.0;
        let y = TOP + plot_height - height(value);
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{WIDTH}\" y2=\"{y:.1}\" stroke=\"#ccc\"/>\
             <text x=\"{x}\" y=\"{text:.1}\" text-anchor=\"end\">{value}</text>",
            x = LEFT - 4.0,
            text = y + 3.0
        );
    }
    let wide = (WIDTH - LEFT) / bars.len().max(1) as f64;
    // A letter is about 6 wide.
    let widest = bars.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(1) as f64 * 6.0 + 10.0;
    let labelled = (widest / wide).ceil().max(1.0) as usize;
    for (place, (label, value)) in bars.iter().enumerate() {
        let (x, tall) = (LEFT + wide * place as f64, height(*value));
        let y = TOP + plot_height - tall;
        let _ = write!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{tall:.1}\" fill=\"#777\"/>",
            left = x + wide * 0.1,
            width = (wide * 0.8).max(0.5)
        );
        let middle = x + wide / 2.0;
        if bars.len() <= 12 {
            let _ = write!(svg, "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.0}</text>", y - 2.0);
        }
        if place % labelled == 0 {
            let (y, label) = (HEIGHT - BOTTOM + 12.0, escaped(label));
            let _ = write!(svg, "<text x=\"{middle:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{label}</text>");
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The next round number: 1, 2, 5, 10, 20 ... at least 2, so that half of it is whole.
fn nice(most: f64) -> f64 {
    let mut top = 2.0;
    let mut factors = [2.0, 2.5, 2.0].into_iter().cycle();
    // From 2: 4, 10, 20, 40, 100 ...
    while top < most && top < 1e15 {
        top *= factors.next().unwrap_or(2.0);
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fits_and_the_scale_is_round() {
        for (most, top) in [(0.0, 2.0), (2.0, 2.0), (3.0, 4.0), (7.0, 10.0), (11.0, 20.0), (21.0, 40.0), (99.0, 100.0)] {
            assert_eq!(nice(most), top, "{most}");
        }
        let svg = bars(&[("<a>".into(), 3.0), ("b".into(), f64::NAN)], "alarms");
        assert!(svg.contains("&lt;a&gt;") && !svg.contains("<a>"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(bars(&[], "alarms").ends_with("</svg>"));
    }
}
