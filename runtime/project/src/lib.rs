//! Turns a project folder into a checked, typed plant.
//!
//! In:  the files of a folder (DESIGN: "a plant is a folder of text").
//! Out: a [`Plant`], or every mistake in the folder, each with its place.
//! Start at [`Plant`].
//!
//! Invariant: never stops at the first mistake.
//! Invariant: does not run scripts, plugins or connections; what they have to say is added by the station's check.

mod load;
mod plant;

pub use load::{Loaded, load};
pub use plant::{ConnectionSpec, Grant, ListenSpec, Place, Plant, PluginSpec, ScanSpec, ScreenFile, TcpAddress};
