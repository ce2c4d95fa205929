//! The alarm journal of a data folder without its station: what happened, the key figures, the page to print. Questions and
//! answers are those of the API. Changes nothing, so a copied folder will do; of a running station's it sees what is on the
//! disk at this moment.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use plantroom_alarms::figures::KeyFigures;
use plantroom_historian::JournalReader;
use plantroom_model::Utc;
use plantroom_project::AlarmSettings;
use plantroom_server::offline::{journal_ask, journal_json, time_ask};
use plantroom_store::RealDisk;

use super::restore::FOLDER;
use super::{figures, lines};
use crate::clock::{Clock as _, MachineClock};

/// A journal without its station.
pub struct OfflineJournal {
    reader: JournalReader,
    settings: AlarmSettings,
    zone: TimeZone,
    plant: String,
    now: Utc,
}

impl OfflineJournal {
    /// Of a data folder; the project says which operator positions and which time zone there are. Without one there is one
    /// position, and days are those of UTC.
    ///
    /// # Errors
    /// In a sentence: there is no journal, it can't be read, or the project has mistakes.
    pub fn open(data: &Path, project: Option<&Path>) -> Result<Self, String> {
        let folder = data.join(FOLDER);
        if !folder.is_dir() {
            let shown = folder.display();
            return Err(format!("There is no alarm journal here; give the data folder of a station: {shown}"));
        }
        let reader = JournalReader::open(Arc::new(RealDisk), &folder).map_err(|error| error.to_string())?;
        let now = MachineClock::start().now().utc;
        let Some(project) = project else {
            return Ok(Self { reader, settings: AlarmSettings::default(), zone: TimeZone::UTC, plant: String::new(), now });
        };
        let loaded = plantroom_project::load(project);
        let plant = loaded.plant.ok_or_else(|| {
            format!(
                "The project has mistakes, so its operator positions aren't known; see `plantroom check {}`.",
                project.display()
            )
        })?;
        Ok(Self { reader, settings: plant.alarm_settings.clone(), zone: figures::zone(&plant), plant: plant.name.clone(), now })
    }

    /// A page of rows, as `GET /api/v1/alarm-journal?QUERY` answers it.
    ///
    /// # Errors
    /// In a sentence: what can't be asked so, or what the disk refuses.
    pub fn page(&self, query: &str) -> Result<serde_json::Value, String> {
        let (rows, next) = lines::page(&self.reader, &journal_ask(query)?.0)?;
        journal_json(rows, next)
    }

    /// Rows as a file, as `GET /api/v1/alarm-journal/export?QUERY` answers it.
    ///
    /// # Errors
    /// As [`OfflineJournal::page`].
    pub fn export(&self, query: &str) -> Result<Vec<u8>, String> {
        let (ask, format) = journal_ask(query)?;
        lines::export(&self.reader, &ask, &format, self.zone.clone())
    }

    /// The key figures, as `GET /api/v1/alarm-kpi?QUERY` answers them; without a time those of the last 24 hours that were
    /// recorded.
    ///
    /// # Errors
    /// As [`OfflineJournal::page`].
    pub fn kpi(&self, query: &str) -> Result<serde_json::Value, String> {
        serde_json::to_value(self.key_figures(query)?).map_err(|error| error.to_string())
    }

    /// The same as a page for printing.
    ///
    /// # Errors
    /// As [`OfflineJournal::page`].
    pub fn report(&self, query: &str) -> Result<String, String> {
        Ok(figures::report(&self.key_figures(query)?, (&self.plant, &self.zone), self.now))
    }

    fn key_figures(&self, query: &str) -> Result<KeyFigures, String> {
        let (from, until) = time_ask(query)?;
        let end = match until {
            None => self.newest()?.unwrap_or(self.now),
            Some(until) => Utc(until),
        };
        figures::key_figures(&self.reader, (&self.settings, self.zone.clone()), (from, Some(end.0)), self.now)
    }

    /// Just behind the newest row.
    fn newest(&self) -> Result<Option<Utc>, String> {
        let query = plantroom_historian::Query { limit: 1, ..plantroom_historian::Query::default() };
        let page = self.reader.page(&query).map_err(|error| error.to_string())?;
        Ok(page.rows.first().map(|row| Utc(row.at.0 + 1)))
    }
}
