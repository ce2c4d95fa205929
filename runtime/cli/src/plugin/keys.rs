//! `plantroom plugin keygen`, and reading keys from files.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use plantroom_archive::SecretKey;

use crate::exit::Failure;

/// Makes a key pair. The file is the secret key: whoever has it signs in your name. Its public key is printed as the lines that
/// others write into their trust.toml.
#[derive(Args)]
pub struct Keygen {
    /// The file for the secret key; refused where it is there already.
    file: PathBuf,
    /// Whose key it is, as others will see it.
    #[arg(long)]
    name: String,
    /// The key of a site, which counter-signs what it takes, instead of a publisher's.
    #[arg(long)]
    site: bool,
}

impl Keygen {
    pub fn run(self) -> Result<()> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)
            .map_err(|error| Failure::problems(format!("This machine gives no random numbers: {error}")))?;
        let key = SecretKey::from_seed(seed).map_err(|error| Failure::problems(error.to_string()))?;
        write_new(&self.file, &key.to_file()).map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::AlreadyExists => "there is a file already, and a key can't be made again".to_owned(),
                _ => error.to_string(),
            };
            Failure::problems(format!("The key can't be kept: {why}: {}", self.file.display()))
        })?;
        let section = if self.site { "site" } else { "publisher" };
        println!("The secret key is in {}. Keep it off the network, and a copy of it in a safe.", self.file.display());
        println!("Whoever takes plugins signed with it writes into trust.toml of the project:\n");
        println!("[[{section}]]\nname = {}\nkey = \"{}\"", toml::Value::from(self.name.as_str()), key.public());
        Ok(())
    }
}

/// A new file that only its owner can read.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Reads a secret key; one that others could have read is refused.
pub fn read_secret(path: &Path) -> Result<SecretKey> {
    let cant = |why: String| Failure::problems(format!("The secret key can't be used: {why}: {}", path.display()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = std::fs::metadata(path).map_err(|error| cant(error.to_string()))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            let why = "other users of this machine can read it; take that away (chmod 600), or make a new key if they may have";
            return Err(cant(why.to_owned()).into());
        }
    }
    let text = std::fs::read_to_string(path).map_err(|error| cant(error.to_string()))?;
    Ok(SecretKey::from_file(&text).map_err(|error| cant(error.to_string()))?)
}
