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
mod arrange;
mod assets;
mod bindings;
mod build;
mod check;
mod computed;
mod condition;
pub mod edit;
mod event;
pub mod examples;
pub mod guide;
mod library;
pub mod limits;
pub mod lint;
mod object;
mod picture;
mod prop;
mod reading;
mod sample;
mod scene;
mod screens;
mod slot;
mod symbol;
mod template;
mod text;
mod texts;
pub mod theme;
mod translate;
mod untranslated;
mod view;

#[cfg(test)]
mod tests;

pub use action::{Action, Params};
pub use assets::{asset_bytes, asset_files};
pub use bindings::{Binding, ClosureCost, Stopwatch};
pub use check::{check, check_partial};
pub use condition::{Condition, conditions};
pub use library::PARTS;
pub use object::{EventId, Object, ObjectId, Place, Point, Rect, TOUCH_POINTS};
pub use picture::{Picture, picture_files};
pub use plantroom_script::ScriptError;
pub use prop::{ClosureId, Prop, Source};
pub use reading::{Facts, LimitMark, Reading, grouped};
pub use sample::{Fill, QUALITY_WORDS, SampleTags, info as tag_info, status_of};
pub use scene::{Changed, Header, Scene, Way};
pub use screens::{ScreenEntry, Screens};
pub use symbol::{
    AlarmBanner, Alarms, AlarmsOf, Align, Bar, Bus, Button, Column, Direction, Gauge, Image, Instrument, Lamp, Layer, Location,
    Machine, MachineKind, NavEntry, Navigation, Order, Panel, Pen, Permissives, Pipe, Popup, Relation, Row, Setpoint, Shows,
    Switch, Symbol, Table, Tabs, Tank, TankShape, Text, TextRole, Trend, ValueBox, Valve,
};
pub use texts::{Texts, language_of};
pub use untranslated::{TextUse, TextsIn, texts_of, unsaid};
pub use view::{NoTags, TagView};
