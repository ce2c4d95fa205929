//! `plantroom screen`: screens without a console.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::check::Check;

#[derive(Args)]
pub struct Screen {
    #[command(subcommand)]
    verb: ScreenVerb,
}

#[derive(Subcommand)]
enum ScreenVerb {
    /// Builds every screen once and prints script errors and unknown tags; the rest of the project is checked too,
    /// but for its plugins.
    Check {
        /// The project folder.
        #[arg(default_value = ".")]
        project: PathBuf,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
}

impl Screen {
    pub fn run(self) -> Result<()> {
        let ScreenVerb::Check { project, json } = self.verb;
        Check::without_plugins(project, json).run()
    }
}
