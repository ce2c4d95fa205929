//! A dial over three quarters of a circle: needle, normal band, limits at the rim, setpoint marker, number in the middle.

use egui::{Align2, Pos2, Rect, Stroke, Vec2, pos2, vec2};
use plantroom_model::Utc;
use plantroom_scene::{Gauge, LimitMark};

use super::{Canvas, Font, Sign, marks};

/// Where the arc starts, in degrees clockwise from the right, and how far it goes.
const START: f32 = 135.0;
const SWEEP: f32 = 270.0;

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, gauge: &Gauge, now: Option<Utc>) {
    let reading = &gauge.reading;
    let facts = &reading.facts;
    let outer = rect.width().min(rect.height()) / 2.0 - c.len(4.0);
    let dial = Dial { centre: rect.center(), outer, inner: outer - (outer * 0.16).max(c.len(5.0)) };
    dial.band(c, 0.0, 1.0, c.theme().value_box);
    if let Some((low, high)) = gauge.normal
        && let (Some(low), Some(high)) = (facts.fraction(low), facts.fraction(high))
    {
        dial.band(c, low as f32, high as f32, c.theme().normal_range);
    }
    let line = c.stroke(1.2, c.theme().equipment);
    let mut edge = dial.arc(dial.outer, 0.0, 1.0);
    edge.extend(dial.arc(dial.inner, 0.0, 1.0).into_iter().rev());
    edge.extend(edge.first().copied());
    if reading.is_good() {
        c.path(edge, line);
    } else {
        c.dashed(&edge, line);
    }
    limits(c, &dial, gauge);
    if gauge.setpoint.is_present()
        && let Some(fraction) = gauge.setpoint.number().and_then(|number| facts.fraction(number))
    {
        let (tip, out) = (dial.at(dial.outer, fraction as f32), dial.way(fraction as f32));
        let (back, across) = (tip + out * c.len(7.0), out.rot90() * c.len(4.5));
        c.polygon(vec![tip, back + across, back - across], c.theme().sheet, c.stroke(1.4, c.theme().text));
    }
    if let Some(fraction) = reading.fraction() {
        needle(c, &dial, fraction as f32, reading.status.is_bad());
    }
    words(c, &dial, gauge, now);
}

struct Dial {
    centre: Pos2,
    outer: f32,
    inner: f32,
}

impl Dial {
    fn way(&self, share: f32) -> Vec2 {
        let angle = (START + SWEEP * share.clamp(0.0, 1.0)).to_radians();
        vec2(angle.cos(), angle.sin())
    }

    fn at(&self, radius: f32, share: f32) -> Pos2 {
        self.centre + self.way(share) * radius
    }

    /// Points along the arc, one every four degrees or so.
    fn arc(&self, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
        let steps = (((to - from).abs() * SWEEP / 4.0).ceil() as u16).max(1);
        (0..=steps).map(|step| self.at(radius, from + (to - from) * f32::from(step) / f32::from(steps))).collect()
    }

    /// A stretch of the ring, in pieces that are convex.
    fn band(&self, c: &Canvas<'_>, from: f32, to: f32, fill: egui::Color32) {
        let (outer, inner) = (self.arc(self.outer, from, to), self.arc(self.inner, from, to));
        let mut mesh = egui::Mesh::default();
        for (place, (far, near)) in outer.iter().zip(&inner).enumerate() {
            mesh.colored_vertex(*far, fill);
            mesh.colored_vertex(*near, fill);
            if place > 0 {
                let last = 2 * place as u32;
                mesh.add_triangle(last - 2, last - 1, last);
                mesh.add_triangle(last - 1, last + 1, last);
            }
        }
        c.add(mesh);
    }
}

fn limits(c: &Canvas<'_>, dial: &Dial, gauge: &Gauge) {
    let (facts, passed) = (&gauge.reading.facts, gauge.reading.limit_mark());
    let all = [
        (LimitMark::HighHigh, facts.limits.high_high),
        (LimitMark::High, facts.limits.high),
        (LimitMark::Low, facts.limits.low),
        (LimitMark::LowLow, facts.limits.low_low),
    ];
    for (mark, limit) in all {
        let Some(share) = limit.and_then(|limit| facts.fraction(limit)) else { continue };
        let here = passed == Some(mark);
        let colour = if here { Sign::Limit(mark).colour(c.theme()) } else { c.theme().equipment };
        let width = if here { c.theme().line_attention } else { 1.8 };
        c.line(dial.at(dial.inner, share as f32), dial.at(dial.outer + c.len(3.0), share as f32), c.stroke(width, colour));
    }
}

/// From the ring inwards, so that the number keeps its place; hollow where it can't be trusted.
fn needle(c: &Canvas<'_>, dial: &Dial, share: f32, bad: bool) {
    let way = dial.way(share);
    let tip = dial.centre + way * dial.outer;
    let (foot, across) = (dial.centre + way * dial.inner * 0.72, way.rot90() * c.len(4.0));
    let points = vec![tip, foot + across, foot - across];
    if bad {
        c.polygon(points, c.theme().panel, c.stroke(1.0, c.theme().value));
    } else {
        c.polygon(points, c.theme().value, Stroke::NONE);
    }
}

fn words(c: &Canvas<'_>, dial: &Dial, gauge: &Gauge, now: Option<Utc>) {
    let reading = &gauge.reading;
    let text = if reading.is_known() { reading.text() } else { c.say("no tag").to_owned() };
    let at = dial.centre + vec2(0.0, c.len(-2.0));
    let number = c.text(at, Align2::CENTER_CENTER, &text, Font::VALUE, marks::ink(c, reading));
    let unit = c.text(number.center_bottom(), Align2::CENTER_TOP, &reading.facts.unit, Font::SMALL, c.theme().text_quiet);
    if let Some(sign) = Sign::of(reading).filter(|sign| matches!(sign, Sign::Limit(_))) {
        marks::sign(c, pos2(dial.centre.x, number.top() - c.len(9.0)), 15.0, sign);
    }
    let foot = pos2(dial.centre.x, dial.centre.y + dial.outer * 0.92);
    let name = c.text(foot, Align2::CENTER_TOP, gauge.label.get(), Font::TEXT, c.theme().text_quiet);
    let below = if gauge.label.get().is_empty() { unit } else { name };
    marks::tail(c, pos2(dial.centre.x, below.bottom() + c.len(1.0)), Align2::CENTER_TOP, reading, now);
}
