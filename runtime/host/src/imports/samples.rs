//! Publishing, within the grant and its rate.

use plantroom_model::{Columns, Status, TagId, ValueKind, limits};

use crate::bindings::{samples, types};
use crate::limits as own;
use crate::stage::{Output, StepState, breach};

/// Numbers of one run in `heads`.
const RUN_HEADS: usize = 3;

/// The rows that a plugin has fixed, checked once: its batches of them are only put together.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    sets: Vec<Set>,
    rows: usize,
}

#[derive(Debug)]
struct Set {
    /// Tag ids.
    tags: Vec<u32>,
    kinds: Vec<u8>,
}

impl Sets {
    /// Puts runs together as the station takes them; `None` where one isn't within its set, or values are too many or too few.
    fn batch(&self, heads: &[u64], values: Vec<u64>) -> Option<Columns> {
        let mut batch = Columns { values, ..Columns::default() };
        let rows = batch.values.len();
        batch.handles.reserve(rows);
        batch.kinds.reserve(rows);
        batch.statuses.reserve(rows);
        batch.times.reserve(rows);
        for head in heads.chunks_exact(RUN_HEADS) {
            let (set, first) = ((head[0] >> 32) as usize, head[0] as u32 as usize);
            let (count, status, time) = ((head[1] >> 32) as usize, head[1] as u32, head[2] as i64);
            let set = self.sets.get(set)?;
            let run = first..first.checked_add(count)?;
            batch.handles.extend_from_slice(set.tags.get(run.clone())?);
            batch.kinds.extend_from_slice(set.kinds.get(run)?);
            if batch.handles.len() > rows {
                return None;
            }
            batch.statuses.resize(batch.handles.len(), status);
            batch.times.resize(batch.handles.len(), time);
        }
        (batch.handles.len() == rows).then_some(batch)
    }
}

impl samples::Host for StepState {
    fn fix_set(&mut self, handles: Vec<u32>, kinds: Vec<u8>) -> wasmtime::Result<u32> {
        if handles.len() != kinds.len() {
            return breach("it fixed rows whose columns differ in length");
        }
        if let Some(kind) = kinds.iter().find(|kind| **kind >= ValueKind::Text as u8) {
            return breach(format!("it fixed a row of value kind {kind}; rows of a set are of kinds 0 to 4"));
        }
        let rows = self.sets.rows + handles.len();
        if rows > own::SET_ROWS || self.sets.sets.len() >= own::SETS {
            return breach(format!("it fixed more than {} rows or {} sets", own::SET_ROWS, own::SETS));
        }
        let mut tags = handles;
        if let Err(handle) = self.rights.published(&mut tags) {
            return foreign(handle);
        }
        self.sets.rows = rows;
        self.sets.sets.push(Set { tags, kinds });
        Ok(self.sets.sets.len() as u32 - 1)
    }

    fn publish_runs(&mut self, batch: samples::Runs) -> wasmtime::Result<()> {
        let samples::Runs { heads, values } = batch;
        if values.len() > limits::BATCH_ROWS || heads.len() > RUN_HEADS * limits::BATCH_ROWS {
            return breach(format!("it published more than {} rows in one call", limits::BATCH_ROWS));
        }
        let whole = heads.len().is_multiple_of(RUN_HEADS).then(|| self.sets.batch(&heads, values)).flatten();
        match whole {
            Some(batch) => self.stage_samples(batch),
            None => return breach("it published runs that are not within their sets, or have not as many values as rows"),
        }
        Ok(())
    }

    fn publish(&mut self, batch: types::Columns) -> wasmtime::Result<()> {
        let mut batch = Columns::from(batch);
        if let Err(error) = batch.check() {
            return breach(format!("it published a malformed batch: {error}"));
        }
        if let Err(handle) = self.rights.published(&mut batch.handles) {
            return foreign(handle);
        }
        self.stage_samples(batch);
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

impl StepState {
    /// Stages a checked batch whose handles are tag ids, as far as the rate allows.
    fn stage_samples(&mut self, batch: Columns) {
        if batch.is_empty() {
            return;
        }
        if self.spend(batch.len(), text_bytes(&batch)) {
            self.staged.outputs.push(Output::Samples(batch));
        } else {
            self.staged.dropped_samples += batch.len() as u64;
            self.staged.over_rate.add(batch.handles.into_iter());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sets() -> Sets {
        let set = |tags: &[u32], kinds: &[u8]| Set { tags: tags.to_vec(), kinds: kinds.to_vec() };
        Sets { sets: vec![set(&[10, 11, 12], &[4, 1, 2]), set(&[7], &[3])], rows: 4 }
    }

    fn head(set: u64, first: u64, count: u64, status: u32, time: i64) -> [u64; 3] {
        [set << 32 | first, count << 32 | u64::from(status), time as u64]
    }

    #[test]
    fn runs_become_the_rows_that_they_name() {
        let heads = [head(0, 1, 2, 0, 5), head(1, 0, 1, 0x8000_0000, -6), head(0, 0, 0, 1, 1)].concat();
        let batch = sets().batch(&heads, vec![1, 2, 3]).unwrap();
        assert_eq!((batch.handles.as_slice(), batch.kinds.as_slice()), (&[11, 12, 7][..], &[1, 2, 3][..]));
        assert_eq!((batch.statuses.as_slice(), batch.times.as_slice()), (&[0, 0, 0x8000_0000][..], &[5, 5, -6][..]));
        assert!(batch.check().is_ok());
    }

    #[test]
    fn what_does_not_fit_its_set_is_no_batch() {
        let heads = |runs: &[(u64, u64, u64)]| -> Vec<u64> { runs.iter().flat_map(|r| head(r.0, r.1, r.2, 0, 0)).collect() };
        let cases: &[(&[(u64, u64, u64)], usize)] = &[
            (&[(0, 0, 3)], 2),
            (&[(0, 0, 3)], 4),
            (&[(0, 1, 3)], 3),
            (&[(0, 4, 0)], 0),
            (&[(2, 0, 1)], 1),
            (&[(0, 0xFFFF_FFFF, 0xFFFF_FFFF)], 1),
            (&[(0, 0, 3), (0, 0, 3)], 3),
            (&[], 1),
        ];
        for (runs, values) in cases {
            assert_eq!(sets().batch(&heads(runs), vec![0; *values]), None, "{runs:?} with {values} values");
        }
    }
}
