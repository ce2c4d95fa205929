//! `plantroom plugin pack`, `sign` and `verify`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use plantroom_archive::{Archive, Day, Signer, Standing, Trust, limits};
use serde_json::json;

use super::keys::read_secret;
use crate::exit::Failure;

/// Builds a plugin and packs it as one archive. The same sources give the same bytes.
#[derive(Args)]
pub struct Pack {
    /// The plugin's folder.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Folder for the archive.
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// A component that another toolchain has built, instead of building the folder with cargo.
    #[arg(long)]
    component: Option<PathBuf>,
}

impl Pack {
    pub fn run(self) -> Result<()> {
        let path =
            super::with_progress(|tell| plantroom_pack::pack_archive(&self.folder, self.component.as_deref(), &self.out, tell))?;
        let archive = read(&path)?;
        println!("packed {} ({} KiB)", path.display(), archive.bytes().len().div_ceil(1024));
        println!("{}", archive.digest());
        if archive.signatures().is_empty() {
            println!("It isn't signed yet: plantroom plugin sign {} --key FILE", path.display());
        }
        Ok(())
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum As {
    /// Who made the plugin.
    Publisher,
    /// The site that runs it, and has looked at this archive.
    Site,
}

/// Signs an archive. Signing twice with one key leaves the newer signature.
#[derive(Args)]
pub struct Sign {
    /// The archive; it is written anew with the signature in it.
    archive: PathBuf,
    /// The file of the secret key, as `plantroom plugin keygen` made it.
    #[arg(long)]
    key: PathBuf,
    /// As what.
    #[arg(long = "as", value_enum, default_value = "publisher")]
    signer: As,
    /// The day of the signature (UTC), as in 2026-11-23; today, if not given.
    #[arg(long)]
    on: Option<String>,
}

impl Sign {
    pub fn run(self) -> Result<()> {
        let archive = read(&self.archive)?;
        let day = match self.on {
            Some(day) => day,
            None => jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        };
        let day: Day = day.parse().map_err(|()| Failure::usage(format!("`{day}` is no day; write it as in 2026-11-23.")))?;
        let key = read_secret(&self.key)?;
        let signer = match self.signer {
            As::Publisher => Signer::Publisher,
            As::Site => Signer::Site,
        };
        let cant = |why: String| Failure::problems(format!("The archive can't be signed: {why}: {}", self.archive.display()));
        let signed = archive.signed(signer, day, &key).map_err(|error| cant(error.to_string()))?;
        replace(&self.archive, &signed).map_err(|error| cant(error.to_string()))?;
        println!("signed {} as its {signer}, on {day}, with {}", self.archive.display(), key.public());
        Ok(())
    }
}

/// Writes a whole file, or leaves the old one.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    if let Ok(old) = std::fs::metadata(path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Checks every hash and signature of an archive, offline. With a project it also says whether that trusts who has signed
/// it, and ends with code 3 where it doesn't.
#[derive(Args)]
pub struct Verify {
    /// The archive.
    archive: PathBuf,
    /// The project whose trust.toml and plant.toml decide.
    #[arg(long)]
    project: Option<PathBuf>,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub fn run(self) -> Result<()> {
        let archive = read(&self.archive)?;
        let trust = self.project.as_deref().map(trust_of).transpose()?;
        let standing = trust.map(|trust| trust.standing(&archive));
        if self.json {
            println!("{}", serde_json::to_string_pretty(&in_json(&archive, standing.as_ref()))?);
        } else {
            in_words(&archive, standing.as_ref());
        }
        match standing {
            Some(Err(why)) => Err(Failure::refused(format!("The plugin {why}: {}", self.archive.display())).into()),
            _ => Ok(()),
        }
    }
}

fn in_words(archive: &Archive, standing: Option<&Result<Standing, String>>) {
    let manifest = archive.manifest();
    println!("{} {}: every file is what was packed.", manifest.name, manifest.version);
    println!("{}", archive.digest());
    for (path, bytes) in archive.files() {
        println!("  {:>9} {path}", bytes.len());
    }
    if archive.signatures().is_empty() {
        println!("Nobody has signed it.");
    }
    for signature in archive.signatures() {
        println!("Signed by the owner of {} as its {}, on {} by their own word.", signature.key, signature.signer, signature.day);
    }
    match standing {
        Some(Ok(standing)) => println!("In this project: {standing}."),
        Some(Err(_)) => {}
        None => println!("Whether a plant trusts that, its trust.toml says: --project FOLDER."),
    }
}

fn in_json(archive: &Archive, standing: Option<&Result<Standing, String>>) -> serde_json::Value {
    let manifest = archive.manifest();
    let files = archive
        .files()
        .map(|(path, bytes)| json!({ "path": path, "bytes": bytes.len(), "digest": plantroom_archive::digest_of(bytes) }));
    let signatures = archive.signatures().iter();
    let signatures =
        signatures.map(|one| json!({ "signer": one.signer.to_string(), "key": one.key.to_string(), "day": one.day.to_string() }));
    json!({
        "name": manifest.name, "version": manifest.version, "digest": archive.digest(),
        "files": files.collect::<Vec<_>>(), "signatures": signatures.collect::<Vec<_>>(),
        "trusted": standing.map(|standing| standing.as_ref().is_ok_and(|standing| !standing.is_unsigned())),
        "standing": standing.map(|standing| match standing { Ok(words) => words.to_string(), Err(why) => why.clone() }),
    })
}

/// Whom a project trusts, also where something else is wrong in it.
fn trust_of(project: &Path) -> Result<Trust> {
    let loaded = plantroom_project::load(project);
    let of_trust = loaded.diagnostics.iter().find(|d| d.file == "trust.toml" && d.severity == plantroom_model::Severity::Error);
    if let Some(wrong) = of_trust {
        return Err(Failure::problems(wrong.to_string()).into());
    }
    let plant = loaded.plant.or(loaded.partial);
    let plant =
        plant.ok_or_else(|| Failure::problems(format!("There is no project that can be read in {}", project.display())))?;
    Ok(plant.trust.clone())
}

/// Reads an archive, with all its checks.
pub fn read(path: &Path) -> Result<Archive> {
    let cant = |why: String| Failure::problems(format!("The archive can't be used: {why}: {}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| cant(error.to_string()))?.len();
    if size > limits::ARCHIVE_BYTES {
        return Err(cant(format!("it has {size} bytes; an archive has at most {}", limits::ARCHIVE_BYTES)).into());
    }
    let bytes = std::fs::read(path).map_err(|error| cant(error.to_string()))?;
    Ok(Archive::read(bytes).map_err(|error| cant(error.to_string()))?)
}
