//! Reading granted tags.

use plantroom_model::limits;

use crate::bindings::{tags, types};
use crate::stage::{StepState, breach};

impl tags::Host for StepState {
    fn changes(&mut self) -> wasmtime::Result<types::Columns> {
        Ok(self.readings.take_changes().into())
    }

    fn lost(&mut self) -> wasmtime::Result<u64> {
        Ok(self.readings.lost())
    }

    fn read(&mut self, tags: Vec<u32>) -> wasmtime::Result<types::Columns> {
        if tags.len() > limits::BATCH_ROWS {
            return breach(format!("it read more than {} tags in one call", limits::BATCH_ROWS));
        }
        if let Some(handle) = tags.iter().find(|handle| !self.rights.may_read(**handle)) {
            return breach(format!("it read handle {handle}, which it was not granted (`read` in plugins.toml)"));
        }
        match self.readings.read(&tags) {
            Some(columns) => Ok(columns.into()),
            None => breach("it read more text in one call than a batch may hold; ask for fewer tags at once"),
        }
    }
}
