//! `plantroom screen texts`: what there is to translate.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use plantroom_hmi::Look;
use plantroom_scene::{Screens, Texts, TextsIn, texts_of, unsaid};

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
        let screens = Screens::new(&files, &plant.instances);
        let (tags, alarms, templates) = (&plant.tags, &plant.alarms, &plant.templates);
        let of = TextsIn { screens: &screens, files: &files, tags, alarms, templates };
        let all = texts_of(&of);
        let shown = if self.missing { unsaid(&all, &texts) } else { all.iter().collect() };
        for one in shown {
            let place = &one.place;
            let at = if place.line > 0 { format!("    # screens/{}:{}", place.file, place.line) } else { String::new() };
            // What the language says of each by itself stays so.
            let each = texts.get(&one.key).is_none() && one.is_said(&texts);
            let keys = if each { one.covers.iter().filter(|text| texts.get(text).is_some()).collect() } else { vec![&one.key] };
            for key in keys {
                println!("{} = {}{at}", quoted(key), quoted(texts.get(key).unwrap_or_default()));
            }
        }
        if let Some(language) = &self.language {
            self.of_console(language, &texts);
        }
        Ok(())
    }

    /// The console's own words, where it doesn't speak the language: qualities, buttons, faceplates of the library.
    fn of_console(&self, language: &str, texts: &Texts) {
        if Look::own_texts(language) != Texts::default() {
            return;
        }
        let keys = Look::own_keys();
        let left: Vec<&String> = keys.iter().filter(|key| !self.missing || texts.get(key).is_none()).collect();
        if !left.is_empty() {
            println!("\n# The console's own words: it doesn't speak this language by itself.");
        }
        for key in left {
            println!("{} = {}", quoted(key), quoted(texts.get(key).unwrap_or_default()));
        }
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
