//! Reads a component back: what it is, imports and asks for.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use plantroom_archive::Archive;
use wasmparser::{Encoding, Parser, Payload};

use crate::component::{CONTRACT, SECTION};
use crate::manifest::Manifest;

/// What a component says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Its `plugin.toml`, where it has a usable one.
    pub manifest: Option<Manifest>,
    /// The same as it is written.
    pub manifest_text: Option<String>,
    /// Everything it imports, by its full name: `plantroom:plugin/samples@0.1.0`.
    pub imports: Vec<String>,
    /// Everything it exports, by its full name.
    pub exports: Vec<String>,
    /// The contract's version, from the `guest` interface it exports.
    pub contract: String,
    /// Its size.
    pub size_bytes: u64,
}

impl Inspection {
    /// The contract's interfaces it imports, by their short names; `types` has nothing in it that could be called.
    pub fn interfaces(&self) -> Vec<&str> {
        let names = self.imports.iter().filter_map(|import| import.strip_prefix(CONTRACT)?.split('@').next());
        names.filter(|name| *name != "types").collect()
    }

    /// What it imports besides the contract.
    pub fn foreign(&self) -> Vec<&str> {
        self.imports.iter().map(String::as_str).filter(|import| !import.starts_with(CONTRACT)).collect()
    }
}

/// Reads a component file, or the component in an archive.
///
/// # Errors
/// It can't be read, it is an archive that doesn't hold, or it is no component of Plantroom's contract.
pub fn inspect(component: &Path) -> Result<Inspection> {
    let bytes = fs::read(component).with_context(|| format!("can't read {}", component.display()))?;
    if !Archive::is_one(&bytes) {
        return inspect_bytes(&bytes).with_context(|| format!("can't use {}", component.display()));
    }
    let archive = Archive::read(bytes).map_err(|error| anyhow!("the archive can't be used: {error}: {}", component.display()))?;
    inspect_bytes(archive.component()).with_context(|| format!("can't use {}", component.display()))
}

/// Reads a component.
///
/// # Errors
/// It is no component of Plantroom's contract.
pub fn inspect_bytes(component: &[u8]) -> Result<Inspection> {
    let mut found = Inspection {
        manifest: None,
        manifest_text: None,
        imports: Vec::new(),
        exports: Vec::new(),
        contract: String::new(),
        size_bytes: component.len() as u64,
    };
    // 0 is the component itself; what is nested in it doesn't count.
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.context("it isn't WebAssembly, or it is damaged")? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                bail!("it is a core module and not a component; pack it with `plantroom plugin pack`")
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    found.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    found.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                let text = std::str::from_utf8(section.data()).context("its plugin.toml isn't text")?;
                let unusable = |reason| anyhow::anyhow!("its plugin.toml can't be used: {reason}");
                found.manifest_text = Some(text.to_owned());
                found.manifest = Some(Manifest::parse(text.as_bytes()).map_err(unusable)?);
            }
            _ => {}
        }
    }
    let guest = found.exports.iter().find_map(|export| export.strip_prefix(CONTRACT)?.strip_prefix("guest@"));
    found.contract = guest.context("it doesn't export plantroom:plugin/guest, so it is no Plantroom plugin")?.to_owned();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plugin_is_told_so() {
        let says = |bytes: &[u8], sentence: &str| {
            let error = format!("{:#}", inspect_bytes(bytes).unwrap_err());
            assert!(error.contains(sentence), "{error}");
        };
        says(b"hello world", "isn't WebAssembly");
        says(b"\0asm\x01\0\0\0", "core module");
        says(b"\0asm\x0d\0\x01\0", "no Plantroom plugin");
    }
}
