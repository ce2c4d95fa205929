//! Project folders for tests.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::workspace;

/// A project folder that goes when the test ends.
pub struct Project {
    folder: TempDir,
}

impl Default for Project {
    fn default() -> Self {
        Self::new()
    }
}

impl Project {
    /// A folder with a plant.toml and nothing else.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn new() -> Self {
        let project = Self::empty();
        project.write("plant.toml", "name = \"Test plant\"\ntime_zone = \"UTC\"\nhome_screen = \"1_home\"\n");
        project.write("screens/1_home.rhai", "screen(\"Home\", #{ level: 1, size: [800, 450] });\n");
        project
    }

    /// A folder with nothing in it.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn empty() -> Self {
        Self { folder: TempDir::with_prefix("plantroom-test-").expect("a temporary folder") }
    }

    /// A copy of the demo plant.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn waterworks() -> Self {
        let project = Self::empty();
        copy(&workspace().join("screens/waterworks"), project.path());
        let _ = std::fs::remove_dir_all(project.path().join("data"));
        project
    }

    /// Gives the demo plant's field ports of its own, so that another may run beside it.
    pub fn move_field(&self) {
        for fixed in 5020..=5026 {
            let other = format!("127.0.0.1:{}\"", crate::free_port());
            for file in ["connections.toml", "simulation.toml"] {
                self.write(file, &self.read(file).replace(&format!("127.0.0.1:{fixed}\""), &other));
            }
        }
    }

    /// The project folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The project folder, for a command line.
    pub fn text(&self) -> &str {
        self.path().to_str().expect("temporary folders have plain names")
    }

    /// The data folder that [`crate::Station::start`] uses.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes one file, with its folders; replaces what is there.
    ///
    /// # Panics
    /// When the disk refuses.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }

    /// The text of one file.
    ///
    /// # Panics
    /// When it can't be read.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect("a file of the project can be read")
    }

    /// Adds text to the end of a file, which is made if it isn't there.
    pub fn add(&self, name: &str, text: &str) {
        let before = std::fs::read_to_string(self.path().join(name)).unwrap_or_default();
        self.write(name, &format!("{before}\n{text}\n"));
    }

    /// Adds a connection to a Modbus device on this machine; `device` are lines of `[connection.device]`.
    pub fn connection(&self, name: &str, port: u16, timeout_ms: u32, device: &str) -> &Self {
        let head = format!(
            "[[connection]]\nname = \"{name}\"\ndriver = \"modbus\"\ntcp = \"127.0.0.1:{port}\"\ntimeout_ms = {timeout_ms}"
        );
        self.add("connections.toml", &format!("{head}\n[connection.device]\n{device}\n"));
        self
    }

    /// Adds the driver `modbus` for these connections, with everything granted on them. `groups` as in
    /// `fast = 100, normal = 1000`.
    pub fn modbus(&self, connections: &[&str], groups: &str, publish: &str) -> &Self {
        let connections = format!("{connections:?}");
        self.add(
            "plugins.toml",
            &format!(
                "[[plugin]]\nname = \"modbus\"\ncomponent = \"modbus\"\n[plugin.config]\ngroups = {{ {groups} }}\n\
                 [plugin.grant]\nconnections = {connections}\npublish = [\"{publish}\"]\nwrite = [\"{publish}\"]\n"
            ),
        );
        self
    }

    /// Adds any plugin; `config` and `grant` are lines of its tables.
    pub fn plugin(&self, name: &str, component: &str, config: &str, grant: &str) -> &Self {
        let head = format!("[[plugin]]\nname = \"{name}\"\ncomponent = \"{component}\"");
        self.add("plugins.toml", &format!("{head}\n[plugin.config]\n{config}\n[plugin.grant]\n{grant}\n"));
        self
    }

    /// Adds a connection of another driver than `modbus`.
    pub fn connection_of(&self, driver: &str, name: &str, port: u16, timeout_ms: u32) -> &Self {
        let text = format!(
            "[[connection]]\nname = \"{name}\"\ndriver = \"{driver}\"\ntcp = \"127.0.0.1:{port}\"\ntimeout_ms = {timeout_ms}\n"
        );
        self.add("connections.toml", &text);
        self
    }

    /// Adds a tag that a plugin fills by itself.
    pub fn computed(&self, name: &str, kind: &str, plugin: &str, more: &str) -> &Self {
        self.add("tags/tags.toml", &format!("[[tag]]\nname = \"{name}\"\nkind = \"{kind}\"\nplugin = \"{plugin}\"\n{more}\n"));
        self
    }

    /// Adds a tag of a connection. `more` are further lines of it: `write = true`.
    pub fn tag(&self, name: &str, kind: &str, connection: &str, address: &str, more: &str) -> &Self {
        let head =
            format!("[[tag]]\nname = \"{name}\"\nkind = \"{kind}\"\nconnection = \"{connection}\"\naddress = \"{address}\"");
        self.add("tags/tags.toml", &format!("{head}\n{more}\n"));
        self
    }

    /// Adds a memory tag.
    pub fn memory(&self, name: &str, kind: &str, initial: &str, more: &str) -> &Self {
        self.add("tags/tags.toml", &format!("[[tag]]\nname = \"{name}\"\nkind = \"{kind}\"\nmemory = {initial}\n{more}\n"));
        self
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("an entry has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
