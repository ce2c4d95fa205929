//! A project folder that is being worked on: watched, written as a whole, opened in an editor.

use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use plantroom_hmi::{Saved, Workshop};
use plantroom_model::Severity;
use plantroom_scene::SampleTags;

use super::plant;

/// How often the folder is looked at, in ms.
const LOOK_MS: u64 = 150;
/// Files that are looked at; more than a project has.
const FILES: usize = 20_000;
/// Folders within folders.
const DEPTH: usize = 6;

type Wake = Arc<Mutex<Option<Box<dyn Fn() + Send + Sync>>>>;

/// A project folder.
pub struct Folder {
    root: PathBuf,
    saved: Receiver<Saved>,
    wake: Wake,
    ended: Arc<AtomicBool>,
}

impl Folder {
    /// Watches a folder from now on.
    pub fn new(root: &Path) -> Self {
        // One change waits at most: it is the whole project anyway.
        let (sender, saved) = sync_channel(1);
        let (wake, ended) = (Wake::default(), Arc::new(AtomicBool::new(false)));
        let watch = Watch { root: root.to_owned(), sender, wake: wake.clone(), ended: ended.clone() };
        std::thread::spawn(move || watch.run());
        Self { root: root.to_owned(), saved, wake, ended }
    }

    fn path(&self, file: &str) -> Result<PathBuf, String> {
        let relative = Path::new(file);
        let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
        if is_plain && relative.extension().is_some_and(|end| end == "rhai") {
            Ok(self.root.join("screens").join(relative))
        } else {
            Err(format!("{file} is no script of this project"))
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

impl Workshop for Folder {
    fn wake_with(&mut self, wake: Box<dyn Fn() + Send + Sync>) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    fn poll(&mut self) -> Option<Saved> {
        self.saved.try_recv().ok()
    }

    fn save(&mut self, file: &str, before: &str, after: &str) -> Result<(), String> {
        let path = self.path(file)?;
        let there = std::fs::read_to_string(&path).map_err(|error| format!("it can't be read: {error}: {}", path.display()))?;
        if there != before {
            return Err(format!("screens/{file} was changed meanwhile; nothing was written. Try again"));
        }
        // A file of its own in the same folder, then one rename: an editor sees the old text or the new one.
        let folder = path.parent().unwrap_or(&self.root);
        let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut temporary| {
            std::io::Write::write_all(&mut temporary, after.as_bytes())?;
            if let Ok(found) = std::fs::metadata(&path) {
                temporary.as_file().set_permissions(found.permissions())?;
            }
            temporary.persist(&path).map_err(|error| error.error)?;
            Ok(())
        });
        written.map_err(|error| format!("it can't be written: {error}: {}", path.display()))
    }

    fn open_editor(&mut self, file: &str, line: u32, column: u32) -> Result<String, String> {
        let path = self.path(file)?;
        let named = ["PLANTROOM_EDITOR", "VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
        let editor = named.filter(|words| !words.trim().is_empty()).unwrap_or_else(|| "code".to_owned());
        let arguments = editor_arguments(&editor, &path.display().to_string(), line, column);
        let (program, rest) = arguments.split_first().ok_or("no editor is set")?;
        let started = Command::new(program).args(rest).stdin(Stdio::null()).spawn();
        match started {
            Ok(mut child) => {
                std::thread::spawn(move || child.wait());
                Ok(program.clone())
            }
            Err(error) => Err(format!(
                "{program} doesn't start ({error}); set PLANTROOM_EDITOR, such as \"code -g {{file}}:{{line}}:{{column}}\""
            )),
        }
    }
}

/// The command line of an editor: as `{file}`, `{line}` and `{column}` say, or as editors of that name take a line.
fn editor_arguments(editor: &str, file: &str, line: u32, column: u32) -> Vec<String> {
    let mut words: Vec<String> = editor.split_whitespace().map(str::to_owned).collect();
    if words.iter().any(|word| word.contains("{file}")) {
        let put = |word: &String| {
            word.replace("{line}", &line.to_string()).replace("{column}", &column.to_string()).replace("{file}", file)
        };
        return words.iter().map(put).collect();
    }
    let name = words.first().and_then(|word| Path::new(word).file_stem()).map(|name| name.to_string_lossy().into_owned());
    match name.as_deref() {
        Some("code" | "codium" | "code-insiders" | "cursor") => {
            words.extend(["-g".to_owned(), format!("{file}:{line}:{column}")])
        }
        Some("zed" | "subl" | "hx" | "helix" | "lapce") => words.push(format!("{file}:{line}:{column}")),
        Some("kate") => words.extend(["-l".to_owned(), line.to_string(), file.to_owned()]),
        Some("idea" | "rustrover") => words.extend(["--line".to_owned(), line.to_string(), file.to_owned()]),
        _ => words.extend([format!("+{line}"), file.to_owned()]),
    }
    words
}

struct Watch {
    root: PathBuf,
    sender: SyncSender<Saved>,
    wake: Wake,
    ended: Arc<AtomicBool>,
}

impl Watch {
    fn run(self) {
        let mut before = self.look();
        while !self.ended.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(LOOK_MS));
            let now = self.look();
            if now == before {
                continue;
            }
            match self.sender.try_send(self.read()) {
                Ok(()) => before = now,
                // The last one wasn't taken yet: the folder still differs at the next look.
                Err(TrySendError::Full(_)) => {}
                Err(TrySendError::Disconnected(_)) => return,
            }
            if let Some(wake) = &*self.wake.lock().unwrap_or_else(PoisonError::into_inner) {
                wake();
            }
        }
    }

    /// Name, time and size of every file that belongs to the project.
    fn look(&self) -> Vec<(PathBuf, Option<SystemTime>, u64)> {
        let mut all = Vec::new();
        let mut folders = vec![(self.root.clone(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let Ok(facts) = entry.metadata() else { continue };
                let path = entry.path();
                let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
                if facts.is_dir() && depth < DEPTH && !is_hidden {
                    folders.push((path, depth + 1));
                } else if belongs(&path) && !is_hidden && all.len() < FILES {
                    all.push((path, facts.modified().ok(), facts.len()));
                }
            }
        }
        all.sort();
        all
    }

    fn read(&self) -> Saved {
        let loaded = plantroom_project::load(&self.root);
        let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let problems = errors.map(ToString::to_string).collect();
        match loaded.plant {
            Some(plant) => Saved {
                script: Some(plant::script(&plant)),
                tags: Some(SampleTags::new(&plant.tags).computing(&plant.tags)),
                problems,
            },
            // What is open stays as it is until the project can be read again.
            None => Saved { script: None, tags: None, problems },
        }
    }
}

fn belongs(path: &Path) -> bool {
    let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    ["rhai", "toml", "csv", "svg", "png"].contains(&end.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_are_told_the_line_in_their_own_way() {
        for (editor, wanted) in [
            ("code", "code -g /p/a.rhai:3:7"),
            ("/usr/bin/code --wait", "/usr/bin/code --wait -g /p/a.rhai:3:7"),
            ("vim", "vim +3 /p/a.rhai"),
            ("zed", "zed /p/a.rhai:3:7"),
            ("xterm -e nano +{line},{column} {file}", "xterm -e nano +3,7 /p/a.rhai"),
        ] {
            assert_eq!(editor_arguments(editor, "/p/a.rhai", 3, 7).join(" "), wanted);
        }
    }

    #[test]
    fn a_file_that_was_changed_meanwhile_is_not_overwritten() -> std::io::Result<()> {
        let root = tempfile::tempdir()?;
        std::fs::create_dir(root.path().join("screens"))?;
        let path = root.path().join("screens/a.rhai");
        std::fs::write(&path, "one")?;
        let mut folder = Folder::new(root.path());
        assert_eq!(folder.save("a.rhai", "one", "two"), Ok(()));
        assert_eq!(std::fs::read_to_string(&path)?, "two");
        assert!(folder.save("a.rhai", "one", "three").is_err_and(|why| why.contains("changed meanwhile")));
        assert_eq!(std::fs::read_to_string(&path)?, "two");
        for outside in ["../a.rhai", "/etc/passwd", "a.toml", "parts/../../a.rhai"] {
            assert!(folder.save(outside, "", "x").is_err(), "{outside}");
        }
        Ok(())
    }
}
