//! Rows and gaps in one order, page by page: what exports are made of.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use plantroom_model::{AlarmEventKind, Hidden, Marks, Utc, Value};

use super::{Gap, JournalReader, JournalRow, Order, Query};
use crate::{JournalError, limits};

/// A line of an export.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    Row(Box<JournalRow>),
    Gap(Gap),
}

/// All lines of a question.
#[derive(Debug)]
pub(crate) struct Lines {
    reader: JournalReader,
    query: Query,
    is_done: bool,
}

impl Lines {
    pub fn new(reader: JournalReader, query: Query) -> Self {
        Self { reader, query: Query { limit: limits::BLOCK_ROWS, ..query }, is_done: false }
    }

    /// The next lines; `None` at the end.
    pub fn next_page(&mut self) -> Result<Option<Vec<Line>>, JournalError> {
        if self.is_done {
            return Ok(None);
        }
        let page = self.reader.page(&self.query)?;
        self.query.after = page.next;
        self.is_done = page.next.is_none();
        let newest_first = self.query.order == Order::NewestFirst;
        let mut gaps = page.gaps.into_iter().peekable();
        let mut lines = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            // A gap lies before a row: in time that is behind it where the newest come first.
            let is_due = |gap: &Gap| if newest_first { gap.before_row > row.row } else { gap.before_row <= row.row };
            while let Some(gap) = gaps.next_if(is_due) {
                lines.push(Line::Gap(gap));
            }
            lines.push(Line::Row(Box::new(row)));
        }
        lines.extend(gaps.map(Line::Gap));
        Ok(Some(lines))
    }
}

/// A line as all exports show it; columns as [`super::Columns::ALL`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub row: Option<u64>,
    pub at: i64,
    pub local: String,
    pub source_time: Option<i64>,
    pub alarm: String,
    pub message: String,
    pub priority: &'static str,
    pub area: String,
    pub event: &'static str,
    pub occurrence: Option<u64>,
    pub states: [String; 2],
    /// Shelved, suppressed, out of service, unknown.
    pub flags: [Option<bool>; 4],
    pub value: Option<f64>,
    pub value_text: String,
    pub unit: String,
    pub limit: Option<f64>,
    pub quality: &'static str,
    pub until: Option<i64>,
    pub user: String,
    pub comment: String,
}

impl Shown {
    pub fn of(line: &Line, zone: &TimeZone) -> Self {
        match line {
            Line::Row(row) => Self::row(row, zone),
            Line::Gap(gap) => Self {
                at: gap.from.0,
                local: local(gap.from, zone),
                event: "gap",
                until: Some(gap.to.0),
                comment: gap.words(),
                ..Self::default()
            },
        }
    }

    fn row(row: &JournalRow, zone: &TimeZone) -> Self {
        let has = |which: Hidden| Some(row.to.hidden.has(which));
        let (value, value_text) = match &row.value {
            Value::Text(text) => (None, text.to_string()),
            value => (value.as_f64(), String::new()),
        };
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
        Self {
            row: Some(row.row),
            at: row.at.0,
            local: local(row.at, zone),
            source_time: Some(row.source_time.0).filter(|time| *time != 0),
            alarm: row.alarm.name.to_string(),
            message: row.alarm.message.to_string(),
            priority: row.alarm.priority.word(),
            area: row.alarm.area.to_string(),
            event: word(row.kind),
            occurrence: Some(row.occurrence.0).filter(|number| *number != 0),
            states: [row.from.state.letter().to_string(), row.to.state.letter().to_string()],
            flags: [
                has(Hidden::SHELVED),
                has(Hidden::SUPPRESSED),
                has(Hidden::OUT_OF_SERVICE),
                Some(row.to.marks.has(Marks::UNKNOWN)),
            ],
            value,
            value_text,
            unit: row.alarm.unit.to_string(),
            limit: row.limit,
            quality: row.status.words(),
            until: row.until.map(|until| until.0),
            user: text(&row.by),
            comment: text(&row.comment),
        }
    }
}

/// ISO 8601 in UTC, with as many digits as are needed.
pub(crate) fn utc(ns: i64) -> String {
    Timestamp::from_nanosecond(ns.into()).map(|time| time.to_string()).unwrap_or_default()
}

/// ISO 8601 with the zone's offset.
fn local(at: Utc, zone: &TimeZone) -> String {
    let Ok(time) = Timestamp::from_nanosecond(at.0.into()) else { return String::new() };
    time.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
}

/// The word for a kind, in exports and the API.
pub(crate) fn word(kind: AlarmEventKind) -> &'static str {
    use AlarmEventKind as Kind;
    match kind {
        Kind::Occurred => "occurred",
        Kind::Returned => "returned",
        Kind::Acknowledged => "acknowledged",
        Kind::Reset => "reset",
        Kind::ReAlarmed => "re-alarmed",
        Kind::Shelved => "shelved",
        Kind::Unshelved => "unshelved",
        Kind::ShelfEnded => "shelf-ended",
        Kind::Suppressed => "suppressed",
        Kind::Unsuppressed => "unsuppressed",
        Kind::OutOfService => "out-of-service",
        Kind::InService => "in-service",
        Kind::Unknown => "unknown",
        Kind::Known => "known",
        Kind::FirstOut => "first-out",
        Kind::Remarked => "remarked",
        Kind::Removed => "removed",
        Kind::Standing => "standing",
        Kind::Grouped => "grouped",
    }
}
