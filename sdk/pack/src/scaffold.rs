//! A new plugin to begin with: a folder that builds and passes its own tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use plantroom_archive::World;

/// What a new plugin is to be.
#[derive(Clone, Debug)]
pub struct NewPlugin {
    /// The folder; made if it isn't there, refused if something is in it.
    pub folder: PathBuf,
    /// Its name: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Its world.
    pub world: World,
    /// Where Plantroom's SDK is: the folder that holds `guest` and `testkit`.
    pub sdk: PathBuf,
}

/// The texts of one world.
struct Template {
    code: &'static str,
    tests: &'static str,
    bench: &'static str,
    imports: &'static str,
    what: &'static str,
}

const DRIVER: Template = Template {
    code: include_str!("../templates/driver.rs"),
    tests: include_str!("../templates/driver_tests.rs"),
    bench: include_str!("../templates/driver.bench.toml"),
    imports: r#"["samples", "orders", "modbus", "log"]"#,
    what: "Reads the power of a device, and sets its limit.",
};
const ANALYTICS: Template = Template {
    code: include_str!("../templates/analytics.rs"),
    tests: include_str!("../templates/analytics_tests.rs"),
    bench: include_str!("../templates/analytics.bench.toml"),
    imports: r#"["samples", "tags", "log"]"#,
    what: "Says how much flows in and doesn't come out.",
};
const ALARM_LOGIC: Template = Template {
    code: include_str!("../templates/alarm_logic.rs"),
    tests: include_str!("../templates/alarm_logic_tests.rs"),
    bench: include_str!("../templates/alarm_logic.bench.toml"),
    imports: r#"["tags", "conditions", "log"]"#,
    what: "Tells a pump that runs without flow.",
};

impl Template {
    fn of(world: World) -> &'static Self {
        match world {
            World::Driver => &DRIVER,
            World::Analytics => &ANALYTICS,
            World::AlarmLogic => &ALARM_LOGIC,
        }
    }
}

impl NewPlugin {
    /// Writes the folder. Returns the files that were made.
    ///
    /// # Errors
    /// When the name can't be one, something is in the folder, the SDK isn't where it should be, or the disk refuses.
    pub fn write(&self) -> Result<Vec<PathBuf>> {
        let Self { folder, name, .. } = self;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) || name.len() > 60 {
            bail!("`{name}` can't be a plugin's name; use lower-case letters, digits, - and _, beginning with a letter");
        }
        if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            bail!("something is in this folder already; name a new one: {}", folder.display());
        }
        let sdk = self.sdk.canonicalize().ok().filter(|sdk| sdk.join("guest/Cargo.toml").is_file());
        let Some(sdk) = sdk else {
            bail!(
                "Plantroom's SDK (a folder with `guest` and `testkit` in it) isn't there; name it with --sdk: {}",
                self.sdk.display()
            );
        };
        let template = Template::of(self.world);
        let files = [
            ("Cargo.toml", self.cargo_toml(&sdk)),
            ("plugin.toml", self.plugin_toml(template)),
            ("bench.toml", template.bench.to_owned()),
            ("src/lib.rs", self.filled(template.code)),
            (&format!("tests/{}.rs", name.replace('-', "_")), self.filled(template.tests)),
            ("README.md", self.readme(template)),
            (
                "LICENSE",
                format!("Copyright (c) the authors of {name}.\n\nWrite here under which terms others may use this plugin.\n"),
            ),
            (".gitignore", "target/\n*.plantroom\n*.key\n".to_owned()),
        ];
        let mut made = Vec::new();
        for (path, text) in files {
            let path = folder.join(path);
            let failed = || format!("can't write {}", path.display());
            fs::create_dir_all(path.parent().unwrap_or(folder)).with_context(failed)?;
            fs::write(&path, text).with_context(failed)?;
            made.push(path);
        }
        Ok(made)
    }

    fn filled(&self, text: &str) -> String {
        let crate_name = self.name.replace('-', "_");
        text.replace("NAME", &self.name).replace("TypeName", &self.type_name()).replace("crate_name", &crate_name)
    }

    /// `heat-meter` becomes `HeatMeter`.
    fn type_name(&self) -> String {
        let words = self.name.split(['-', '_']).filter(|word| !word.is_empty());
        let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
        let name: String = words.map(capital).collect();
        // Names of the prelude would be ambiguous.
        let taken =
            ["Driver", "Analytics", "AlarmLogic", "Modbus", "Tag", "Input", "Setpoint", "Io", "Order", "Outcome", "Value"];
        if taken.contains(&name.as_str()) { format!("My{name}") } else { name }
    }

    fn cargo_toml(&self, sdk: &Path) -> String {
        let path = |name: &str| toml::Value::from(sdk.join(name).to_string_lossy().into_owned()).to_string();
        format!(
            "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
             # A module for the sandbox, and a library for tests on this machine.\n\
             [lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n\
             [dependencies]\nplantroom-sdk = {{ path = {} }}\n\n\
             # Without its feature `component`, which would build the whole sandbox: `plantroom plugin test` has it already.\n\
             [dev-dependencies]\nplantroom-testkit = {{ path = {}, default-features = false }}\nserde_json = \"1\"\n\n\
             # A workspace of its own, wherever this folder is.\n[workspace]\n",
            self.name,
            path("guest"),
            path("testkit")
        )
    }

    fn plugin_toml(&self, template: &Template) -> String {
        format!(
            "# What this plugin is and what it asks for; what it gets is the project's grant.\n\
             name = \"{}\"\nversion = \"0.1.0\"\ndescription = \"{}\"\nlicence = \"see LICENSE\"\nworld = \"{}\"\n\n\
             [ask]\nimports = {}\nmemory_mib = 16\n",
            self.name,
            template.what,
            self.world.word(),
            template.imports
        )
    }

    fn readme(&self, template: &Template) -> String {
        let name = &self.name;
        format!(
            "# {name}\n\n{}\n\n```sh\nplantroom plugin test            # its own tests, and the conformance suite on the packed component\n\
             plantroom plugin pack            # {name}-0.1.0.plantroom\n\
             plantroom plugin keygen my.key --name \"My company\"   # once\n\
             plantroom plugin sign {name}-0.1.0.plantroom --key my.key\n```\n\n\
             The code is in `src/lib.rs`, what it asks for in `plugin.toml`, the bench on which it is tried in `bench.toml`.\n",
            template.what
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_manifest;

    fn sdk() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[test]
    fn every_world_has_a_plugin_to_begin_with() {
        for world in World::ALL {
            let dir = tempfile::tempdir().unwrap();
            let folder = dir.path().join("x");
            let new = NewPlugin { folder: folder.clone(), name: "heat-meter_2".to_owned(), world, sdk: sdk() };
            let made = new.write().unwrap();
            assert_eq!(made.len(), 8);
            let text = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
            let manifest = read_manifest(&text("plugin.toml")).unwrap();
            assert_eq!((manifest.name.as_str(), manifest.world.as_str()), ("heat-meter_2", world.word()));
            assert!(text("src/lib.rs").contains("pub struct HeatMeter2"));
            assert!(text("tests/heat_meter_2.rs").contains("use heat_meter_2::HeatMeter2;"));
            for path in made.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
                let text = fs::read_to_string(path).unwrap();
                assert!(
                    !text.contains("NAME") && !text.contains("TypeName") && !text.contains("crate_name"),
                    "{}",
                    path.display()
                );
            }
            toml::from_str::<toml::Table>(&text("Cargo.toml")).unwrap();
            assert!(new.write().unwrap_err().to_string().contains("in this folder already"));
        }
    }

    #[test]
    fn what_can_not_be_made_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let new = |name: &str, sdk: PathBuf| {
            let folder = dir.path().join("y");
            NewPlugin { folder, name: name.to_owned(), world: World::Driver, sdk }.write().unwrap_err().to_string()
        };
        for name in ["", "../x", "Meter", "2x", "-x", "x y"] {
            assert!(new(name, sdk()).contains("can't be a plugin's name"), "{name}");
        }
        assert!(new("x", dir.path().join("no")).contains("--sdk"));
        let type_name = |name: &str| {
            NewPlugin { folder: PathBuf::new(), name: name.to_owned(), world: World::Driver, sdk: sdk() }.type_name()
        };
        assert_eq!(
            (type_name("modbus"), type_name("s7-plc"), type_name("a__b")),
            ("MyModbus".into(), "S7Plc".into(), "AB".into())
        );
    }
}
