//! The thread that writes: what waits becomes records, one wait for the disk for all of them.

use std::collections::HashSet;
use std::sync::Arc;

use plantroom_model::{AlarmEvent, AlarmEventKind, AlarmId, Hidden, Mono, Now, Standing, Status, Utc, Value};
use plantroom_store::{AppendLog, StoreError};

use super::block::BlockBuilder;
use super::catalog::{self, Names};
use super::queue::{Overflow, Queue, Taken};
use super::record::{self, Head};
use super::restore::{Found, Restored, log_options};
use super::row::PackedRow;
use super::seal::Sealer;
use super::segment::Segments;
use super::standings::Standings;
use super::tail::{TailState, TailView};
use super::{Catalog, Gap, GapReason, JournalSetup, folder};
use crate::{JournalError, limits};

/// Bytes that stand before each record of a log.
const RECORD_HEADER_BYTES: u64 = 20;
/// A file's beginning is written in pieces of so many bytes, so that no write is too long for a disk that is also asked for
/// other things.
const PIECE_BYTES: usize = 4 << 20;
/// How often a disk that failed is tried while the station stops: nobody waits for it longer.
const LAST_TRIES: u32 = 3;
/// A day, in ns.
const DAY_NS: i64 = 86_400_000_000_000;

/// Writes the journal.
#[derive(Debug)]
pub(crate) struct Writer {
    segments: Arc<Segments>,
    queue: Arc<Queue>,
    setup: JournalSetup,
    log: AppendLog,
    view: Arc<TailView>,
    names: Names,
    /// Places among the standings, by place among the names of the file.
    places: Vec<Option<u32>>,
    standings: Standings,
    builder: BlockBuilder,
    next_row: u64,
    /// The first row that was kept after others had to be counted.
    gap_before: Option<u64>,
    begun: i64,
    /// The newest time that anything said.
    newest: i64,
    /// Where the file has to end before the next one is tried, after one couldn't be begun.
    try_at: u64,
    /// Comes before everything else: what an earlier try could not write.
    pending: Vec<Vec<u8>>,
    /// Alarms that stood before the start and that the project may not have any more.
    is_unsure: bool,
    sealer: Option<Sealer>,
}

impl Writer {
    /// Goes on with the newest file, or begins one.
    pub fn start(
        segments: Arc<Segments>,
        queue: Arc<Queue>,
        setup: JournalSetup,
        found: Found,
        restored: &Restored,
        now: Now,
    ) -> Result<Self, JournalError> {
        let standings = restored.standings.clone();
        let (mut pending, mut next_row) = (Vec::new(), 1);
        let history = segments.list().last().cloned();
        let mut known_until = now.utc.0;
        if let Some(last) = &history {
            (known_until, next_row) = match last {
                super::segment::Segment::Tail(view) => {
                    view.with(|state| (state.closed.unwrap_or(state.newest), state.next_row()))
                }
                super::segment::Segment::Sealed(number) => {
                    segments.index(*number).map_or((now.utc.0, 1), |index| (index.newest(), index.next_row()))
                }
            };
        }
        if history.is_some() || restored.is_file_lost {
            let (reason, rows) = match (restored.is_file_lost, restored.was_closed) {
                (true, _) => (GapReason::Damaged, None),
                (_, true) => (GapReason::Stopped, Some(0)),
                (_, false) => (GapReason::Killed, None),
            };
            let from = Utc(known_until.min(now.utc.0));
            let gap = Gap { from, to: now.utc, before_row: next_row, rows, kept_rows: 0, reason };
            pending.push(record::put_gap(&gap));
        }
        let (log, view, names) = match found.last {
            Some(last) => {
                let names = last.view.with(|state| Names::of(state.names.clone()));
                (last.log, last.view, names)
            }
            None => {
                let (segment, last_occurrence) = (found.highest + 1, standings.last_occurrence);
                let head = Head { version: record::VERSION, segment, first_row: next_row, last_occurrence, at: now.utc.0 };
                let (log, view, names) = begin(&segments, setup.reserve_bytes, head, &standings)?;
                segments.push(view.clone());
                (log, view, names)
            }
        };
        let begun = view.with(|state| state.head.at);
        Ok(Self {
            is_unsure: !restored.alarms.is_empty(),
            places: Vec::new(),
            builder: BlockBuilder::default(),
            newest: now.utc.0,
            try_at: 0,
            sealer: None,
            segments,
            queue,
            setup,
            log,
            view,
            names,
            standings,
            next_row,
            gap_before: None,
            begun,
            pending,
        })
    }

    /// Who seals full files.
    pub fn seal_with(&mut self, sealer: Sealer) {
        sealer.wake(self.newest);
        self.sealer = Some(sealer);
    }

    /// Writes until the station stops.
    pub fn run(mut self) {
        self.say();
        // How the last run ended is told before anything of this one.
        let mut is_open = self.commit(&Taken::default(), &[]);
        while is_open {
            let taken = self.queue.take(self.setup.gather_ms, self.log.on_reserve().then_some(self.setup.retry_ms));
            if taken.stopping && taken.rows == 0 && taken.overflow.is_none() {
                break;
            }
            if taken.rows == 0 && taken.overflow.is_none() {
                self.log.refill();
                self.say();
                continue;
            }
            let records = self.encode(&taken);
            is_open = self.commit(&taken, &records);
            self.rotate_where_full();
        }
        if is_open {
            let mut closed = vec![record::CLOSED];
            let at = self.queue.stopped_at().unwrap_or(self.newest);
            closed.extend_from_slice(&at.to_le_bytes());
            let closed = [closed];
            let tried = (1..LAST_TRIES).fold(self.append(&closed), |tried, _| tried.or_else(|_| self.append(&closed)));
            if let Err(error) = tried {
                tracing::warn!("the alarm journal could not be closed: {error}");
            }
        }
        self.queue.ended();
    }

    /// Everything that was taken, as records.
    fn encode(&mut self, taken: &Taken) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        for batch in &taken.batches {
            if batch.is_behind_gap && self.gap_before.is_none() {
                self.gap_before = Some(self.next_row + self.builder.rows() as u64);
            }
            self.settle(&batch.catalog, batch.events.first().map_or(self.newest, |event| event.at.utc.0), &mut records);
            for event in &batch.events {
                self.row(event, &batch.catalog, &mut records);
            }
        }
        if let Some(overflow) = &taken.overflow {
            self.close_block(&mut records);
            self.overflow(overflow, &mut records);
        }
        self.close_block(&mut records);
        let mut all = self.new_names();
        all.append(&mut records);
        all
    }

    fn row(&mut self, event: &AlarmEvent, catalog: &Arc<Catalog>, records: &mut Vec<Vec<u8>>) {
        let name = self.names.place(event.alarm, catalog);
        self.add(event, name, records);
    }

    fn add(&mut self, event: &AlarmEvent, name: u32, records: &mut Vec<Vec<u8>>) {
        let index = name as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, None);
        }
        if let Some(texts) = self.names.get(name) {
            let place = *self.places[index].get_or_insert_with(|| self.standings.place(texts));
            self.standings.renamed(place, texts);
            self.standings.apply(place, event.clone());
        }
        self.newest = self.newest.max(event.at.utc.0);
        self.builder.push(&PackedRow::of(event, name));
        if self.builder.rows() >= limits::BLOCK_ROWS || self.builder.bytes() >= limits::BLOCK_BYTES {
            self.close_block(records);
        }
    }

    fn close_block(&mut self, records: &mut Vec<Vec<u8>>) {
        let rows = self.builder.rows() as u64;
        if rows > 0 {
            let mut record = vec![record::ROWS];
            self.builder.finish(self.next_row, &mut record);
            records.push(record);
            self.next_row += rows;
        }
    }

    /// What is missing, and where its alarms stand.
    fn overflow(&mut self, overflow: &Overflow, records: &mut Vec<Vec<u8>>) {
        let (from, to) = (overflow.from.min(overflow.to), overflow.to.max(overflow.from));
        if overflow.rows > 0 {
            // What people did was kept while rows of the plant were missing already.
            let before_row = self.gap_before.take().unwrap_or(self.next_row);
            let (rows, kept_rows) = (Some(overflow.rows), self.next_row - before_row);
            let gap = Gap { from, to, before_row, rows, kept_rows, reason: GapReason::Disk };
            records.push(record::put_gap(&gap));
        }
        for event in overflow.newest.values() {
            let mut event = event.clone();
            let name = self.names.place(event.alarm, &overflow.catalog);
            let known = self.names.get(name).map(|texts| self.standings.place(texts)).and_then(|place| self.standings.get(place));
            if event.to.hidden.has(Hidden::SHELVED) && event.until.is_none() {
                event.until = known.and_then(|row| row.shelved_until);
            }
            self.add(&event, name, records);
        }
    }

    /// Alarms that stood before the start and that the project doesn't have any more are told as removed, once.
    fn settle(&mut self, catalog: &Arc<Catalog>, at: i64, records: &mut Vec<Vec<u8>>) {
        if !std::mem::take(&mut self.is_unsure) {
            return;
        }
        let names: HashSet<&str> = catalog.names().collect();
        let gone = self.standings.shown().filter(|(texts, _)| !names.contains(&*texts.name));
        let gone: Vec<_> = gone.map(|(texts, row)| (texts.as_ref().clone(), row.standing)).collect();
        for (texts, standing) in gone {
            let name = self.names.place_of(texts);
            let to = Standing { occurrence: standing.occurrence, ..Standing::default() };
            let event = AlarmEvent {
                alarm: AlarmId(0),
                occurrence: standing.occurrence,
                at: Now { mono: Mono(0), utc: Utc(at) },
                source_time: Utc(0),
                kind: AlarmEventKind::Removed,
                from: standing,
                to,
                value: Value::Null,
                status: Status::GOOD,
                limit: None,
                until: None,
                by: None,
                comment: None,
            };
            self.add(&event, name, records);
        }
    }

    fn new_names(&self) -> Vec<Vec<u8>> {
        let (first, names) = self.names.unwritten();
        name_records(first, names)
    }

    /// Brings records to the disk, however often that takes; `false` when the station stops before.
    fn commit(&mut self, taken: &Taken, records: &[Vec<u8>]) -> bool {
        let mut all = std::mem::take(&mut self.pending);
        all.extend_from_slice(records);
        if all.is_empty() {
            return true;
        }
        let rows_before = self.view.with(TailState::next_row);
        let mut last_tries = 0;
        loop {
            match self.append(&all) {
                Ok(()) => break,
                Err(error) => self.queue.trouble(Some(self.trouble(&error))),
            }
            last_tries += u32::from(self.queue.is_stopping());
            if last_tries >= LAST_TRIES {
                tracing::error!("the alarm journal could not be written to its end: {} rows are missing", taken.rows);
                return false;
            }
            self.queue.pause(self.setup.retry_ms);
        }
        self.names.mark_written();
        let rows = self.view.with(TailState::next_row) - rows_before;
        self.say();
        self.queue.written(taken, |health| health.rows += rows);
        true
    }

    /// One wait for the disk.
    fn append(&mut self, records: &[Vec<u8>]) -> Result<(), StoreError> {
        let mut offset = self.log.end();
        let payloads: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        self.log.append(&payloads)?;
        let path = self.segments.path(self.view.number, folder::TAIL);
        let placed = records.iter().map(|record| {
            let at = offset;
            offset += RECORD_HEADER_BYTES + record.len() as u64;
            (at, record.as_slice())
        });
        if let Err(error) = self.view.take(placed, &path) {
            tracing::error!("{error}");
        }
        Ok(())
    }

    fn trouble(&self, error: &StoreError) -> Arc<str> {
        format!("Alarms go on, but their journal can't be written, and what happens now may be missing in it: {error}").into()
    }

    /// Tells how the files are.
    fn say(&self) {
        let trouble = self.log.on_reserve().then(|| {
            let left = self.log.reserve_left() >> 10;
            let folder = self.segments.folder.display();
            let what = format!("The disk is full or failing. The alarm journal has {left} KiB left that it kept for this");
            format!("{what}: free some space on the disk that holds {folder}").into()
        });
        let (files, end) = (self.segments.list().len(), self.log.end());
        let sealed = self.segments.sealed_bytes();
        self.queue.told(|health| {
            health.trouble = trouble;
            (health.files, health.bytes) = (files, sealed + end);
        });
    }

    /// Begins the next file where this one is long or old enough. Where that fails, this one goes on.
    fn rotate_where_full(&mut self) {
        let is_long = self.log.end() >= self.setup.segment_bytes;
        let is_old = self.newest.saturating_sub(self.begun) >= self.setup.segment_days.saturating_mul(DAY_NS);
        let has_rows = self.view.with(|state| state.rows > 0);
        if !has_rows || !(is_long || is_old) || self.log.end() < self.try_at {
            return;
        }
        let head = Head {
            version: record::VERSION,
            segment: self.view.number + 1,
            first_row: self.next_row,
            last_occurrence: self.standings.last_occurrence,
            at: self.newest,
        };
        match begin(&self.segments, self.setup.reserve_bytes, head, &self.standings) {
            Ok((log, view, names)) => {
                self.segments.push(view.clone());
                (self.log, self.view, self.names) = (log, view, names);
                self.places.clear();
                (self.begun, self.try_at) = (head.at, 0);
                if let Some(sealer) = &self.sealer {
                    sealer.wake(self.newest);
                }
                self.say();
            }
            Err(error) => {
                tracing::warn!("the alarm journal goes on in its present file, because the next one can't be begun: {error}");
                self.try_at = self.log.end() + (self.setup.segment_bytes / 8).max(1);
            }
        }
    }
}

/// Begins a file: its head, where every alarm stands, and that this is all of it.
fn begin(
    segments: &Segments,
    reserve_bytes: u64,
    head: Head,
    standings: &Standings,
) -> Result<(AppendLog, Arc<TailView>, Names), JournalError> {
    let path = segments.path(head.segment, folder::TAIL);
    let mut names = Names::default();
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for (texts, row) in standings.shown() {
        let place = names.place_of(texts.as_ref().clone());
        if kept.last().is_none_or(|record| record.len() >= limits::BLOCK_BYTES) {
            kept.push(vec![record::KEPT]);
        }
        if let Some(record) = kept.last_mut() {
            record::put_kept(record, place, row);
        }
    }
    let (first, list) = names.unwritten();
    let mut records = vec![head.put()];
    records.extend(name_records(first, list));
    records.extend(kept);
    // What an earlier try may have left.
    let _ = segments.disk.remove(&path);
    let written = (|| -> Result<(AppendLog, TailState), JournalError> {
        let (mut log, _) = AppendLog::open(&segments.disk, &path, log_options(reserve_bytes), |_, _| {})?;
        let mut state = TailState::default();
        let mut some: Vec<&[u8]> = Vec::new();
        for record in &records {
            some.push(record);
            if some.iter().map(|record| record.len()).sum::<usize>() >= PIECE_BYTES {
                log.append(&some)?;
                some.clear();
            }
        }
        some.push(&[record::READY]);
        log.append(&some)?;
        for record in records.iter().chain([&vec![record::READY]]) {
            state.record(0, record, &path)?;
        }
        Ok((log, state))
    })();
    match written {
        Ok((log, state)) => {
            names.mark_written();
            let view = TailView::new(head.segment, state);
            Ok((log, view, names))
        }
        Err(error) => {
            let _ = segments.disk.remove(&path);
            Err(error)
        }
    }
}

/// Names as records, none too long for the log.
fn name_records(first: u32, names: &[Arc<super::AlarmTexts>]) -> Vec<Vec<u8>> {
    // At most four texts of 4 KiB each.
    const NAMES_A_RECORD: usize = 32;
    let mut records = Vec::new();
    for (place, some) in names.chunks(NAMES_A_RECORD).enumerate() {
        let mut record = vec![record::NAMES];
        catalog::put_names(&mut record, first + (place * NAMES_A_RECORD) as u32, some);
        records.push(record);
    }
    records
}
