//! `plantroom check`: every problem of a project, before anything runs.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use clap::Args;
use plantroom_model::{Diagnostic, Severity};
use plantroom_project::{Plant, Preview, difference};
use plantroom_station::{CheckOptions, check};

use crate::client::{Client, Reach};
use crate::exit::Failure;
use crate::paths;

/// Reads all files of a project, builds each screen once, and lets each plugin look at its configuration in its
/// sandbox. Prints every problem with file:line:column and what to do. Exit code 1 when there is an error.
#[derive(Args)]
pub struct Check {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Leaves the plugins out (their components need not be there).
    #[arg(long)]
    without_plugins: bool,
    /// Address of a running station: also says what applying this project to it would change.
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// With --against: names everything that would change.
    #[arg(long, requires = "against")]
    verbose: bool,
    /// With --against: API token. Without one, `--user` and a password are used.
    #[arg(long, env = "PLANTROOM_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// With --against: user name; the password is taken from PLANTROOM_PASSWORD, or asked for.
    #[arg(long, env = "PLANTROOM_USER")]
    user: Option<String>,
}

impl Check {
    pub fn run(self) -> Result<()> {
        let components = if self.without_plugins { None } else { Some(paths::component_folders()) };
        let options = CheckOptions { component_folders: components, compile_command: paths::compile_command()? };
        let checked = check(&self.project, &options);
        let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        let warnings = checked.diagnostics.len() - errors;
        let preview = match (&self.against, &checked.plant) {
            (Some(url), Some(plant)) if errors == 0 => Some(self.preview(url, plant)?),
            _ => None,
        };
        if self.json {
            let mut summary = serde_json::json!({ "errors": errors, "warnings": warnings, "diagnostics": checked.diagnostics });
            if let Some(preview) = &preview {
                summary["change"] = serde_json::json!({ "preview": preview.to_string(), "details": preview.lines() });
            }
            println!("{}", serde_json::to_string_pretty(&summary)?);
        } else {
            print_text(&checked.diagnostics, errors, warnings);
            if let Some(preview) = &preview {
                println!("Applied to the running plant: {preview}.");
                preview.lines().iter().filter(|_| self.verbose).for_each(|line| println!("  {line}"));
            }
            if let Some(plant) = &checked.plant {
                println!(
                    "{}: {} tags, {} connections, {} plugins, {} screen files.",
                    plant.name,
                    plant.tags.len(),
                    plant.connections.len(),
                    plant.plugins.len(),
                    plant.screens.len()
                );
            }
        }
        // The diagnostics are the message; the code says that there are any.
        if errors > 0 { Err(Failure::problems("").into()) } else { Ok(()) }
    }

    /// Compares with the text of the project that a station runs.
    fn preview(&self, url: &str, plant: &Plant) -> Result<Preview> {
        let reach = Reach { url: url.to_owned(), token: self.token.clone(), user: self.user.clone() };
        let answer = Client::open(&reach)?.call("GET", "/api/v1/project/files", None)?;
        let folder = tempfile::tempdir().context("there is no place for the text of the running project")?;
        for file in answer["files"].as_array().into_iter().flatten() {
            let path = file["path"].as_str().unwrap_or_default();
            let is_plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
            let bytes = match (file["text"].as_str(), file["base64"].as_str()) {
                (Some(text), _) => text.as_bytes().to_vec(),
                (None, Some(code)) => base64::engine::general_purpose::STANDARD.decode(code)?,
                (None, None) => continue,
            };
            // A station that isn't one must not make us write elsewhere.
            if path.is_empty() || !is_plain {
                continue;
            }
            let target = folder.path().join(path);
            std::fs::create_dir_all(target.parent().unwrap_or(folder.path()))?;
            std::fs::write(target, bytes)?;
        }
        let running = plantroom_project::load(folder.path()).plant.ok_or_else(|| {
            Failure::problems("The text of the project that the station runs can't be read by this version of Plantroom.")
        })?;
        Ok(difference(&running, plant))
    }
}

fn print_text(diagnostics: &[Diagnostic], errors: usize, warnings: usize) {
    for diagnostic in diagnostics {
        println!("{diagnostic}\n");
    }
    match (errors, warnings) {
        (0, 0) => println!("No problems."),
        _ => println!("{errors} errors, {warnings} warnings."),
    }
}
