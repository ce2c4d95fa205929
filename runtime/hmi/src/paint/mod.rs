//! Paints scenes: one file a symbol, one function to paint them all.
//!
//! Start at [`paint`]. Nothing here changes anything: what was pressed comes back as [`Hit`]s.

mod bar;
mod canvas;
pub mod control;
mod lamp;
mod machine;
pub mod marks;
mod pipe;
mod tank;
mod text;
mod trend;
mod value;
mod valve;

use egui::{Role, Sense, Ui, WidgetInfo};
use jiff::tz::TimeZone;
use plantroom_model::{Utc, Value};
use plantroom_scene::{EventId, Object, Reading, Scene, Symbol};

pub use canvas::{Canvas, Font};
pub use marks::Sign;

use crate::theme::THEME;
use crate::trend::Recorder;

/// What painting needs besides the scene.
pub struct View<'a> {
    /// The station's time, once it was heard.
    pub now: Option<Utc>,
    /// The plant's time zone.
    pub zone: &'a TimeZone,
    /// What pens drew so far.
    pub recorder: &'a Recorder,
    /// Why nothing can be commanded now, if nothing can.
    pub blocked: Option<&'a str>,
}

/// What was pressed.
#[derive(Clone, Debug)]
pub enum Hit {
    /// Something that fires at once.
    Fire {
        /// What to fire.
        event: EventId,
        /// With what, for a switch.
        value: Option<Value>,
        /// Where it was pressed: a confirmation opens beside it.
        rect: egui::Rect,
    },
    /// A setpoint: the operator must enter a value first.
    Enter {
        /// What to fire with the entered value.
        event: EventId,
        /// What it shows now, with its unit and range.
        reading: Reading,
        /// What it is called.
        name: String,
        /// Where it was pressed.
        rect: egui::Rect,
    },
}

/// Where things are, so that what stands beside one isn't hidden by the next, and stays on its panel.
pub struct Crowd {
    boxes: Vec<egui::Rect>,
    panels: Vec<egui::Rect>,
}

impl Crowd {
    /// Above so many objects nobody looks for a free place: the search is quadratic.
    const MOST: usize = 1_500;

    fn of(scene: &Scene, c: &Canvas<'_>) -> Self {
        let mut crowd = Self { boxes: Vec::new(), panels: Vec::new() };
        let objects = scene.objects();
        for object in objects.iter().filter(|_| objects.len() <= Self::MOST) {
            match &object.symbol {
                Symbol::Text(_) => {}
                Symbol::Panel(_) => crowd.panels.push(c.rect(object.rect)),
                Symbol::Pipe(pipe) => crowd.boxes.extend(pipe.points.windows(2).map(|ends| {
                    let run = egui::Rect::from_two_pos(c.point(ends[0]), c.point(ends[1]));
                    run.expand(c.len(pipe.width / 2.0))
                })),
                _ => crowd.boxes.push(c.rect(object.rect)),
            }
        }
        crowd
    }

    /// Whether nothing but `own` is there, and it doesn't leave the panel that `own` is on.
    pub fn is_free(&self, rect: egui::Rect, own: egui::Rect) -> bool {
        let alone = !self.boxes.iter().any(|other| *other != own && other.intersects(rect));
        alone && self.panels.iter().all(|panel| !panel.contains_rect(own) || panel.contains_rect(rect))
    }
}

/// Paints a scene and tells what was pressed.
pub fn paint(ui: &Ui, c: &Canvas<'_>, salt: egui::Id, scene: &Scene, view: &View<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let crowd = Crowd::of(scene, c);
    for object in scene.objects().iter().filter(|object| *object.visible.get()) {
        let id = salt.with(object.id.0);
        hits.extend(clicked(ui, c, id, object, view));
        hits.extend(symbol(ui, c, id, object, &crowd, view));
        if let Some(error) = &object.error {
            broken(ui, c, id, object, scene.header().size.0, &error.to_string());
        }
    }
    hits
}

fn symbol(ui: &Ui, c: &Canvas<'_>, id: egui::Id, object: &Object, crowd: &Crowd, view: &View<'_>) -> Option<Hit> {
    let (rect, now) = (c.rect(object.rect), view.now);
    match &object.symbol {
        Symbol::Tank(tank) => tank::paint(c, rect, tank, now),
        Symbol::Pump(pump) => machine::paint(c, rect, pump, machine::Kind::Pump, now),
        Symbol::Motor(motor) => machine::paint(c, rect, motor, machine::Kind::Motor, now),
        Symbol::Valve(valve) => valve::paint(c, rect, valve, now),
        Symbol::Pipe(pipe) => pipe::paint(c, pipe),
        Symbol::Lamp(lamp) => lamp::paint(c, rect, lamp, now),
        Symbol::Value(value) => value::paint(c, rect, value, crowd, now),
        Symbol::Bar(bar) => bar::paint(c, rect, bar, now),
        Symbol::Text(words) => text::paint(c, rect, words),
        Symbol::Panel(panel) => text::panel(c, rect, panel),
        Symbol::Trend(trend) => trend::paint(c, rect, trend, view),
        Symbol::Button(button) => return control::button(ui, c, rect, id.with("button"), button, view),
        Symbol::Setpoint(point) => return control::setpoint(ui, c, (rect, crowd), id.with("setpoint"), point, view),
        Symbol::Switch(switch) => return control::switch(ui, c, (rect, crowd), id.with("switch"), switch, view),
        Symbol::Navigation(tabs) => return control::navigation(ui, c, rect, id.with("tabs"), tabs),
    }
    None
}

/// The reading that an object is about.
pub fn main_reading(symbol: &Symbol) -> Option<&Reading> {
    match symbol {
        Symbol::Tank(tank) => Some(&tank.level),
        Symbol::Pump(machine) | Symbol::Motor(machine) if machine.state.is_present() => Some(&machine.state),
        Symbol::Pump(machine) | Symbol::Motor(machine) => Some(&machine.running),
        Symbol::Valve(valve) => Some(&valve.position),
        Symbol::Lamp(lamp) => Some(&lamp.reading),
        Symbol::Value(value) => Some(&value.reading),
        Symbol::Bar(bar) => Some(&bar.reading),
        Symbol::Setpoint(point) => Some(&point.reading),
        Symbol::Switch(switch) => Some(&switch.reading),
        Symbol::Pipe(pipe) => Some(&pipe.flow),
        Symbol::Text(_) | Symbol::Button(_) | Symbol::Navigation(_) | Symbol::Trend(_) | Symbol::Panel(_) => None,
    }
}

/// What deserves attention about an object.
pub fn sign_of(symbol: &Symbol) -> Option<Sign> {
    match symbol {
        Symbol::Pump(machine) | Symbol::Motor(machine) => machine::sign_of(machine),
        Symbol::Valve(valve) => valve::sign_of(valve),
        Symbol::Lamp(lamp) if lamp.reading.is_good() => {
            (lamp.abnormal.is_some() && lamp.is_abnormal() == Some(true)).then_some(Sign::Abnormal)
        }
        other => main_reading(other).and_then(Sign::of),
    }
}

/// An object that opens something, or only tells what it is.
fn clicked(ui: &Ui, c: &Canvas<'_>, id: egui::Id, object: &Object, view: &View<'_>) -> Option<Hit> {
    let rect = c.rect(object.rect);
    let words = control::described(&object.tip, main_reading(&object.symbol), view.now);
    if let Some(event) = object.click {
        let response = control::press(ui, rect, id, Role::Button, &words, None);
        if response.hovered() {
            let line = c.stroke(1.5, THEME.focus);
            c.add(egui::Shape::rect_stroke(rect.expand(c.len(3.0)), c.corner(), line, egui::StrokeKind::Middle));
        }
        control::focus(c, &response);
        let response = response.on_hover_text(words);
        return response.clicked().then_some(Hit::Fire { event, value: None, rect });
    }
    let told = match &object.symbol {
        Symbol::Text(text) => text.text.get().clone(),
        Symbol::Panel(_)
        | Symbol::Button(_)
        | Symbol::Setpoint(_)
        | Symbol::Switch(_)
        | Symbol::Navigation(_)
        | Symbol::Pipe(_) => {
            return None;
        }
        _ => words,
    };
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
    if !matches!(object.symbol, Symbol::Text(_)) {
        response.on_hover_text(told);
    }
    None
}

/// Marks an object whose script failed; the message stands under the pointer and for screen readers.
fn broken(ui: &Ui, c: &Canvas<'_>, id: egui::Id, object: &Object, width: f32, message: &str) {
    let rect = c.rect(object.rect);
    c.dashed_box(rect.expand(c.len(2.0)), c.stroke(2.0, THEME.urgent));
    marks::sign(c, rect.left_top(), 16.0, Sign::Fault);
    let leftwards = object.rect.x > width / 2.0;
    let (corner, anchor, room) = if leftwards {
        (rect.right_bottom(), egui::Align2::RIGHT_TOP, object.rect.x + object.rect.w)
    } else {
        (rect.left_bottom(), egui::Align2::LEFT_TOP, width - object.rect.x)
    };
    let words = c.fitted(message, Font::SMALL_BOLD, c.len(room - 8.0));
    let used = c.text(corner + egui::vec2(0.0, c.len(4.0)), anchor, &words, Font::SMALL_BOLD, THEME.text);
    let response = ui.interact(rect.union(used), id.with("error"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, message));
    response.on_hover_text(message);
}
