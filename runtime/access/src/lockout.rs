//! Makes guessing slow, for the guesser only.

use std::collections::HashMap;

use plantroom_model::Mono;

use crate::limits;

/// Failed logins by user and source: guessing from one address never keeps the user out at another.
#[derive(Debug, Default)]
pub(crate) struct Lockout(HashMap<(String, String), Failures>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Mono,
    until: Mono,
}

impl Lockout {
    /// Takes a try in. It counts as failed until [`Lockout::succeeded`], so that guesses at the same time count too.
    ///
    /// # Errors
    /// How many ms are left of the pause.
    pub(crate) fn begin(&mut self, user: &str, source: &str, now: Mono) -> Result<(), u64> {
        let key = (user.to_owned(), source.to_owned());
        if !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let failures = self.0.entry(key).or_insert(Failures { count: 0, last: now, until: now });
        if now.since(failures.last) > limits::FORGET_FAILURES_MS * 1_000_000 {
            failures.count = 0;
        }
        let left = failures.until.since(now);
        if left > 0 {
            return Err(left.div_ceil(1_000_000));
        }
        failures.count += 1;
        failures.last = now;
        failures.until = now.plus_ms(pause_ms(failures.count));
        Ok(())
    }

    pub(crate) fn succeeded(&mut self, user: &str, source: &str) {
        self.0.remove(&(user.to_owned(), source.to_owned()));
    }

    /// The try didn't take place.
    pub(crate) fn withdraw(&mut self, user: &str, source: &str, now: Mono) {
        if let Some(failures) = self.0.get_mut(&(user.to_owned(), source.to_owned())) {
            failures.count = failures.count.saturating_sub(1);
            failures.until = now;
        }
    }

    fn make_room(&mut self, now: Mono) {
        if self.0.len() < limits::FAILURE_ENTRIES {
            return;
        }
        self.0.retain(|_, failures| now.since(failures.last) <= limits::FORGET_FAILURES_MS * 1_000_000);
        if self.0.len() >= limits::FAILURE_ENTRIES
            && let Some(first) = self.0.iter().min_by_key(|(_, failures)| failures.until).map(|(key, _)| key.clone())
        {
            self.0.remove(&first);
        }
    }
}

/// Nothing for the first few, then a second, doubling.
fn pause_ms(failures: u32) -> u64 {
    match failures.checked_sub(limits::FREE_FAILURES) {
        None => 0,
        Some(over) => (1_000 << over.min(20)).min(limits::LOCKOUT_MS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Mono {
        Mono(0).plus_ms(ms)
    }

    #[test]
    fn pauses_double_and_end() {
        let mut lockout = Lockout::default();
        for _ in 0..limits::FREE_FAILURES {
            assert_eq!(lockout.begin("anna", "10.0.0.7", at(0)), Ok(()));
        }
        assert_eq!(lockout.begin("anna", "10.0.0.7", at(0)), Err(1_000));
        assert_eq!(lockout.begin("anna", "10.0.0.7", at(999)), Err(1));
        assert_eq!(lockout.begin("anna", "10.0.0.7", at(1_000)), Ok(()));
        assert_eq!(lockout.begin("anna", "10.0.0.7", at(1_000)), Err(2_000));
        let mut now = at(3_000);
        for _ in 0..40 {
            lockout.begin("anna", "10.0.0.7", now).unwrap();
            now = now.plus_ms(limits::LOCKOUT_MS);
        }
        assert_eq!(lockout.begin("anna", "10.0.0.7", now), Ok(()), "the pause never grows beyond its limit");
    }

    #[test]
    fn another_source_and_another_user_are_free() {
        let mut lockout = Lockout::default();
        while lockout.begin("anna", "10.0.0.7", at(0)).is_ok() {}
        assert_eq!(lockout.begin("anna", "10.0.0.8", at(0)), Ok(()));
        assert_eq!(lockout.begin("ben", "10.0.0.7", at(0)), Ok(()));
        lockout.succeeded("anna", "10.0.0.7");
        assert_eq!(lockout.begin("anna", "10.0.0.7", at(0)), Ok(()));
    }

    #[test]
    fn memory_is_bounded() {
        let mut lockout = Lockout::default();
        for n in 0..limits::FAILURE_ENTRIES + 50 {
            lockout.begin(&format!("u{n}"), "10.0.0.7", at(n as u64)).unwrap();
        }
        assert!(lockout.0.len() <= limits::FAILURE_ENTRIES);
    }
}
