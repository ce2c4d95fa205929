//! Questions that are asked again and again while somebody looks at the answer.
//!
//! Pure: times and answers go in, request numbers come out.

use plantroom_model::Mono;

/// A question without an answer for this long is asked again, in ms.
const PATIENCE_MS: u64 = 5_000;

/// One such question.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    every_ms: u64,
    asked: Option<Mono>,
    waiting: Option<u64>,
}

impl Poll {
    /// A question that is asked at once, and then at most so often, in ms.
    pub fn every(every_ms: u64) -> Self {
        Self { every_ms, asked: None, waiting: None }
    }

    /// The number of the next request, if it is to be sent now.
    pub fn due(&mut self, now: Mono, last_request: &mut u64) -> Option<u64> {
        let pause_ms = if self.waiting.is_some() { PATIENCE_MS } else { self.every_ms };
        if self.asked.is_some_and(|asked| now.since(asked) < pause_ms * 1_000_000) {
            return None;
        }
        *last_request += 1;
        (self.asked, self.waiting) = (Some(now), Some(*last_request));
        self.waiting
    }

    /// Whether this is the answer that is waited for. An older one is none.
    pub fn is_answered_by(&mut self, request: u64) -> bool {
        let is_it = self.waiting == Some(request);
        if is_it {
            self.waiting = None;
        }
        is_it
    }

    /// Asks again at once: something else is to be known now.
    pub fn again(&mut self) {
        (self.asked, self.waiting) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_waits_for_its_answer_and_for_its_turn() {
        let (mut poll, mut last) = (Poll::every(1_000), 7);
        let at = |ms| Mono(0).plus_ms(ms);
        assert_eq!(poll.due(at(0), &mut last), Some(8));
        assert_eq!(poll.due(at(2_000), &mut last), None, "it isn't answered yet");
        assert!(!poll.is_answered_by(7));
        assert!(poll.is_answered_by(8));
        assert!(!poll.is_answered_by(8), "once");
        assert_eq!(poll.due(at(2_000), &mut last), Some(9));
        assert_eq!(poll.due(at(6_999), &mut last), None);
        assert_eq!(poll.due(at(7_000), &mut last), Some(10), "an answer that is lost is asked for again");
        assert!(!poll.is_answered_by(9), "a late one is none");
        poll.again();
        assert_eq!(poll.due(at(7_001), &mut last), Some(11));
    }
}
