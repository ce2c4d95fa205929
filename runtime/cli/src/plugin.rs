//! `plantroom plugin`: making, signing and judging plugins.

mod archives;
mod inspect;
mod keys;
mod list;
mod new;
mod test;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use plantroom_pack as pack;
use serde_json::json;

use crate::client::{Client, Reach, segment};
use crate::exit::Failure;

#[derive(Args)]
pub struct Plugin {
    #[command(subcommand)]
    verb: PluginVerb,
}

#[derive(Subcommand)]
enum PluginVerb {
    /// Makes a folder with a new plugin in it that builds and passes its own tests at once.
    New(new::NewFolder),
    /// Builds plugins to WebAssembly and packs each as one component.
    Build {
        /// The plugins' folders.
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// Folder for the components.
        #[arg(long, default_value = "plugins")]
        out: PathBuf,
    },
    /// Tests a plugin: its own tests on this machine, then the conformance suite on its component in the sandbox.
    Test(test::Test),
    /// Says what a component, an archive or a plugin's folder is: size, contract, imports, and what it asks for, in words.
    Check(inspect::CheckPlugin),
    /// Packs a plugin's folder as one archive, NAME-VERSION.plantroom: component, plugin.toml, licence, contract, hashes.
    Pack(archives::Pack),
    /// Makes a key pair: the secret key signs, the public key is what others trust.
    Keygen(keys::Keygen),
    /// Signs an archive, as its publisher or as the site that runs it.
    Sign(archives::Sign),
    /// Checks an archive's hashes and signatures, and whether a project trusts who has signed it.
    Verify(archives::Verify),
    /// Says what a component is and asks for; with a project, what it could reach in this plant.
    Inspect(inspect::Inspect),
    /// Lists the plugins of a project: version, on whose word they run, and what keeps them from loading.
    List(list::List),
    /// Starts a plugin of a running station again out of quarantine, once its cause is mended.
    Release {
        /// The plugin's name in the project.
        name: String,
        #[command(flatten)]
        reach: Reach,
        /// Why; goes into the audit trail.
        #[arg(long, default_value = "")]
        comment: String,
    },
}

impl Plugin {
    pub fn run(self) -> Result<()> {
        match self.verb {
            PluginVerb::New(verb) => verb.run(),
            PluginVerb::Test(verb) => verb.run(),
            PluginVerb::Build { folders, out } => build(&folders, &out),
            PluginVerb::Check(verb) => verb.run(),
            PluginVerb::Pack(verb) => verb.run(),
            PluginVerb::Keygen(verb) => verb.run(),
            PluginVerb::Sign(verb) => verb.run(),
            PluginVerb::Verify(verb) => verb.run(),
            PluginVerb::Inspect(verb) => verb.run(),
            PluginVerb::List(verb) => verb.run(),
            PluginVerb::Release { name, reach, comment } => release(&name, &reach, &comment),
        }
    }
}

fn build(folders: &[PathBuf], out: &Path) -> Result<()> {
    let built = with_progress(|tell| pack::build_many(folders, out, tell))?;
    for path in built {
        println!("packed {}", path.display());
    }
    Ok(())
}

/// Does what takes a while, and says how it goes on.
fn with_progress<T>(work: impl FnOnce(pack::Tell<'_>) -> Result<T>) -> Result<T> {
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    let tell = |line: &str| {
        progress.set_message(line.to_owned());
        progress.suspend(|| println!("{line}"));
    };
    let done = work(&tell).map_err(|error| Failure::problems(format!("{error:#}")));
    progress.finish_and_clear();
    Ok(done?)
}

fn release(name: &str, reach: &Reach, comment: &str) -> Result<()> {
    let path = format!("/api/v1/plugins/{}/release", segment(name));
    let done = Client::open(reach)?.call("POST", &path, Some(&json!({ "comment": comment })))?;
    println!("{}", done["message"].as_str().unwrap_or_default());
    Ok(())
}
