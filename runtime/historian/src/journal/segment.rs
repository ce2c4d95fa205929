//! The files of the journal as readers see them: which there are, and what is where in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use plantroom_store::{Disk, LogItem, LogReader};

use super::record::Head;
use super::sealed::{self, SealedIndex};
use super::tail::{TailState, TailView};
use super::{AlarmTexts, Gap, folder};
use crate::{JournalError, limits};

/// One file.
#[derive(Clone, Debug)]
pub(crate) enum Segment {
    /// It is being written, or waits to be sealed.
    Tail(Arc<TailView>),
    /// It never changes again. What is in it is looked up when somebody asks.
    Sealed(u64),
}

impl Segment {
    pub fn number(&self) -> u64 {
        match self {
            Self::Tail(view) => view.number,
            Self::Sealed(number) => *number,
        }
    }
}

/// Rows that lie together: what is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub offset: u64,
    /// Where the next one begins; for a sealed file the length of its frame.
    pub end: u64,
    pub first_row: u64,
    pub rows: u64,
    pub min: i64,
    pub max: i64,
    /// A bit for each [`plantroom_model::AlarmEventKind`] in it, by number.
    pub kinds: u32,
}

/// What is in a file, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    pub number: u64,
    pub is_sealed: bool,
    pub chunks: Arc<[Chunk]>,
    pub gaps: Arc<[Gap]>,
    pub names: Arc<[Arc<AlarmTexts>]>,
}

/// All files.
#[derive(Debug)]
pub(crate) struct Segments {
    pub disk: Arc<dyn Disk>,
    pub folder: PathBuf,
    list: RwLock<Arc<Vec<Segment>>>,
    indexes: Mutex<BTreeMap<u64, Arc<SealedIndex>>>,
    names: Mutex<Vec<(u64, Arc<[Arc<AlarmTexts>]>)>>,
}

impl Segments {
    pub fn new(disk: Arc<dyn Disk>, folder: PathBuf, list: Vec<Segment>) -> Self {
        let list = RwLock::new(Arc::new(list));
        Self { disk, folder, list, indexes: Mutex::default(), names: Mutex::default() }
    }

    /// Of a folder that nobody here writes: what is there now.
    pub fn of_folder(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, JournalError> {
        let mut list = Vec::new();
        for (number, is_sealed) in folder::files(&*disk, folder)? {
            if is_sealed {
                list.push(Segment::Sealed(number));
                continue;
            }
            let path = folder::path(folder, number, folder::TAIL);
            let mut state = TailState::default();
            let mut reader = LogReader::open(&*disk, &path)?;
            while let Some(item) = reader.next().transpose()? {
                state.take(&item, &path)?;
            }
            if state.is_ready {
                list.push(Segment::Tail(TailView::new(number, state)));
            }
        }
        Ok(Self::new(disk, folder.to_owned(), list))
    }

    pub fn path(&self, number: u64, ending: &str) -> PathBuf {
        folder::path(&self.folder, number, ending)
    }

    /// The files there are now, oldest first.
    pub fn list(&self) -> Arc<Vec<Segment>> {
        self.list.read().clone()
    }

    /// A new newest file.
    pub fn push(&self, view: Arc<TailView>) {
        let mut list = self.list.write();
        Arc::make_mut(&mut list).push(Segment::Tail(view));
    }

    /// A file is sealed.
    pub fn sealed(&self, number: u64) {
        let mut list = self.list.write();
        for segment in Arc::make_mut(&mut list).iter_mut().filter(|segment| segment.number() == number) {
            *segment = Segment::Sealed(number);
        }
    }

    /// A file is no more.
    pub fn removed(&self, number: u64) {
        Arc::make_mut(&mut self.list.write()).retain(|segment| segment.number() != number);
        self.indexes.lock().remove(&number);
        self.names.lock().retain(|(of, _)| *of != number);
    }

    /// What is where in a sealed file.
    pub fn index(&self, number: u64) -> Result<Arc<SealedIndex>, JournalError> {
        if let Some(index) = self.indexes.lock().get(&number) {
            return Ok(index.clone());
        }
        let index = Arc::new(sealed::open(&*self.disk, &self.path(number, folder::SEALED))?);
        self.indexes.lock().insert(number, index.clone());
        Ok(index)
    }

    /// What is where in a file, if it is sealed and can be read.
    pub fn index_of(&self, segment: &Segment) -> Option<Arc<SealedIndex>> {
        match segment {
            Segment::Tail(_) => None,
            Segment::Sealed(number) => self.index(*number).ok(),
        }
    }

    /// Bytes of the sealed files that have been looked into; the sealing thread looks into all of them.
    pub fn sealed_bytes(&self) -> u64 {
        self.indexes.lock().values().map(|index| index.bytes).sum()
    }

    /// What a file began with.
    pub fn head(&self, segment: &Segment) -> Result<Head, JournalError> {
        match segment {
            Segment::Tail(view) => Ok(view.with(|state| state.head)),
            Segment::Sealed(number) => Ok(self.index(*number)?.head),
        }
    }

    /// What is in a file now.
    pub fn contents(&self, segment: &Segment) -> Result<Contents, JournalError> {
        match segment {
            Segment::Tail(view) => Ok(view.contents()),
            Segment::Sealed(number) => {
                let index = self.index(*number)?;
                let (chunks, gaps) = (index.chunks.clone(), index.gaps.clone());
                Ok(Contents { number: *number, is_sealed: true, chunks, gaps, names: self.names(*number, &index)? })
            }
        }
    }

    fn names(&self, number: u64, index: &SealedIndex) -> Result<Arc<[Arc<AlarmTexts>]>, JournalError> {
        let mut kept = self.names.lock();
        if let Some(place) = kept.iter().position(|(of, _)| *of == number) {
            // The one that was used last is the last to go.
            let found = kept.remove(place);
            kept.push(found.clone());
            return Ok(found.1);
        }
        drop(kept);
        let names: Arc<[_]> = sealed::names(&*self.disk, &self.path(number, folder::SEALED), index)?.into();
        kept = self.names.lock();
        if kept.len() >= limits::CACHED_FILES {
            kept.remove(0);
        }
        kept.push((number, names.clone()));
        Ok(names)
    }

    /// The records of a chunk's blocks, in order; what is damaged is left out.
    pub fn read(&self, contents: &Contents, chunk: &Chunk) -> Result<Vec<Vec<u8>>, JournalError> {
        if contents.is_sealed {
            let path = self.path(contents.number, folder::SEALED);
            return Ok(sealed::frame(&*self.disk, &path, chunk.offset, chunk.end)?.into_iter().collect());
        }
        let path = self.path(contents.number, folder::TAIL);
        let mut blocks = Vec::new();
        let mut reader = match LogReader::resume(&*self.disk, &path, chunk.offset) {
            // Sealed since then: the same rows are there.
            Err(error) if error.is_missing() => return self.read_sealed_instead(contents.number, chunk),
            other => other?,
        };
        while let Some(item) = reader.next().transpose()? {
            match item {
                LogItem::Record { offset, .. } if offset >= chunk.end => break,
                LogItem::Record { payload, .. } if payload.first() == Some(&super::record::ROWS) => blocks.push(payload),
                _ => {}
            }
        }
        Ok(blocks)
    }

    fn read_sealed_instead(&self, number: u64, chunk: &Chunk) -> Result<Vec<Vec<u8>>, JournalError> {
        let contents = self.contents(&Segment::Sealed(number))?;
        let mut blocks = Vec::new();
        let ours =
            |other: &&Chunk| other.first_row < chunk.first_row + chunk.rows && chunk.first_row < other.first_row + other.rows;
        for other in contents.chunks.iter().filter(ours) {
            blocks.extend(self.read(&contents, other)?);
        }
        Ok(blocks)
    }
}
