//! `plugin.toml`: what a plugin is and what it asks for.

use serde::Deserialize;

use crate::{Ask, EXTENSION, limits};

/// A `plugin.toml`. Keys that this version doesn't know are ignored: a newer plugin may have more. Who makes a plugin is
/// told of them (`plantroom-pack`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// Its name: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Its own version.
    #[serde(default)]
    pub version: String,
    /// What it does, in one line.
    #[serde(default)]
    pub description: String,
    /// Under which licence it is.
    #[serde(default)]
    pub licence: String,
    /// Which world of the contract it is for: a [`World`]'s word, or one of a later contract.
    #[serde(default)]
    pub world: String,
    /// What it asks for.
    #[serde(default)]
    pub ask: Ask,
}

/// A world of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// A protocol driver.
    Driver,
    /// Computes tags from tags.
    Analytics,
    /// Says when conditions of alarms hold.
    AlarmLogic,
}

impl World {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Driver, Self::Analytics, Self::AlarmLogic];

    /// The interfaces that the world has.
    pub fn imports(self) -> &'static [&'static str] {
        match self {
            Self::Driver => &["samples", "orders", "modbus", "stream", "memory", "log"],
            Self::Analytics => &["samples", "tags", "memory", "log"],
            Self::AlarmLogic => &["tags", "conditions", "samples", "memory", "log"],
        }
    }

    /// Its name in `plugin.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Driver => "driver",
            Self::Analytics => "analytics",
            Self::AlarmLogic => "alarm-logic",
        }
    }

    /// The world of this name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|world| world.word() == word)
    }
}

impl Manifest {
    /// Reads a `plugin.toml`.
    ///
    /// # Errors
    /// What is wrong in it, as a sentence's end.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > limits::MANIFEST_BYTES {
            return Err(format!("it has {} bytes; at most {} are allowed", bytes.len(), limits::MANIFEST_BYTES));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let manifest: Self = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if manifest.name.is_empty() || manifest.name.len() > 60 || !manifest.name.chars().all(plain) {
            let name = manifest.name.escape_debug();
            return Err(format!(
                "the name `{name}` can't be a file name everywhere; use at most 60 lower-case letters, digits, - and _"
            ));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || ".+-".contains(c);
        if manifest.version.len() > 40 || !manifest.version.chars().all(fits) || manifest.version.starts_with('.') {
            let version = manifest.version.escape_debug();
            return Err(format!("the version `{version}` can't be part of a file name; write it as in 1.2.0"));
        }
        Ok(manifest)
    }

    /// `NAME-VERSION.plantroom`.
    pub fn file_name(&self) -> String {
        format!("{}-{}.{EXTENSION}", self.name, if self.version.is_empty() { "0" } else { &self.version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_manifest_is_read_and_a_strange_one_is_not() {
        let newer =
            Manifest::parse(b"name = \"x\"\ncolour = 5\nworld = \"weather\"\n[ask]\nimports = [\"wind\"]\nsails = 3\n").unwrap();
        assert_eq!((newer.file_name().as_str(), newer.world.as_str()), ("x-0.plantroom", "weather"));
        for (text, sentence) in [
            ("name = \"../etc\"", "file name"),
            ("name = \"\"", "file name"),
            ("name = \"x\"\nversion = \"1/2\"", "part of a file name"),
            ("name = 5", "invalid type"),
            ("version = \"1\"", "missing field `name`"),
            ("name = \"x\"\n[ask]\nmemory_mib = -1", "invalid value"),
        ] {
            let said = Manifest::parse(text.as_bytes()).unwrap_err();
            assert!(said.contains(sentence), "{text}: {said}");
        }
        assert!(Manifest::parse(&[0xff]).is_err());
    }
}
