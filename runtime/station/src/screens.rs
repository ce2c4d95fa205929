//! Screen scripts: checked and served.

use std::sync::Arc;

use plantroom_model::Diagnostic;
use plantroom_project::Plant;
use plantroom_server::ScreenSet;
use tokio::sync::watch;

/// Serves what the plant was loaded with.
pub fn sender(plant: &Plant) -> watch::Sender<Arc<ScreenSet>> {
    watch::Sender::new(Arc::new(set(plant, 1)))
}

/// Scripts, and what goes with them, as consoles get them.
pub fn set(plant: &Plant, revision: u64) -> ScreenSet {
    ScreenSet::new(revision, scripts(plant), assets(plant))
}

fn scripts(plant: &Plant) -> Vec<(String, String)> {
    let own = plant.screens.iter().map(|screen| (screen.path.clone(), screen.text.clone()));
    own.chain(crate::builtin::screens(plant)).collect()
}

/// Pictures, languages, the theme and fonts: path and text.
fn assets(plant: &Plant) -> Vec<(String, String)> {
    plantroom_scene::asset_files(plant.assets.iter().map(|asset| (&*asset.path, &*asset.bytes)))
}

fn files(plant: &Plant) -> Vec<(String, String)> {
    let mut files = scripts(plant);
    files.extend(assets(plant));
    files
}

/// The same of a plant of which not everything could be read: what needs all tags and instances isn't judged.
pub fn check_partial(plant: &Plant) -> Vec<Diagnostic> {
    plantroom_scene::check_partial(&files(plant), &plant.instances, &plant.tags)
}

/// Builds every screen once against the plant's tags; files are named as in the project folder.
pub fn check(plant: &Plant) -> Vec<Diagnostic> {
    plantroom_scene::check(&files(plant), &plant.instances, &plant.tags)
}
