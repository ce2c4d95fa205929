//! Where a plugin's component is.

use std::path::{Path, PathBuf};

use plantroom_host::ComponentFile;
use plantroom_project::PluginSpec;

/// Ending of an archive, and of a bare component.
const ENDINGS: [&str; 2] = [".plantroom", ".wasm"];

/// The component's file: a path of the project, or a name searched in the project's `plugins/` and then in the
/// given folders, which belong to the installation, in order. `NAME` is `NAME.plantroom` (an archive) or `NAME.wasm`.
///
/// # Errors
/// With a sentence that says where it was searched.
pub fn find(spec: &PluginSpec, root: &Path, folders: &[PathBuf]) -> Result<ComponentFile, String> {
    if ENDINGS.iter().any(|ending| spec.component.ends_with(ending)) {
        let path = root.join(&spec.component);
        return if path.is_file() {
            Ok(ComponentFile::of_project(path))
        } else {
            Err(format!("The component of plugin `{}` is not there: {}", spec.name, path.display()))
        };
    }
    let files = ENDINGS.map(|ending| format!("{}{ending}", spec.component));
    let in_folder = |folder: &Path| files.iter().map(|file| folder.join(file)).find(|path| path.is_file());
    if let Some(path) = in_folder(&root.join("plugins")) {
        return Ok(ComponentFile::of_project(path));
    }
    if let Some(path) = folders.iter().find_map(|folder| in_folder(folder)) {
        belongs_to_installation(spec, &path)?;
        return Ok(ComponentFile::of_installation(path));
    }
    let searched = std::iter::once(root.join("plugins")).chain(folders.iter().cloned());
    let searched = searched.map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ");
    Err(format!(
        "The component `{}` of plugin `{}` was not found. Build it with `plantroom plugin build`, or put {} or {} into one of: {searched}",
        spec.component, spec.name, files[0], files[1]
    ))
}

/// What comes with the program needs no signature because whoever could change it could change the program. So it must
/// not be easier to change than that.
#[cfg(unix)]
fn belongs_to_installation(spec: &PluginSpec, file: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let others_may_write = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o022);
    let program = std::env::current_exe().unwrap_or_default();
    let of_program = others_may_write(&program) | program.parent().map_or(0, others_may_write);
    let wider = [Some(file), file.parent()].into_iter().flatten().find(|path| others_may_write(path) & !of_program != 0);
    wider.map_or(Ok(()), |path| {
        Err(format!(
            "The component of plugin `{}` isn't taken as a part of this installation, because more people may change it than the \
             program itself. Take that right away (chmod go-w), or install it as a signed archive in the project: {}",
            spec.name,
            path.display()
        ))
    })
}

#[cfg(not(unix))]
fn belongs_to_installation(_: &PluginSpec, _: &Path) -> Result<(), String> {
    Ok(())
}
