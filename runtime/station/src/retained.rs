//! Values that outlive the station's process.
//!
//! Tags with `retain` are kept in `retained.log`, an append log of JSON records `{"tag", "value", "time"}` by tag
//! name, so that they survive changes of the project. A write to a memory tag is on the disk before it is
//! confirmed; values from the field follow within a second. So do totals, which are always kept, in one record with what
//! their source showed then (`"last"`): what a kill can cost is a second of flow, and never is a count counted twice.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use plantroom_model::{Change, Frame, KeptTotal, Label, Origin, TagId, TagSpec, Utc, Value};
use plantroom_store::{AppendLog, Disk, LogOptions, RealDisk, StoreError};
use serde::{Deserialize, Serialize};

/// Messages waiting for the disk. At the limit values from the field are skipped until there is room; they come
/// again with the next change.
const WAITING: usize = 1_024;
/// How often values from the field are written, in ms; the last of a row of changes waits at most twice as long.
const WRITE_MS: u64 = 500;
/// Above this the log is rewritten with only the newest value of each tag, in bytes.
const COMPACT_BYTES: u64 = 8 << 20;

/// One record on the disk.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    tag: String,
    value: Value,
    time: Utc,
    /// What the source of a total showed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<f64>,
}

/// What is kept of one tag.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    value: Value,
    time: Utc,
    last: Option<f64>,
}

impl Entry {
    fn of(value: Value, time: Utc) -> Self {
        Self { value, time, last: None }
    }

    fn same(&self, other: &Self) -> bool {
        self.value.same(&other.value) && self.last == other.last
    }
}

enum Message {
    /// With the station's time.
    Field(Vec<(TagId, Entry)>, Utc),
    Plant {
        specs: Arc<[TagSpec]>,
        reply: SyncSender<Kept>,
    },
    Durable {
        tag: TagId,
        value: Value,
        time: Utc,
        done: tokio::sync::oneshot::Sender<Result<(), String>>,
    },
}

/// Keeps retained values; shared by the scan and the command path.
pub struct Retained {
    totals: Vec<KeptTotal>,
    wishes: RwLock<Wishes>,
    sender: Mutex<Option<SyncSender<Message>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    trouble: Arc<Mutex<String>>,
}

/// Whether a tag is kept: those that the project says, and totals.
fn is_kept(spec: &TagSpec) -> bool {
    spec.retain || matches!(spec.origin, Origin::Total(_))
}

/// Names of the tags that are kept, by id: not the whole table of a plant's tags, which would be held twice.
type Names = Vec<Option<Label>>;

fn names(specs: &[TagSpec]) -> Names {
    specs.iter().map(|spec| is_kept(spec).then(|| spec.name.clone())).collect()
}

/// Which tags are kept, by id.
struct Wishes {
    wanted: Vec<bool>,
    /// Those that follow the field; memory tags are kept when they are written.
    from_field: Vec<bool>,
}

impl Wishes {
    fn of(specs: &[TagSpec]) -> Self {
        Self {
            wanted: specs.iter().map(is_kept).collect(),
            from_field: specs
                .iter()
                .map(|spec| spec.retain && !matches!(spec.origin, Origin::Memory { .. } | Origin::Total(_)))
                .collect(),
        }
    }
}

/// What was kept from before.
pub type Kept = Vec<(TagId, Value, Utc)>;

impl Retained {
    /// Opens the log in a data folder and reads what was kept of these tags.
    ///
    /// # Errors
    /// When the log can't be opened, read or written.
    pub fn open(folder: &Path, specs: &Arc<[TagSpec]>) -> Result<(Self, Kept), StoreError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let path = folder.join("retained.log");
        let mut newest = HashMap::new();
        let (log, recovery) = AppendLog::open(&disk, &path, LogOptions::default(), |_, bytes| {
            if let Ok(record) = serde_json::from_slice::<Record>(bytes) {
                newest.insert(record.tag, Entry { value: record.value, time: record.time, last: record.last });
            }
        })?;
        if !recovery.damage.is_empty() {
            tracing::error!(damage = ?recovery.damage, "retained values are damaged on the disk; older ones stand in: {}", path.display());
        }
        let kept: Kept = specs
            .iter()
            .enumerate()
            .filter(|(_, spec)| spec.retain)
            .filter_map(|(index, spec)| newest.get(&*spec.name).map(|kept| (TagId(index as u32), kept.value.clone(), kept.time)))
            .collect();
        let totals = (0..).map(TagId).zip(specs.iter()).filter(|(_, spec)| matches!(spec.origin, Origin::Total(_)));
        let totals = totals.filter_map(|(tag, spec)| {
            let kept: &Entry = newest.get(&*spec.name)?;
            Some(KeptTotal { tag, sum: kept.value.as_f64()?, last: kept.last })
        });
        let totals = totals.collect();
        let wishes = RwLock::new(Wishes::of(specs));
        let (sender, receiver) = sync_channel(WAITING);
        let trouble = Arc::<Mutex<String>>::default();
        let keeper = Keeper { disk, path, log, newest, names: names(specs), trouble: Arc::clone(&trouble) };
        let thread = std::thread::Builder::new().name("retained".to_owned()).spawn(move || keeper.run(&receiver));
        let thread = thread.map_err(|source| StoreError::Io {
            act: "start a thread for retained values",
            path: folder.to_owned(),
            source,
        })?;
        Ok((Self { totals, wishes, sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)), trouble }, kept))
    }

    /// Why values can't be kept, or soon won't be; empty while all is well.
    pub fn trouble(&self) -> String {
        self.trouble.lock().clone()
    }

    /// Takes what a scan decided; returns at once.
    pub fn note(&self, frame: &Frame) {
        let wishes = self.wishes.read();
        let is_wanted =
            |change: &Change| wishes.from_field.get(change.tag.0 as usize) == Some(&true) && change.sample.status.is_good();
        let changes: Vec<Change> = frame.changes.iter().filter(is_wanted).collect();
        let at = changes.iter().map(|change| change.sample.server_time).max().unwrap_or(frame.now.utc);
        let mut entries: Vec<(TagId, Entry)> =
            changes.into_iter().map(|change| (change.tag, Entry::of(change.sample.value, change.sample.source_time))).collect();
        entries.extend(
            frame
                .changes
                .totals()
                .iter()
                .map(|total| (total.tag, Entry { value: Value::Float(total.sum), time: frame.now.utc, last: total.last })),
        );
        if !entries.is_empty()
            && let Some(sender) = &*self.sender.lock()
        {
            // A full queue means a slow disk; the values come again.
            let _ = sender.try_send(Message::Field(entries, at));
        }
    }

    /// Totals as they were kept, to go on from.
    pub fn totals(&self) -> &[KeptTotal] {
        &self.totals
    }

    /// Keeps one value; when this returns, it is on the disk. Tags without `retain` have nothing to keep.
    ///
    /// # Errors
    /// With a sentence for the operator.
    pub async fn keep(&self, tag: TagId, value: Value, time: Utc) -> Result<(), String> {
        if self.wishes.read().wanted.get(tag.0 as usize) != Some(&true) {
            return Ok(());
        }
        let (done, kept) = tokio::sync::oneshot::channel();
        let message = Message::Durable { tag, value, time, done };
        let sent = self.sender.lock().as_ref().is_some_and(|sender| sender.try_send(message).is_ok());
        if !sent {
            return Err("The station's disk is too slow to keep this value; try again.".to_owned());
        }
        kept.await.unwrap_or_else(|_| Err("The station is stopping; the value was not kept.".to_owned()))
    }

    /// The project was changed: ids stay, there may be new ones. Returns what was kept of tags that were not there before.
    ///
    /// # Errors
    /// With a sentence.
    pub fn change_plant(&self, specs: &Arc<[TagSpec]>) -> Result<Kept, String> {
        let (reply, kept) = sync_channel(1);
        let sender = self.sender.lock().clone();
        let sent = sender.is_some_and(|sender| sender.send(Message::Plant { specs: Arc::clone(specs), reply }).is_ok());
        let kept = if sent { kept.recv().ok() } else { None };
        *self.wishes.write() = Wishes::of(specs);
        kept.ok_or_else(|| "The station is stopping; nothing was changed.".to_owned())
    }

    /// Writes what is waiting and ends.
    pub fn stop(&self) {
        self.sender.lock().take();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

struct Keeper {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    log: AppendLog,
    newest: HashMap<String, Entry>,
    names: Names,
    trouble: Arc<Mutex<String>>,
}

impl Keeper {
    fn run(mut self, receiver: &Receiver<Message>) {
        let mut waiting: HashMap<TagId, Entry> = HashMap::new();
        // Station time of the oldest value that waits.
        let mut oldest = None;
        loop {
            match receiver.recv_timeout(Duration::from_millis(WRITE_MS)) {
                Ok(Message::Field(entries, at)) => {
                    waiting.extend(entries);
                    let since = *oldest.get_or_insert(at);
                    let waited_ms = at.as_ms().saturating_sub(since.as_ms());
                    // A clock that was set back must not keep values from the disk.
                    if (0..WRITE_MS as i64).contains(&waited_ms) && waiting.len() < WAITING {
                        continue;
                    }
                    self.flush(&mut waiting);
                }
                Ok(Message::Durable { tag, value, time, done }) => {
                    // What is refused now must not be kept later.
                    let mut all = waiting.clone();
                    all.insert(tag, Entry::of(value, time));
                    let written = self.write(&all);
                    self.report(written.as_ref().err());
                    if written.is_ok() {
                        waiting.clear();
                    }
                    let _ = done.send(written.map_err(|error| format!("The value could not be kept: {error}.")));
                }
                Ok(Message::Plant { specs, reply }) => {
                    self.flush(&mut waiting);
                    let _ = reply.send(self.change_plant(specs));
                }
                Err(RecvTimeoutError::Timeout) => self.flush(&mut waiting),
                Err(RecvTimeoutError::Disconnected) => return self.flush(&mut waiting),
            }
            oldest = None;
        }
    }

    fn change_plant(&mut self, specs: Arc<[TagSpec]>) -> Kept {
        let had = |index: usize, name: &str| self.names.get(index).is_some_and(|had| had.as_deref() == Some(name));
        let new = specs.iter().enumerate().filter(|(index, spec)| is_kept(spec) && !had(*index, &spec.name));
        let kept = new.filter_map(|(index, spec)| {
            self.newest.get(&*spec.name).map(|kept| (TagId(index as u32), kept.value.clone(), kept.time))
        });
        let kept = kept.collect();
        self.names = names(&specs);
        kept
    }

    /// Writes what waits; what the disk refuses goes on waiting, the newest value of each tag.
    fn flush(&mut self, waiting: &mut HashMap<TagId, Entry>) {
        if self.log.on_reserve() {
            self.log.refill();
        }
        let written = self.write(waiting);
        self.report(written.as_ref().err());
        if written.is_ok() {
            waiting.clear();
        }
    }

    /// Tells how the disk is, once for each change.
    fn report(&self, error: Option<&StoreError>) {
        let now = match error {
            Some(error) => format!("retained values can't be written: {error}"),
            None if self.log.on_reserve() => {
                "the disk of retained values is full; they use up a reserve: free some space".to_owned()
            }
            None => String::new(),
        };
        let mut trouble = self.trouble.lock();
        match (&**trouble, &*now) {
            (before, now) if before == now => {}
            (_, "") => tracing::info!("retained values are written again"),
            (_, now) => tracing::error!("{now}"),
        }
        *trouble = now;
    }

    fn write(&mut self, values: &HashMap<TagId, Entry>) -> Result<(), StoreError> {
        let mut records = Vec::new();
        for (tag, entry) in values {
            let Some(Some(name)) = self.names.get(tag.0 as usize) else { continue };
            if self.newest.get(&**name).is_none_or(|kept| !kept.same(entry)) {
                records.push(record(name, entry));
            }
        }
        append(&mut self.log, &records)?;
        let entries = records.into_iter().map(|r| (r.tag, Entry { value: r.value, time: r.time, last: r.last }));
        self.newest.extend(entries);
        if self.log.end() > COMPACT_BYTES { self.compact() } else { Ok(()) }
    }

    /// A new log with the newest values takes the old one's place in one step.
    fn compact(&mut self) -> Result<(), StoreError> {
        let next = self.path.with_extension("next");
        let _ = self.disk.remove(&next);
        let (mut log, _) = AppendLog::open(&self.disk, &next, LogOptions::default(), |_, _| {})?;
        append(&mut log, &self.newest.iter().map(|(tag, entry)| record(tag, entry)).collect::<Vec<_>>())?;
        let failed = |source| StoreError::Io { act: "replace the log of retained values", path: self.path.clone(), source };
        self.disk.rename(&next, &self.path).map_err(failed)?;
        self.disk.sync_folder(self.path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        self.log = log;
        Ok(())
    }
}

fn record(tag: &str, entry: &Entry) -> Record {
    Record { tag: tag.to_owned(), value: entry.value.clone(), time: entry.time, last: entry.last }
}

fn append(log: &mut AppendLog, records: &[Record]) -> Result<(), StoreError> {
    let bytes: Vec<Vec<u8>> = records.iter().filter_map(|record| serde_json::to_vec(record).ok()).collect();
    let payloads: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    if payloads.is_empty() { Ok(()) } else { log.append(&payloads) }
}

#[cfg(test)]
mod tests;
