//! The alarm journal, as the API tells it.

use serde_json::Value as Json;

use crate::api::Api;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// RFC 3339.
    pub time: String,
    /// The alarm's name.
    pub alarm: String,
    /// occurred, returned, acknowledged ...
    pub event: String,
    /// Which time that it came.
    pub occurrence: u64,
    /// State before, and after.
    pub states: (String, String),
    /// Who; empty where the plant did it.
    pub user: String,
}

/// All rows of the journal, the oldest first.
///
/// # Panics
/// When it can't be read.
#[track_caller]
pub fn entries(api: &Api) -> Vec<Entry> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = api.get(&format!("/api/v1/alarm-journal?oldest_first=true&limit=10000{cursor}"));
        all.extend(page["rows"].as_array().expect("a list of rows").iter().map(entry));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn entry(row: &Json) -> Entry {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    Entry {
        time: text("time"),
        alarm: text("alarm"),
        event: text("event"),
        occurrence: row["occurrence"].as_u64().unwrap_or_default(),
        states: (text("state_before"), text("state")),
        user: text("user"),
    }
}
