//! Reads the files of a project folder, and nothing outside of it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use plantroom_model::{Diagnostic, limits, nearest};
use walkdir::WalkDir;

use crate::assets::{ASSET_HELP, Asset, AssetKind};
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
    Outlets,
    /// Whose plugins the site takes.
    Trust,
    AlarmsToml,
    AlarmsCsv,
    /// A script that says when alarms are active.
    AlarmScript,
    /// A script that says who is told.
    NotifyScript,
    /// A language, theme, font or image.
    Asset(AssetKind),
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
    /// Languages, themes, fonts and images.
    pub assets: Vec<Asset>,
    /// What those are for that couldn't; it was told.
    pub lost: Vec<Use>,
}

/// Files that Plantroom reads in the folder itself; simulation.toml only elsewhere in the program.
const AT_THE_TOP: [&str; 8] = [
    "plant.toml",
    "connections.toml",
    "plugins.toml",
    "trust.toml",
    "automations.toml",
    "outlets.toml",
    "simulation.toml",
    "theme.toml",
];
/// Folders that Plantroom reads; plugins only elsewhere in the program.
const FOLDERS: [&str; 9] = ["types", "tags", "screens", "automations", "alarms", "plugins", "languages", "fonts", "images"];
/// Those of them that are read here.
const READ_FOLDERS: [&str; 8] = ["types", "tags", "screens", "automations", "alarms", "languages", "fonts", "images"];

/// How often a folder is read again that changes while it is read: an editor saves a few files one after the other.
const ATTEMPTS: usize = 4;

/// Reads the folder.
pub(crate) fn read(root: &Path, report: &mut Report) -> Folder {
    let folder = read_some(root, |_| true, report);
    let has_plant = folder.files.iter().any(|file| file.used_for == Use::Plant) || folder.lost.contains(&Use::Plant);
    if !has_plant && !report.has_errors() {
        let help = "every project has one with at least name = \"...\"; a new project: plantroom new NAME";
        report.add_plain(Diagnostic::error("plant.toml", (0, 0), "there is no plant.toml in this folder", help));
    }
    folder
}

/// Reads the files that are wanted, as they all stood at one time.
pub(crate) fn read_some(root: &Path, wanted: impl Fn(Use) -> bool, report: &mut Report) -> Folder {
    let real_root = match root.canonicalize() {
        Ok(real) if real.is_dir() => real,
        Ok(_) => {
            let message = format!("{} is a file, not a project folder", root.display());
            report.add_plain(Diagnostic::error("plant.toml", (0, 0), message, "name the folder that holds plant.toml"));
            return Folder::default();
        }
        Err(error) => {
            let help = "name a project folder, or make one: plantroom new NAME";
            let message = format!("the project folder {} can't be read: {}", root.display(), words(&error));
            report.add_plain(Diagnostic::error("plant.toml", (0, 0), message, help));
            return Folder::default();
        }
    };
    for attempt in 1..=ATTEMPTS {
        let mut told = Vec::new();
        let found = list(&real_root, &wanted, &mut told);
        let mut folder = read_found(&found, &real_root, &mut told);
        let after = list(&real_root, &wanted, &mut Vec::new());
        let changed = first_change(&found, &after);
        if changed.is_none() || attempt == ATTEMPTS {
            told.into_iter().for_each(|diagnostic| report.add_plain(diagnostic));
            if let Some(path) = changed {
                let help = "a program is still writing into the folder; wait for it, then try again";
                report.add_plain(Diagnostic::error(path, (0, 0), "this file changed while the project was read", help));
                folder.lost.extend(found.iter().map(|file| file.used_for));
                folder.files.clear();
            }
            return folder;
        }
    }
    Folder::default()
}

fn read_found(found: &[Found], root: &Path, told: &mut Vec<Diagnostic>) -> Folder {
    let mut folder = Folder::default();
    let mut total = 0;
    for file in found {
        let read = read_file(file, root).and_then(|bytes| {
            total += bytes.len() as u64;
            if total > TOTAL_BYTES {
                return Err(Refusal::new("all files together are too large", "split the plant"));
            }
            match file.used_for {
                Use::Asset(kind) => kind.check(&bytes).map_err(|message| Refusal::new(message, ASSET_HELP))?,
                _ => return Ok(Some(text_of(bytes, file.used_for)?)),
            }
            let path = Arc::from(file.path.as_str());
            if let Use::Asset(kind) = file.used_for {
                folder.assets.push(Asset { path, kind, bytes: bytes.into() });
            }
            Ok(None)
        });
        match read {
            Ok(Some(text)) => {
                folder.files.push(ProjectFile { used_for: file.used_for, path: file.path.clone(), text: text.into() });
            }
            Ok(None) => {}
            Err(refusal) => {
                folder.lost.push(file.used_for);
                told.push(Diagnostic::error(&file.path, refusal.place, refusal.message, refusal.help));
            }
        }
    }
    folder
}

/// The first file that came, went or changed between two looks.
fn first_change<'a>(before: &'a [Found], after: &'a [Found]) -> Option<&'a str> {
    let longer = before.len().max(after.len());
    (0..longer).find_map(|place| match (before.get(place), after.get(place)) {
        (Some(a), Some(b)) if a.path == b.path && a.stamp == b.stamp => None,
        (Some(a), Some(b)) => Some(a.path.as_str().min(&b.path)),
        (a, b) => a.or(b).map(|found| found.path.as_str()),
    })
}

/// A file that is there.
#[derive(Debug)]
struct Found {
    path: String,
    at: PathBuf,
    used_for: Use,
    /// Length and time of the last change.
    stamp: Option<(u64, SystemTime)>,
}

/// The files below the root that are wanted, sorted by path.
fn list(root: &Path, wanted: &impl Fn(Use) -> bool, told: &mut Vec<Diagnostic>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut walk = WalkDir::new(root).follow_links(false).max_depth(DEPTH).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().and_then(|path| relative(path, root)).unwrap_or_else(|| "plant.toml".to_owned());
                let why = error.io_error().map_or_else(|| error.to_string(), words);
                plain(told, &path, format!("this can't be read: {why}"), "give the station's user the right to read it");
                continue;
            }
        };
        let Some(path) = relative(entry.path(), root).filter(|_| entry.depth() > 0) else { continue };
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        let is_dir = entry.file_type().is_dir();
        if entry.depth() == 1 && !is_hidden {
            check_top(&path, entry.path().is_dir(), told);
        }
        let is_read = !is_hidden && path.split('/').next().is_some_and(|first| READ_FOLDERS.contains(&first));
        if is_dir && !is_read {
            walk.skip_current_dir();
        } else if entry.path_is_symlink() && entry.path().is_dir() {
            if is_read {
                plain(told, &path, "a link to a folder is not followed".to_owned(), "put the files themselves here");
            }
        } else if let Some(used_for) = use_of(&path).filter(|used_for| !is_dir && !is_hidden && wanted(*used_for)) {
            if found.len() >= FILES {
                plain(told, &path, format!("the project has more than {FILES} files"), "remove what doesn't belong to it");
                break;
            }
            let at = entry.into_path();
            let stamp = std::fs::metadata(&at).ok().and_then(|now| Some((now.len(), now.modified().ok()?)));
            found.push(Found { path, at, used_for, stamp });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn relative(path: &Path, root: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// A misspelt file would be ignored in silence.
fn check_top(path: &str, is_dir: bool, told: &mut Vec<Diagnostic>) {
    let known: &[&str] = if is_dir { &FOLDERS } else { &AT_THE_TOP };
    if known.contains(&path) || (!is_dir && !path.ends_with(".toml")) {
        return;
    }
    if let Some(near) = nearest(path, known.iter().copied()) {
        let message = format!("`{path}` is not read by Plantroom");
        told.push(Diagnostic::warning(path, (0, 0), message, format!("did you mean `{near}`?")));
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
        ("outlets.toml", ..) => Use::Outlets,
        ("trust.toml", ..) => Use::Trust,
        (_, Some("alarms"), "toml") => Use::AlarmsToml,
        (_, Some("alarms"), "csv") => Use::AlarmsCsv,
        (path, Some("alarms"), "rhai") if path.starts_with("alarms/notify/") => Use::NotifyScript,
        (_, Some("alarms"), "rhai") => Use::AlarmScript,
        ("theme.toml", ..) => Use::Asset(AssetKind::Theme),
        (_, Some("languages"), "toml") => Use::Asset(AssetKind::Language),
        (_, Some("fonts"), "ttf" | "otf") => Use::Asset(AssetKind::Font),
        (_, Some("images"), "png" | "svg" | "jpg" | "jpeg") => Use::Asset(AssetKind::of_image(extension)),
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

fn read_file(found: &Found, root: &Path) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: std::io::Error| {
        Refusal::new(
            format!("this file can't be read: {}", words(&error)),
            "give the station's user the right to read it, or remove it",
        )
    };
    let real = found.at.canonicalize().map_err(unreadable)?;
    if !real.starts_with(root) {
        return Err(Refusal::new("this link leads out of the project folder", "copy the file here: a plant is one folder"));
    }
    let kind = std::fs::metadata(&real).map_err(unreadable)?;
    if !kind.is_file() {
        return Err(Refusal::new("this is not a file", "remove it"));
    }
    let most = match found.used_for {
        Use::Asset(kind) => kind.most_bytes(),
        _ => limits::PROJECT_FILE_BYTES,
    };
    let mut bytes = Vec::new();
    let file = File::open(&real).map_err(unreadable)?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        let help = if most == limits::PROJECT_FILE_BYTES { "split it into several files" } else { "make it smaller" };
        return Err(Refusal::new(format!("this file is larger than {} MiB", most >> 20), help));
    }
    Ok(bytes)
}

fn text_of(bytes: Vec<u8>, used_for: Use) -> Result<String, Refusal> {
    let help = match used_for {
        Use::TagsCsv | Use::AlarmsCsv => {
            "save it as CSV UTF-8 (in Excel: one of the file types), or let plantroom tag import convert it"
        }
        _ => "save it as UTF-8 in the editor",
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Refusal::new("this file is UTF-16 text", help));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = String::from_utf8_lossy(&bytes[..valid]).into_owned();
        let place = plantroom_model::SourceText::new(before).place(valid);
        let message = match bytes.get(valid) {
            Some(byte) if *byte >= 0xa0 && *byte != 0xff && !bytes.contains(&0) => {
                format!("this file is not UTF-8 text; `{}` here looks like Latin-1 (ANSI)", char::from(*byte))
            }
            _ => "this file is not UTF-8 text".to_owned(),
        };
        Refusal { place, message, help: help.to_owned() }
    })
}

fn plain(told: &mut Vec<Diagnostic>, file: &str, message: String, help: &str) {
    told.push(Diagnostic::error(file, (0, 0), message, help));
}

/// What the disk says, for people.
pub(crate) fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
