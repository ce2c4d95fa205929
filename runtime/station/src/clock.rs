//! The only place that asks the machine for the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use plantroom_model::{Mono, Now, Utc};

/// Where the station's times come from.
pub trait Clock: Send + Sync {
    /// This moment on both clocks.
    fn now(&self) -> Now;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct MachineClock {
    start: Instant,
}

impl MachineClock {
    /// Starts the monotonic clock at one second, so that no time is ever 0 ("not known").
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Now {
        let mono_ns = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1_000_000_000);
        let utc_ns =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
        Now { mono: Mono(mono_ns), utc: Utc(utc_ns) }
    }
}
