//! What a plugin may read: changes since it last asked, and current values.

use std::collections::VecDeque;

use plantroom_model::{Changes, Columns, Frame, PackedChange, Sample, Value, ValueKind};

use crate::grant::Rights;
use crate::limits;

/// Text of waiting changes, and of one answer, in bytes; over it the oldest changes go too.
const TEXT_BYTES: usize = 4 << 20;

/// The readable side of a plugin. Kept over restarts, so that current values stay true while it is down.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    current: Vec<Sample>,
    waiting: VecDeque<Columns>,
    rows: usize,
    text: usize,
    lost: u64,
}

impl Readings {
    /// Nothing heard yet.
    pub fn new(rights: &Rights) -> Self {
        let handles = if rights.reads() { rights.tags.len() } else { 0 };
        Self { current: vec![Sample::waiting(); handles], ..Self::default() }
    }

    /// Whether these are somebody's readings, or what is left in their place while an instance has them.
    pub fn are_whole(&self, rights: &Rights) -> bool {
        !rights.reads() || !self.current.is_empty()
    }

    /// Takes a frame in. True when it holds a change of a readable tag.
    pub fn frame(&mut self, rights: &Rights, frame: &Frame) -> bool {
        let mut columns = Columns::default();
        if !rights.reads() {
            return false;
        }
        for row in frame.changes.rows() {
            if let Some(handle) = rights.readable_handle(row.tag) {
                if columns.is_empty() {
                    columns.reserve(frame.changes.len().min(rights.tags.len()));
                }
                columns.push_change(handle, row, &frame.changes);
                self.set_row(handle, row, &frame.changes);
            }
        }
        if columns.is_empty() {
            return false;
        }
        self.rows += columns.len();
        self.text += columns.text.len();
        self.waiting.push_back(columns);
        while self.rows > limits::CHANGES || self.text > TEXT_BYTES {
            let Some(oldest) = self.waiting.pop_front() else { break };
            self.rows -= oldest.len();
            self.text -= oldest.text.len();
            self.lost += oldest.len() as u64;
        }
        true
    }

    /// A value without its change: the change is lost and counted elsewhere.
    pub fn set(&mut self, handle: u32, sample: &Sample) {
        if let Some(slot) = self.current.get_mut(handle as usize) {
            *slot = sample.clone();
        }
    }

    fn set_row(&mut self, handle: u32, row: &PackedChange, changes: &Changes) {
        let Some(slot) = self.current.get_mut(handle as usize) else { return };
        // Numbers in place: a whole sample by way of the stack costs four times as much.
        match (&mut slot.value, row.kind) {
            (Value::Float(old), ValueKind::Float) => *old = f64::from_bits(row.bits),
            (Value::Int(old), ValueKind::Int) => *old = row.bits as i64,
            (Value::Uint(old), ValueKind::Uint) => *old = row.bits,
            (Value::Bool(old), ValueKind::Bool) => *old = row.bits != 0,
            (old, _) => *old = changes.value(row),
        }
        (slot.status, slot.source_time, slot.server_time) = (row.status, row.source_time, row.server_time);
    }

    /// Changes that never came as far as here.
    pub fn add_lost(&mut self, changes: u64) {
        self.lost += changes;
    }

    /// How many changes were lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Everything since the last call, in order.
    pub fn take_changes(&mut self) -> Columns {
        (self.rows, self.text) = (0, 0);
        let mut all = self.waiting.pop_front().unwrap_or_default();
        for next in self.waiting.drain(..) {
            append(&mut all, next);
        }
        all
    }

    /// Forgets waiting changes: a new instance starts from current values.
    pub fn start_over(&mut self) {
        self.waiting.clear();
        (self.rows, self.text) = (0, 0);
    }

    /// Current values, in the order asked; `None` when they hold too much text.
    pub fn read(&self, handles: &[u32]) -> Option<Columns> {
        let mut columns = Columns::default();
        let waiting = Sample::waiting();
        columns.reserve(handles.len());
        for handle in handles {
            columns.push_sample(*handle, self.current.get(*handle as usize).unwrap_or(&waiting));
            if columns.text.len() > TEXT_BYTES {
                return None;
            }
        }
        Some(columns)
    }
}

fn append(all: &mut Columns, next: Columns) {
    let offset = (all.text.len() as u64) << 32;
    let moved = next
        .kinds
        .iter()
        .zip(&next.values)
        .map(|(kind, bits)| if *kind == ValueKind::Text as u8 { bits + offset } else { *bits });
    all.values.extend(moved);
    all.handles.extend_from_slice(&next.handles);
    all.kinds.extend_from_slice(&next.kinds);
    all.statuses.extend_from_slice(&next.statuses);
    all.times.extend_from_slice(&next.times);
    all.text.extend_from_slice(&next.text);
}
