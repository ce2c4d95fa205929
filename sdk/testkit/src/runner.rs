//! The two ways to run a plugin: in this process, and as a component in its sandbox.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_host::{Explanation, Host, HostOptions, InitError, PluginOrder, Supervised, Turn};
use plantroom_model::{AlarmEvent, AlarmFrame, Change, Frame, Mono, Now, PluginId, TagId};
use plantroom_sdk::{Exported, native, raw};

use crate::Spec;
use crate::native::{Native, Rights};
use crate::spec::SpecTag;
use crate::world::World;

/// How a plugin is run. The same test body serves both.
#[derive(Clone)]
pub struct Runner(Kind);

#[derive(Clone)]
enum Kind {
    Native(fn(&str) -> Result<(), Vec<raw::Problem>>),
    Component { host: Arc<Host>, path: PathBuf, _cache: Arc<tempfile::TempDir> },
}

/// Why a plugin did not start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// What its `init` found, each with the tag it is about.
    #[error("{}", .0.iter().map(|(_, message)| message.as_str()).collect::<Vec<_>>().join("\n"))]
    Problems(Vec<(Option<String>, String)>),
    /// It could not be loaded, or failed in `init`.
    #[error("{0}")]
    Failed(String),
}

/// What is to be done after a turn.
pub(crate) enum Turned {
    WaitUntil(Mono),
    Ended,
}

/// One running plugin, step by step.
pub(crate) trait Stepper {
    fn turn(&mut self) -> Turned;
    fn deliver(&mut self, order: PluginOrder) -> bool;
    fn change(&mut self, frame: u64, now: Now, change: Change);
    fn alarms(&mut self, frame: u64, now: Now, events: Vec<AlarmEvent>);
    fn explain(&mut self, tag: TagId) -> Option<Explanation>;
    fn stop(&mut self);
}

impl Runner {
    /// In this process, on this thread: quick, and a debugger can follow.
    pub fn native<P: Exported>() -> Self {
        Self(Kind::Native(native::init::<P>))
    }

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
        Ok(Self(Kind::Component { host, path: path.to_path_buf(), _cache: Arc::new(cache) }))
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

    /// Whether it runs in this process, where the init document can be anything.
    pub(crate) fn native_init(&self) -> Option<fn(&str) -> Result<(), Vec<raw::Problem>>> {
        match self.0 {
            Kind::Native(init) => Some(init),
            Kind::Component { .. } => None,
        }
    }

    pub(crate) fn start(&self, spec: &Spec, world: &Arc<World>) -> Result<Box<dyn Stepper>, StartError> {
        match &self.0 {
            Kind::Native(init) => start_native(*init, spec, world),
            Kind::Component { host, path, .. } => start_component(host, path, spec, world),
        }
    }
}

fn failed(error: &dyn std::error::Error) -> StartError {
    StartError::Failed(error.to_string())
}

fn start_native(
    init: fn(&str) -> Result<(), Vec<raw::Problem>>,
    spec: &Spec,
    world: &Arc<World>,
) -> Result<Box<dyn Stepper>, StartError> {
    let by_handle = |may: fn(&SpecTag) -> bool| spec.tags.iter().map(may).collect::<Vec<_>>();
    let rights = Rights {
        publishable: by_handle(|tag| tag.publish),
        readable: by_handle(|tag| tag.read),
        writable: by_handle(|tag| tag.write),
        connections: spec.connections.len(),
        alarms: spec.alarms.clone(),
    };
    let native = Native::new(world.clone(), rights);
    let name = |tag: Option<u32>| tag.and_then(|handle| spec.tags.get(handle as usize)).map(|tag| tag.name.clone());
    init(&spec.document()).map_err(|problems| {
        StartError::Problems(problems.into_iter().map(|problem| (name(problem.tag), problem.message)).collect())
    })?;
    native.commit();
    Ok(Box::new(native))
}

fn start_component(host: &Host, path: &Path, spec: &Spec, world: &Arc<World>) -> Result<Box<dyn Stepper>, StartError> {
    let plant = spec.plant();
    let plugin = plant.plugins.first().ok_or_else(|| StartError::Failed("the bench has no plugin".to_owned()))?;
    let loaded = host.load(plugin, PluginId(0), &plant, path).map_err(|error| failed(&error))?;
    let name = |tag: u32| spec.tags.get(tag as usize).map(|tag| tag.name.clone());
    match loaded.try_init() {
        Ok(()) => {
            let mut supervised = loaded.by_hand(world.clone());
            // The first turn makes the instance; the next one is the first step.
            supervised.turn();
            Ok(Box::new(Component(supervised)))
        }
        Err(InitError::Problems(problems)) => Err(StartError::Problems(
            problems.into_iter().map(|(tag, message)| (tag.and_then(|tag| name(tag.0)), message)).collect(),
        )),
        Err(error) => Err(failed(&error)),
    }
}

struct Component(Supervised);

impl Stepper for Component {
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
