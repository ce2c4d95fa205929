//! Turns a full log into a sealed file: large blocks, an index, nothing that is there twice. On a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use plantroom_store::{Disk, DiskFile, LogItem, LogReader, OpenMode, StoreError};

use super::block::{Block, BlockBuilder};
use super::record::{self, Head};
use super::sealed::{self, SealedIndex};
use super::segment::{Segment, Segments};
use super::tail::TailState;
use super::{Retention, folder};
use crate::{JournalError, limits};

/// Wakes the thread that seals.
#[derive(Debug)]
pub(crate) struct Sealer {
    wake: SyncSender<i64>,
}

impl Sealer {
    pub fn new(segments: Arc<Segments>, retention: Retention) -> (Self, Sealing) {
        let (wake, woken) = sync_channel(1);
        (Self { wake }, Sealing { woken, segments, retention })
    }

    /// There may be something to seal, or too old by now (ns UTC). Never waits: one call that is still to be followed does for
    /// all.
    pub fn wake(&self, now: i64) {
        let _ = self.wake.try_send(now);
    }
}

/// The thread that seals, and that removes what is too old.
#[derive(Debug)]
pub(crate) struct Sealing {
    woken: Receiver<i64>,
    segments: Arc<Segments>,
    retention: Retention,
}

impl Sealing {
    pub fn run(self) {
        while let Ok(now) = self.woken.recv() {
            self.seal_all();
            // So that the size of all files is known.
            for segment in self.segments.list().iter() {
                let _ = self.segments.index_of(segment);
            }
            self.retention.apply(&self.segments, now);
        }
    }

    /// Seals all logs but the newest. What fails stays as it is, can be read, and is tried the next time.
    fn seal_all(&self) {
        let list = self.segments.list();
        let Some((_, full)) = list.split_last() else { return };
        for segment in full {
            let Segment::Tail(view) = segment else { continue };
            match seal(&*self.segments.disk, &self.segments.folder, view.number) {
                Ok(()) => {
                    self.segments.sealed(view.number);
                    let log = self.segments.path(view.number, folder::TAIL);
                    if let Err(error) = self.segments.disk.remove(&log) {
                        tracing::warn!(
                            "a part of the alarm journal that is sealed could not be removed: {error} ({})",
                            log.display()
                        );
                    }
                }
                Err(error) => tracing::warn!("a part of the alarm journal stays unsealed and can be read all the same: {error}"),
            }
        }
    }
}

/// Seals one log. The sealed file gets its name when it is whole and on the disk.
pub(crate) fn seal(disk: &dyn Disk, folder: &Path, number: u64) -> Result<(), JournalError> {
    let (from, to) = (folder::path(folder, number, folder::TAIL), folder::path(folder, number, folder::SEALED));
    let temporary = folder::path(folder, number, "sealing");
    let failed = |source| StoreError::Io { act: "seal a part of the alarm journal", path: to.clone(), source };
    let written = (|| -> Result<(), JournalError> {
        let file = disk.open(&temporary, OpenMode::Create).map_err(failed)?;
        let mut out = Out::new(file);
        out.copy(disk, &from)?;
        out.finish().map_err(failed)?;
        disk.rename(&temporary, &to).map_err(failed)?;
        disk.sync_folder(folder).map_err(failed)?;
        Ok(())
    })();
    if written.is_err() {
        let _ = disk.remove(&temporary);
    }
    written
}

struct Out {
    file: Box<dyn DiskFile>,
    /// Where `buffer` will lie.
    offset: u64,
    buffer: Vec<u8>,
    index: SealedIndex,
    chunks: Vec<super::segment::Chunk>,
    builder: BlockBuilder,
    first_row: u64,
    next_row: u64,
}

impl Out {
    fn new(file: Box<dyn DiskFile>) -> Self {
        let index = SealedIndex::default();
        let buffer = sealed::header().to_vec();
        Self { file, offset: 0, buffer, index, chunks: Vec::new(), builder: BlockBuilder::default(), first_row: 0, next_row: 0 }
    }

    /// Takes over everything that can be read in the log.
    fn copy(&mut self, disk: &dyn Disk, from: &Path) -> Result<(), JournalError> {
        let failed = |source| StoreError::Io { act: "seal a part of the alarm journal", path: from.to_owned(), source };
        let mut state = TailState::default();
        let mut reader = LogReader::open(disk, from)?;
        while let Some(item) = reader.next().transpose()? {
            state.take(&item, from)?;
            let LogItem::Record { payload, .. } = item else { continue };
            match payload.first() {
                Some(&record::KEPT) => {
                    let at = self.frame(&payload).map_err(failed)?;
                    self.index.kept.push(at);
                }
                Some(&record::NAMES) => {
                    let at = self.frame(&payload).map_err(failed)?;
                    self.index.names.push(at);
                }
                Some(&record::ROWS) => self.rows(&payload[1..]).map_err(failed)?,
                Some(&record::HEAD) => drop(self.frame(&payload).map_err(failed)?),
                _ => {}
            }
        }
        self.close_block().map_err(failed)?;
        for gap in &state.gaps {
            self.frame(&record::put_gap(gap)).map_err(failed)?;
        }
        self.index.head = Head { version: record::VERSION, ..state.head };
        self.index.last_occurrence = self.index.last_occurrence.max(state.head.last_occurrence);
        self.index.gaps = state.gaps.into();
        Ok(())
    }

    fn rows(&mut self, block: &[u8]) -> std::io::Result<()> {
        // What can't be read is told as a gap by the state.
        let Ok(block) = Block::open(block) else { return Ok(()) };
        let Ok(rows) = block.read() else { return Ok(()) };
        if block.first_row != self.next_row {
            self.close_block()?;
            (self.first_row, self.next_row) = (block.first_row, block.first_row);
        }
        for row in &rows {
            self.index.last_occurrence = self.index.last_occurrence.max(row.occurrence).max(row.to.occurrence.0);
            self.builder.push(row);
            self.next_row += 1;
            if self.builder.rows() >= limits::BLOCK_ROWS || self.builder.bytes() >= limits::BLOCK_BYTES {
                self.close_block()?;
            }
        }
        Ok(())
    }

    fn close_block(&mut self) -> std::io::Result<()> {
        let rows = self.builder.rows() as u64;
        if rows > 0 {
            let mut payload = vec![record::ROWS];
            self.builder.finish(self.first_row, &mut payload);
            let (offset, length) = self.frame(&payload)?;
            self.chunks.extend(sealed::chunk_of(&payload[1..], offset, length));
            self.index.rows += rows;
        }
        self.first_row = self.next_row;
        Ok(())
    }

    /// Writes a frame; where it lies, and how long its record is.
    fn frame(&mut self, payload: &[u8]) -> std::io::Result<(u64, u64)> {
        let at = self.offset + self.buffer.len() as u64;
        sealed::put_frame(&mut self.buffer, payload);
        if self.buffer.len() >= 1 << 20 {
            self.spill()?;
        }
        Ok((at, payload.len() as u64))
    }

    fn spill(&mut self) -> std::io::Result<()> {
        self.file.write_all_at(&self.buffer, self.offset)?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<()> {
        self.index.chunks = std::mem::take(&mut self.chunks).into();
        let (offset, length) = self.frame(&self.index.put())?;
        self.buffer.extend(sealed::footer(offset, length as u32));
        self.spill()?;
        self.file.sync()
    }
}
