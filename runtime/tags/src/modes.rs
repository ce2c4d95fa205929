//! What a person has put in the place of a tag's source.

use plantroom_model::{Sample, Status, TagMode};

/// One tag's override, and what its source says meanwhile.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    pub mode: TagMode,
    /// The newest of the source, shown again when the override ends.
    pub aside: Sample,
}

/// How a value of this mode is marked.
pub(crate) fn status_of(mode: TagMode) -> Status {
    match mode {
        TagMode::Normal => Status::GOOD,
        TagMode::OffScan => Status::BAD_OUT_OF_SERVICE,
        TagMode::Substituted => Status::GOOD_SUBSTITUTED,
        TagMode::Simulated => Status::GOOD_SIMULATED,
    }
}
