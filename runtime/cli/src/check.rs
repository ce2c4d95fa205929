//! `plantroom check`: every problem of a project, before anything runs.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use plantroom_model::{Diagnostic, Severity};
use plantroom_station::{CheckOptions, check};

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
}

impl Check {
    /// A check of everything but the plugins.
    pub fn without_plugins(project: PathBuf, json: bool) -> Self {
        Self { project, json, without_plugins: true }
    }

    pub fn run(self) -> Result<()> {
        let components = if self.without_plugins { None } else { Some(paths::component_folders()) };
        let options = CheckOptions { component_folders: components, compile_command: paths::compile_command()? };
        let checked = check(&self.project, &options);
        let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        let warnings = checked.diagnostics.len() - errors;
        if self.json {
            let summary = serde_json::json!({ "errors": errors, "warnings": warnings, "diagnostics": checked.diagnostics });
            println!("{}", serde_json::to_string_pretty(&summary)?);
        } else {
            print_text(&checked.diagnostics, errors, warnings);
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
