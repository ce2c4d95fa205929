//! What alarms add to a frame, and what a station knew of them before it started.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AlarmEvent, AlarmId, AlarmReply, Standing, Utc};

/// What one scan decided about alarms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmFrame {
    /// What happened, in order.
    pub events: Vec<AlarmEvent>,
    /// Where alarms stand whose marks changed and that had no event (chattering, standing, unknown while normal), in order
    /// and after all events. Together with the events it says where every alarm stands.
    pub quiet: Vec<(AlarmId, Standing)>,
    /// What came of operators' acts.
    pub replies: Vec<AlarmReply>,
}

impl AlarmFrame {
    /// Whether nothing happened to any alarm.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.quiet.is_empty() && self.replies.is_empty()
    }
}

/// Where an alarm stood when the journal ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestoredAlarm {
    /// Which.
    pub alarm: AlarmId,
    /// Where it stood; the mark [`crate::Marks::UNKNOWN`] is set anew.
    pub standing: Standing,
    /// When it last came; 0 where that isn't known.
    pub came: Utc,
    /// When its time on the shelf ends.
    pub until: Option<Utc>,
    /// Who acknowledged it; `None` where nobody has.
    pub acknowledged_by: Option<Arc<str>>,
    /// Who has shelved it, suppressed it or taken it out of service; `None` where logic has, or nobody.
    pub hidden_by: Option<Arc<str>>,
    /// Their reason, or the last remark.
    pub comment: Option<Arc<str>>,
}

/// Who speaks of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionSource {
    /// The station itself.
    System,
    /// One of the project's alarm scripts, by its place among them.
    Script(u32),
    /// An alarm-logic plugin.
    Plugin(crate::PluginId),
}
