//! `plantroom screen preview`: a window beside the editor.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use plantroom_hmi::{ConsoleOptions, PreviewStart, run_preview};
use plantroom_model::Utc;

use super::plant::{self, Values};
use super::workshop::Folder;
use crate::exit::Failure;
use crate::{init_log, memory};

/// Opens a window beside the editor: saving a script redraws it at once, a click on a symbol names its line, a drag
/// rewrites its numbers, and a picker inserts symbols. Values are made up and can be played with, or come from a station.
#[derive(Args)]
pub struct Preview {
    /// The project folder.
    pub project: PathBuf,
    /// Screen to begin with, by its file name without `.rhai`.
    pub screen: Option<String>,
    #[command(flatten)]
    pub values: Values,
    /// Takes the values from this running station instead; its screens are still those of the folder.
    #[arg(long)]
    pub url: Option<String>,
    /// With --url: token to log in with.
    #[arg(long, env = "PLANTROOM_TOKEN", hide_env_values = true, requires = "url")]
    pub token: Option<String>,
    /// Width and height of the window: 1900x900.
    #[arg(long, value_parser = crate::console::size)]
    pub size: Option<(f32, f32)>,
}

impl Preview {
    pub fn run(self) -> Result<()> {
        memory::for_a_console();
        init_log::start("warn");
        let plant = plant::load(&self.project)?;
        let now = Utc(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(0));
        let tags = self.values.or_sample().of(&plant, now)?;
        let url = self.url.as_deref().map(crate::console::live_address).transpose()?.unwrap_or_default();
        let console = ConsoleOptions {
            url,
            token: self.token,
            screen: self.screen,
            size: self.size.or(Some((1_900.0, 900.0))),
            ..ConsoleOptions::default()
        };
        let workshop = Box::new(Folder::new(&self.project));
        let start = PreviewStart { script: plant::script(&plant), tags, now, workshop, console };
        run_preview(start).map_err(|error| Failure::problems(format!("The preview could not be opened: {error}")).into())
    }
}
