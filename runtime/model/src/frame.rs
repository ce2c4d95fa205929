//! What one scan decided, and the picture it leaves behind.

use std::sync::Arc;

use crate::{Now, Sample, TagId};

/// A tag's new sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which tag.
    pub tag: TagId,
    /// What it is now.
    pub sample: Sample,
}

/// What one scan decided: every accepted change, in order. A tag can occur more than once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// Counts scans from 1 at the start of the station.
    pub number: u64,
    /// The time the scan worked with.
    pub now: Now,
    /// Every accepted sample, in the order of arrival.
    pub changes: Vec<Change>,
}

/// The current value of every tag, as one scan left it. Cheap to keep and to clone: chunks are shared with
/// the next snapshot until they change.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    number: u64,
    at: Now,
    chunks: Vec<Arc<Vec<Sample>>>,
    len: usize,
}

impl Snapshot {
    /// Tags a chunk holds: a changed tag copies this many samples once a scan.
    pub const CHUNK: usize = 64;

    /// A snapshot of so many tags that wait for their first value.
    pub fn waiting(len: usize) -> Self {
        let chunks = (0..len.div_ceil(Self::CHUNK))
            .map(|chunk| Arc::new(vec![Sample::waiting(); Self::CHUNK.min(len - chunk * Self::CHUNK)]))
            .collect();
        Self { number: 0, at: Now::default(), chunks, len }
    }

    /// The scan that left it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When that scan was.
    pub fn at(&self) -> Now {
        self.at
    }

    /// How many tags it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no tag.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A tag's sample; `None` only for a tag of another project.
    pub fn get(&self, tag: TagId) -> Option<&Sample> {
        let index = tag.0 as usize;
        self.chunks.get(index / Self::CHUNK)?.get(index % Self::CHUNK)
    }

    /// All samples in the order of tag ids.
    pub fn iter(&self) -> impl Iterator<Item = (TagId, &Sample)> {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).enumerate().map(|(index, sample)| (TagId(index as u32), sample))
    }

    /// Takes a frame in; only the chunks it touches are copied.
    pub fn apply(&mut self, frame: &Frame) {
        self.number = frame.number;
        self.at = frame.now;
        for change in &frame.changes {
            let index = change.tag.0 as usize;
            if let Some(chunk) = self.chunks.get_mut(index / Self::CHUNK)
                && let Some(slot) = Arc::make_mut(chunk).get_mut(index % Self::CHUNK)
            {
                *slot = change.sample.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Status, Value};

    #[test]
    fn an_older_snapshot_does_not_see_a_newer_frame() {
        let mut newer = Snapshot::waiting(130);
        let older = newer.clone();
        let sample = Sample { value: Value::Int(7), status: Status::GOOD, ..Sample::waiting() };
        newer.apply(&Frame { number: 1, now: Now::default(), changes: vec![Change { tag: TagId(129), sample: sample.clone() }] });
        assert_eq!(newer.get(TagId(129)), Some(&sample));
        assert_eq!(older.get(TagId(129)), Some(&Sample::waiting()));
        assert_eq!(newer.get(TagId(130)), None);
        assert_eq!(newer.iter().count(), 130);
    }
}
