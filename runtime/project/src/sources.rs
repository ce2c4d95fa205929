//! The files that were read, one after the other, so that one number names a place in any of them.

use std::cell::OnceCell;
use std::sync::Arc;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the project folder, with `/`.
    pub file: Arc<str>,
    /// Lines of headers whose tables lost lines to a syntax error: what seems to be missing there may not be.
    pub damaged: Vec<u32>,
    /// The place that means the file as a whole; its first byte is at the next one.
    whole: u32,
    text: Arc<str>,
    /// Where each line starts, in bytes; made when the first place is named.
    lines: OnceCell<Vec<u32>>,
}

/// Every file that was read. All together have less than 4 GiB: the folder's limit is a sixteenth of that.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<Source>,
    end: u32,
}

impl Sources {
    /// Takes a file; what comes back is the place that means the file as a whole, with [`byte`] for the places in it.
    pub fn add(&mut self, file: &str, text: &Arc<str>) -> u32 {
        let whole = self.end;
        self.end = self.end.saturating_add(u32::try_from(text.len()).unwrap_or(u32::MAX)).saturating_add(2);
        self.list.push(Source { file: file.into(), damaged: Vec::new(), whole, text: Arc::clone(text), lines: OnceCell::new() });
        whole
    }

    /// The file that a place is in.
    pub fn of(&self, at: u32) -> Option<&Source> {
        let next = self.list.partition_point(|source| source.whole <= at);
        self.list.get(next.checked_sub(1)?).filter(|_| at < self.end)
    }

    /// Like [`Sources::of`], to change it.
    pub fn of_mut(&mut self, at: u32) -> Option<&mut Source> {
        let next = self.list.partition_point(|source| source.whole <= at);
        self.list.get_mut(next.checked_sub(1)?).filter(|_| at < self.end)
    }

    /// File, line and column of a place, both from 1; 0 for a file as a whole, and no file for no place.
    pub fn place(&self, at: u32) -> (Arc<str>, (u32, u32)) {
        match self.of(at) {
            Some(source) => (Arc::clone(&source.file), source.place(at)),
            None => (Arc::from(""), (0, 0)),
        }
    }
}

impl Source {
    /// The bytes of this file from here on; of another file's place none.
    pub fn offset(&self, at: u32) -> Option<usize> {
        Some(at.checked_sub(self.whole)?.checked_sub(1)? as usize)
    }

    fn place(&self, at: u32) -> (u32, u32) {
        let Some(offset) = self.offset(at) else { return (0, 0) };
        let ends = || self.text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next);
        let lines = self.lines.get_or_init(|| std::iter::once(0).chain(ends()).collect());
        let line = lines.partition_point(|start| *start as usize <= offset).max(1);
        let start = lines.get(line - 1).map_or(0, |start| *start as usize);
        let column = self.text.get(start..offset.min(self.text.len())).map_or(0, |part| part.chars().count());
        (line as u32, column as u32 + 1)
    }
}

/// The place of a byte in the file that this place means as a whole.
pub(crate) fn byte(whole: u32, offset: usize) -> u32 {
    whole.saturating_add(1).saturating_add(u32::try_from(offset).unwrap_or(u32::MAX))
}
