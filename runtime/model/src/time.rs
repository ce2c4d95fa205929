//! Times, as they come in through the door: nothing here asks a clock.

use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z. 0 means "not known".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Utc(pub i64);

impl Utc {
    /// Whole milliseconds since 1970.
    pub fn as_ms(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

/// Nanoseconds on a clock that never steps; only differences mean anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mono(pub u64);

impl Mono {
    /// How long after `earlier` this is, in ns; 0 if it is before.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This time plus so many milliseconds.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
}

/// One moment on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// For intervals, delays and time-outs.
    pub mono: Mono,
    /// For people and records.
    pub utc: Utc,
}
