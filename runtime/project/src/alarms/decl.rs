//! An alarm as its table says it: what it refers to are only names yet. A million of them wait in this form until all
//! files are read, so names and words are numbers of texts that are kept.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use plantroom_model::{LimitKind, Priority, Role};

use crate::pool::Pool;
use crate::report::Spot;
use crate::shared::{Part, Shared};
use crate::tree::Item;

/// What alarms of a project share while they are read.
#[derive(Debug, Default)]
pub(crate) struct AlarmKept {
    /// Messages, areas, names of what alarms refer to.
    pub texts: Pool,
    pub details: Shared<DetailDecl>,
}

/// A text with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// Number of the text.
    pub text: u32,
    pub spot: Spot,
}

/// One alarm.
#[derive(Clone, Debug)]
pub(crate) struct AlarmDecl {
    /// Number of its name; none where its tag gives it one.
    pub name: Option<u32>,
    /// Where its name stands.
    pub spot: Spot,
    /// Number of its message; none where its tag gives it one.
    pub message: Option<u32>,
    pub detail: Arc<DetailDecl>,
    /// The area is said; else it is the first part of the name.
    pub has_area: bool,
    /// A pattern, limits, a type or a script has made it.
    pub is_generated: bool,
    pub condition: ConditionDecl,
}

impl AlarmDecl {
    /// Nobody has written this one alarm itself.
    pub fn is_made(&self) -> bool {
        self.is_generated || matches!(self.condition, ConditionDecl::Limits { .. })
    }
}

/// Like [`plantroom_model::AlarmDetail`], with numbers for texts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DetailDecl {
    pub priority: Priority,
    pub area: u32,
    pub consequence: u32,
    pub action: u32,
    pub respond_s: u32,
    pub screen: u32,
    pub instance: u32,
    pub on_delay_ms: u32,
    pub off_delay_ms: u32,
    pub latching: bool,
    pub acknowledge: bool,
    pub realarm_s: u32,
    pub shelve_max_s: u32,
    pub shelve_role: Role,
    pub first_out: u32,
}

impl Part for DetailDecl {
    fn feed(&self, hasher: &mut impl Hasher) {
        self.hash(hasher);
    }
}

/// When an alarm is active.
#[derive(Clone, Debug)]
pub(crate) enum ConditionDecl {
    Limit {
        tag: Said,
        kind: LimitKind,
        at: LimitDecl,
        hysteresis: Option<(f64, Spot)>,
    },
    /// All limits of a tag, or of all tags that a pattern names.
    Limits {
        tag: Said,
        each: Arc<[EachLimit; 4]>,
        hysteresis: Option<(f64, Spot)>,
    },
    Deviation {
        tag: Said,
        setpoint: Said,
        by: LimitDecl,
        hysteresis: Option<(f64, Spot)>,
    },
    Rate {
        tag: Said,
        limit: LimitDecl,
        per_s: f64,
        window_ms: u32,
        hysteresis: Option<(f64, Spot)>,
    },
    State {
        tag: Said,
        is: Arc<[Item]>,
    },
    Change {
        tag: Said,
    },
    Follows {
        tag: Said,
        command: Said,
        within_ms: u32,
    },
    BadQuality {
        tag: Said,
    },
    Communication {
        connection: Said,
        device: Option<Said>,
    },
    When {
        expression: Said,
    },
    /// `call`: which `alarm(...)` of the script has declared it; none for one of a table, whose script has `fn active`.
    Script {
        script: Said,
        call: Option<u32>,
        on: Option<u32>,
        parameters: Arc<[(String, Item)]>,
    },
    Plugin {
        plugin: Said,
    },
    /// The station says when.
    System,
}

/// Where a limit comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LimitDecl {
    /// The tag's own limit of this kind.
    Own(Spot),
    Number(f64, Spot),
    Tag(Said),
    Expression(Said),
}

/// What is said of one limit of several.
#[derive(Clone, Debug, Default)]
pub(crate) struct EachLimit {
    /// No alarm for it.
    pub is_off: bool,
    /// It is named: a tag without this limit is a mistake.
    pub is_named: bool,
    pub at: Option<LimitDecl>,
    pub message: Option<u32>,
    pub detail: Option<Arc<DetailDecl>>,
}

impl LimitDecl {
    /// Where it stands.
    pub fn spot(&self) -> Spot {
        match self {
            Self::Own(spot) | Self::Number(_, spot) => *spot,
            Self::Tag(said) | Self::Expression(said) => said.spot,
        }
    }
}

/// The kinds of limits, the highest first, with their keys.
pub(crate) const LIMIT_KINDS: [(LimitKind, &str); 4] =
    [(LimitKind::HighHigh, "high_high"), (LimitKind::High, "high"), (LimitKind::Low, "low"), (LimitKind::LowLow, "low_low")];

/// The key of a kind of limit.
pub(crate) fn limit_word(kind: LimitKind) -> &'static str {
    LIMIT_KINDS.iter().find(|(one, _)| *one == kind).map_or("", |(_, word)| word)
}
