//! The project folder as bytes: what is kept of it, compared with it, and written back to it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

/// Folders of a project whose files belong to its text. Components are not text: what is in `plugins/` is left out.
pub const FOLDERS: [&str; 8] = ["types", "tags", "screens", "alarms", "automations", "languages", "fonts", "images"];
/// Most files; a project with more is refused by its check.
const FILES: usize = 10_000;
/// Deepest folder, as the project's check has it.
const DEPTH: usize = 8;
/// All files together, in bytes. A project with more can run, but not be changed while it runs.
const TOTAL_BYTES: u64 = 256 << 20;

/// All files of a project: path with `/`, bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectText {
    /// By path, relative to the project folder.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl ProjectText {
    /// Reads the folder. Files that can't be read are left out: the project's check tells of them.
    ///
    /// # Errors
    /// When the folder itself can't be read, or holds too much.
    pub fn read(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        let mut text = Self::default();
        let mut total = 0;
        let walk = WalkDir::new(&root).follow_links(false).max_depth(DEPTH).sort_by_file_name();
        let belongs = |entry: &walkdir::DirEntry| entry.depth() == 0 || is_text(&root, entry.path(), entry.file_type().is_dir());
        for entry in walk.into_iter().filter_entry(belongs) {
            // What went away while it was read shows when the folder is read a second time.
            let Ok(entry) = entry else { continue };
            let Some(path) = relative(&root, entry.path()).filter(|_| !entry.file_type().is_dir()) else { continue };
            let Some(bytes) = read_file(&root, entry.path(), TOTAL_BYTES - total) else { continue };
            total += bytes.len() as u64;
            text.files.insert(path, bytes);
            if total >= TOTAL_BYTES || text.files.len() > FILES {
                let words = format!("the project has more than {FILES} files or {} MiB", TOTAL_BYTES >> 20);
                return Err(io::Error::other(words));
            }
        }
        Ok(text)
    }

    /// What tells one state of a folder from the next without reading its files: names, lengths, times. Cheap enough for
    /// every question after the project's state.
    pub fn stamp(root: &Path) -> u64 {
        let mut hasher = DefaultHasher::new();
        let Ok(root) = root.canonicalize() else { return 0 };
        let walk = WalkDir::new(&root).follow_links(false).max_depth(DEPTH).sort_by_file_name();
        let plugins = root.join("plugins");
        let belongs = |entry: &walkdir::DirEntry| {
            let (path, is_folder) = (entry.path(), entry.file_type().is_dir());
            entry.depth() == 0 || is_text(&root, path, is_folder) || path.starts_with(&plugins)
        };
        for entry in walk.into_iter().filter_entry(belongs).filter_map(Result::ok).filter(|entry| !entry.file_type().is_dir()) {
            let of_link = fs::metadata(entry.path()).ok();
            let times = of_link.and_then(|file| Some((file.len(), file.modified().ok()?)));
            (entry.path(), times).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Writes all of it into a folder of its own.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_into(&self, folder: &Path) -> io::Result<()> {
        for (path, bytes) in &self.files {
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(file, bytes)?;
        }
        Ok(())
    }

    /// Makes a project folder hold this. Each file changes as a whole, and is on the disk afterwards. A file that is
    /// neither as in `known` nor as in this is kept beside as `NAME.orig`; returns their paths.
    ///
    /// # Errors
    /// When the disk refuses; some files may have been written already, and calling it again goes on.
    pub fn write_back(&self, root: &Path, known: &Self) -> io::Result<Vec<String>> {
        let present = Self::read(root)?;
        let mut kept = Vec::new();
        for path in present.files.keys().chain(self.files.keys().filter(|path| !present.files.contains_key(*path))) {
            let (old, new) = (present.files.get(path), self.files.get(path));
            if old == new {
                continue;
            }
            let file = root.join(path);
            if let Some(old) = old.filter(|old| known.files.get(path) != Some(*old)) {
                replace(&root.join(format!("{path}.orig")), old)?;
                kept.push(format!("{path}.orig"));
            }
            match new {
                Some(bytes) => replace(&file, bytes)?,
                None => fs::remove_file(&file)?,
            }
        }
        Ok(kept)
    }

    /// Names every file's content.
    pub fn digests(&self) -> BTreeMap<String, String> {
        self.files.iter().map(|(path, bytes)| (path.clone(), digest(bytes))).collect()
    }
}

/// The name of a content: its SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether a path below a project's root belongs to its text, or may hold what does.
pub fn is_text(root: &Path, path: &Path, is_folder: bool) -> bool {
    let Some(name) = relative(root, path) else { return false };
    let last = name.rsplit('/').next().unwrap_or_default();
    let is_left_over = [".orig", "~", ".swp", ".tmp", ".new"].iter().any(|ending| last.ends_with(ending));
    if last.starts_with('.') || (is_left_over && !is_folder) {
        return false;
    }
    match name.split_once('/') {
        Some((first, _)) => FOLDERS.contains(&first),
        None if is_folder => FOLDERS.contains(&last),
        None => last.ends_with(".toml"),
    }
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_str());
    parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("/")).filter(|path| !path.is_empty())
}

/// A file's bytes, where it is a file of this folder.
fn read_file(root: &Path, path: &Path, most: u64) -> Option<Vec<u8>> {
    let real = path.canonicalize().ok().filter(|real| real.starts_with(root))?;
    let file = File::open(real).ok().filter(|file| file.metadata().is_ok_and(|kind| kind.is_file()))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A file's new content, whole and on the disk, readable by whoever could read the old one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    let next = Path::new(&next);
    let mut file = File::create(next)?;
    file.write_all(bytes)?;
    if let Ok(old) = fs::metadata(path) {
        fs::set_permissions(next, old.permissions())?;
    }
    file.sync_all()?;
    fs::rename(next, path)?;
    #[cfg(unix)]
    File::open(parent)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(files: &[(&str, &str)]) -> ProjectText {
        ProjectText { files: files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect() }
    }

    #[test]
    fn only_what_belongs_to_the_project_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let files = text(&[("plant.toml", "a"), ("tags/x/y.toml", "b"), ("screens/1.rhai", "c")]);
        files.write_into(folder.path()).unwrap();
        let others = ["data/users.toml", "plugins/x.toml", ".git/config.toml", "README.md", "tags/y.toml.orig", "tags/.a.toml"];
        for path in others {
            text(&[(path, "no")]).write_into(folder.path()).unwrap();
        }
        assert_eq!(ProjectText::read(folder.path()).unwrap(), files);
    }

    #[test]
    fn the_stamp_tells_what_was_saved_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        text(&[("plant.toml", "a"), ("tags/x.toml", "b")]).write_into(root).unwrap();
        let first = ProjectText::stamp(root);
        text(&[("data/users.toml", "no"), ("README.md", "no")]).write_into(root).unwrap();
        assert_eq!(ProjectText::stamp(root), first);
        let mut seen = vec![first];
        for (path, words) in [("plant.toml", "longer"), ("screens/1.rhai", "new"), ("plugins/mine.wasm", "component")] {
            text(&[(path, words)]).write_into(root).unwrap();
            let now = ProjectText::stamp(root);
            assert!(!seen.contains(&now), "{path}");
            seen.push(now);
        }
        fs::remove_file(root.join("screens/1.rhai")).unwrap();
        assert!(!seen.contains(&ProjectText::stamp(root)));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let (folder, secret) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(secret.path().join("x"), "secret").unwrap();
        std::os::unix::fs::symlink(secret.path().join("x"), folder.path().join("plant.toml")).unwrap();
        assert_eq!(ProjectText::read(folder.path()).unwrap(), ProjectText::default());
    }

    #[test]
    fn writing_back_keeps_what_somebody_has_edited() {
        let folder = tempfile::tempdir().unwrap();
        let ran = text(&[("plant.toml", "ran"), ("tags/gone.toml", "ran"), ("tags/new.toml", "ran")]);
        let wanted = text(&[("plant.toml", "old"), ("tags/gone.toml", "ran"), ("types/t.toml", "old")]);
        ran.write_into(folder.path()).unwrap();
        fs::write(folder.path().join("plant.toml"), "edited").unwrap();
        assert_eq!(wanted.write_back(folder.path(), &ran).unwrap(), ["plant.toml.orig"]);
        assert_eq!(ProjectText::read(folder.path()).unwrap(), wanted);
        assert_eq!(fs::read_to_string(folder.path().join("plant.toml.orig")).unwrap(), "edited");
        assert_eq!(wanted.write_back(folder.path(), &ran).unwrap(), Vec::<String>::new(), "again: nothing to do");
    }
}
