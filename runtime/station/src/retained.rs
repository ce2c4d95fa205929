//! Values that outlive the station's process.
//!
//! Tags with `retain` are kept in `retained.log`, an append log of JSON records `{"tag", "value", "time"}` by tag
//! name, so that they survive changes of the project. A write to a memory tag is on the disk before it is
//! confirmed; values from the field follow once a second.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use plantroom_model::{Change, Frame, Origin, TagId, TagSpec, Utc, Value};
use plantroom_store::{AppendLog, Disk, LogOptions, RealDisk, StoreError};
use serde::{Deserialize, Serialize};

/// Messages waiting for the disk. At the limit values from the field are skipped until there is room; they come
/// again with the next change.
const WAITING: usize = 1_024;
/// How often values from the field are written, in ms.
const WRITE_MS: u64 = 1_000;
/// Above this the log is rewritten with only the newest value of each tag, in bytes.
const COMPACT_BYTES: u64 = 8 << 20;

/// One record on the disk.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    tag: String,
    value: Value,
    time: Utc,
}

enum Message {
    Field(Vec<Change>),
    Durable { tag: TagId, value: Value, time: Utc, done: tokio::sync::oneshot::Sender<Result<(), String>> },
}

/// Keeps retained values; shared by the scan and the command path.
pub struct Retained {
    wanted: Vec<bool>,
    /// Those that follow the field; memory tags are kept when they are written.
    from_field: Vec<bool>,
    sender: Mutex<Option<SyncSender<Message>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
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
                newest.insert(record.tag, (record.value, record.time));
            }
        })?;
        if !recovery.damage.is_empty() {
            tracing::error!(damage = ?recovery.damage, "retained values are damaged on the disk; older ones stand in: {}", path.display());
        }
        let kept: Kept = specs
            .iter()
            .enumerate()
            .filter(|(_, spec)| spec.retain)
            .filter_map(|(index, spec)| newest.get(&*spec.name).map(|(value, time)| (TagId(index as u32), value.clone(), *time)))
            .collect();
        let wanted = specs.iter().map(|spec| spec.retain).collect();
        let from_field = specs.iter().map(|spec| spec.retain && !matches!(spec.origin, Origin::Memory { .. })).collect();
        let (sender, receiver) = sync_channel(WAITING);
        let keeper = Keeper { disk, path, log, newest, specs: Arc::clone(specs) };
        let thread = std::thread::Builder::new().name("retained".to_owned()).spawn(move || keeper.run(&receiver));
        let thread = thread.map_err(|source| StoreError::Io {
            act: "start a thread for retained values",
            path: folder.to_owned(),
            source,
        })?;
        Ok((Self { wanted, from_field, sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) }, kept))
    }

    /// Takes what a scan decided; returns at once.
    pub fn note(&self, frame: &Frame) {
        let is_wanted =
            |change: &Change| self.from_field.get(change.tag.0 as usize) == Some(&true) && change.sample.status.is_good();
        let changes: Vec<Change> = frame.changes.iter().filter(is_wanted).collect();
        if !changes.is_empty()
            && let Some(sender) = &*self.sender.lock()
        {
            // A full queue means a slow disk; the values come again.
            let _ = sender.try_send(Message::Field(changes));
        }
    }

    /// Keeps one value; when this returns, it is on the disk. Tags without `retain` have nothing to keep.
    ///
    /// # Errors
    /// With a sentence for the operator.
    pub async fn keep(&self, tag: TagId, value: Value, time: Utc) -> Result<(), String> {
        if self.wanted.get(tag.0 as usize) != Some(&true) {
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
    newest: HashMap<String, (Value, Utc)>,
    specs: Arc<[TagSpec]>,
}

impl Keeper {
    fn run(mut self, receiver: &Receiver<Message>) {
        let mut waiting: HashMap<TagId, (Value, Utc)> = HashMap::new();
        // Station time of the oldest value that waits.
        let mut oldest = None;
        loop {
            match receiver.recv_timeout(Duration::from_millis(WRITE_MS)) {
                Ok(Message::Field(changes)) => {
                    let newest = changes.iter().map(|change| change.sample.server_time).max();
                    waiting
                        .extend(changes.into_iter().map(|change| (change.tag, (change.sample.value, change.sample.source_time))));
                    let since = *oldest.get_or_insert(newest.unwrap_or_default());
                    let waited_ms = newest.map_or(0, |newest| newest.as_ms().saturating_sub(since.as_ms()));
                    // A clock that was set back must not keep values from the disk.
                    if (0..WRITE_MS as i64).contains(&waited_ms) && waiting.len() < WAITING {
                        continue;
                    }
                    self.flush(&mut waiting);
                }
                Ok(Message::Durable { tag, value, time, done }) => {
                    waiting.insert(tag, (value, time));
                    let _ = done.send(self.write(&waiting).map_err(|error| format!("The value could not be kept: {error}.")));
                    waiting.clear();
                }
                Err(RecvTimeoutError::Timeout) => self.flush(&mut waiting),
                Err(RecvTimeoutError::Disconnected) => return self.flush(&mut waiting),
            }
            oldest = None;
        }
    }

    fn flush(&mut self, waiting: &mut HashMap<TagId, (Value, Utc)>) {
        if let Err(error) = self.write(waiting) {
            tracing::error!("retained values could not be written: {error}");
        }
        waiting.clear();
    }

    fn write(&mut self, values: &HashMap<TagId, (Value, Utc)>) -> Result<(), StoreError> {
        let mut records = Vec::new();
        for (tag, (value, time)) in values {
            let Some(spec) = self.specs.get(tag.0 as usize) else { continue };
            let is_news = self.newest.get(&*spec.name).is_none_or(|(kept, _)| !kept.same(value));
            if is_news {
                records.push(Record { tag: spec.name.to_string(), value: value.clone(), time: *time });
            }
        }
        append(&mut self.log, &records)?;
        self.newest.extend(records.into_iter().map(|record| (record.tag, (record.value, record.time))));
        if self.log.end() > COMPACT_BYTES { self.compact() } else { Ok(()) }
    }

    /// A new log with the newest values takes the old one's place in one step.
    fn compact(&mut self) -> Result<(), StoreError> {
        let next = self.path.with_extension("next");
        let _ = self.disk.remove(&next);
        let (mut log, _) = AppendLog::open(&self.disk, &next, LogOptions::default(), |_, _| {})?;
        let record =
            |(tag, (value, time)): (&String, &(Value, Utc))| Record { tag: tag.clone(), value: value.clone(), time: *time };
        append(&mut log, &self.newest.iter().map(record).collect::<Vec<_>>())?;
        let failed = |source| StoreError::Io { act: "replace the log of retained values", path: self.path.clone(), source };
        self.disk.rename(&next, &self.path).map_err(failed)?;
        self.disk.sync_folder(self.path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        self.log = log;
        Ok(())
    }
}

fn append(log: &mut AppendLog, records: &[Record]) -> Result<(), StoreError> {
    let bytes: Vec<Vec<u8>> = records.iter().filter_map(|record| serde_json::to_vec(record).ok()).collect();
    let payloads: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    if payloads.is_empty() { Ok(()) } else { log.append(&payloads) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plantroom_model::{Now, PluginId, Sample, Status, ValueKind};

    fn specs() -> Arc<[TagSpec]> {
        let memory =
            |name| TagSpec { retain: true, ..TagSpec::new(name, ValueKind::Int, Origin::Memory { initial: Value::Int(0) }) };
        vec![memory("a"), memory("b")].into()
    }

    #[tokio::test]
    async fn what_was_confirmed_is_there_after_a_restart_without_a_good_bye() {
        let folder = tempfile::tempdir().unwrap();
        let (retained, kept) = Retained::open(folder.path(), &specs()).unwrap();
        assert!(kept.is_empty());
        for value in 1..=5 {
            retained.keep(TagId(1), Value::Int(value), Utc(value)).await.unwrap();
        }
        std::mem::forget(retained);
        let (_, kept) = Retained::open(folder.path(), &specs()).unwrap();
        assert_eq!(kept, [(TagId(1), Value::Int(5), Utc(5))]);
    }

    #[tokio::test]
    async fn a_log_that_was_compacted_keeps_the_newest_values() {
        let folder = tempfile::tempdir().unwrap();
        let (retained, _) = Retained::open(folder.path(), &specs()).unwrap();
        retained.stop();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let path = folder.path().join("retained.log");
        let (log, _) = AppendLog::open(&disk, &path, LogOptions::default(), |_, _| {}).unwrap();
        let newest = HashMap::from([("a".to_owned(), (Value::Int(3), Utc(1))), ("gone".to_owned(), (Value::Int(4), Utc(2)))]);
        let mut keeper = Keeper { disk, path, log, newest, specs: specs() };
        keeper.compact().unwrap();
        keeper.write(&HashMap::from([(TagId(1), (Value::Int(9), Utc(3)))])).unwrap();
        drop(keeper);
        let (_, kept) = Retained::open(folder.path(), &specs()).unwrap();
        assert_eq!(kept, [(TagId(0), Value::Int(3), Utc(1)), (TagId(1), Value::Int(9), Utc(3))]);
    }

    #[test]
    fn a_value_that_never_rests_is_still_written_every_second() {
        let folder = tempfile::tempdir().unwrap();
        let computed =
            TagSpec { retain: true, ..TagSpec::new("fast", ValueKind::Int, Origin::Analytics { plugin: PluginId(0) }) };
        let specs: Arc<[TagSpec]> = vec![computed].into();
        let (retained, _) = Retained::open(folder.path(), &specs).unwrap();
        for step in 0..100 {
            let time = Utc(1_000_000_000_000 + step * 100_000_000);
            let sample = Sample { value: Value::Int(step), status: Status::GOOD, source_time: time, server_time: time };
            let changes = vec![Change { tag: TagId(0), sample }].into();
            retained.note(&Frame { number: 1, now: Now::default(), changes });
        }
        // Ten seconds of station time have passed in a moment: all but the last second must get to the disk by itself.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let kept = || {
            let mut newest = 0;
            let disk: Arc<dyn Disk> = Arc::new(RealDisk);
            let reader = plantroom_store::LogReader::open(&*disk, &folder.path().join("retained.log")).unwrap();
            for item in reader.flatten() {
                let plantroom_store::LogItem::Record { payload, .. } = item else { continue };
                let record: Record = serde_json::from_slice(&payload).unwrap();
                newest = record.value.as_f64().unwrap() as i64;
            }
            newest
        };
        while kept() < 85 {
            assert!(std::time::Instant::now() < deadline, "only {} was kept", kept());
            std::thread::yield_now();
        }
        std::mem::forget(retained);
    }
}
