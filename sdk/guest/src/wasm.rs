//! The contract's imports and exports in the sandbox. Everything generated stays in this file.

use crate::raw;

#[expect(missing_docs, reason = "the contract's own documentation is in wit/plugin-0.1")]
#[expect(clippy::allow_attributes, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/plugin-0.1",
        inline: "package plantroom:sdk;
            world plugin {
                include plantroom:plugin/driver@0.1.0;
                include plantroom:plugin/analytics@0.1.0;
            }",
        world: "plantroom:sdk/plugin",
        generate_all,
        pub_export_macro: true,
        runtime_path: "plantroom_sdk::wasm::wit_bindgen::rt",
        additional_derives: [PartialEq],
    });
}
pub use wit_bindgen;
