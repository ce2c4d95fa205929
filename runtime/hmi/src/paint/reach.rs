//! How far beside a thing a finger may land and still press it: as far as 9 mm across need, and never nearer to another.
//!
//! Start at [`Reach::of`].

use std::collections::HashMap;

use egui::{Rect, pos2};
use plantroom_scene::{Layer, Object, ObjectId, Scene, TOUCH_POINTS};

use super::Canvas;

/// Above so many things that can be pressed none reaches further than it looks.
const MOST: usize = 1_500;

/// Where things can be pressed that reach further than they look.
#[derive(Default)]
pub struct Reach(HashMap<ObjectId, Rect>);

impl Reach {
    /// What can be pressed on a scene.
    pub fn of(scene: &Scene, c: &Canvas<'_>) -> Self {
        let all: Vec<&Object> = scene.objects().iter().filter(|object| object.is_pressed()).take(MOST + 1).collect();
        if all.len() > MOST {
            return Self::default();
        }
        let boxes: Vec<(Option<Layer>, Rect)> = all.iter().map(|object| (object.layer, c.rect(object.rect))).collect();
        let areas = areas(&boxes);
        let differs = |at: &usize| areas[*at] != boxes[*at].1;
        Self((0..all.len()).filter(differs).map(|at| (all[at].id, areas[at])).collect())
    }

    /// Where an object can be pressed; nothing where that is what is seen of it.
    pub fn area(&self, of: ObjectId) -> Option<Rect> {
        self.0.get(&of).copied()
    }
}

/// The areas of boxes, each with its layer.
fn areas(boxes: &[(Option<Layer>, Rect)]) -> Vec<Rect> {
    let grown = |rect: Rect| {
        let more = |side: f32| (TOUCH_POINTS - side).max(0.0) / 2.0;
        rect.expand2(egui::vec2(more(rect.width()), more(rect.height())))
    };
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|a, b| boxes[*a].1.left().total_cmp(&boxes[*b].1.left()));
    let mut areas: Vec<Rect> = boxes.iter().map(|(_, rect)| grown(*rect)).collect();
    for (place, &one) in order.iter().enumerate() {
        let (layer, rect) = boxes[one];
        for &other in &order[place + 1..] {
            let (its_layer, its) = boxes[other];
            if its.left() - rect.right() > TOUCH_POINTS {
                break;
            }
            if !by_turns(layer, its_layer) && grown(rect).intersects(grown(its)) {
                let (mine, theirs) = apart(rect, its);
                areas[one] = areas[one].intersect(mine);
                areas[other] = areas[other].intersect(theirs);
            }
        }
    }
    // What lies on another is pressed where it is seen.
    areas.iter().zip(boxes).map(|(area, (_, rect))| area.union(*rect)).collect()
}

/// Two pages of one set of tabs.
fn by_turns(a: Option<Layer>, b: Option<Layer>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.of == b.of && a.page != b.page)
}

/// The halves in which two boxes must stay: cut in the middle of the gap between them, where that is widest.
fn apart(a: Rect, b: Rect) -> (Rect, Rect) {
    let gaps = [b.left() - a.right(), a.left() - b.right(), b.top() - a.bottom(), a.top() - b.bottom()];
    let widest = (0..4).max_by(|x, y| gaps[*x].total_cmp(&gaps[*y])).unwrap_or(0);
    let (before, after) = match widest {
        0 => split((a.right() + b.left()) / 2.0, true),
        1 => split((b.right() + a.left()) / 2.0, true),
        2 => split((a.bottom() + b.top()) / 2.0, false),
        _ => split((b.bottom() + a.top()) / 2.0, false),
    };
    if widest % 2 == 0 { (before, after) } else { (after, before) }
}

fn split(at: f32, upright: bool) -> (Rect, Rect) {
    let mut halves = (Rect::EVERYTHING, Rect::EVERYTHING);
    if upright {
        (halves.0.max, halves.1.min) = (pos2(at, f32::INFINITY), pos2(at, f32::NEG_INFINITY));
    } else {
        (halves.0.max, halves.1.min) = (pos2(f32::INFINITY, at), pos2(f32::NEG_INFINITY, at));
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32, w: f32, h: f32) -> (Option<Layer>, Rect) {
        (None, Rect::from_min_size(pos2(x, y), egui::vec2(w, h)))
    }

    #[track_caller]
    fn check(boxes: &[(Option<Layer>, Rect)], wanted: &[(f32, f32)]) {
        let areas = areas(boxes);
        let sizes: Vec<(f32, f32)> = areas.iter().map(|area| (area.width(), area.height())).collect();
        assert_eq!(sizes, wanted);
        for (place, area) in areas.iter().enumerate() {
            assert!(area.contains_rect(boxes[place].1), "{place} can be pressed where it is seen");
            for (other, theirs) in areas.iter().enumerate().skip(place + 1) {
                let seen = boxes[place].1.intersects(boxes[other].1) || by_turns(boxes[place].0, boxes[other].0);
                assert!(seen || !area.shrink(0.01).intersects(theirs.shrink(0.01)), "{place} and {other} are one");
            }
        }
    }

    #[test]
    fn what_stands_alone_can_be_pressed_9_mm_across() {
        check(&[at(0.0, 0.0, 20.0, 10.0), at(200.0, 0.0, 80.0, 60.0)], &[(44.0, 44.0), (80.0, 60.0)]);
    }

    #[test]
    fn neighbours_share_the_gap_between_them() {
        check(&[at(0.0, 0.0, 24.0, 24.0), at(32.0, 0.0, 24.0, 24.0)], &[(38.0, 44.0), (38.0, 44.0)]);
        check(&[at(0.0, 0.0, 60.0, 24.0), at(0.0, 30.0, 60.0, 24.0)], &[(60.0, 37.0), (60.0, 37.0)]);
        check(&[at(32.0, 0.0, 24.0, 24.0), at(0.0, 0.0, 24.0, 24.0)], &[(38.0, 44.0), (38.0, 44.0)]);
    }

    #[test]
    fn what_lies_on_another_or_is_there_by_turns_is_left_as_it_is() {
        check(&[at(0.0, 0.0, 30.0, 30.0), at(10.0, 10.0, 60.0, 60.0)], &[(44.0, 37.0), (60.0, 60.0)]);
        let mut boxes = [at(0.0, 0.0, 24.0, 24.0), at(0.0, 0.0, 24.0, 24.0)];
        (boxes[0].0, boxes[1].0) = ([0, 1].map(|page| Some(Layer { of: ObjectId(9), page }))).into();
        check(&boxes, &[(44.0, 44.0), (44.0, 44.0)]);
    }
}
