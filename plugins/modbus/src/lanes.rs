//! What a poll decodes, side by side: thousands of values a beat, and reaching for each one's point would cost more than
//! reading it.

use std::ops::Range;
use std::rc::Rc;

use plantroom_sdk::{RowSet, ValueKind, WordOrder};

use crate::address::DataType;
use crate::poller::Point;

/// The points of a polling group as columns, in the order of the plan's spans.
#[derive(Debug)]
pub struct Lanes {
    points: Vec<Rc<Point>>,
    rows: RowSet,
    runs: Vec<Run>,
    has_text: bool,
}

/// Neighbours of one type and order, one right after the other: decoded in one go.
#[derive(Debug)]
struct Run {
    first: usize,
    count: usize,
    cell: u16,
    data: DataType,
    order: WordOrder,
}

/// The number in a batch of what a type is published as.
fn kind(data: DataType) -> ValueKind {
    match data {
        DataType::Bool | DataType::Bit(_) => ValueKind::Bool,
        DataType::I16 | DataType::I32 | DataType::I64 => ValueKind::Int,
        DataType::U16 | DataType::U32 | DataType::U64 => ValueKind::Uint,
        DataType::F32 | DataType::F64 => ValueKind::Float,
        DataType::Text(_) => ValueKind::Text,
    }
}

impl Lanes {
    /// Puts points side by side; those of one span must be together, and spans in the order of their cells.
    pub fn new(points: Vec<Rc<Point>>) -> Self {
        let mut runs: Vec<Run> = Vec::new();
        for (lane, point) in points.iter().enumerate() {
            let (data, cell, order) = (point.address.data, point.address.start, point.order);
            let cells = usize::from(data.cells());
            let follows = |run: &Run| {
                run.data == data
                    && run.order == order
                    && points[run.first].address.table == point.address.table
                    && !matches!(data, DataType::Text(_) | DataType::Bit(_))
                    && usize::from(run.cell) + run.count * cells == usize::from(cell)
            };
            match runs.last_mut().filter(|run| follows(run)) {
                Some(run) => run.count += 1,
                None => runs.push(Run { first: lane, count: 1, cell, data, order }),
            }
        }
        Self {
            rows: RowSet::new(points.iter().map(|point| (point.tag.handle(), kind(point.address.data)))),
            has_text: points.iter().any(|point| matches!(point.address.data, DataType::Text(_))),
            points,
            runs,
        }
    }

    /// The points of some lanes.
    pub fn points(&self, lanes: Range<usize>) -> &[Rc<Point>] {
        &self.points[lanes]
    }

    /// The handles of some lanes.
    pub fn handles(&self, lanes: Range<usize>) -> &[u32] {
        &self.rows.handles()[lanes]
    }

    /// All lanes as rows that are published again and again, those of text left out.
    pub fn rows(&self) -> &RowSet {
        &self.rows
    }

    /// Whether any lane holds text, which doesn't leave as rows.
    pub fn has_text(&self) -> bool {
        self.has_text
    }

    /// Runs of these lanes that hold no text, and each lane that does, in their order.
    pub fn pieces(&self, lanes: Range<usize>) -> Vec<(Range<usize>, bool)> {
        let is_text = |lane: usize| matches!(self.points[lane].address.data, DataType::Text(_));
        let mut pieces: Vec<(Range<usize>, bool)> = Vec::new();
        for lane in lanes {
            match pieces.last_mut() {
                Some((piece, false)) if !is_text(lane) => piece.end = lane + 1,
                _ => pieces.push((lane..lane + 1, is_text(lane))),
            }
        }
        pieces
    }

    /// Decodes some lanes out of the cells of one answer, whose first is `first_cell`, and appends a batch's value bits: one for
    /// each lane, 0 for text. False where the answer is too short for one of them.
    pub fn decode(&self, lanes: Range<usize>, first_cell: u16, words: &[u16], bits: &mut Vec<u64>) -> bool {
        let begin = match self.runs.as_slice() {
            [_] => 0,
            runs => runs.partition_point(|run| run.first + run.count <= lanes.start),
        };
        for run in self.runs[begin..].iter().take_while(|run| run.first < lanes.end) {
            let (from, to) = (run.first.max(lanes.start), (run.first + run.count).min(lanes.end));
            let cells = usize::from(run.data.cells());
            let index = usize::from(run.cell) + (from - run.first) * cells - usize::from(first_cell);
            let Some(words) = words.get(index..index + (to - from) * cells) else { return false };
            run.decode(words, bits);
        }
        true
    }
}

impl Run {
    fn decode(&self, words: &[u16], bits: &mut Vec<u64>) {
        match self.data {
            DataType::Bool => each(words, bits, |[word]| u64::from(*word != 0)),
            DataType::Bit(bit) => each(words, bits, |[word]| u64::from(word >> bit & 1)),
            DataType::U16 => each(words, bits, |[word]| u64::from(*word)),
            DataType::I16 => each(words, bits, |[word]| i64::from(*word as i16) as u64),
            DataType::U32 => pairs(words, self.order, bits, u64::from),
            DataType::I32 => pairs(words, self.order, bits, |value| i64::from(value as i32) as u64),
            DataType::F32 => pairs(words, self.order, bits, |value| f64::from(f32::from_bits(value)).to_bits()),
            DataType::U64 | DataType::I64 | DataType::F64 => fours(words, self.order, bits),
            DataType::Text(_) => bits.push(0),
        }
    }
}

/// Values decoded in one turn of the loop: in the sandbox each turn looks at its deadline, which costs as much as two values.
const AT_ONCE: usize = 8;

/// Values of so many registers each.
#[inline(always)]
fn each<const CELLS: usize>(words: &[u16], bits: &mut Vec<u64>, value: impl Fn(&[u16; CELLS]) -> u64) {
    let (values, _) = words.as_chunks::<CELLS>();
    let (blocks, rest) = values.as_chunks::<AT_ONCE>();
    bits.reserve(values.len());
    for block in blocks {
        let decoded: [u64; AT_ONCE] = std::array::from_fn(|at| value(&block[at]));
        bits.extend_from_slice(&decoded);
    }
    bits.extend(rest.iter().map(value));
}

/// Values of two registers each. The order is chosen once for all of them.
#[inline(always)]
fn pairs(words: &[u16], order: WordOrder, bits: &mut Vec<u64>, value: impl Fn(u32) -> u64) {
    let join = |high: u16, low: u16| u32::from(high) << 16 | u32::from(low);
    match order {
        WordOrder::Abcd => each(words, bits, |w: &[u16; 2]| value(join(w[0], w[1]))),
        WordOrder::Cdab => each(words, bits, |w: &[u16; 2]| value(join(w[1], w[0]))),
        WordOrder::Badc => each(words, bits, |w: &[u16; 2]| value(join(w[0].swap_bytes(), w[1].swap_bytes()))),
        WordOrder::Dcba => each(words, bits, |w: &[u16; 2]| value(join(w[1].swap_bytes(), w[0].swap_bytes()))),
    }
}

/// Values of four registers each: their bits are a batch's already.
fn fours(words: &[u16], order: WordOrder, bits: &mut Vec<u64>) {
    let join = |words: [u16; 4]| words.iter().fold(0, |value, word| value << 16 | u64::from(*word));
    match order {
        WordOrder::Abcd => each(words, bits, |w: &[u16; 4]| join([w[0], w[1], w[2], w[3]])),
        WordOrder::Cdab => each(words, bits, |w: &[u16; 4]| join([w[3], w[2], w[1], w[0]])),
        WordOrder::Badc => each(words, bits, |w: &[u16; 4]| join([w[0], w[1], w[2], w[3]].map(u16::swap_bytes))),
        WordOrder::Dcba => each(words, bits, |w: &[u16; 4]| join([w[3], w[2], w[1], w[0]].map(u16::swap_bytes))),
    }
}
