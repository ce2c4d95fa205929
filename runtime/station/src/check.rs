//! A project, checked as a whole: its files, its screens, and what its plugins say of their configuration.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_host::{Host, HostOptions, InitError, Loaded};
use plantroom_model::{Diagnostic, PluginId, Severity, TagId};
use plantroom_project::{Plant, PluginSpec};

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
        diagnostics.extend(check_automations(plant));
        if let Some(folders) = &options.component_folders {
            diagnostics.extend(check_plugins(plant, folders, &options.compile_command));
        }
    }
    if let Some(partial) = &loaded.partial {
        // A mistake in one list of tags must not hide those of fifty screens.
        diagnostics.extend(screens::check_partial(partial));
        diagnostics.extend(check_automations(partial));
    }
    Checked { plant: loaded.plant, diagnostics: in_order(diagnostics) }
}

/// Station scripts that aren't scripts.
fn check_automations(plant: &Plant) -> Vec<Diagnostic> {
    let scripts = plant.automations.iter().filter_map(|automation| match &automation.work {
        plantroom_project::AutomationWork::Script(work) => Some(work),
        plantroom_project::AutomationWork::Copies { .. } => None,
    });
    let errors = scripts.filter_map(|work| crate::automation::check_script(&work.file, &work.text).err());
    errors.map(|error| Diagnostic::error(&*error.file, (error.line, error.column), error.message, "")).collect()
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
            Ok(loaded) => {
                let unsigned = loaded.origin().is_unsigned().then(|| unsigned(spec));
                unsigned.into_iter().chain(plugin_problems(plant, spec, &loaded)).collect()
            }
        }
    });
    each.collect()
}

/// Nobody trusted has signed it, and the project takes it.
fn unsigned(spec: &PluginSpec) -> Diagnostic {
    let message = format!("nobody whom this project trusts has signed the plugin `{}`; every console shows that", spec.name);
    let help = "have it signed (plantroom plugin sign), and take allow_unsigned out of plant.toml";
    Diagnostic::warning(&spec.place.file, spec.place.place, message, help)
}

/// What a plugin has to say of its configuration, tried in the sandbox.
pub(crate) fn plugin_problems(plant: &Plant, spec: &PluginSpec, loaded: &Loaded) -> Vec<Diagnostic> {
    match loaded.try_init() {
        Ok(()) => Vec::new(),
        Err(InitError::Fault(reason)) => {
            let message = format!("plugin `{}` failed while it looked at its configuration: {reason}", spec.name);
            vec![Diagnostic::error(&spec.place.file, spec.place.place, message, "")]
        }
        Err(InitError::Problems(problems)) => {
            problems.into_iter().map(|(tag, message)| of_plugin(plant, spec.place.clone(), tag, message)).collect()
        }
    }
}

/// Sorted by file, line, column.
pub(crate) fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|a, b| (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message)));
    diagnostics
}

/// A plugin's problem, at the tag it is about.
fn of_plugin(plant: &Plant, plugin: plantroom_project::Place, tag: Option<TagId>, message: String) -> Diagnostic {
    let place = tag.and_then(|tag| plant.tag_places.get(tag.0 as usize)).filter(|place| !place.file.is_empty()).unwrap_or(plugin);
    Diagnostic::error(&place.file, place.place, message, "")
}

/// `$XDG_CACHE_HOME/plantroom/check`, or the same below `~/.cache`.
fn user_cache() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let at_home =
        || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")).filter(|folder| folder.is_absolute());
    Some(named.or_else(at_home)?.join("plantroom/check"))
}
