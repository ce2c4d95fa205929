//! `plantroom plugin test`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use clap::Args;
use plantroom_archive::{MANIFEST, World};
use plantroom_pack as pack;
use plantroom_testkit::{Runner, Spec, alarm_logic_conformance, analytics_conformance, conformance};

use crate::exit::Failure;

/// Tests a plugin. First its own tests on this machine (`cargo test`), then the conformance suite on the packed component, in the
/// sandbox of a station, with scripted devices and a virtual clock, as its bench.toml says.
#[derive(Args)]
pub struct Test {
    /// The plugin's folder.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// A component or an archive, instead of building the folder; its own tests are left out then.
    #[arg(long)]
    component: Option<PathBuf>,
    /// Leaves the plugin's own tests out.
    #[arg(long)]
    conformance_only: bool,
}

impl Test {
    pub fn run(self) -> Result<()> {
        let manifest = self.manifest()?;
        let world = World::named(&manifest.world).ok_or_else(|| Failure::problems("plugin.toml names no world."))?;
        let spec = self.spec()?;
        let folder = self.folder.join("target").join("pack");
        let component = match &self.component {
            Some(component) => component.clone(),
            None => super::with_progress(|tell| pack::build(&self.folder, &folder, tell))?,
        };
        if self.component.is_none() && !self.conformance_only {
            own_tests(&self.folder, &folder)?;
        }
        println!("trying {} {} in the sandbox ...", manifest.name, manifest.version);
        let runner = Runner::component(&component).map_err(|error| Failure::problems(error.to_string()))?;
        let wrong = match world {
            World::Driver => conformance(&runner, &spec),
            World::Analytics => analytics_conformance(&runner, &spec),
            World::AlarmLogic => alarm_logic_conformance(&runner, &spec),
        };
        if wrong.is_empty() {
            println!("It keeps the contract.");
            return Ok(());
        }
        wrong.iter().for_each(|sentence| println!("  - {sentence}"));
        Err(Failure::problems(format!("It breaks the contract in {} ways.", wrong.len())).into())
    }

    fn manifest(&self) -> Result<pack::Manifest> {
        let path = self.folder.join(MANIFEST);
        let text = read(&path, "every plugin has a plugin.toml")?;
        Ok(pack::read_manifest(&text).map_err(|error| Failure::problems(format!("{}: {error}", path.display())))?)
    }

    fn spec(&self) -> Result<Spec> {
        let path = self.folder.join("bench.toml");
        let text = read(&path, "the bench on which it is tried is described in a bench.toml (`plantroom plugin new` makes one)")?;
        Ok(Spec::from_toml(&text).map_err(|error| Failure::problems(format!("{}, {error}", path.display())))?)
    }
}

fn read(path: &Path, why: &str) -> Result<String> {
    let text = std::fs::read_to_string(path);
    Ok(text.map_err(|error| Failure::problems(format!("The plugin can't be tested, {why}: {error}: {}", path.display())))?)
}

/// The author's own tests; those that want the component find it in `components`.
fn own_tests(folder: &Path, components: &Path) -> Result<()> {
    println!("running its own tests ...");
    let components = components.canonicalize()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.arg("test").current_dir(folder).env("PLANTROOM_COMPONENTS", components).stdin(Stdio::null());
    let status = command.status().map_err(|error| Failure::problems(format!("cargo can't be started: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::problems("Its own tests fail; the messages above say where.").into())
}
