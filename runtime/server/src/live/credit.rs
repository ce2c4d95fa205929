//! How fast a console may talk.

use plantroom_model::Mono;

use crate::limits;

/// How many messages a console may still send. What it was entitled to while this task was busy, or starved on a loaded
/// machine, lies in the socket and comes at once: it is no flood.
pub(super) struct Credit {
    left: u64,
    /// Up to when it was given.
    given: Mono,
}

impl Credit {
    /// In thousandths of a message.
    const ONE: u64 = 1_000;
    const MOST: u64 = limits::CONSOLE_BURST as u64 * Self::ONE;

    pub(super) fn full(now: Mono) -> Self {
        Self { left: Self::MOST, given: now }
    }

    /// Takes one; whether there was one.
    pub(super) fn take(&mut self, now: Mono) -> bool {
        let ms = now.since(self.given) / 1_000_000;
        self.given = self.given.plus_ms(ms);
        self.left = (self.left + ms * u64::from(limits::CONSOLE_MESSAGES_PER_S)).min(Self::MOST);
        let has_one = self.left >= Self::ONE;
        self.left -= if has_one { Self::ONE } else { 0 };
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_console_may_send_what_it_was_entitled_to_while_nobody_read_and_no_more() {
        let at = |ms: u64| Mono(0).plus_ms(ms);
        let took = |credit: &mut Credit, ms: u64, count: u32| (0..count).filter(|_| credit.take(at(ms))).count();
        let mut credit = Credit::full(at(0));
        assert_eq!(took(&mut credit, 0, 1_000), 300, "a burst, and then the connection ends");
        assert_eq!(took(&mut credit, 5, 1), 0);
        assert_eq!(took(&mut credit, 10, 5), 1, "100 a second");
        assert_eq!((1..=500).filter(|n| credit.take(at(10 + n * 10))).count(), 500);
        // Two seconds in which the machine did something else.
        assert_eq!(took(&mut credit, 7_010, 250), 200);
    }
}
