//! The journal for spreadsheets.

use jiff::tz::TimeZone;

use super::lines::{Line, Lines, Shown, utc};
use super::{Columns, JournalReader, Query};
use crate::JournalError;

/// Makes a CSV text, piece by piece; the first piece is the head line. What needs a text is in quotes, and what a spreadsheet
/// would take for a formula stands behind an apostrophe.
#[derive(Debug)]
pub struct CsvExport {
    lines: Lines,
    zone: TimeZone,
    is_begun: bool,
    is_broken: bool,
}

impl CsvExport {
    pub(crate) fn new(reader: JournalReader, query: Query, zone: TimeZone) -> Self {
        Self { lines: Lines::new(reader, query), zone, is_begun: false, is_broken: false }
    }

    fn piece(&mut self) -> Result<Option<Vec<u8>>, JournalError> {
        if !std::mem::replace(&mut self.is_begun, true) {
            return write(|writer| writer.write_record(Columns::ALL)).map(Some);
        }
        let Some(lines) = self.lines.next_page()? else { return Ok(None) };
        write(|writer| lines.iter().try_for_each(|line| writer.write_record(self.cells(line)))).map(Some)
    }

    fn cells(&self, line: &Line) -> [String; Columns::ALL.len()] {
        let shown = Shown::of(line, &self.zone);
        let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let whole = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let time = |time: Option<i64>| time.map(utc).unwrap_or_default();
        let [before, after] = shown.states;
        let [shelved, suppressed, out_of_service, unknown] =
            shown.flags.map(|flag| flag.map(|flag| flag.to_string()).unwrap_or_default());
        [
            whole(shown.row),
            utc(shown.at),
            shown.local,
            time(shown.source_time),
            guarded(shown.alarm),
            guarded(shown.message),
            shown.priority.to_owned(),
            guarded(shown.area),
            shown.event.to_owned(),
            whole(shown.occurrence),
            before,
            after,
            shelved,
            suppressed,
            out_of_service,
            unknown,
            number(shown.value),
            guarded(shown.value_text),
            guarded(shown.unit),
            number(shown.limit),
            shown.quality.to_owned(),
            time(shown.until),
            guarded(shown.user),
            guarded(shown.comment),
        ]
    }
}

impl Iterator for CsvExport {
    type Item = Result<Vec<u8>, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken {
            return None;
        }
        let piece = self.piece().transpose();
        self.is_broken = !matches!(&piece, Some(Ok(_)));
        piece
    }
}

fn write(fill: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> Result<Vec<u8>, JournalError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    fill(&mut writer).map_err(|error| JournalError::Export(error.to_string()))?;
    writer.into_inner().map_err(|error| JournalError::Export(error.to_string()))
}

/// A text that no spreadsheet runs.
fn guarded(text: String) -> String {
    let bare = text.trim_start_matches('\'');
    if bare.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}
