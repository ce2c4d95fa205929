//! A valve: two triangles, white when open, dark when closed, one of each in between; its position in figures.

use egui::{Align2, Color32, Rect, pos2};
use plantroom_model::{Utc, Value};
use plantroom_scene::{Direction, Reading, Valve};

use super::{Canvas, Font, Sign, marks};

/// Draws it.
pub fn paint(c: &Canvas<'_>, rect: Rect, valve: &Valve, now: Option<Utc>) {
    let centre = rect.center();
    let line = c.stroke(1.6, c.theme().equipment);
    let (near, far) = fills(c, &valve.position);
    let (first, second) = if matches!(valve.facing, Direction::Left | Direction::Right) {
        ([rect.left_top(), centre, rect.left_bottom()], [rect.right_top(), rect.right_bottom(), centre])
    } else {
        ([rect.left_top(), rect.right_top(), centre], [rect.left_bottom(), centre, rect.right_bottom()])
    };
    for (triangle, fill) in [(first, near), (second, far)] {
        if valve.position.is_good() {
            c.polygon(triangle.to_vec(), fill, line);
        } else {
            c.polygon(triangle.to_vec(), fill, egui::Stroke::NONE);
            c.dashed(&[triangle[0], triangle[1], triangle[2], triangle[0]], line);
        }
    }
    if let Some(sign) = sign_of(valve) {
        marks::frame(c, rect, sign);
        marks::sign(c, rect.left_top() - egui::vec2(c.len(6.0), c.len(8.0)), 17.0, sign);
    }
    if valve.manual.is_present() && valve.manual.is_on() == Some(true) {
        marks::manual(c, rect.right_top() + egui::vec2(c.len(6.0), -c.len(6.0)));
    }
    let reading = &valve.position;
    let mut words = crate::words::with_unit(&reading.text(), &reading.facts.unit);
    let tail = marks::tail_text(c.look(), reading.status, reading.source_time, now);
    if !tail.is_empty() {
        words = format!("{words}  {tail}");
    }
    let below = rect.bottom() + c.len(if sign_of(valve).is_some() { 10.0 } else { 5.0 });
    let used = c.text(pos2(centre.x, below), Align2::CENTER_TOP, &words, Font::SMALL_BOLD, marks::ink(c, reading));
    let at = pos2(centre.x, used.bottom() + c.len(2.0));
    c.text(at, Align2::CENTER_TOP, valve.label.get(), Font::SMALL, c.theme().text_quiet);
}

/// What deserves attention about a valve.
pub fn sign_of(valve: &Valve) -> Option<Sign> {
    let failed = valve.fault.is_present() && valve.fault.is_good() && valve.fault.is_on() == Some(true);
    if failed { Some(Sign::Fault) } else { Sign::of(&valve.position).filter(|sign| matches!(sign, Sign::Doubt(_))) }
}

/// Fill of the inlet's and of the outlet's triangle.
fn fills(c: &Canvas<'_>, position: &Reading) -> (Color32, Color32) {
    if position.status.is_bad() {
        return (c.theme().vessel, c.theme().vessel);
    }
    match openness(&position.value, position.fraction()) {
        None => (c.theme().vessel, c.theme().vessel),
        Some(open) if open >= 0.98 => (c.theme().running, c.theme().running),
        Some(open) if open <= 0.02 => (c.theme().stopped, c.theme().stopped),
        Some(_) => (c.theme().running, c.theme().stopped),
    }
}

/// How far open, 0 to 1; a number without a range is in percent.
fn openness(value: &Value, fraction: Option<f64>) -> Option<f64> {
    match value {
        Value::Bool(open) => Some(f64::from(u8::from(*open))),
        value => fraction.or_else(|| value.as_f64().filter(|v| v.is_finite()).map(|number| (number / 100.0).clamp(0.0, 1.0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_state_a_share_of_the_range_or_a_percentage() {
        assert_eq!(openness(&Value::Bool(true), None), Some(1.0));
        assert_eq!(openness(&Value::Float(3.0), Some(0.3)), Some(0.3));
        assert_eq!(openness(&Value::Float(50.0), None), Some(0.5));
        assert_eq!(openness(&Value::Float(f64::NAN), None), None);
        assert_eq!(openness(&Value::Null, None), None);
    }
}
