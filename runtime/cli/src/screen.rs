//! `plantroom screen`: screens without a station: checked, painted, tried out.

pub mod completions;
mod lint;
pub mod plant;
pub mod preview;
mod render;
mod symbols;
mod texts;
mod workshop;

use anyhow::Result;
use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Screen {
    #[command(subcommand)]
    verb: ScreenVerb,
}

#[derive(Subcommand)]
enum ScreenVerb {
    /// Builds every screen once and prints script errors, unknown tags, and what ISA-101 would have otherwise; the rest of
    /// the project is checked too, but for its plugins.
    Check(lint::Check),
    /// Paints a screen with given tag values into a PNG, without a display and without a station.
    Render(render::Render),
    /// Opens a window beside the editor: saving redraws, a click names the script's line, a drag rewrites its numbers.
    Preview(preview::Preview),
    /// Writes what editors complete: every screen function with its documentation, and the project's tags.
    Completions(completions::Completions),
    /// Prints every screen function; with names, all of their options.
    Symbols(symbols::Symbols),
    /// Prints every text of a project as a language file, to be filled in.
    Texts(texts::TextsOf),
}

impl Screen {
    pub fn run(self) -> Result<()> {
        match self.verb {
            ScreenVerb::Check(verb) => verb.run(),
            ScreenVerb::Render(verb) => verb.run(),
            ScreenVerb::Preview(verb) => verb.run(),
            ScreenVerb::Completions(verb) => verb.run(),
            ScreenVerb::Symbols(verb) => verb.run(),
            ScreenVerb::Texts(verb) => verb.run(),
        }
    }
}
