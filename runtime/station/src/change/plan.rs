//! What a changed project would do, found out before anything of it is done.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_host::{Host, Loaded};
use plantroom_model::{Diagnostic, PluginId, Severity};
use plantroom_project::{Plant, Preview, difference};

use crate::check::{in_order, plugin_problems};
use crate::now_running::Running;
use crate::{components, screens};

/// A change that can be carried out.
pub struct Plan {
    /// The plant as it will be, with the ids of the one that runs.
    pub plant: Arc<Plant>,
    /// What will be different.
    pub preview: Preview,
    /// What becomes of each plugin.
    pub plugins: Vec<PluginStep>,
    /// Warnings, and what is wrong with screens.
    pub diagnostics: Vec<Diagnostic>,
    /// Nothing but screens is different.
    pub only_screens: bool,
}

/// What becomes of one plugin.
pub enum PluginStep {
    /// It goes on; nothing is different for it.
    Untouched,
    /// A changed one takes its place.
    Replace(Loaded),
    /// It is new.
    Start(Loaded),
    /// It is gone.
    Stop,
}

/// With what plugins are loaded.
pub struct Sandbox {
    /// The sandbox.
    pub host: Host,
    /// Where components are searched after the project's own `plugins/`.
    pub folders: Vec<PathBuf>,
}

impl Plan {
    /// Loads a project folder as a change of what runs, and checks it as a whole: files, screens, plugins. `root` is
    /// where the project lives; `folder` is where its text is read from.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub fn make(folder: &Path, root: &Path, running: &Running, sandbox: &Sandbox) -> Result<Self, Vec<Diagnostic>> {
        let loaded = plantroom_project::load_onto(folder, &running.plant);
        let mut diagnostics = loaded.diagnostics;
        diagnostics.extend(loaded.partial.iter().flat_map(|partial| screens::check_partial(partial)));
        let Some(plant) = loaded.plant.filter(|_| !has_errors(&diagnostics)) else { return Err(in_order(diagnostics)) };
        let plant = at_root(plant, root);
        let preview = difference(&running.plant, &plant);
        let (plugins, problems) = sandbox.steps(&plant, running);
        let is_untouched = plugins.iter().all(|step| matches!(step, PluginStep::Untouched));
        let only_screens = is_untouched && Self::are_only_screens_different(&running.plant, &plant);
        let of_screens = screens::check(&plant);
        // A screen can't hurt the plant: alone it is taken as it is, and shows its mistake itself.
        let is_refused = !problems.is_empty() || (!only_screens && has_errors(&of_screens));
        diagnostics.extend(of_screens);
        diagnostics.extend(problems);
        let diagnostics = in_order(diagnostics);
        if is_refused { Err(diagnostics) } else { Ok(Self { plant, preview, plugins, diagnostics, only_screens }) }
    }

    fn are_only_screens_different(old: &Plant, new: &Plant) -> bool {
        let mut same = Plant::clone(new);
        same.screens.clone_from(&old.screens);
        same.tag_places.clone_from(&old.tag_places);
        for (plugin, before) in same.plugins.iter_mut().zip(&old.plugins) {
            plugin.place.clone_from(&before.place);
        }
        same == *old
    }

    /// The preview by name, one line each.
    pub fn details(&self) -> Vec<String> {
        self.preview.lines()
    }
}

impl Sandbox {
    /// Whether the file of any component is another one than what runs.
    pub fn is_any_new(&self, running: &Running) -> bool {
        running.plant.plugins.iter().zip(&running.loaded).any(|(spec, loaded)| {
            let file = components::find(spec, &running.plant.root, &self.folders);
            loaded.as_ref().is_some_and(|loaded| file.is_ok_and(|file| !loaded.is_of(&file)))
        })
    }

    /// What becomes of each plugin, and what is wrong with them.
    fn steps(&self, plant: &Plant, running: &Running) -> (Vec<PluginStep>, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let mut steps = Vec::with_capacity(plant.plugins.len());
        for (index, spec) in plant.plugins.iter().enumerate() {
            let now = running.loaded.get(index).and_then(Option::as_ref);
            if spec.name.is_empty() {
                steps.push(if now.is_some() { PluginStep::Stop } else { PluginStep::Untouched });
                continue;
            }
            let at_plugin = |message: String| Diagnostic::error(&spec.place.file, spec.place.place, message, "");
            let id = PluginId(index as u32);
            let loaded = components::find(spec, &plant.root, &self.folders).and_then(|component| {
                let loaded = match now {
                    Some(now) => self.host.load_again(now, (spec, id), plant, &component),
                    None => self.host.load(spec, id, plant, &component).map(Some),
                };
                loaded.map_err(|error| error.to_string())
            });
            match loaded {
                Err(reason) => problems.push(at_plugin(reason)),
                Ok(None) => steps.push(PluginStep::Untouched),
                Ok(Some(loaded)) => {
                    problems.extend(plugin_problems(plant, spec, &loaded));
                    steps.push(if now.is_some() { PluginStep::Replace(loaded) } else { PluginStep::Start(loaded) });
                }
            }
        }
        (steps, problems)
    }
}

/// A plant that was read from a copy of its folder.
pub fn at_root(plant: Arc<Plant>, root: &Path) -> Arc<Plant> {
    if plant.root == root {
        return plant;
    }
    let mut plant = Arc::unwrap_or_clone(plant);
    plant.root = root.to_owned();
    Arc::new(plant)
}

pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}
