//! The two ways to run a plugin: in this process, and as a component in its sandbox.

#[cfg(feature = "component")]
mod component;

use std::sync::Arc;

use plantroom_model::{AlarmEvent, Change, Explanation, Mono, Now, PluginOrder, TagId};
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
    #[cfg(feature = "component")]
    Component(component::Component),
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

    /// Whether it runs in this process, where the init document can be anything.
    pub(crate) fn native_init(&self) -> Option<fn(&str) -> Result<(), Vec<raw::Problem>>> {
        match self.0 {
            Kind::Native(init) => Some(init),
            #[cfg(feature = "component")]
            Kind::Component(_) => None,
        }
    }

    pub(crate) fn start(&self, spec: &Spec, world: &Arc<World>) -> Result<Box<dyn Stepper>, StartError> {
        match &self.0 {
            Kind::Native(init) => start_native(*init, spec, world),
            #[cfg(feature = "component")]
            Kind::Component(component) => component.start(spec, world),
        }
    }
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
        streams: spec.stream_places().collect(),
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
