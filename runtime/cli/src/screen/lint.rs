//! `plantroom screen check`: what is wrong with screens, and what ISA-101 would have otherwise.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use plantroom_model::Severity;
use plantroom_scene::lint::{LINTS, Subject, lint};
use plantroom_station::{CheckOptions, check};

use super::plant;
use crate::exit::Failure;
use crate::paths;

#[derive(Args)]
pub struct Check {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Exit code 1 also where there is only advice.
    #[arg(long)]
    strict: bool,
    /// Lists what is looked for, and why.
    #[arg(long)]
    lints: bool,
}

impl Check {
    pub fn run(self) -> Result<()> {
        if self.lints {
            for lint in LINTS {
                println!("{:22} {}", lint.id, lint.why);
            }
            return Ok(());
        }
        let options = CheckOptions { component_folders: None, compile_command: paths::compile_command()? };
        let checked = check(&self.project, &options);
        let findings = checked.plant.as_ref().map_or_else(Vec::new, |plant| {
            let files = plant::console_files(plant);
            let palette = plantroom_hmi::palette();
            lint(&Subject {
                files: &files,
                instances: &plant.instances,
                tags: &plant.tags,
                alarms: &plant.alarms,
                templates: &plant.templates,
                home: &plant.home_screen,
                palette: &palette,
            })
        });
        let errors = checked.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        let warnings = checked.diagnostics.len() - errors;
        if self.json {
            let advice: Vec<_> = findings
                .iter()
                .map(|finding| {
                    let why = LINTS.iter().find(|lint| lint.id == finding.lint).map_or("", |lint| lint.why);
                    let place = &finding.diagnostic;
                    serde_json::json!({
                        "lint": finding.lint, "file": place.file, "line": place.line, "column": place.column,
                        "message": place.message, "help": place.help, "why": why,
                    })
                })
                .collect();
            let summary = serde_json::json!({
                "errors": errors, "warnings": warnings, "diagnostics": checked.diagnostics, "advice": advice,
            });
            println!("{}", serde_json::to_string_pretty(&summary)?);
        } else {
            for diagnostic in &checked.diagnostics {
                println!("{diagnostic}\n");
            }
            for finding in &findings {
                let place = &finding.diagnostic;
                println!("{}:{}:{}: advice: {} [{}]", place.file, place.line, place.column, place.message, finding.lint);
                println!("    {}\n", place.help);
            }
            match (errors, warnings, findings.len()) {
                (0, 0, 0) => println!("No problems."),
                (_, _, advice) => println!("{errors} errors, {warnings} warnings, {advice} pieces of advice."),
            }
        }
        // What was printed is the message; the code says that there is any.
        if errors > 0 || (self.strict && warnings + findings.len() > 0) { Err(Failure::problems("").into()) } else { Ok(()) }
    }
}
