//! What a plugin says of its tags: asked from any thread, answered on the plugin's own, between two steps.

use std::sync::mpsc::SyncSender;

use plantroom_model::{TagId, Utc};

use crate::bindings::diagnose;
use crate::stage::one_line;
use crate::{Explanation, limits};

impl From<diagnose::Explanation> for Explanation {
    fn from(told: diagnose::Explanation) -> Self {
        let diagnose::Explanation { place, mut words, at, note } = told;
        words.truncate(limits::EXPLAINED_WORDS);
        Self { place: one_line(&place, limits::PLACE_BYTES), words, at: Utc(at), note: one_line(&note, limits::LOG_LINE_BYTES) }
    }
}

/// A question about tags, and where the answers go: one for each, in the order asked.
#[derive(Debug)]
pub(crate) struct Query {
    /// Which tags.
    pub tags: Vec<TagId>,
    /// The way back; whoever asked may have stopped waiting.
    pub reply: SyncSender<Vec<Option<Explanation>>>,
}

/// The handle of a tag that a plugin may have something to say about; `granted` is sorted.
pub(crate) fn handle(granted: &[TagId], tag: TagId) -> Option<u32> {
    granted.binary_search(&tag).ok().and_then(|place| u32::try_from(place).ok())
}
