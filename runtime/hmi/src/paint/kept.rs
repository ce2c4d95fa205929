//! What was painted of a scene the last time, kept as triangles, so that a frame makes only those anew that look different.
//!
//! Start at [`Kept::refresh`]. Objects that follow each other lie on one plate, in the scene's order. With a graphics card that
//! can keep them, plates lie there, and a frame sends what has changed; otherwise egui copies them with each frame.
//!
//! Invariant: what is kept is shown only while place, scale, look, letters' texture and the object's version are the same.

mod card;
mod cut;
mod plate;

use std::sync::Arc;

use egui::{Id, Painter, Rect, Shape, Ui};
use plantroom_scene::{Object, Reading, Scene, Symbol};

pub use card::Card;
#[cfg(not(target_arch = "wasm32"))]
pub use card::Pretended;
use cut::{Cut, Cutter, Piece};
use plate::{Plate, Shared};

use super::{Canvas, Crowd, Fate, View};

/// Objects on one plate: what one that needs more room costs to lay out anew.
const PLATE_OBJECTS: usize = 64;

/// What was painted of one scene. One that is `off` keeps nothing, and paints everything each time.
#[derive(Default)]
pub struct Kept {
    off: bool,
    key: Option<Key>,
    crowd: Option<Crowd>,
    items: Vec<Item>,
    /// One an object; where it isn't kept, its place is empty.
    parts: Vec<Part>,
    /// One an object.
    touches: Vec<Touch>,
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
    /// Objects of a faceplate move where others are left out.
    arrangement: u32,
}

/// What is painted, in order.
pub enum Item {
    /// An object that is painted each time.
    Direct(u32),
    /// Objects that are kept, from and up to, so many on a plate.
    Run { from: u32, to: u32, plates: Arc<[Shared]> },
}

/// One object that is kept.
#[derive(Clone, Default)]
struct Part {
    version: u32,
    /// The second at which its age was told; 0 where it tells none.
    second: i64,
    way: Way,
}

/// Where an object is, and whether it can be pressed: a frame looks at this of all of them, and at few of them closer.
pub struct Touch {
    /// Its body, in points.
    pub rect: Rect,
    /// Whether a press on it does something.
    pub is_pressed: bool,
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
    ) -> (&[Item], &[Touch], &Crowd) {
        self.made = 0;
        self.off |= ui.data(|data| data.get_temp::<bool>(off_id())).unwrap_or(false);
        let key = Key::of(ui, c, scene, fates);
        let restart = self.key.as_ref().is_none_or(|old| !old.holds(&key)) || self.has_turned(scene);
        let crowd = match (&self.key, self.crowd.take()) {
            (Some(old), Some(crowd)) if old.has_same_places(&key) => crowd,
            _ => Crowd::of(scene, c),
        };
        if restart {
            self.restart(scene, fates);
            let touch = |object: &Object| Touch { rect: c.rect(object.rect), is_pressed: object.click.is_some() };
            self.touches = scene.objects().iter().map(touch).collect();
        }
        self.key = Some(key);
        if !self.off {
            let second = view.now.map_or(1, |now| now.0 / 1_000_000_000);
            let changed = self.changed(scene, restart, second);
            self.made = changed.len();
            let crowd = self.crowd.insert(crowd);
            let cutter = Cutter::new(ui.ctx(), c.clip());
            let scratch = c.on(cutter.painter());
            // Some at a time, so that shapes and triangles find room where those before them lay.
            for some in changed.chunks(PLATE_OBJECTS) {
                for object in some.iter().filter_map(|place| scene.objects().get(*place as usize)) {
                    if *object.visible.get() {
                        draw(&scratch, object, crowd);
                    }
                    cutter.end();
                }
                put(&self.items, some, &cutter.cut());
            }
            if self.key.as_ref().is_some_and(|key| key.atlas != atlas(ui)) {
                // Letters were new to their texture, and it has grown: what was made before that points beside them.
                self.key = None;
                ui.request_repaint();
            }
        } else {
            self.crowd = Some(crowd);
        }
        (&self.items, &self.touches, self.crowd.get_or_insert_with(Crowd::default))
    }

    /// Kept objects that look different now. What hasn't changed isn't looked at: ten thousand objects don't fit the caches.
    fn changed(&mut self, scene: &Scene, all: bool, second: i64) -> Vec<u32> {
        let mut changed = Vec::new();
        for (place, (part, version)) in self.parts.iter_mut().zip(scene.versions()).enumerate() {
            let is_old = part.second != 0 && part.second != second;
            if !all && part.version == *version && !is_old {
                continue;
            }
            part.version = *version;
            let Some(object) = scene.objects().get(place).filter(|_| part.way == Way::Kept) else { continue };
            part.second = if tells_age(&object.symbol) { second } else { 0 };
            changed.push(place as u32);
        }
        changed
    }

    /// Whether an object that was kept can't be any more, or the other way round.
    fn has_turned(&self, scene: &Scene) -> bool {
        let turned = |way: Way, object: &Object| match way {
            Way::Kept => !is_plain(object),
            Way::Direct => !self.off && is_plain(object),
            Way::Elsewhere => false,
        };
        let parts = self.parts.iter().zip(scene.versions()).zip(scene.objects());
        parts.into_iter().any(|((part, version), object)| part.version != *version && turned(part.way, object))
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
                Some(Item::Run { to, .. }) if *to == place => *to = place + 1,
                _ => self.items.push(Item::Run { from: place, to: place + 1, plates: Arc::default() }),
            }
        }
        for item in &mut self.items {
            if let Item::Run { from, to, plates } = item {
                let count = (*to - *from) as usize;
                let on = |first: usize| Shared::new(Plate::of(PLATE_OBJECTS.min(count - first)));
                *plates = (0..count).step_by(PLATE_OBJECTS).map(on).collect();
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
            arrangement: scene.arrangement(),
        }
    }

    fn has_same_places(&self, now: &Self) -> bool {
        let places = |key: &Self| (key.origin, key.scale, key.objects, key.arrangement);
        places(self) == places(now)
    }

    fn holds(&self, now: &Self) -> bool {
        self.fill <= now.fill && *self == Self { fill: self.fill, ..now.clone() }
    }
}

fn atlas(ui: &Ui) -> [usize; 2] {
    ui.fonts(|fonts| fonts.font_image_size())
}

/// Puts triangles of objects, in order, on the plates where these objects are.
fn put(items: &[Item], places: &[u32], cut: &Cut) {
    let mut fresh = places.iter().copied().zip(cut.pieces()).peekable();
    let mut own: Vec<(usize, Piece<'_>)> = Vec::with_capacity(PLATE_OBJECTS);
    for item in items {
        let Item::Run { from, to, plates } = item else { continue };
        for (plate, first) in plates.iter().zip((*from..*to).step_by(PLATE_OBJECTS)) {
            let end = (first + PLATE_OBJECTS as u32).min(*to);
            own.clear();
            while let Some((place, piece)) = fresh.next_if(|(place, _)| *place < end) {
                own.push((place.saturating_sub(first) as usize, piece));
            }
            if !own.is_empty() {
                plate.get().put(&own);
            }
        }
    }
}

/// While a context's data say true under this id, nothing is kept: to measure what keeping is worth.
pub fn off_id() -> Id {
    Id::unique("nothing kept")
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
            | Symbol::Alarms(_)
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

/// Adds plates to what is painted.
pub fn add(painter: &Painter, plates: &Arc<[Shared]>) {
    let (ctx, clip) = (painter.ctx(), painter.clip_rect());
    let card = Card::of(ctx);
    if card != Card::None && clip.is_positive() {
        painter.add(card::shape(ctx, card, clip, plates));
        return;
    }
    // egui would look at each corner of what is kept, to find out what its clip says already. And each has a clip of its own,
    // so that egui makes one primitive of it and copies it once, into room of the right size.
    ctx.tessellation_options_mut(|options| options.coarse_tessellation_culling = false);
    for plate in plates.iter() {
        let plate = plate.get();
        let Some((mesh, bounds)) = plate.painted() else { continue };
        let clip = clip.intersect(bounds.expand(1.0));
        if clip.is_positive() {
            painter.with_clip_rect(clip).add(Shape::Mesh(Arc::clone(mesh)));
        }
    }
}
