//! Publishing: values, and polls that got no answer.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use std::time::Duration;

use crate::executor::{self, Pump};
use crate::raw::{Columns, SampleRuns};
use crate::{Changes, Input, RowSet, Sample, Signal, Status, Tag, TagValue, Value, changes, orders, port};

/// Longest text value, in bytes; longer text is published as bad (could not be decoded).
const TEXT_BYTES: usize = 4_096;
/// Rows after which a batch goes out before the end of its step; the contract takes 65,536.
const BATCH_ROWS: usize = 16_384;
/// Text after which a batch goes out before the end of its step, in bytes; the contract takes 1 MiB.
const BATCH_TEXT_BYTES: usize = 512 << 10;

/// The way out of a plugin: publish values, tell missed polls, ask for orders and changes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Io {
    scope: Rc<IoScope>,
}

#[derive(Debug, Default)]
pub(crate) struct IoScope {
    /// Handles of the tags that this part of the plugin publishes.
    pub(crate) tags: Vec<u32>,
    /// The device's name for log lines; empty for none.
    pub(crate) name: String,
    /// The struct's own `period` field, where it has one.
    pub(crate) period: Option<Duration>,
    /// Raised when a write was carried out.
    pub(crate) poll_soon: Signal,
}

impl Io {
    pub(crate) fn new(scope: IoScope) -> Self {
        Self { scope: Rc::new(scope) }
    }

    /// Publishes a good value. It leaves at the end of the step, with the others of the step in one batch. Its source time
    /// is that of the answer that this task has just waited for; without one the station takes the time of arrival.
    pub fn publish<T: TagValue>(&self, tag: &Tag<T>, value: impl Into<T>) {
        self.publish_as(tag, value, Status::GOOD, 0);
    }

    /// Publishes a value with its quality and its source time (ns UTC; 0 as [`Io::publish`] has it).
    pub fn publish_as<T: TagValue>(&self, tag: &Tag<T>, value: impl Into<T>, status: Status, utc_ns: i64) {
        publish(tag.handle(), &value.into().into(), status, utc_ns);
    }

    /// Publishes many numbers and booleans at once: for drivers whose poll decodes hundreds of them.
    pub fn publish_rows(&self, rows: &Rows<'_>) {
        publish_rows(rows);
    }

    /// Publishes neighbouring rows of a set, from `first` on, with one quality and one source time (ns UTC; 0 lets the station
    /// take the time of arrival): what changes from poll to poll is all that leaves. `decode` appends the rows' value bits, as
    /// [`Columns::values`] has them, and publishes nothing itself. Where it says false nothing is published, nor with rows that
    /// the set doesn't have, or more than 16,384; then it returns false.
    pub fn publish_run(
        &self,
        set: &RowSet,
        first: usize,
        status: Status,
        utc_ns: i64,
        decode: impl FnOnce(&mut Vec<u64>) -> bool,
    ) -> bool {
        publish_run(set, first, status, utc_ns, decode)
    }

    /// Publishes that there is no usable value, and why.
    pub fn publish_bad<T: TagValue>(&self, tag: &Tag<T>, status: Status) {
        publish(tag.handle(), &Value::Null, status, 0);
    }

    /// Says that a poll of these tags (by [`Tag::handle`]) got no usable answer, and why.
    pub fn missed(&self, tags: impl IntoIterator<Item = u32>, reason: Status) {
        let tags: Vec<u32> = tags.into_iter().collect();
        if !tags.is_empty() {
            // What was published before goes before: a sample ends a row of misses.
            flush();
            port::missed(&tags, reason);
        }
    }

    /// Takes write orders from now on: each comes to [`Driver::write`](crate::Driver::write). A derived driver with a
    /// [`Setpoint`](crate::Setpoint) does so by itself. The project must grant the plugin `write`.
    pub fn take_orders(&self) {
        orders::listen();
    }

    /// Waits until a write was carried out, so that its effect can be polled early.
    pub async fn written(&self) {
        self.scope.poll_soon.wait().await;
    }

    /// Waits for changes of readable tags; the project must grant the plugin `read`. One task at a time can wait.
    pub async fn changes(&self) -> Changes {
        changes::next().await
    }

    /// How many changes were lost since the plugin started, because it took them too slowly.
    pub fn changes_lost(&self) -> u64 {
        port::lost()
    }

    /// The current value of a readable tag.
    pub fn read<T: TagValue>(&self, tag: &Input<T>) -> Sample<T> {
        let columns = port::read_tags(&[tag.handle()]);
        Changes::new(columns).of(tag).next().unwrap_or(Sample {
            value: None,
            status: Status::BAD_WAITING_FOR_INITIAL_DATA,
            utc_ns: 0,
        })
    }

    /// The current values of readable tags of one type, in one call, in the order asked.
    pub fn read_all<T: TagValue>(&self, tags: &[Input<T>]) -> Vec<Sample<T>> {
        let handles: Vec<u32> = tags.iter().map(Input::handle).collect();
        let columns = Changes::new(port::read_tags(&handles));
        columns.iter().map(|change| change.sample()).collect()
    }

    pub(crate) fn scope(&self) -> &IoScope {
        &self.scope
    }

    /// The tags of this scope that weren't published since [`mark`] was `since`.
    pub(crate) fn miss_unpublished(&self, since: u64, reason: Status) {
        let tags = PUBLISHED.with(|published| {
            let last = published.last.borrow();
            let missing = |handle: &&u32| last.get(**handle as usize).is_none_or(|at| *at <= since);
            self.scope.tags.iter().filter(missing).copied().collect::<Vec<_>>()
        });
        self.missed(tags, reason);
    }
}

/// Samples of one quality and one time as columns, which leave as they are: row i of each belongs together.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Which tags, by [`Tag::handle`].
    pub handles: &'a [u32],
    /// [`ValueKind`] as numbers: `Null` to `Float`; text has no place here.
    pub kinds: &'a [u8],
    /// The values' bits, as [`Columns::values`] has them.
    pub values: &'a [u64],
    /// How good all of them are.
    pub status: Status,
    /// Their source time, ns UTC; 0 lets the station take the time of arrival.
    pub utc_ns: i64,
}

/// At most one of both has rows, so that everything leaves in the order in which it was published.
#[derive(Default)]
struct Published {
    batch: RefCell<Columns>,
    runs: RefCell<SampleRuns>,
    /// Somebody asks which tags were published since some mark, so that it is remembered.
    tracks: Cell<bool>,
    count: Cell<u64>,
    /// By handle: the count when it was last published.
    last: RefCell<Vec<u64>>,
}

thread_local! {
    static PUBLISHED: Published = Published::default();
}

static PUMP: Pump = Pump { name: "samples", before: || {}, after: flush, reset };

/// How many samples were published so far; from the first call on, the last one of each tag is remembered.
pub(crate) fn mark() -> u64 {
    PUBLISHED.with(|published| {
        published.tracks.set(true);
        published.count.get()
    })
}

impl Published {
    fn batch_to_fill(&self) -> RefMut<'_, Columns> {
        let batch = self.batch.borrow_mut();
        // The pump that takes a batch out must be there when the batch begins, and is there until it has ended.
        if batch.is_empty() {
            executor::register(&PUMP);
            self.flush_runs();
        }
        batch
    }

    fn runs_to_fill(&self) -> RefMut<'_, SampleRuns> {
        let runs = self.runs.borrow_mut();
        if runs.is_empty() {
            executor::register(&PUMP);
            self.flush_batch();
        }
        runs
    }

    fn flush_batch(&self) {
        let mut batch = self.batch.borrow_mut();
        if !batch.is_empty() {
            port::publish(&batch);
            batch.clear();
        }
    }

    fn flush_runs(&self) {
        let mut runs = self.runs.borrow_mut();
        if !runs.is_empty() {
            port::publish_runs(&runs);
            runs.clear();
        }
    }

    fn note(&self, handles: &[u32]) {
        let mut last = self.last.borrow_mut();
        for handle in handles {
            let count = self.count.get() + 1;
            self.count.set(count);
            if last.len() <= *handle as usize {
                last.resize(*handle as usize + 1, 0);
            }
            last[*handle as usize] = count;
        }
    }
}

fn publish_rows(rows: &Rows<'_>) {
    let len = rows.handles.len().min(rows.kinds.len()).min(rows.values.len());
    for start in (0..len).step_by(BATCH_ROWS) {
        let range = start..len.min(start + BATCH_ROWS);
        let (handles, kinds, values) = (&rows.handles[range.clone()], &rows.kinds[range.clone()], &rows.values[range]);
        let full = PUBLISHED.with(|published| {
            let mut batch = published.batch_to_fill();
            if published.tracks.get() {
                published.note(handles);
            }
            batch.extend(handles, kinds, values, rows.status, rows.utc_ns);
            batch.len() >= BATCH_ROWS
        });
        if full {
            flush();
        }
    }
}

pub(crate) fn publish(handle: u32, value: &Value, status: Status, utc_ns: i64) {
    let utc_ns = if utc_ns == 0 { executor::answered_at() } else { utc_ns };
    let full = PUBLISHED.with(|published| {
        let mut batch = published.batch_to_fill();
        if published.tracks.get() {
            published.note(&[handle]);
        }
        match value {
            Value::Text(text) if text.len() > TEXT_BYTES => batch.push(handle, &Value::Null, Status::BAD_DECODING, utc_ns),
            value => batch.push(handle, value, status, utc_ns),
        }
        batch.len() >= BATCH_ROWS || batch.text.len() >= BATCH_TEXT_BYTES
    });
    if full {
        flush();
    }
}

fn publish_run(set: &RowSet, first: usize, status: Status, utc_ns: i64, decode: impl FnOnce(&mut Vec<u64>) -> bool) -> bool {
    let full = PUBLISHED.with(|published| {
        let mut runs = published.runs_to_fill();
        let begin = runs.values.len();
        let decoded = decode(&mut runs.values);
        let count = runs.values.len().saturating_sub(begin);
        let rows = set.handles().get(first..first + count).filter(|_| decoded && count <= BATCH_ROWS);
        let Some(rows) = rows else {
            runs.values.truncate(begin);
            return None;
        };
        if published.tracks.get() {
            published.note(rows);
        }
        runs.push_head(set.name(), first as u32, count as u32, status, utc_ns);
        Some(runs.values.len() >= BATCH_ROWS)
    });
    if full == Some(true) {
        flush();
    }
    full.is_some()
}

fn flush() {
    PUBLISHED.with(|published| {
        published.flush_batch();
        published.flush_runs();
    });
}

fn reset() {
    PUBLISHED.with(|published| {
        published.batch.borrow_mut().clear();
        published.runs.borrow_mut().clear();
        published.last.borrow_mut().clear();
        published.count.set(0);
        published.tracks.set(false);
    });
}
