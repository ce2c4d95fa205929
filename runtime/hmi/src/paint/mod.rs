//! Paints scenes: one file a symbol, one function to paint them all.
//!
//! Start at [`paint`]. Nothing here changes anything: what was pressed comes back as [`Hit`]s.

mod alarms;
mod banner;
mod bar;
mod canvas;
pub mod control;
mod gauge;
mod image;
mod instrument;
mod kept;
mod lamp;
pub mod layers;
mod letters;
mod machine;
pub mod marks;
mod permissives;
mod pipe;
mod reach;
mod table;
mod tank;
mod text;
mod trend;
mod value;
mod valve;

use egui::{Role, Sense, Ui, WidgetInfo};
use jiff::tz::TimeZone;
use plantroom_model::{Utc, Value};
use plantroom_scene::{AlarmsOf, EventId, Object, Reading, Scene, Symbol};

pub use canvas::{Canvas, Font};
#[cfg(not(target_arch = "wasm32"))]
pub use kept::Pretended;
#[cfg(not(target_arch = "wasm32"))]
pub use kept::off_id as nothing_kept;
pub use kept::{Card, Kept};
pub use marks::Sign;

use kept::Item;
use layers::Fate;

use crate::trend::Recorder;

/// What painting needs besides the scene.
pub struct View<'a> {
    /// The station's time, once it was heard.
    pub now: Option<Utc>,
    /// The plant's time zone.
    pub zone: &'a TimeZone,
    /// What pens drew so far.
    pub recorder: &'a Recorder,
    /// Alarms, where a station tells of them.
    pub alarms: Option<&'a crate::alarms::Table>,
    /// Why nothing can be commanded now, if nothing can.
    pub blocked: Option<&'a str>,
    /// What must be so before a tag may be written, and whether it is.
    pub conditions: &'a dyn Fn(&str) -> Vec<plantroom_scene::Condition>,
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
    /// An alarm: everything about the one of this name.
    Alarm(String),
    /// An alarm: to the screen of the one of this name.
    Jump(String),
    /// All of these alarms.
    Alarms(AlarmsOf),
}

/// Where things are, so that what stands beside one isn't hidden by the next, and stays on its panel.
#[derive(Default)]
pub struct Crowd {
    boxes: Vec<egui::Rect>,
    panels: Vec<egui::Rect>,
    reach: reach::Reach,
}

impl Crowd {
    /// Above so many objects nobody looks for a free place: the search is quadratic.
    const MOST: usize = 1_500;

    fn of(scene: &Scene, c: &Canvas<'_>) -> Self {
        let mut crowd = Self { boxes: Vec::new(), panels: Vec::new(), reach: reach::Reach::of(scene, c) };
        let objects = scene.objects();
        for object in objects.iter().filter(|_| objects.len() <= Self::MOST) {
            match &object.symbol {
                Symbol::Text(_) | Symbol::Tabs(_) | Symbol::Image(_) => {}
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

/// Paints a scene and tells what was pressed. `kept` is what was painted of it the last time.
pub fn paint(ui: &Ui, c: &Canvas<'_>, salt: egui::Id, scene: &Scene, view: &View<'_>, kept: &mut Kept) -> Vec<Hit> {
    let mut hits = Vec::new();
    let fates = layers::fates(ui.ctx(), salt, scene);
    let senses = Senses::of(ui, salt, scene);
    let draw = |c: &Canvas<'_>, object: &Object, crowd: &Crowd| drawn(c, object, crowd, view);
    let (items, touches, crowd) = kept.refresh((ui, c), (scene, &fates), view, &draw);
    let scenery = Scenery { ui, c, salt, scene, crowd, view, senses };
    let objects = scene.objects();
    for item in items {
        match item {
            Item::Direct(place) => objects.get(*place as usize).into_iter().for_each(|object| scenery.object(object, &mut hits)),
            Item::Run { from, to, plates } => {
                kept::add(c.painter(), plates);
                let run = *from as usize..*to as usize;
                for (place, touch) in run.clone().zip(touches.get(run).unwrap_or_default()) {
                    if touch.is_pressed || senses.reach(touch.rect) {
                        objects.get(place).into_iter().for_each(|object| scenery.touched(object, &mut hits));
                    }
                }
            }
        }
    }
    // Open pop-ups lie over everything else, the inner ones over the outer ones.
    for (place, holder) in objects.iter().enumerate().filter(|_| !fates.is_empty()) {
        let Symbol::Popup(popup) = &holder.symbol else { continue };
        if fates.iter().any(|fate| *fate == Fate::In(holder.id)) && fates.get(place) != Some(&Fate::Hidden) {
            layers::ground(ui, c, salt.with(holder.id.0), c.rect(holder.rect), popup);
            for (object, _) in objects.iter().zip(&fates).filter(|(_, fate)| **fate == Fate::In(holder.id)) {
                scenery.object(object, &mut hits);
            }
        }
    }
    hits
}

/// Who listens: with nobody there, what only tells something needn't be made ready to tell it.
#[derive(Clone, Copy)]
struct Senses {
    pointer: Option<egui::Pos2>,
    /// A screen reader.
    reader: bool,
}

impl Senses {
    fn of(ui: &Ui, salt: egui::Id, scene: &Scene) -> Self {
        let title = &scene.header().title;
        // Only with a screen reader there is a node to be written.
        let reader = ui.ctx().accesskit_node_builder(salt.with("whole"), |node| {
            node.set_role(egui::accesskit::Role::Group);
            node.set_label(title.clone());
        });
        Self { pointer: ui.input(|input| input.pointer.latest_pos()), reader: reader.is_some() }
    }

    fn reach(self, rect: egui::Rect) -> bool {
        self.reader || self.pointer.is_some_and(|at| rect.contains(at))
    }
}

/// What every object of a frame is painted with.
struct Scenery<'a> {
    ui: &'a Ui,
    c: &'a Canvas<'a>,
    salt: egui::Id,
    scene: &'a Scene,
    crowd: &'a Crowd,
    view: &'a View<'a>,
    senses: Senses,
}

impl<'a> Scenery<'a> {
    /// Where an object is painted, and pressed.
    fn canvas(&self, object: &Object) -> std::borrow::Cow<'_, Canvas<'a>> {
        match self.crowd.reach.area(object.id) {
            Some(area) => std::borrow::Cow::Owned(self.c.reaching(self.c.rect(object.rect), area)),
            None => std::borrow::Cow::Borrowed(self.c),
        }
    }

    /// What presses, focus and the pointer do to an object, whoever painted it.
    fn touched(&self, object: &Object, hits: &mut Vec<Hit>) {
        if *object.visible.get() && !object.is_left_out() {
            let c = self.canvas(object);
            hits.extend(clicked(self.ui, &c, self.salt.with(object.id.0), (self.scene, object), self.view, self.senses));
        }
    }

    fn object(&self, object: &Object, hits: &mut Vec<Hit>) {
        if !*object.visible.get() || object.is_left_out() {
            return;
        }
        let (ui, c, id) = (self.ui, self.c, self.salt.with(object.id.0));
        self.touched(object, hits);
        hits.extend(self.symbol(id, object));
        if let Some(error) = &object.error {
            broken(ui, c, id, object, self.scene.header().size.0, &error.to_string());
        }
    }

    fn symbol(&self, id: egui::Id, object: &Object) -> Option<Hit> {
        let Self { ui, crowd, view, scene, .. } = *self;
        let c = &*self.canvas(object);
        let rect = c.rect(object.rect);
        match &object.symbol {
            Symbol::Table(own) => return table::paint(ui, c, rect, id.with("table"), own, view),
            Symbol::Tabs(own) => layers::tabs(ui, c, (rect, id), own, (object.id, scene)),
            Symbol::Popup(own) => layers::popup(ui, c, (rect, id), own, (object.id, scene)),
            Symbol::AlarmBanner(own) => return banner::paint(ui, c, rect, id, own, (scene, view)),
            Symbol::Alarms(own) => return alarms::paint(ui, c, rect, id.with("alarms"), own, view),
            Symbol::Permissives(own) => permissives::paint(ui, c, rect, id.with("permissives"), own, view),
            Symbol::Image(own) => image::paint(ui, c, rect, id.with("image"), own),
            Symbol::Button(own) => return control::button(ui, c, rect, id.with("button"), own, view),
            Symbol::Setpoint(own) => return control::setpoint(ui, c, (rect, crowd), id.with("setpoint"), own, view),
            Symbol::Switch(own) => return control::switch(ui, c, (rect, crowd), id.with("switch"), own, view),
            Symbol::Navigation(own) => return control::navigation(ui, c, rect, id.with("tabs"), own),
            _ => drawn(c, object, crowd, view),
        }
        None
    }
}

/// Draws what is made from the scene alone; nothing of it can be pressed by itself.
fn drawn(c: &Canvas<'_>, object: &Object, crowd: &Crowd, view: &View<'_>) {
    if object.is_left_out() {
        return;
    }
    let (rect, now) = (c.rect(object.rect), view.now);
    match &object.symbol {
        Symbol::Tank(tank) => tank::paint(c, rect, tank, now),
        Symbol::Machine(own) => machine::paint(c, rect, own, now),
        Symbol::Valve(valve) => valve::paint(c, rect, valve, now),
        Symbol::Pipe(pipe) => pipe::paint(c, pipe),
        Symbol::Bus(own) => pipe::bus(c, own),
        Symbol::Instrument(own) => instrument::paint(c, rect, own, now),
        Symbol::Gauge(own) => gauge::paint(c, rect, own, now),
        Symbol::Lamp(lamp) => lamp::paint(c, rect, lamp, now),
        Symbol::Value(value) => value::paint(c, rect, value, crowd, now),
        Symbol::Bar(bar) => bar::paint(c, rect, bar, now),
        Symbol::Text(words) => text::paint(c, rect, words),
        Symbol::Panel(panel) => text::panel(c, rect, panel),
        Symbol::Trend(trend) => trend::paint(c, rect, trend, view),
        _ => {}
    }
}

/// The reading that an object is about.
pub fn main_reading(symbol: &Symbol) -> Option<&Reading> {
    match symbol {
        Symbol::Tank(tank) => Some(&tank.level),
        Symbol::Machine(machine) if machine.state.is_present() => Some(&machine.state),
        Symbol::Machine(machine) if machine.running.is_present() => Some(&machine.running),
        Symbol::Machine(machine) => Some(&machine.value),
        Symbol::Valve(valve) => Some(&valve.position),
        Symbol::Lamp(lamp) => Some(&lamp.reading),
        Symbol::Value(value) => Some(&value.reading),
        Symbol::Bar(bar) => Some(&bar.reading),
        Symbol::Gauge(gauge) => Some(&gauge.reading),
        Symbol::Instrument(instrument) => Some(&instrument.reading),
        Symbol::Setpoint(point) => Some(&point.reading),
        Symbol::Switch(switch) => Some(&switch.reading),
        Symbol::Pipe(pipe) => Some(&pipe.flow),
        Symbol::Bus(bus) => Some(&bus.live),
        Symbol::Trend(trend) if trend.spark => trend.pens.first().map(|pen| &pen.reading),
        Symbol::Text(_)
        | Symbol::Button(_)
        | Symbol::Navigation(_)
        | Symbol::Trend(_)
        | Symbol::Panel(_)
        | Symbol::Table(_)
        | Symbol::AlarmBanner(_)
        | Symbol::Alarms(_)
        | Symbol::Permissives(_)
        | Symbol::Tabs(_)
        | Symbol::Popup(_)
        | Symbol::Image(_) => None,
    }
}

/// What deserves attention about an object.
pub fn sign_of(symbol: &Symbol) -> Option<Sign> {
    match symbol {
        Symbol::Machine(machine) => machine::sign_of(machine),
        Symbol::Table(table) => {
            let signs = table.rows.iter().flat_map(|row| &row.cells).filter_map(Sign::of);
            signs.min_by_key(|sign| sign.rank())
        }
        Symbol::Valve(valve) => valve::sign_of(valve),
        Symbol::Lamp(lamp) if lamp.reading.is_good() => {
            (lamp.abnormal.is_some() && lamp.is_abnormal() == Some(true)).then_some(Sign::Abnormal)
        }
        other => main_reading(other).and_then(Sign::of),
    }
}

/// An object that opens something, or only tells what it is.
fn clicked(
    ui: &Ui,
    c: &Canvas<'_>,
    id: egui::Id,
    (scene, object): (&Scene, &Object),
    view: &View<'_>,
    senses: Senses,
) -> Option<Hit> {
    let rect = c.rect(object.rect);
    let described = || {
        let words = control::described(c.look(), &object.tip, main_reading(&object.symbol), view.now);
        let alarms = view.alarms.and_then(|table| crate::alarms::marks::told(c.look(), scene, object, table));
        alarms.map_or(words.clone(), |alarms| format!("{words}, {alarms}"))
    };
    if let Some(event) = object.click {
        // What is pressed must be known before it is pressed, by mouse, finger and Tab: always.
        let words = if senses.reach(rect) { described() } else { String::new() };
        let response = control::press(ui, c, rect, id, (Role::Button, &words), None);
        if response.hovered() {
            let line = c.stroke(1.5, c.theme().focus);
            c.add(egui::Shape::rect_stroke(rect.expand(c.len(3.0)), c.corner(), line, egui::StrokeKind::Middle));
        }
        control::focus(c, &response);
        let response = if words.is_empty() { response } else { response.on_hover_text(words) };
        return response.clicked().then_some(Hit::Fire { event, value: None, rect });
    }
    if !senses.reach(rect) {
        return None;
    }
    let told = match &object.symbol {
        Symbol::Text(text) => text.text.get().clone(),
        Symbol::Panel(_)
        | Symbol::Button(_)
        | Symbol::Setpoint(_)
        | Symbol::Switch(_)
        | Symbol::Navigation(_)
        | Symbol::Table(_)
        | Symbol::AlarmBanner(_)
        | Symbol::Alarms(_)
        | Symbol::Permissives(_)
        | Symbol::Tabs(_)
        | Symbol::Popup(_)
        | Symbol::Pipe(_) => {
            return None;
        }
        _ => described(),
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
    c.dashed_box(rect.expand(c.len(2.0)), c.stroke(2.0, c.theme().urgent));
    marks::sign(c, rect.left_top(), 16.0, Sign::Fault);
    let leftwards = object.rect.x > width / 2.0;
    let (corner, anchor, room) = if leftwards {
        (rect.right_bottom(), egui::Align2::RIGHT_TOP, object.rect.x + object.rect.w)
    } else {
        (rect.left_bottom(), egui::Align2::LEFT_TOP, width - object.rect.x)
    };
    let words = c.fitted(message, Font::SMALL_BOLD, c.len(room - 8.0));
    let used = c.text(corner + egui::vec2(0.0, c.len(4.0)), anchor, &words, Font::SMALL_BOLD, c.theme().text);
    let response = ui.interact(rect.union(used), id.with("error"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, message));
    response.on_hover_text(message);
}
