//! What a station finds when it starts: the files, and where every alarm stood.

use std::path::Path;
use std::sync::Arc;

use plantroom_model::{AlarmId, AlarmRow, RestoredAlarm};
use plantroom_store::{AppendLog, Disk, LogItem, LogOptions, Recovery};

use super::block::Block;
use super::row::PackedRow;
use super::segment::{Segment, Segments};
use super::standings::Standings;
use super::tail::{TailState, TailView};
use super::{AlarmTexts, folder, record};
use crate::{JournalError, limits};

/// Where the alarms stood when the journal ended.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// Alarms that weren't at rest; by name, since ids are the running project's.
    pub alarms: Vec<KeptAlarm>,
    /// The number of the next occurrence.
    pub next_occurrence: u64,
    /// Whether the journal had been closed properly, or is new.
    pub was_closed: bool,
    /// What was found wrong and what became of it: sentences for the log and an alarm.
    pub notes: Vec<String>,
    /// A whole file had to be put aside.
    pub(crate) is_file_lost: bool,
    pub(crate) standings: Standings,
}

/// Where one alarm stood.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptAlarm {
    /// What it was called.
    pub alarm: Arc<AlarmTexts>,
    /// Everything that lists show of it.
    pub row: AlarmRow,
}

impl KeptAlarm {
    /// The same for the alarm engine, for an alarm that has this id now.
    pub fn restored(&self, alarm: AlarmId) -> RestoredAlarm {
        let row = &self.row;
        RestoredAlarm {
            alarm,
            standing: row.standing,
            came: row.came,
            until: row.shelved_until,
            acknowledged_by: row.acknowledged.as_ref().map(|(_, by)| by.clone()),
            hidden_by: row.hidden_by.as_ref().map(|(by, _)| by.clone()).filter(|by| !by.is_empty()),
            comment: row.hidden_by.as_ref().map(|(_, why)| why.clone()).filter(|why| !why.is_empty()).or(row.comment.clone()),
        }
    }
}

/// A log that can be written on.
#[derive(Debug)]
pub(crate) struct LastTail {
    pub log: AppendLog,
    pub view: Arc<TailView>,
}

/// What is in the folder.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub segments: Vec<Segment>,
    /// The newest file, where it is a log that can be written on.
    pub last: Option<LastTail>,
    /// Highest number of a file that there is or was.
    pub highest: u64,
}

pub(crate) fn log_options(reserve_bytes: u64) -> LogOptions {
    LogOptions { reserve_bytes, grow_bytes: reserve_bytes.min(1 << 20) }
}

/// Reads what a station needs of its journal: the newest file, and older ones only as far as that one is damaged.
pub(crate) fn restore(disk: &Arc<dyn Disk>, folder: &Path, reserve_bytes: u64) -> Result<(Found, Restored), JournalError> {
    let mut restored = Restored { was_closed: true, ..Restored::default() };
    let mut found = Found::default();
    let files = folder::files(&**disk, folder)?;
    found.highest = files.last().map_or(0, |(number, _)| *number);
    remove_left_over(disk, folder, &files);
    for (number, is_sealed) in files.iter().rev() {
        let is_newest = found.segments.is_empty();
        if *is_sealed {
            restored.was_closed &= !is_newest;
            found.segments.push(Segment::Sealed(*number));
        } else if is_newest {
            if let Some((log, state)) = open_tail(disk, folder, *number, reserve_bytes, &mut restored)? {
                restored.was_closed &= state.closed.is_some();
                let view = TailView::new(*number, state);
                found.segments.push(Segment::Tail(view.clone()));
                found.last = Some(LastTail { log, view });
            }
        } else if let Some(state) = read_full(disk, folder, *number, &mut restored.notes)? {
            found.segments.push(Segment::Tail(TailView::new(*number, state)));
        }
    }
    found.segments.reverse();
    let segments = Segments::new(disk.clone(), folder.to_owned(), found.segments.clone());
    restored.standings = standings(&segments, &mut restored.notes)?;
    let standings = &restored.standings;
    restored.alarms = standings.shown().map(|(alarm, row)| KeptAlarm { alarm: alarm.clone(), row: row.clone() }).collect();
    let skipped = if restored.was_closed { 0 } else { limits::OCCURRENCES_SKIPPED };
    restored.next_occurrence = standings.last_occurrence + 1 + skipped;
    Ok((found, restored))
}

/// Removes what a crash left: logs that are sealed, and half-sealed files.
fn remove_left_over(disk: &Arc<dyn Disk>, folder: &Path, files: &[(u64, bool)]) {
    for path in disk.list(folder).unwrap_or_default() {
        let is_sealed = |number: u64| files.binary_search(&(number, true)).is_ok();
        let is_left_over = match folder::number(&path) {
            Some((number, false)) => is_sealed(number),
            Some((_, true)) => false,
            None => path.extension().is_some_and(|ending| ending == "sealing"),
        };
        if is_left_over {
            let _ = disk.remove(&path);
        }
    }
}

/// Opens a log. One whose beginning never got to the disk holds nothing else and is removed; one that isn't readable at all
/// is put aside.
fn open_tail(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    number: u64,
    reserve_bytes: u64,
    restored: &mut Restored,
) -> Result<Option<(AppendLog, TailState)>, JournalError> {
    let path = folder::path(folder, number, folder::TAIL);
    let mut state = TailState::default();
    let mut trouble = Ok(());
    let opened = AppendLog::open(disk, &path, log_options(reserve_bytes), |offset, payload| {
        if trouble.is_ok() {
            trouble = state.record(offset, payload, &path);
        }
    });
    trouble?;
    let (log, recovery) = match opened {
        Ok(opened) => opened,
        Err(plantroom_store::StoreError::NotALog { .. }) => {
            let aside = folder::path(folder, number, "damaged");
            let _ = disk.rename(&path, &aside);
            (restored.was_closed, restored.is_file_lost) = (false, true);
            restored.notes.push(format!(
                "a file of the alarm journal is damaged from its first byte on and was put aside; its rows are missing: {}",
                aside.display()
            ));
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    if !recovery.damage.is_empty() {
        // Where it is tells only reading in order.
        state = read_again(disk, &path)?;
    }
    note_recovery(&recovery, &path, &mut restored.notes);
    if !state.is_ready && state.rows == 0 {
        drop(log);
        let _ = disk.remove(&path);
        return Ok(None);
    }
    Ok(Some((log, state)))
}

fn read_again(disk: &Arc<dyn Disk>, path: &Path) -> Result<TailState, JournalError> {
    let mut state = TailState::default();
    let mut reader = plantroom_store::LogReader::open(&**disk, path)?;
    while let Some(item) = reader.next().transpose()? {
        state.take(&item, path)?;
    }
    Ok(state)
}

/// A log that is only read; one that isn't readable is left where it is.
fn read_full(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    number: u64,
    notes: &mut Vec<String>,
) -> Result<Option<TailState>, JournalError> {
    match read_again(disk, &folder::path(folder, number, folder::TAIL)) {
        Ok(state) => Ok(Some(state)),
        Err(JournalError::Store(error)) => {
            notes.push(format!("a file of the alarm journal can't be read; its rows are missing: {error}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn note_recovery(recovery: &Recovery, path: &Path, notes: &mut Vec<String>) {
    let bytes: u64 = recovery.damage.iter().map(|(from, to)| to - from).sum();
    if bytes > 0 {
        notes.push(format!(
            "the disk has damaged {bytes} bytes of the alarm journal; the rows there are missing: {}",
            path.display()
        ));
    }
    if recovery.torn_bytes > 0 {
        let bytes = recovery.torn_bytes;
        notes.push(format!("{bytes} bytes of the alarm journal that were never confirmed were cut off: {}", path.display()));
    }
}

/// Where every alarm stood: from the newest file whose beginning is whole, and what came after it.
fn standings(segments: &Segments, notes: &mut Vec<String>) -> Result<Standings, JournalError> {
    let list = segments.list();
    let mut standings = Standings::default();
    let mut start = list.len();
    while let Some(place) = start.checked_sub(1) {
        start = place;
        if segments.kept(&list[place]).is_ok_and(|(_, whole)| whole) {
            break;
        }
        notes.push("the beginning of a file of the alarm journal is damaged; an older one was read instead".to_owned());
    }
    for (place, segment) in list.iter().enumerate().skip(start) {
        match segments.contents(segment) {
            Ok(_) => replay(segments, segment, place == start, &mut standings)?,
            Err(error @ JournalError::Version { .. }) => return Err(error),
            Err(error) => notes.push(error.to_string()),
        }
    }
    Ok(standings)
}

/// Takes a file's beginning and its rows in.
pub(crate) fn replay(
    segments: &Segments,
    segment: &Segment,
    from_beginning: bool,
    standings: &mut Standings,
) -> Result<(), JournalError> {
    let contents = segments.contents(segment)?;
    standings.last_occurrence = standings.last_occurrence.max(segments.head(segment)?.last_occurrence);
    if from_beginning {
        for (name, row) in segments.kept(segment)?.0 {
            if let Some(texts) = contents.names.get(name as usize) {
                standings.begin(texts, row);
            }
        }
    }
    let mut places: Vec<Option<u32>> = vec![None; contents.names.len()];
    for chunk in contents.chunks.iter() {
        for block in segments.read(&contents, chunk)? {
            let Ok(block) = Block::of_record(&block) else { continue };
            for row in block.read().unwrap_or_default() {
                let Some(texts) = contents.names.get(row.name as usize) else { continue };
                let place = *places[row.name as usize].get_or_insert_with(|| standings.place(texts));
                standings.renamed(place, texts);
                standings.apply(place, event(row));
            }
        }
    }
    Ok(())
}

fn event(row: PackedRow) -> plantroom_model::AlarmEvent {
    let nameless = Arc::new(AlarmTexts::unreadable(0));
    row.unpacked(0, nameless).event(AlarmId(0))
}

impl Segments {
    /// Where alarms stood when a file began, and whether that is all of it.
    pub fn kept(&self, segment: &Segment) -> Result<(Vec<(u32, AlarmRow)>, bool), JournalError> {
        match segment {
            Segment::Sealed(number) => {
                let index = self.index(*number)?;
                Ok((super::sealed::kept(&*self.disk, &self.path(*number, folder::SEALED), &index)?, true))
            }
            Segment::Tail(view) => {
                let path = self.path(view.number, folder::TAIL);
                let mut state = TailState::default();
                let mut reader = match plantroom_store::LogReader::open(&*self.disk, &path) {
                    // Sealed since then.
                    Err(error) if error.is_missing() => return self.kept(&Segment::Sealed(view.number)),
                    other => other?,
                };
                while !state.is_ready
                    && let Some(item) = reader.next().transpose()?
                {
                    if matches!(&item, LogItem::Record { payload, .. } if payload.first() == Some(&record::ROWS)) {
                        break;
                    }
                    state.take(&item, &path)?;
                }
                Ok((state.kept, state.is_ready && !state.beginning_damaged))
            }
        }
    }
}
