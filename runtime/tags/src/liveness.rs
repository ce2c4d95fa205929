//! Whether a tag's source still answers.

use plantroom_model::{Mono, Status, limits};

/// What is known of one tag's source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Liveness {
    heard: Mono,
    misses: u8,
    stale_after_ms: u32,
}

impl Liveness {
    pub(crate) fn new(stale_after_ms: u32, now: Mono) -> Self {
        Self { heard: now, misses: 0, stale_after_ms }
    }

    /// The source answered.
    pub(crate) fn heard(&mut self, now: Mono) {
        self.heard = now;
        self.misses = 0;
    }

    /// A poll got no answer; the status that the last value has from now on.
    pub(crate) fn missed(&mut self, has_value: bool, now: Mono) -> Status {
        self.heard = now;
        self.misses = self.misses.saturating_add(1);
        if self.misses >= limits::MISSES_UNTIL_BAD || !has_value {
            Status::BAD_NO_COMMUNICATION
        } else {
            Status::UNCERTAIN_LAST_USABLE
        }
    }

    /// Whether the driver has said nothing at all for too long: that counts as a missed poll.
    pub(crate) fn is_silent(&self, now: Mono) -> bool {
        self.stale_after_ms > 0 && now.since(self.heard) >= u64::from(self.stale_after_ms) * 1_000_000
    }
}
