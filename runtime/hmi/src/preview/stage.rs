//! What lies over the console's screen while it is edited: the chosen object, drags, and what follows what.

use std::collections::HashMap;

use egui::{Align2, Color32, CursorIcon, Key, Modifiers, Pos2, Sense, Stroke, Ui, Vec2, vec2};
use plantroom_scene::edit::{Coordinate, Movable, movable};
use plantroom_scene::{Binding, ObjectId, Place, Point, Scene};

use super::hit;
use crate::fonts;
use crate::look::Look;
use crate::paint::layers::{Fate, fates};

/// What was chosen, by where it was written: that survives a reload, object numbers don't.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Its call, or that of its part.
    pub place: Place,
    /// The object's own call was meant, not the placing of its part.
    pub inner: bool,
    /// Which of the objects that this call drew.
    pub turn: usize,
}

/// What a person did on the stage.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Chose something, or nothing.
    Choose(Option<Chosen>),
    /// Moved what is chosen, in the screen's units.
    Move(f64, f64),
    /// Made what is chosen so large, in the screen's units.
    Resize(f64, f64),
    /// Pointed at a free place, in the screen's units.
    Point(Point),
    /// Wants the chosen line in the editor.
    Edit,
}

/// A drag that is going on.
#[derive(Clone, Copy, Default)]
struct Drag {
    by: Vec2,
    /// It began at the lower right corner of what was chosen, whose size this is: the size is dragged, not the place.
    sizes: Option<Vec2>,
}

/// Where the screen is painted.
#[derive(Clone, Copy)]
pub struct Ground {
    /// The screen's part of the window.
    pub body: egui::Rect,
    /// Where its (0, 0) is.
    pub origin: Pos2,
    /// Points a unit.
    pub scale: f32,
    /// Of its painted objects' ids.
    pub salt: egui::Id,
}

impl Ground {
    fn rect(&self, rect: plantroom_scene::Rect) -> egui::Rect {
        egui::Rect::from_min_size(self.origin + vec2(rect.x, rect.y) * self.scale, vec2(rect.w, rect.h) * self.scale)
    }

    fn unit(&self, at: Pos2) -> Point {
        let at = (at - self.origin) / self.scale;
        Point { x: at.x, y: at.y }
    }
}

/// What the overlay says of each object: evaluations a second.
pub type Rates = HashMap<ObjectId, f64>;

/// The stage's own memory.
#[derive(Default)]
pub struct Stage {
    drag: Option<Drag>,
}

/// How near to a corner it is meant, in points.
const CORNER: f32 = 9.0;

/// What the stage needs to know.
pub struct Scenery<'a> {
    /// What is open.
    pub scene: &'a Scene,
    /// Where it is painted.
    pub ground: Ground,
    /// What is chosen.
    pub chosen: Option<&'a Chosen>,
    /// The scripts by file.
    pub text: &'a dyn Fn(&str) -> Option<String>,
    /// To what coordinates snap, in the screen's units.
    pub grid: f64,
    /// The next click is for a place.
    pub placing: bool,
    /// Bindings and their cost are written on each object.
    pub overlay: Option<&'a Rates>,
}

impl Stage {
    /// Paints over the screen, and takes in what is done there.
    pub fn show(&mut self, ui: &Ui, scenery: &Scenery<'_>) -> Vec<Deed> {
        let ground = scenery.ground;
        let mut deeds = Vec::new();
        let fates = fates(ui.ctx(), ground.salt, scenery.scene);
        let is_shown = |id: ObjectId| fates.get(id.0 as usize).is_none_or(|fate| *fate != Fate::Hidden);
        let response = ui.interact(ground.body, egui::Id::unique("preview stage"), Sense::click_and_drag());
        let under = |at: Pos2| hit::object_at(scenery.scene, ground.unit(at), is_shown);
        let inner = ui.input(|input| input.modifiers.alt);

        if let Some(rates) = scenery.overlay {
            overlay(ui, scenery, rates, &is_shown);
        }
        let pressed = response.clicked() || response.drag_started();
        let at = if response.drag_started() {
            ui.input(|input| input.pointer.press_origin())
        } else {
            response.interact_pointer_pos()
        };
        if let (true, Some(at)) = (pressed, at) {
            if scenery.placing && response.clicked() {
                deeds.push(Deed::Point(ground.unit(at)));
            } else if let Some(size) = self.corner(scenery, at).filter(|_| response.drag_started()) {
                self.drag = Some(Drag { by: Vec2::ZERO, sizes: Some(size) });
            } else {
                let chosen = under(at).and_then(|id| chosen_of(scenery.scene, id, inner));
                // A drag of what is chosen already goes on with it, whatever lies over it.
                self.drag = (response.drag_started() && chosen.is_some()).then(Drag::default);
                deeds.push(Deed::Choose(chosen));
            }
        }
        if response.double_clicked() {
            deeds.push(Deed::Edit);
        }
        self.drags(ui, scenery, &response, &mut deeds);
        self.outline(ui, scenery, &response, under);
        if response.hovered() {
            let at_corner = response.hover_pos().is_some_and(|at| self.corner(scenery, at).is_some());
            let sizing = self.drag.is_some_and(|drag| drag.sizes.is_some()) || at_corner;
            let icon = match (scenery.placing, sizing) {
                (true, _) => CursorIcon::Crosshair,
                (false, true) => CursorIcon::ResizeNwSe,
                (false, false) => CursorIcon::Default,
            };
            ui.ctx().set_cursor_icon(icon);
        }
        if scenery.chosen.is_some() && !ui.ctx().text_edit_focused() {
            deeds.extend(nudge(ui, scenery.grid));
        }
        deeds
    }

    fn drags(&mut self, ui: &Ui, scenery: &Scenery<'_>, response: &egui::Response, deeds: &mut Vec<Deed>) {
        let Some(drag) = &mut self.drag else { return };
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            self.drag = None;
            return;
        }
        if response.dragged() {
            let origin = ui.input(|input| input.pointer.press_origin());
            if let (Some(origin), Some(now)) = (origin, response.interact_pointer_pos()) {
                drag.by = (now - origin) / scenery.ground.scale;
            }
        }
        if let (true, Some(size)) = (response.drag_stopped(), drag.sizes) {
            let by = drag.by;
            self.drag = None;
            if by != Vec2::ZERO {
                let size = (size + by).max(Vec2::splat(1.0));
                deeds.push(Deed::Resize(f64::from(size.x), f64::from(size.y)));
            }
        } else if response.drag_stopped() {
            let by = allowed(scenery, drag.by);
            self.drag = None;
            if by != Vec2::ZERO {
                deeds.push(Deed::Move(f64::from(by.x), f64::from(by.y)));
            } else {
                // Nothing can be moved; the reason is told when it is tried as it was meant.
                deeds.push(Deed::Move(0.0, 0.0));
            }
        }
    }

    /// The size of what is chosen, where a point lies at its lower right corner.
    fn corner(&self, scenery: &Scenery<'_>, at: Pos2) -> Option<Vec2> {
        let object = scenery.scene.object(object_of(scenery.scene, scenery.chosen?)?)?;
        let corner = scenery.ground.rect(object.rect).right_bottom() + vec2(4.0, 4.0);
        let is_near = (corner - at).abs().max_elem() <= CORNER;
        is_near.then(|| vec2(object.rect.w, object.rect.h))
    }

    fn outline(&self, ui: &Ui, scenery: &Scenery<'_>, response: &egui::Response, under: impl Fn(Pos2) -> Option<ObjectId>) {
        let painter = ui.painter();
        let line = |width, colour| Stroke::new(width, colour);
        if let Some(object) =
            response.hover_pos().filter(|_| self.drag.is_none()).and_then(under).and_then(|id| scenery.scene.object(id))
        {
            let rect = scenery.ground.rect(object.rect).expand(3.0);
            painter.rect_stroke(rect, 2.0, line(1.0, Look::of(ui.ctx()).theme.focus), egui::StrokeKind::Outside);
            label(
                ui,
                rect.left_top(),
                Align2::LEFT_BOTTOM,
                &format!("{} {}", object.symbol.word(), object.place),
                Look::of(ui.ctx()).theme.text_quiet,
            );
        }
        let Some(chosen) = scenery.chosen else { return };
        let sizes = self.drag.filter(|drag| drag.sizes.is_some()).map(|drag| drag.by * scenery.ground.scale);
        let moves = self.drag.filter(|drag| drag.sizes.is_none());
        let by = moves.map_or(Vec2::ZERO, |drag| allowed(scenery, drag.by)) * scenery.ground.scale;
        for id in hit::companions(scenery.scene, &chosen.place, chosen.inner) {
            let Some(object) = scenery.scene.object(id) else { continue };
            let mut rect = scenery.ground.rect(object.rect).expand(4.0).translate(by);
            rect.max = (rect.max + sizes.unwrap_or_default()).max(rect.min + Vec2::splat(2.0));
            painter.rect_stroke(rect, 2.0, line(2.0, Look::of(ui.ctx()).theme.focus), egui::StrokeKind::Outside);
            let handle = egui::Rect::from_center_size(rect.right_bottom(), Vec2::splat(8.0));
            painter.rect_filled(handle, 1.0, Look::of(ui.ctx()).theme.focus);
        }
        if let (Some(_), Some(id)) = (moves, object_of(scenery.scene, chosen))
            && let Some(object) = scenery.scene.object(id)
        {
            let corner = scenery.ground.rect(object.rect).translate(by).left_bottom();
            label(
                ui,
                corner + vec2(0.0, 6.0),
                Align2::LEFT_TOP,
                &moved_words(scenery, by / scenery.ground.scale),
                Look::of(ui.ctx()).theme.text,
            );
        }
    }
}

/// The chosen object in a scene that may have been built again since.
pub fn object_of(scene: &Scene, chosen: &Chosen) -> Option<ObjectId> {
    let all = hit::companions(scene, &chosen.place, chosen.inner);
    all.get(chosen.turn).or(all.first()).copied()
}

fn chosen_of(scene: &Scene, id: ObjectId, inner: bool) -> Option<Chosen> {
    let object = scene.object(id)?;
    let place = hit::handle(object, inner).clone();
    let turn = hit::companions(scene, &place, inner).iter().position(|other| *other == id).unwrap_or(0);
    Some(Chosen { place, inner, turn })
}

fn written(scenery: &Scenery<'_>) -> Option<Movable> {
    let place = &scenery.chosen?.place;
    movable(&(scenery.text)(&place.file)?, (place.line, place.column)).ok()
}

/// Along which axes the chosen object can go, and how far so that it lies on the grid.
fn allowed(scenery: &Scenery<'_>, by: Vec2) -> Vec2 {
    let Some(written) = written(scenery) else { return Vec2::ZERO };
    let along = |coordinate: &Coordinate, by: f32| match coordinate {
        Coordinate::Number(at) if scenery.grid > 0.0 && by != 0.0 => {
            (((at + f64::from(by)) / scenery.grid).round() * scenery.grid - at) as f32
        }
        Coordinate::Number(_) => by,
        Coordinate::Computed(_) => 0.0,
    };
    // What moved by less than half a step was meant to stay on its line, on the grid or not.
    let meant = |by: f32| if f64::from(by.abs()) < scenery.grid / 2.0 { 0.0 } else { by };
    vec2(along(&written.x, meant(by.x)), along(&written.y, meant(by.y)))
}

fn moved_words(scenery: &Scenery<'_>, by: Vec2) -> String {
    let Some(written) = written(scenery) else { return "can't be moved".to_owned() };
    let word = |coordinate: &Coordinate, by: f32| match coordinate {
        Coordinate::Number(at) => format!("{}", (at + f64::from(by)).round()),
        Coordinate::Computed(expression) => format!("`{expression}` (computed)"),
    };
    format!("{}, {}", word(&written.x, by.x), word(&written.y, by.y))
}

fn nudge(ui: &Ui, grid: f64) -> Option<Deed> {
    let step = if grid > 0.0 { grid } else { 1.0 };
    ui.ctx().input_mut(|input| {
        [
            (Key::ArrowLeft, (-step, 0.0)),
            (Key::ArrowRight, (step, 0.0)),
            (Key::ArrowUp, (0.0, -step)),
            (Key::ArrowDown, (0.0, step)),
        ]
        .into_iter()
        .find(|(key, _)| input.consume_key(Modifiers::NONE, *key))
        .map(|(_, (dx, dy))| Deed::Move(dx, dy))
    })
}

/// What each object follows and what that costs, written at its corner.
fn overlay(ui: &Ui, scenery: &Scenery<'_>, rates: &Rates, is_shown: &dyn Fn(ObjectId) -> bool) {
    for object in scenery.scene.objects().iter().filter(|object| *object.visible.get() && is_shown(object.id)) {
        let bindings = scenery.scene.bindings(object.id);
        if bindings.is_empty() {
            continue;
        }
        let rect = scenery.ground.rect(object.rect);
        let words = summary(&bindings, rates.get(&object.id).copied());
        ui.painter().rect_stroke(
            rect,
            0.0,
            Stroke::new(1.0, Look::of(ui.ctx()).theme.focus.gamma_multiply(0.5)),
            egui::StrokeKind::Inside,
        );
        label(ui, rect.left_top(), Align2::LEFT_TOP, &words, Look::of(ui.ctx()).theme.value);
    }
}

/// `2 tags`, or `1 closure of 3 tags, 8.1 µs, 1.2/s`.
pub fn summary(bindings: &[Binding], rate: Option<f64>) -> String {
    let tags = bindings.iter().filter(|binding| matches!(binding, Binding::Tag(_))).count();
    let costs: Vec<_> =
        bindings.iter().filter_map(|binding| if let Binding::Closure(cost) = binding { Some(cost) } else { None }).collect();
    let mut words = Vec::new();
    let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    if tags > 0 {
        words.push(many(tags, "tag"));
    }
    if !costs.is_empty() {
        let reads = costs.iter().map(|cost| cost.reads.len()).sum();
        words.push(format!("{} of {}", many(costs.len(), "closure"), many(reads, "tag")));
        let run_us: f64 = costs.iter().filter_map(|cost| cost.run_us()).sum();
        words.push(format!("{run_us:.1} µs"));
        words.extend(rate.map(|rate| format!("{rate:.1}/s")));
    }
    words.join(", ")
}

fn label(ui: &Ui, at: Pos2, anchor: Align2, words: &str, colour: Color32) {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), fonts::regular(11.0), colour);
    let rect = anchor.anchor_size(at, galley.size() + vec2(6.0, 2.0));
    ui.painter().rect_filled(rect, 2.0, Look::of(ui.ctx()).theme.sheet.gamma_multiply(0.92));
    ui.painter().galley(rect.min + vec2(3.0, 1.0), galley, colour);
}
