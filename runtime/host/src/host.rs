//! Loading: from a file to something that can be started.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use plantroom_model::{PluginId, TagId};
use plantroom_project::{Plant, PluginSpec};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::bindings::SandboxedPre;
use crate::cache::{Cache, Verified};
use crate::examine::Examined;
use crate::grant::Rights;
use crate::image::Image;
use crate::instance::{Failure, Instance};
use crate::news::News;
use crate::offer::{self, ComponentFile, Offer, PluginOrigin};
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
    /// On whose word it runs.
    origin: PluginOrigin,
    /// The digest of its archive, where it came in one.
    archive: Option<String>,
}

/// A component before it is linked for one plugin.
struct Code {
    compiled: Component,
    examined: Examined,
    offer: Offer,
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

    /// Loads a component for a plugin of a plant: its archive and on whose word, size, form, contract version, what was
    /// accepted, imports against asks and grants, compiled code, links; in this order, so that nothing of a plugin is looked
    /// into that nobody trusts, and the cheap and telling checks come first.
    ///
    /// # Errors
    /// With a sentence that says what is wrong and what to do.
    pub fn load(&self, spec: &PluginSpec, id: PluginId, plant: &Plant, file: &ComponentFile) -> Result<Loaded, LoadError> {
        let offer = Offer::open(spec, plant, file)?;
        self.load_offer(spec, id, plant, offer)
    }

    fn load_offer(&self, spec: &PluginSpec, id: PluginId, plant: &Plant, offer: Offer) -> Result<Loaded, LoadError> {
        let plugin = spec.name.to_string();
        let examined = examine::examine(&plugin, &offer.component)?;
        offer.hold_against(spec, &examined)?;
        examine::hold_against(&plugin, &examined, &spec.grant)?;
        let compiled = self.compiled(&offer.component).map_err(|reason| LoadError::Compile { plugin, reason })?;
        let rights = Rights::new(spec, id, plant, &examined.imports);
        self.linked(spec, Code { compiled, examined, offer }, rights)
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
        file: &ComponentFile,
    ) -> Result<Option<Loaded>, LoadError> {
        let plugin = spec.name.to_string();
        // Whether it is still trusted is asked each time: a key may have been revoked.
        let offer = Offer::open(spec, plant, file)?;
        let parts = &running.parts;
        if offer.file_digest != parts.digest || offer.origin != parts.origin {
            return self.load_offer(spec, id, plant, offer).map(Some);
        }
        offer.hold_against(spec, &parts.examined)?;
        let rights = Rights::new(spec, id, plant, &parts.examined.imports);
        if rights == *parts.rights {
            return Ok(None);
        }
        examine::hold_against(&plugin, &parts.examined, &spec.grant)?;
        let code = Code { compiled: parts.compiled.clone(), examined: parts.examined.clone(), offer };
        self.linked(spec, code, rights).map(Some)
    }

    fn linked(&self, spec: &PluginSpec, code: Code, rights: Rights) -> Result<Loaded, LoadError> {
        let Code { compiled, examined, offer } = code;
        let linked = link::link(&self.engine, &compiled, &spec.grant)
            .map_err(|error| LoadError::Link { plugin: spec.name.to_string(), reason: format!("{error:#}") })?;
        let (rights, archive) = (Arc::new(rights), offer.archive_digest().map(str::to_owned));
        let Offer { file_digest: digest, origin, .. } = offer;
        let engine = self.engine.clone();
        Ok(Loaded { parts: Arc::new(Parts { engine, linked, rights, examined, compiled, digest, origin, archive }) })
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

impl Loaded {
    /// What the component says of itself, where it says something.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.parts.examined.manifest.as_ref()
    }

    /// Whether a file holds the very component that this was loaded from. False where it can't be read.
    pub fn is_of(&self, file: &ComponentFile) -> bool {
        offer::file_digest(&file.path).is_some_and(|digest| digest == self.parts.digest)
    }

    /// On whose word it runs.
    pub fn origin(&self) -> &PluginOrigin {
        &self.parts.origin
    }

    /// The digest of the archive that it came in, where it came in one.
    pub fn archive_digest(&self) -> Option<&str> {
        self.parts.archive.as_deref()
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
