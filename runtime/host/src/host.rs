//! Loading: from a file to something that can be started.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_model::{PluginId, TagId, limits as shared};
use plantroom_project::{Plant, PluginSpec};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::bindings::SandboxedPre;
use crate::cache::{Cache, Verified};
use crate::examine::Examined;
use crate::grant::Rights;
use crate::image::Image;
use crate::instance::{Failure, Instance};
use crate::news::News;
use crate::readings::Readings;
use crate::stage::StepState;
use crate::{HostError, InitError, LoadError, Manifest, Outside, PluginRun, Supervised, compile, engine, examine, limits, link};

/// How the sandbox is set up.
#[derive(Clone, Debug, Default)]
pub struct HostOptions {
    /// Where compiled components are kept; made if it isn't there. Only the station's user may reach it.
    pub cache_dir: PathBuf,
    /// Program and arguments that compile a component; input and output file are appended, and it calls
    /// [`crate::compile_main`]. Empty compiles in this process, which nothing can end: only for tools that load what
    /// they have just built.
    pub compile_command: Vec<OsString>,
}

/// The sandbox: one for all plugins.
pub struct Host {
    engine: Engine,
    fingerprint: [u8; 32],
    cache: Cache,
    compile_command: Vec<OsString>,
}

/// A component that is checked, compiled and linked with what its grant names. Cheap to clone.
#[derive(Clone)]
pub struct Loaded {
    pub(crate) parts: Arc<Parts>,
}

/// What a [`Loaded`] shares.
pub(crate) struct Parts {
    /// The engine that it was compiled for.
    pub engine: Engine,
    /// The component with its imports.
    pub linked: SandboxedPre<StepState>,
    /// What it may do.
    pub rights: Arc<Rights>,
    /// What it is, from outside.
    pub examined: Examined,
    /// Its code, before it was linked with anything.
    compiled: Component,
    /// SHA-256 of its file.
    digest: [u8; 32],
}

/// A component before it is linked for one plugin.
struct Code {
    compiled: Component,
    examined: Examined,
    digest: [u8; 32],
}

impl Host {
    /// Sets the sandbox up.
    ///
    /// # Errors
    /// When the cache folder can't be used, or this machine can't run plugins.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let HostOptions { cache_dir, compile_command } = options;
        let engine = engine::engine().map_err(|error| HostError::Engine(format!("{error:#}")))?;
        engine::start_ticking(&engine).map_err(|error| HostError::Engine(error.to_string()))?;
        let cache = Cache::open(&cache_dir).map_err(|source| HostError::Cache { path: cache_dir, source })?;
        let fingerprint = engine::fingerprint(&engine);
        Ok(Self { engine, fingerprint, cache, compile_command })
    }

    /// Loads a component for a plugin of a plant: size, form, contract version, imports against asks and grants,
    /// compiled code, links; in this order, so that the cheap and telling checks come first.
    ///
    /// # Errors
    /// With a sentence that says what is wrong and what to do.
    pub fn load(&self, spec: &PluginSpec, id: PluginId, plant: &Plant, component: &Path) -> Result<Loaded, LoadError> {
        let plugin = spec.name.to_string();
        let bytes = read(&plugin, component)?;
        let examined = examine::examine(&plugin, &bytes)?;
        examine::hold_against(&plugin, &examined, &spec.grant)?;
        let compiled = self.compiled(&bytes).map_err(|reason| LoadError::Compile { plugin, reason })?;
        let rights = Rights::new(spec, id, plant, &examined.imports);
        self.linked(spec, Code { compiled, examined, digest: Sha256::digest(&bytes).into() }, rights)
    }

    /// Loads a plugin for a changed plant, where it may be running: `None` when nothing is different for it, neither its
    /// component nor anything that the plant says to it or lets it do.
    ///
    /// # Errors
    /// As [`Host::load`].
    pub fn load_again(
        &self,
        running: &Loaded,
        (spec, id): (&PluginSpec, PluginId),
        plant: &Plant,
        component: &Path,
    ) -> Result<Option<Loaded>, LoadError> {
        let plugin = spec.name.to_string();
        let digest: [u8; 32] = Sha256::digest(read(&plugin, component)?).into();
        let parts = &running.parts;
        if digest != parts.digest {
            return self.load(spec, id, plant, component).map(Some);
        }
        let rights = Rights::new(spec, id, plant, &parts.examined.imports);
        if rights == *parts.rights {
            return Ok(None);
        }
        examine::hold_against(&plugin, &parts.examined, &spec.grant)?;
        let code = Code { compiled: parts.compiled.clone(), examined: parts.examined.clone(), digest };
        self.linked(spec, code, rights).map(Some)
    }

    fn linked(&self, spec: &PluginSpec, code: Code, rights: Rights) -> Result<Loaded, LoadError> {
        let Code { compiled, examined, digest } = code;
        let linked = link::link(&self.engine, &compiled, &spec.grant)
            .map_err(|error| LoadError::Link { plugin: spec.name.to_string(), reason: format!("{error:#}") })?;
        let rights = Arc::new(rights);
        Ok(Loaded { parts: Arc::new(Parts { engine: self.engine.clone(), linked, rights, examined, compiled, digest }) })
    }

    /// A component's code: from the cache, where it checks out, else from the compiler.
    fn compiled(&self, bytes: &[u8]) -> Result<Component, String> {
        let name = Cache::name(bytes, &self.fingerprint);
        if let Some(found) = self.cache.get(&name)
            && let Ok(component) = self.executable(&found)
        {
            return Ok(component);
        }
        let code = if self.compile_command.is_empty() {
            compile::in_this_process(&self.engine, bytes)?
        } else {
            let dir = self.cache.workplace().map_err(|error| format!("there is no place to compile it: {error}"))?;
            compile::in_child(&self.compile_command, bytes, dir.path(), limits::COMPILE_S)?
        };
        if let Err(error) = self.cache.put(&name, &code) {
            tracing::warn!(%error, "a compiled plugin could not be kept, and will be compiled again at the next start");
        }
        self.executable(&Verified::fresh(code)).map_err(|error| format!("{error:#}"))
    }

    fn executable(&self, code: &Verified) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` runs whatever machine code it is given, so the bytes must come unchanged from
        // `Engine::precompile_component`. A `Verified` exists only for bytes that our own compiler has just returned
        // (in this process, or in a child that we started, through a file in a folder that only our user may write
        // to), or for bytes whose HMAC, under a key that only our user can read, says that we stored them after such
        // a compilation. The tag was checked over this very buffer, not over a file that could change since. Who can
        // forge it can read our user's files and start programs as our user anyway. Code for another version, target
        // or setting is refused by wasmtime itself, with an error.
        unsafe { Component::deserialize(&self.engine, code.code()) }
    }
}

fn read(plugin: &str, path: &Path) -> Result<Vec<u8>, LoadError> {
    let cant = |source| LoadError::Read { plugin: plugin.to_owned(), path: path.to_owned(), source };
    let file = File::open(path).map_err(cant)?;
    let size = file.metadata().map_err(cant)?.len();
    if size > shared::COMPONENT_BYTES {
        return Err(LoadError::Size { plugin: plugin.to_owned(), bytes: size });
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // A file that grows while it is read is cut, and found malformed.
    file.take(shared::COMPONENT_BYTES).read_to_end(&mut bytes).map_err(cant)?;
    Ok(bytes)
}

impl Loaded {
    /// What the component says of itself, where it says something.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.parts.examined.manifest.as_ref()
    }

    /// Whether a file holds the very component that this was loaded from. False where it can't be read.
    pub fn is_of(&self, component: &Path) -> bool {
        read("", component).is_ok_and(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)) == self.parts.digest)
    }

    /// The document that `init` gets (wit/README.md, "The init document").
    pub fn document(&self) -> &str {
        &self.parts.rights.document
    }

    /// The plugin's tags: a handle is a place in this list.
    pub fn tags(&self) -> &[TagId] {
        &self.parts.rights.tags
    }

    /// Makes an instance and calls `init` once, in the sandbox: what `plantroom check` does. Nothing that it does counts.
    ///
    /// # Errors
    /// With all problems that the plugin tells, or with what failed.
    pub fn try_init(&self) -> Result<(), InitError> {
        let Parts { engine, linked, rights, .. } = &*self.parts;
        let fault = |failure: Failure| InitError::Fault(format!("{}: {}", failure.kind.words(), failure.message));
        let mut state =
            StepState::new(rights.clone(), Arc::new(Image::default()), Readings::new(rights), News::new(&rights.alarms));
        state.line_budget = u64::from(rights.grant.log_lines_per_s);
        let mut instance = Instance::create(engine, linked, state).map_err(|(failure, _)| fault(failure))?;
        match instance.init(Default::default(), &rights.document) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(problems)) => {
                let tag = |handle: Option<u32>| handle.and_then(|handle| rights.tags.get(handle as usize).copied());
                Err(InitError::Problems(problems.into_iter().map(|(handle, message)| (tag(handle), message)).collect()))
            }
            Err(failure) => Err(fault(failure)),
        }
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

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("plugin", &self.parts.rights.name).finish_non_exhaustive()
    }
}
