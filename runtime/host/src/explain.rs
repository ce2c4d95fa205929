//! What a plugin says of its tags: asked from any thread, answered on the plugin's own, between two steps.

use std::sync::mpsc::SyncSender;

use plantroom_model::{TagId, Utc};

use crate::bindings::diagnose;
use crate::limits;
use crate::stage::one_line;

/// How a tag came to its value, in its driver's own terms (the contract's interface `diagnose`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Where the value lies and how it is read, in the words of the device's manual.
    pub place: String,
    /// The words from which it was decoded last, as they stood on the wire; empty for none yet.
    pub words: Vec<u16>,
    /// When those words were read; 0 for never.
    pub at: Utc,
    /// What else the driver knows, in sentences; may be empty.
    pub note: String,
}

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
