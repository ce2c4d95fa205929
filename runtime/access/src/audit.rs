//! The audit trail: what was done, by whom, before it happens.

mod record;
mod trail;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use plantroom_model::{Door, Mono, Now, Outcome, Utc};
use plantroom_store::{Disk, StoreError};

pub use record::{AuditRecord, Entry};
pub use trail::{AuditBreak, AuditFilter, AuditReport, list, read_forward, verify};
pub use writer::{AuditHealth, AuditState};

use crate::order::{Begun, Recorded, WriteEntry};
use crate::{Act, AuditError, Permit, Refusal, limits};
pub(crate) use record::cut;
use record::{outcome_text, value_json};
use writer::{Job, Policy, Writer};

/// Writes the trail. One thread commits; acts that arrive together share one `fsync`.
#[derive(Debug)]
pub struct Audit {
    jobs: SyncSender<Job>,
    health: Arc<Mutex<AuditHealth>>,
    budget: Mutex<NoteBudget>,
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl Audit {
    pub(crate) fn start(disk: Arc<dyn Disk>, folder: &Path, now: Utc) -> Result<Self, StoreError> {
        Self::start_in_segments(disk, folder, limits::SEGMENT_BYTES, now)
    }

    fn start_in_segments(disk: Arc<dyn Disk>, folder: &Path, segment_bytes: u64, now: Utc) -> Result<Self, StoreError> {
        let health = Arc::new(Mutex::new(AuditHealth::default()));
        let mut writer = Writer::open(disk.clone(), folder, segment_bytes, health.clone(), now)?;
        let (jobs, inbox) = sync_channel(limits::COMMIT_RECORDS * 4);
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run(&inbox));
        let thread = thread.map_err(|source| StoreError::Io { act: "start the audit", path: folder.to_owned(), source })?;
        let budget = Mutex::new(NoteBudget::default());
        Ok(Self { jobs, health, budget, disk, folder: folder.to_owned(), thread: Some(thread) })
    }

    /// Records a write before it happens. When it returns, the record is on the disk; essential writes pass
    /// without that when the disk doesn't take it, and are recorded as soon as it does.
    ///
    /// # Errors
    /// When the trail can't be written: the write must not happen.
    pub fn open(&self, permit: Permit, entry: WriteEntry, now: Now) -> Result<Recorded, AuditError> {
        let tag = permit.act.tag.ok_or(AuditError::NotAWrite)?;
        let mut record = AuditRecord::of_permit(&permit, Entry::Open, now.utc);
        record.old = entry.old.as_ref().map(value_json);
        let new = value_json(&entry.new);
        record.new = Some(match &entry.rest {
            Some(rest) => serde_json::json!({ "pulse": new, "rest": value_json(rest) }),
            None => new,
        });
        record.comment = cut(&entry.comment, plantroom_model::limits::COMMENT_BYTES);
        let policy = if entry.essential { Policy::Late } else { Policy::Durable };
        let written = self.submit(record, policy)?;
        Ok(Recorded {
            number: written.number,
            durable: written.durable,
            user: permit.user,
            tag,
            value: entry.new,
            rest: entry.rest,
        })
    }

    /// Records how a write ended. Where the disk doesn't take it now, it follows later.
    ///
    /// # Errors
    /// Only when the station is stopping.
    pub fn close(&self, recorded: &Recorded, outcome: &Outcome, now: Now) -> Result<(), AuditError> {
        let record = AuditRecord::closing(recorded.number, &recorded.user, outcome_text(outcome), now.utc);
        self.submit(record, Policy::Late).map(|_| ())
    }

    /// Records anything but a write before it happens; old and new as JSON, without secrets.
    ///
    /// # Errors
    /// When the trail can't be written: it must not happen.
    pub fn begin(
        &self,
        permit: Permit,
        (old, new): (Option<serde_json::Value>, Option<serde_json::Value>),
        comment: &str,
        now: Now,
    ) -> Result<Begun, AuditError> {
        let mut record = AuditRecord::of_permit(&permit, Entry::Open, now.utc);
        (record.old, record.new, record.comment) = (old, new, cut(comment, limits::FIELD_BYTES));
        let written = self.submit(record, Policy::Durable)?;
        Ok(Begun { number: written.number, user: permit.user })
    }

    /// Records how it ended: `done`, or why not.
    ///
    /// # Errors
    /// Only when the station is stopping.
    pub fn finish(&self, begun: Begun, result: &str, now: Now) -> Result<(), AuditError> {
        let record = AuditRecord::closing(begun.number, &begun.user, cut(result, limits::FIELD_BYTES), now.utc);
        self.submit(record, Policy::Late).map(|_| ())
    }

    /// Records what a permit was used for, where nothing changes by it (reading the trail, a backup).
    pub fn note(&self, permit: Permit, result: &str, now: Now) {
        let mut record = AuditRecord::of_permit(&permit, Entry::Note, now.utc);
        record.result = cut(result, limits::FIELD_BYTES);
        self.write_note(record, now.mono);
    }

    /// Records what the station itself does (start, stop, a plugin in quarantine).
    pub fn event(&self, act: Act, result: &str, now: Now) {
        let permit = Permit { act, user: "station".into(), source: "local".into(), door: Door::Station };
        self.note(permit, result, now);
    }

    /// Whether the trail is being written.
    pub fn health(&self) -> AuditHealth {
        self.health.lock().clone()
    }

    /// The newest records that match, newest first.
    ///
    /// # Errors
    /// When the trail can't be read.
    pub fn list(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
        trail::list_on(&*self.disk, &self.folder, filter)
    }

    /// Checks the whole trail.
    ///
    /// # Errors
    /// When the trail can't be read.
    pub fn verify(&self) -> Result<AuditReport, StoreError> {
        trail::verify_on(&*self.disk, &self.folder)
    }

    pub(crate) fn refusal(&self, permit: Permit, refusal: &Refusal, now: Now) {
        self.note(permit, &format!("refused: {refusal}"), now);
    }

    /// Waits until everything handed in so far, notes included, is on the disk or has failed: for an orderly stop.
    pub fn flush(&self) {
        let (reply, answer) = sync_channel(1);
        if self.jobs.send(Job::Flush { reply }).is_ok() {
            let _ = answer.recv();
        }
    }

    /// Hands a note over without waiting for the disk; more than the budget are counted instead.
    fn write_note(&self, record: AuditRecord, now: Mono) {
        let skipped = {
            let mut budget = self.budget.lock();
            if !budget.take(now) {
                budget.skipped += 1;
                self.health.lock().skipped += 1;
                return;
            }
            std::mem::take(&mut budget.skipped)
        };
        let mut record = record;
        if skipped > 0 {
            record.comment = format!("{skipped} similar records before this one were not written: too many at once");
        }
        // Nobody waits here: when the disk hangs, notes are counted instead.
        let job = Job::Record { record: Box::new(record), policy: Policy::Note, reply: None };
        if self.jobs.try_send(job).is_err() {
            self.budget.lock().skipped += 1 + skipped;
            self.health.lock().skipped += 1;
        }
    }

    fn submit(&self, record: AuditRecord, policy: Policy) -> Result<writer::Written, AuditError> {
        let (reply, answer) = sync_channel(1);
        let job = Job::Record { record: Box::new(record), policy, reply: Some(reply) };
        self.jobs.send(job).map_err(|_| AuditError::Stopping)?;
        answer.recv().map_err(|_| AuditError::Stopping)?
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        let _ = self.jobs.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How many notes may still be written: strangers at the door must not fill the disk.
#[derive(Debug, Default)]
struct NoteBudget {
    spent: u64,
    last: Mono,
    skipped: u64,
}

impl NoteBudget {
    fn take(&mut self, now: Mono) -> bool {
        let earned = now.since(self.last).saturating_mul(limits::NOTES_PER_S) / 1_000_000_000;
        if earned > 0 {
            self.spent = self.spent.saturating_sub(earned);
            self.last = now;
        }
        if self.spent >= limits::NOTE_BURST {
            return false;
        }
        self.spent += 1;
        true
    }
}

#[cfg(test)]
mod tests;
