//! The alarm journal: every transition and every act, kept.

mod block;
mod catalog;
mod csv;
mod folder;
mod health;
mod lines;
mod parquet;
mod query;
mod queue;
mod reader;
mod record;
mod restore;
mod retention;
mod row;
mod seal;
mod sealed;
mod segment;
mod standings;
mod steps;
mod tail;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use plantroom_model::{AlarmEvent, Now};
use plantroom_store::Disk;

pub use catalog::{AlarmTexts, Catalog};
pub use csv::CsvExport;
pub use health::{JournalHealth, Progress};
pub use parquet::ParquetExport;
pub use query::{Order, Page, Query};
pub use reader::JournalReader;
pub use restore::{KeptAlarm, Restored};
pub use retention::Retention;
pub use row::{Columns, Gap, GapReason, JournalRow};
pub use steps::Steps;
pub use verify::JournalReport;

use crate::JournalError;
use queue::Queue;
use segment::Segments;
use writer::Writer;

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct JournalSetup {
    /// How long.
    pub retention: Retention,
    /// Length of the newest file after which the next one begins, in bytes.
    pub segment_bytes: u64,
    /// Age of the newest file after which the next one begins, in days.
    pub segment_days: i64,
    /// Room that is kept on the disk for when it is full, in bytes.
    pub reserve_bytes: u64,
    /// How long rows of the plant wait for others before they are written, in ms.
    pub gather_ms: u64,
    /// How long until a disk that failed is tried again, in ms.
    pub retry_ms: u64,
    /// Rows of the plant that wait for the disk.
    pub waiting_rows: usize,
}

impl Default for JournalSetup {
    fn default() -> Self {
        Self {
            retention: Retention::default(),
            segment_bytes: crate::limits::SEGMENT_BYTES,
            segment_days: crate::limits::SEGMENT_DAYS,
            reserve_bytes: crate::limits::RESERVE_BYTES,
            gather_ms: crate::limits::GATHER_MS,
            retry_ms: crate::limits::RETRY_MS,
            waiting_rows: crate::limits::WAITING_ROWS,
        }
    }
}

/// Keeps what happens to alarms. One thread writes; acts that arrive together share one `fsync`.
#[derive(Debug)]
pub struct Journal {
    queue: Arc<Queue>,
    reader: JournalReader,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Journal {
    /// Opens the journal in a folder that exists, or begins one, and says where every alarm stood.
    ///
    /// # Errors
    /// When the disk can't be read or written, or a file comes from a newer Plantroom.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path, setup: JournalSetup, now: Now) -> Result<(Self, Restored), JournalError> {
        let (mut found, restored) = restore::restore(&disk, folder, setup.reserve_bytes)?;
        let list = std::mem::take(&mut found.segments);
        let segments = Arc::new(Segments::new(disk, folder.to_owned(), list));
        let queue = Arc::new(Queue::new(setup.waiting_rows));
        let mut writer = Writer::start(segments.clone(), queue.clone(), setup, found, &restored, now)?;
        let mut threads = Vec::new();
        let (sealer, sealing) = seal::Sealer::new(segments.clone(), setup.retention);
        writer.seal_with(sealer);
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(JournalError::Thread)
        };
        threads.push(spawn("journal", Box::new(move || writer.run()))?);
        threads.push(spawn("journal-seal", Box::new(move || sealing.run()))?);
        Ok((Self { queue, reader: JournalReader::over(segments), threads: Mutex::new(threads) }, restored))
    }

    /// Hands over what a frame has brought, in order. Never waits for the disk; `catalog` is that of the plant which runs.
    pub fn note(&self, frame: u64, events: &[AlarmEvent], catalog: &Arc<Catalog>) {
        self.queue.note(frame, events, catalog);
    }

    /// How far the journal is.
    pub fn progress(&self) -> Progress {
        self.queue.progress()
    }

    /// Calls back at each progress, from the journal's thread: short and without waiting.
    pub fn on_progress(&self, tell: impl Fn(&Progress) + Send + Sync + 'static) {
        self.queue.on_progress(Box::new(tell));
    }

    /// Waits until a frame is on the disk, at most so long, in ms; says whether it is.
    pub fn wait_for(&self, frame: u64, at_most_ms: u64) -> bool {
        self.queue.wait_for(frame, at_most_ms)
    }

    /// Whether it is being written, and what to do if not.
    pub fn health(&self) -> JournalHealth {
        self.queue.health()
    }

    /// Reads it while it is being written. Cheap to clone.
    pub fn reader(&self) -> JournalReader {
        self.reader.clone()
    }

    /// Waits until everything handed in so far is on the disk or has failed once: for an orderly stop.
    pub fn flush(&self) {
        self.queue.flush();
    }

    /// No more will come: what is waiting is written, and the journal closed as of this time. Without it (and when the journal
    /// is dropped) it is closed as of its newest row. It can still be read.
    pub fn close(&self, now: Now) {
        self.queue.stop(Some(now.utc.0));
        self.join();
    }

    fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// The folder it lies in.
    pub fn folder(&self) -> PathBuf {
        self.reader.folder().to_owned()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.queue.stop(None);
        self.join();
    }
}
