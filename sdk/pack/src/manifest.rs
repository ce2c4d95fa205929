//! `plugin.toml`: what a plugin is and what it asks for.

use anyhow::{Result, anyhow, bail};
use serde::Deserialize;

/// What a plugin is and what it asks for. What it gets is the project's to say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// What it does, in one line.
    pub description: String,
    /// Under which licence it is.
    pub licence: String,
    /// Which world of the contract it is for.
    pub world: World,
    /// What it asks for.
    pub ask: Ask,
}

/// A world of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// A protocol driver.
    Driver,
    /// Computes tags from tags.
    Analytics,
    /// Says when conditions of alarms hold.
    AlarmLogic,
}

/// What a plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Interfaces of the contract: `samples`, `orders`, `modbus`, `tags`, `conditions`, `memory`, `log`.
    pub imports: Vec<String>,
    /// All its memories together, in MiB.
    #[serde(default)]
    pub memory_mib: Option<u32>,
}

impl World {
    /// The interfaces that the world has.
    pub fn imports(self) -> &'static [&'static str] {
        match self {
            Self::Driver => &["samples", "orders", "modbus", "memory", "log"],
            Self::Analytics => &["samples", "tags", "memory", "log"],
            Self::AlarmLogic => &["tags", "conditions", "samples", "memory", "log"],
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Analytics => "analytics",
            Self::AlarmLogic => "alarm-logic",
        }
    }
}

impl Manifest {
    /// Reads a `plugin.toml`.
    ///
    /// # Errors
    /// What is wrong in it, with its line.
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text).map_err(|error| anyhow!("{}", error.to_string().trim_end()))?;
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if manifest.name.is_empty() || !manifest.name.chars().all(fine) {
            bail!("the name `{}` can't be a file name everywhere; use lower-case letters, digits, - and _", manifest.name);
        }
        let known = manifest.world.imports();
        for import in manifest.ask.imports.iter().filter(|import| !known.contains(&import.as_str())) {
            let world = manifest.world.word();
            bail!("ask.imports has `{import}`, which the world `{world}` doesn't have; it has {}", known.join(", "));
        }
        Ok(manifest)
    }

    /// Whether a component that imports these interfaces asks for them.
    ///
    /// # Errors
    /// Names what it uses without asking, or asks for without using.
    pub fn check_imports(&self, used: &[&str]) -> Result<()> {
        let asked: Vec<&str> = self.ask.imports.iter().map(String::as_str).collect();
        let missing: Vec<&str> = used.iter().copied().filter(|import| !asked.contains(import)).collect();
        if !missing.is_empty() {
            bail!("it uses {} without asking; add that to ask.imports in its plugin.toml", missing.join(", "));
        }
        let unused: Vec<&str> = asked.into_iter().filter(|import| !used.contains(import)).collect();
        if !unused.is_empty() {
            bail!("it asks for {} and never uses it; take that from ask.imports in its plugin.toml", unused.join(", "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"average\"\nversion = \"0.1.0\"\ndescription = \"x\"\nlicence = \"MIT\"\nworld = \"analytics\"\n\
        [ask]\nimports = [\"samples\", \"tags\"]\nmemory_mib = 8\n";

    #[test]
    fn a_manifest_says_what_is_wrong_with_it() {
        assert!(Manifest::parse(GOOD).is_ok());
        let says = |from: &str, to: &str, sentence: &str| {
            let error = Manifest::parse(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(sentence), "{error}");
        };
        says("\"average\"", "\"../etc\"", "file name");
        says("\"tags\"", "\"modbus\"", "doesn't have");
        says("licence", "license", "unknown field `license`");
        says("analytics", "alarms", "unknown variant `alarms`");
        says("memory_mib", "memory_kib", "unknown field `memory_kib`");
    }

    #[test]
    fn what_is_used_is_asked_for_and_nothing_else() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert!(manifest.check_imports(&["samples", "tags"]).is_ok());
        assert!(manifest.check_imports(&["samples", "tags", "log"]).unwrap_err().to_string().contains("uses log"));
        assert!(manifest.check_imports(&["samples"]).unwrap_err().to_string().contains("asks for tags"));
    }
}
