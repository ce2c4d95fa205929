//! `plantroom alarm export` and `plantroom alarm import`: the master alarm database as a spreadsheet. No station is needed.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use plantroom_project::{export_alarms, load, plan_alarm_import};

use crate::exit::Failure;
use crate::tag_files::{Style, Writing, matches, print_all};

#[derive(Args)]
pub struct Export {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// Only alarms whose names match, `*` standing for anything: `high_lift/*`.
    #[arg(long, default_value = "*")]
    filter: String,
    /// Also the station's own alarms (`system/...`).
    #[arg(long)]
    system: bool,
    /// The file to write; without it, the alarms are printed.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// For which program: `excel` marks the file as UTF-8, `excel-europe` also writes semicolons and decimal commas.
    #[arg(long = "for", value_enum, default_value = "plain")]
    style: Style,
}

#[derive(Args)]
pub struct ImportFile {
    /// The project folder.
    project: PathBuf,
    /// The CSV file. Its first line names the columns; columns that it hasn't keep what the project says.
    file: PathBuf,
    /// Where new and changed alarms go.
    #[arg(long, default_value = "alarms/database.csv")]
    into: String,
    /// Only shows what would change.
    #[arg(long)]
    dry_run: bool,
}

impl Export {
    pub fn run(self) -> Result<()> {
        let loaded = load(&self.project);
        let Some(plant) = loaded.plant else {
            print_all(&loaded.diagnostics);
            return Err(Failure::problems("The project has mistakes, so its alarms can't be exported.").into());
        };
        let text = export_alarms(&plant, |name| matches(&self.filter, name), self.system, self.style.csv());
        match self.output {
            None => crate::say::raw(text.as_bytes()),
            Some(file) => {
                let is_wanted = |name: &str| !name.is_empty() && (self.system || !name.starts_with("system/"));
                let count = plant.alarms.iter().filter(|one| is_wanted(&one.name) && matches(&self.filter, &one.name)).count();
                std::fs::write(&file, text).with_context(|| format!("the alarms can't be written: {}", file.display()))?;
                println!("Wrote {count} alarms to {}.", file.display());
            }
        }
        Ok(())
    }
}

impl ImportFile {
    pub fn run(self) -> Result<()> {
        let bytes = std::fs::read(&self.file).with_context(|| format!("the file can't be read: {}", self.file.display()))?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let planned = match plan_alarm_import(&self.project, &name, &bytes, &self.into) {
            Ok(planned) => planned,
            Err(diagnostics) => {
                print_all(&diagnostics);
                return Err(Failure::problems("Nothing was imported.").into());
            }
        };
        let writing = Writing { project: &self.project, into: &self.into, what: "alarms", is_dry_run: self.dry_run };
        writing.show_and_write(&name, &planned)
    }
}
