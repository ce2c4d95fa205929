//! The persistent store, within its quota.

use crate::bindings::memory;
use crate::image::cost;
use crate::limits;
use crate::stage::{StepState, breach};

impl StepState {
    fn memory_now(&self, key: &str) -> Option<&Vec<u8>> {
        match self.staged.memory.get(key) {
            Some(staged) => staged.as_ref(),
            None => self.image.get(key),
        }
    }
}

fn key_fits(key: &str) -> wasmtime::Result<()> {
    if key.len() > limits::KEY_BYTES {
        return breach(format!("it used a key of {} bytes in its store; at most {} are allowed", key.len(), limits::KEY_BYTES));
    }
    Ok(())
}

impl memory::Host for StepState {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        key_fits(&key)?;
        Ok(self.memory_now(&key).cloned())
    }

    fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<bool> {
        key_fits(&key)?;
        let before = self.memory_now(&key).map_or(0, |old| cost(&key, old));
        let used = self.staged.memory_used.unwrap_or(self.image.used()) - before + cost(&key, &value);
        if used > self.rights.grant.store_bytes {
            return Ok(false);
        }
        self.staged.memory_used = Some(used);
        self.staged.memory.insert(key, Some(value));
        Ok(true)
    }

    fn remove(&mut self, key: String) -> wasmtime::Result<()> {
        key_fits(&key)?;
        let before = self.memory_now(&key).map_or(0, |old| cost(&key, old));
        self.staged.memory_used = Some(self.staged.memory_used.unwrap_or(self.image.used()) - before);
        if self.image.get(&key).is_some() {
            self.staged.memory.insert(key, None);
        } else {
            self.staged.memory.remove(&key);
        }
        Ok(())
    }
}
