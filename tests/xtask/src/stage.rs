//! Long work, one named stage after another, each with its time.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// The stages done so far.
#[derive(Default)]
pub struct Stages {
    done: Vec<(String, f64)>,
    only: Option<String>,
}

impl Stages {
    /// Only stages whose names contain this word are carried out.
    pub fn only(word: Option<&str>) -> Self {
        Self { done: Vec::new(), only: word.map(str::to_owned) }
    }

    /// Carries out one stage and prints its time.
    ///
    /// # Errors
    /// What the stage failed with, with its name.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            return Ok(());
        }
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        let took_s = start.elapsed().as_secs_f64();
        println!("== {name}: {took_s:.0} s");
        self.done.push((name.to_owned(), took_s));
        outcome.with_context(|| format!("`{name}` failed"))
    }

    /// Prints the table of times.
    ///
    /// # Errors
    /// When no stage was carried out: a misspelt `--only` must not look like success.
    pub fn summary(&self) -> Result<()> {
        if self.done.is_empty() {
            bail!("no stage's name contains `{}`", self.only.as_deref().unwrap_or_default());
        }
        println!("\nTimes:");
        for (name, took_s) in &self.done {
            println!("{took_s:>7.0} s  {name}");
        }
        println!("{:>7.0} s  together", self.done.iter().map(|(_, took_s)| took_s).sum::<f64>());
        Ok(())
    }
}

/// The checkout's folder.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    here.canonicalize().unwrap_or(here)
}

/// The built program.
pub fn plantroom() -> PathBuf {
    root().join("target/debug").join(format!("plantroom{}", std::env::consts::EXE_SUFFIX))
}

/// A cargo call in the checkout.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs a command to its end.
///
/// # Errors
/// When it can't be started or doesn't end with success.
pub fn run(command: &mut Command) -> Result<()> {
    println!("   {command:?}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("{command:?} could not be started"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}
