//! Publishing, within the grant and its rate.

use plantroom_model::{Columns, Status, TagId, ValueKind, limits};

use crate::bindings::{samples, types};
use crate::stage::{Output, StepState, breach};

impl samples::Host for StepState {
    fn publish(&mut self, batch: types::Columns) -> wasmtime::Result<()> {
        let mut batch = Columns::from(batch);
        if let Err(error) = batch.check() {
            return breach(format!("it published a malformed batch: {error}"));
        }
        if let Err(handle) = self.rights.published(&mut batch.handles) {
            return foreign(handle);
        }
        if batch.is_empty() {
            return Ok(());
        }
        if self.spend(batch.len(), text_bytes(&batch)) {
            self.staged.outputs.push(Output::Samples(batch));
        } else {
            self.staged.dropped_samples += batch.len() as u64;
            self.staged.over_rate.add(batch.handles.into_iter());
        }
        Ok(())
    }

    fn missed(&mut self, mut tags: Vec<u32>, reason: u32) -> wasmtime::Result<()> {
        if tags.len() > limits::BATCH_ROWS {
            return breach(format!("it reported more than {} missed tags in one call", limits::BATCH_ROWS));
        }
        if let Err(handle) = self.rights.published(&mut tags) {
            return foreign(handle);
        }
        if tags.is_empty() {
            return Ok(());
        }
        if self.spend(tags.len(), 0) {
            self.staged.outputs.push(Output::Missed(tags.into_iter().map(TagId).collect(), Status(reason)));
        } else {
            self.staged.over_rate.add(tags.into_iter());
        }
        Ok(())
    }
}

/// What a batch's text costs whoever reads it. Rows may share text, and each reader copies it for each row.
fn text_bytes(batch: &Columns) -> usize {
    if batch.text.is_empty() {
        return 0;
    }
    let lengths = batch.kinds.iter().zip(&batch.values).filter(|(kind, _)| **kind == ValueKind::Text as u8);
    lengths.map(|(_, bits)| (bits & 0xFFFF_FFFF) as usize).sum::<usize>().max(batch.text.len())
}

fn foreign<T>(handle: u32) -> wasmtime::Result<T> {
    breach(format!("it published handle {handle}, which it was not granted (`publish` in plugins.toml)"))
}
