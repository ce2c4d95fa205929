//! A project, checked as a whole: its files, its screens, and what its plugins say of their configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_host::{Host, HostOptions, InitError};
use plantroom_model::{Diagnostic, PluginId, Severity, TagId};
use plantroom_project::Plant;

use crate::components;
use crate::screens;

/// How thorough a check is.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Where components are searched after the project's own `plugins/`; `None` leaves the plugins out.
    pub component_folders: Option<Vec<PathBuf>>,
    /// How the sandbox compiles a component ([`HostOptions::compile_command`]).
    pub compile_command: Vec<OsString>,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The plant, if its files hold together.
    pub plant: Option<Arc<Plant>>,
    /// Everything that is wrong, in the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Whether anything keeps the project from running.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Checks a project folder. No connection is opened, and nothing is kept but compiled plugins in the user's cache folder.
pub fn check(project: &Path, options: &CheckOptions) -> Checked {
    let loaded = plantroom_project::load(project);
    let mut diagnostics = loaded.diagnostics;
    if let Some(plant) = &loaded.plant {
        diagnostics.extend(screens::check(plant));
        if let Some(folders) = &options.component_folders {
            diagnostics.extend(check_plugins(plant, folders, &options.compile_command));
        }
    }
    diagnostics.sort_by(|a, b| (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message)));
    Checked { plant: loaded.plant, diagnostics }
}

fn check_plugins(plant: &Plant, folders: &[PathBuf], compile_command: &[OsString]) -> Vec<Diagnostic> {
    let whole = |message: String| vec![Diagnostic::error("plugins.toml", (0, 0), message, "")];
    // Compiled code is kept where only this user can write, so that a second check is quick; else for this check only.
    let temporary;
    let cache_dir = match user_cache() {
        Some(folder) => folder,
        None => {
            temporary = match tempfile::tempdir() {
                Ok(folder) => folder,
                Err(error) => return whole(format!("No folder for compiling plugins can be made: {error}")),
            };
            temporary.path().to_owned()
        }
    };
    let host = match Host::new(HostOptions { cache_dir, compile_command: compile_command.to_vec() }) {
        Ok(host) => host,
        Err(error) => return whole(error.to_string()),
    };
    let each = plant.plugins.iter().enumerate().flat_map(|(index, spec)| {
        let at_plugin = |message: String| vec![Diagnostic::error(&spec.place.file, spec.place.place, message, "")];
        let component = match components::find(spec, &plant.root, folders) {
            Ok(component) => component,
            Err(reason) => return at_plugin(reason),
        };
        match host.load(spec, PluginId(index as u32), plant, &component) {
            Err(error) => at_plugin(error.to_string()),
            Ok(loaded) => match loaded.try_init() {
                Ok(()) => Vec::new(),
                Err(InitError::Fault(reason)) => {
                    at_plugin(format!("plugin `{}` failed while it looked at its configuration: {reason}", spec.name))
                }
                Err(InitError::Problems(problems)) => {
                    problems.into_iter().map(|(tag, message)| of_plugin(plant, spec.place.clone(), tag, message)).collect()
                }
            },
        }
    });
    each.collect()
}

/// A plugin's problem, at the tag it is about.
fn of_plugin(plant: &Plant, plugin: plantroom_project::Place, tag: Option<TagId>, message: String) -> Diagnostic {
    let place = tag
        .and_then(|tag| plant.tag_places.get(tag.0 as usize))
        .filter(|place| !place.file.is_empty())
        .cloned()
        .unwrap_or(plugin);
    Diagnostic::error(&place.file, place.place, message, "")
}

/// `$XDG_CACHE_HOME/plantroom/check`, or the same below `~/.cache`.
fn user_cache() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let at_home =
        || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")).filter(|folder| folder.is_absolute());
    Some(named.or_else(at_home)?.join("plantroom/check"))
}
