//! Reads the whole journal and says what is wrong with it.

use std::collections::HashMap;

use plantroom_model::{AlarmEventKind, AlarmId, Utc};

use super::block::Block;
use super::segment::{Contents, Segment, Segments};
use super::standings::Standings;
use super::{Gap, GapReason};
use crate::JournalError;

/// Sentences of a report; more are counted only.
const SENTENCES: usize = 100;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalReport {
    /// Files.
    pub files: usize,
    /// Rows that can be read.
    pub rows: u64,
    /// The oldest and the newest time of a row.
    pub span: Option<(Utc, Utc)>,
    /// What is missing, in the order of the rows.
    pub gaps: Vec<Gap>,
    /// What is wrong, in sentences; at most 100.
    pub problems: Vec<String>,
    /// How many problems there are.
    pub problem_count: usize,
    /// Alarms that aren't at rest at the end.
    pub standing: usize,
}

impl JournalReport {
    /// Whether everything that was ever confirmed is there and fits together.
    pub fn is_whole(&self) -> bool {
        self.problem_count == 0
    }

    fn problem(&mut self, sentence: String) {
        self.problem_count += 1;
        if self.problems.len() < SENTENCES {
            self.problems.push(sentence);
        }
    }
}

pub(crate) fn verify(segments: &Segments) -> Result<JournalReport, JournalError> {
    let mut report = JournalReport::default();
    let mut walk = Walk::default();
    for (place, segment) in segments.list().iter().enumerate() {
        report.files += 1;
        if let Err(error) = walk.file(segments, segment, place == 0, &mut report) {
            report.problem(format!("file {}: {error}", segment.number()));
        }
    }
    let damaged: Vec<String> = report.gaps.iter().filter(|gap| gap.reason == GapReason::Damaged).map(Gap::words).collect();
    damaged.into_iter().for_each(|words| report.problem(words));
    report.standing = walk.standings.shown().count();
    Ok(report)
}

#[derive(Default)]
struct Walk {
    standings: Standings,
    next_row: Option<u64>,
    /// By the place among the standings: the last row of the alarm.
    last_rows: HashMap<u32, u64>,
}

impl Walk {
    fn file(
        &mut self,
        segments: &Segments,
        segment: &Segment,
        is_first: bool,
        report: &mut JournalReport,
    ) -> Result<(), JournalError> {
        let contents = segments.contents(segment)?;
        let file = segment.number();
        report.gaps.extend(contents.gaps.iter().cloned());
        let (kept, is_whole) = segments.kept(segment)?;
        if !is_whole {
            report.problem(format!("file {file}: its beginning is damaged"));
        }
        for (name, row) in kept {
            let Some(texts) = contents.names.get(name as usize) else { continue };
            let place = self.standings.place(texts);
            let known = self.standings.get(place).map(|row| row.standing).unwrap_or_default();
            // Marks may have changed without a row.
            let differs = (known.state, known.hidden) != (row.standing.state, row.standing.hidden);
            if !is_first && differs {
                let (name, state) = (&texts.name, row.standing.state.word());
                report.problem(format!("file {file}: {name} begins as {state}, which isn't how it ended before"));
            }
            self.standings.begin(texts, row);
        }
        for chunk in contents.chunks.iter() {
            let mut rows = 0;
            for record in &segments.read(&contents, chunk)? {
                let Ok(block) = Block::of_record(record) else { continue };
                rows += block.rows as u64;
                self.follows(&block, file, report);
                self.block(&block, &contents, report);
            }
            if rows != chunk.rows {
                let missing = chunk.rows.saturating_sub(rows);
                report.problem(format!("file {file}: {missing} rows can't be read any more"));
            }
        }
        Ok(())
    }

    /// Whether a block's rows go on where the one before ended.
    fn follows(&mut self, block: &Block<'_>, file: u64, report: &mut JournalReport) {
        let first = block.first_row;
        let is_after_gap = report.gaps.iter().any(|gap| gap.before_row == first);
        if let Some(next) = self.next_row.filter(|next| *next != first && !is_after_gap) {
            report.problem(format!("file {file}: row {first} doesn't follow row {}", next.saturating_sub(1)));
        }
        self.next_row = Some(first + block.rows as u64);
    }

    fn block(&mut self, block: &Block<'_>, contents: &Contents, report: &mut JournalReport) {
        let Ok(rows) = block.read() else {
            report.problem(format!("the block with row {} can't be read", block.first_row));
            return;
        };
        for (row, number) in rows.into_iter().zip(block.first_row..) {
            report.rows += 1;
            let at = Utc(row.at);
            report.span = Some(report.span.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
            let Some(texts) = contents.names.get(row.name as usize) else {
                report.problem(format!("row {number} names an alarm that the file doesn't know"));
                continue;
            };
            let place = self.standings.place(texts);
            let known = self.standings.get(place).map(|row| row.standing).unwrap_or_default();
            let last = self.last_rows.insert(place, number).unwrap_or(0);
            let fits = (known.state, known.hidden) == (row.from.state, row.from.hidden);
            // Behind a gap only the station can say where an alarm stands; of events nobody keeps it.
            let is_told = matches!(row.kind, AlarmEventKind::Standing | AlarmEventKind::Removed)
                || texts.priority == plantroom_model::Priority::Event;
            if !fits
                && !is_told
                && !report.gaps.iter().any(|gap| gap.before_row + gap.kept_rows > last && gap.before_row <= number)
            {
                let (before, now) = (known.state.letter(), row.from.state.letter());
                report.problem(format!("row {number}: {} was in state {before} and leaves state {now}", texts.name));
            }
            self.standings.apply(place, row.unpacked(number, texts.clone()).event(AlarmId(place)));
        }
    }
}
