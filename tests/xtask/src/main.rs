//! The two commands of a fresh checkout: `cargo xtask demo` and `cargo xtask test`.
//!
//! In:  a checkout, Rust by rustup, and a C compiler. Out: a running demo plant, or a verdict.
//! Start at [`demo::run`] and [`verify::run`].
//!
//! Invariant: says what it installs before it does, and installs nothing that is there.
//! Invariant: builds with the one profile that everything else uses, so nothing is built twice.

mod demo;
mod install;
mod peers;
mod stage;
mod verify;

use clap::{Parser, Subcommand};

/// Builds, shows and tests Plantroom from a checkout.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Builds what is needed and starts the demo waterworks: simulated field, station and console window.
    /// Without a display it says so and serves the API only.
    Demo {
        /// Builds everything and stops before starting anything.
        #[arg(long)]
        build_only: bool,
        /// Passed on to `plantroom demo`.
        #[arg(last = true)]
        rest: Vec<String>,
    },
    /// Builds everything and runs every test, on real sockets and against devices that Plantroom's makers didn't write.
    Test {
        /// Only the stages whose names contain this word.
        #[arg(long)]
        only: Option<String>,
    },
}

fn main() -> std::process::ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Demo { build_only, rest } => demo::run(build_only, &rest),
        Verb::Test { only } => verify::run(only.as_deref()),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
