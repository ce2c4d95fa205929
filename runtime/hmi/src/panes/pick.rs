//! Which tags lie under the pointer: what a right click, a long press or the key `i` is about.

use std::sync::Arc;

use egui::{Context, Key, Modifiers, Pos2, Rect};
use plantroom_scene::{Object, Point, Reading, Scene, Symbol};

/// How long a press must be to be a long one, in s: longer than what egui still takes for a click, so that the same
/// press never fires a command.
const LONG_S: f64 = 0.9;
/// How far a finger may move meanwhile, in points.
const STEADY: f32 = 8.0;

/// A scene as it was painted.
pub struct Surface<'a> {
    /// What.
    pub scene: &'a Scene,
    /// Its part of the window.
    pub clip: Rect,
    /// Where its (0, 0) is.
    pub origin: Pos2,
    /// Points a unit.
    pub scale: f32,
    /// The salt of its objects' ids.
    pub salt: egui::Id,
    /// Its window; `None` for the screen behind all windows.
    pub layer: Option<egui::Id>,
}

/// What somebody wants to know everything about: the tags of an object, the one that was meant first. An empty list is
/// the wish without an object. `surfaces` are what is painted, the uppermost first.
pub fn picked(ctx: &Context, surfaces: &[Surface<'_>]) -> Option<Vec<String>> {
    let pointer = ctx.input(|input| input.pointer.latest_pos());
    let window =
        pointer.and_then(|at| ctx.layer_id_at(at)).filter(|layer| layer.order > egui::Order::Background).map(|layer| layer.id);
    let clicked = ctx.input(|input| input.pointer.secondary_clicked());
    if clicked || held(ctx) {
        let at = pointer?;
        let found = under(surfaces, at, window)?;
        return (!found.is_empty()).then_some(found);
    }
    let typing = ctx.egui_wants_keyboard_input();
    if !typing && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::I)) {
        let focused = ctx.memory(|memory| memory.focused());
        let by_focus = focused.and_then(|id| surfaces.iter().find_map(|surface| of_focus(surface, id)));
        return Some(by_focus.or_else(|| under(surfaces, pointer?, window)).unwrap_or_default());
    }
    None
}

/// True once, when a press without movement has lasted long enough.
fn held(ctx: &Context) -> bool {
    let (down, since, now, steady) = ctx.input(|input| {
        let pointer = &input.pointer;
        let moved = pointer.press_origin().zip(pointer.latest_pos()).map(|(from, to)| from.distance(to));
        (pointer.primary_down(), pointer.press_start_time(), input.time, moved.is_some_and(|moved| moved < STEADY))
    });
    let id = egui::Id::unique("long press");
    let Some(since) = since.filter(|_| down && steady) else { return false };
    let told = ctx.data(|data| data.get_temp::<f64>(id)) == Some(since);
    let is_long = now - since >= LONG_S && !told;
    if is_long {
        ctx.data_mut(|data| data.insert_temp(id, since));
    }
    is_long
}

/// The tags of the object under a place; nothing where none is. What lies under a window isn't meant.
fn under(surfaces: &[Surface<'_>], at: Pos2, window: Option<egui::Id>) -> Option<Vec<String>> {
    let surface = surfaces.iter().find(|surface| surface.layer == window && surface.clip.contains(at))?;
    let place = Point { x: (at.x - surface.origin.x) / surface.scale, y: (at.y - surface.origin.y) / surface.scale };
    let objects = surface.scene.objects().iter().rev().filter(|object| *object.visible.get());
    let mut found = objects.filter(|object| holds(object, place)).map(|object| tags_of(object, Some(place)));
    found.find(|tags| !tags.is_empty())
}

fn holds(object: &Object, at: Point) -> bool {
    let r = object.rect;
    (r.x..=r.x + r.w).contains(&at.x) && (r.y..=r.y + r.h).contains(&at.y)
}

fn of_focus(surface: &Surface<'_>, id: egui::Id) -> Option<Vec<String>> {
    let of = |object: &&Object| {
        let own = surface.salt.with(object.id.0);
        own == id
            || ["button", "setpoint", "table"].iter().any(|part| own.with(*part) == id || own.with(*part).with("rows") == id)
            || (0..8_usize).any(|choice| own.with("switch").with(choice) == id)
    };
    let object = surface.scene.objects().iter().find(of)?;
    Some(tags_of(object, None)).filter(|tags| !tags.is_empty())
}

/// The tags that an object shows or writes, the main one first; of a table those of the row at a place.
pub fn tags_of(object: &Object, at: Option<Point>) -> Vec<String> {
    let mut tags: Vec<Arc<str>> = Vec::new();
    let mut add = |reading: &Reading| {
        if let Some(tag) = reading.tag().filter(|tag| reading.is_known() && !tags.contains(*tag)) {
            tags.push(Arc::clone(tag));
        }
    };
    match &object.symbol {
        Symbol::Machine(own) => [&own.state, &own.running, &own.value, &own.fault, &own.manual].into_iter().for_each(add),
        Symbol::Valve(own) => [&own.position, &own.fault, &own.manual].into_iter().for_each(add),
        Symbol::Bar(own) => [&own.reading, &own.setpoint].into_iter().for_each(add),
        Symbol::Gauge(own) => [&own.reading, &own.setpoint].into_iter().for_each(add),
        Symbol::Switch(own) => [&own.reading, &own.target].into_iter().for_each(add),
        Symbol::Button(own) => add(&own.target),
        Symbol::Trend(own) => own.pens.iter().for_each(|pen| add(&pen.reading)),
        Symbol::AlarmBanner(own) => own.readings.iter().for_each(add),
        Symbol::Table(own) => {
            // Where the operator has scrolled to is not known here: with few rows the row is, with many all are offered.
            let place = at.map(|at| ((at.y - object.rect.y) / own.row_h.max(1.0)) as usize).and_then(|row| row.checked_sub(1));
            let fits = own.rows.len() as f32 * own.row_h <= object.rect.h - own.row_h;
            let order = own.order(own.sort);
            match place.filter(|_| fits).and_then(|place| own.rows.get(*order.get(place)? as usize)) {
                Some(row) => row.cells.iter().for_each(add),
                None => own.rows.iter().take(40).filter_map(|row| row.cells.first()).for_each(add),
            }
        }
        other => crate::paint::main_reading(other).into_iter().for_each(add),
    }
    tags.iter().map(ToString::to_string).collect()
}
