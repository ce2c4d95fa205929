//! Joins the values of a polling group into few requests, and learns which cells a device doesn't have.
//!
//! A block is a run of neighbouring spans, so whatever is split is split between spans: a value is never torn
//! over two requests.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use plantroom_sdk::ModbusError;

use crate::address::Table;

/// Cells that belong to one value and are read in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which table.
    pub table: Table,
    /// First cell, 0-based.
    pub start: u16,
    /// How many, at least 1.
    pub cells: u16,
}

impl Span {
    /// The first cell after it, up to 65,536.
    pub fn end(&self) -> u32 {
        u32::from(self.start) + u32::from(self.cells)
    }

    /// For messages: `holding 12` or `holding 12 to 15`.
    pub fn words(&self) -> String {
        match self.cells {
            1 => format!("{} {}", self.table.word(), self.start),
            _ => format!("{} {} to {}", self.table.word(), self.start, self.end() - 1),
        }
    }
}

/// What one request may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Registers a request, 1 to 125.
    pub max_registers: u16,
    /// Coils or discrete inputs a request, 1 to 2,000.
    pub max_bits: u16,
    /// How many cells that nobody asked for may be read to join two values into one request.
    pub gap: u16,
}

impl ReadLimits {
    /// Most cells of a request to this table.
    pub fn max_cells(&self, table: Table) -> u16 {
        if table.is_bits() { self.max_bits } else { self.max_registers }
    }
}

/// One request: what it reads, and for which spans of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What is read.
    pub span: Span,
    /// Places of its members in [`Plan::spans`].
    pub members: Range<usize>,
}

/// A span that the device said it doesn't have.
#[derive(Clone, Copy, Debug)]
struct Missing {
    error: ModbusError,
    retry_at_ns: u64,
    wait_ms: u64,
}

/// First pause before a span that the device doesn't have is asked for again, in ms: a controller that is still
/// loading its program answers so for a moment.
pub const RETRY_FIRST_MS: u64 = 5_000;
/// Longest such pause, in ms.
pub const RETRY_LAST_MS: u64 = 300_000;
/// Most retries a beat: a device without any of a thousand addresses must not be asked a thousand times at once.
pub const RETRIES_A_BEAT: usize = 8;

/// The requests that read a set of spans, and what was learnt about them.
#[derive(Debug)]
pub struct Plan {
    spans: Vec<Span>,
    limits: ReadLimits,
    /// Places where a block must not begin before and end after: what lies between can't be read.
    walls: BTreeSet<usize>,
    missing: BTreeMap<usize, Missing>,
    blocks: Vec<Block>,
}

impl Plan {
    /// Plans these spans; equal ones are read once.
    pub fn new(mut spans: Vec<Span>, limits: ReadLimits) -> Self {
        spans.sort_unstable();
        spans.dedup();
        let mut plan = Self { spans, limits, walls: BTreeSet::new(), missing: BTreeMap::new(), blocks: Vec::new() };
        plan.join();
        plan
    }

    /// The distinct spans, sorted.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The requests of a beat, sorted; together they read every span that the device isn't known to lack.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The request that reads this span; alone where the device is thought not to have it.
    pub fn block_of(&self, place: usize) -> Option<Block> {
        let found = self.blocks.iter().find(|block| block.members.contains(&place));
        found.cloned().or_else(|| self.alone(place))
    }

    /// Halves of a block that the device refused; `None` where it has a single member.
    pub fn halves(&self, block: &Block) -> Option<(Block, Block)> {
        let Range { start, end } = block.members;
        if end.checked_sub(start)? < 2 {
            return None;
        }
        let middle = start + (end - start) / 2;
        Some((self.block(start..middle)?, self.block(middle..end)?))
    }

    /// Remembers that the cells between this span and the one before it can't be read, though both can.
    pub fn learn_wall(&mut self, place: usize) {
        if self.walls.insert(place) {
            self.join();
        }
    }

    /// Remembers that the device doesn't have this span, and what it said; each time in a row it is left alone longer.
    pub fn learn_missing(&mut self, place: usize, error: ModbusError, now_ns: u64) {
        let wait_ms = match self.missing.get(&place) {
            Some(known) => known.wait_ms.saturating_mul(2).min(RETRY_LAST_MS),
            None => RETRY_FIRST_MS,
        };
        let retry_at_ns = now_ns.saturating_add(wait_ms.saturating_mul(1_000_000));
        if self.missing.insert(place, Missing { error, retry_at_ns, wait_ms }).is_none() {
            self.join();
        }
    }

    /// Remembers that the device has this span after all; the others that it lacked are asked for soon.
    pub fn learn_present(&mut self, place: usize) {
        if self.missing.remove(&place).is_some() {
            for other in self.missing.values_mut() {
                other.retry_at_ns = 0;
            }
            self.join();
        }
    }

    /// Whether the device is thought to have every span.
    pub fn lacks_nothing(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether the device is thought not to have this span.
    pub fn is_missing(&self, place: usize) -> bool {
        self.missing.contains_key(&place)
    }

    /// What the device said of a span that it lacks, and when it is asked again, ns.
    pub fn missing_of(&self, place: usize) -> Option<(ModbusError, u64)> {
        self.missing.get(&place).map(|known| (known.error, known.retry_at_ns))
    }

    /// The missing spans that are not asked for at this time, and those that are, each as a block of its own.
    pub fn missing(&self, now_ns: u64) -> (Vec<usize>, Vec<Block>) {
        let (mut resting, mut due) = (Vec::new(), Vec::new());
        for (place, known) in &self.missing {
            match self.alone(*place) {
                Some(block) if known.retry_at_ns <= now_ns && due.len() < RETRIES_A_BEAT => due.push(block),
                _ => resting.push(*place),
            }
        }
        (resting, due)
    }

    fn alone(&self, place: usize) -> Option<Block> {
        self.block(place..place.checked_add(1)?)
    }

    fn block(&self, members: Range<usize>) -> Option<Block> {
        let spans = self.spans.get(members.clone())?;
        let first = spans.first()?;
        let end = spans.iter().map(Span::end).max()?;
        // A block was joined below the limits, so this is a length that fits.
        let cells = u16::try_from(end - u32::from(first.start)).ok()?;
        Some(Block { span: Span { table: first.table, start: first.start, cells }, members })
    }

    fn join(&mut self) {
        let mut blocks: Vec<Block> = Vec::new();
        for (place, span) in self.spans.iter().enumerate() {
            if self.missing.contains_key(&place) {
                continue;
            }
            if let Some(last) = blocks.last_mut()
                && last.members.end == place
                && !self.walls.contains(&place)
                && let Some(cells) = self.joined(&last.span, span)
            {
                last.span.cells = cells;
                last.members.end = place + 1;
                continue;
            }
            blocks.push(Block { span: *span, members: place..place + 1 });
        }
        self.blocks = blocks;
    }

    /// How many cells a block has when this span is joined to it; `None` where it must not be.
    fn joined(&self, block: &Span, span: &Span) -> Option<u16> {
        let near = span.table == block.table && u32::from(span.start) <= block.end() + u32::from(self.limits.gap);
        let cells = u16::try_from(block.end().max(span.end()) - u32::from(block.start)).ok()?;
        (near && cells <= self.limits.max_cells(span.table)).then_some(cells)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GONE: ModbusError = ModbusError::Exception(2);
    const TABLES: [Table; 4] = [Table::Coil, Table::Discrete, Table::Input, Table::Holding];

    fn holding(spans: &[(u16, u16)]) -> Vec<Span> {
        spans.iter().map(|(start, cells)| Span { table: Table::Holding, start: *start, cells: *cells }).collect()
    }

    fn limits(max_registers: u16, gap: u16) -> ReadLimits {
        ReadLimits { max_registers, max_bits: 2_000, gap }
    }

    fn shown(plan: &Plan) -> Vec<(u16, u16)> {
        plan.blocks().iter().map(|block| (block.span.start, block.span.cells)).collect()
    }

    #[test]
    fn neighbours_are_joined_up_to_the_limits_of_the_device() {
        let cases: &[(&[(u16, u16)], ReadLimits, &[(u16, u16)])] = &[
            (&[(0, 2), (2, 2), (4, 1)], limits(125, 0), &[(0, 5)]),
            (&[(4, 1), (0, 2), (2, 2), (2, 2)], limits(125, 0), &[(0, 5)]),
            (&[(0, 2), (3, 2)], limits(125, 0), &[(0, 2), (3, 2)]),
            (&[(0, 2), (3, 2)], limits(125, 1), &[(0, 5)]),
            (&[(0, 2), (2, 2), (4, 2)], limits(5, 0), &[(0, 4), (4, 2)]),
            (&[(0, 10), (2, 2), (10, 1)], limits(125, 0), &[(0, 11)]),
            (&[(65_534, 2), (65_532, 2)], limits(125, 9), &[(65_532, 4)]),
            (&[], limits(125, 0), &[]),
        ];
        for (spans, limits, expected) in cases {
            assert_eq!(shown(&Plan::new(holding(spans), *limits)), *expected, "{spans:?} {limits:?}");
        }
    }

    #[test]
    fn a_missing_value_is_walked_around_and_asked_for_again_rarely() {
        let mut plan = Plan::new(holding(&[(0, 1), (1, 1), (2, 1), (3, 1)]), limits(125, 9));
        plan.learn_missing(1, GONE, 0);
        assert_eq!(shown(&plan), [(0, 1), (2, 2)]);
        assert_eq!(plan.missing(4_999_999_999), (vec![1], vec![]));
        assert_eq!(plan.missing(5_000_000_000).1.len(), 1);
        plan.learn_missing(1, GONE, 5_000_000_000);
        assert_eq!(plan.missing(14_999_999_999).1.len(), 0);
        for _ in 0..9 {
            plan.learn_missing(1, GONE, 0);
        }
        assert_eq!(plan.missing(299_999_999_999).1.len(), 0);
        assert_eq!(plan.missing(300_000_000_000).1.len(), 1);
        plan.learn_present(1);
        assert_eq!(shown(&plan), [(0, 4)]);
    }

    #[test]
    fn a_gap_that_can_not_be_read_becomes_a_wall() {
        let mut plan = Plan::new(holding(&[(0, 2), (4, 2), (8, 2)]), limits(125, 2));
        assert_eq!(shown(&plan), [(0, 10)]);
        plan.learn_wall(1);
        assert_eq!(shown(&plan), [(0, 2), (4, 6)]);
    }

    #[test]
    fn retries_are_rationed() {
        let spans: Vec<(u16, u16)> = (0..100).map(|start| (start, 1)).collect();
        let mut plan = Plan::new(holding(&spans), limits(125, 0));
        (0..100).for_each(|place| plan.learn_missing(place, GONE, 0));
        let (resting, due) = plan.missing(u64::MAX);
        assert_eq!((resting.len(), due.len()), (100 - RETRIES_A_BEAT, RETRIES_A_BEAT));
    }

    fn spans(max_registers: u16) -> impl Strategy<Value = Vec<Span>> {
        // Dense on purpose, so that values touch, overlap and repeat.
        let span = (0..4_usize, 0..400_u16, 1..=max_registers.min(12)).prop_map(|(table, start, cells)| {
            let table = TABLES[table];
            Span { table, start: start + 65_124 * u16::from(start % 7 == 0), cells: if table.is_bits() { 1 } else { cells } }
        });
        let span = span.prop_map(|span| Span { start: span.start.min(u16::MAX - span.cells), ..span });
        proptest::collection::vec(span, 0..120)
    }

    fn holds(plan: &Plan) -> Result<(), TestCaseError> {
        let mut read = vec![0_u32; plan.spans().len()];
        for block in plan.blocks() {
            prop_assert!(block.span.cells <= plan.limits.max_cells(block.span.table), "above the limit: {:?}", block);
            let mut reached = u32::from(block.span.start);
            for place in block.members.clone() {
                let span = plan.spans()[place];
                prop_assert!(!plan.is_missing(place), "reads what is missing: {:?}", block);
                prop_assert!(span.table == block.span.table, "another table: {:?}", block);
                prop_assert!(span.start >= block.span.start && span.end() <= block.span.end(), "torn: {:?} {:?}", span, block);
                prop_assert!(u32::from(span.start) <= reached + u32::from(plan.limits.gap), "gap too wide: {:?}", block);
                reached = reached.max(span.end());
                read[place] += 1;
            }
            prop_assert_eq!(reached, block.span.end(), "reads on after the last value: {:?}", block);
        }
        for (place, times) in read.iter().enumerate() {
            prop_assert_eq!(*times, u32::from(!plan.is_missing(place)), "{:?}", plan.spans()[place]);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn every_value_is_read_once_whole_and_within_the_limits(
            (max_registers, spans) in (4..=125_u16).prop_flat_map(|max| (Just(max), spans(max))),
            max_bits in 1..=2_000_u16,
            gap in 0..20_u16,
            missing in proptest::collection::vec(0..120_usize, 0..10),
            walls in proptest::collection::vec(0..120_usize, 0..10),
        ) {
            let mut plan = Plan::new(spans, ReadLimits { max_registers, max_bits, gap });
            holds(&plan)?;
            let len = plan.spans().len();
            missing.into_iter().filter(|place| *place < len).for_each(|place| plan.learn_missing(place, GONE, 0));
            walls.into_iter().filter(|place| *place < len).for_each(|place| plan.learn_wall(place));
            holds(&plan)?;
            for block in plan.blocks() {
                if let Some((left, right)) = plan.halves(block) {
                    prop_assert_eq!(left.members.start, block.members.start);
                    prop_assert_eq!(left.members.end, right.members.start);
                    prop_assert_eq!(right.members.end, block.members.end);
                } else {
                    prop_assert_eq!(block.members.len(), 1);
                }
            }
        }
    }
}
