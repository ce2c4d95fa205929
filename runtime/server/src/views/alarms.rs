//! Alarms as JSON.

use plantroom_model::{AlarmEventKind, AlarmState, Hidden, Marks, Priority, Utc};
use plantroom_wire::{AlarmInfo, AlarmLine, AlarmNow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{OutcomeView, time, value_json};

#[derive(Serialize, ToSchema)]
pub(crate) struct AlarmsView {
    pub(crate) alarms: Vec<AlarmView>,
    /// How many there are in all that fit.
    pub(crate) total: usize,
}

/// An alarm, as it stands and as the project says it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlarmView {
    pub(crate) name: String,
    pub(crate) message: String,
    /// event, low, medium, high or critical.
    pub(crate) priority: String,
    pub(crate) area: String,
    /// normal, unacknowledged, acknowledged, returned, latched-unacknowledged or latched-acknowledged.
    pub(crate) state: String,
    /// A to F, as in the standard.
    pub(crate) letter: char,
    /// The occurrence that an acknowledgement has to name.
    pub(crate) occurrence: u64,
    /// shelved, suppressed, out-of-service.
    pub(crate) hidden: Vec<&'static str>,
    /// unknown, first-out, order-undetermined, chattering, standing, re-alarmed, not-recorded.
    pub(crate) marks: Vec<&'static str>,
    /// When it last came.
    pub(crate) came: Option<String>,
    /// When something last happened to it.
    pub(crate) changed: Option<String>,
    /// The tag's value when it came.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: serde_json::Value,
    pub(crate) limit: Option<f64>,
    pub(crate) unit: String,
    pub(crate) acknowledged_by: Option<String>,
    pub(crate) acknowledged: Option<String>,
    pub(crate) shelved_until: Option<String>,
    pub(crate) hidden_by: Option<String>,
    pub(crate) hidden_why: Option<String>,
    pub(crate) comment: String,
    /// The likely cause that it was grouped under.
    pub(crate) cause: String,
    pub(crate) tag: String,
    /// When it is active, in words.
    pub(crate) condition: String,
    pub(crate) consequence: String,
    pub(crate) action: String,
    pub(crate) respond_s: u32,
    pub(crate) screen: String,
    pub(crate) instance: String,
    pub(crate) shelve_max_s: u32,
}

impl AlarmView {
    pub(crate) fn new(info: AlarmInfo, now: AlarmNow, recorded: u64) -> Self {
        let state = AlarmState::from_u8(now.state).unwrap_or_default();
        let at = |ns: i64| Some(ns).filter(|ns| *ns != 0).and_then(|ns| time(Utc(ns)));
        let mut marks = marks(now.marks);
        if now.frame > recorded {
            marks.push("not-recorded");
        }
        let (acknowledged, acknowledged_by) = now.acknowledged.map_or((None, None), |(when, by)| (at(when), Some(by)));
        let (hidden_by, hidden_why) = now.hidden_by.map_or((None, None), |(by, why)| (Some(by), Some(why)));
        Self {
            name: info.name,
            message: info.message,
            priority: Priority::from_u8(info.priority).unwrap_or_default().word().to_owned(),
            area: info.area,
            state: state_word(state).to_owned(),
            letter: state.letter(),
            occurrence: now.occurrence,
            hidden: hidden(now.hidden),
            marks,
            came: at(now.came),
            changed: at(now.changed),
            value: value_json(&now.value),
            limit: now.limit,
            unit: info.unit,
            acknowledged_by,
            acknowledged,
            shelved_until: now.shelved_until.and_then(at),
            hidden_by,
            hidden_why,
            comment: now.comment,
            cause: now.cause,
            tag: info.tag,
            condition: info.condition,
            consequence: info.consequence,
            action: info.action,
            respond_s: info.respond_s,
            screen: info.screen,
            instance: info.instance,
            shelve_max_s: info.shelve_max_s,
        }
    }
}

pub(crate) fn state_word(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Normal => "normal",
        AlarmState::Unacknowledged => "unacknowledged",
        AlarmState::Acknowledged => "acknowledged",
        AlarmState::Returned => "returned",
        AlarmState::LatchedUnacknowledged => "latched-unacknowledged",
        AlarmState::LatchedAcknowledged => "latched-acknowledged",
    }
}

fn hidden(bits: u8) -> Vec<&'static str> {
    let all = [(Hidden::SHELVED, "shelved"), (Hidden::SUPPRESSED, "suppressed"), (Hidden::OUT_OF_SERVICE, "out-of-service")];
    all.into_iter().filter(|(flag, _)| Hidden(bits).has(*flag)).map(|(_, word)| word).collect()
}

fn marks(bits: u8) -> Vec<&'static str> {
    let all = [
        (Marks::UNKNOWN, "unknown"),
        (Marks::FIRST_OUT, "first-out"),
        (Marks::ORDER_UNDETERMINED, "order-undetermined"),
        (Marks::CHATTERING, "chattering"),
        (Marks::STANDING, "standing"),
        (Marks::RE_ALARMED, "re-alarmed"),
    ];
    all.into_iter().filter(|(mark, _)| Marks(bits).has(*mark)).map(|(_, word)| word).collect()
}

/// What is to be done to an alarm.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmActBody {
    /// For acknowledge: the occurrence that was seen.
    pub(crate) occurrence: Option<u64>,
    /// For shelve: how long, in s.
    pub(crate) for_s: Option<u32>,
    /// For shelve: ends also when the alarm returns to normal.
    #[serde(default)]
    pub(crate) one_shot: bool,
    /// Why; shelve, suppress, out-of-service and remark must have one.
    #[serde(default)]
    pub(crate) comment: String,
}

/// What is to be done to many alarms with one comment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmActsBody {
    /// acknowledge, reset, shelve, unshelve, suppress, unsuppress, out-of-service, in-service or remark.
    pub(crate) verb: String,
    /// At most 500 of them.
    pub(crate) alarms: Vec<AlarmActOn>,
    /// For shelve: how long, in s.
    pub(crate) for_s: Option<u32>,
    /// For shelve: ends also when the alarm returns to normal.
    #[serde(default)]
    pub(crate) one_shot: bool,
    /// Why; shelve, suppress, out-of-service and remark must have one.
    #[serde(default)]
    pub(crate) comment: String,
}

/// One of many alarms to act on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlarmActOn {
    pub(crate) name: String,
    /// For acknowledge: the occurrence that was seen.
    pub(crate) occurrence: Option<u64>,
}

/// What came of an act on many alarms.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlarmOutcomesView {
    /// One for each alarm, in the order asked.
    pub(crate) outcomes: Vec<AlarmOutcomeView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AlarmOutcomeView {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) outcome: OutcomeView,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AlarmJournalView {
    pub(crate) rows: Vec<AlarmLineView>,
    /// The `cursor` of the next page; null where there is none.
    pub(crate) next: Option<String>,
}

/// A row of the alarm journal.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlarmLineView {
    /// Its number, counted over the whole journal; as a `cursor` it means the rows behind it.
    pub(crate) row: u64,
    pub(crate) time: Option<String>,
    pub(crate) source_time: Option<String>,
    pub(crate) alarm: String,
    pub(crate) message: String,
    pub(crate) area: String,
    pub(crate) priority: String,
    /// occurred, returned, acknowledged ...
    #[schema(value_type = String)]
    pub(crate) event: Option<AlarmEventKind>,
    pub(crate) occurrence: u64,
    pub(crate) state_before: String,
    pub(crate) state: String,
    pub(crate) hidden_before: Vec<&'static str>,
    pub(crate) hidden: Vec<&'static str>,
    pub(crate) value: String,
    pub(crate) limit: String,
    pub(crate) user: String,
    pub(crate) comment: String,
}

impl From<(u64, AlarmLine)> for AlarmLineView {
    fn from((row, line): (u64, AlarmLine)) -> Self {
        let at = |ns: i64| Some(ns).filter(|ns| *ns != 0).and_then(|ns| time(Utc(ns)));
        let state = |number| state_word(AlarmState::from_u8(number).unwrap_or_default()).to_owned();
        Self {
            row,
            time: at(line.at),
            source_time: at(line.source_time),
            alarm: line.alarm,
            message: line.message,
            area: line.area,
            priority: Priority::from_u8(line.priority).unwrap_or_default().word().to_owned(),
            event: AlarmEventKind::from_u8(line.kind),
            occurrence: line.occurrence,
            state_before: state(line.states.0),
            state: state(line.states.1),
            hidden_before: hidden(line.hidden.0),
            hidden: hidden(line.hidden.1),
            value: line.value,
            limit: line.limit,
            user: line.by,
            comment: line.comment,
        }
    }
}
