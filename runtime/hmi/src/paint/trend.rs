//! A small live trend: lines that differ in dash and shade, hatched where nothing usable was heard.

mod scale;
mod spark;

use egui::{Align2, Pos2, Rect, Shape, pos2};
use plantroom_model::Utc;
use plantroom_scene::{Pen, Trend};

use self::scale::Scale;
use super::{Canvas, Font, View};
use crate::trend::Bucket;
use crate::words::{local, with_unit};

/// Dash and pause of each pen, in units; a pause of 0 is a solid line.
const DASHES: [(f32, f32); 6] = [(1.0, 0.0), (7.0, 3.0), (2.0, 3.0), (11.0, 4.0), (4.0, 5.0), (1.5, 6.0)];

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, trend: &Trend, view: &View<'_>) {
    if trend.spark {
        spark::paint(c, rect, trend, view);
        return;
    }
    let title = c.text(rect.left_top(), Align2::LEFT_TOP, trend.label.get(), Font::PANEL, c.theme().text);
    let top = if trend.label.get().is_empty() { rect.top() } else { title.bottom() + c.len(8.0) };
    let bottom = rect.bottom() - c.len(40.0);
    let span_ns = i64::try_from(trend.span_ms).unwrap_or(i64::MAX / 1_000_000).saturating_mul(1_000_000).max(1);
    let Some(now) = view.now else {
        c.hatch(Rect::from_min_max(pos2(rect.left(), top), pos2(rect.right(), bottom)), c.theme().grid);
        return;
    };
    let from = now.0.saturating_sub(span_ns);
    let (mut gaps, mut lines) = (Vec::new(), Vec::new());
    for (place, pen) in trend.pens.iter().enumerate() {
        let recorded = pen.tag().and_then(|tag| view.recorder.pen(tag, trend.span_ms));
        let runs = recorded.map(|recorded| recorded.runs(from)).unwrap_or_default();
        gaps.extend(recorded.map(|recorded| gaps_of(&runs, recorded.bucket_ns(), now.0)).unwrap_or_default());
        lines.push((place, runs));
    }
    let scales = scale::scales(&trend.pens, &lines);
    let sides = [scales.first().map_or(0.0, |scale| scale.width(c)), scales.get(1).map_or(0.0, |scale| scale.width(c))];
    let plot = Rect::from_min_max(pos2(rect.left() + sides[0], top), pos2(rect.right() - sides[1], bottom));
    if plot.width() < 20.0 || plot.height() < 20.0 {
        return;
    }
    c.filled(plot, c.theme().plot);
    let time = TimeAxis { plot, from, span_ns };
    grid(c, &time, view);
    hatch(c, &time, &gaps);
    let inside = c.clipped(plot);
    let inner = c.on(&inside);
    for (place, runs) in &lines {
        let Some(scale) = scales.iter().find(|scale| scale.pens.contains(place)) else { continue };
        for run in runs {
            line(&inner, &columns(run, &time, (scale.low, scale.high)), *place);
        }
    }
    c.add(Shape::rect_stroke(plot, 0.0, c.stroke(c.theme().line, c.theme().panel_line), egui::StrokeKind::Middle));
    for (place, scale) in scales.iter().take(2).enumerate() {
        scale.paint(c, plot, place == 1);
    }
    legend(c, rect, &trend.pens, &scales);
}

struct TimeAxis {
    plot: Rect,
    from: i64,
    span_ns: i64,
}

impl TimeAxis {
    fn x(&self, at: i64) -> f32 {
        let share = (at.saturating_sub(self.from)) as f64 / self.span_ns as f64;
        self.plot.left() + self.plot.width() * share as f32
    }
}

fn grid(c: &Canvas<'_>, time: &TimeAxis, view: &View<'_>) {
    let plot = time.plot;
    let thin = c.stroke(1.0, c.theme().grid);
    for row in 1..4u8 {
        let y = plot.top() + plot.height() * f32::from(row) / 4.0;
        c.line(pos2(plot.left(), y), pos2(plot.right(), y), thin);
    }
    let pattern = if time.span_ns < 600_000_000_000 { "%H:%M:%S" } else { "%H:%M" };
    let sample = if time.span_ns < 600_000_000_000 { "00:00:00" } else { "00:00" };
    let half = c.text_width(sample, Font::SMALL) / 2.0;
    let step = step_ns(time.span_ns, (plot.width() / (half * 3.0)) as i64);
    let mut at = (time.from / step + 1) * step;
    while at <= time.from.saturating_add(time.span_ns) {
        let x = time.x(at);
        c.line(pos2(x, plot.top()), pos2(x, plot.bottom()), thin);
        if x - half > plot.left() - c.len(20.0) && x + half < plot.right() + c.len(14.0) {
            let words = local(Utc(at), view.zone, pattern);
            c.text(pos2(x, plot.bottom() + c.len(4.0)), Align2::CENTER_TOP, &words, Font::SMALL, c.theme().text_quiet);
        }
        at += step;
    }
}

/// Between two lines of the grid, ns: a round time, so that at most `most` fit into the span.
fn step_ns(span_ns: i64, most: i64) -> i64 {
    const STEPS_S: [i64; 17] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];
    let fits = |step: &i64| span_ns / (step * 1_000_000_000) <= most.clamp(2, 6);
    STEPS_S.into_iter().find(fits).unwrap_or(86_400) * 1_000_000_000
}

/// One or more points a pixel column: the lowest and the highest value are kept.
fn columns(run: &[Bucket], time: &TimeAxis, (low, high): (f64, f64)) -> Vec<Pos2> {
    let y = |value: f64| time.plot.bottom() - time.plot.height() * ((value - low) / (high - low)).clamp(-0.02, 1.02) as f32;
    let mut points: Vec<Pos2> = Vec::new();
    let mut rest = run;
    while let Some(first) = rest.first() {
        let column = time.x(first.at).floor();
        let count = rest.iter().take_while(|bucket| time.x(bucket.at).floor() <= column).count().max(1);
        let (here, after) = rest.split_at(count);
        let ranges = here.iter().filter_map(|bucket| bucket.range);
        let (least, most) = ranges.fold((f64::MAX, f64::MIN), |(l, h), (low, high)| (l.min(low), h.max(high)));
        let last = here.last().map_or(first.last, |bucket| bucket.last);
        if most - least > (high - low) / 400.0 {
            points.push(pos2(column, y(least)));
            points.push(pos2(column, y(most)));
        }
        points.push(pos2(column, y(last)));
        rest = after;
    }
    points
}

fn line(c: &Canvas<'_>, points: &[Pos2], place: usize) {
    let (dash, pause) = DASHES[place % DASHES.len()];
    let stroke = c.stroke(1.8, c.theme().pens[place % c.theme().pens.len()]);
    if pause == 0.0 {
        c.path(points.to_vec(), stroke);
    } else {
        for piece in dashes(points, c.len(dash).max(1.0), c.len(pause).max(1.0)) {
            c.path(piece, stroke);
        }
    }
}

/// Cuts a line into dashes, each of them one path: points closer than a dash don't break it up.
fn dashes(points: &[Pos2], dash: f32, pause: f32) -> Vec<Vec<Pos2>> {
    let mut pieces = Vec::new();
    let (mut piece, mut drawing, mut left) = (Vec::new(), true, dash);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = from.distance(to);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = from + (to - from) * (done / length);
            if drawing {
                piece.extend(piece.is_empty().then_some(from + (to - from) * ((done - left) / length)));
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece.push(at);
            }
            drawing = !drawing;
            left = if drawing { dash } else { pause };
        }
        left -= length - done;
        if drawing {
            piece.extend(piece.is_empty().then_some(from));
            piece.push(to);
        }
    }
    pieces.extend((piece.len() > 1).then_some(piece));
    pieces
}

/// Times between the runs, and after the last one, where nothing usable was heard.
fn gaps_of(runs: &[Vec<Bucket>], bucket_ns: i64, now: i64) -> Vec<(i64, i64)> {
    let ends = runs.iter().filter_map(|run| Some((run.first()?.at, run.last()?.at + bucket_ns)));
    let mut gaps = Vec::new();
    let mut before: Option<i64> = None;
    for (start, end) in ends {
        gaps.extend(before.map(|before| (before, start)));
        before = Some(end);
    }
    let pause = (bucket_ns * 3).max(3_000_000_000);
    gaps.extend(before.filter(|end| now - end > pause).map(|end| (end, now)));
    gaps
}

fn hatch(c: &Canvas<'_>, time: &TimeAxis, gaps: &[(i64, i64)]) {
    for (from, to) in gaps {
        let plot = time.plot;
        let rect = Rect::from_min_max(pos2(time.x(*from), plot.top()), pos2(time.x(*to), plot.bottom())).intersect(plot);
        c.hatch(rect, c.theme().stopped);
        if rect.width() > c.text_width(c.say("no data"), Font::SMALL) + c.len(6.0) {
            let at = pos2(rect.center().x, plot.bottom() - c.len(4.0));
            let words = c.text(at, Align2::CENTER_BOTTOM, c.say("no data"), Font::SMALL, c.theme().plot);
            c.filled(words.expand(c.len(2.0)), c.theme().plot);
            c.text(at, Align2::CENTER_BOTTOM, c.say("no data"), Font::SMALL, c.theme().text_quiet);
        }
    }
}

/// Each pen with its line, name and value; one whose scale stands at neither side tells it here. Where there is little
/// room the scales go first, then the units.
fn legend(c: &Canvas<'_>, rect: Rect, pens: &[Pen], scales: &[Scale]) {
    let (sample, gap) = (c.len(27.0), c.len(16.0));
    let wide = |entries: &[Entry]| -> f32 {
        let each = entries
            .iter()
            .map(|entry| c.text_width(&entry.words, Font::SMALL_BOLD) + c.text_width(&entry.scale, Font::SMALL) + sample + gap);
        each.sum::<f32>() - gap
    };
    let tell = |with_scale, with_unit| -> Vec<Entry> {
        let scales = if with_scale { scales } else { &[] };
        pens.iter().enumerate().map(|(place, pen)| Entry::of(c, place, pen, scales, with_unit)).collect()
    };
    let tries = [tell(true, true), tell(false, true)];
    let entries = tries.into_iter().find(|entries| wide(entries) <= rect.width()).unwrap_or_else(|| tell(false, false));
    let mut x = rect.left();
    let y = rect.bottom() - c.len(8.0);
    for (place, entry) in entries.iter().enumerate() {
        let room = rect.right() - x - sample;
        if room < c.len(24.0) {
            break;
        }
        line(c, &[pos2(x, y), pos2(x + c.len(22.0), y)], place);
        let colour = c.theme().pens[place % c.theme().pens.len()];
        let words = c.fitted(&entry.words, Font::SMALL_BOLD, room);
        let used = c.text(pos2(x + sample, y), Align2::LEFT_CENTER, &words, Font::SMALL_BOLD, colour);
        let used = c.text(pos2(used.right(), y), Align2::LEFT_CENTER, &entry.scale, Font::SMALL, colour);
        x = used.right() + gap;
    }
}

/// A pen in the legend.
struct Entry {
    /// Name and value, or its quality letter.
    words: String,
    /// Its scale, where that stands nowhere else.
    scale: String,
}

impl Entry {
    fn of(c: &Canvas<'_>, place: usize, pen: &Pen, scales: &[Scale], unit: bool) -> Self {
        let name = match (&pen.label, pen.tag()) {
            (label, Some(tag)) if label.is_empty() => c.say(tag.rsplit('/').next().unwrap_or(tag)),
            (label, _) => label,
        };
        let facts = &pen.reading.facts;
        let value = match pen.reading.quality_letter() {
            "" if unit && pen.label != facts.unit => with_unit(&pen.reading.text(), &facts.unit),
            "" => pen.reading.text(),
            letter => letter.to_owned(),
        };
        let aside = scales.iter().skip(2).find(|scale| scale.pens.contains(&place));
        Self { words: format!("{name} {value}"), scale: aside.map_or_else(String::new, Scale::in_words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(at: i64, range: (f64, f64)) -> Bucket {
        Bucket { at, range: Some(range), last: range.1 }
    }

    #[test]
    fn thinning_keeps_the_spike_of_a_pixel() {
        let plot = Rect::from_min_size(Pos2::ZERO, egui::vec2(10.0, 100.0));
        let time = TimeAxis { plot, from: 0, span_ns: 1_000 };
        let run: Vec<Bucket> = (0..100).map(|i| bucket(i * 10, if i == 51 { (5.0, 95.0) } else { (5.0, 5.0) })).collect();
        let points = columns(&run, &time, (0.0, 100.0));
        assert!(points.len() < 40, "{}", points.len());
        assert!(points.iter().any(|point| point.y < 6.0));
    }

    #[test]
    fn the_grid_of_time_lies_on_round_times() {
        const S: i64 = 1_000_000_000;
        for (span_s, most, step_s) in
            [(30, 6, 5), (600, 5, 120), (600, 9, 120), (600, 2, 300), (3_600, 6, 600), (86_400, 5, 21_600)]
        {
            assert_eq!(step_ns(span_s * S, most), step_s * S, "{span_s} s in {most}");
        }
    }

    #[test]
    fn a_dash_is_one_path_over_many_points() {
        let points: Vec<Pos2> = (0..=30u8).map(|x| pos2(f32::from(x), 0.0)).collect();
        let ends: Vec<(f32, f32)> = dashes(&points, 7.0, 3.0).iter().map(|d| (d[0].x, d[d.len() - 1].x)).collect();
        assert_eq!(ends, [(0.0, 7.0), (10.0, 17.0), (20.0, 27.0)]);
        let far = dashes(&[pos2(0.0, 0.0), pos2(30.0, 0.0)], 7.0, 3.0);
        assert_eq!(far.iter().map(|d| d[0].x).collect::<Vec<_>>(), [0.0, 10.0, 20.0]);
    }

    #[test]
    fn gaps_lie_between_runs_and_after_the_last() {
        const S: i64 = 1_000_000_000;
        let runs = vec![vec![bucket(0, (1.0, 1.0)), bucket(S, (1.0, 1.0))], vec![bucket(9 * S, (1.0, 1.0))]];
        assert_eq!(gaps_of(&runs, S, 11 * S), [(2 * S, 9 * S)]);
        assert_eq!(gaps_of(&runs, S, 30 * S), [(2 * S, 9 * S), (10 * S, 30 * S)]);
        assert_eq!(gaps_of(&[], S, 30 * S), []);
    }
}
