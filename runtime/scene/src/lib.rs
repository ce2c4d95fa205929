//! Turns screen scripts into scenes, and keeps scenes up to date.
//!
//! In:  script files, the plant's instances, and current tag values through a [`TagView`].
//! Out: a [`Scene`]: objects with places, readings and texts, ready to paint; and [`Action`]s when something is clicked.
//! Start at [`Screens::new`], [`Screens::open`], [`Scene::update`] and [`Scene::fire`].
//!
//! A console does, in this order: `Screens::new(files, instances)` when files arrive, `open(name, params)` for each window,
//! subscribe to `scene.tags()`, `scene.update(&view)` before each frame, paint `scene.objects()`, and `scene.fire(event, ..)`
//! on a click. A failed `open` leaves the console's old scene as it was: that is hot reload with the last good scene.
//!
//! Invariant: painting runs no script; only `open`, `update` and `fire` do, each within the sandbox's limits.
//! Invariant: a closure runs again only when a tag that it read has changed.
//! Invariant: knows no colours, fonts or pixels, no network and no clock; builds for `wasm32-unknown-unknown`.

mod action;
mod build;
mod check;
mod computed;
mod event;
mod library;
pub mod limits;
mod object;
mod pattern;
mod prop;
mod reading;
mod scene;
mod screens;
mod slot;
mod symbol;
mod text;
mod view;

#[cfg(test)]
mod tests;

pub use action::{Action, Params};
pub use check::check;
pub use object::{EventId, Object, ObjectId, Place, Point, Rect};
pub use plantroom_script::ScriptError;
pub use prop::{ClosureId, Prop, Source};
pub use reading::{Facts, LimitMark, Reading, grouped};
pub use scene::{Changed, Header, Scene};
pub use screens::{ScreenEntry, Screens};
pub use symbol::{
    Align, Bar, Button, Direction, Lamp, Machine, NavEntry, Navigation, Panel, Pen, Pipe, Relation, Setpoint, Switch, Symbol,
    Tank, Text, TextRole, Trend, ValueBox, Valve,
};
pub use view::{NoTags, TagView};
