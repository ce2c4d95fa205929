//! `plantroom plugin inspect` and `check`: what a plugin is, asks for, and could reach in a plant.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use plantroom_host::Looked;
use plantroom_pack as pack;
use plantroom_project::{Plant, PluginSpec, Reach, reach};
use serde_json::json;

use crate::exit::Failure;
use crate::paths;

/// Says what a component or an archive is and what it asks for. With a project it says in sentences what it could reach in this
/// plant: what an auditor can sign.
#[derive(Args)]
pub struct Inspect {
    /// A component, an archive, or with --project the name of a plugin in it.
    plugin: String,
    /// The project to look into.
    #[arg(long)]
    project: Option<PathBuf>,
    /// Names every tag and alarm.
    #[arg(long)]
    verbose: bool,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Names of tags shown without --verbose.
const NAMES: usize = 8;

impl Inspect {
    pub fn run(self) -> Result<()> {
        let Some(project) = &self.project else { return self.file(Path::new(&self.plugin)) };
        let loaded = plantroom_project::load(project);
        let Some(plant) = &loaded.plant else {
            let sentence = format!("This project has mistakes; `plantroom check` shows them: {}", project.display());
            return Err(Failure::problems(sentence).into());
        };
        let named = plant.plugins.iter().find(|spec| *spec.name == *self.plugin);
        let found: Vec<&PluginSpec> = match named {
            Some(spec) => vec![spec],
            None if Path::new(&self.plugin).is_file() => {
                let wanted = Path::new(&self.plugin).canonicalize()?;
                let is_it = |spec: &&PluginSpec| {
                    let file = plantroom_station::find_component(spec, &plant.root, &paths::component_folders());
                    file.is_ok_and(|file| file.path.canonicalize().is_ok_and(|path| path == wanted))
                };
                plant.plugins.iter().filter(is_it).collect()
            }
            None => Vec::new(),
        };
        if found.is_empty() {
            let names: Vec<&str> = plant.plugins.iter().map(|spec| &*spec.name).collect();
            let sentence = format!("This project has no plugin {}; it has {}.", self.plugin, names.join(", "));
            return Err(Failure::problems(sentence).into());
        }
        found.into_iter().try_for_each(|spec| self.in_plant(plant, spec))
    }

    /// What a plugin could reach.
    fn in_plant(&self, plant: &Plant, spec: &PluginSpec) -> Result<()> {
        let file =
            plantroom_station::find_component(spec, &plant.root, &paths::component_folders()).map_err(Failure::problems)?;
        let looked = plantroom_host::look(spec, plant, &file).map_err(|error| Failure::refused(error.to_string()))?;
        let reach = reach(plant, spec, &looked.ask);
        if self.json {
            println!("{}", serde_json::to_string_pretty(&reach_json(plant, spec, &looked, &reach))?);
        } else {
            self.reach_words(plant, spec, &looked, &reach);
        }
        match looked.objection {
            Some(why) => Err(Failure::refused(format!("It doesn't load as it is: {why}")).into()),
            None => Ok(()),
        }
    }

    fn reach_words(&self, plant: &Plant, spec: &PluginSpec, looked: &Looked, reach: &Reach) {
        let (name, version) = looked.manifest.as_ref().map_or(("", ""), |manifest| (&manifest.name, &manifest.version));
        println!("The plugin `{}` of the plant {} runs {name} {version}, which {}.", spec.name, plant.name, origin_words(looked));
        if let Some(digest) = &looked.archive_digest {
            println!("Its archive is {digest}.");
        }
        println!("\nWhat it can do here:");
        for item in &reach.can {
            println!("  - {}", item.sentence);
            let shown = if self.verbose { item.names.len() } else { NAMES };
            item.names.iter().take(shown).for_each(|name| println!("      {name}"));
            if item.names.len() > shown {
                println!("      and {} more (--verbose)", item.names.len() - shown);
            }
        }
        println!("What it may use: {}.", reach.limits.join("; "));
        println!("What it can't:");
        reach.cannot.iter().for_each(|sentence| println!("  - {sentence}"));
        if !reach.unused.is_empty() {
            println!("It is granted {}, and has no way to use that: take it out of its grant.", reach.unused.join(", "));
        }
    }

    /// What a file is and asks for.
    fn file(&self, path: &Path) -> Result<()> {
        let found = pack::inspect(path).map_err(|error| Failure::problems(format!("{error:#}")))?;
        let manifest = found.manifest.as_ref();
        if self.json {
            let json = json!({
                "name": manifest.map(|manifest| &manifest.name),
                "version": manifest.map(|manifest| &manifest.version),
                "contract": found.contract, "size_bytes": found.size_bytes, "imports": found.imports, "exports": found.exports,
                "asks": manifest.map(|manifest| manifest.ask.sentences()),
            });
            println!("{}", serde_json::to_string_pretty(&json)?);
            return Ok(());
        }
        print_found(&found);
        println!("Of these a plant allows what its plugins.toml grants, and nothing else: --project FOLDER says what.");
        Ok(())
    }
}

fn origin_words(looked: &Looked) -> String {
    let words = looked.origin.to_string();
    match words.split(' ').next() {
        Some("signed") | Some("unsigned:") => format!("is {words}"),
        _ => words,
    }
}

fn reach_json(plant: &Plant, spec: &PluginSpec, looked: &Looked, reach: &Reach) -> serde_json::Value {
    let can: Vec<_> = reach.can.iter().map(|item| json!({ "sentence": item.sentence, "names": item.names })).collect();
    json!({
        "plant": plant.name, "plugin": spec.name, "component": looked.manifest.as_ref().map(|manifest| &manifest.name),
        "version": looked.manifest.as_ref().map(|manifest| &manifest.version), "origin": looked.origin.to_string(),
        "digest": looked.archive_digest, "can": can, "limits": reach.limits, "cannot": reach.cannot, "unused_grants": reach.unused,
        "objection": looked.objection.as_ref().map(ToString::to_string),
    })
}

fn print_found(found: &pack::Inspection) {
    match &found.manifest {
        Some(manifest) => println!("{} {}: {}", manifest.name, manifest.version, manifest.description),
        None => println!("A component without a usable plugin.toml."),
    }
    println!("{} bytes, contract version {}. It asks:", found.size_bytes, found.contract);
    let ask = found.manifest.as_ref().map(|manifest| manifest.ask.clone()).unwrap_or_default();
    ask.sentences().iter().for_each(|sentence| println!("  - {sentence}"));
}

/// Checks a plugin before it is packed or installed: what it imports against what it asks for, contract version, size.
#[derive(Args)]
pub struct CheckPlugin {
    /// A component, an archive, or a plugin's folder (which is built first).
    #[arg(default_value = ".")]
    plugin: PathBuf,
}

impl CheckPlugin {
    pub fn run(self) -> Result<()> {
        let path = match self.plugin.is_dir() {
            true => super::with_progress(|tell| pack::build(&self.plugin, &self.plugin.join("target/pack"), tell))?,
            false => self.plugin.clone(),
        };
        let found = pack::inspect(&path).map_err(|error| Failure::problems(format!("{error:#}")))?;
        print_found(&found);
        let mut wrong: Vec<String> =
            found.foreign().iter().map(|import| format!("It imports {import}, which no plugin gets.")).collect();
        match &found.manifest {
            Some(manifest) => {
                wrong.extend(pack::check_imports(manifest, &found.interfaces()).err().map(|error| format!("But {error}.")))
            }
            None => wrong.push("It has no plugin.toml in it; pack it with `plantroom plugin pack`.".to_owned()),
        }
        if let Some(text) = &found.manifest_text {
            wrong.extend(pack::read_manifest(text).err().map(|error| format!("plugin.toml, {error}")));
        }
        if wrong.is_empty() {
            println!("It imports what it asks for, and nothing else.");
            return Ok(());
        }
        Err(Failure::problems(wrong.join("\n")).into())
    }
}
