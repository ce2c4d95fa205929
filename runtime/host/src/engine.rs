//! The engine's configuration, the same in the station and in the compiling child, and its deadline clock.

use std::hash::{Hash, Hasher};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::{Config, Engine, OptLevel};

use crate::limits;

/// One engine: deterministic arithmetic, deadlines, no threads, no asynchronous components (neither is compiled in).
pub(crate) fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .cranelift_nan_canonicalization(true)
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .max_wasm_stack(limits::WASM_STACK_BYTES)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(true)
        .wasm_component_model(true);
    Engine::new(&config)
}

/// Counts epochs until the engine is gone. Sleeping, not timing: a machine that was suspended costs nobody a deadline.
pub(crate) fn start_ticking(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    thread::Builder::new().name("plugin-deadlines".into()).stack_size(64 << 10).spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(limits::TICK_MS));
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}

/// So many milliseconds in ticks; one more, because the running tick has already begun.
pub(crate) fn ticks(ms: u64) -> u64 {
    ms.div_ceil(limits::TICK_MS) + 1
}

/// Names everything that decides whether compiled code fits this engine: wasmtime's version, target and settings.
pub(crate) fn fingerprint(engine: &Engine) -> [u8; 32] {
    let mut hasher = ByteHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

struct ByteHasher(Sha256);

impl Hasher for ByteHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
