//! `plantroom schema`: JSON schemas for editors.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

#[derive(Args)]
pub struct Schema {
    /// Folder to write them into; without it they are printed as one JSON object.
    folder: Option<PathBuf>,
}

impl Schema {
    pub fn run(self) -> Result<()> {
        let schemas = plantroom_project::schemas();
        let Some(folder) = self.folder else {
            let all: serde_json::Map<_, _> = schemas.into_iter().map(|(name, schema)| (name.to_string(), schema)).collect();
            println!("{}", serde_json::to_string_pretty(&all)?);
            return Ok(());
        };
        std::fs::create_dir_all(&folder).with_context(|| format!("the folder can't be made: {}", folder.display()))?;
        for (name, schema) in schemas {
            let path = folder.join(format!("{name}.schema.json"));
            std::fs::write(&path, serde_json::to_string_pretty(&schema)?)
                .with_context(|| format!("can't be written: {}", path.display()))?;
            println!("wrote {}", path.display());
        }
        Ok(())
    }
}
