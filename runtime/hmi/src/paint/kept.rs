//! What was painted of a scene the last time, kept as triangles, so that a frame makes only those anew that look different.
//!
//! Start at [`Kept::paint`]. Objects that follow each other lie in one mesh, in the scene's order, each with a little room
//! to spare: one that has changed is written over in its place. egui then copies a few large meshes, in place of laying out
//! letters and cutting shapes of thousands of objects.
//!
//! Invariant: what is kept is shown only while place, scale, look, letters' texture and the object's version are the same.

use std::sync::Arc;

use egui::{Color32, Id, LayerId, Mesh, Order, Painter, Rect, Shape, TextureId, Ui, epaint::Primitive};
use plantroom_scene::{Object, Reading, Scene, Symbol};

use super::{Canvas, Crowd, Fate, View};

/// Objects in one mesh, at most: what a mesh that has become too small costs to make anew.
const MESH_OBJECTS: usize = 128;

/// What was painted of one scene. One that is `off` keeps nothing, and paints everything each time.
#[derive(Default)]
pub struct Kept {
    off: bool,
    key: Option<Key>,
    crowd: Option<Crowd>,
    items: Vec<Item>,
    /// One an object; where it isn't kept, its place is empty.
    parts: Vec<Part>,
    /// Objects that were made anew in the last frame.
    made: usize,
}

/// What is the same for the whole scene.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    origin: egui::Pos2,
    scale: f32,
    pixels_per_point: f32,
    clip: Rect,
    look: u32,
    atlas: [usize; 2],
    /// How full the letters' texture is; less than before means that it was begun anew.
    fill: f32,
    fates: Vec<Fate>,
    objects: usize,
}

/// What is painted, in order.
pub enum Item {
    /// An object that is painted each time.
    Direct(u32),
    /// Objects that are kept, from and up to.
    Mesh { from: u32, to: u32, mesh: Arc<Mesh>, bounds: Rect, stale: bool },
}

/// One object that is kept.
#[derive(Clone, Default)]
struct Part {
    version: u32,
    /// The second at which its age was told; 0 where it tells none.
    second: i64,
    /// Where its vertices and indices lie in the mesh of its item, and how many there is room for.
    vertices: (usize, usize),
    indices: (usize, usize),
    /// What doesn't fit, until its mesh is made anew; and what it is made of then.
    mesh: Option<Mesh>,
    way: Way,
}

/// How an object is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    /// Kept.
    #[default]
    Kept,
    /// Each time.
    Direct,
    /// In a pop-up, or not at all now.
    Elsewhere,
}

impl Kept {
    /// Keeps nothing: for pictures, and to measure against.
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// Objects that were made anew in the last frame.
    #[cfg(test)]
    pub fn made(&self) -> usize {
        self.made
    }

    /// Brings what is kept up to date; gives what is to be painted, in order. `draw` draws one object.
    pub fn refresh(
        &mut self,
        (ui, c): (&Ui, &Canvas<'_>),
        (scene, fates): (&Scene, &[Fate]),
        view: &View<'_>,
        draw: &dyn Fn(&Canvas<'_>, &Object, &Crowd),
    ) -> (&[Item], &Crowd) {
        self.made = 0;
        self.off |= ui.data(|data| data.get_temp::<bool>(off_id())).unwrap_or(false);
        let key = Key::of(ui, c, scene, fates);
        let restart = self.key.as_ref().is_none_or(|old| !old.holds(&key)) || self.has_turned(scene);
        let crowd = match (&self.key, self.crowd.take()) {
            (Some(old), Some(crowd)) if old.origin == key.origin && old.scale == key.scale && old.objects == key.objects => crowd,
            _ => Crowd::of(scene, c),
        };
        if restart {
            self.restart(scene, fates);
        }
        self.key = Some(key);
        let crowd = self.crowd.insert(crowd);
        if !self.off {
            // egui would look at each corner of what is kept, to find out what its clip says already.
            ui.ctx().tessellation_options_mut(|options| options.coarse_tessellation_culling = false);
            let second = view.now.map_or(1, |now| now.0 / 1_000_000_000);
            let scratch = Painter::new(ui.ctx().clone(), LayerId::new(Order::Background, Id::unique("kept")), c.clip());
            let maker = Maker { ui, c: c.on(&scratch), draw, crowd };
            for (place, object) in scene.objects().iter().enumerate() {
                let part = &mut self.parts[place];
                let now = if tells_age(&object.symbol) { second } else { 0 };
                if part.way == Way::Kept && (restart || part.version != object.version || part.second != now) {
                    (part.version, part.second) = (object.version, now);
                    part.mesh = Some(if *object.visible.get() { maker.mesh(object) } else { Mesh::default() });
                    self.made += 1;
                }
            }
            for item in &mut self.items {
                item.take_in(&mut self.parts);
            }
            if self.key.as_ref().is_some_and(|key| key.atlas != atlas(ui)) {
                // Letters were new to their texture, and it has grown: what was made before that points beside them.
                self.key = None;
                ui.request_repaint();
            }
        }
        (&self.items, crowd)
    }

    /// Whether an object that was kept can't be any more, or the other way round.
    fn has_turned(&self, scene: &Scene) -> bool {
        let turned = |(object, part): (&Object, &Part)| match part.way {
            Way::Kept => !is_plain(object),
            Way::Direct => !self.off && is_plain(object),
            Way::Elsewhere => false,
        };
        scene.objects().iter().zip(&self.parts).any(turned)
    }

    fn restart(&mut self, scene: &Scene, fates: &[Fate]) {
        self.items.clear();
        self.parts = vec![Part::default(); scene.objects().len()];
        for (place, object) in scene.objects().iter().enumerate() {
            let place = place as u32;
            if fates.get(place as usize).is_some_and(|fate| *fate != Fate::Screen) {
                self.parts[place as usize].way = Way::Elsewhere;
                continue;
            }
            if self.off || !is_plain(object) {
                self.parts[place as usize].way = Way::Direct;
                self.items.push(Item::Direct(place));
                continue;
            }
            match self.items.last_mut() {
                Some(Item::Mesh { from, to, .. }) if ((*to - *from) as usize) < MESH_OBJECTS && *to == place => *to = place + 1,
                _ => {
                    let mesh = Arc::new(Mesh::default());
                    self.items.push(Item::Mesh { from: place, to: place + 1, mesh, bounds: Rect::NOTHING, stale: true });
                }
            }
        }
    }
}

impl Key {
    fn of(ui: &Ui, c: &Canvas<'_>, scene: &Scene, fates: &[Fate]) -> Self {
        Self {
            origin: c.at(0.0, 0.0),
            scale: c.scale(),
            pixels_per_point: ui.pixels_per_point(),
            clip: c.clip(),
            look: c.look().revision,
            atlas: atlas(ui),
            fill: ui.fonts(|fonts| fonts.font_atlas_fill_ratio()),
            fates: fates.to_vec(),
            objects: scene.objects().len(),
        }
    }

    fn holds(&self, now: &Self) -> bool {
        self.fill <= now.fill && *self == Self { fill: self.fill, ..now.clone() }
    }
}

fn atlas(ui: &Ui) -> [usize; 2] {
    ui.fonts(|fonts| fonts.font_image_size())
}

/// Makes triangles of one object.
struct Maker<'a> {
    ui: &'a Ui,
    c: Canvas<'a>,
    draw: &'a dyn Fn(&Canvas<'_>, &Object, &Crowd),
    crowd: &'a Crowd,
}

impl Maker<'_> {
    fn mesh(&self, object: &Object) -> Mesh {
        (self.draw)(&self.c, object, self.crowd);
        let ctx = self.ui.ctx();
        let layer = LayerId::new(Order::Background, Id::unique("kept"));
        let drawn = ctx.graphics_mut(|graphics| std::mem::take(graphics.entry(layer)));
        let shapes = drawn.all_entries().cloned().collect();
        let mut all = Mesh::default();
        for primitive in ctx.tessellate(shapes, ctx.pixels_per_point()) {
            if let Primitive::Mesh(mesh) = primitive.primitive
                && mesh.texture_id == TextureId::default()
            {
                all.append(mesh);
            }
        }
        all
    }
}

impl Item {
    /// Writes what was made anew over what was there; where it needs more room than there is, all of this mesh is laid out
    /// again.
    fn take_in(&mut self, parts: &mut [Part]) {
        let Self::Mesh { from, to, mesh, bounds, stale } = self else { return };
        let Some(parts) = parts.get_mut(*from as usize..*to as usize) else { return };
        if !*stale && parts.iter().all(|part| part.mesh.is_none()) {
            return;
        }
        let whole = Arc::make_mut(mesh);
        if !*stale && parts.iter().all(Part::fits) {
            for part in parts {
                if let Some(new) = part.mesh.take() {
                    *bounds = bounds.union(new.calc_bounds());
                    part.write(&new, whole);
                }
            }
            return;
        }
        let kept: Vec<Mesh> = parts.iter_mut().map(|part| part.mesh.take().unwrap_or_else(|| part.read(whole))).collect();
        *whole = Mesh::default();
        *bounds = Rect::NOTHING;
        for (part, new) in parts.iter_mut().zip(&kept) {
            part.vertices = (whole.vertices.len(), room(new.vertices.len()));
            part.indices = (whole.indices.len(), room(new.indices.len()));
            whole.vertices.resize(part.vertices.0 + part.vertices.1, blank());
            whole.indices.resize(part.indices.0 + part.indices.1, 0);
            *bounds = bounds.union(new.calc_bounds());
            part.write(new, whole);
        }
        *stale = false;
    }
}

/// While a context's data say true under this id, nothing is kept: to measure what keeping is worth.
pub fn off_id() -> Id {
    Id::unique("nothing kept")
}

/// Room for as much and a little more: a number that becomes a digit longer must fit.
fn room(count: usize) -> usize {
    if count == 0 { 0 } else { (count + count / 8 + 24) / 3 * 3 }
}

fn blank() -> egui::epaint::Vertex {
    egui::epaint::Vertex::untextured(egui::Pos2::ZERO, Color32::TRANSPARENT)
}

impl Part {
    fn fits(&self) -> bool {
        self.mesh.as_ref().is_none_or(|mesh| mesh.vertices.len() <= self.vertices.1 && mesh.indices.len() <= self.indices.1)
    }

    fn write(&self, new: &Mesh, whole: &mut Mesh) {
        let (at, _) = self.vertices;
        if let Some(own) = whole.vertices.get_mut(at..at + new.vertices.len()) {
            own.copy_from_slice(&new.vertices);
        }
        let base = at as u32;
        let (at, room) = self.indices;
        if let Some(own) = whole.indices.get_mut(at..at + room) {
            // What is left over are triangles of one point, which paint nothing.
            own.fill(base);
            for (own, index) in own.iter_mut().zip(&new.indices) {
                *own = base + index;
            }
        }
    }

    /// What it has in the mesh now.
    fn read(&self, whole: &Mesh) -> Mesh {
        let ((at, vertices), (first, indices)) = (self.vertices, self.indices);
        let mut mesh = Mesh::default();
        mesh.vertices.extend(whole.vertices.get(at..at + vertices).unwrap_or_default());
        let own = whole.indices.get(first..first + indices).unwrap_or_default();
        mesh.indices.extend(own.iter().map(|index| index - at as u32));
        mesh
    }
}

/// Painted from the scene alone: nothing of it follows the pointer or the time.
fn is_plain(object: &Object) -> bool {
    object.error.is_none()
        && match &object.symbol {
            Symbol::Trend(_)
            | Symbol::Table(_)
            | Symbol::Tabs(_)
            | Symbol::Popup(_)
            | Symbol::AlarmBanner(_)
            | Symbol::Permissives(_)
            | Symbol::Image(_)
            | Symbol::Button(_)
            | Symbol::Setpoint(_)
            | Symbol::Switch(_)
            | Symbol::Navigation(_) => false,
            Symbol::Tank(_)
            | Symbol::Machine(_)
            | Symbol::Valve(_)
            | Symbol::Pipe(_)
            | Symbol::Lamp(_)
            | Symbol::Value(_)
            | Symbol::Bar(_)
            | Symbol::Text(_)
            | Symbol::Panel(_)
            | Symbol::Bus(_)
            | Symbol::Instrument(_)
            | Symbol::Gauge(_) => true,
        }
}

/// Whether it tells the age of a value, which grows.
fn tells_age(symbol: &Symbol) -> bool {
    let old = |reading: &Reading| reading.is_present() && !reading.is_good();
    match symbol {
        Symbol::Tank(tank) => old(&tank.level),
        Symbol::Machine(machine) => [&machine.running, &machine.state, &machine.value].into_iter().any(old),
        Symbol::Valve(valve) => old(&valve.position),
        Symbol::Lamp(lamp) => old(&lamp.reading),
        Symbol::Value(value) => old(&value.reading),
        Symbol::Bar(bar) => old(&bar.reading),
        Symbol::Gauge(gauge) => old(&gauge.reading),
        Symbol::Instrument(instrument) => old(&instrument.reading),
        _ => false,
    }
}

/// Adds a kept mesh to what is painted. Each has a clip of its own, so that egui makes one primitive of it and copies it
/// once, into room of the right size.
pub fn add(painter: &Painter, mesh: &Arc<Mesh>, bounds: Rect) {
    let clip = painter.clip_rect().intersect(bounds.expand(1.0));
    if clip.is_positive() && !mesh.is_empty() {
        painter.with_clip_rect(clip).add(Shape::Mesh(Arc::clone(mesh)));
    }
}
