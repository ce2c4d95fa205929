//! Waiting for what must come, instead of sleeping.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `look` gives something, and returns it.
///
/// # Panics
/// With `what` was waited for, when it hasn't come within `seconds`.
#[track_caller]
pub fn eventually<T>(what: &str, seconds: f64, mut look: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs_f64(seconds);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < limit, "after {seconds} s still not: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Looks until `look` satisfies `is_so`, and returns what was seen.
///
/// # Panics
/// With what was waited for and what was seen last, when it hasn't come within `seconds`.
#[track_caller]
pub fn wait_until<T: Debug>(what: &str, seconds: f64, mut look: impl FnMut() -> T, mut is_so: impl FnMut(&T) -> bool) -> T {
    let limit = Instant::now() + Duration::from_secs_f64(seconds);
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        assert!(Instant::now() < limit, "after {seconds} s still not: {what}; seen last: {seen:?}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Looks for so long, and fails at the first look that doesn't satisfy `is_so`: for what must not happen.
///
/// # Panics
/// With what should have held and what was seen.
#[track_caller]
pub fn holds_for<T: Debug>(what: &str, seconds: f64, mut look: impl FnMut() -> T, mut is_so: impl FnMut(&T) -> bool) {
    let limit = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < limit {
        let seen = look();
        assert!(is_so(&seen), "no longer: {what}; seen: {seen:?}");
        std::thread::sleep(LOOK_EVERY);
    }
}
