//! What a plant has of alarms beside their specs.

use std::sync::Arc;

use plantroom_model::{AlarmId, Value};

/// `[alarms]` of plant.toml: what holds for all alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmSettings {
    /// Each device has an alarm that it doesn't answer.
    pub communication: bool,
    /// The station has alarms of its own.
    pub station: bool,
    /// What a rationalisation would ask is told as warnings.
    pub advice: bool,
    /// How long the journal is kept, in days; 0 for ever.
    pub keep_days: u32,
    /// Largest journal, in MiB; 0 for no limit.
    pub keep_mib: u32,
    /// Operators' positions; without any, the plant is one.
    pub positions: Vec<PositionSpec>,
}

impl Default for AlarmSettings {
    fn default() -> Self {
        Self { communication: true, station: true, advice: true, keep_days: 0, keep_mib: 0, positions: Vec::new() }
    }
}

/// An operator's position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionSpec {
    /// What it is called.
    pub name: String,
    /// Its areas; `*` for all that no other position has.
    pub areas: Vec<String>,
}

/// A script of alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptFile {
    /// Relative to the project folder: `alarms/clogs.rhai`, `alarms/notify/shift.rhai`.
    pub path: String,
    /// Its text.
    pub text: Arc<str>,
}

/// What a scripted alarm is about.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptedAlarm {
    /// Which alarm.
    pub alarm: AlarmId,
    /// Its script's place in the plant's list.
    pub script: u32,
    /// Which `alarm(...)` of the script has declared it, counted from 0; `None` for one that a table declares, whose script
    /// has a function `active`.
    pub call: Option<u32>,
    /// What it is about, usually an instance; may be empty.
    pub on: Arc<str>,
    /// Its parameters.
    pub parameters: Vec<(Arc<str>, Value)>,
}
