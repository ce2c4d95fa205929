//! The journal as a station finds it when it starts.

use std::path::Path;
use std::sync::Arc;

use plantroom_historian::{Journal, JournalSetup, Retention};
use plantroom_model::{Now, RestoredAlarm};
use plantroom_project::Plant;
use plantroom_store::RealDisk;
use tokio::sync::watch;

use crate::error::StartError;

/// The folder of the journal within the data folder.
pub const FOLDER: &str = "alarms";

/// The journal, and what it knew.
pub struct OpenJournal {
    /// The journal.
    pub journal: Arc<Journal>,
    /// Where alarms stood that weren't at rest, as far as the project still has them.
    pub restored: Vec<RestoredAlarm>,
    /// The number of the next occurrence.
    pub next_occurrence: u64,
    /// The last frame of which everything is on the disk.
    pub recorded: watch::Receiver<u64>,
}

/// Opens the journal in a data folder.
///
/// # Errors
/// When the disk can't be read or written, or the journal comes from a newer Plantroom.
pub fn open(data: &Path, plant: &Plant, now: Now) -> Result<OpenJournal, StartError> {
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|error| {
        StartError::Data(format!("The folder of the alarm journal can't be made: {error}: {}", folder.display()))
    })?;
    let settings = &plant.alarm_settings;
    let retention = Retention {
        max_age_days: Some(settings.keep_days).filter(|days| *days > 0),
        max_bytes: Some(u64::from(settings.keep_mib) << 20).filter(|bytes| *bytes > 0),
    };
    let setup = JournalSetup { retention, ..JournalSetup::default() };
    let (journal, restored) =
        Journal::open(Arc::new(RealDisk), &folder, setup, now).map_err(|error| StartError::Data(error.to_string()))?;
    for note in &restored.notes {
        tracing::warn!("{note}");
    }
    let (tell, recorded) = watch::channel(0);
    journal.on_progress(move |progress| {
        tell.send_if_modified(|recorded| std::mem::replace(recorded, progress.recorded) != progress.recorded);
    });
    let mut alarms = Vec::new();
    for kept in &restored.alarms {
        match plant.alarm(&kept.alarm.name) {
            Some((id, _)) => alarms.push(kept.restored(id)),
            None => {
                tracing::warn!(alarm = &*kept.alarm.name, "an alarm that stood when the station stopped is not in the project")
            }
        }
    }
    Ok(OpenJournal { journal: Arc::new(journal), restored: alarms, next_occurrence: restored.next_occurrence, recorded })
}
