//! The console's own clock: for ages, time-outs and repaints. Times of day come from the station.

use std::sync::Arc;

use plantroom_model::Mono;

/// A clock that never steps. Tests give one that they move by hand.
#[derive(Clone)]
pub struct PaintClock(Arc<dyn Fn() -> Mono + Send + Sync>);

impl PaintClock {
    /// A clock that asks `read`.
    pub fn new(read: impl Fn() -> Mono + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The machine's clock, natively and in browsers.
    pub fn machine() -> Self {
        let start = web_time::Instant::now();
        Self::new(move || Mono(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The time now.
    pub fn now(&self) -> Mono {
        (self.0)()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_does_not_go_back() {
        let clock = PaintClock::machine();
        let first = clock.now();
        assert!(clock.now() >= first);
    }
}
