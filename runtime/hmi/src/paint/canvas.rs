//! A painter that thinks in the scene's units: places, boxes, words and lines scaled to the window.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Galley, Painter, Pos2, Shape, Stroke, StrokeKind, Vec2, epaint::PathStroke, pos2, vec2};
use plantroom_scene::{Point, Rect};

use super::letters::Letters;
use crate::fonts;
use crate::look::Look;
use crate::theme::Theme;

/// Which of the theme's sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Size {
    Small,
    Text,
    Value,
    Panel,
    Title,
}

/// A weight and a size of the theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Font {
    size: Size,
    /// In the scene's units.
    most: f32,
    bold: bool,
}

impl Font {
    /// Smallest words.
    pub const SMALL: Self = Self::of(Size::Small, false);
    /// Smallest words, bold.
    pub const SMALL_BOLD: Self = Self::of(Size::Small, true);
    /// Ordinary words.
    pub const TEXT: Self = Self::of(Size::Text, false);
    /// Ordinary words, bold.
    pub const TEXT_BOLD: Self = Self::of(Size::Text, true);
    /// Values.
    pub const VALUE: Self = Self::of(Size::Value, true);
    /// Titles of panels.
    pub const PANEL: Self = Self::of(Size::Panel, true);
    /// The screen's title.
    pub const TITLE: Self = Self::of(Size::Title, true);

    const fn of(size: Size, bold: bool) -> Self {
        Self { size, most: f32::INFINITY, bold }
    }

    /// The same, but at most this high.
    pub fn at_most(self, most: f32) -> Self {
        Self { most: self.most.min(most), ..self }
    }

    fn id(self, theme: &Theme, scale: f32) -> FontId {
        let size = match self.size {
            Size::Small => theme.size_small,
            Size::Text => theme.size_text,
            Size::Value => theme.size_value,
            Size::Panel => theme.size_panel,
            Size::Title => theme.size_title,
        };
        let size = (size.min(self.most) * scale).max(6.0);
        if self.bold { fonts::bold(size) } else { fonts::regular(size) }
    }
}

/// Where and how big a scene is painted.
#[derive(Clone)]
pub struct Canvas<'a> {
    painter: &'a Painter,
    look: Arc<Look>,
    letters: Letters,
    origin: Pos2,
    scale: f32,
    /// What is painted now can be pressed further out than it is seen: seen, and pressed.
    reach: Option<(egui::Rect, egui::Rect)>,
}

impl<'a> Canvas<'a> {
    /// A canvas whose (0, 0) is at `origin`, with `scale` points a unit.
    pub fn new(painter: &'a Painter, origin: Pos2, scale: f32) -> Self {
        let look = Look::of(painter.ctx());
        let letters = Letters::of(painter.ctx(), look.revision);
        Self { painter, look, letters, origin, scale, reach: None }
    }

    /// Colours and sizes.
    pub fn theme(&self) -> &Theme {
        &self.look.theme
    }

    /// Colours, sizes and the console's own texts.
    pub fn look(&self) -> &Look {
        &self.look
    }

    /// One of the console's own texts in its language.
    pub fn say<'t>(&'t self, text: &'t str) -> &'t str {
        self.look.say(text)
    }

    /// What shapes go to.
    pub fn painter(&self) -> &'a Painter {
        self.painter
    }

    /// Outside of this nothing is painted.
    pub fn clip(&self) -> egui::Rect {
        self.painter.clip_rect()
    }

    /// Points a unit.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// A place.
    pub fn at(&self, x: f32, y: f32) -> Pos2 {
        self.origin + vec2(x, y) * self.scale
    }

    /// A place of the scene.
    pub fn point(&self, point: Point) -> Pos2 {
        self.at(point.x, point.y)
    }

    /// A box of the scene.
    pub fn rect(&self, rect: Rect) -> egui::Rect {
        egui::Rect::from_min_size(self.at(rect.x, rect.y), vec2(rect.w, rect.h) * self.scale)
    }

    /// A length.
    pub fn len(&self, units: f32) -> f32 {
        units * self.scale
    }

    /// A line's width and colour; never thinner than a point.
    pub fn stroke(&self, width: f32, colour: Color32) -> Stroke {
        Stroke::new((width * self.scale).max(1.0), colour)
    }

    /// Roundness of boxes.
    pub fn corner(&self) -> f32 {
        f32::from(self.theme().corner) * self.scale
    }

    /// Adds a shape.
    pub fn add(&self, shape: impl Into<Shape>) {
        self.painter.add(shape);
    }

    /// A canvas that paints nothing outside of a box.
    pub fn clipped(&self, rect: egui::Rect) -> Painter {
        self.painter.with_clip_rect(rect.intersect(self.painter.clip_rect()))
    }

    /// The same places on another painter.
    pub fn on<'b>(&self, painter: &'b Painter) -> Canvas<'b> {
        Canvas { painter, look: self.look.clone(), letters: self.letters.clone(), ..*self }
    }

    /// The same, for something that can be pressed further out than it is seen.
    pub fn reaching(&self, seen: egui::Rect, pressed: egui::Rect) -> Self {
        Self { reach: Some((seen, pressed)), ..self.clone() }
    }

    /// Where what is seen in a box can be pressed. A part of what reaches further does so on the sides where it is the end.
    pub fn reach(&self, part: egui::Rect) -> egui::Rect {
        let Some((seen, pressed)) = self.reach.filter(|(seen, _)| seen.expand(0.5).contains_rect(part)) else { return part };
        let side = |part: f32, seen: f32, pressed: f32| if (part - seen).abs() < 0.5 { pressed } else { part };
        egui::Rect::from_min_max(
            pos2(side(part.left(), seen.left(), pressed.left()), side(part.top(), seen.top(), pressed.top())),
            pos2(side(part.right(), seen.right(), pressed.right()), side(part.bottom(), seen.bottom(), pressed.bottom())),
        )
    }

    /// Words; gives the box that they take.
    pub fn text(&self, at: Pos2, anchor: Align2, words: &str, font: Font, colour: Color32) -> egui::Rect {
        if words.is_empty() {
            return egui::Rect::from_min_size(at, Vec2::ZERO);
        }
        let galley = self.laid_out(words, font);
        let rect = anchor.anchor_size(at, galley.size());
        self.painter.galley(rect.min, galley, colour);
        rect
    }

    /// How wide words would be, in points.
    pub fn text_width(&self, words: &str, font: Font) -> f32 {
        self.laid_out(words, font).size().x
    }

    fn laid_out(&self, words: &str, font: Font) -> Arc<Galley> {
        self.letters.laid_out(self.painter, words, font.id(self.theme(), self.scale))
    }

    /// Words shortened with an ellipsis to a width in points.
    pub fn fitted(&self, words: &str, font: Font, width: f32) -> String {
        if self.text_width(words, font) <= width {
            return words.to_owned();
        }
        let mut short: String = words.to_owned();
        while short.pop().is_some() {
            let candidate = format!("{}\u{2026}", short.trim_end());
            if self.text_width(&candidate, font) <= width {
                return candidate;
            }
        }
        String::new()
    }

    /// A filled box with an outline inside its edge.
    pub fn boxed(&self, rect: egui::Rect, fill: Color32, line: Stroke) {
        self.painter.rect(rect, self.corner(), fill, line, StrokeKind::Inside);
    }

    /// A filled box without corners.
    pub fn filled(&self, rect: egui::Rect, fill: Color32) {
        self.painter.rect_filled(rect, 0.0, fill);
    }

    /// The dashed outline of what is not good.
    pub fn dashed_box(&self, rect: egui::Rect, line: Stroke) {
        let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
        self.dashed(&corners, line);
    }

    /// A dashed line.
    pub fn dashed(&self, points: &[Pos2], line: Stroke) {
        let (dash, pause) = self.theme().dash;
        self.painter.extend(Shape::dashed_line(points, line, self.len(dash).max(2.0), self.len(pause).max(2.0)));
    }

    /// A straight line.
    pub fn line(&self, from: Pos2, to: Pos2, line: Stroke) {
        self.painter.line_segment([from, to], line);
    }

    /// A convex shape.
    pub fn polygon(&self, points: Vec<Pos2>, fill: Color32, line: Stroke) {
        self.painter.add(Shape::convex_polygon(points, fill, line));
    }

    /// A line through many points.
    pub fn path(&self, points: Vec<Pos2>, line: impl Into<PathStroke>) {
        self.painter.add(Shape::line(points, line));
    }

    /// A circle.
    pub fn circle(&self, centre: Pos2, radius: f32, fill: Color32, line: Stroke) {
        self.painter.circle(centre, radius, fill, line);
    }

    /// A circle with a dashed outline.
    pub fn dashed_circle(&self, centre: Pos2, radius: f32, fill: Color32, line: Stroke) {
        self.painter.circle_filled(centre, radius, fill);
        let around = (0..=48u8).map(|step| {
            let angle = f32::from(step) / 48.0 * std::f32::consts::TAU;
            centre + vec2(angle.cos(), angle.sin()) * radius
        });
        self.dashed(&around.collect::<Vec<_>>(), line);
    }

    /// Slanted lines over a box: nothing is known here.
    pub fn hatch(&self, rect: egui::Rect, colour: Color32) {
        let painter = self.clipped(rect);
        let step = self.len(7.0).max(4.0);
        let mut x = rect.left() - rect.height();
        while x < rect.right() {
            painter.line_segment(
                [pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())],
                Stroke::new(self.len(1.0).max(1.0), colour),
            );
            x += step;
        }
    }
}
