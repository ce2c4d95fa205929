//! Cargo, called once for any number of plugins.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::target::{self, TARGET};
use crate::{Plugin, Tell};

/// The profile of guests. Given on the command line too, so that a plugin outside this workspace has the same.
const PROFILE: [&str; 7] = [
    "profile.guest.inherits=\"release\"",
    "profile.guest.opt-level=3",
    "profile.guest.lto=true",
    "profile.guest.codegen-units=1",
    "profile.guest.panic=\"abort\"",
    "profile.guest.debug=false",
    "profile.guest.strip=\"debuginfo\"",
];

/// What matters of a plugin's `Cargo.toml`.
pub struct Package {
    /// The package's name.
    pub name: String,
    /// File name of the core module that cargo makes.
    pub module: String,
}

#[derive(Deserialize)]
struct CargoToml {
    package: Option<PackageTable>,
    lib: Option<LibTable>,
}

#[derive(Deserialize)]
struct PackageTable {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LibTable {
    name: Option<String>,
    #[serde(default)]
    crate_type: Vec<String>,
}

impl Package {
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("Cargo.toml");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("a plugin is a Rust package; its Cargo.toml can't be read: {}", path.display()))?;
        let toml: CargoToml =
            toml::from_str(&text).map_err(|error| anyhow!("{error}")).with_context(|| format!("can't use {}", path.display()))?;
        let name = toml.package.with_context(|| format!("this Cargo.toml has no [package]: {}", path.display()))?.name;
        let lib = toml.lib.filter(|lib| lib.crate_type.iter().any(|kind| kind == "cdylib"));
        let Some(lib) = lib else {
            bail!(
                "plugin `{name}` isn't built as a module; write [lib] crate-type = [\"cdylib\", \"rlib\"] into {}",
                path.display()
            );
        };
        let module = format!("{}.wasm", lib.name.unwrap_or_else(|| name.replace('-', "_")));
        Ok(Self { name, module })
    }
}

/// Builds the core modules of these plugins, in their order. Cargo's own progress goes to the terminal.
pub(crate) fn build(plugins: &[Plugin], tell: Tell<'_>) -> Result<Vec<PathBuf>> {
    let Some(first) = plugins.first() else { return Ok(Vec::new()) };
    target::ensure(&first.dir, tell)?;
    let root = workspace_root(&first.dir)?;
    let target_dir = root.join("target").join("guests");
    let mut cargo = Command::new(program());
    cargo.arg("build").args(["--profile", "guest", "--target", TARGET, "--target-dir"]).arg(&target_dir).current_dir(&first.dir);
    for line in PROFILE {
        cargo.args(["--config", line]);
    }
    for plugin in plugins {
        cargo.args(["-p", &plugin.package.name]);
    }
    // Flags meant for the host's code (coverage, sanitizers, `target-cpu`) must not reach guests.
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags(&root)).stdin(Stdio::null());
    let names: Vec<&str> = plugins.iter().map(|plugin| plugin.manifest.name.as_str()).collect();
    tell(&format!("building {} for {TARGET}", names.join(", ")));
    let status = cargo.status().context("plugins can't be built: cargo can't be started; install Rust from https://rustup.rs")?;
    if !status.success() {
        bail!("cargo couldn't build {}; its messages above say why", names.join(", "));
    }
    Ok(plugins.iter().map(|plugin| target_dir.join(TARGET).join("guest").join(&plugin.package.module)).collect())
}

fn program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Compiler flags, separated as cargo wants them: panic messages hold paths of sources, and the same sources must
/// give the same bytes in any folder. Vectors of 128 bits are in every station's sandbox; drivers decode registers with them.
fn flags(root: &Path) -> OsString {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let mut flags = OsString::from(format!("--remap-path-prefix={}=.", root.display()));
    if let Some(home) = home {
        flags.push(format!("\u{1f}--remap-path-prefix={}=cargo", home.display()));
    }
    flags.push("\u{1f}-Ctarget-feature=+simd128");
    flags
}

fn workspace_root(dir: &Path) -> Result<PathBuf> {
    let mut locate = Command::new(program());
    locate.args(["locate-project", "--workspace", "--message-format", "plain"]).current_dir(dir);
    let output =
        locate.output().context("plugins can't be built: cargo can't be started; install Rust from https://rustup.rs")?;
    let manifest = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let root = manifest.parent().filter(|root| output.status.success() && root.is_absolute());
    Ok(root.with_context(|| format!("cargo can't find the workspace of {}: {said}", dir.display()))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(toml: &str) -> Result<Package> {
        let dir = tempfile::tempdir()?;
        fs::write(dir.path().join("Cargo.toml"), toml)?;
        Package::read(dir.path())
    }

    #[test]
    fn a_package_that_is_no_plugin_says_what_is_missing() {
        let read = package("[package]\nname = \"heat-meter\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]").unwrap();
        assert_eq!((read.name.as_str(), read.module.as_str()), ("heat-meter", "heat_meter.wasm"));
        for (toml, sentence) in [
            ("[package]\nname = \"x\"", "crate-type"),
            ("[package]\nname = \"x\"\n[lib]\ncrate-type = [\"rlib\"]", "crate-type"),
            ("[workspace]", "no [package]"),
            ("[package", "can't use"),
        ] {
            let error = package(toml).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(sentence), "{toml}: {error}");
        }
    }

    #[test]
    fn flags_name_no_folder_of_this_machine_in_the_result() {
        let flags = flags(Path::new("/some where/plant"));
        assert!(flags.to_string_lossy().starts_with("--remap-path-prefix=/some where/plant=."));
    }
}
