//! The outer form: a POSIX tar file (ustar), uncompressed, in which nothing but names, sizes and contents can differ.

use std::ops::Range;

use tar::{EntryType, Header};

use crate::{ArchiveError, COMPONENT, CORE_MODULE, SIGNATURES, SUMS, limits};

const BLOCK: usize = 512;
/// Two empty blocks end a tar file.
const END: usize = 2 * BLOCK;

/// A file's place in an archive's bytes.
pub(crate) struct Entry {
    pub path: String,
    pub range: Range<usize>,
}

/// Appends a file.
pub(crate) fn push(tape: &mut Vec<u8>, path: &str, bytes: &[u8]) {
    tape.extend_from_slice(header(path, bytes.len() as u64).as_bytes());
    tape.extend_from_slice(bytes);
    tape.resize(tape.len().next_multiple_of(BLOCK), 0);
}

/// Ends it.
pub(crate) fn finish(tape: &mut Vec<u8>) {
    tape.resize(tape.len() + END, 0);
}

/// The one header that a file of this name and size has.
fn header(path: &str, size: u64) -> Header {
    let mut header = Header::new_ustar();
    // Checked to be short and plain by `check_path`, so that it can always be set.
    let _ = header.set_path(path);
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    header
}

/// Reads which files there are, without looking into them.
///
/// # Errors
/// At the first thing that an archive doesn't have.
pub(crate) fn read(tape: &[u8]) -> Result<Vec<Entry>, ArchiveError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut at = 0;
    loop {
        let block = tape.get(at..at + BLOCK).ok_or_else(cut)?;
        if block.iter().all(|byte| *byte == 0) {
            break;
        }
        let entry = read_entry(tape, block, at)?;
        if entries.iter().any(|other| other.path == entry.path) {
            return Err(ArchiveError::files(format!("`{}` is in it twice", entry.path)));
        }
        if entries.len() >= limits::FILES + 2 {
            return Err(ArchiveError::files(format!("it holds more than {} files", limits::FILES)));
        }
        at = entry.range.end.next_multiple_of(BLOCK);
        entries.push(entry);
    }
    let rest = &tape[at..];
    if rest.len() < END {
        return Err(cut());
    }
    if rest.len() > END || rest.iter().any(|byte| *byte != 0) {
        return Err(ArchiveError::form("something stands behind its end; get the archive anew"));
    }
    Ok(entries)
}

fn cut() -> ArchiveError {
    ArchiveError::form("its end is missing; get the archive anew")
}

fn read_entry(tape: &[u8], block: &[u8], at: usize) -> Result<Entry, ArchiveError> {
    let found = Header::from_byte_slice(block);
    let mut summed = found.clone();
    summed.set_cksum();
    if summed.as_bytes() != found.as_bytes() {
        return Err(ArchiveError::form(match at {
            0 => "it isn't a plugin archive, or its beginning is damaged".to_owned(),
            _ => format!("it is damaged at byte {at}; get the archive anew"),
        }));
    }
    let name = found.path_bytes();
    let shown = String::from_utf8_lossy(&name).escape_debug().to_string();
    match found.entry_type() {
        EntryType::Regular => {}
        EntryType::Symlink | EntryType::Link => {
            return Err(ArchiveError::files(format!("`{shown}` in it is a link; an archive holds plain files only")));
        }
        _ => return Err(ArchiveError::files(format!("`{shown}` in it is no plain file; an archive holds nothing else"))),
    }
    let path = std::str::from_utf8(&name).map_err(|_| ArchiveError::files(format!("`{shown}` in it isn't a name")))?;
    check_path(path)?;
    let size = found.size().map_err(|_| ArchiveError::form(format!("the size of `{path}` in it isn't a number")))?;
    let most = if path == COMPONENT || path == CORE_MODULE { limits::WASM_BYTES } else { limits::TEXT_BYTES };
    if size > most {
        return Err(ArchiveError::files(format!("`{path}` in it has {size} bytes; at most {most} are possible")));
    }
    if header(path, size).as_bytes() != found.as_bytes() {
        let sentence = format!(
            "`{path}` in it carries a time, an owner or another mark that archives don't have; make it with `plantroom plugin pack`"
        );
        return Err(ArchiveError::Form(sentence));
    }
    let start = at + BLOCK;
    let end = start + size as usize;
    let padding = tape.get(end..end.next_multiple_of(BLOCK)).ok_or_else(cut)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(ArchiveError::form(format!("something stands behind `{path}` in it; get the archive anew")));
    }
    Ok(Entry { path: path.to_owned(), range: start..end })
}

/// Whether a path is one that archives have: plain names, downwards, and one of those that mean something.
pub(crate) fn check_path(path: &str) -> Result<(), ArchiveError> {
    let shown = path.chars().take(60).flat_map(char::escape_debug).collect::<String>();
    if path.starts_with('/') || path.contains(['\\', ':']) || path.split('/').any(|part| part == "..") {
        return Err(ArchiveError::files(format!("`{shown}` in it leads out of the archive; nothing of it was read")));
    }
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if path.len() > limits::PATH_BYTES || !path.split('/').all(plain) {
        return Err(ArchiveError::files(format!("`{shown}` in it isn't a plain name of at most {} letters", limits::PATH_BYTES)));
    }
    if is_known(path) {
        return Ok(());
    }
    Err(ArchiveError::files(format!("`{shown}` doesn't belong into an archive")))
}

fn is_known(path: &str) -> bool {
    let licence = |name: &str| ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|word| name.starts_with(word));
    match path.split_once('/') {
        None => {
            [SUMS, SIGNATURES, COMPONENT, CORE_MODULE, crate::MANIFEST, "README.md", "bench.toml"].contains(&path)
                || licence(path)
        }
        Some(("wit", rest)) => rest.ends_with(".wit"),
        Some(_) => false,
    }
}
