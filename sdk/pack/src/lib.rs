//! Makes plugins: from a Rust package to one component that Plantroom loads.
//!
//! In:  the folder of a plugin: `Cargo.toml`, `plugin.toml`, `src/`.
//! Out: one `.wasm` component that imports nothing but the contract, with `plugin.toml` in it; or an archive of it.
//! Start at [`build_many`] and [`pack_archive`]; [`inspect`] reads a component back.
//!
//! Invariant: the same sources and toolchain give the same bytes, on any machine and in any folder.
//! Invariant: a component that imports anything but `plantroom:plugin` never leaves here.

mod archive;
mod cargo;
mod component;
mod inspect;
mod manifest;
mod process;
mod scaffold;
mod target;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use archive::pack_archive;
pub use component::{SECTION, componentize};
pub use inspect::{Inspection, inspect, inspect_bytes};
pub use manifest::{Ask, Manifest, World, check_imports, read_manifest};
pub use scaffold::NewPlugin;

/// Says what is being done that takes a while, one line at a time.
pub type Tell<'a> = &'a dyn Fn(&str);

/// Builds one plugin. `out` is the component's file where it ends in `.wasm`, else the folder to put `NAME.wasm` into.
///
/// # Errors
/// One sentence that says what is missing or wrong, and what to do.
pub fn build(plugin_dir: &Path, out: &Path, tell: Tell<'_>) -> Result<PathBuf> {
    let plugin = Plugin::read(plugin_dir)?;
    let cores = cargo::build(std::slice::from_ref(&plugin), tell)?;
    let core = cores.first().context("cargo built nothing for this plugin; run `cargo build` in its folder to see why")?;
    let file = if out.extension().is_some_and(|extension| extension == "wasm") {
        out.to_owned()
    } else {
        out.join(format!("{}.wasm", plugin.manifest.name))
    };
    pack(&plugin, core, &file, tell)?;
    Ok(file)
}

/// Builds several plugins of one workspace in one cargo call, each to `NAME.wasm` in `out_dir` (the workspace's
/// `target/plugins` by convention). Returns the components in the order of the folders.
///
/// # Errors
/// One sentence that says what is missing or wrong, and what to do.
pub fn build_many(plugin_dirs: &[PathBuf], out_dir: &Path, tell: Tell<'_>) -> Result<Vec<PathBuf>> {
    let plugins = plugin_dirs.iter().map(|dir| Plugin::read(dir)).collect::<Result<Vec<_>>>()?;
    for (at, plugin) in plugins.iter().enumerate() {
        if let Some(other) = plugins[..at].iter().find(|other| other.manifest.name == plugin.manifest.name) {
            let (name, one, two) = (&plugin.manifest.name, other.dir.display(), plugin.dir.display());
            bail!("two plugins are called `{name}`; give one of them another name in its plugin.toml: {one} and {two}");
        }
    }
    let cores = cargo::build(&plugins, tell)?;
    let mut files = Vec::new();
    for (plugin, core) in plugins.iter().zip(&cores) {
        let file = out_dir.join(format!("{}.wasm", plugin.manifest.name));
        pack(plugin, core, &file, tell)?;
        files.push(file);
    }
    Ok(files)
}

/// The folders below `dir` that hold a plugin (a `plugin.toml` beside a `Cargo.toml`), sorted.
///
/// # Errors
/// The folder can't be read.
pub fn plugins_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("can't list the plugins in {}", dir.display()))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("plugin.toml").is_file() && path.join("Cargo.toml").is_file())
        .collect();
    found.sort();
    Ok(found)
}

/// A plugin's folder, read.
struct Plugin {
    dir: PathBuf,
    manifest: Manifest,
    /// `plugin.toml` as it is written.
    manifest_text: String,
    package: cargo::Package,
}

impl Plugin {
    fn read(dir: &Path) -> Result<Self> {
        let path = dir.join("plugin.toml");
        let manifest_text = fs::read_to_string(&path).with_context(|| {
            format!("every plugin needs a plugin.toml beside its Cargo.toml; there is none that can be read: {}", path.display())
        })?;
        let manifest = read_manifest(&manifest_text).with_context(|| format!("can't use {}", path.display()))?;
        Ok(Self { dir: dir.to_owned(), manifest, manifest_text, package: cargo::Package::read(dir)? })
    }
}

/// From a core module to a component file, checked; the core module (which holds its WIT) is kept in `archive/`
/// beside it, because the binary format of components is still young.
fn pack(plugin: &Plugin, core: &Path, file: &Path, tell: Tell<'_>) -> Result<()> {
    let module = fs::read(core).with_context(|| format!("can't read what cargo built: {}", core.display()))?;
    let component =
        componentize(&module, &plugin.manifest_text).with_context(|| format!("can't pack plugin `{}`", plugin.manifest.name))?;
    let inspection = inspect_bytes(&component)?;
    check_imports(&plugin.manifest, &inspection.interfaces())
        .with_context(|| format!("can't pack plugin `{}`", plugin.manifest.name))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let archive = folder.join("archive");
    write(&archive.join(format!("{}-{}.core.wasm", plugin.manifest.name, plugin.manifest.version)), &module)?;
    write(file, &component)?;
    let (name, kib) = (&plugin.manifest.name, component.len().div_ceil(1024));
    tell(&format!("packed {name}: {kib} KiB, imports {}", inspection.interfaces().join(", ")));
    Ok(())
}

/// Writes a whole file or nothing, and leaves an equal one alone so that nobody recompiles for it.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let failed = || format!("can't write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let part = path.with_extension(format!("part{}", std::process::id()));
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).with_context(failed)
}
