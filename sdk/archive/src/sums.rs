//! The list of hashes: what `sha256sum --check SHA256SUMS` of any machine can check too.

use crate::ArchiveError;
use crate::read::hash;

const TITLE: &str = "# Plantroom plugin archive, format ";
const FORMAT: &str = "1";

/// The list of these files, in their order.
pub(crate) fn render<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let lines = files.map(|(path, bytes)| format!("{}  {path}\n", hash(bytes)));
    format!("{TITLE}{FORMAT}\n{}", lines.collect::<String>())
}

/// Whether the list is that of these files, and nothing else.
///
/// # Errors
/// Says which file isn't what the list says.
pub(crate) fn check(list: &[u8], files: &[(&str, &[u8])]) -> Result<(), ArchiveError> {
    let damaged = || ArchiveError::form("its list of hashes is damaged; get the archive anew");
    let list = std::str::from_utf8(list).map_err(|_| damaged())?;
    let title = list.lines().next().and_then(|line| line.strip_prefix(TITLE)).ok_or_else(damaged)?;
    if title != FORMAT {
        let number = title.len() < 6 && title.bytes().all(|byte| byte.is_ascii_digit()) && !title.is_empty();
        return Err(if number { ArchiveError::Newer(title.to_owned()) } else { damaged() });
    }
    let listed: Vec<(&str, &str)> = list.lines().skip(1).filter_map(|line| line.split_once("  ")).collect();
    for (path, bytes) in files {
        match listed.iter().find(|(_, name)| name == path) {
            None => return Err(ArchiveError::files(format!("`{path}` is in it, but not in its list of hashes"))),
            Some((digest, _)) if *digest != hash(bytes) => return Err(ArchiveError::Hash((*path).to_owned())),
            Some(_) => {}
        }
    }
    if let Some((_, path)) = listed.iter().find(|(_, name)| !files.iter().any(|(path, _)| path == name)) {
        return Err(ArchiveError::files(format!("its list of hashes has `{}`, which isn't in it", path.escape_debug())));
    }
    // Every hash holds; what is left are lines that say nothing, and another order.
    if render(files.iter().copied()) == list { Ok(()) } else { Err(damaged()) }
}
