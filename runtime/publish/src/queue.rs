//! What waits, kept over kills and power cuts.
//!
//! An append log of JSON records, `queue-N.log`. Where most of it is over it is written anew as `queue-N+1.log`: everything
//! that still waits, then a record that says that this was all; only then the old one goes. Of two files the older one
//! counts unless the newer one says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_store::{AppendLog, Disk, LogOptions, OpenMode, StoreError};
use serde::{Deserialize, Serialize};

use crate::item::{Item, Letter};
use crate::limits;

/// A step of the queue's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Record {
    /// Where a file that was written anew begins: what the counters stood at.
    Anew { next: u64, seen: u64 },
    /// All of what waited then has been said.
    Whole,
    /// A notification waits.
    Asked { item: Item },
    /// These notifications became a letter.
    Made { letter: Letter, of: Vec<u64> },
    /// A letter was tried in vain.
    Tried { number: u64, attempts: u32 },
    /// A letter is delivered or given up.
    Ended { number: u64 },
    /// These notifications found no room.
    Dropped { of: Vec<u64> },
    /// So many of an address found no room; told with its next letter.
    Missing { outlet: String, to: String, count: u32 },
    /// Up to this occurrence every alarm was looked at.
    Seen { occurrence: u64 },
    /// Somebody was told that this occurrence has been unacknowledged for so long.
    Step { alarm: String, occurrence: u64, minutes: u32 },
    /// It waits for nobody any more.
    Closed { alarm: String },
}

/// What the records come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The number of the next notification.
    pub next: u64,
    /// Notifications without a letter, by number.
    pub items: BTreeMap<u64, Item>,
    /// Letters on their way, by number.
    pub letters: BTreeMap<u64, Letter>,
    /// Notifications that found no room, by outlet and address.
    pub missing: BTreeMap<(String, String), u32>,
    /// Up to this occurrence every alarm was looked at; 0 in a new queue.
    pub seen: u64,
    /// The last step that was told, by alarm: occurrence, minutes.
    pub steps: BTreeMap<String, (u64, u32)>,
}

impl Waiting {
    fn apply(&mut self, record: Record) {
        match record {
            Record::Anew { next, seen } => *self = Self { next, seen, ..Self::default() },
            Record::Whole => {}
            Record::Asked { item } => {
                self.next = self.next.max(item.number + 1);
                self.items.insert(item.number, item);
            }
            Record::Made { letter, of } => {
                self.next = self.next.max(letter.number + 1);
                self.missing.remove(&(letter.outlet.clone(), letter.to.clone()));
                of.iter().for_each(|number| drop(self.items.remove(number)));
                self.letters.insert(letter.number, letter);
            }
            Record::Tried { number, attempts } => {
                if let Some(letter) = self.letters.get_mut(&number) {
                    letter.attempts = attempts;
                }
            }
            Record::Ended { number } => drop(self.letters.remove(&number)),
            Record::Dropped { of } => of.iter().for_each(|number| drop(self.items.remove(number))),
            Record::Missing { outlet, to, count } => *self.missing.entry((outlet, to)).or_default() += count,
            Record::Seen { occurrence } => self.seen = self.seen.max(occurrence),
            Record::Step { alarm, occurrence, minutes } => drop(self.steps.insert(alarm, (occurrence, minutes))),
            Record::Closed { alarm } => drop(self.steps.remove(&alarm)),
        }
    }

    /// The records of a file that is written anew.
    fn records(&self) -> Vec<Record> {
        let mut all = vec![Record::Anew { next: self.next, seen: self.seen }];
        all.extend(self.items.values().map(|item| Record::Asked { item: item.clone() }));
        all.extend(self.letters.values().map(|letter| Record::Made { letter: letter.clone(), of: Vec::new() }));
        // After the letters: these take away what is missing.
        let missing = self.missing.iter();
        all.extend(missing.map(|((outlet, to), count)| Record::Missing {
            outlet: outlet.clone(),
            to: to.clone(),
            count: *count,
        }));
        let steps = self.steps.iter();
        all.extend(steps.map(|(alarm, (occurrence, minutes))| Record::Step {
            alarm: alarm.clone(),
            occurrence: *occurrence,
            minutes: *minutes,
        }));
        all.push(Record::Whole);
        all
    }
}

/// The queue on its disk.
#[derive(Debug)]
pub struct Queue {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    number: u64,
    log: AppendLog,
    waiting: Waiting,
    /// The disk doesn't have everything, and why.
    trouble: Option<String>,
    is_new: bool,
    /// Bytes of the file when it was last written anew.
    begun_bytes: u64,
}

const OPTIONS: LogOptions = LogOptions { reserve_bytes: 256 << 10, grow_bytes: 64 << 10 };

const FILES: &str = "queue-";

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{FILES}{number}.log"))
}

/// The numbers of a folder's files that begin so, upwards.
///
/// # Errors
/// When the folder can't be read.
pub(crate) fn numbered(disk: &dyn Disk, folder: &Path, beginning: &str) -> Result<Vec<u64>, StoreError> {
    let names = disk.list(folder).map_err(|error| StoreError::io("list a folder", folder, error))?;
    let number = |path: PathBuf| path.file_name()?.to_str()?.strip_prefix(beginning)?.strip_suffix(".log")?.parse().ok();
    let mut all: Vec<u64> = names.into_iter().filter_map(number).collect();
    all.sort_unstable();
    Ok(all)
}

impl Queue {
    /// Opens the queue of a folder, which must exist, or makes a new one.
    ///
    /// # Errors
    /// When the disk can't be read or written.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, StoreError> {
        let mut all = numbered(&*disk, folder, FILES)?;
        let is_new = all.is_empty();
        loop {
            let number = all.pop().unwrap_or(1);
            let (mut waiting, mut whole, mut anew, mut records) = (Waiting::default(), false, false, 0);
            let (log, recovery) = AppendLog::open(&disk, &path(folder, number), OPTIONS, |_, bytes| {
                records += 1;
                match serde_json::from_slice(bytes) {
                    Ok(record) => {
                        whole |= record == Record::Whole;
                        anew |= matches!(record, Record::Anew { .. });
                        waiting.apply(record);
                    }
                    Err(error) => tracing::warn!("a record of the notification queue can't be read: {error}"),
                }
            })?;
            if !recovery.damage.is_empty() {
                tracing::error!("the disk has damaged the notification queue; what it held there is lost: {:?}", recovery.damage);
            }
            let is_unfinished = (anew && !whole) || (records == 0 && !all.is_empty());
            if is_unfinished && !all.is_empty() {
                drop(log);
                let _ = disk.remove(&path(folder, number));
                continue;
            }
            for old in all {
                let _ = disk.remove(&path(folder, old));
            }
            waiting.next = waiting.next.max(1);
            let begun_bytes = log.end();
            return Ok(Self { disk, folder: folder.to_owned(), number, log, waiting, trouble: None, is_new, begun_bytes });
        }
    }

    /// What waits.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Whether there was none before.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Why the disk doesn't have everything; `None` while it has.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Takes records in. They are on the disk when this returns, or there is [`Queue::trouble`]: then they count all the same,
    /// and the file is written anew as soon as the disk takes it.
    pub fn write(&mut self, records: Vec<Record>) {
        if records.is_empty() && self.trouble.is_none() {
            return;
        }
        let bytes = encoded(&records);
        for record in records {
            self.waiting.apply(record);
        }
        let is_long = self.log.end() > limits::QUEUE_BYTES.max(4 * self.begun_bytes);
        let written = if self.trouble.is_some() || is_long {
            self.write_anew()
        } else {
            let payloads: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
            self.log.append(&payloads)
        };
        let trouble = written.err().map(|error| error.to_string());
        match (&self.trouble, &trouble) {
            (None, Some(why)) => tracing::error!("notifications go out, but a power cut would lose those that wait: {why}"),
            (Some(_), None) => tracing::info!("the notification queue is on the disk again"),
            _ => {}
        }
        self.trouble = trouble;
    }

    fn write_anew(&mut self) -> Result<(), StoreError> {
        let (disk, number) = (Arc::clone(&self.disk), self.number + 1);
        let new = path(&self.folder, number);
        // What an earlier attempt has left is only in the way.
        if disk.open(&new, OpenMode::Read).is_ok() {
            let _ = disk.remove(&new);
        }
        let (mut log, _) = AppendLog::open(&disk, &new, OPTIONS, |_, _| {})?;
        let bytes = encoded(&self.waiting.records());
        let payloads: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
        if let Err(error) = log.append(&payloads) {
            let _ = disk.remove(&new);
            return Err(error);
        }
        let old = path(&self.folder, self.number);
        (self.begun_bytes, self.log, self.number) = (log.end(), log, number);
        let _ = disk.remove(&old);
        Ok(())
    }
}

fn encoded(records: &[Record]) -> Vec<Vec<u8>> {
    // Texts and numbers: there is nothing in them that JSON can't say.
    records.iter().filter_map(|record| serde_json::to_vec(record).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{Priority, Utc};
    use plantroom_store::{FaultyDisk, Trouble};

    fn item(number: u64) -> Item {
        Item {
            number,
            outlet: "mail".into(),
            to: "anna@x".into(),
            alarm: "a/b".into(),
            priority: Priority::High,
            subject: "s".into(),
            text: "t".repeat(400),
            at: Utc(number as i64),
            times: 1,
            trial: false,
        }
    }

    fn letter(number: u64) -> Letter {
        Letter {
            number,
            id: format!("{number}"),
            outlet: "mail".into(),
            to: "anna@x".into(),
            priority: Priority::High,
            count: 1,
            alarm: "a/b".into(),
            subject: "s".into(),
            text: "t".into(),
            made_at: Utc(0),
            attempts: 0,
            trial: false,
        }
    }

    /// A life: every fifth is made a letter, every tenth delivered.
    fn step(number: u64) -> Vec<Record> {
        let mut all = vec![Record::Asked { item: item(number) }];
        if number % 5 == 0 {
            all.push(Record::Made { letter: letter(number), of: (number - 4..=number).collect() });
            all.push(Record::Tried { number, attempts: 1 });
        }
        if number % 10 == 0 {
            all.push(Record::Ended { number });
            all.push(Record::Step { alarm: format!("a/{number}"), occurrence: number, minutes: 5 });
            all.push(Record::Missing { outlet: "mail".into(), to: "b@x".into(), count: 2 });
        }
        all
    }

    #[test]
    fn after_a_crash_at_any_write_all_that_was_taken_in_waits() {
        let folder = Path::new("outlets");
        for seed in 0..6 {
            for crash in (0..120).step_by(3) {
                let disk = FaultyDisk::new(seed);
                let mut queue = Queue::open(Arc::new(disk.clone()), folder).unwrap();
                disk.trouble_at(crash, Trouble::Crash);
                let (mut before, mut during) = (queue.waiting().clone(), queue.waiting().clone());
                for number in 1..40 {
                    before = queue.waiting().clone();
                    queue.write(step(number));
                    during = queue.waiting().clone();
                    if queue.trouble().is_some() {
                        break;
                    }
                    before = during.clone();
                }
                drop(queue);
                let after = Queue::open(Arc::new(disk.after_crash()), folder).unwrap();
                let found = after.waiting();
                // The write that the crash struck may be there in part: records are taken one by one.
                let is_between =
                    before.items.keys().all(|number| found.items.contains_key(number) || !during.items.contains_key(number));
                assert!(
                    is_between && found.next >= before.next && found.seen >= before.seen,
                    "seed {seed}, crash {crash}\n{found:?}\n{before:?}"
                );
            }
        }
    }

    #[test]
    fn a_long_file_is_written_anew_and_holds_the_same() {
        let (disk, folder) = (FaultyDisk::new(1), Path::new("outlets"));
        let mut queue = Queue::open(Arc::new(disk.clone()), folder).unwrap();
        assert!(queue.is_new());
        for number in 1..6_000 {
            queue.write(step(number));
        }
        queue.write(vec![Record::Seen { occurrence: 9 }]);
        let (expected, number) = (queue.waiting().clone(), queue.number);
        assert!(number > 1, "it was never written anew");
        drop(queue);
        let queue = Queue::open(Arc::new(disk), folder).unwrap();
        assert_eq!((queue.waiting(), queue.number, queue.is_new()), (&expected, number, false));
    }

    #[test]
    fn a_full_disk_is_told_and_made_good() {
        let (disk, folder) = (FaultyDisk::new(2), Path::new("outlets"));
        let mut queue = Queue::open(Arc::new(disk.clone()), folder).unwrap();
        disk.set_capacity(Some(disk.used()));
        let mut number = 1;
        while queue.trouble().is_none() && number < 5_000 {
            queue.write(step(number));
            number += 1;
        }
        assert!(queue.trouble().is_some(), "the reserve has an end");
        queue.write(step(number));
        let expected = queue.waiting().clone();
        assert!(expected.items.contains_key(&number) || number % 5 == 0);
        disk.set_capacity(None);
        queue.write(Vec::new());
        assert_eq!(queue.trouble(), None);
        drop(queue);
        assert_eq!(Queue::open(Arc::new(disk), folder).unwrap().waiting(), &expected);
    }
}
