//! The same questions and answers as the network's, for a program that reads a data folder without a station.

use axum::extract::Query;
use axum::http::Uri;
use plantroom_wire::{AlarmLine, JournalAsk};
use serde::de::DeserializeOwned;

use crate::api::alarms::{JournalQuery, TimeQuery};
use crate::views::{AlarmJournalView, AlarmLineView};

/// What `GET /api/v1/alarm-journal?QUERY` asks, and the format where it is an export (`csv` without one).
///
/// # Errors
/// In a sentence: what can't be asked so.
pub fn journal_ask(query: &str) -> Result<(JournalAsk, String), String> {
    let query: JournalQuery = read(query)?;
    let ask = query.ask().map_err(crate::error::ApiError::sentence)?;
    Ok((ask, query.format.unwrap_or_else(|| "csv".to_owned())))
}

/// The time that `GET /api/v1/alarm-kpi?QUERY` asks about, from and until, in ns UTC.
///
/// # Errors
/// As [`journal_ask`].
pub fn time_ask(query: &str) -> Result<(Option<i64>, Option<i64>), String> {
    read::<TimeQuery>(query)?.time().map_err(crate::error::ApiError::sentence)
}

/// A page of the journal as the API answers it.
///
/// # Errors
/// In a sentence, never with rows of a journal.
pub fn journal_json(rows: Vec<(u64, AlarmLine)>, next: Option<String>) -> Result<serde_json::Value, String> {
    let view = AlarmJournalView { rows: rows.into_iter().map(AlarmLineView::from).collect(), next };
    serde_json::to_value(view).map_err(|error| error.to_string())
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, String> {
    let uri: Uri = format!("/?{query}").parse().map_err(|error| format!("the question can't be read: {error}"))?;
    Query::try_from_uri(&uri).map(|Query(query)| query).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_those_of_the_network() {
        let (ask, format) = journal_ask("area=high%20lift&limit=5&priority=high&oldest_first=true").unwrap();
        assert_eq!((&*ask.area, ask.limit, ask.priorities, ask.oldest_first), ("high lift", 5, Some(8), true));
        assert_eq!(format, "csv");
        assert_eq!(time_ask("since=1970-01-01T00:00:01Z"), Ok((Some(1_000_000_000), None)));
        assert!(journal_ask("since=soon").unwrap_err().contains("is not a time"));
        assert!(journal_ask("colour=red").is_err());
        assert_eq!(journal_json(vec![(7, AlarmLine::default())], None).unwrap()["rows"][0]["state"], "normal");
    }
}
