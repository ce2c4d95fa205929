//! A project to begin with: every file in it explains itself.

use std::io;
use std::path::{Path, PathBuf};

use crate::schema::schemas;

/// What kind of project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Template {
    /// One Modbus TCP device with a handful of tags, two pumps of a type, a screen, and a simulation of the device.
    #[default]
    Modbus,
}

impl Template {
    /// The template of this name, if there is one.
    pub fn from_word(word: &str) -> Option<Self> {
        (word == "modbus").then_some(Self::Modbus)
    }

    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Modbus => MODBUS,
        }
    }
}

/// What a new project is called and made from.
#[derive(Clone, Debug, Default)]
pub struct NewOptions {
    /// The plant's name, for titles.
    pub name: String,
    /// What it is made from.
    pub template: Template,
}

/// Why a project can't be made.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// Something is in the folder.
    #[error("a new project needs an empty folder, and there is already something in {}", .0.display())]
    NotEmpty(PathBuf),
    /// The name can't be a title.
    #[error("the plant's name must be 1 to 100 characters on one line")]
    Name,
    /// The disk says no.
    #[error("the project can't be written: {error}: {}", path.display())]
    Io {
        /// What couldn't be written.
        path: PathBuf,
        /// What the disk says.
        error: io::Error,
    },
}

const MODBUS: &[(&str, &str)] = &[
    ("README.md", include_str!("../templates/modbus/README.md")),
    ("plant.toml", include_str!("../templates/modbus/plant.toml")),
    ("connections.toml", include_str!("../templates/modbus/connections.toml")),
    ("plugins.toml", include_str!("../templates/modbus/plugins.toml")),
    ("tags/device.toml", include_str!("../templates/modbus/tags/device.toml")),
    ("types/pump.toml", include_str!("../templates/modbus/types/pump.toml")),
    ("tags/pumps.csv", include_str!("../templates/modbus/tags/pumps.csv")),
    ("screens/1_overview.rhai", include_str!("../templates/modbus/screens/1_overview.rhai")),
    ("simulation.toml", include_str!("../templates/modbus/simulation.toml")),
    (".taplo.toml", include_str!("../templates/modbus/taplo.toml")),
    (".vscode/settings.json", include_str!("../templates/modbus/vscode/settings.json")),
    (".vscode/extensions.json", include_str!("../templates/modbus/vscode/extensions.json")),
    (".vscode/tasks.json", include_str!("../templates/modbus/vscode/tasks.json")),
    // Not named .gitignore here, or it would hide files of this repository.
    (".gitignore", include_str!("../templates/modbus/gitignore")),
];

/// Makes a project in a folder that is empty or not there yet; returns the files made, in the order to read them.
///
/// # Errors
/// When something is in the folder, when the name can't be a title, or when the disk says no.
pub fn new_project(dir: &Path, options: &NewOptions) -> Result<Vec<PathBuf>, NewError> {
    let name = options.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(NewError::Name);
    }
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| NewError::Io { path, error }
    };
    std::fs::create_dir_all(dir).map_err(io(dir))?;
    if std::fs::read_dir(dir).map_err(io(dir))?.next().is_some() {
        return Err(NewError::NotEmpty(dir.to_owned()));
    }
    let mut made = Vec::new();
    let mut write = |path: PathBuf, text: String| {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io(parent))?;
        }
        std::fs::write(&path, text).map_err(io(&path))?;
        made.push(path);
        Ok(())
    };
    for (path, text) in options.template.files() {
        // In TOML and in Rhai, a text in quotes escapes the same two characters.
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        let shown = if path.ends_with(".md") { name } else { &quoted };
        write(dir.join(path), text.replace("@NAME@", shown))?;
    }
    for (name, schema) in schemas() {
        write(dir.join(format!(".schemas/{name}.schema.json")), format!("{schema:#}\n"))?;
    }
    Ok(made)
}
