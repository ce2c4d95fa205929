//! `plantroom plugin new`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use plantroom_archive::World;
use plantroom_pack::NewPlugin;

use crate::exit::Failure;
use crate::paths;

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// A protocol driver.
    Driver,
    /// Says when conditions of alarms hold.
    AlarmLogic,
    /// Computes tags from tags.
    Analytics,
}

/// Makes a folder with a new plugin in Rust: code, tests, what it asks for, and the bench on which it is tried.
#[derive(Args)]
pub struct NewFolder {
    /// The plugin's name, and the folder's unless --folder says otherwise.
    name: String,
    /// What it is to be.
    #[arg(long, value_enum)]
    kind: Kind,
    /// The folder; made if it isn't there, refused if something is in it.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The folder of Plantroom's SDK (with `guest` and `testkit` in it); that of the checkout that this program is in, if not given.
    #[arg(long)]
    sdk: Option<PathBuf>,
}

impl NewFolder {
    pub fn run(self) -> Result<()> {
        let world = match self.kind {
            Kind::Driver => World::Driver,
            Kind::AlarmLogic => World::AlarmLogic,
            Kind::Analytics => World::Analytics,
        };
        let sdk = self.sdk.or_else(paths::sdk).ok_or_else(|| {
            Failure::problems("Plantroom's SDK was not found. Name its folder (sdk in a checkout of Plantroom) with --sdk.")
        })?;
        let folder = self.folder.unwrap_or_else(|| PathBuf::from(&self.name));
        let new = NewPlugin { folder: folder.clone(), name: self.name, world, sdk };
        for file in new.write().map_err(|error| Failure::problems(format!("{error:#}")))? {
            println!("made {}", file.display());
        }
        println!("\nNext: plantroom plugin test {0}, then change {0}/src/lib.rs.", folder.display());
        Ok(())
    }
}
