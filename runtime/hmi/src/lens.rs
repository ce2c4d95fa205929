//! Which part of a screen is seen: all of it, or a closer look.

use egui::{Key, Modifiers, PointerButton, Pos2, Rect, Ui, Vec2, vec2};

/// Closest look: so many times the whole screen.
const CLOSEST: f32 = 8.0;
/// What one notch of + or - changes.
const STEP: f32 = 1.25;

/// Which part of a screen is seen. Belongs to one open screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lens {
    /// 1 shows the whole screen.
    zoom: f32,
    /// How far the screen is moved from where it is as a whole, in points.
    shift: Vec2,
}

impl Default for Lens {
    fn default() -> Self {
        Self { zoom: 1.0, shift: Vec2::ZERO }
    }
}

impl Lens {
    /// Where (0, 0) is and how many points a unit has, from what they are for the whole screen.
    pub fn over(self, (origin, scale): (Pos2, f32)) -> (Pos2, f32) {
        (origin + self.shift, scale * self.zoom)
    }

    /// Closer by a factor, with what lies at `at` staying there.
    pub fn closer(&mut self, factor: f32, at: Pos2, whole: (Pos2, f32)) {
        let (origin, scale) = self.over(whole);
        let zoom = (self.zoom * factor).clamp(1.0, CLOSEST);
        let in_units = (at - origin) / scale;
        self.zoom = zoom;
        self.shift = at - in_units * (whole.1 * zoom) - whole.0;
    }

    /// Keeps the screen in the body: no edge of it further in than it would be as a whole.
    pub fn keep_in(&mut self, body: Rect, size: (f32, f32), whole: (Pos2, f32)) {
        let (_, scale) = self.over(whole);
        let painted = vec2(size.0, size.1) * scale;
        let mut origin = whole.0 + self.shift;
        for axis in 0..2 {
            let (low, high, is) = (body.min[axis], body.max[axis], painted[axis]);
            let free = (high - low - is).max(0.0);
            if free > 0.0 {
                origin[axis] = if self.zoom <= 1.0 { whole.0[axis] } else { low + free / 2.0 };
            } else {
                origin[axis] = origin[axis].clamp((high - is).min(low), low);
            }
        }
        self.shift = origin - whole.0;
    }

    /// What wheel, fingers, the middle button and keys do to it. Nothing while somebody types.
    pub fn listen(&mut self, ui: &Ui, body: Rect, size: (f32, f32), whole: (Pos2, f32)) {
        let over = ui.rect_contains_pointer(body);
        let typing = ui.ctx().text_edit_focused();
        let (zoom, at, drag) = ui.input(|input| {
            let drag = input.pointer.button_down(PointerButton::Middle).then(|| input.pointer.delta());
            let fingers = input.multi_touch().map(|touch| touch.translation_delta);
            (input.zoom_delta(), input.pointer.latest_pos(), drag.or(fingers))
        });
        if over && zoom != 1.0 {
            self.closer(zoom, at.unwrap_or(body.center()), whole);
        }
        if over && let Some(drag) = drag {
            self.shift += drag;
        }
        if !typing {
            let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
            if pressed(Key::Num0) {
                *self = Self::default();
            }
            if pressed(Key::Plus) || pressed(Key::Equals) {
                self.closer(STEP, body.center(), whole);
            }
            if pressed(Key::Minus) {
                self.closer(1.0 / STEP, body.center(), whole);
            }
            // With Shift, so that plain arrows go on moving the focus.
            let step = body.size() * 0.1;
            let moves = [
                (Key::ArrowLeft, vec2(step.x, 0.0)),
                (Key::ArrowRight, vec2(-step.x, 0.0)),
                (Key::ArrowUp, vec2(0.0, step.y)),
                (Key::ArrowDown, vec2(0.0, -step.y)),
            ];
            for (key, by) in moves {
                if self.zoom > 1.0 && ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, key)) {
                    self.shift += by;
                }
            }
        }
        self.keep_in(body, size, whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    fn body() -> Rect {
        Rect::from_min_size(pos2(0.0, 100.0), vec2(1_600.0, 760.0))
    }

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let whole = (pos2(0.0, 100.0), 1.0);
        let mut lens = Lens::default();
        lens.closer(2.0, pos2(400.0, 300.0), whole);
        let (origin, scale) = lens.over(whole);
        assert_eq!(origin + vec2(400.0, 200.0) * scale, pos2(400.0, 300.0));
    }

    #[test]
    fn a_screen_can_not_be_lost_and_not_be_smaller_than_whole() {
        let (size, whole) = ((1_600.0, 760.0), (pos2(0.0, 100.0), 1.0));
        let mut lens = Lens::default();
        for (factor, shift) in [(3.0, vec2(9_000.0, -9_000.0)), (0.01, vec2(50.0, 50.0)), (99.0, vec2(-9_000.0, 9_000.0))] {
            lens.closer(factor, pos2(800.0, 400.0), whole);
            lens.shift += shift;
            lens.keep_in(body(), size, whole);
            let (origin, scale) = lens.over(whole);
            let painted = Rect::from_min_size(origin, vec2(size.0, size.1) * scale);
            assert!(painted.expand(0.01).contains_rect(body()), "{painted:?}");
            assert!((1.0..=CLOSEST).contains(&lens.zoom));
        }
    }
}
