//! Reads the records of a log, and tells torn from damaged.

use std::path::{Path, PathBuf};

use crate::{Disk, DiskFile, OpenMode, RECORD_BYTES, StoreError};

pub(crate) const FILE_HEADER_BYTES: u64 = 16;
pub(crate) const RECORD_HEADER_BYTES: usize = 20;
const MAGIC: &[u8; 8] = b"PLANTLOG";
const VERSION: u32 = 1;
/// Read at once.
const WINDOW_BYTES: usize = 64 << 10;

/// What a log holds, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogItem {
    /// A record that is as it was written.
    Record {
        /// Where it starts in the file.
        offset: u64,
        /// Its bytes.
        payload: Vec<u8>,
    },
    /// A range that was once on the disk and can't be read any more.
    Damage {
        /// First byte.
        from: u64,
        /// First byte behind it: the next record that can be read.
        to: u64,
    },
}

/// Where the records end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// First byte behind the last record.
    pub at: u64,
    /// Bytes from there on that belong to a torn record; 0 after a clean end.
    pub torn_bytes: u64,
    /// CRC that the next record names as that of its predecessor.
    pub(crate) crc: u32,
}

/// Reads a log from its start; also one that is being written, up to its last whole record.
#[derive(Debug)]
pub struct LogReader {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    size: u64,
    offset: u64,
    /// CRC of the record before; `None` behind damage, where any will do.
    crc: Option<u32>,
    last_crc: u32,
    end: Option<LogEnd>,
    window: Vec<u8>,
    window_start: u64,
}

/// The 16 bytes a log starts with, and their CRC.
pub(crate) fn file_header() -> ([u8; FILE_HEADER_BYTES as usize], u32) {
    let mut header = [0; FILE_HEADER_BYTES as usize];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    let crc = crc32fast::hash(&header[..12]);
    header[12..].copy_from_slice(&crc.to_le_bytes());
    (header, crc)
}

/// A record's bytes, and their CRC.
pub(crate) fn encode_record(into: &mut Vec<u8>, payload: &[u8], crc_before: u32, durable_before: u64) -> u32 {
    let start = into.len();
    into.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    into.extend_from_slice(&crc_before.to_le_bytes());
    into.extend_from_slice(&durable_before.to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&into[start..]);
    hasher.update(payload);
    let crc = hasher.finalize();
    into.extend_from_slice(&crc.to_le_bytes());
    into.extend_from_slice(payload);
    crc
}

struct Found {
    crc_before: u32,
    durable_before: u64,
    crc: u32,
    payload: Vec<u8>,
}

impl LogReader {
    /// Opens a log for reading only.
    ///
    /// # Errors
    /// When the file can't be read or isn't a log.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Self, StoreError> {
        let file = disk.open(path, OpenMode::Read).map_err(|error| StoreError::io("open a log", path, error))?;
        Self::over(file, path)
    }

    /// Opens a log for reading from a record on that starts at this offset, as [`LogItem::Record`] told it.
    ///
    /// # Errors
    /// When the file can't be read or isn't a log.
    pub fn resume(disk: &dyn Disk, path: &Path, offset: u64) -> Result<Self, StoreError> {
        let mut reader = Self::open(disk, path)?;
        if offset > FILE_HEADER_BYTES {
            // Its predecessor isn't read, so it can't be compared.
            (reader.offset, reader.crc) = (offset, None);
        }
        Ok(reader)
    }

    pub(crate) fn over(file: Box<dyn DiskFile>, path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::io("read a log", path, error);
        let size = file.size().map_err(failed)?;
        let mut header = [0; FILE_HEADER_BYTES as usize];
        let got = file.read_full_at(&mut header, 0).map_err(failed)?;
        let stored = u32::from_le_bytes([header[12], header[13], header[14], header[15]]);
        if got < header.len() || &header[..8] != MAGIC || crc32fast::hash(&header[..12]) != stored {
            return Err(StoreError::NotALog { path: path.to_owned() });
        }
        let version = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
        if version != VERSION {
            return Err(StoreError::Version { version, path: path.to_owned() });
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            size,
            offset: FILE_HEADER_BYTES,
            crc: Some(stored),
            last_crc: stored,
            end: None,
            window: Vec::new(),
            window_start: 0,
        })
    }

    /// Where the records end; known once the iterator has returned `None`.
    pub fn end(&self) -> Option<LogEnd> {
        self.end
    }

    pub(crate) fn into_file(self) -> Box<dyn DiskFile> {
        self.file
    }

    fn advance(&mut self) -> Result<Option<LogItem>, StoreError> {
        let offset = self.offset;
        if let Some(found) = self.record_at(offset)?
            && self.crc.is_none_or(|crc| crc == found.crc_before)
        {
            self.offset = offset + (RECORD_HEADER_BYTES + found.payload.len()) as u64;
            self.crc = Some(found.crc);
            self.last_crc = found.crc;
            return Ok(Some(LogItem::Record { offset, payload: found.payload }));
        }
        let mut last_byte = offset;
        let mut probe = offset;
        while let Some(next) = self.next_non_zero(probe)? {
            last_byte = next + 1;
            // A length whose low byte is 0 starts with up to three zeros.
            for start in next.saturating_sub(3).max(probe)..=next {
                if start > offset && self.record_at(start)?.is_some_and(|found| found.durable_before > offset) {
                    self.offset = start;
                    self.crc = None;
                    return Ok(Some(LogItem::Damage { from: offset, to: start }));
                }
            }
            probe = next + 1;
        }
        self.end = Some(LogEnd { at: offset, torn_bytes: last_byte - offset, crc: self.last_crc });
        Ok(None)
    }

    /// The record that starts here, if its CRC fits.
    fn record_at(&mut self, offset: u64) -> Result<Option<Found>, StoreError> {
        let header = self.bytes(offset, RECORD_HEADER_BYTES)?;
        let Ok(header) = <[u8; RECORD_HEADER_BYTES]>::try_from(header) else { return Ok(None) };
        let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let length = number(0) as usize;
        let durable_before = u64::from(number(8)) | u64::from(number(12)) << 32;
        let end = offset + (RECORD_HEADER_BYTES + length) as u64;
        if length == 0 || length > RECORD_BYTES || end > self.size || durable_before > offset {
            return Ok(None);
        }
        let crc = number(16);
        let payload = self.bytes(offset + RECORD_HEADER_BYTES as u64, length)?.to_vec();
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&header[..16]);
        hasher.update(&payload);
        if payload.len() != length || hasher.finalize() != crc {
            return Ok(None);
        }
        Ok(Some(Found { crc_before: number(4), durable_before, crc, payload }))
    }

    /// The first byte from here on that isn't zero.
    fn next_non_zero(&mut self, mut from: u64) -> Result<Option<u64>, StoreError> {
        while from < self.size {
            let bytes = self.bytes(from, WINDOW_BYTES)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if let Some(at) = bytes.iter().position(|byte| *byte != 0) {
                return Ok(Some(from + at as u64));
            }
            from += bytes.len() as u64;
        }
        Ok(None)
    }

    /// Up to `length` bytes from an offset; fewer only at the end of the file or of a window's worth.
    fn bytes(&mut self, offset: u64, length: usize) -> Result<&[u8], StoreError> {
        let wanted = (length as u64).min(self.size.saturating_sub(offset)) as usize;
        let inside = offset >= self.window_start && offset + wanted as u64 <= self.window_start + self.window.len() as u64;
        if !inside {
            self.window.resize(wanted.max(WINDOW_BYTES), 0);
            self.window_start = offset;
            let got = self.file.read_full_at(&mut self.window, offset);
            let got = got.map_err(|error| StoreError::io("read a log", &self.path, error))?;
            self.window.truncate(got);
        }
        let start = (offset - self.window_start) as usize;
        let end = (start + wanted).min(self.window.len());
        Ok(self.window.get(start..end).unwrap_or_default())
    }
}

impl Iterator for LogReader {
    type Item = Result<LogItem, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end.is_some() {
            return None;
        }
        self.advance().transpose()
    }
}
