//! From a plugin's folder to its archive.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use plantroom_archive::{Archive, COMPONENT, CORE_MODULE, MANIFEST, Manifest, limits};

use crate::component::push_manifest;
use crate::manifest::{check_imports, read_manifest};
use crate::{Tell, build, inspect_bytes, write};

/// The contract that this version packs for; it travels in every archive, because its binary form is still young.
const CONTRACT: &str = include_str!("../../../wit/plugin-0.1/plugin.wit");
/// Where it stands in an archive.
const CONTRACT_PATH: &str = "wit/plugin.wit";

/// Packs a plugin's folder as `NAME-VERSION.plantroom` into a folder: builds it first where it is a Rust package, else takes
/// the component that is named. The same sources and toolchain give the same bytes.
///
/// # Errors
/// One sentence that says what is missing or wrong, and what to do.
pub fn pack_archive(plugin_dir: &Path, component: Option<&Path>, out_dir: &Path, tell: Tell<'_>) -> Result<PathBuf> {
    let manifest_path = plugin_dir.join(MANIFEST);
    let text = fs::read_to_string(&manifest_path).with_context(|| {
        format!("every plugin needs a plugin.toml; there is none that can be read: {}", manifest_path.display())
    })?;
    let manifest = read_manifest(&text).with_context(|| format!("can't use {}", manifest_path.display()))?;
    let mut files =
        BTreeMap::from([(MANIFEST.to_owned(), text.clone().into_bytes()), (CONTRACT_PATH.to_owned(), CONTRACT.into())]);
    match component {
        Some(path) => drop(files.insert(COMPONENT.to_owned(), foreign(path, &manifest, &text)?)),
        None => files.extend(built(plugin_dir, &manifest, tell)?),
    }
    for name in ["README.md", "bench.toml"] {
        if let Ok(bytes) = fs::read(plugin_dir.join(name)) {
            files.insert(name.to_owned(), bytes);
        }
    }
    files.extend(licences(plugin_dir)?);
    let bytes = plantroom_archive::write(&files).map_err(|error| anyhow!("can't pack plugin `{}`: {error}", manifest.name))?;
    let path = out_dir.join(manifest.file_name());
    keep_signatures(&path, bytes)?;
    Ok(path)
}

/// A signed archive of the very same plugin stays as it is: its signatures are over what would be written.
fn keep_signatures(path: &Path, bytes: Vec<u8>) -> Result<()> {
    let same = |old: &Archive| old.unsigned() == bytes;
    match fs::read(path).ok().and_then(|old| Archive::read(old).ok()) {
        Some(old) if same(&old) => Ok(()),
        _ => write(path, &bytes),
    }
}

/// The component of a Rust package, and the core module that it was made of.
fn built(plugin_dir: &Path, manifest: &Manifest, tell: Tell<'_>) -> Result<Vec<(String, Vec<u8>)>> {
    let place = plugin_dir.join("target").join("pack");
    let component = build(plugin_dir, &place, tell)?;
    let core = place.join("archive").join(format!("{}-{}.core.wasm", manifest.name, manifest.version));
    let read = |path: &Path| fs::read(path).with_context(|| format!("can't read what was built: {}", path.display()));
    Ok(vec![(COMPONENT.to_owned(), read(&component)?), (CORE_MODULE.to_owned(), read(&core)?)])
}

/// A component that another toolchain has built, with its manifest in it.
fn foreign(path: &Path, manifest: &Manifest, text: &str) -> Result<Vec<u8>> {
    let mut bytes = fs::read(path).with_context(|| format!("can't read the component: {}", path.display()))?;
    if bytes.len() as u64 > limits::WASM_BYTES {
        bail!("the component has {} bytes; at most {} are possible: {}", bytes.len(), limits::WASM_BYTES, path.display());
    }
    let found = inspect_bytes(&bytes).with_context(|| format!("can't use {}", path.display()))?;
    if let Some(foreign) = found.foreign().first() {
        bail!("the component imports {foreign}; a plugin may import nothing but plantroom:plugin/*: {}", path.display());
    }
    check_imports(manifest, &found.interfaces()).with_context(|| format!("can't pack plugin `{}`", manifest.name))?;
    match &found.manifest_text {
        None => push_manifest(&mut bytes, text),
        Some(inside) if inside == text => {}
        Some(_) => bail!("the component was built with another plugin.toml; build it again: {}", path.display()),
    }
    Ok(bytes)
}

/// Licence files of the plugin's folder; where it has none, of the nearest folder above that has some.
fn licences(plugin_dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let root = plugin_dir.canonicalize().with_context(|| format!("there is no folder {}", plugin_dir.display()))?;
    for folder in root.ancestors() {
        let mut found = Vec::new();
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_one = ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|word| name.starts_with(word));
            if is_one && entry.path().is_file() {
                let bytes = fs::read(entry.path()).with_context(|| format!("can't read {}", entry.path().display()))?;
                found.push((name, bytes));
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    bail!(
        "the plugin has no licence, so nobody may use it; put a file LICENSE beside its plugin.toml: {}",
        plugin_dir.join("LICENSE").display()
    )
}
