//! `plantroom screen completions`: what editors complete.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use plantroom_scene::edit::{completions, definitions};
use serde_json::{Map, json};

use super::plant;

/// Tag names that go into snippets of VS Code, which reads the whole file at each keystroke; JSON has all of them.
const SNIPPET_TAGS: usize = 2_000;

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One JSON object: functions and tags.
    Json,
    /// Snippets for VS Code: .vscode/plantroom.code-snippets.
    Vscode,
    /// Definitions for Rhai's language server: plantroom.d.rhai.
    RhaiDef,
}

/// Writes what editors complete while screens are written: each function with its documentation, and the project's tags.
#[derive(Args)]
pub struct Completions {
    /// The project folder, for the names of its tags; without it only functions are written.
    project: Option<PathBuf>,
    /// For which editor.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// File to write; printed if not said.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

impl Completions {
    pub fn run(self) -> Result<()> {
        let tags: Vec<(String, String)> = match &self.project {
            Some(folder) => plant::load(folder)?.tags.iter().map(|tag| (tag.name.to_string(), described(tag))).collect(),
            None => Vec::new(),
        };
        let text = match self.format {
            Format::Json => as_json(&tags)?,
            Format::Vscode => as_snippets(&tags)?,
            Format::RhaiDef => definitions(),
        };
        match &self.output {
            Some(path) => {
                std::fs::write(path, text).with_context(|| format!("can't be written: {}", path.display()))?;
                println!("wrote {}", path.display());
            }
            None => println!("{text}"),
        }
        Ok(())
    }
}

/// What a new project gets for editors: snippets for VS Code, and definitions for Rhai's language server.
pub fn write_beside(project: &Path) -> Result<Vec<PathBuf>> {
    let tags: Vec<_> = plant::load(project)?.tags.iter().map(|tag| (tag.name.to_string(), described(tag))).collect();
    let files = [(".vscode/plantroom.code-snippets", as_snippets(&tags)?), (".vscode/plantroom.d.rhai", definitions())];
    let mut written = Vec::new();
    for (file, text) in files {
        let path = project.join(file);
        std::fs::write(&path, text).with_context(|| format!("can't be written: {}", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

fn described(tag: &plantroom_model::TagSpec) -> String {
    let unit = if tag.unit.is_empty() { String::new() } else { format!(", {}", tag.unit) };
    let words = if tag.description.is_empty() { String::new() } else { format!(": {}", tag.description) };
    format!("{}{unit}{words}", tag.kind.word())
}

fn as_json(tags: &[(String, String)]) -> Result<String> {
    let functions: Vec<_> = completions()
        .into_iter()
        .map(|each| json!({ "name": each.name, "call": each.call, "documentation": each.documentation }))
        .collect();
    let tags: Vec<_> = tags.iter().map(|(name, words)| json!({ "name": name, "documentation": words })).collect();
    Ok(serde_json::to_string_pretty(&json!({ "functions": functions, "tags": tags }))?)
}

fn as_snippets(tags: &[(String, String)]) -> Result<String> {
    let mut all = Map::new();
    // In a snippet `$` and `}` mean something.
    let body = |call: &str| call.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}");
    for each in completions() {
        let snippet = json!({
            "scope": "rhai", "prefix": each.name, "body": body(&each.call), "description": each.documentation,
        });
        all.insert(each.name, snippet);
    }
    for (name, words) in tags.iter().take(SNIPPET_TAGS) {
        let snippet = json!({ "scope": "rhai", "prefix": name, "body": body(name), "description": words });
        all.insert(format!("tag {name}"), snippet);
    }
    Ok(serde_json::to_string_pretty(&all)?)
}
