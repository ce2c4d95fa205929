//! A project for screens: its files as consoles get them, and values for its tags.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use plantroom_hmi::Script;
use plantroom_model::{Origin, Severity, Utc, Value};
use plantroom_project::Plant;
use plantroom_scene::{Fill, QUALITY_WORDS, SampleTags, status_of};

use crate::exit::Failure;

/// Which values tags have without a station.
#[derive(Args, Clone, Default)]
pub struct Values {
    /// A tag's value: tag=value or tag=value:quality (good, uncertain, stale, bad, no_communication, ...). Can be repeated.
    #[arg(long, value_name = "TAG=VALUE[:QUALITY]")]
    set: Vec<String>,
    /// A TOML or JSON file of values: "clear_well/level" = 62.5, or { value = 62.5, quality = "bad" }.
    #[arg(long, value_name = "FILE")]
    values: Option<PathBuf>,
    /// Gives every other tag a plausible made-up value; without it they have none.
    #[arg(long)]
    sample: bool,
}

impl Values {
    /// All tags of a plant with these values.
    pub fn of(&self, plant: &Plant, now: Utc) -> Result<SampleTags> {
        let mut tags = SampleTags::new(&plant.tags).computing(&plant.tags);
        if self.sample {
            tags.fill(Fill::Normal, now);
        }
        if let Some(path) = &self.values {
            for (name, value) in read_values(path)? {
                set(&mut tags, &name, &value, now).map_err(|why| Failure::usage(format!("{why}: {}", path.display())))?;
            }
        }
        for words in &self.set {
            tags.set_words(words, now).map_err(|why| Failure::usage(format!("--set: {why}.")))?;
        }
        Ok(tags)
    }

    /// The same, with made-up values for what isn't set: nobody previews a screen of question marks.
    pub fn or_sample(&self) -> Self {
        Self { sample: true, ..self.clone() }
    }
}

/// Reads a project; what is wrong with it is printed, and only a project that can't be read at all ends here.
pub fn load(folder: &Path) -> Result<Arc<Plant>> {
    let loaded = plantroom_project::load(folder);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
    for diagnostic in &errors {
        eprintln!("{diagnostic}\n");
    }
    loaded.plant.ok_or_else(|| Failure::problems(format!("{} errors: the project can't be read.", errors.len())).into())
}

/// Screens and assets as consoles get them: path and text; the bytes of fonts and PNGs as base64.
pub fn console_files(plant: &Plant) -> Vec<(String, String)> {
    let screens = plant.screens.iter().map(|screen| (screen.path.clone(), screen.text.clone()));
    screens.chain(plantroom_scene::asset_files(plant.assets.iter().map(|asset| (&*asset.path, &*asset.bytes)))).collect()
}

/// What a console is told of a project.
pub fn script(plant: &Plant) -> Script {
    let system = plant.tags.iter().filter(|tag| tag.origin == Origin::System);
    Script {
        plant: plant.name.clone(),
        time_zone: plant.time_zone.clone(),
        home: plant.home_screen.clone(),
        files: console_files(plant),
        instances: plant.instances.clone(),
        system_tags: system.map(|tag| tag.name.to_string()).collect(),
    }
}

fn read_values(path: &Path) -> Result<Vec<(String, serde_json::Value)>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("the values can't be read: {}", path.display()))?;
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let table: serde_json::Value = if is_json {
        serde_json::from_str(&text).map_err(|error| Failure::usage(format!("{error}: {}", path.display())))?
    } else {
        toml::from_str(&text).map_err(|error| Failure::usage(format!("{error}{}", path.display())))?
    };
    let mut all = Vec::new();
    flatten("", &table, &mut all);
    Ok(all)
}

/// Tables within tables are names with `/`.
fn flatten(name: &str, value: &serde_json::Value, all: &mut Vec<(String, serde_json::Value)>) {
    match value {
        serde_json::Value::Object(map) if !map.contains_key("value") && !map.contains_key("quality") => {
            for (key, value) in map {
                let name = if name.is_empty() { key.clone() } else { format!("{name}/{key}") };
                flatten(&name, value, all);
            }
        }
        value => all.push((name.to_owned(), value.clone())),
    }
}

fn set(tags: &mut SampleTags, name: &str, given: &serde_json::Value, now: Utc) -> Result<(), String> {
    let (value, quality) = match given {
        serde_json::Value::Object(map) => {
            if let Some(other) = map.keys().find(|key| *key != "value" && *key != "quality") {
                return Err(format!("`{name}` has no `{other}`; a value is {{ value = .., quality = \"..\" }}"));
            }
            (
                map.get("value").unwrap_or(&serde_json::Value::Null),
                map.get("quality").and_then(|word| word.as_str()).unwrap_or("good"),
            )
        }
        plain => (plain, "good"),
    };
    let status = status_of(quality).ok_or_else(|| format!("`{quality}` is no quality of `{name}`; there are {QUALITY_WORDS}"))?;
    let value = match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::String(text) => Value::Text(text.as_str().into()),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        other => return Err(format!("`{name}` can't hold {other}; a value is a number, true or false, or a text")),
    };
    tags.set(name, &value, status, now)
}
