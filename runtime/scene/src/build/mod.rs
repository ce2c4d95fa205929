//! What a running script builds: the functions of screens, and the unfinished scene that they add to.

mod alarms;
mod arguments;
mod controls;
mod layers;
mod layout;
mod machines;
mod options;
mod shapes;
mod table;
mod values;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use plantroom_script::rhai::{Engine, EvalAltResult};
use plantroom_script::{Closure, ScriptError, here};

use crate::computed::Computed;
use crate::event::{self, Event};
use crate::scene::Header;
use crate::screens::Catalogue;
use crate::{ClosureId, EventId, Layer, Object, ObjectId, Place, Point, limits};

pub(crate) use arguments::Call;

pub(crate) type Done<T> = Result<T, Box<EvalAltResult>>;

/// What kind of file is being run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole screen.
    Screen,
    /// A faceplate window.
    Faceplate,
    /// Only as far as `screen(...)`, for the title.
    HeaderOnly,
}

/// Something that a script names, to be checked later.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mention {
    Type(String),
    Screen(String),
    Part(String),
    /// A part that the file declares itself.
    Declared(String),
}

/// The unfinished scene.
pub(crate) struct Build {
    pub kind: Kind,
    pub name: String,
    pub catalogue: Arc<Catalogue>,
    pub header: Option<Header>,
    pub objects: Vec<Object>,
    pub events: Vec<Event>,
    pub closures: Vec<Computed>,
    pub parts: HashMap<String, Closure>,
    pub mentions: Vec<(Mention, Place)>,
    /// Where the part that is being run was placed, outermost first: its origin and the call.
    pub origins: Vec<(Point, Place)>,
    /// The page of tabs or the pop-up that is being filled, outermost first.
    pub layers: Vec<Layer>,
    /// Whether rows of a faceplate move up to where others are left out.
    pub close_gaps: bool,
    /// Cells of tables so far.
    pub cells: usize,
}

thread_local! {
    static BUILD: RefCell<Option<Build>> = const { RefCell::new(None) };
}

/// Puts an unfinished scene into this thread and runs the work; gives it back with what the work gave.
pub(crate) fn building<T>(build: Build, work: impl FnOnce() -> T) -> (Option<Build>, T) {
    let before = BUILD.with(|cell| cell.borrow_mut().replace(build));
    let result = work();
    (BUILD.with(|cell| std::mem::replace(&mut *cell.borrow_mut(), before)), result)
}

/// The unfinished scene of this thread. Never calls back into the engine.
pub(crate) fn with<T>(function: &str, look: impl FnOnce(&mut Build) -> Done<T>) -> Done<T> {
    BUILD.with(|cell| match cell.try_borrow_mut().ok().as_mut().and_then(|build| build.as_mut()) {
        Some(build) => look(build),
        None => Err(ScriptError::raise(format!("{function}() can only be used while a screen is being built, not in a closure"))),
    })
}

impl Build {
    pub fn new(kind: Kind, name: &str, catalogue: Arc<Catalogue>) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            catalogue,
            header: None,
            objects: Vec::new(),
            events: Vec::new(),
            closures: Vec::new(),
            parts: HashMap::new(),
            mentions: Vec::new(),
            origins: Vec::new(),
            layers: Vec::new(),
            close_gaps: true,
            cells: 0,
        }
    }

    /// The number that the next object gets.
    pub fn next_object(&self) -> ObjectId {
        ObjectId(self.objects.len() as u32)
    }

    pub fn add_closure(&mut self, closure: Closure) -> ClosureId {
        let id = ClosureId(self.closures.len() as u32);
        self.closures.push(Computed::new(closure, self.next_object()));
        id
    }

    pub fn add_event(&mut self, event: Event) -> EventId {
        let id = EventId(self.events.len() as u32);
        self.events.push(event);
        id
    }

    pub fn add_object(&mut self, object: Object) -> Done<()> {
        if self.objects.len() >= limits::OBJECTS {
            return Err(ScriptError::raise(format!("a screen has at most {} objects", limits::OBJECTS)));
        }
        self.objects.push(object);
        Ok(())
    }

    /// Where (0, 0) of the part that is being run lies.
    pub fn origin(&self) -> Point {
        self.origins.last().map(|(origin, _)| *origin).unwrap_or_default()
    }

    pub fn mention(&mut self, mention: Mention, place: &Place) {
        if !self.mentions.iter().any(|(known, at)| *known == mention && at == place) {
            self.mentions.push((mention, place.clone()));
        }
    }
}

/// The place of a call in the file that is being run.
pub(crate) fn place_of((line, column): (u32, u32)) -> Place {
    Place { file: here().unwrap_or_else(|| "".into()), line, column }
}

/// Every function that a screen can call.
pub(crate) fn register(engine: &mut Engine) {
    event::register(engine);
    layout::register(engine);
    shapes::register(engine);
    values::register(engine);
    alarms::register(engine);
    machines::register(engine);
    table::register(engine);
    controls::register(engine);
    layers::register(engine);
}

/// The names of every function that a screen can call.
#[cfg(test)]
pub(crate) fn names() -> Vec<&'static str> {
    let _ = crate::Screens::new(&[], &[]);
    arguments::OFFERED.lock().unwrap().clone()
}
