//! A disk in memory that fails where a test tells it to, and forgets what a power cut may forget.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Disk, DiskFile, OpenMode};

/// What happens at a chosen step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This step fails with an input/output error after a part of it; later ones work.
    Error,
    /// This step and all later ones fail: the power is gone.
    Crash,
}

/// A disk in memory, for tests. Every call that changes something is a step; steps count from 0 since the last
/// [`FaultyDisk::trouble_at`]. Clones are the same disk.
#[derive(Clone, Debug)]
pub struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What the running system sees.
    names: BTreeMap<PathBuf, usize>,
    /// What is left of it after a power cut.
    durable_names: BTreeMap<PathBuf, usize>,
    files: Vec<Content>,
    step: u64,
    trouble: Option<(u64, Trouble)>,
    crashed: bool,
    capacity: Option<u64>,
    short_writes: bool,
    random: u64,
}

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
    /// Writes since the last sync; after a power cut any part of each may be there.
    pending: Vec<(u64, Vec<u8>)>,
}

impl FaultyDisk {
    /// An empty disk; the seed decides what a power cut leaves.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State { random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, ..State::default() })))
    }

    /// From now on, the step with this number (0 is the next one) ends in trouble.
    pub fn trouble_at(&self, step: u64, trouble: Trouble) {
        let mut state = self.state();
        state.step = 0;
        state.trouble = Some((step, trouble));
    }

    /// No trouble any more (a disk that was plugged in again); what happened stays.
    pub fn heal(&self) {
        let mut state = self.state();
        state.trouble = None;
        state.capacity = None;
    }

    /// Bytes that all files together can have.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state().capacity = bytes;
    }

    /// Bytes that all files together have.
    pub fn used(&self) -> u64 {
        self.state().used()
    }

    /// Whether writes are cut into random pieces.
    pub fn set_short_writes(&self, short: bool) {
        self.state().short_writes = short;
    }

    /// Flips bits of one byte of a file: what a failing disk does.
    pub fn damage(&self, path: &Path, offset: u64, mask: u8) {
        let mut state = self.state();
        if let Some(file) = state.names.get(path).copied()
            && let Some(byte) = state.files[file].now.get_mut(offset as usize)
        {
            *byte ^= mask;
        }
    }

    /// The disk as a restarted machine finds it: everything synced, and any part of what wasn't.
    pub fn after_crash(&self) -> Self {
        let mut state = self.state();
        let mut after = State { random: state.next(), ..State::default() };
        // A folder that wasn't synced is seen as it was, or as it is.
        let names = if state.next() % 2 == 0 { &state.names } else { &state.durable_names }.clone();
        for (path, index) in names {
            let file = state.files[index].clone();
            let mut bytes = file.durable;
            for (offset, written) in file.pending {
                let kept = match state.next() % 3 {
                    0 => 0..0,
                    1 => 0..written.len(),
                    _ => {
                        let cut = (state.next() as usize) % (written.len() + 1);
                        if state.next() % 2 == 0 { 0..cut } else { cut..written.len() }
                    }
                };
                put(&mut bytes, offset + kept.start as u64, &written[kept]);
            }
            after.names.insert(path.clone(), after.files.len());
            after.files.push(Content { now: bytes.clone(), durable: bytes, pending: Vec::new() });
        }
        after.durable_names = after.names.clone();
        Self(Arc::new(Mutex::new(after)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> u64 {
        // xorshift64* (Vigna 2016): good enough to choose what breaks.
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }

    fn used(&self) -> u64 {
        self.names.values().map(|index| self.files[*index].now.len() as u64).sum()
    }

    /// Counts a step; the trouble that strikes in it, if any.
    fn step(&mut self) -> io::Result<Option<Trouble>> {
        if self.crashed {
            return Err(gone());
        }
        let step = self.step;
        self.step += 1;
        match self.trouble {
            Some((at, trouble)) if at == step => {
                self.crashed = trouble == Trouble::Crash;
                Ok(Some(trouble))
            }
            _ => Ok(None),
        }
    }

    /// A step that happens as a whole or not at all.
    fn whole_step(&mut self) -> io::Result<()> {
        match self.step()? {
            Some(_) => Err(gone()),
            None => Ok(()),
        }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn gone() -> io::Error {
    io::Error::other("input/output error")
}

fn put(bytes: &mut Vec<u8>, offset: u64, written: &[u8]) {
    let (start, end) = (offset as usize, offset as usize + written.len());
    if !written.is_empty() {
        bytes.resize(bytes.len().max(end), 0);
        bytes[start..end].copy_from_slice(written);
    }
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let file = match mode {
            OpenMode::Read | OpenMode::Write => state.find(path)?,
            OpenMode::Create => {
                state.whole_step()?;
                let new = state.files.len();
                state.files.push(Content::default());
                state.names.insert(path.to_owned(), new);
                new
            }
        };
        drop(state);
        Ok(Box::new(FaultyFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole_step()?;
        let file = state.find(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole_step()?;
        state.find(path)?;
        state.names.remove(path);
        Ok(())
    }

    fn sync_folder(&self, _folder: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.whole_step()?;
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.state().names.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    file: usize,
}

impl DiskFile for FaultyFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].now.len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state();
        if state.crashed {
            return Err(gone());
        }
        let bytes = &state.files[self.file].now;
        let from = (offset as usize).min(bytes.len());
        let count = into.len().min(bytes.len() - from);
        into[..count].copy_from_slice(&bytes[from..from + count]);
        Ok(count)
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.state();
        let trouble = state.step()?;
        let mut count = bytes.len();
        if trouble.is_some() {
            count = (state.next() as usize) % (count + 1);
        } else if state.short_writes && count > 1 {
            count = 1 + (state.next() as usize) % count;
        }
        if let Some(capacity) = state.capacity {
            let length = state.files[self.file].now.len() as u64;
            let room = capacity.saturating_sub(state.used());
            count = count.min((length + room).saturating_sub(offset) as usize);
            if count == 0 && !bytes.is_empty() && trouble.is_none() {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        let content = &mut state.files[self.file];
        put(&mut content.now, offset, &bytes[..count]);
        content.pending.push((offset, bytes[..count].to_vec()));
        if trouble.is_some() { Err(gone()) } else { Ok(count) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.whole_step()?;
        let content = &mut state.files[self.file];
        content.durable = content.now.clone();
        content.pending.clear();
        Ok(())
    }
}
