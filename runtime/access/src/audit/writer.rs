//! The thread that commits the trail.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use parking_lot::Mutex;
use plantroom_model::{Door, Utc};
use plantroom_store::{AppendLog, Disk, LogItem, LogOptions, LogReader, Recovery, StoreError};

use super::record::{AuditRecord, Entry, Hash, hash};
use super::trail::{segment_path, segments};
use crate::{Act, AuditError, Category, Permit, limits};

/// How the trail is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditState {
    /// Everything is written.
    #[default]
    Ok,
    /// The disk is full; the trail goes on in its reserve.
    OnReserve,
    /// Nothing can be written: only essential writes pass.
    Failing,
}

/// How the trail is, with figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditHealth {
    /// In one word.
    pub state: AuditState,
    /// What is wrong and what to do; empty while nothing is.
    pub message: String,
    /// Bytes that can still be written on a full disk.
    pub reserve_left_bytes: u64,
    /// Records in memory that wait for the disk.
    pub late: usize,
    /// Records of essential acts that were lost, because too many waited.
    pub lost: u64,
    /// Refusals, logins and the like that were counted instead of recorded.
    pub skipped: u64,
    /// Records since the trail began.
    pub records: u64,
}

/// What must be true when a record is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// It is on the disk, or the act is refused.
    Durable,
    /// It is on the disk, or follows.
    Late,
    /// Nobody waits; it may be left out while space is short.
    Note,
}

pub(super) enum Job {
    Record { record: Box<AuditRecord>, policy: Policy, reply: Option<Reply> },
    Flush { reply: SyncSender<()> },
    Stop,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) durable: bool,
}

type Reply = SyncSender<Result<Written, AuditError>>;
type Waiting = (Box<AuditRecord>, Policy, Option<Reply>);

#[derive(Debug)]
pub(super) struct Writer {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    log: AppendLog,
    segment: u32,
    /// Behind so many bytes a new file is begun.
    segment_bytes: u64,
    /// Number and hash of the newest record, on the disk or late.
    number: u64,
    head: Hash,
    /// Sealed records that wait for the disk, in order.
    late: VecDeque<Vec<u8>>,
    lost: u64,
    lost_told: u64,
    failure: String,
    health: Arc<Mutex<AuditHealth>>,
    /// Given when the health is up to date, so that nobody sees an answer before its reason.
    answers: Vec<(Reply, Result<Written, AuditError>)>,
}

const LOG: LogOptions = LogOptions { reserve_bytes: limits::RESERVE_BYTES, grow_bytes: 256 << 10 };

impl Writer {
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        folder: &Path,
        segment_bytes: u64,
        health: Arc<Mutex<AuditHealth>>,
        now: Utc,
    ) -> Result<Self, StoreError> {
        let present = segments(&*disk, folder)?;
        let mut past = Past::default();
        if let [.., (_, before), _] = &*present {
            for item in LogReader::open(&*disk, before)? {
                if let LogItem::Record { payload, .. } = item? {
                    past.take(&payload);
                }
            }
        }
        let segment = present.last().map_or(1, |(index, _)| *index);
        let path = segment_path(folder, segment);
        let (log, recovery) = AppendLog::open(&disk, &path, LOG, |_, payload| past.take(payload))?;
        let folder = folder.to_owned();
        let (number, head) = (past.number, past.head);
        let mut writer = Self {
            disk,
            folder,
            log,
            segment,
            segment_bytes,
            number,
            head,
            late: VecDeque::new(),
            lost: 0,
            lost_told: 0,
            failure: String::new(),
            health,
            answers: Vec::new(),
        };
        writer.begin(&past, &recovery, &path, now);
        Ok(writer)
    }

    /// The first records of a new process: what was found, and what the last one didn't finish.
    fn begin(&mut self, past: &Past, recovery: &Recovery, path: &Path, now: Utc) {
        let mut found = "clean".to_owned();
        if recovery.torn_bytes > 0 || !recovery.damage.is_empty() {
            found =
                format!("{} bytes of an unfinished write cut off; damaged ranges: {:?}", recovery.torn_bytes, recovery.damage);
            tracing::warn!("the audit trail was not closed cleanly: {found}; {}", path.display());
        }
        let act = Act::new(Category::Audit, "open trail", "");
        let permit = Permit { act, user: "station".into(), source: "local".into(), door: Door::Station };
        let mut opening = AuditRecord::of_permit(&permit, Entry::Note, now);
        opening.result = found;
        let mut batch: Vec<Waiting> = vec![(Box::new(opening), Policy::Late, None)];
        for (number, user) in &past.open {
            let result = "unknown: the station stopped before the outcome was recorded".to_owned();
            let closing = AuditRecord::closing(*number, user, result, now);
            batch.push((Box::new(closing), Policy::Late, None));
        }
        self.commit(batch);
    }

    pub(super) fn run(&mut self, inbox: &Receiver<Job>) {
        loop {
            let in_trouble = !self.late.is_empty() || self.log.on_reserve() || !self.failure.is_empty();
            let first = if in_trouble {
                // The disk is asked once a second whether it is well again.
                inbox.recv_timeout(Duration::from_secs(1))
            } else {
                inbox.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            let mut batch = Vec::new();
            let mut flushes = Vec::new();
            let mut stop = false;
            match first {
                Ok(job) => stop = sort(job, &mut batch, &mut flushes),
                Err(RecvTimeoutError::Timeout) => {
                    self.log.refill();
                }
                Err(RecvTimeoutError::Disconnected) => stop = true,
            }
            while !stop && batch.len() < limits::COMMIT_RECORDS {
                match inbox.try_recv() {
                    Ok(job) => stop = sort(job, &mut batch, &mut flushes),
                    Err(_) => break,
                }
            }
            self.commit(batch);
            for reply in flushes {
                let _ = reply.send(());
            }
            if stop {
                return;
            }
        }
    }

    fn commit(&mut self, batch: Vec<Waiting>) {
        self.roll();
        self.tell_lost();
        let short = self.log.on_reserve() && self.log.reserve_left() < limits::RESERVE_BYTES / 2;
        let (dropped, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(|(_, policy, _)| short && *policy == Policy::Note);
        self.health.lock().skipped += dropped.len() as u64;
        if !batch.is_empty() || !self.late.is_empty() {
            self.commit_together(batch);
        }
        self.report();
        for (reply, result) in self.answers.drain(..) {
            // Whoever asked may be gone.
            let _ = reply.send(result);
        }
    }

    /// All in one write; where that doesn't fit on the disk, one by one.
    fn commit_together(&mut self, mut batch: Vec<Waiting>) {
        let (mut number, mut head) = (self.number, self.head);
        let mut sealed = Vec::with_capacity(batch.len());
        for (record, ..) in &mut batch {
            match record.seal(number + 1, &head) {
                Ok((bytes, hash)) => {
                    (number, head) = (number + 1, hash);
                    sealed.push((number, bytes));
                }
                Err(error) => return self.refuse(batch, &error.to_string()),
            }
        }
        let payloads: Vec<&[u8]> =
            self.late.iter().map(Vec::as_slice).chain(sealed.iter().map(|(_, bytes)| bytes.as_slice())).collect();
        match self.log.append(&payloads) {
            Ok(()) => {
                (self.number, self.head) = (number, head);
                self.late.clear();
                self.failure.clear();
                for ((_, _, reply), (number, _)) in batch.into_iter().zip(sealed) {
                    self.answer(reply, Ok(Written { number, durable: true }));
                }
            }
            Err(error) if error.is_full() && batch.len() > 1 => {
                for waiting in batch {
                    self.commit_together(vec![waiting]);
                }
            }
            Err(error) => {
                self.failure = error.to_string();
                for waiting in batch {
                    self.put_off(waiting, &error);
                }
            }
        }
    }

    /// What may follow later waits in memory, already in the chain; the rest is refused.
    fn put_off(&mut self, (mut record, policy, reply): Waiting, error: &StoreError) {
        if policy != Policy::Late {
            if policy == Policy::Note {
                self.health.lock().skipped += 1;
            }
            return self.answer(reply, Err(AuditError::Unavailable(error.to_string())));
        }
        let mut number = 0;
        match record.seal(self.number + 1, &self.head) {
            Ok((bytes, hash)) if self.late.len() < limits::LATE_RECORDS => {
                (self.number, self.head) = (self.number + 1, hash);
                number = self.number;
                self.late.push_back(bytes);
            }
            _ => self.lost += 1,
        }
        self.answer(reply, Ok(Written { number, durable: false }));
    }

    fn answer(&mut self, reply: Option<Reply>, result: Result<Written, AuditError>) {
        self.answers.extend(reply.map(|reply| (reply, result)));
    }

    fn refuse(&mut self, batch: Vec<Waiting>, reason: &str) {
        for (_, _, reply) in batch {
            self.answer(reply, Err(AuditError::Unavailable(reason.to_owned())));
        }
    }

    /// Begins a new file when this one is long enough; on a disk without room the old one goes on.
    fn roll(&mut self) {
        if self.log.end() < self.segment_bytes || self.log.on_reserve() || !self.late.is_empty() {
            return;
        }
        let next = segment_path(&self.folder, self.segment + 1);
        match AppendLog::open(&self.disk, &next, LOG, |_, _| {}) {
            Ok((log, _)) if !log.on_reserve() => {
                self.log = log;
                self.segment += 1;
            }
            Ok(_) => {
                let _ = self.disk.remove(&next);
            }
            Err(error) => tracing::warn!("a new file of the audit trail can't be begun, the old one goes on: {error}"),
        }
    }

    /// Losses are recorded as soon as anything can be.
    fn tell_lost(&mut self) {
        if self.lost == self.lost_told || self.late.len() >= limits::LATE_RECORDS {
            return;
        }
        let act = Act::new(Category::Audit, "lose records", "");
        let permit = Permit { act, user: "station".into(), source: "local".into(), door: Door::Station };
        let mut record = AuditRecord::of_permit(&permit, Entry::Note, Utc(0));
        record.result = format!("{} records of essential acts were lost while the disk failed", self.lost - self.lost_told);
        self.lost_told = self.lost;
        self.put_off((Box::new(record), Policy::Late, None), &StoreError::RecordLength(0));
    }

    fn report(&self) {
        let mut health = self.health.lock();
        let before = health.state;
        health.state = match (&*self.failure, self.log.on_reserve()) {
            ("", false) => AuditState::Ok,
            ("", true) => AuditState::OnReserve,
            _ => AuditState::Failing,
        };
        health.message = match health.state {
            AuditState::Ok => String::new(),
            AuditState::OnReserve => format!(
                "the disk of the audit trail is full; {} KiB of its reserve are left, then only essential writes pass: \
                 free some space",
                self.log.reserve_left() / 1_024
            ),
            AuditState::Failing => format!("the audit trail can't be written, only essential writes pass: {}", self.failure),
        };
        health.reserve_left_bytes = self.log.reserve_left();
        (health.late, health.lost, health.records) = (self.late.len(), self.lost, self.number);
        match (before, health.state) {
            (before, now) if before == now => {}
            (_, AuditState::Ok) => tracing::info!("the audit trail is written again, with its whole reserve"),
            (_, _) => tracing::warn!("{}", health.message),
        }
    }
}

fn sort(job: Job, batch: &mut Vec<Waiting>, flushes: &mut Vec<SyncSender<()>>) -> bool {
    match job {
        Job::Record { record, policy, reply } => batch.push((record, policy, reply)),
        Job::Flush { reply } => flushes.push(reply),
        Job::Stop => return true,
    }
    false
}

/// What a new process must know of the records before it.
#[derive(Default)]
struct Past {
    number: u64,
    head: Hash,
    open: BTreeMap<u64, String>,
}

impl Past {
    fn take(&mut self, payload: &[u8]) {
        self.head = hash(payload);
        let Ok(record) = serde_json::from_slice::<AuditRecord>(payload) else {
            self.number += 1;
            return;
        };
        self.number = record.number;
        match (record.entry, record.of) {
            (Entry::Open, _) => {
                self.open.insert(record.number, record.user);
            }
            (Entry::Close, Some(of)) => {
                self.open.remove(&of);
            }
            _ => {}
        }
    }
}
