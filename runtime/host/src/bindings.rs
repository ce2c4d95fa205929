//! The contract as Rust: made from `wit/plugin-0.1` by wasmtime. Numeric lists cross as one copy each.

wasmtime::component::bindgen!({
    path: "../../wit/plugin-0.1",
    inline: "
        package plantroom:sandbox;

        world sandboxed {
            import plantroom:plugin/types@0.1.4;
            import plantroom:plugin/samples@0.1.4;
            import plantroom:plugin/orders@0.1.4;
            import plantroom:plugin/modbus@0.1.4;
            import plantroom:plugin/%stream@0.1.4;
            import plantroom:plugin/tags@0.1.4;
            import plantroom:plugin/conditions@0.1.4;
            import plantroom:plugin/memory@0.1.4;
            import plantroom:plugin/log@0.1.4;
            export plantroom:plugin/guest@0.1.4;
        }
    ",
    world: "plantroom:sandbox/sandboxed",
    imports: { default: trappable },
});

/// The interface that a plugin may export or not.
mod optional {
    wasmtime::component::bindgen!({
        path: "../../wit/plugin-0.1",
        inline: "
            package plantroom:optional;

            world explaining {
                export plantroom:plugin/diagnose@0.1.4;
            }
        ",
        world: "plantroom:optional/explaining",
    });
}

pub(crate) use optional::exports::plantroom::plugin::diagnose;
pub(crate) use optional::{Explaining, ExplainingIndices};
pub(crate) use plantroom::plugin::{conditions, log, memory, modbus, orders, samples, stream, tags, types};

use plantroom_model::Columns;

impl From<types::Columns> for Columns {
    fn from(columns: types::Columns) -> Self {
        let types::Columns { handles, kinds, values, statuses, times, text } = columns;
        Self { handles, kinds, values, statuses, times, text }
    }
}

impl From<Columns> for types::Columns {
    fn from(columns: Columns) -> Self {
        let Columns { handles, kinds, values, statuses, times, text } = columns;
        Self { handles, kinds, values, statuses, times, text }
    }
}
