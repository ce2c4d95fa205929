//! What key figures need of a time: every row, small and quick.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{AlarmEventKind, AlarmId, AlarmStep, Utc};

use super::block::Block;
use super::record::Head;
use super::segment::{Contents, Segment, Segments};
use super::{AlarmTexts, Gap, GapReason, JournalReader};
use crate::JournalError;

/// What comes out, in this order: alarms before their first step, then where they stood, then rows and gaps. A time before the
/// journal's beginning is a gap too.
#[derive(Clone, Copy, Debug)]
pub enum Steps<'a> {
    /// An alarm that steps will name by this number, or its new texts.
    Alarm(AlarmId, &'a Arc<AlarmTexts>),
    /// Where an alarm stood at the beginning; its time is when it last came.
    Stood(AlarmStep),
    /// Rows, in order.
    Rows(&'a [AlarmStep]),
    /// Nothing was recorded.
    Gap(&'a Gap),
}

impl JournalReader {
    /// Calls back with every row from a time until before another, and with where alarms stood at its beginning.
    ///
    /// # Errors
    /// When the disk can't be read.
    pub fn steps(&self, from: Utc, until: Utc, visit: impl FnMut(Steps<'_>)) -> Result<(), JournalError> {
        let list = self.segments.list();
        let begun_before = |segment: &Segment| self.segments.head(segment).is_ok_and(|head| head.at <= from.0);
        let start = list.iter().rposition(begun_before).unwrap_or(0);
        let mut walk = Walk::new(from.0, until.0, visit);
        if let Some(first) = list.get(start).and_then(|segment| self.segments.head(segment).ok()) {
            walk.before_all(&first);
        }
        for (place, segment) in list.iter().enumerate().skip(start) {
            match self.segments.contents(segment) {
                Ok(contents) => walk.file(&self.segments, segment, &contents, place == start)?,
                Err(JournalError::Store(error)) if error.is_missing() => {}
                Err(error @ JournalError::Version { .. }) => return Err(error),
                // What can't be read is as if it had never been written; `verify` tells of it.
                Err(error) => tracing::warn!("{error}"),
            }
        }
        walk.begin_where_not();
        Ok(())
    }
}

struct Walk<V> {
    from: i64,
    until: i64,
    visit: V,
    alarms: HashMap<Arc<str>, u32>,
    texts: Vec<Arc<AlarmTexts>>,
    /// Where alarms stood, until the first row of the time is met.
    before: Option<Vec<Option<AlarmStep>>>,
    rows: Vec<AlarmStep>,
}

impl<V: FnMut(Steps<'_>)> Walk<V> {
    fn new(from: i64, until: i64, visit: V) -> Self {
        Self { from, until, visit, alarms: HashMap::new(), texts: Vec::new(), before: Some(Vec::new()), rows: Vec::new() }
    }

    /// What lies before the journal's beginning was recorded by nobody.
    fn before_all(&mut self, first: &Head) {
        let (from, to) = (Utc(self.from), Utc(first.at.min(self.until)));
        if from < to {
            let (before_row, rows, kept_rows) = (first.first_row, None, 0);
            (self.visit)(Steps::Gap(&Gap { from, to, before_row, rows, kept_rows, reason: GapReason::Stopped }));
        }
    }

    fn file(&mut self, segments: &Segments, segment: &Segment, contents: &Contents, is_first: bool) -> Result<(), JournalError> {
        // By place in the file's list of names: the number that steps name the alarm by.
        let mut numbers: Vec<Option<u32>> = vec![None; contents.names.len()];
        if is_first {
            for (name, row) in segments.kept(segment)?.0 {
                let Some(number) = self.number(&mut numbers, contents, name) else { continue };
                let (state, hidden) = (row.standing.state, row.standing.hidden);
                self.stood(AlarmStep { at: row.came, alarm: AlarmId(number), kind: AlarmEventKind::Standing, state, hidden });
            }
        }
        let (from, until) = (self.from, self.until);
        for gap in contents.gaps.iter().filter(|gap| gap.to.0 > from && gap.from.0 < until) {
            (self.visit)(Steps::Gap(gap));
        }
        for chunk in contents.chunks.iter().filter(|chunk| chunk.min < until) {
            if chunk.max < from && self.before.is_none() {
                continue;
            }
            for record in segments.read(contents, chunk)? {
                let Ok(block) = Block::of_record(&record) else { continue };
                self.block(&block, contents, &mut numbers);
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &Block<'_>, contents: &Contents, numbers: &mut [Option<u32>]) {
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        // Rows before damage within a block are still rows.
        let _ = block.steps(|at, name, kind, state, hidden| {
            let known = numbers.get(name as usize).copied().flatten();
            let Some(number) = known.or_else(|| self.number(numbers, contents, name)) else { return };
            let step = AlarmStep { at: Utc(at), alarm: AlarmId(number), kind, state, hidden };
            if at >= self.from && at < self.until {
                rows.push(step);
            } else if at < self.from && rows.is_empty() && self.before.is_some() {
                self.stood(step);
            }
        });
        if !rows.is_empty() {
            self.begin_where_not();
            (self.visit)(Steps::Rows(&rows));
        }
        self.rows = rows;
    }

    fn number(&mut self, numbers: &mut [Option<u32>], contents: &Contents, name: u32) -> Option<u32> {
        let texts = contents.names.get(name as usize)?;
        let next = self.texts.len() as u32;
        let number = *self.alarms.entry(texts.name.clone()).or_insert(next);
        if number == next {
            self.texts.push(texts.clone());
            (self.visit)(Steps::Alarm(AlarmId(number), texts));
        } else if self.texts[number as usize] != *texts {
            self.texts[number as usize] = texts.clone();
            (self.visit)(Steps::Alarm(AlarmId(number), texts));
        }
        numbers[name as usize] = Some(number);
        Some(number)
    }

    /// Keeps where an alarm stood before the time, and since when.
    fn stood(&mut self, step: AlarmStep) {
        let Some(before) = &mut self.before else { return };
        let place = step.alarm.0 as usize;
        if before.len() <= place {
            before.resize(place + 1, None);
        }
        let came_anew = matches!(step.kind, AlarmEventKind::Occurred | AlarmEventKind::ReAlarmed | AlarmEventKind::Standing);
        let at = before[place].filter(|_| !came_anew).map_or(step.at, |known| known.at);
        before[place] = Some(AlarmStep { at, ..step });
    }

    fn begin_where_not(&mut self) {
        for step in self.before.take().into_iter().flatten().flatten() {
            (self.visit)(Steps::Stood(AlarmStep { kind: AlarmEventKind::Standing, ..step }));
        }
    }
}
