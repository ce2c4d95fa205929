//! What a component says of itself: its embedded `plugin.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Name of the custom section that `plantroom plugin pack` writes.
pub(crate) const SECTION: &str = "plantroom:plugin.toml";

/// Largest embedded manifest, in bytes. A larger one does not load.
pub(crate) const MANIFEST_BYTES: usize = 64 << 10;

/// A component's `plugin.toml`. Keys that this station doesn't know are ignored: a newer plugin may have more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// The component's name.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// What it does, in one sentence.
    #[serde(default)]
    pub description: String,
    /// Its licence.
    #[serde(default)]
    pub licence: String,
    /// `driver`, `analytics` or `alarm-logic`.
    #[serde(default)]
    pub world: String,
    /// What it asks for.
    #[serde(default)]
    pub ask: Ask,
}

/// What a component asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Ask {
    /// Interfaces: `samples`, `orders`, `modbus`, `tags`, `conditions`, `memory`, `log`.
    #[serde(default)]
    pub imports: BTreeSet<String>,
    /// Memory that it needs to work, in MiB; 0 where it doesn't say.
    #[serde(default)]
    pub memory_mib: u64,
}

impl Manifest {
    /// Reads the section.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MANIFEST_BYTES {
            return Err(format!("its plugin.toml has {} bytes; at most {MANIFEST_BYTES} are allowed", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "its plugin.toml is not UTF-8".to_owned())?;
        toml::from_str(text).map_err(|error| format!("its plugin.toml can't be read: {}", error.message()))
    }
}
