//! Reads the files of a project folder, and nothing outside of it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_model::{Diagnostic, limits, nearest};
use walkdir::WalkDir;

use crate::report::Report;

/// Most files of a project: a plant of 10,000 screens and tag files is none. More are refused.
const FILES: usize = 10_000;
/// Deepest folder: `screens/parts/valves/x.rhai` is 4. Deeper files are refused.
const DEPTH: usize = 8;
/// All files together, in bytes: they are held in memory while the project is read. More is refused.
const TOTAL_BYTES: u64 = 256 << 20;

/// What a file of the project is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Plant,
    Connections,
    Plugins,
    Types,
    TagsToml,
    TagsCsv,
    Screen,
    Automations,
    /// A station script.
    Automation,
}

/// A file of the project that could be read.
#[derive(Debug)]
pub(crate) struct ProjectFile {
    /// What it is for.
    pub used_for: Use,
    /// Relative to the project folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
}

/// Every file of the project, sorted by path.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Those that could be read.
    pub files: Vec<ProjectFile>,
    /// What those are for that couldn't; it was told.
    pub lost: Vec<Use>,
}

/// Files that Plantroom reads in the folder itself; simulation.toml only elsewhere in the program.
const AT_THE_TOP: [&str; 5] = ["plant.toml", "connections.toml", "plugins.toml", "automations.toml", "simulation.toml"];
/// Folders that Plantroom reads; alarms and plugins only elsewhere in the program.
const FOLDERS: [&str; 6] = ["types", "tags", "screens", "automations", "alarms", "plugins"];
/// Those of them that are read here.
const READ_FOLDERS: [&str; 4] = ["types", "tags", "screens", "automations"];

/// Reads the folder.
pub(crate) fn read(root: &Path, report: &mut Report) -> Folder {
    let folder = read_some(root, |_| true, report);
    let has_plant = folder.files.iter().any(|file| file.used_for == Use::Plant) || folder.lost.contains(&Use::Plant);
    if !has_plant && !report.has_errors() {
        let help = "every project has one with at least name = \"...\"; a new project: plantroom new NAME";
        plain(report, "plant.toml", "there is no plant.toml in this folder".to_owned(), help);
    }
    folder
}

/// Reads the files that are wanted.
pub(crate) fn read_some(root: &Path, wanted: impl Fn(Use) -> bool, report: &mut Report) -> Folder {
    let mut folder = Folder::default();
    let real_root = match root.canonicalize() {
        Ok(real) if real.is_dir() => real,
        Ok(_) => {
            plain(
                report,
                "plant.toml",
                format!("{} is a file, not a project folder", root.display()),
                "name the folder that holds plant.toml",
            );
            return folder;
        }
        Err(error) => {
            let help = "name a project folder, or make one: plantroom new NAME";
            plain(report, "plant.toml", format!("the project folder {} can't be read: {}", root.display(), words(&error)), help);
            return folder;
        }
    };
    let mut total = 0;
    for (path, found) in list(&real_root, report) {
        let Some(used_for) = use_of(&path).filter(|used_for| wanted(*used_for)) else { continue };
        match read_file(&found, &real_root).and_then(|text| {
            total += text.len() as u64;
            if total <= TOTAL_BYTES { Ok(text) } else { Err(Refusal::new("all files together are too large", "split the plant")) }
        }) {
            Ok(text) => folder.files.push(ProjectFile { used_for, path, text: text.into() }),
            Err(refusal) => {
                folder.lost.push(used_for);
                report.add_plain(Diagnostic::error(&path, refusal.place, refusal.message, refusal.help));
            }
        }
    }
    folder
}

/// Paths below the root and where they are, sorted.
fn list(root: &Path, report: &mut Report) -> Vec<(String, PathBuf)> {
    let mut paths = Vec::new();
    let mut walk = WalkDir::new(root).follow_links(false).max_depth(DEPTH).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().and_then(|path| relative(path, root)).unwrap_or_else(|| "plant.toml".to_owned());
                let why = error.io_error().map_or_else(|| error.to_string(), words);
                plain(report, &path, format!("this can't be read: {why}"), "give the station's user the right to read it");
                continue;
            }
        };
        let Some(path) = relative(entry.path(), root).filter(|_| entry.depth() > 0) else { continue };
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        let is_dir = entry.file_type().is_dir();
        if entry.depth() == 1 && !is_hidden {
            check_top(&path, entry.path().is_dir(), report);
        }
        let is_read = !is_hidden && path.split('/').next().is_some_and(|first| READ_FOLDERS.contains(&first));
        if is_dir && !is_read {
            walk.skip_current_dir();
        } else if entry.path_is_symlink() && entry.path().is_dir() {
            if is_read {
                plain(report, &path, "a link to a folder is not followed".to_owned(), "put the files themselves here");
            }
        } else if !is_dir && !is_hidden && use_of(&path).is_some() {
            if paths.len() >= FILES {
                plain(report, &path, format!("the project has more than {FILES} files"), "remove what doesn't belong to it");
                break;
            }
            paths.push((path, entry.into_path()));
        }
    }
    paths.sort_by(|a, b| a.0.cmp(&b.0));
    paths
}

fn relative(path: &Path, root: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// A misspelt file would be ignored in silence.
fn check_top(path: &str, is_dir: bool, report: &mut Report) {
    let known: &[&str] = if is_dir { &FOLDERS } else { &AT_THE_TOP };
    if known.contains(&path) || (!is_dir && !path.ends_with(".toml")) {
        return;
    }
    if let Some(near) = nearest(path, known.iter().copied()) {
        let message = format!("`{path}` is not read by Plantroom");
        report.add_plain(Diagnostic::warning(path, (0, 0), message, format!("did you mean `{near}`?")));
    }
}

fn use_of(path: &str) -> Option<Use> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    Some(match (path, path.split_once('/').map(|(first, _)| first), extension) {
        ("plant.toml", ..) => Use::Plant,
        ("connections.toml", ..) => Use::Connections,
        ("plugins.toml", ..) => Use::Plugins,
        (_, Some("types"), "toml") => Use::Types,
        (_, Some("tags"), "toml") => Use::TagsToml,
        (_, Some("tags"), "csv") => Use::TagsCsv,
        (_, Some("screens"), "rhai") => Use::Screen,
        ("automations.toml", ..) => Use::Automations,
        (_, Some("automations"), "rhai") => Use::Automation,
        _ => return None,
    })
}

struct Refusal {
    place: (u32, u32),
    message: String,
    help: String,
}

impl Refusal {
    fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place: (0, 0), message: message.into(), help: help.into() }
    }
}

fn read_file(path: &Path, root: &Path) -> Result<String, Refusal> {
    let unreadable = |error: std::io::Error| {
        Refusal::new(
            format!("this file can't be read: {}", words(&error)),
            "give the station's user the right to read it, or remove it",
        )
    };
    let real = path.canonicalize().map_err(unreadable)?;
    if !real.starts_with(root) {
        return Err(Refusal::new("this link leads out of the project folder", "copy the file here: a plant is one folder"));
    }
    let kind = std::fs::metadata(&real).map_err(unreadable)?;
    if !kind.is_file() {
        return Err(Refusal::new("this is not a file", "remove it"));
    }
    let mut bytes = Vec::new();
    let file = File::open(&real).map_err(unreadable)?;
    file.take(limits::PROJECT_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limits::PROJECT_FILE_BYTES {
        let message = format!("this file is larger than {} MiB", limits::PROJECT_FILE_BYTES >> 20);
        return Err(Refusal::new(message, "split it into several files"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let place = plantroom_model::SourceText::new(before).place(valid);
        let help = "save it as UTF-8 in the editor (in Excel: CSV UTF-8)";
        Refusal { place, message: "this file is not UTF-8 text".to_owned(), help: help.to_owned() }
    })
}

fn plain(report: &mut Report, file: &str, message: String, help: &str) {
    report.add_plain(Diagnostic::error(file, (0, 0), message, help));
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
