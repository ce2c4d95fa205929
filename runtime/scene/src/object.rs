//! One thing on a screen: where it is, where it was written, what it shows.

use std::fmt;
use std::sync::Arc;

use crate::{Layer, Prop, Reading, ScriptError, Symbol};

/// A place on the screen, in the screen's own units (`size` in `screen(...)`), y downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

/// A box on the screen, in the screen's own units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width; never negative.
    pub w: f32,
    /// Height; never negative.
    pub h: f32,
}

impl Rect {
    /// Its middle.
    pub fn centre(self) -> Point {
        Point { x: self.x + self.w / 2.0, y: self.y + self.h / 2.0 }
    }

    /// The smallest box around some points.
    pub fn around(points: &[Point]) -> Self {
        let Some(first) = points.first() else { return Self::default() };
        let (mut low, mut high) = (*first, *first);
        for point in points {
            low = Point { x: low.x.min(point.x), y: low.y.min(point.y) };
            high = Point { x: high.x.max(point.x), y: high.y.max(point.y) };
        }
        Self { x: low.x, y: low.y, w: high.x - low.x, h: high.y - low.y }
    }

    /// Whether it lies within a box of this size at the origin, with half a unit of grace.
    pub fn fits(self, (width, height): (f32, f32)) -> bool {
        self.x >= -0.5 && self.y >= -0.5 && self.x + self.w <= width + 0.5 && self.y + self.h <= height + 0.5
    }
}

/// Where in a script something was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File below `screens/`: `2_high_lift.rhai`.
    pub file: Arc<str>,
    /// Line, from 1; 0 if not known.
    pub line: u32,
    /// Column, from 1; 0 if not known.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// An object's number: its place in [`crate::Scene::objects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// Something that can be fired: a click, a button, an entered setpoint. Valid for the scene that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u32);

/// One thing on a screen. Objects are painted in their order: the later ones lie on top.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its number.
    pub id: ObjectId,
    /// Where it was written: the call in the script.
    pub place: Place,
    /// Where the part that it belongs to was placed, if it belongs to one.
    pub placed_by: Option<Place>,
    /// The box of its body. Labels, limit marks and quality letters lie beside it.
    pub rect: Rect,
    /// What it is and what it shows.
    pub symbol: Symbol,
    /// The tabs or the pop-up that it is in, if it is in one: painted only while that page is open.
    pub layer: Option<Layer>,
    /// Shown at all.
    pub visible: Prop<bool>,
    /// What a click on its body fires (opens a faceplate or a screen). Buttons, setpoints and switches carry their own event.
    pub click: Option<EventId>,
    /// For the pointer and for screen readers: what it is in words, with its tag.
    pub tip: String,
    /// What went wrong in one of its closures; painted on the object with file and line. The other objects live on.
    pub error: Option<ScriptError>,
}

/// How wide and high what is pressed should be, in points at a UI scale of 1: 9 mm (WCAG 2.2, 2.5.5).
pub const TOUCH_POINTS: f32 = 44.0;

impl Object {
    /// Whether a press on its body does something.
    pub fn is_pressed(&self) -> bool {
        let by_itself = matches!(self.symbol, Symbol::Button(_) | Symbol::Setpoint(_) | Symbol::Switch(_) | Symbol::Popup(_));
        by_itself || self.click.is_some()
    }

    /// Whether it belongs to a tag that this plant doesn't have, and may miss: nothing of it is painted.
    pub fn is_left_out(&self) -> bool {
        let gone = |reading: &Reading| !reading.is_present();
        match &self.symbol {
            Symbol::Value(value) => gone(&value.reading),
            Symbol::Bar(bar) => gone(&bar.reading),
            Symbol::Gauge(gauge) => gone(&gauge.reading),
            Symbol::Instrument(instrument) => gone(&instrument.reading),
            Symbol::Lamp(lamp) => gone(&lamp.reading),
            Symbol::Setpoint(point) => gone(&point.reading),
            Symbol::Permissives(own) => gone(&own.target),
            Symbol::Switch(switch) => gone(&switch.reading) || gone(&switch.target),
            Symbol::Button(button) => button.target.tag().is_some() && gone(&button.target),
            Symbol::Trend(trend) => trend.pens.iter().all(|pen| gone(&pen.reading)),
            _ => false,
        }
    }
}
