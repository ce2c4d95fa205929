//! Where a plugin's component is.

use std::path::{Path, PathBuf};

use plantroom_project::PluginSpec;

/// The component's file: a path of the project, or a name searched in the project's `plugins/` and then in the
/// given folders, in order.
///
/// # Errors
/// With a sentence that says where it was searched.
pub fn find(spec: &PluginSpec, root: &Path, folders: &[PathBuf]) -> Result<PathBuf, String> {
    if spec.component.ends_with(".wasm") {
        let path = root.join(&spec.component);
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("The component of plugin `{}` is not there: {}", spec.name, path.display()))
        };
    }
    let file = format!("{}.wasm", spec.component);
    let searched: Vec<PathBuf> = std::iter::once(root.join("plugins")).chain(folders.iter().cloned()).collect();
    searched.iter().map(|folder| folder.join(&file)).find(|path| path.is_file()).ok_or_else(|| {
        let folders = searched.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ");
        format!(
            "The component `{}` of plugin `{}` was not found. Build it with `plantroom plugin build`, or put {file} into one of: {folders}",
            spec.component, spec.name
        )
    })
}
