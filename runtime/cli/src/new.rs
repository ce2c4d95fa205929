//! `plantroom new`: a project to begin with.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use plantroom_project::{NewOptions, new_project};

use crate::exit::Failure;

/// Makes a project folder with one Modbus TCP device, a handful of tags and a screen. Every file explains itself.
#[derive(Args)]
pub struct New {
    /// The folder; made if it isn't there, refused if something is in it.
    folder: PathBuf,
    /// The plant's name; the folder's name if not given.
    #[arg(long)]
    name: Option<String>,
}

impl New {
    pub fn run(self) -> Result<()> {
        let folder_name = self.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let options = NewOptions { name: self.name.unwrap_or(folder_name), ..NewOptions::default() };
        let files = new_project(&self.folder, &options).map_err(|error| Failure::problems(error.to_string()))?;
        let files = files.into_iter().chain(crate::screen::completions::write_beside(&self.folder)?);
        for file in files {
            println!("made {}", file.display());
        }
        let folder = self.folder.display();
        println!("\nNext: set your device's address in {folder}/connections.toml, then");
        println!("  plantroom check {folder}");
        println!("  plantroom run {folder}");
        println!("  plantroom console            (in a second terminal)");
        Ok(())
    }
}
