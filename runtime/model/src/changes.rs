//! A frame's changes, packed: 40 bytes each, numbers in place, text beside them.

use std::sync::Arc;

use crate::{LimitState, Sample, Status, TagId, Utc, Value, ValueKind};

/// A tag's new sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which tag.
    pub tag: TagId,
    /// What it is now.
    pub sample: Sample,
}

/// A tag's new sample as it lies in [`Changes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedChange {
    /// [`Value`]'s bits as in [`crate::Columns`]; for text a place in the batch's texts.
    pub bits: u64,
    /// When the source says it came to be.
    pub source_time: Utc,
    /// When the station took it in.
    pub server_time: Utc,
    /// Which tag.
    pub tag: TagId,
    /// How good it is.
    pub status: Status,
    /// What `bits` are.
    pub kind: ValueKind,
    /// Which of the tag's limits it is beyond.
    pub limit: LimitState,
    /// It moved by more than the history deadband since the last one so marked, or its status or limit state is another.
    pub is_news: bool,
}

/// Every accepted sample of a scan, in order. A tag can occur more than once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    rows: Vec<PackedChange>,
    texts: Vec<Arc<str>>,
    totals: Vec<KeptTotal>,
    notes: Vec<(TagId, Option<Arc<str>>)>,
}

/// What must be kept of a total, so that it goes on after a restart and counts nothing twice: both numbers together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeptTotal {
    /// The total.
    pub tag: TagId,
    /// How much it has come to.
    pub sum: f64,
    /// What its source showed then, where a later one is compared with it; a boolean is 0 or 1.
    pub last: Option<f64>,
}

impl Changes {
    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As they lie, for who wants no [`Sample`] of each.
    pub fn rows(&self) -> &[PackedChange] {
        &self.rows
    }

    /// Each with its sample.
    pub fn iter(&self) -> ChangeIter<'_> {
        self.into_iter()
    }

    /// A row's value.
    pub fn value(&self, row: &PackedChange) -> Value {
        match row.kind {
            ValueKind::Text => Value::Text(self.text(row).cloned().unwrap_or_default()),
            kind => Value::from_bits(kind, row.bits),
        }
    }

    /// A row's text, where it holds text.
    pub fn text(&self, row: &PackedChange) -> Option<&Arc<str>> {
        (row.kind == ValueKind::Text).then(|| self.texts.get(usize::try_from(row.bits).ok()?)).flatten()
    }

    /// A row as a whole sample.
    pub fn sample(&self, row: &PackedChange) -> Sample {
        Sample { value: self.value(row), status: row.status, source_time: row.source_time, server_time: row.server_time }
    }

    /// Totals that grew, the newest of a tag last.
    pub fn totals(&self) -> &[KeptTotal] {
        &self.totals
    }

    /// Why tags have the quality that they have, where the station knows more than the status says; `None` takes it back.
    pub fn notes(&self) -> &[(TagId, Option<Arc<str>>)] {
        &self.notes
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, rows: usize) {
        self.rows.reserve(rows);
    }

    /// Adds a row that holds no text.
    #[inline]
    pub fn push_row(&mut self, row: PackedChange) {
        self.rows.push(row);
    }

    /// Adds a sample.
    pub fn push(&mut self, tag: TagId, sample: &Sample, limit: LimitState, is_news: bool) {
        let (kind, bits) = match &sample.value {
            Value::Text(text) => {
                self.texts.push(Arc::clone(text));
                (ValueKind::Text, self.texts.len() as u64 - 1)
            }
            value => (value.kind(), value.bits().unwrap_or(0)),
        };
        self.rows.push(PackedChange {
            bits,
            source_time: sample.source_time,
            server_time: sample.server_time,
            tag,
            status: sample.status,
            kind,
            limit,
            is_news,
        });
    }

    /// Adds what is to be kept of a total.
    pub fn push_total(&mut self, total: KeptTotal) {
        self.totals.push(total);
    }

    /// Adds a reason.
    pub fn push_note(&mut self, tag: TagId, reason: Option<Arc<str>>) {
        self.notes.push((tag, reason));
    }
}

impl FromIterator<Change> for Changes {
    fn from_iter<T: IntoIterator<Item = Change>>(changes: T) -> Self {
        let mut all = Self::default();
        for change in changes {
            all.push(change.tag, &change.sample, LimitState::Normal, true);
        }
        all
    }
}

impl From<Vec<Change>> for Changes {
    fn from(changes: Vec<Change>) -> Self {
        changes.into_iter().collect()
    }
}

impl<'a> IntoIterator for &'a Changes {
    type Item = Change;
    type IntoIter = ChangeIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        ChangeIter { rows: self.rows.iter(), changes: self }
    }
}

/// See [`Changes::iter`].
#[derive(Clone, Debug)]
pub struct ChangeIter<'a> {
    rows: std::slice::Iter<'a, PackedChange>,
    changes: &'a Changes,
}

impl Iterator for ChangeIter<'_> {
    type Item = Change;

    fn next(&mut self) -> Option<Change> {
        self.rows.next().map(|row| Change { tag: row.tag, sample: self.changes.sample(row) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl ExactSizeIterator for ChangeIter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let values =
            [Value::Null, Value::Bool(true), Value::Int(-3), Value::Uint(u64::MAX), Value::Float(-0.5), Value::Text("Öl".into())];
        let sample = |value: &Value| Sample { value: value.clone(), status: Status::UNCERTAIN, ..Sample::waiting() };
        let all: Vec<Change> =
            values.iter().enumerate().map(|(tag, value)| Change { tag: TagId(tag as u32), sample: sample(value) }).collect();
        let packed = Changes::from(all.clone());
        assert_eq!(packed.iter().collect::<Vec<_>>(), all);
        assert_eq!(packed.iter().len(), all.len());
        assert_eq!(size_of::<PackedChange>(), 40, "a frame of a million samples has 40 MB");
    }
}
