//! A value with its quality and times.

use serde::{Deserialize, Serialize};

use crate::{Status, Utc, Value};

/// A value never goes without its quality and its times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The value; where the status is bad, the last one that was usable.
    pub value: Value,
    /// How good it is.
    pub status: Status,
    /// When the source says it came to be.
    pub source_time: Utc,
    /// When the station took it in.
    pub server_time: Utc,
}

impl Sample {
    /// What a tag holds before anything was heard.
    pub fn waiting() -> Self {
        Self { value: Value::Null, status: Status::BAD_WAITING_FOR_INITIAL_DATA, source_time: Utc(0), server_time: Utc(0) }
    }

    /// The value as a number, only if it is not bad and a finite number: what conditions may be computed from.
    pub fn usable_f64(&self) -> Option<f64> {
        if self.status.is_bad() {
            return None;
        }
        self.value.as_f64().filter(|v| v.is_finite())
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self::waiting()
    }
}
