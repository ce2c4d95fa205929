//! Loading: from a file to something that can be started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_model::PluginId;
use plantroom_project::{Plant, PluginSpec};

use crate::{HostError, InitError, LoadError, Outside, PluginRun, Supervised};

/// How the sandbox is set up.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// Where compiled components are kept; made if it isn't there. Private to the station's user.
    pub cache_dir: PathBuf,
    /// Program and arguments that compile a component; input and output file are appended, and it calls [`compile_main`].
    /// Empty compiles in this process, which can't be ended: only for tools that load what they have just built.
    pub compile_command: Vec<OsString>,
}

/// The sandbox: one for all plugins.
#[derive(Debug)]
pub struct Host {}

/// A component that is checked, compiled and linked with what its grant names. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Loaded {}

impl Host {
    /// Sets the sandbox up.
    ///
    /// # Errors
    /// When the cache folder can't be used, or this machine can't run plugins.
    pub fn new(_options: HostOptions) -> Result<Self, HostError> {
        Err(HostError::Engine(String::new()))
    }

    /// Loads a component for a plugin of a plant.
    ///
    /// # Errors
    /// With a sentence that says what is wrong and what to do.
    pub fn load(&self, spec: &PluginSpec, _id: PluginId, _plant: &Plant, _component: &Path) -> Result<Loaded, LoadError> {
        Err(LoadError::Compile { plugin: spec.name.to_string(), reason: String::new() })
    }
}

impl Loaded {
    /// Makes an instance and calls `init` once, in the sandbox: what `plantroom check` does.
    ///
    /// # Errors
    /// With all problems that the plugin tells, or with what failed.
    pub fn try_init(&self) -> Result<(), InitError> {
        Err(InitError::Fault(String::new()))
    }

    /// Starts it on a thread of its own.
    ///
    /// # Errors
    /// When the machine gives no thread.
    pub fn start(&self, outside: Arc<dyn Outside>) -> std::io::Result<PluginRun> {
        PluginRun::start(self.by_hand(outside))
    }

    /// For tests, benches and the testkit: no thread; the caller calls [`Supervised::turn`] with a clock of its own.
    pub fn by_hand(&self, outside: Arc<dyn Outside>) -> Supervised {
        Supervised::new(self.clone(), outside)
    }
}

/// Compiles a component: what the hidden verb `plantroom compile-component IN OUT` runs, as a process that can be ended.
///
/// # Errors
/// With a sentence for stderr.
pub fn compile_main(_input: &Path, _output: &Path) -> Result<(), String> {
    Err(String::new())
}
