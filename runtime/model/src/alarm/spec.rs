//! What an alarm is, as the project says it.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ConnectionId, Label, PluginId, Role, TagId};

/// An alarm's place in the project's list: dense, from 0; it doesn't move while a station runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlarmId(pub u32);

/// How urgent an alarm is: by the consequence and the time there is to respond, as rationalised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Priority {
    /// An event: kept in the journal, asks for nothing, is never in the list.
    Event = 0,
    /// About 80 % of a plant's alarms.
    #[default]
    Low = 1,
    /// About 15 %.
    Medium = 2,
    /// About 5 %.
    High = 3,
    /// A handful a plant: people, environment.
    Critical = 4,
}

impl Priority {
    /// All of them, the least urgent first.
    pub const ALL: [Self; 5] = [Self::Event, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The priority with this number.
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The word in files, messages and the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Everything the project says of one alarm: what is its own, and behind a pointer what alarms of one kind share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmSpec {
    /// Path with `/`, unique among the plant's alarms: `high_lift/p1/tripped`. Empty where the project has it no more.
    pub name: Label,
    /// What has happened, in a few words for the list: `High-lift pump 1 has tripped`.
    pub message: Label,
    /// When it is active.
    pub condition: Condition,
    /// What it has in common with others.
    pub detail: Arc<AlarmDetail>,
}

/// What alarms of one kind (of a type) have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlarmDetail {
    /// How urgent.
    pub priority: Priority,
    /// The part of the plant, for filters and figures: `high_lift`. By default the first part of the name.
    pub area: Label,
    /// What happens if nobody does anything.
    pub consequence: Label,
    /// What the operator is to do.
    pub action: Label,
    /// How long there is to do it, in s; 0 where nobody has said.
    pub respond_s: u32,
    /// The screen that shows where it is; empty for none.
    pub screen: Label,
    /// The instance of a type that it belongs to (`high_lift/p1`); empty for none. Faceplates list by it.
    pub instance: Label,
    /// How long the condition must hold without a break before the alarm is active, in ms.
    pub on_delay_ms: u32,
    /// How long it must be gone without a break before the alarm returns, in ms.
    pub off_delay_ms: u32,
    /// It stays active until it is reset.
    pub latching: bool,
    /// An operator has to acknowledge it.
    pub acknowledge: bool,
    /// Announced anew when it is still active this long after it was acknowledged, in s; 0 for never.
    pub realarm_s: u32,
    /// Longest time it may be shelved, in s; 0: it can't be shelved.
    pub shelve_max_s: u32,
    /// The lowest role that may shelve it.
    pub shelve_role: Role,
    /// The first-out group; empty for none.
    pub first_out: Label,
}

impl Deref for AlarmSpec {
    type Target = AlarmDetail;

    fn deref(&self) -> &AlarmDetail {
        &self.detail
    }
}

/// When an alarm is active. Conditions over expressions are conditions over derived tags that the project adds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Condition {
    /// A number is beyond a limit.
    Limit {
        /// The number.
        tag: TagId,
        /// On which side.
        kind: LimitKind,
        /// Where, in engineering units.
        at: LimitSource,
        /// How far it must come back, in engineering units.
        hysteresis: f64,
    },
    /// A number is further from its setpoint than allowed, on either side.
    Deviation {
        /// The number.
        tag: TagId,
        /// Where it should be.
        setpoint: TagId,
        /// How far it may be off, in engineering units.
        by: LimitSource,
        /// How far it must come back, in engineering units.
        hysteresis: f64,
    },
    /// A number moves faster than allowed, in either direction.
    Rate {
        /// The number.
        tag: TagId,
        /// How fast it may move, in engineering units a second.
        per_s: LimitSource,
        /// Over how long it is measured, in ms.
        window_ms: u32,
        /// How much slower it must be to be well again, in engineering units a second.
        hysteresis: f64,
    },
    /// A tag is in one of these states; booleans are 0 and 1.
    State {
        /// The tag.
        tag: TagId,
        /// The states that are alarms.
        is: Vec<i64>,
    },
    /// A tag changes its state; active for one moment (with off-delay: so long after).
    Change {
        /// The tag.
        tag: TagId,
    },
    /// A command was given, and the feedback doesn't follow in time (or leaves without a command).
    Disagree {
        /// What was commanded.
        command: TagId,
        /// What shows it.
        feedback: TagId,
        /// How long it may take, in ms.
        follow_ms: u32,
    },
    /// A tag's quality is bad.
    BadQuality {
        /// The tag.
        tag: TagId,
    },
    /// A device doesn't answer. One alarm a device: new alarms on its tags are inhibited, standing ones marked unknown.
    Link {
        /// The connection.
        connection: ConnectionId,
        /// Which of the devices behind it; `None` for all of them.
        device: Option<u32>,
    },
    /// A script of the project says when.
    Script {
        /// Its place among the plant's alarm scripts.
        script: u32,
    },
    /// An alarm-logic plugin says when.
    Plugin {
        /// Which.
        plugin: PluginId,
    },
    /// The station itself says when (`system/...`).
    System,
    /// The project has no such alarm any more; its entry stays while the station runs, so that no id moves.
    Gone,
}

/// Which side of a limit is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum LimitKind {
    /// At or above: act now.
    HighHigh = 0,
    /// At or above.
    High = 1,
    /// At or below.
    Low = 2,
    /// At or below: act now.
    LowLow = 3,
}

/// Where a limit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum LimitSource {
    /// The project says it.
    Constant(f64),
    /// A tag says it, also one that the project derives for it.
    Tag(TagId),
}
