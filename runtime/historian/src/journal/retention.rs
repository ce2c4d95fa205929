//! How long the journal is kept.

use super::folder;
use super::segment::{Segment, Segments};

/// How long the journal is kept. Without a limit it is kept for ever; the newest file always stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Files go whose newest row is older, in days.
    pub max_age_days: Option<u32>,
    /// The oldest files go as long as all of them together are larger, in bytes.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// Removes what is too old at a time (ns UTC), or too much.
    pub(crate) fn apply(&self, segments: &Segments, now: i64) {
        if *self == Self::default() {
            return;
        }
        let sealed =
            segments.list().iter().filter(|segment| matches!(segment, Segment::Sealed(_))).map(Segment::number).collect();
        let sealed: Vec<u64> = sealed;
        let found: Vec<_> = sealed.iter().filter_map(|number| Some((*number, segments.index(*number).ok()?))).collect();
        let mut bytes: u64 = found.iter().map(|(_, index)| index.bytes).sum();
        for (number, index) in found {
            let is_too_old = self.max_age_days.is_some_and(|days| {
                let oldest = now.saturating_sub(i64::from(days).saturating_mul(86_400_000_000_000));
                index.newest() < oldest
            });
            let is_too_much = self.max_bytes.is_some_and(|most| bytes > most);
            if !is_too_old && !is_too_much {
                break;
            }
            // It is out of the list first, so that nobody begins to read it.
            segments.removed(number);
            bytes -= index.bytes;
            let path = segments.path(number, folder::SEALED);
            if let Err(error) = segments.disk.remove(&path) {
                tracing::warn!("an old part of the alarm journal could not be removed: {error} ({})", path.display());
            }
        }
    }
}
