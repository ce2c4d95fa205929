//! Where things are: plugins' components, the program itself, the demo plant.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::exit::Failure;

/// Folders in which components are searched after the project's own: `PLANTROOM_COMPONENTS`, then `plugins` beside the program.
pub fn component_folders() -> Vec<PathBuf> {
    let named = std::env::var_os("PLANTROOM_COMPONENTS").map(|folders| std::env::split_paths(&folders).collect::<Vec<_>>());
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("plugins")));
    named.into_iter().flatten().chain(beside).collect()
}

/// How the sandbox compiles a component: this program's hidden verb.
///
/// # Errors
/// When the program can't find itself.
pub fn compile_command() -> Result<Vec<OsString>> {
    let program = std::env::current_exe().context("this program's own file can't be found")?;
    Ok(vec![program.into_os_string(), "compile-component".into()])
}

/// The demo plant of the checkout: below the current folder, or below a folder above the program.
///
/// # Errors
/// When there is none.
pub fn demo_project() -> Result<PathBuf> {
    let program = std::env::current_exe().ok();
    let above_program = program.iter().flat_map(|program| program.ancestors().skip(1).map(PathBuf::from));
    std::env::current_dir()
        .into_iter()
        .chain(above_program)
        .map(|folder| folder.join("screens/waterworks"))
        .find(|folder| folder.join("plant.toml").is_file())
        .ok_or_else(|| {
            Failure::problems("The demo plant screens/waterworks was not found. Start the demo in a checkout of Plantroom, or name a project: plantroom demo --project FOLDER.").into()
        })
}

/// The SDK for plugin authors: `sdk` of the checkout that the program, or the current folder, is in.
pub fn sdk() -> Option<PathBuf> {
    let program = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let above = |path: &Option<PathBuf>| path.iter().flat_map(|path| path.ancestors().map(PathBuf::from)).collect::<Vec<_>>();
    let folders = above(&here).into_iter().chain(above(&program));
    folders.map(|folder| folder.join("sdk")).find(|sdk| sdk.join("guest/Cargo.toml").is_file() && sdk.join("testkit").is_dir())
}
