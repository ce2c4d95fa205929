//! Reads the whole journal and says what is wrong with it.

use plantroom_model::{AlarmEventKind, AlarmId, Utc};

use super::block::Block;
use super::segment::{Segment, Segments};
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
    let mut standings = Standings::default();
    let mut next_row = None;
    for (place, segment) in segments.list().iter().enumerate() {
        report.files += 1;
        if let Err(error) = file(segments, segment, place == 0, &mut standings, &mut next_row, &mut report) {
            report.problem(format!("file {}: {error}", segment.number()));
        }
    }
    let damaged: Vec<String> = report.gaps.iter().filter(|gap| gap.reason == GapReason::Damaged).map(Gap::words).collect();
    damaged.into_iter().for_each(|words| report.problem(words));
    report.standing = standings.shown().count();
    Ok(report)
}

fn file(
    segments: &Segments,
    segment: &Segment,
    is_first: bool,
    standings: &mut Standings,
    next_row: &mut Option<u64>,
    report: &mut JournalReport,
) -> Result<(), JournalError> {
    let contents = segments.contents(segment)?;
    report.gaps.extend(contents.gaps.iter().cloned());
    let (kept, is_whole) = segments.kept(segment)?;
    if !is_whole {
        report.problem(format!("file {}: its beginning is damaged", segment.number()));
    }
    for (name, row) in kept {
        let Some(texts) = contents.names.get(name as usize) else { continue };
        let place = standings.place(texts);
        let known = standings.get(place).map(|row| row.standing).unwrap_or_default();
        // Marks may have changed without a row.
        let differs = (known.state, known.hidden) != (row.standing.state, row.standing.hidden);
        if !is_first && differs {
            let (name, state) = (&texts.name, row.standing.state.word());
            report.problem(format!("file {}: {name} begins as {state}, which isn't how it ended before", segment.number()));
        }
        standings.begin(texts, row);
    }
    for chunk in contents.chunks.iter() {
        let records = segments.read(&contents, chunk)?;
        let mut rows = 0;
        for record in &records {
            let Ok(block) = Block::of_record(record) else { continue };
            rows += block.rows as u64;
            let is_after_gap = |row: u64| contents.gaps.iter().any(|gap| gap.before_row == row);
            if next_row.is_some_and(|next| next != block.first_row) && !is_after_gap(block.first_row) {
                let (number, first) = (segment.number(), block.first_row);
                report.problem(format!(
                    "file {number}: row {first} doesn't follow row {}",
                    next_row.unwrap_or(0).saturating_sub(1)
                ));
            }
            *next_row = Some(block.first_row + block.rows as u64);
            self::block(&block, &contents, standings, report);
        }
        if rows != chunk.rows {
            report.problem(format!("file {}: {} rows can't be read any more", segment.number(), chunk.rows.saturating_sub(rows)));
        }
    }
    Ok(())
}

fn block(block: &Block<'_>, contents: &super::segment::Contents, standings: &mut Standings, report: &mut JournalReport) {
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
        let place = standings.place(texts);
        let known = standings.get(place).map(|row| row.standing).unwrap_or_default();
        let fits = (known.state, known.hidden) == (row.from.state, row.from.hidden);
        // Behind a gap only the station can say where alarms stand.
        let is_told = matches!(row.kind, AlarmEventKind::Standing | AlarmEventKind::Removed) || !report.gaps.is_empty();
        if !fits && !is_told {
            let (before, now) = (known.state.letter(), row.from.state.letter());
            report.problem(format!("row {number}: {} was in state {before} and leaves state {now}", texts.name));
        }
        let event = row.unpacked(number, texts.clone()).event(AlarmId(place));
        standings.apply(place, event);
    }
}
