//! Where a plugin ends: in the sandbox the contract's imports, natively what the test put there.
//!
//! Every function is its own seam, so that the linker drops the imports a plugin doesn't reach.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::native::port::*;
#[cfg(target_arch = "wasm32")]
pub(crate) use crate::wasm::port::*;
