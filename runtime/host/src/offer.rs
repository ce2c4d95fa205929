//! A component as it is offered: from which file, and on whose word.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use plantroom_archive::{Archive, Ask, Standing, limits as archive_limits};
use plantroom_model::limits as shared;
use plantroom_project::{Plant, PluginSpec};
use sha2::{Digest as _, Sha256};

use crate::examine::Examined;
use crate::{LoadError, Manifest, examine};

/// The file of a component, and who has put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFile {
    /// The file: an archive, or a bare component.
    pub path: PathBuf,
    /// It belongs to the program: whoever could write it could write the program. No signature is needed then.
    pub is_of_installation: bool,
}

impl ComponentFile {
    /// A file that belongs to the program.
    pub fn of_installation(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), is_of_installation: true }
    }

    /// A file of a project: it loads on somebody's word only.
    pub fn of_project(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), is_of_installation: false }
    }
}

/// On whose word a plugin runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PluginOrigin {
    /// It came with the program.
    Installation,
    /// Somebody's, or nobody's where the project allows that.
    Offered(Standing),
}

impl PluginOrigin {
    /// Whether nobody has given a word for it.
    pub fn is_unsigned(&self) -> bool {
        matches!(self, Self::Offered(standing) if standing.is_unsigned())
    }
}

impl fmt::Display for PluginOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installation => f.write_str("comes with this installation"),
            Self::Offered(standing) => standing.fmt(f),
        }
    }
}

/// What is offered, once its archive holds and somebody trusted has signed it.
pub(crate) struct Offer {
    /// The component.
    pub component: Vec<u8>,
    /// SHA-256 of the whole file.
    pub file_digest: [u8; 32],
    /// On whose word.
    pub origin: PluginOrigin,
    /// `plugin.toml` as it stands in the archive, and the archive's own digest.
    archive: Option<(Vec<u8>, String)>,
}

impl Offer {
    /// Reads a file; everything that is needed to know whether it is to be trusted, and nothing more.
    pub fn open(spec: &PluginSpec, plant: &Plant, file: &ComponentFile) -> Result<Self, LoadError> {
        let plugin = || spec.name.to_string();
        let bytes = read(&plugin(), &file.path)?;
        let file_digest = Sha256::digest(&bytes).into();
        let untrusted = |reason: String| LoadError::Untrusted { plugin: plugin(), reason, path: file.path.clone() };
        if !is_archive(&file.path, &bytes) {
            if bytes.len() as u64 > shared::COMPONENT_BYTES {
                return Err(LoadError::Size { plugin: plugin(), bytes: bytes.len() as u64 });
            }
            let origin = match file.is_of_installation {
                true => PluginOrigin::Installation,
                false => PluginOrigin::Offered(plant.trust.of_bare_component().map_err(untrusted)?),
            };
            return Ok(Self { component: bytes, file_digest, origin, archive: None });
        }
        let archive = Archive::read(bytes).map_err(|error| LoadError::Archive {
            plugin: plugin(),
            reason: error.to_string(),
            path: file.path.clone(),
        })?;
        let is_named = !spec.component.contains(['/', '.']);
        if is_named && archive.manifest().name != spec.component {
            let reason =
                format!("it holds the plugin `{}`, and plugins.toml asks for `{}`", archive.manifest().name, spec.component);
            return Err(LoadError::Archive { plugin: plugin(), reason, path: file.path.clone() });
        }
        let origin = match file.is_of_installation {
            true => PluginOrigin::Installation,
            false => PluginOrigin::Offered(plant.trust.standing(&archive).map_err(untrusted)?),
        };
        let text = archive.file(plantroom_archive::MANIFEST).unwrap_or_default().to_vec();
        let kept = Some((text, archive.digest()));
        Ok(Self { component: archive.component().to_vec(), file_digest, origin, archive: kept })
    }

    /// The archive's digest, where it came in one.
    pub fn archive_digest(&self) -> Option<&str> {
        self.archive.as_ref().map(|(_, digest)| digest.as_str())
    }

    /// Whether the archive tells the truth about its component, and whether what it asks for was accepted.
    pub fn hold_against(&self, spec: &PluginSpec, examined: &Examined) -> Result<(), LoadError> {
        if let Some((text, _)) = &self.archive
            && examined.manifest_text.as_deref() != Some(text.as_slice())
        {
            let reason = "its plugin.toml isn't the one in its component; make it with `plantroom plugin pack`".to_owned();
            return Err(LoadError::Malformed { plugin: spec.name.to_string(), reason });
        }
        let default = Manifest::default();
        let manifest = examined.manifest.as_ref().unwrap_or(&default);
        let needs_consent = self.archive.is_some() && !matches!(self.origin, PluginOrigin::Installation);
        consent(spec, manifest, needs_consent)
    }
}

/// Whether a person has accepted what is asked for.
fn consent(spec: &PluginSpec, manifest: &Manifest, is_needed: bool) -> Result<(), LoadError> {
    let (name, version, line) = (&spec.name, &manifest.version, manifest.ask.accepts_line());
    let told = |reason: String| Err(LoadError::Consent { reason });
    match &spec.accepts {
        None if is_needed => told(format!(
            "plugin `{name}` ({} {version}) asks {}; whoever grants it that says so: write into plugins.toml, in its [[plugin]]: {line}",
            manifest.name,
            joined(&manifest.ask)
        )),
        None => Ok(()),
        Some(accepted) => {
            let differences = accepted.differences(&manifest.ask);
            if differences.is_empty() {
                return Ok(());
            }
            told(format!(
                "plugin `{name}` ({} {version}) asks for something else than what plugins.toml accepts: it {}; look at its grant again, \
                 then write: {line}",
                manifest.name,
                differences.join("; it ")
            ))
        }
    }
}

fn joined(ask: &Ask) -> String {
    let all = ask.sentences();
    if all.is_empty() { "for nothing".to_owned() } else { all.iter().map(|s| with_for(s)).collect::<Vec<_>>().join(", ") }
}

/// Rights begin with "to", numbers don't.
fn with_for(sentence: &str) -> String {
    if sentence.starts_with("to ") || sentence.starts_with("for ") { sentence.to_owned() } else { format!("for {sentence}") }
}

fn is_archive(path: &Path, bytes: &[u8]) -> bool {
    Archive::is_one(bytes) || path.extension().is_some_and(|extension| extension == plantroom_archive::EXTENSION)
}

/// The SHA-256 of a file that could be offered.
pub(crate) fn file_digest(path: &Path) -> Option<[u8; 32]> {
    read("", path).ok().map(|bytes| Sha256::digest(bytes).into())
}

fn read(plugin: &str, path: &Path) -> Result<Vec<u8>, LoadError> {
    let cant = |source| LoadError::Read { plugin: plugin.to_owned(), path: path.to_owned(), source };
    let file = File::open(path).map_err(cant)?;
    let size = file.metadata().map_err(cant)?.len();
    let is_named_archive = path.extension().is_some_and(|extension| extension == plantroom_archive::EXTENSION);
    let most = if is_named_archive { archive_limits::ARCHIVE_BYTES } else { shared::COMPONENT_BYTES };
    if size > most {
        return Err(LoadError::Size { plugin: plugin.to_owned(), bytes: size });
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // A file that grows while it is read is cut, and found malformed.
    file.take(most).read_to_end(&mut bytes).map_err(cant)?;
    Ok(bytes)
}

/// What can be said of a plugin without compiling or running it.
#[derive(Debug)]
pub struct Looked {
    /// What it is and asks for, where it says so.
    pub manifest: Option<Manifest>,
    /// What it imports: asks that it doesn't use are nothing.
    pub ask: Ask,
    /// On whose word it would run.
    pub origin: PluginOrigin,
    /// The digest of its archive, where it comes in one.
    pub archive_digest: Option<String>,
    /// Why it doesn't load all the same: what it asks for isn't accepted or granted.
    pub objection: Option<LoadError>,
}

/// Looks at a plugin as a station would before it loads it.
///
/// # Errors
/// When its file can't be used, or nobody trusted has signed it.
pub fn look(spec: &PluginSpec, plant: &Plant, file: &ComponentFile) -> Result<Looked, LoadError> {
    let offer = Offer::open(spec, plant, file)?;
    let examined = examine::examine(&spec.name, &offer.component)?;
    let held = offer.hold_against(spec, &examined).and_then(|()| examine::hold_against(&spec.name, &examined, &spec.grant));
    let mut ask = examined.manifest.as_ref().map(|manifest| manifest.ask.clone()).unwrap_or_default();
    ask.imports = examined.imports.iter().filter(|import| *import != "types").cloned().collect();
    let archive_digest = offer.archive_digest().map(str::to_owned);
    Ok(Looked { manifest: examined.manifest, ask, origin: offer.origin, archive_digest, objection: held.err() })
}
