//! The journal of deliveries: what went out, what didn't, and why. Append logs of JSON rows, `deliveries-N.log`; the oldest
//! file goes when there are too many.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plantroom_model::Utc;
use plantroom_store::{AppendLog, Disk, LogItem, LogOptions, LogReader, StoreError};
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::queue::numbered;

/// What came of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryState {
    /// The other side has taken it.
    Sent,
    /// It didn't get out, and is tried again.
    Failed,
    /// It didn't get out, and never will.
    GivenUp,
    /// Notifications found no room.
    Dropped,
    /// A rule names somebody who can't be reached.
    Unreached,
}

impl DeliveryState {
    /// As the API and files say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::GivenUp => "given-up",
            Self::Dropped => "dropped",
            Self::Unreached => "unreached",
        }
    }
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// When.
    pub at: Utc,
    /// The outlet.
    pub outlet: String,
    /// The address; empty where there is none.
    pub to: String,
    /// What came of it.
    pub state: DeliveryState,
    /// The letter's name; empty where there was none.
    pub id: String,
    /// The alarm; of several the first.
    pub alarm: String,
    /// The letter's subject.
    pub subject: String,
    /// Notifications that it is about.
    pub count: u32,
    /// The attempt, from 1; 0 where nothing was tried.
    pub attempt: u32,
    /// How long the attempt took, in ms.
    pub took_ms: u64,
    /// What the other side said, or why it didn't get out and what to do.
    pub why: String,
}

/// Which rows are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Only of this outlet.
    pub outlet: Option<String>,
    /// Only these.
    pub state: Option<DeliveryState>,
    /// Only with this text in address, alarm, subject, name or reason.
    pub text: Option<String>,
    /// From this time.
    pub from: Option<Utc>,
    /// Until before this time.
    pub until: Option<Utc>,
    /// At most so many.
    pub limit: usize,
}

impl DeliveryQuery {
    fn fits(&self, row: &Delivery) -> bool {
        let has = |text: &String| {
            let text = text.to_lowercase();
            [&row.to, &row.alarm, &row.subject, &row.id, &row.why].into_iter().any(|field| field.to_lowercase().contains(&text))
        };
        self.outlet.as_ref().is_none_or(|outlet| row.outlet == *outlet)
            && self.state.is_none_or(|state| row.state == state)
            && self.from.is_none_or(|from| row.at >= from)
            && self.until.is_none_or(|until| row.at < until)
            && self.text.as_ref().is_none_or(has)
    }
}

/// The journal.
#[derive(Debug)]
pub struct Deliveries {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    number: u64,
    log: AppendLog,
    /// Rows that the disk didn't take.
    lost: u64,
}

const OPTIONS: LogOptions = LogOptions { reserve_bytes: 64 << 10, grow_bytes: 64 << 10 };

const FILES: &str = "deliveries-";

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{FILES}{number}.log"))
}

impl Deliveries {
    /// Opens the journal of a folder, which must exist, or makes a new one.
    ///
    /// # Errors
    /// When the disk can't be read or written.
    pub fn open(disk: Arc<dyn Disk>, folder: &Path) -> Result<Self, StoreError> {
        let number = numbered(&*disk, folder, FILES)?.last().copied().unwrap_or(1);
        let (log, _) = AppendLog::open(&disk, &path(folder, number), OPTIONS, |_, _| {})?;
        Ok(Self { disk, folder: folder.to_owned(), number, log, lost: 0 })
    }

    /// Writes rows. What the disk doesn't take is lost and counted: deliveries don't wait for it.
    pub fn note(&mut self, rows: &[Delivery]) {
        let bytes: Vec<Vec<u8>> = rows.iter().filter_map(|row| serde_json::to_vec(row).ok()).collect();
        let payloads: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
        if payloads.is_empty() {
            return;
        }
        if self.log.end() > limits::DELIVERIES_FILE_BYTES {
            self.rotate();
        }
        if let Err(error) = self.log.append(&payloads) {
            if self.lost == 0 {
                tracing::error!("the journal of deliveries can't be written: {error}");
            }
            self.lost += payloads.len() as u64;
        }
    }

    /// Rows that the disk didn't take since the start.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn rotate(&mut self) {
        let number = self.number + 1;
        // On a full disk the old file goes on in its reserve.
        let Ok((log, _)) = AppendLog::open(&self.disk, &path(&self.folder, number), OPTIONS, |_, _| {}) else { return };
        (self.log, self.number) = (log, number);
        let all = numbered(&*self.disk, &self.folder, FILES).unwrap_or_default();
        let old = all.len().saturating_sub(limits::DELIVERIES_FILES);
        for number in all.into_iter().take(old) {
            let _ = self.disk.remove(&path(&self.folder, number));
        }
    }

    /// Where the rows can be read beside the writing.
    pub fn reader(&self) -> DeliveryReader {
        DeliveryReader { disk: Arc::clone(&self.disk), folder: self.folder.clone() }
    }
}

/// Reads the journal.
#[derive(Clone, Debug)]
pub struct DeliveryReader {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl DeliveryReader {
    /// The newest rows that fit, the newest first.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn rows(&self, query: &DeliveryQuery) -> Result<Vec<Delivery>, StoreError> {
        let mut found = Vec::new();
        for number in numbered(&*self.disk, &self.folder, FILES)?.into_iter().rev() {
            let mut of_file = Vec::new();
            for item in LogReader::open(&*self.disk, &path(&self.folder, number))? {
                if let LogItem::Record { payload, .. } = item?
                    && let Ok(row) = serde_json::from_slice::<Delivery>(&payload)
                    && query.fits(&row)
                {
                    of_file.push(row);
                }
            }
            found.extend(of_file.into_iter().rev());
            if found.len() >= query.limit {
                break;
            }
        }
        found.truncate(query.limit);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_store::FaultyDisk;

    fn row(number: u64) -> Delivery {
        Delivery {
            at: Utc(number as i64),
            outlet: if number % 2 == 0 { "mail" } else { "hook" }.to_owned(),
            to: format!("p{number}@x"),
            state: if number % 3 == 0 { DeliveryState::Failed } else { DeliveryState::Sent },
            id: number.to_string(),
            alarm: "a/b".to_owned(),
            subject: "Level high".to_owned(),
            count: 1,
            attempt: 1,
            took_ms: 3,
            why: "x".repeat(2_000),
        }
    }

    #[test]
    fn rows_are_found_newest_first_over_several_files_and_the_oldest_go() {
        let folder = Path::new("outlets");
        let disk = FaultyDisk::new(1);
        let mut journal = Deliveries::open(Arc::new(disk.clone()), folder).unwrap();
        let count = 25_000;
        for chunk in 0..count / 100 {
            let rows: Vec<Delivery> = (chunk * 100..(chunk + 1) * 100).map(row).collect();
            journal.note(&rows);
        }
        drop(journal);
        let journal = Deliveries::open(Arc::new(disk.clone()), folder).unwrap();
        let query = DeliveryQuery {
            outlet: Some("mail".into()),
            state: Some(DeliveryState::Failed),
            until: Some(Utc(count as i64 - 5)),
            limit: 3,
            ..DeliveryQuery::default()
        };
        let found: Vec<i64> = journal.reader().rows(&query).unwrap().iter().map(|row| row.at.0).collect();
        assert_eq!(found, [24_990, 24_984, 24_978]);
        let one = DeliveryQuery { text: Some("P24000@".into()), limit: 10, ..DeliveryQuery::default() };
        assert_eq!(journal.reader().rows(&one).unwrap().len(), 1);
        let files = numbered(&disk, folder, FILES).unwrap();
        assert!(files.len() == limits::DELIVERIES_FILES && files[0] > 1, "{files:?}");
        assert_eq!(journal.lost(), 0);
    }
}
