//! `plantroom tag export` and `plantroom tag import`: a project's tags as spreadsheets. No station is needed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use plantroom_model::Diagnostic;
use plantroom_project::{CsvStyle, Import, export_tags, load, plan_import};

use crate::exit::Failure;

/// Most lines of differences that are printed.
const LINES: usize = 40;

#[derive(Args)]
pub struct Export {
    /// The project folder.
    #[arg(default_value = ".")]
    project: PathBuf,
    /// Only tags whose names match, `*` standing for anything: `high_lift/*`.
    #[arg(long, default_value = "*")]
    filter: String,
    /// The file to write; without it, the tags are printed.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// For which program: `excel` marks the file as UTF-8, `excel-europe` also writes semicolons and decimal commas.
    #[arg(long = "for", value_enum, default_value = "plain")]
    style: Style,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Style {
    Plain,
    Excel,
    ExcelEurope,
}

impl Style {
    /// How the file is written.
    pub fn csv(self) -> CsvStyle {
        match self {
            Self::Plain => CsvStyle::Plain,
            Self::Excel => CsvStyle::Excel,
            Self::ExcelEurope => CsvStyle::ExcelEurope,
        }
    }
}

#[derive(Args)]
pub struct ImportFile {
    /// The project folder.
    project: PathBuf,
    /// The CSV file. Its first line names the columns; columns that it hasn't keep what the project says.
    file: PathBuf,
    /// Where new and changed tags go.
    #[arg(long, default_value = "tags/imported.csv")]
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
            return Err(Failure::problems("The project has mistakes, so its tags can't be exported.").into());
        };
        let wanted = |name: &str| matches(&self.filter, name);
        let text = export_tags(&plant, wanted, self.style.csv());
        let count = plant.tags.iter().filter(|tag| wanted(&tag.name) && !tag.name.starts_with("system/")).count();
        match self.output {
            None => crate::say::raw(text.as_bytes()),
            Some(file) => {
                std::fs::write(&file, text).with_context(|| format!("the tags can't be written: {}", file.display()))?;
                println!("Wrote {count} tags to {}.", file.display());
            }
        }
        Ok(())
    }
}

impl ImportFile {
    pub fn run(self) -> Result<()> {
        let bytes = std::fs::read(&self.file).with_context(|| format!("the file can't be read: {}", self.file.display()))?;
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let planned = match plan_import(&self.project, &name, &bytes, &self.into) {
            Ok(planned) => planned,
            Err(diagnostics) => {
                print_all(&diagnostics);
                return Err(Failure::problems("Nothing was imported.").into());
            }
        };
        let writing = Writing { project: &self.project, into: &self.into, what: "tags", is_dry_run: self.dry_run };
        writing.show_and_write(&name, &planned)
    }
}

/// What is done with an import that was planned.
pub(crate) struct Writing<'a> {
    pub project: &'a Path,
    pub into: &'a str,
    /// What it is of: `tags`.
    pub what: &'a str,
    pub is_dry_run: bool,
}

impl Writing<'_> {
    /// Shows what would change, and writes it unless it is only shown.
    pub fn show_and_write(&self, name: &str, planned: &Import) -> Result<()> {
        self.show(name, planned);
        if planned.files.is_empty() {
            println!("Nothing to import.");
            return Ok(());
        }
        if self.is_dry_run {
            println!("Nothing was written (--dry-run).");
            return Ok(());
        }
        let backup = jiff::Zoned::now().strftime("%Y-%m-%d_%H%M%S").to_string();
        let written = planned.apply(self.project, &backup).context("the project can't be written")?;
        written.iter().for_each(|file| println!("Wrote {}.", file.display()));
        let kept = self.project.join(".backup").join(backup);
        if kept.is_dir() {
            println!("What was there before is in {}.", kept.display());
        }
        Ok(())
    }

    fn show(&self, name: &str, planned: &Import) {
        println!("{name} was read as: {}.", planned.read_as);
        print_all(&planned.warnings);
        let lines = planned.preview.lines();
        lines.iter().take(LINES).for_each(|line| println!("{line}"));
        if lines.len() > LINES {
            println!("  and {} more lines", lines.len() - LINES);
        }
        if planned.unchanged > 0 {
            println!("{} {} are as the project has them.", planned.unchanged, self.what);
        }
        let from: Vec<&str> = planned.files.iter().map(|(path, _)| path.as_str()).filter(|path| *path != self.into).collect();
        if !from.is_empty() {
            println!("Changed {} move to {} from {}.", self.what, self.into, from.join(", "));
        }
        println!("In all: {}.", planned.preview);
    }
}

pub(crate) fn print_all(diagnostics: &[Diagnostic]) {
    diagnostics.iter().for_each(|diagnostic| println!("{diagnostic}\n"));
}

/// Whether a name matches, `*` standing for anything, `/` included; as in `tag list`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, expected) in [
            ("*", "a/b", true),
            ("a/*", "a/b/c", true),
            ("a/*", "b/a/c", false),
            ("*/speed", "p1/speed", true),
            ("*/speed", "p1/speeds", false),
            ("a*c*e", "abcde", true),
            ("a*e", "ae", true),
            ("ab*bc", "abc", false),
            ("p1", "p1", true),
            ("p1", "p12", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
