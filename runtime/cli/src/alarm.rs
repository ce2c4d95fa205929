//! `plantroom alarm`: alarms of a project and of a running station.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::client::Reach;
use crate::{alarm_files, alarm_live, alarm_outlets};

#[derive(Args)]
pub struct Alarm {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    verb: AlarmVerb,
}

#[derive(Subcommand)]
enum AlarmVerb {
    /// Writes a project's alarms as CSV, one line an alarm, for a rationalisation in a spreadsheet.
    Export(alarm_files::Export),
    /// Takes alarms from a CSV file into a project folder, after showing what changes.
    Import(alarm_files::ImportFile),
    #[command(flatten)]
    Live(alarm_live::Verb),
    #[command(flatten)]
    Outlets(alarm_outlets::Verb),
}

impl Alarm {
    pub fn run(self) -> Result<()> {
        match self.verb {
            AlarmVerb::Export(verb) => verb.run(),
            AlarmVerb::Import(verb) => verb.run(),
            AlarmVerb::Live(verb) => verb.run(&self.reach),
            AlarmVerb::Outlets(verb) => verb.run(&self.reach),
        }
    }
}
