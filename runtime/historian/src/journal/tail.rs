//! The newest file: a log that grows, and what readers need to know of it.

use std::path::Path;
use std::sync::Arc;

use parking_lot::RwLock;
use plantroom_store::LogItem;

use super::block::Block;
use super::record::{self, Head};
use super::segment::{Chunk, Contents};
use super::{AlarmTexts, Gap, GapReason, catalog};
use crate::bytes::{Bytes, Unreadable};
use crate::{JournalError, limits};

use plantroom_model::{AlarmRow, Utc};

/// What is where in a log, record by record. The same for one that is read and for one that is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct TailState {
    pub head: Head,
    /// The file's beginning is whole: it says where every alarm stood.
    pub is_ready: bool,
    /// When the station was stopped properly, where nothing came after.
    pub closed: Option<i64>,
    /// Rows in it.
    pub rows: u64,
    pub names: Vec<Arc<AlarmTexts>>,
    pub gaps: Vec<Gap>,
    /// Where alarms stood when the file began.
    pub kept: Vec<(u32, AlarmRow)>,
    pub chunks: Vec<Chunk>,
    /// The newest time of a row.
    pub newest: i64,
    /// Something in it is damaged: from here to the next row that can be read.
    damaged: bool,
    /// Its beginning is damaged.
    pub beginning_damaged: bool,
}

impl TailState {
    /// Takes a record in.
    pub fn take(&mut self, item: &LogItem, path: &Path) -> Result<(), JournalError> {
        match item {
            LogItem::Record { offset, payload } => self.record(*offset, payload, path),
            LogItem::Damage { .. } => {
                self.damage();
                Ok(())
            }
        }
    }

    /// Takes a record in that starts at an offset. Records that can't be understood count as damage.
    pub fn record(&mut self, offset: u64, payload: &[u8], path: &Path) -> Result<(), JournalError> {
        if self.understand(offset, payload).is_err() {
            self.damage();
        }
        if self.head.version > record::VERSION {
            return Err(JournalError::Version { version: self.head.version, path: path.to_owned() });
        }
        Ok(())
    }

    fn damage(&mut self) {
        self.damaged = true;
        self.beginning_damaged |= !self.is_ready;
    }

    fn understand(&mut self, offset: u64, payload: &[u8]) -> Result<(), Unreadable> {
        let mut bytes = Bytes(payload);
        let what = bytes.u8()?;
        if what != record::CLOSED {
            self.closed = None;
        }
        match what {
            // A second head: the first beginning never got to its end.
            record::HEAD => {
                let head = Head::take(bytes)?;
                *self = Self { head, newest: head.at, ..Self::default() };
            }
            record::NAMES => catalog::take_names(bytes, &mut self.names)?,
            record::KEPT => {
                while !bytes.is_empty() {
                    self.kept.push(record::take_kept(&mut bytes)?);
                }
            }
            record::READY => self.is_ready = true,
            record::ROWS => self.rows(offset, payload, bytes)?,
            record::GAP => self.gaps.push(record::take_gap(bytes)?),
            record::CLOSED => self.closed = Some(bytes.u64()? as i64),
            _ => return Err(Unreadable),
        }
        Ok(())
    }

    fn rows(&mut self, offset: u64, payload: &[u8], bytes: Bytes<'_>) -> Result<(), Unreadable> {
        let block = Block::open(bytes.0)?;
        let next = self.head.first_row + self.rows;
        let (mut min, mut max, mut kinds) = (i64::MAX, i64::MIN, 0);
        let mut first = None;
        block.steps(|at, _, kind, _, _| {
            (min, max) = (min.min(at), max.max(at));
            kinds |= 1 << kind as u32;
            first.get_or_insert(at);
        })?;
        if self.damaged {
            self.damaged = false;
            let rows = block.first_row.checked_sub(next);
            let to = first.unwrap_or(self.newest);
            let (from, reason) = (Utc(self.newest.min(to)), GapReason::Damaged);
            self.gaps.push(Gap { from, to: Utc(to), before_row: block.first_row, rows, kept_rows: 0, reason });
        }
        let end = offset + payload.len() as u64 + 1;
        let rows = block.rows as u64;
        self.rows = block.first_row.saturating_sub(self.head.first_row) + rows;
        self.newest = self.newest.max(max);
        match self.chunks.last_mut() {
            Some(chunk) if end - chunk.offset <= limits::MARK_BYTES => {
                chunk.end = end;
                chunk.rows = block.first_row.saturating_sub(chunk.first_row) + rows;
                (chunk.min, chunk.max, chunk.kinds) = (chunk.min.min(min), chunk.max.max(max), chunk.kinds | kinds);
            }
            _ => self.chunks.push(Chunk { offset, end, first_row: block.first_row, rows, min, max, kinds }),
        }
        Ok(())
    }

    /// Number of the row that comes next.
    pub fn next_row(&self) -> u64 {
        self.head.first_row + self.rows
    }
}

/// A log as readers see it while it grows.
#[derive(Debug)]
pub(crate) struct TailView {
    pub number: u64,
    state: RwLock<TailState>,
}

impl TailView {
    /// Where alarms stood at the beginning is only needed once, and is let go.
    pub fn new(number: u64, mut state: TailState) -> Arc<Self> {
        state.kept = Vec::new();
        Arc::new(Self { number, state: RwLock::new(state) })
    }

    /// Shows readers what was written.
    pub fn take<'a>(&self, mut records: impl Iterator<Item = (u64, &'a [u8])>, path: &Path) -> Result<(), JournalError> {
        let mut state = self.state.write();
        records.try_for_each(|(offset, payload)| state.record(offset, payload, path))
    }

    /// What is known of it.
    pub fn with<T>(&self, look: impl FnOnce(&TailState) -> T) -> T {
        look(&self.state.read())
    }

    pub fn contents(&self) -> Contents {
        let state = self.state.read();
        Contents {
            number: self.number,
            is_sealed: false,
            chunks: state.chunks.as_slice().into(),
            gaps: state.gaps.as_slice().into(),
            names: state.names.as_slice().into(),
        }
    }
}
