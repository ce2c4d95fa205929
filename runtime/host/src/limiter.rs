//! Counts what an instance takes, over all its memories and tables together.

use wasmtime::ResourceLimiter;

use crate::limits;

/// Wasmtime's own limiter counts each memory by itself: a guest with sixty memories would get sixty times its grant.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_limit: u64,
    memory: u64,
    table_elements: u64,
    last_growth: u64,
    last_table_growth: u64,
    refused: Option<String>,
}

impl Limiter {
    /// A limiter for a fresh instance.
    pub fn new(memory_limit: u64) -> Self {
        Self { memory_limit, memory: 0, table_elements: 0, last_growth: 0, last_table_growth: 0, refused: None }
    }

    /// All linear memories together, in bytes.
    pub fn memory(&self) -> u64 {
        self.memory
    }

    /// What was refused last, as a sentence, if anything was since the last call.
    pub fn take_refused(&mut self) -> Option<String> {
        self.refused.take()
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        if self.memory.saturating_add(growth) > self.memory_limit {
            let (wanted, limit) = ((self.memory.saturating_add(growth)).div_ceil(1 << 20), self.memory_limit >> 20);
            self.refused = Some(format!("it wanted {wanted} MiB of memory, and plugins.toml grants {limit} (`memory_mib`)"));
            self.last_growth = 0;
            return Ok(false);
        }
        self.memory += growth;
        self.last_growth = growth;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory -= std::mem::take(&mut self.last_growth);
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        if self.table_elements.saturating_add(growth) > limits::TABLE_ELEMENTS as u64 {
            self.refused = Some(format!("it wanted more than {} table elements", limits::TABLE_ELEMENTS));
            self.last_table_growth = 0;
            return Ok(false);
        }
        self.table_elements += growth;
        self.last_table_growth = growth;
        Ok(true)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.table_elements -= std::mem::take(&mut self.last_table_growth);
        Ok(())
    }

    fn instances(&self) -> usize {
        limits::INSTANCES
    }

    fn tables(&self) -> usize {
        limits::INSTANCES
    }

    fn memories(&self) -> usize {
        limits::INSTANCES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_summed_and_a_failed_growth_is_given_back() {
        let mut limiter = Limiter::new(3 << 20);
        assert!(limiter.memory_growing(0, 1 << 20, None).unwrap());
        assert!(limiter.memory_growing(0, 2 << 20, None).unwrap());
        assert!(!limiter.memory_growing(1 << 20, (1 << 20) + 65_536, None).unwrap());
        assert!(limiter.take_refused().unwrap().contains("grants 3"));
        assert_eq!(limiter.memory(), 3 << 20);
        assert!(limiter.table_growing(0, limits::TABLE_ELEMENTS, None).unwrap());
        limiter.table_grow_failed(wasmtime::Error::msg("no")).unwrap();
        assert!(limiter.table_growing(0, limits::TABLE_ELEMENTS, None).unwrap());
        assert!(!limiter.table_growing(0, 1, None).unwrap());
    }
}
