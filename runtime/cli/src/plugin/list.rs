//! `plantroom plugin list`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::exit::Failure;
use crate::paths;

/// Lists the plugins of a project as a station would load them now: which component and version, from where, on whose word, and what
/// keeps one from loading. Exit code 1 when one doesn't load.
#[derive(Args)]
pub struct List {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// One plugin.
struct Line {
    name: String,
    component: String,
    version: String,
    origin: String,
    file: String,
    problem: Option<String>,
}

impl List {
    pub fn run(self) -> Result<()> {
        let loaded = plantroom_project::load(&self.project);
        let plant = loaded.plant.as_ref().or(loaded.partial.as_ref());
        let Some(plant) = plant else {
            return Err(Failure::problems(format!("There is no project that can be read in {}", self.project.display())).into());
        };
        let lines: Vec<Line> = plant.plugins.iter().map(|spec| line(plant, spec)).collect();
        if self.json {
            let all: Vec<_> = lines.iter().map(in_json).collect();
            println!("{}", serde_json::to_string_pretty(&json!({ "plugins": all }))?);
        } else {
            lines.iter().for_each(in_words);
        }
        let bad = lines.iter().filter(|line| line.problem.is_some()).count();
        match bad {
            0 => Ok(()),
            bad => Err(Failure::problems(format!("{bad} of {} plugins would not load.", lines.len())).into()),
        }
    }
}

fn line(plant: &plantroom_project::Plant, spec: &plantroom_project::PluginSpec) -> Line {
    let mut line = Line {
        name: spec.name.to_string(),
        component: spec.component.clone(),
        version: String::new(),
        origin: String::new(),
        file: String::new(),
        problem: None,
    };
    let file = match plantroom_station::find_component(spec, &plant.root, &paths::component_folders()) {
        Ok(file) => file,
        Err(why) => return Line { problem: Some(why), ..line },
    };
    line.file = file.path.display().to_string();
    match plantroom_host::look(spec, plant, &file) {
        Ok(looked) => {
            line.version = looked.manifest.map(|manifest| manifest.version).unwrap_or_default();
            line.origin = looked.origin.to_string();
            line.problem = looked.objection.map(|why| why.to_string());
        }
        Err(why) => line.problem = Some(why.to_string()),
    }
    line
}

fn in_words(line: &Line) {
    println!("{:<20} {:<20} {:<10} {}", line.name, line.component, line.version, line.origin);
    if let Some(problem) = &line.problem {
        println!("  ! {problem}");
    }
}

fn in_json(line: &Line) -> serde_json::Value {
    let Line { name, component, version, origin, file, problem } = line;
    json!({ "name": name, "component": component, "version": version, "origin": origin, "file": file, "problem": problem })
}
