//! Reads the trail: lists it, and checks its chain.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use plantroom_model::Utc;
use plantroom_store::{Disk, LogItem, LogReader, RealDisk, StoreError};

use super::record::{AuditRecord, Entry, hash};
use crate::Category;

/// Which records are wanted; what is `None` doesn't matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only numbers below this one: for going back page by page.
    pub before: Option<u64>,
    /// Only at or after this time.
    pub since: Option<Utc>,
    /// Only before this time.
    pub until: Option<Utc>,
    /// Only this user, upper and lower case alike.
    pub user: Option<String>,
    /// Only this tag or user acted upon; with `*` at its end, all that start so.
    pub target: Option<String>,
    /// Only this category.
    pub category: Option<Category>,
    /// At most so many; 0 means [`AuditFilter::DEFAULT_LIMIT`], and [`AuditFilter::LIMIT`] is the most.
    pub limit: usize,
}

impl AuditFilter {
    /// How many where nobody says.
    pub const DEFAULT_LIMIT: usize = 100;
    /// The most at once.
    pub const LIMIT: usize = 10_000;

    /// Whether a record is wanted.
    pub fn matches(&self, record: &AuditRecord) -> bool {
        self.before.is_none_or(|before| record.number < before)
            && self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at < until)
            && self.user.as_ref().is_none_or(|user| user.to_lowercase() == record.user.to_lowercase())
            && self.category.is_none_or(|category| category == record.category)
            && self.target.as_ref().is_none_or(|target| match target.strip_suffix('*') {
                Some(start) => record.target.starts_with(start),
                None => record.target == *target,
            })
    }

    fn count(&self) -> usize {
        if self.limit == 0 { Self::DEFAULT_LIMIT } else { self.limit.min(Self::LIMIT) }
    }
}

/// What checking the whole trail has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Files.
    pub segments: usize,
    /// Records that could be read.
    pub records: u64,
    /// Number of the newest.
    pub last: u64,
    /// SHA-256 of the newest, in hex: keep it elsewhere to be able to tell that the end was not cut off.
    pub head: String,
    /// The first place where the chain is broken; `None` when all is well.
    pub broken: Option<AuditBreak>,
    /// How many places.
    pub breaks: u64,
    /// Bytes of an unfinished write at the end of the newest file; cut off when the station starts.
    pub torn_bytes: u64,
    /// Records that opened something and were never closed; in a running station, what is under way.
    pub open: Vec<u64>,
}

impl AuditReport {
    /// Whether nothing is broken.
    pub fn intact(&self) -> bool {
        self.broken.is_none()
    }
}

/// Where and how the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditBreak {
    /// The file.
    pub file: PathBuf,
    /// The first byte of the broken record in it.
    pub offset: u64,
    /// The number of the record, or of the one that should be there.
    pub number: u64,
    /// In a sentence.
    pub what: String,
}

/// The newest records of a data folder that match, newest first. Works beside a running station.
///
/// # Errors
/// When the trail can't be read.
pub fn list(folder: &Path, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
    list_on(&RealDisk, folder, filter)
}

/// Checks the whole trail of a data folder. Works beside a running station.
///
/// # Errors
/// When the trail can't be read.
pub fn verify(folder: &Path) -> Result<AuditReport, StoreError> {
    verify_on(&RealDisk, folder)
}

/// Every record that can be read, oldest first, as it stands in the trail; for exports.
///
/// # Errors
/// When the trail can't be read.
pub fn read_forward(folder: &Path, mut visit: impl FnMut(AuditRecord)) -> Result<(), StoreError> {
    for (_, path) in segments(&RealDisk, folder)? {
        for item in LogReader::open(&RealDisk, &path)? {
            if let LogItem::Record { payload, .. } = item?
                && let Ok(record) = serde_json::from_slice(&payload)
            {
                visit(record);
            }
        }
    }
    Ok(())
}

pub(super) fn list_on(disk: &dyn Disk, folder: &Path, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
    let wanted = filter.count();
    let mut newest_first = Vec::new();
    for (_, path) in segments(disk, folder)?.iter().rev() {
        let missing = wanted - newest_first.len();
        if missing == 0 {
            break;
        }
        let mut of_file = VecDeque::new();
        for item in LogReader::open(disk, path)? {
            if let LogItem::Record { payload, .. } = item?
                && let Ok(record) = serde_json::from_slice::<AuditRecord>(&payload)
                && filter.matches(&record)
            {
                if of_file.len() == missing {
                    of_file.pop_front();
                }
                of_file.push_back(record);
            }
        }
        newest_first.extend(of_file.into_iter().rev());
    }
    Ok(newest_first)
}

pub(super) fn verify_on(disk: &dyn Disk, folder: &Path) -> Result<AuditReport, StoreError> {
    let mut report = AuditReport::default();
    let mut chain = Chain { number: 0, head: [0; 32], open: BTreeSet::new() };
    for (_, path) in segments(disk, folder)? {
        report.segments += 1;
        let mut reader = LogReader::open(disk, &path)?;
        for item in reader.by_ref() {
            let (offset, wrong) = match item? {
                LogItem::Damage { from, to } => (from, Some(format!("{} bytes can't be read any more", to - from))),
                LogItem::Record { offset, payload } => {
                    report.records += 1;
                    (offset, chain.take(&payload))
                }
            };
            if let Some(what) = wrong {
                report.breaks += 1;
                report.broken.get_or_insert(AuditBreak { file: path.clone(), offset, number: chain.number.max(1), what });
            }
        }
        report.torn_bytes = reader.end().map_or(0, |end| end.torn_bytes);
    }
    report.last = chain.number;
    report.head = hex::encode(chain.head);
    report.open = chain.open.into_iter().collect();
    Ok(report)
}

struct Chain {
    number: u64,
    head: [u8; 32],
    open: BTreeSet<u64>,
}

impl Chain {
    /// What is wrong with the next record, if anything.
    fn take(&mut self, payload: &[u8]) -> Option<String> {
        let (expected, head) = (self.number + 1, hex::encode(self.head));
        self.head = hash(payload);
        let Ok(record) = serde_json::from_slice::<AuditRecord>(payload) else {
            self.number = expected;
            return Some(format!("record {expected} is not an audit record"));
        };
        self.number = record.number;
        match (record.entry, record.of) {
            (Entry::Open, _) => {
                self.open.insert(record.number);
            }
            (Entry::Close, Some(of)) => {
                self.open.remove(&of);
            }
            _ => {}
        }
        if record.number != expected {
            return Some(format!("record {} stands where record {expected} should be", record.number));
        }
        (record.prev != head).then(|| format!("record {expected} does not follow from the record before it, which was changed"))
    }
}

/// The files of the trail, oldest first.
pub(super) fn segments(disk: &dyn Disk, folder: &Path) -> Result<Vec<(u32, PathBuf)>, StoreError> {
    let paths =
        disk.list(folder).map_err(|source| StoreError::Io { act: "read the data folder", path: folder.to_owned(), source })?;
    let mut found: Vec<(u32, PathBuf)> = paths
        .into_iter()
        .filter_map(|path| {
            let index = path.file_name()?.to_str()?.strip_prefix("audit-")?.strip_suffix(".log")?.parse().ok()?;
            Some((index, path))
        })
        .collect();
    found.sort();
    Ok(found)
}

pub(super) fn segment_path(folder: &Path, index: u32) -> PathBuf {
    folder.join(format!("audit-{index:06}.log"))
}
