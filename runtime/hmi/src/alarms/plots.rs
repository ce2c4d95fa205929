//! Plots of the alarm panes: bars with target lines, bars side by side, and the live trend of a tag.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use plantroom_model::Utc;

use crate::fonts::regular;
use crate::look::Look;
use crate::panes::Around;
use crate::words::local;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is of.
    pub name: String,
    /// How long it is.
    pub value: f64,
}

/// Where a value lies between 0 and the top of a plot, from 0 to 1.
fn part(value: f64, top: f64) -> f32 {
    (value / top.max(1e-9)).clamp(0.0, 1.0) as f32
}

/// The top of a plot: above all bars, and above the first target that they don't reach.
fn top_of(bars: &[Bar], targets: &[(f64, String)]) -> f64 {
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let next = targets.iter().map(|(at, _)| *at).find(|at| *at > most);
    next.unwrap_or(most).max(1.0) * 1.12
}

/// Upright bars over time, with target lines and their names.
pub fn bars(ui: &mut Ui, look: &Look, salt: &str, bars: &[Bar], targets: &[(f64, String)], height: f32) {
    let t = &look.theme;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width() - 8.0, height), Sense::hover());
    let plot = Rect::from_min_max(rect.min + vec2(44.0, 4.0), rect.max - vec2(8.0, 18.0));
    let painter = ui.painter();
    painter.rect_filled(plot, 0.0, t.plot);
    let top = top_of(bars, targets);
    let y = |value: f64| plot.bottom() - part(value, top) * plot.height();
    let wide = plot.width() / bars.len().max(1) as f32;
    let every = (bars.len() / 8).max(1);
    let pointer = ui.input(|input| input.pointer.hover_pos()).filter(|at| plot.contains(*at));
    let mut told = None;
    for (place, bar) in bars.iter().enumerate() {
        let left = plot.left() + wide * place as f32;
        let gap = if wide > 3.0 { 1.0 } else { 0.0 };
        let body = Rect::from_min_max(pos2(left + gap / 2.0, y(bar.value)), pos2(left + wide - gap / 2.0, plot.bottom()));
        painter.rect_filled(body, 0.0, t.value);
        if place % every == 0 {
            let at = pos2(left, plot.bottom() + 2.0);
            painter.text(at, Align2::LEFT_TOP, &bar.name, regular(t.size_small), t.text_quiet);
        }
        if pointer.is_some_and(|at| at.x >= left && at.x < left + wide) {
            told = Some(format!("{}: {}", bar.name, bar.value));
        }
    }
    for (at, name) in targets.iter().filter(|(at, _)| *at <= top) {
        let line = y(*at);
        painter.extend(egui::Shape::dashed_line(
            &[pos2(plot.left(), line), pos2(plot.right(), line)],
            Stroke::new(1.4, t.text),
            5.0,
            4.0,
        ));
        let words = format!("{name} {at:.0}");
        // On ground of its own: a bar may stand there.
        let laid = painter.layout_no_wrap(words, regular(t.size_small), t.text);
        let corner = pos2(plot.right() - 6.0 - laid.size().x, line - 2.0 - laid.size().y);
        painter.rect_filled(Rect::from_min_size(corner, laid.size()).expand2(vec2(3.0, 0.0)), 2.0, t.plot);
        painter.galley(corner, laid, t.text);
        painter.text(
            pos2(plot.left() - 4.0, line),
            Align2::RIGHT_CENTER,
            format!("{at:.0}"),
            regular(t.size_small),
            t.text_quiet,
        );
    }
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let response = ui.interact(plot, ui.scope_id().with(salt), Sense::hover());
    let said = look.fill("{} bars, the highest {}", &[&bars.len().to_string(), &most.to_string()]);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &said));
    if let Some(told) = told {
        response.on_hover_text(told);
    }
}

/// Bars that lie, one below the other, with their names in words.
pub fn rows(ui: &mut Ui, look: &Look, salt: &str, bars: &[Bar], top: f64) {
    let t = &look.theme;
    for (place, bar) in bars.iter().enumerate() {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width().min(460.0), 20.0), Sense::hover());
        let room = Rect::from_min_max(rect.min, pos2(rect.left() + rect.width() * 0.45, rect.bottom())).shrink(2.0);
        ui.painter().rect_filled(room, 0.0, t.plot);
        let body = Rect::from_min_size(room.min, vec2(room.width() * part(bar.value, top), room.height()));
        ui.painter().rect_filled(body, 0.0, t.value);
        let at = pos2(room.right() + 8.0, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, &bar.name, regular(t.size_text), t.text);
        let response = ui.interact(rect, ui.scope_id().with((salt, place)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &bar.name));
    }
}

/// What this console has seen of a tag, with the limit and the moment when the alarm came.
pub fn trend(ui: &mut Ui, around: &Around<'_>, (tag, span_ms): (&str, u64), limit: Option<f64>, came: Utc) {
    let t = &around.look.theme;
    let Some(now) = around.utc else { return };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width() - 8.0, 120.0), Sense::hover());
    let plot = Rect::from_min_max(rect.min + vec2(60.0, 4.0), rect.max - vec2(8.0, 18.0));
    let painter = ui.painter();
    painter.rect_filled(plot, 0.0, t.plot);
    let span_ns = span_ms as i64 * 1_000_000;
    let from = now.0 - span_ns;
    let runs = around.recorder.pen(tag, span_ms).map(|pen| pen.runs(from)).unwrap_or_default();
    let values = runs.iter().flatten().filter_map(|bucket| bucket.range).flat_map(|(low, high)| [low, high]).chain(limit);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return;
    }
    let pad = ((high - low) * 0.1).max(0.5);
    let (low, high) = (low - pad, high + pad);
    let x = |at: i64| plot.left() + ((at - from) as f64 / span_ns as f64) as f32 * plot.width();
    let y = |value: f64| plot.bottom() - ((value - low) / (high - low)) as f32 * plot.height();
    for run in &runs {
        let ends = |bucket: &crate::trend::Bucket| {
            let at = x(bucket.at);
            bucket.range.map(|(low, high)| [pos2(at, y(low)), pos2(at, y(high))])
        };
        let points: Vec<_> = run.iter().filter_map(ends).flatten().collect();
        painter.line(points, Stroke::new(1.8, t.pens[0]));
    }
    if let Some(limit) = limit {
        let ends = [pos2(plot.left(), y(limit)), pos2(plot.right(), y(limit))];
        painter.extend(egui::Shape::dashed_line(&ends, Stroke::new(1.4, t.warning), 5.0, 4.0));
    }
    if came.0 > from && came.0 <= now.0 {
        painter.vline(x(came.0), plot.y_range(), Stroke::new(1.6, t.urgent));
    }
    for value in [low + pad, high - pad] {
        let words = format!("{value:.2}");
        painter.text(pos2(plot.left() - 4.0, y(value)), Align2::RIGHT_CENTER, words, regular(t.size_small), t.text_quiet);
    }
    for (at, align) in [(from, Align2::LEFT_TOP), (now.0, Align2::RIGHT_TOP)] {
        let words = local(Utc(at), around.zone, "%H:%M:%S");
        painter.text(pos2(x(at), plot.bottom() + 2.0), align, words, regular(t.size_small), t.text_quiet);
    }
}
