//! One linker a grant set: it holds what is granted, and nothing else.

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::{SandboxedPre, conditions, log, memory, modbus, orders, samples, stream, tags, types};
use crate::stage::StepState;
use plantroom_project::Grant;

/// Links a component with what it is granted.
///
/// # Errors
/// When it wants a function that this station doesn't have, or of another shape.
pub(crate) fn link(engine: &Engine, component: &Component, grant: &Grant) -> wasmtime::Result<SandboxedPre<StepState>> {
    let mut linker = Linker::<StepState>::new(engine);
    types::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    log::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    if !grant.publish.is_empty() {
        samples::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    }
    if grant.orders {
        orders::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    }
    if !grant.streams.is_empty() {
        stream::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    }
    if grant.has_modbus() {
        modbus::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    }
    if !grant.read.is_empty() {
        tags::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    }
    if grant.alarms.any() {
        conditions::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    }
    if grant.store_bytes > 0 {
        memory::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    }
    SandboxedPre::new(linker.instantiate_pre(component)?)
}
