//! What every sample touches of a tag: one cache line.

use plantroom_model::{LimitState, Mono, Status, ValueKind, limits};

/// The changing side of a tag. Text lies elsewhere, `bits` are its place then.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Hot {
    pub bits: u64,
    /// ns UTC.
    pub source_time: i64,
    /// ns UTC.
    pub server_time: i64,
    /// When the source last answered, or a miss was last counted.
    pub heard: Mono,
    /// The value last marked as news.
    pub told: f64,
    pub status: Status,
    /// Place of its [`crate::params::Params`].
    pub params: u32,
    /// Of the value; [`ValueKind::Null`] before the first.
    pub kind: ValueKind,
    pub limit: LimitState,
    /// Missed polls in a row.
    pub misses: u8,
    pub flags: u8,
}

/// A person has put something in the place of what the source says.
pub(crate) const OVERRIDDEN: u8 = 1;
/// Other tags are computed from it.
pub(crate) const FEEDS: u8 = 2;
/// It moved, and what is computed from it has not seen that yet.
pub(crate) const UNSEEN: u8 = 4;
/// The station computes it; no plugin may say what it is.
pub(crate) const COMPUTED: u8 = 8;

impl Hot {
    pub fn waiting(params: u32, now: Mono) -> Self {
        Self {
            bits: 0,
            source_time: 0,
            server_time: 0,
            heard: now,
            told: f64::NAN,
            status: Status::BAD_WAITING_FOR_INITIAL_DATA,
            params,
            kind: ValueKind::Null,
            limit: LimitState::Normal,
            misses: 0,
            flags: 0,
        }
    }

    /// The source answered.
    #[inline]
    pub fn heard(&mut self, now: Mono) {
        self.heard = now;
        self.misses = 0;
    }

    /// A poll got no answer; the status that the last value has from now on.
    pub fn missed(&mut self, has_value: bool, now: Mono) -> Status {
        self.heard = now;
        self.misses = self.misses.saturating_add(1);
        if self.misses >= limits::MISSES_UNTIL_BAD || !has_value {
            Status::BAD_NO_COMMUNICATION
        } else {
            Status::UNCERTAIN_LAST_USABLE
        }
    }

    /// Whether the driver has said nothing at all for too long: that counts as a missed poll. In ms; 0 never.
    #[inline]
    pub fn is_silent(&self, stale_after_ms: u32, now: Mono) -> bool {
        stale_after_ms > 0 && now.since(self.heard) >= u64::from(stale_after_ms) * 1_000_000
    }

    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

const _: () = assert!(size_of::<Hot>() == 64, "a tag's hot side is one cache line");
