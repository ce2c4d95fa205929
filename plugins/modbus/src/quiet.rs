//! Remembers which blocks a device doesn't answer, so that they cost the others as little as possible.
//!
//! A request without an answer takes the whole time-out, and the station then drops the connection and with it
//! whatever waits there. So a block that wasn't answered goes last, and one that alone stays unanswered while its
//! neighbours are answered is asked rarely.

use std::collections::BTreeMap;

use crate::blocks::Block;

/// First pause of a block that alone isn't answered, in ms.
pub const PAUSE_FIRST_MS: u64 = 5_000;
/// Longest such pause, in ms.
pub const PAUSE_LAST_MS: u64 = 60_000;

/// The blocks of one group that weren't answered when they were asked last, by their first member.
#[derive(Debug, Default)]
pub struct Quiet {
    blocks: BTreeMap<usize, Unanswered>,
    /// Counts failures, so that the longest waiting comes first.
    failures: u64,
    /// Counts answers of the group.
    answers: u64,
}

#[derive(Debug)]
struct Unanswered {
    failure: u64,
    /// Answers of the group when it was asked last.
    answers: u64,
    pause_ms: u64,
    ask_at_ns: u64,
}

impl Quiet {
    /// Sorts blocks: what is to be asked now, the unanswered ones last and the latest of them at the end; and what
    /// rests.
    pub fn sort(&self, blocks: impl Iterator<Item = Block>, now_ns: u64) -> (Vec<Block>, Vec<Block>) {
        let rests = |block: &Block| self.blocks.get(&block.members.start).is_some_and(|known| known.ask_at_ns > now_ns);
        let (resting, mut asked): (Vec<Block>, Vec<Block>) = blocks.partition(rests);
        asked.sort_by_key(|block| self.blocks.get(&block.members.start).map_or(0, |known| known.failure));
        (asked, resting)
    }

    /// Whether every block was answered when it was asked last.
    pub fn knows_nothing(&self) -> bool {
        self.blocks.is_empty()
    }

    /// When a block that alone isn't answered is asked again, ns.
    pub fn asked_again(&self, block: &Block) -> Option<u64> {
        self.blocks.get(&block.members.start).filter(|known| known.pause_ms > 0).map(|known| known.ask_at_ns)
    }

    /// A block was answered; an exception is an answer too.
    pub fn answered(&mut self, block: &Block) {
        self.answers += 1;
        self.blocks.remove(&block.members.start);
    }

    /// Whether this block is known to be the only one that isn't answered, and is left alone for that.
    pub fn is_alone(&self, block: &Block) -> bool {
        self.blocks.get(&block.members.start).is_some_and(|known| known.pause_ms > 0)
    }

    /// A block was sent and not answered. True when it is the first time that it is left alone for a while.
    pub fn unanswered(&mut self, block: &Block, now_ns: u64) -> bool {
        self.failures += 1;
        let (failure, answers) = (self.failures, self.answers);
        let known = self.blocks.get(&block.members.start);
        let alone = known.is_some_and(|known| known.answers < answers);
        let before_ms = known.map_or(0, |known| known.pause_ms);
        let pause_ms = if alone { (before_ms * 2).clamp(PAUSE_FIRST_MS, PAUSE_LAST_MS) } else { before_ms };
        let ask_at_ns = if alone { now_ns.saturating_add(pause_ms * 1_000_000) } else { now_ns };
        self.blocks.insert(block.members.start, Unanswered { failure, answers, pause_ms, ask_at_ns });
        alone && before_ms == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Table;
    use crate::blocks::Span;

    const S: u64 = 1_000_000_000;

    fn block(at: usize) -> Block {
        Block { span: Span { table: Table::Holding, start: at as u16, cells: 1 }, members: at..at + 1 }
    }

    fn sorted(quiet: &Quiet, now_ns: u64) -> (Vec<usize>, Vec<usize>) {
        let (asked, resting) = quiet.sort((0..4).map(block), now_ns);
        let starts = |blocks: Vec<Block>| blocks.iter().map(|block| block.members.start).collect();
        (starts(asked), starts(resting))
    }

    #[test]
    fn what_was_not_answered_goes_last() {
        let mut quiet = Quiet::default();
        assert!(!quiet.unanswered(&block(0), 0));
        assert_eq!(sorted(&quiet, 0), (vec![1, 2, 3, 0], vec![]));
        quiet.unanswered(&block(2), 0);
        assert_eq!(sorted(&quiet, 0), (vec![1, 3, 0, 2], vec![]));
        quiet.answered(&block(0));
        assert_eq!(sorted(&quiet, 0), (vec![0, 1, 3, 2], vec![]));
    }

    #[test]
    fn a_device_that_is_silent_altogether_is_asked_at_every_beat() {
        let mut quiet = Quiet::default();
        for _ in 0..10 {
            assert!((0..4).all(|at| !quiet.unanswered(&block(at), 0)));
        }
        assert_eq!(sorted(&quiet, 0).0.len(), 4);
    }

    #[test]
    fn a_block_that_alone_is_not_answered_is_asked_rarely() {
        let mut quiet = Quiet::default();
        quiet.unanswered(&block(0), 0);
        quiet.answered(&block(1));
        assert!(!quiet.is_alone(&block(0)));
        assert!(quiet.unanswered(&block(0), 0), "told once");
        assert!(quiet.is_alone(&block(0)));
        assert_eq!(sorted(&quiet, 5 * S - 1), (vec![1, 2, 3], vec![0]));
        assert_eq!(sorted(&quiet, 5 * S), (vec![1, 2, 3, 0], vec![]));
        for _ in 0..9 {
            quiet.answered(&block(1));
            assert!(!quiet.unanswered(&block(0), 5 * S));
        }
        assert_eq!(sorted(&quiet, 65 * S - 1).1, [0]);
        assert_eq!(sorted(&quiet, 65 * S).1, Vec::<usize>::new());
        quiet.answered(&block(0));
        assert_eq!(sorted(&quiet, 0), (vec![0, 1, 2, 3], vec![]));
    }
}
