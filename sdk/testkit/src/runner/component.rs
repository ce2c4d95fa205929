//! A plugin as a component in the sandbox that the station uses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_host::{ComponentFile, Host, HostOptions, InitError, Supervised, Turn};
use plantroom_model::{AlarmEvent, AlarmFrame, Change, Explanation, Frame, Now, PluginId, PluginOrder, TagId};

use super::{Kind, Runner, StartError, Stepper, Turned};
use crate::Spec;
use crate::world::World;

/// A component, and a sandbox of its own.
#[derive(Clone)]
pub(super) struct Component {
    host: Arc<Host>,
    path: PathBuf,
    _cache: Arc<tempfile::TempDir>,
}

impl Runner {
    /// As a component in the sandbox that the station uses.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn component(path: &Path) -> Result<Self, StartError> {
        if !path.is_file() {
            return Err(StartError::Failed(format!(
                "the component is not built: build the plugins first (`cargo xtask test` does), or name their folder in \
                 PLANTROOM_COMPONENTS: {}",
                path.display()
            )));
        }
        let cache = tempfile::tempdir().map_err(|error| failed(&error))?;
        // Without a command the host compiles in this process.
        let options = HostOptions { cache_dir: cache.path().to_path_buf(), compile_command: Vec::new() };
        let host = Arc::new(Host::new(options).map_err(|error| failed(&error))?);
        Ok(Self(Kind::Component(Component { host, path: path.to_path_buf(), _cache: Arc::new(cache) })))
    }

    /// A plugin that was built from this workspace: `NAME.wasm` in the folder that PLANTROOM_COMPONENTS names, or in
    /// `target/plugins`.
    ///
    /// # Errors
    /// A sentence that says what is missing.
    pub fn built_component(name: &str) -> Result<Self, StartError> {
        let folder = std::env::var_os("PLANTROOM_COMPONENTS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins"), PathBuf::from);
        Self::component(&folder.join(format!("{name}.wasm")))
    }
}

fn failed(error: &dyn std::error::Error) -> StartError {
    StartError::Failed(error.to_string())
}

impl Component {
    pub(super) fn start(&self, spec: &Spec, world: &Arc<World>) -> Result<Box<dyn Stepper>, StartError> {
        start(&self.host, &self.path, spec, world)
    }
}

fn start(host: &Host, path: &Path, spec: &Spec, world: &Arc<World>) -> Result<Box<dyn Stepper>, StartError> {
    let plant = spec.plant();
    let plugin = plant.plugins.first().ok_or_else(|| StartError::Failed("the bench has no plugin".to_owned()))?;
    let loaded = host.load(plugin, PluginId(0), &plant, &ComponentFile::of_installation(path)).map_err(|error| failed(&error))?;
    let name = |tag: u32| spec.tags.get(tag as usize).map(|tag| tag.name.clone());
    match loaded.try_init() {
        Ok(()) => {
            let mut supervised = loaded.by_hand(world.clone());
            // The first turn makes the instance; the next one is the first step.
            supervised.turn();
            Ok(Box::new(Sandboxed(supervised)))
        }
        Err(InitError::Problems(problems)) => Err(StartError::Problems(
            problems.into_iter().map(|(tag, message)| (tag.and_then(|tag| name(tag.0)), message)).collect(),
        )),
        Err(error) => Err(failed(&error)),
    }
}

struct Sandboxed(Supervised);

impl Stepper for Sandboxed {
    fn turn(&mut self) -> Turned {
        match self.0.turn() {
            Turn::WaitUntil(wake) => Turned::WaitUntil(wake),
            Turn::Ended => Turned::Ended,
        }
    }

    fn deliver(&mut self, order: PluginOrder) -> bool {
        self.0.deliver_order(order)
    }

    fn change(&mut self, frame: u64, now: Now, change: Change) {
        self.0.deliver_changes(Arc::new(Frame { number: frame, now, changes: vec![change].into(), ..Frame::default() }));
    }

    fn alarms(&mut self, frame: u64, now: Now, events: Vec<AlarmEvent>) {
        let alarms = AlarmFrame { events, ..AlarmFrame::default() };
        self.0.deliver_changes(Arc::new(Frame { number: frame, now, alarms, ..Frame::default() }));
    }

    fn explain(&mut self, tag: TagId) -> Option<Explanation> {
        self.0.explain_now(tag)
    }

    fn stop(&mut self) {
        self.0.stop();
    }
}
