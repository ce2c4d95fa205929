//! The picture that a scan leaves behind.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Changes, Frame, LimitState, Now, PackedChange, Sample, TagId, Value, ValueKind};

/// The current value of every tag, as one scan left it. Cheap to keep and to clone: chunks are shared with
/// the next snapshot until they change.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    number: u64,
    at: Now,
    chunks: Vec<Arc<Chunk>>,
    len: usize,
    notes: Arc<HashMap<TagId, Arc<str>>>,
}

/// Neighbouring tags.
#[derive(Clone, Debug)]
struct Chunk {
    samples: [Sample; Snapshot::CHUNK],
    limits: [LimitState; Snapshot::CHUNK],
}

impl Chunk {
    fn waiting() -> Self {
        Self { samples: std::array::from_fn(|_| Sample::waiting()), limits: [LimitState::Normal; Snapshot::CHUNK] }
    }
}

impl Snapshot {
    /// Tags a chunk holds: a changed tag copies this many samples once a scan.
    pub const CHUNK: usize = 64;

    /// A snapshot of so many tags that wait for their first value.
    pub fn waiting(len: usize) -> Self {
        let mut snapshot = Self::default();
        snapshot.grow(len);
        snapshot
    }

    /// Makes room for more tags, which wait for their first value; never for fewer.
    pub fn grow(&mut self, len: usize) {
        if len > self.len {
            self.chunks.resize_with(len.div_ceil(Self::CHUNK), || Arc::new(Chunk::waiting()));
            self.len = len;
        }
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
        (index < self.len).then(|| self.chunks.get(index / Self::CHUNK)?.samples.get(index % Self::CHUNK)).flatten()
    }

    /// Which of its limits a tag is beyond, with hysteresis.
    pub fn limit(&self, tag: TagId) -> LimitState {
        let index = tag.0 as usize;
        self.chunks.get(index / Self::CHUNK).map_or(LimitState::Normal, |chunk| chunk.limits[index % Self::CHUNK])
    }

    /// Why a tag has the quality that it has, where the station knows more than the status says: what was wrong with an
    /// expression, or with a counter. In a sentence without a full stop.
    pub fn note(&self, tag: TagId) -> Option<&Arc<str>> {
        self.notes.get(&tag)
    }

    /// All samples in the order of tag ids.
    pub fn iter(&self) -> impl Iterator<Item = (TagId, &Sample)> {
        let samples = self.chunks.iter().flat_map(|chunk| chunk.samples.iter()).take(self.len);
        samples.enumerate().map(|(index, sample)| (TagId(index as u32), sample))
    }

    /// Takes a frame in; only the chunks it touches are copied. A tag that it has no room for makes room.
    pub fn apply(&mut self, frame: &Frame) {
        self.number = frame.number;
        self.at = frame.now;
        let changes = &frame.changes;
        let mut rest = changes.rows();
        // Drivers publish neighbours together: one look at a chunk serves all of them.
        while let Some(first) = rest.first() {
            let chunk = first.tag.0 as usize / Self::CHUNK;
            let run = rest.iter().take_while(|row| row.tag.0 as usize / Self::CHUNK == chunk).count();
            let (these, others) = rest.split_at(run);
            rest = others;
            self.take(chunk, these, changes);
        }
        if !changes.notes().is_empty() {
            let notes = Arc::make_mut(&mut self.notes);
            for (tag, note) in changes.notes() {
                match note {
                    Some(note) => notes.insert(*tag, Arc::clone(note)),
                    None => notes.remove(tag),
                };
            }
        }
    }

    fn take(&mut self, chunk: usize, rows: &[PackedChange], changes: &Changes) {
        let highest = rows.iter().map(|row| row.tag.0 as usize).max().unwrap_or(0);
        if highest >= self.len && highest < crate::limits::TAGS {
            self.grow(highest + 1);
        }
        let Some(chunk) = self.chunks.get_mut(chunk) else { return };
        let chunk = Arc::make_mut(chunk);
        for row in rows {
            let place = row.tag.0 as usize % Self::CHUNK;
            let slot = &mut chunk.samples[place];
            // Numbers in place: a whole sample by way of the stack costs four times as much.
            match (&mut slot.value, row.kind) {
                (Value::Float(old), ValueKind::Float) => *old = f64::from_bits(row.bits),
                (Value::Uint(old), ValueKind::Uint) => *old = row.bits,
                (Value::Int(old), ValueKind::Int) => *old = row.bits as i64,
                (Value::Bool(old), ValueKind::Bool) => *old = row.bits != 0,
                (old, _) => *old = changes.value(row),
            }
            (slot.status, slot.source_time, slot.server_time) = (row.status, row.source_time, row.server_time);
            chunk.limits[place] = row.limit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, Status};

    #[test]
    fn an_older_snapshot_does_not_see_a_newer_frame() {
        let mut newer = Snapshot::waiting(130);
        let older = newer.clone();
        let sample = Sample { value: Value::Int(7), status: Status::GOOD, ..Sample::waiting() };
        let changes = vec![Change { tag: TagId(129), sample: sample.clone() }].into();
        newer.apply(&Frame { number: 1, now: Now::default(), changes, ..Frame::default() });
        assert_eq!(newer.get(TagId(129)), Some(&sample));
        assert_eq!(older.get(TagId(129)), Some(&Sample::waiting()));
        assert_eq!(newer.get(TagId(130)), None);
        assert_eq!(newer.iter().count(), 130);
    }

    #[test]
    fn room_is_made_for_tags_that_come_later() {
        for (before, after) in [(0, 1), (1, 64), (63, 65), (64, 200), (130, 131), (5, 3)] {
            let mut snapshot = Snapshot::waiting(before);
            snapshot.grow(after);
            assert_eq!((snapshot.len(), snapshot.iter().count()), (before.max(after), before.max(after)), "{before} to {after}");
        }
        let mut snapshot = Snapshot::waiting(3);
        let sample = Sample { value: Value::Text("x".into()), status: Status::GOOD, ..Sample::waiting() };
        let change = |tag| Change { tag: TagId(tag), sample: sample.clone() };
        snapshot.apply(&Frame { number: 2, changes: vec![change(70), change(1), change(u32::MAX)].into(), ..Frame::default() });
        assert_eq!((snapshot.len(), snapshot.get(TagId(70)), snapshot.get(TagId(1))), (71, Some(&sample), Some(&sample)));
    }

    #[test]
    fn a_note_stays_until_it_is_taken_back() {
        let mut snapshot = Snapshot::waiting(2);
        let mut noted = |note: Option<&str>| {
            let mut changes = Changes::default();
            changes.push_note(TagId(1), note.map(Into::into));
            snapshot.apply(&Frame { number: 1, now: Now::default(), changes, ..Frame::default() });
            snapshot.note(TagId(1)).map(ToString::to_string)
        };
        assert_eq!(noted(Some("divided by 0")).as_deref(), Some("divided by 0"));
        assert_eq!(noted(None), None);
    }
}
