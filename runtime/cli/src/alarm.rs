//! `plantroom alarm`: alarms of a project.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::alarm_files;

#[derive(Args)]
pub struct Alarm {
    #[command(subcommand)]
    verb: AlarmVerb,
}

#[derive(Subcommand)]
enum AlarmVerb {
    /// Writes a project's alarms as CSV, one line an alarm, for a rationalisation in a spreadsheet.
    Export(alarm_files::Export),
    /// Takes alarms from a CSV file into a project folder, after showing what changes.
    Import(alarm_files::ImportFile),
}

impl Alarm {
    pub fn run(self) -> Result<()> {
        match self.verb {
            AlarmVerb::Export(verb) => verb.run(),
            AlarmVerb::Import(verb) => verb.run(),
        }
    }
}
