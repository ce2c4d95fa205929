//! A sealed file: frames of records, an index of them, and a footer that finds the index.

use std::path::Path;
use std::sync::Arc;

use plantroom_model::AlarmRow;
use plantroom_store::{Disk, DiskFile, OpenMode, StoreError};

use super::block::Block;
use super::record::{self, Head};
use super::segment::Chunk;
use super::{AlarmTexts, Gap, catalog};
use crate::JournalError;
use crate::bytes::{Bytes, Unreadable, put_number, put_signed};

pub(crate) const MAGIC: &[u8; 8] = b"PLANTALM";
pub(crate) const HEADER_BYTES: u64 = 16;
const FOOTER_BYTES: usize = 24;
const FOOTER_MAGIC: &[u8; 8] = b"SEALED01";
/// Length and CRC-32 before a frame's bytes.
pub(crate) const FRAME_HEADER_BYTES: usize = 8;
/// Longest frame, in bytes: an index of a year's rows. A longer one is damage.
const FRAME_BYTES: u64 = 256 << 20;

/// What is where in a sealed file.
#[derive(Clone, Debug, Default)]
pub(crate) struct SealedIndex {
    pub head: Head,
    /// Rows that can be read, block by block; `end` is the length of a frame.
    pub chunks: Arc<[Chunk]>,
    pub gaps: Arc<[Gap]>,
    /// Offset and length of frames with names.
    pub names: Vec<(u64, u64)>,
    /// Offset and length of frames that say where alarms stood when the file began.
    pub kept: Vec<(u64, u64)>,
    pub rows: u64,
    pub last_occurrence: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl SealedIndex {
    /// The newest time of a row.
    pub fn newest(&self) -> i64 {
        self.chunks.iter().map(|chunk| chunk.max).max().unwrap_or(self.head.at)
    }

    /// Number of the row that comes after its last.
    pub fn next_row(&self) -> u64 {
        self.chunks.last().map_or(self.head.first_row, |chunk| chunk.first_row + chunk.rows)
    }

    pub fn put(&self) -> Vec<u8> {
        let mut bytes = self.head.put();
        bytes[0] = record::INDEX;
        put_number(&mut bytes, self.rows);
        put_number(&mut bytes, self.last_occurrence);
        for frames in [&self.names, &self.kept] {
            put_number(&mut bytes, frames.len() as u64);
            for (offset, length) in frames {
                put_number(&mut bytes, *offset);
                put_number(&mut bytes, *length);
            }
        }
        put_number(&mut bytes, self.chunks.len() as u64);
        for chunk in self.chunks.iter() {
            for number in [chunk.offset, chunk.end, chunk.first_row, chunk.rows, chunk.kinds.into()] {
                put_number(&mut bytes, number);
            }
            put_signed(&mut bytes, chunk.min);
            put_signed(&mut bytes, chunk.max);
        }
        put_number(&mut bytes, self.gaps.len() as u64);
        for gap in self.gaps.iter() {
            let gap = record::put_gap(gap);
            put_number(&mut bytes, gap.len() as u64);
            bytes.extend(gap);
        }
        bytes
    }

    fn take(payload: &[u8], file_bytes: u64) -> Result<Self, Unreadable> {
        let mut bytes = Bytes(payload);
        if bytes.u8()? != record::INDEX {
            return Err(Unreadable);
        }
        let head = Head::take(bytes)?;
        if head.version > record::VERSION {
            return Ok(Self { head, ..Self::default() });
        }
        // Behind the head, which has the same length each time it is written.
        bytes = Bytes(payload.get(head.put().len()..).ok_or(Unreadable)?);
        let (rows, last_occurrence) = (bytes.number()?, bytes.number()?);
        let mut frames = || -> Result<Vec<(u64, u64)>, Unreadable> {
            let count = bytes.count()?;
            (0..count).map(|_| Ok((bytes.number()?, bytes.number()?))).collect()
        };
        let (names, kept) = (frames()?, frames()?);
        let mut chunks = Vec::new();
        for _ in 0..bytes.count()? {
            let mut number = || bytes.number();
            let (offset, end, first_row, rows, kinds) = (number()?, number()?, number()?, number()?, number()? as u32);
            chunks.push(Chunk { offset, end, first_row, rows, kinds, min: bytes.signed()?, max: bytes.signed()? });
        }
        let mut gaps = Vec::new();
        for _ in 0..bytes.count()? {
            let length = bytes.count()?;
            gaps.push(record::take_gap(Bytes(bytes.take(length)?.get(1..).ok_or(Unreadable)?))?);
        }
        let (chunks, gaps) = (chunks.into(), gaps.into());
        Ok(Self { head, chunks, gaps, names, kept, rows, last_occurrence, bytes: file_bytes })
    }
}

/// The 16 bytes that a sealed file starts with.
pub(crate) fn header() -> [u8; HEADER_BYTES as usize] {
    let mut header = [0; HEADER_BYTES as usize];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&record::VERSION.to_le_bytes());
    let crc = crc32fast::hash(&header[..12]);
    header[12..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// The 24 bytes that a sealed file ends with.
pub(crate) fn footer(index_offset: u64, index_length: u32) -> [u8; FOOTER_BYTES] {
    let mut footer = [0; FOOTER_BYTES];
    footer[..8].copy_from_slice(&index_offset.to_le_bytes());
    footer[8..12].copy_from_slice(&index_length.to_le_bytes());
    footer[12..20].copy_from_slice(FOOTER_MAGIC);
    let crc = crc32fast::hash(&footer[..20]);
    footer[20..].copy_from_slice(&crc.to_le_bytes());
    footer
}

/// Puts a frame around a record.
pub(crate) fn put_frame(into: &mut Vec<u8>, payload: &[u8]) {
    into.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    into.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    into.extend_from_slice(payload);
}

/// An open file of any disk.
type OpenFile = dyn DiskFile + 'static;

fn failed(path: &Path) -> impl Fn(std::io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| StoreError::Io { act: "read the alarm journal", path: path.clone(), source }.into()
}

fn open_file(disk: &dyn Disk, path: &Path) -> Result<Box<dyn DiskFile>, JournalError> {
    disk.open(path, OpenMode::Read).map_err(failed(path))
}

/// Reads what is where. Where the index is damaged, it is made anew from the frames.
pub(crate) fn open(disk: &dyn Disk, path: &Path) -> Result<SealedIndex, JournalError> {
    let file = open_file(disk, path)?;
    let size = file.size().map_err(failed(path))?;
    let mut start = [0; HEADER_BYTES as usize];
    file.read_full_at(&mut start, 0).map_err(failed(path))?;
    let version = u32::from_le_bytes([start[8], start[9], start[10], start[11]]);
    if start[..8] == *MAGIC && version > record::VERSION && crc32fast::hash(&start[..12]).to_le_bytes() == start[12..] {
        return Err(JournalError::Version { version, path: path.to_owned() });
    }
    if let Some(index) = by_footer(&*file, path, size)? {
        return Ok(index);
    }
    tracing::warn!("the index of a file of the alarm journal is damaged; it is made anew while reading: {}", path.display());
    by_frames(&*file, path, size)
}

fn by_footer(file: &OpenFile, path: &Path, size: u64) -> Result<Option<SealedIndex>, JournalError> {
    let mut footer = [0; FOOTER_BYTES];
    let Some(at) = size.checked_sub(FOOTER_BYTES as u64) else { return Ok(None) };
    file.read_full_at(&mut footer, at).map_err(failed(path))?;
    let mut bytes = Bytes(&footer);
    let (Ok(offset), Ok(length)) = (bytes.u64(), bytes.u32()) else { return Ok(None) };
    if footer[12..20] != *FOOTER_MAGIC || crc32fast::hash(&footer[..20]).to_le_bytes() != footer[20..] {
        return Ok(None);
    }
    let Some(payload) = frame_at(file, path, offset, length.into())? else { return Ok(None) };
    Ok(SealedIndex::take(&payload, size).ok())
}

/// Walks over the frames from the start; stops where one can't be found any more.
fn by_frames(file: &OpenFile, path: &Path, size: u64) -> Result<SealedIndex, JournalError> {
    let mut index = SealedIndex { bytes: size, ..SealedIndex::default() };
    let mut chunks = Vec::new();
    let mut gaps = Vec::new();
    let mut offset = HEADER_BYTES;
    while offset + (FRAME_HEADER_BYTES as u64) < size {
        let mut length = [0; 4];
        file.read_full_at(&mut length, offset).map_err(failed(path))?;
        let length = u64::from(u32::from_le_bytes(length));
        if length == 0 || offset + FRAME_HEADER_BYTES as u64 + length > size {
            break;
        }
        if let Some(payload) = frame_at(file, path, offset, length)? {
            let bytes = Bytes(&payload[1..]);
            match payload[0] {
                record::HEAD => index.head = Head::take(bytes).unwrap_or(index.head),
                record::NAMES => index.names.push((offset, length)),
                record::KEPT => index.kept.push((offset, length)),
                record::GAP => gaps.extend(record::take_gap(bytes)),
                record::ROWS => chunks.extend(chunk_of(bytes.0, offset, length)),
                _ => {}
            }
        }
        offset += FRAME_HEADER_BYTES as u64 + length;
    }
    index.rows = chunks.iter().map(|chunk: &Chunk| chunk.rows).sum();
    (index.chunks, index.gaps) = (chunks.into(), gaps.into());
    Ok(index)
}

/// What an index says of a block.
pub(crate) fn chunk_of(block: &[u8], offset: u64, length: u64) -> Option<Chunk> {
    let block = Block::open(block).ok()?;
    let (mut min, mut max, mut kinds) = (i64::MAX, i64::MIN, 0);
    block
        .steps(|at, _, kind, _, _| {
            (min, max) = (min.min(at), max.max(at));
            kinds |= 1 << kind as u32;
        })
        .ok()?;
    Some(Chunk { offset, end: length, first_row: block.first_row, rows: block.rows as u64, min, max, kinds })
}

/// The bytes of a frame; `None` where they aren't what was written.
fn frame_at(file: &OpenFile, path: &Path, offset: u64, length: u64) -> Result<Option<Vec<u8>>, JournalError> {
    if length == 0 || length > FRAME_BYTES {
        return Ok(None);
    }
    let mut frame = vec![0; FRAME_HEADER_BYTES + length as usize];
    let got = file.read_full_at(&mut frame, offset).map_err(failed(path))?;
    if got < frame.len() || u64::from(u32::from_le_bytes([frame[0], frame[1], frame[2], frame[3]])) != length {
        return Ok(None);
    }
    let crc = crc32fast::hash(&frame[FRAME_HEADER_BYTES..]).to_le_bytes();
    let is_whole = frame[4..FRAME_HEADER_BYTES] == crc;
    frame.drain(..FRAME_HEADER_BYTES);
    Ok(is_whole.then_some(frame))
}

/// The record in a frame; `None` where it is damaged.
pub(crate) fn frame(disk: &dyn Disk, path: &Path, offset: u64, length: u64) -> Result<Option<Vec<u8>>, JournalError> {
    frame_at(&*open_file(disk, path)?, path, offset, length)
}

/// The names of a file.
pub(crate) fn names(disk: &dyn Disk, path: &Path, index: &SealedIndex) -> Result<Vec<Arc<AlarmTexts>>, JournalError> {
    let file = open_file(disk, path)?;
    let mut names = Vec::new();
    for (offset, length) in &index.names {
        // Rows whose names are damaged are still rows.
        let Some(payload) = frame_at(&*file, path, *offset, *length)? else { continue };
        let _ = catalog::take_names(Bytes(&payload[1..]), &mut names);
    }
    Ok(names)
}

/// Where alarms stood when a file began.
pub(crate) fn kept(disk: &dyn Disk, path: &Path, index: &SealedIndex) -> Result<Vec<(u32, AlarmRow)>, JournalError> {
    let file = open_file(disk, path)?;
    let mut kept = Vec::new();
    for (offset, length) in &index.kept {
        let Some(payload) = frame_at(&*file, path, *offset, *length)? else { continue };
        let mut bytes = Bytes(&payload[1..]);
        while !bytes.is_empty() {
            let Ok(row) = record::take_kept(&mut bytes) else { break };
            kept.push(row);
        }
    }
    Ok(kept)
}
