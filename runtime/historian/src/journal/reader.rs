//! Reads the journal, also while it is being written.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use plantroom_store::Disk;

use super::segment::Segments;
use super::{CsvExport, JournalReport, Page, ParquetExport, Query, verify};
use crate::JournalError;

/// Reads a journal. Cheap to clone; any number may read at once.
#[derive(Clone, Debug)]
pub struct JournalReader {
    pub(crate) segments: Arc<Segments>,
}

impl JournalReader {
    pub(crate) fn over(segments: Arc<Segments>) -> Self {
        Self { segments }
    }

    /// Of a folder in which no station of this process writes: what is there at this moment. Changes nothing.
    ///
    /// # Errors
    /// When the folder can't be read, or a file comes from a newer Plantroom.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, JournalError> {
        Ok(Self::over(Arc::new(Segments::of_folder(disk, folder)?)))
    }

    /// Answers a question. Blocks while it reads.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn page(&self, query: &Query) -> Result<Page, JournalError> {
        query.ask(&self.segments)
    }

    /// Everything that fits, as CSV (RFC 4180, UTF-8, a head line), piece by piece; times in UTC and in this zone.
    pub fn csv(&self, query: Query, zone: TimeZone) -> CsvExport {
        CsvExport::new(self.clone(), query, zone)
    }

    /// Everything that fits, as an Apache Parquet file, piece by piece.
    ///
    /// # Errors
    /// When the file can't be begun.
    pub fn parquet(&self, query: Query, zone: TimeZone) -> Result<ParquetExport, JournalError> {
        ParquetExport::new(self.clone(), query, zone)
    }

    /// Reads everything, and says what is wrong.
    ///
    /// # Errors
    /// When the folder can't be read.
    pub fn verify(&self) -> Result<JournalReport, JournalError> {
        verify::verify(&self.segments)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.segments.folder
    }
}
