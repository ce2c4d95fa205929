//! The program `plantroom`: one file a verb.
//!
//! In:  a command line. Out: text for people, JSON for scripts, and an exit code: 0 done, 1 problems found,
//! 2 usage, 3 refused, 4 unreachable, 70 a bug in Plantroom.
//! Start at [`Verb`].
//!
//! Invariant: decides nothing about a plant; it starts a station or asks one.

#[macro_use]
mod say;

mod alarm;
mod alarm_acts;
mod alarm_files;
mod alarm_journal;
mod alarm_live;
mod alarm_outlets;
mod audit;
mod automation;
mod change;
mod check;
mod client;
mod compile_component;
mod console;
mod demo;
mod exit;
mod init_log;
mod memory;
mod modbus;
mod new;
mod paths;
mod plugin;
mod run;
mod schema;
mod screen;
mod simulate;
mod tag;
mod tag_files;
mod tag_why;
mod token;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Plantroom: a SCADA and HMI runtime whose drivers, alarm logic and analytics are sandboxed plugins.
///
/// Begin with `plantroom new my_plant`, then `plantroom check my_plant` and `plantroom run my_plant`,
/// and look at it with `plantroom console`. `plantroom demo` shows a small waterworks.
#[derive(Parser)]
#[command(
    version,
    about,
    long_about,
    max_term_width = 110,
    after_help = "Exit codes: 0 done, 1 problems found, 2 usage, 3 refused, 4 unreachable, 70 a bug in Plantroom."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Makes a new project folder with a Modbus device, some tags and a screen, each file explained.
    New(new::New),
    /// Checks a project as a whole and prints every problem with its place and what to do.
    Check(check::Check),
    /// Applies, lists, shows and rolls back changes of a running plant's project.
    Change(change::Change),
    /// Runs a station: drivers, tags, commands, and the server that consoles talk to.
    Run(run::Run),
    /// Opens an operator's console window on a running station.
    Console(console::Console),
    /// Shows the demo waterworks: simulated field, station and console.
    Demo(demo::Demo),
    /// Simulates a project's field behind real Modbus TCP servers, as its simulation.toml says.
    Simulate(simulate::Simulate),
    /// Finds and reads Modbus devices, without a station: for commissioning.
    Modbus(modbus::Modbus),
    /// Lists, reads, watches, writes, explains and takes over tags of a running station.
    Tag(tag::Tag),
    /// Alarms of a running station (list, acknowledge, shelve, journal, figures), and a project's alarms as a spreadsheet.
    Alarm(alarm::Alarm),
    /// Shows what the station does by itself, and what automations did and why.
    Automation(automation::Automation),
    /// Shows and changes the users of a running station.
    User(user::User),
    /// Makes and revokes API tokens for programs.
    Token(token::Token),
    /// Shows and verifies the audit trail.
    Audit(audit::Audit),
    /// Builds and inspects plugins.
    Plugin(plugin::Plugin),
    /// Checks screens.
    Screen(screen::Screen),
    /// Writes JSON schemas of the project files, for editors.
    Schema(schema::Schema),
    /// Compiles a component; the station runs this as a process that can be ended.
    #[command(hide = true)]
    CompileComponent(compile_component::CompileComponent),
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::Code::Usage as u8 } else { 0 });
        }
    };
    let outcome = match arguments.verb {
        Verb::New(verb) => verb.run(),
        Verb::Check(verb) => verb.run(),
        Verb::Change(verb) => verb.run(),
        Verb::Run(verb) => verb.run(),
        Verb::Console(verb) => verb.run(),
        Verb::Demo(verb) => verb.run(),
        Verb::Simulate(verb) => verb.run(),
        Verb::Modbus(verb) => verb.run(),
        Verb::Tag(verb) => verb.run(),
        Verb::Alarm(verb) => verb.run(),
        Verb::Automation(verb) => verb.run(),
        Verb::User(verb) => verb.run(),
        Verb::Token(verb) => verb.run(),
        Verb::Audit(verb) => verb.run(),
        Verb::Plugin(verb) => verb.run(),
        Verb::Screen(verb) => verb.run(),
        Verb::Schema(verb) => verb.run(),
        Verb::CompileComponent(verb) => verb.run(),
    };
    init_log::finish();
    exit::code_of(outcome)
}
