//! Pipes and bus bars: lines with bends, an arrowhead, and a static arrow that is filled where something flows.

use egui::{Align2, Pos2, Stroke, Vec2};
use plantroom_scene::{Bus, Pipe};

use super::{Canvas, Font};

/// Draws it.
pub fn paint(c: &Canvas<'_>, pipe: &Pipe) {
    let mut points: Vec<Pos2> = pipe.points.iter().map(|point| c.point(*point)).collect();
    let [.., before, end] = points[..] else { return };
    let width = if pipe.width > 0.0 { pipe.width } else { c.theme().line_pipe };
    let along = (end - before).normalized();
    if pipe.arrow {
        head(c, end, along, c.len(width * 2.0));
        if let Some(last) = points.last_mut() {
            *last = end - along * c.len(width * 2.5);
        }
    }
    let line = c.stroke(width, c.theme().equipment);
    c.path(points.clone(), line);
    // A stroke's ends are flat: small squares close the gaps where two pipes meet at a corner.
    for point in points.iter().take(points.len() - usize::from(pipe.arrow)) {
        c.filled(egui::Rect::from_center_size(*point, Vec2::splat(c.len(width))), c.theme().equipment);
    }
    if pipe.flow.is_present() {
        flow(c, &points, width, pipe);
    }
    let label_at = end + along * c.len(8.0);
    let anchor = if along.x < -0.5 { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
    c.text(label_at, anchor, &pipe.label, Font::TEXT, c.theme().text_quiet);
}

/// Draws a bus bar: solid while it is live, hollow while it is dead, dashed while that isn't known.
pub fn bus(c: &Canvas<'_>, bus: &Bus) {
    let points: Vec<Pos2> = bus.points.iter().map(|point| c.point(*point)).collect();
    let Some(first) = points.first().copied() else { return };
    let width = c.len(bus.width);
    let live = if bus.live.is_present() { bus.is_live() } else { Some(true) };
    let along = points.windows(2).map(|pair| (pair[0], pair[1]));
    for (from, to) in along {
        let step = (to - from).normalized() * width / 2.0;
        let side = step.rot90();
        let corners = vec![from - step + side, to + step + side, to + step - side, from - step - side];
        let line = c.stroke(1.5, c.theme().equipment);
        match live {
            Some(true) => c.polygon(corners, c.theme().equipment, Stroke::NONE),
            Some(false) => c.polygon(corners, c.theme().background, line),
            None => {
                let around = [corners[0], corners[1], corners[2], corners[3], corners[0]];
                c.dashed(&around, line);
            }
        }
    }
    let above = first - egui::vec2(width / 2.0, width / 2.0 + c.len(4.0));
    c.text(above, Align2::LEFT_BOTTOM, bus.label.get(), Font::TEXT_BOLD, c.theme().text);
}

fn head(c: &Canvas<'_>, tip: Pos2, along: Vec2, size: f32) {
    let back = tip - along * size * 1.8;
    let side = along.rot90() * size;
    c.polygon(vec![tip, back + side, back - side], c.theme().equipment, Stroke::NONE);
}

/// The static arrow in the middle of the longest stretch: filled when something flows, hollow when nothing does,
/// dashed when that isn't known.
fn flow(c: &Canvas<'_>, points: &[Pos2], width: f32, pipe: &Pipe) {
    let length = |pair: &&[Pos2]| pair[0].distance(pair[1]);
    let Some(stretch) = points.windows(2).max_by(|a, b| length(a).total_cmp(&length(b))) else { return };
    let along = (stretch[1] - stretch[0]).normalized();
    let size = c.len(width * 1.05);
    let middle = stretch[0].lerp(stretch[1], 0.5);
    let tip = middle + along * size * 1.3;
    let back = middle - along * size * 0.9;
    let side = along.rot90() * size * 1.25;
    let corners = vec![tip, back + side, back - side];
    let line = c.stroke(1.4, c.theme().equipment);
    let flowing = pipe.is_flowing().filter(|_| !pipe.flow.status.is_bad());
    match flowing {
        Some(true) => c.polygon(corners, c.theme().running, line),
        Some(false) => c.polygon(corners, c.theme().stopped, line),
        None => {
            c.polygon(corners.clone(), c.theme().background, Stroke::NONE);
            c.dashed(&[corners[0], corners[1], corners[2], corners[0]], line);
        }
    }
}
