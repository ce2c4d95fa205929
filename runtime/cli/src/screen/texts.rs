//! `plantroom screen texts`: what there is to translate.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use plantroom_scene::{Screens, Texts, texts_of};

use super::plant;
use crate::exit::Failure;

/// Prints every text of the project as a language file: what the language says already, and the rest empty. An empty text
/// is shown as the project writes it.
#[derive(Args)]
pub struct TextsOf {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// The language to complete, by its code: de takes over what languages/de.toml has.
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Only what the language doesn't say yet.
    #[arg(long, requires = "language")]
    missing: bool,
}

impl TextsOf {
    pub fn run(self) -> Result<()> {
        let plant = plant::load(&self.project)?;
        let files = plant::console_files(&plant);
        let texts = match &self.language {
            None => Texts::default(),
            Some(code) => {
                let path = format!("languages/{code}.toml");
                let file = files.iter().find(|(name, _)| *name == path);
                let (texts, wrong) = file.map(|(_, text)| Texts::read(text)).unwrap_or_default();
                if let Some((line, message)) = wrong.first() {
                    return Err(Failure::problems(format!("{path}:{line}: {message}.")).into());
                }
                texts
            }
        };
        for (text, place) in texts_of(&Screens::new(&files, &plant.instances), &plant.tags) {
            let said = texts.get(&text).unwrap_or_default();
            if self.missing && !said.is_empty() {
                continue;
            }
            let at = if place.line > 0 { format!("    # screens/{}:{}", place.file, place.line) } else { String::new() };
            println!("{} = {}{at}", quoted(&text), quoted(said));
        }
        Ok(())
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
