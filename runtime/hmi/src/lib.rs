//! The operator's console: paints scenes, and asks the station for what operators want.
//!
//! In:  messages of the station over one WebSocket, and the operator's hands.
//! Out: painted frames, and requests.
//! Start at [`Console`]; natively at [`run_native`].
//!
//! Invariant: has no way to the plant but [`plantroom_wire::ToStation`]; it can ask, and nothing else.
//! Invariant: without a heartbeat every value is drawn as bad, and nothing can be commanded.
//! Invariant: painting a frame runs no script and asks no clock but the one it was given.

mod alarms;
mod appearance;
mod chrome;
mod clock;
mod commands;
mod concerns;
mod console;
mod desk;
mod dialogs;
mod files;
mod fonts;
mod lens;
mod link;
mod look;
mod menu;
#[cfg(not(target_arch = "wasm32"))]
mod native;
mod paint;
mod panes;
#[cfg(not(target_arch = "wasm32"))]
mod preview;
#[cfg(not(target_arch = "wasm32"))]
mod rehearsal;
#[cfg(not(target_arch = "wasm32"))]
mod render;
#[cfg(not(target_arch = "wasm32"))]
mod settings;
#[cfg(not(target_arch = "wasm32"))]
mod shelf;
#[cfg(not(target_arch = "wasm32"))]
mod sound;
mod stops;
mod tags;
mod theme;
mod train;
mod trend;
#[cfg(not(target_arch = "wasm32"))]
mod windows;
mod words;

pub use appearance::{Choices, SCALES};
pub use clock::PaintClock;
pub use console::{Console, ConsoleOptions, NextWindow, OpenWindow};
pub use link::{Link, LinkEvent, SocketLink};
pub use look::{LANGUAGES, Look, language_name};
#[cfg(not(target_arch = "wasm32"))]
pub use native::{ConsoleError, PreviewStart, run_native, run_preview};
#[cfg(not(target_arch = "wasm32"))]
pub use preview::{LocalFiles, LocalLink, Preview, Saved, Source, Workshop};
#[cfg(not(target_arch = "wasm32"))]
pub use rehearsal::{Rehearsal, Script};
#[cfg(not(target_arch = "wasm32"))]
pub use render::{
    PICTURE_PIXELS, Painted, Picture, PictureError, RenderOptions, Stand, palette, render_scene, render_window, still_clock,
};
pub use theme::Theme;
