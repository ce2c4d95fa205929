//! A file of records that only grows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::reader::{FILE_HEADER_BYTES, LogReader, RECORD_HEADER_BYTES, encode_record, file_header};
use crate::replace::beside;
use crate::{Disk, DiskFile, LogItem, OpenMode, RECORD_BYTES, StoreError};

/// How a log is kept.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    /// Bytes behind the last record that are already on the disk, so that a full disk can't stop the log at once.
    pub reserve_bytes: u64,
    /// By how much the file grows at once, in bytes: fewer, longer pauses.
    pub grow_bytes: u64,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { reserve_bytes: 1 << 20, grow_bytes: 256 << 10 }
    }
}

/// What was found when a log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Records that can be read.
    pub records: u64,
    /// Bytes of a torn last write that were cut off; never anything that was confirmed, unless the disk has
    /// damaged the very last write.
    pub torn_bytes: u64,
    /// Where the cut-off bytes are kept.
    pub torn_kept_in: Option<PathBuf>,
    /// Damaged ranges (first byte, first byte behind), in order. The records in them are lost.
    pub damage: Vec<(u64, u64)>,
}

/// An append-only log. One writer; any number of [`LogReader`]s beside it.
#[derive(Debug)]
pub struct AppendLog {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    options: LogOptions,
    /// First byte behind the last confirmed record.
    end: u64,
    crc: u32,
    /// Length of the file: records, reserve, and what failed writes left.
    allocated: u64,
    /// Up to here a failed write may have left something.
    dirty_to: u64,
    on_reserve: bool,
}

impl AppendLog {
    /// Opens a log, or makes a new one. `visit` gets every record that can be read: its offset and bytes.
    ///
    /// # Errors
    /// When the file can't be read, written or made, or isn't a log.
    pub fn open(
        disk: &Arc<dyn Disk>,
        path: &Path,
        options: LogOptions,
        mut visit: impl FnMut(u64, &[u8]),
    ) -> Result<(Self, Recovery), StoreError> {
        let failed = |error| StoreError::io("open a log", path, error);
        let file = match disk.open(path, OpenMode::Write) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(&**disk, path, options)?,
            Err(error) => return Err(failed(error)),
        };
        let mut reader = LogReader::over(file, path)?;
        let mut recovery = Recovery::default();
        for item in reader.by_ref() {
            match item? {
                LogItem::Record { offset, payload } => {
                    recovery.records += 1;
                    visit(offset, &payload);
                }
                LogItem::Damage { from, to } => recovery.damage.push((from, to)),
            }
        }
        let end = reader.end().unwrap_or_default();
        let file = reader.into_file();
        let allocated = file.size().map_err(failed)?;
        let mut log =
            Self { file, path: path.to_owned(), options, end: end.at, crc: end.crc, allocated, dirty_to: 0, on_reserve: false };
        if end.torn_bytes > 0 {
            recovery.torn_bytes = end.torn_bytes;
            recovery.torn_kept_in = log.keep_aside(disk, end.torn_bytes)?;
            log.write(&vec![0; end.torn_bytes as usize], log.end)?;
        }
        log.grow(0);
        Ok((log, recovery))
    }

    /// Adds records; when it returns, they are all on the disk. When it fails, none of them counts, and the next
    /// call goes on in their place.
    ///
    /// # Errors
    /// When the disk is full and the reserve is used up, or the disk fails, or a record is empty or too long.
    pub fn append(&mut self, payloads: &[&[u8]]) -> Result<(), StoreError> {
        if let Some(payload) = payloads.iter().find(|payload| payload.is_empty() || payload.len() > RECORD_BYTES) {
            return Err(StoreError::RecordLength(payload.len()));
        }
        let mut bytes = Vec::with_capacity(payloads.iter().map(|payload| payload.len() + RECORD_HEADER_BYTES).sum());
        let mut crc = self.crc;
        for payload in payloads {
            crc = encode_record(&mut bytes, payload, crc, self.end);
        }
        let length = bytes.len() as u64;
        self.grow(length);
        if self.end + length > self.allocated {
            return Err(StoreError::Full { path: self.path.clone() });
        }
        // What an earlier failure left behind is wiped with the same write.
        let wipe = self.dirty_to.min(self.allocated).saturating_sub(self.end + length);
        bytes.resize(bytes.len() + wipe as usize, 0);
        self.write(&bytes, self.end)?;
        self.end += length;
        self.crc = crc;
        self.dirty_to = 0;
        Ok(())
    }

    /// First byte behind the last record: how long the log is, without its reserve.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Bytes that can still be written on a full disk.
    pub fn reserve_left(&self) -> u64 {
        self.allocated.saturating_sub(self.end)
    }

    /// Whether the reserve could not be filled up again the last time: the disk is full or failing.
    pub fn on_reserve(&self) -> bool {
        self.on_reserve
    }

    /// Tries to fill the reserve up again; says whether it is full.
    pub fn refill(&mut self) -> bool {
        self.grow(0);
        !self.on_reserve
    }

    /// Makes sure that the reserve is there behind so many more bytes; without success the log goes on with what
    /// is left of it.
    fn grow(&mut self, more: u64) {
        let needed = self.end + more + self.options.reserve_bytes;
        self.on_reserve = false;
        if self.allocated >= needed {
            return;
        }
        let target = needed + self.options.grow_bytes;
        let chunk = vec![0; 64 << 10];
        while self.allocated < target {
            let length = (target - self.allocated).min(chunk.len() as u64) as usize;
            match self.file.write_at(&chunk[..length], self.allocated) {
                Ok(written) if written > 0 => self.allocated += written as u64,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                _ => {
                    self.on_reserve = self.allocated < needed;
                    return;
                }
            }
        }
    }

    fn write(&mut self, bytes: &[u8], offset: u64) -> Result<(), StoreError> {
        let written = self.file.write_all_at(bytes, offset).and_then(|()| self.file.sync());
        written.map_err(|error| {
            self.dirty_to = self.dirty_to.max(offset + bytes.len() as u64);
            StoreError::io("write to a log", &self.path, error)
        })
    }

    /// Copies the torn tail into a file of its own; a disk that has no room for it loses it.
    fn keep_aside(&self, disk: &Arc<dyn Disk>, torn_bytes: u64) -> Result<Option<PathBuf>, StoreError> {
        let mut torn = vec![0; torn_bytes as usize];
        let got = self.file.read_full_at(&mut torn, self.end);
        let got = got.map_err(|error| StoreError::io("read a log", &self.path, error))?;
        let kept = beside(&self.path, &format!("torn-{}", self.end));
        match crate::replace_file(&**disk, &kept, &torn[..got]) {
            Ok(()) => Ok(Some(kept)),
            Err(error) => {
                tracing::warn!("the torn end of a log could not be kept aside: {error}");
                Ok(None)
            }
        }
    }
}

/// A new log appears under its name only when its header is on the disk.
fn create(disk: &dyn Disk, path: &Path, options: LogOptions) -> Result<Box<dyn DiskFile>, StoreError> {
    let failed = |error| StoreError::io("make a log", path, error);
    let temporary = beside(path, "new");
    let mut file = disk.open(&temporary, OpenMode::Create).map_err(failed)?;
    let made = file.write_all_at(&file_header().0, 0).and_then(|()| {
        // A disk without room for the reserve still gets a log; opening it says so.
        let _ = file.write_all_at(&vec![0; options.reserve_bytes as usize], FILE_HEADER_BYTES);
        file.sync()
    });
    made.and_then(|()| disk.rename(&temporary, path)).map_err(|error| {
        let _ = disk.remove(&temporary);
        failed(error)
    })?;
    disk.sync_folder(path.parent().unwrap_or(Path::new(""))).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
