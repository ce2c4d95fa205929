//! `plantroom plugin`: building and inspecting plugins.

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
    /// Builds plugins to WebAssembly and packs each as one component.
    Build {
        /// The plugins' folders.
        #[arg(required = true)]
        folders: Vec<PathBuf>,
        /// Folder for the components.
        #[arg(long, default_value = "plugins")]
        out: PathBuf,
    },
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
    /// Says what a component is and what it asks for.
    Inspect {
        /// The component.
        component: PathBuf,
        /// JSON instead of text.
        #[arg(long)]
        json: bool,
    },
}

impl Plugin {
    pub fn run(self) -> Result<()> {
        match self.verb {
            PluginVerb::Build { folders, out } => build(&folders, &out),
            PluginVerb::Release { name, reach, comment } => release(&name, &reach, &comment),
            PluginVerb::Inspect { component, json } => inspect(&component, json),
        }
    }
}

fn build(folders: &[PathBuf], out: &Path) -> Result<()> {
    let progress = ProgressBar::new_spinner();
    progress.enable_steady_tick(Duration::from_millis(100));
    let tell = |line: &str| {
        progress.set_message(line.to_owned());
        progress.suspend(|| println!("{line}"));
    };
    let built = pack::build_many(folders, out, &tell).map_err(|error| Failure::problems(format!("{error:#}")));
    progress.finish_and_clear();
    for path in built? {
        println!("packed {}", path.display());
    }
    Ok(())
}

fn release(name: &str, reach: &Reach, comment: &str) -> Result<()> {
    let path = format!("/api/v1/plugins/{}/release", segment(name));
    let done = Client::open(reach)?.call("POST", &path, Some(&json!({ "comment": comment })))?;
    println!("{}", done["message"].as_str().unwrap_or_default());
    Ok(())
}

fn inspect(component: &Path, as_json: bool) -> Result<()> {
    let found = pack::inspect(component).map_err(|error| Failure::problems(format!("{error:#}")))?;
    let manifest = found.manifest.as_ref();
    if as_json {
        let json = json!({
            "name": manifest.map(|manifest| &manifest.name),
            "version": manifest.map(|manifest| &manifest.version),
            "contract": found.contract, "size_bytes": found.size_bytes, "imports": found.imports, "exports": found.exports,
        });
        println!("{}", serde_json::to_string_pretty(&json)?);
        return Ok(());
    }
    match manifest {
        Some(manifest) => println!("{} {}: {}", manifest.name, manifest.version, manifest.description),
        None => println!("A component without a usable plugin.toml."),
    }
    println!("{} bytes, contract version {}. It can:", found.size_bytes, found.contract);
    for interface in found.interfaces() {
        println!("  - {}", words(interface));
    }
    println!("Of these a plant allows what its plugins.toml grants, and nothing else.");
    Ok(())
}

/// What an import lets a plugin do, as a sentence's end.
fn words(interface: &str) -> &str {
    match interface {
        "samples" => "publish values of the tags that a project grants it (publish)",
        "orders" => "take write orders of the tags that a project grants it (write)",
        "modbus" => "send Modbus requests to the devices that a project grants it (connections)",
        "tags" => "read the tags that a project grants it (read)",
        "conditions" => "say when its own alarms hold, and hear of, suppress and mark those that a project grants it (alarms)",
        "memory" => "keep a small store of its own over a restart (store_kib)",
        "log" => "write lines into the station's log, at a limited rate",
        other => other,
    }
}
