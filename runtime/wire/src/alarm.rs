//! Alarms on their way to consoles, and what operators do to them on the way back.
//!
//! After the login a console gets the whole picture, in several [`AlarmBatch`]es where it is large, and then with each
//! scan what has changed. An alarm's unchanging texts ([`AlarmInfo`]) come once, before its first row.

use plantroom_model::{AlarmVerb, Value};
use serde::{Deserialize, Serialize};

/// Rows of one batch; a larger picture takes several.
pub const ALARM_ROWS: usize = 4_096;

/// Alarms of one act: all rows that an operator can select on a screen, and more.
pub const ALARM_ACTS: usize = 1_000;

/// What has changed of the alarms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmBatch {
    /// The first part of a whole picture: what was known before is void, infos too.
    pub whole: bool,
    /// More parts of the same picture follow at once.
    pub more: bool,
    /// Texts of alarms that this console hears of for the first time.
    pub infos: Vec<AlarmInfo>,
    /// Alarms that have changed; in a whole picture those that are in any list.
    pub rows: Vec<AlarmNow>,
    /// Up to this frame everything is in the journal on the disk; rows of later frames are shown as not recorded yet.
    pub recorded: u64,
    /// How many stand how, over the whole plant.
    pub counts: AlarmTotals,
}

/// How many alarms stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmTotals {
    /// Unacknowledged, by priority (events, low, medium, high, critical).
    pub unacknowledged: [u32; 5],
    /// In the list, by priority.
    pub listed: [u32; 5],
    /// Shelved.
    pub shelved: u32,
    /// Suppressed by design.
    pub suppressed: u32,
    /// Out of service.
    pub out_of_service: u32,
}

/// What doesn't change of an alarm while the project doesn't.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmInfo {
    /// Its number; names it in rows until the next whole picture.
    pub id: u32,
    /// Its name: a path with `/`.
    pub name: String,
    /// What has happened, in a few words.
    pub message: String,
    /// [`plantroom_model::Priority`] as a number.
    pub priority: u8,
    /// Part of the plant.
    pub area: String,
    /// The tag that it watches; empty where it watches none.
    pub tag: String,
    /// Engineering unit of that tag.
    pub unit: String,
    /// Digits after the point.
    pub decimals: u8,
    /// Words for that tag's numbers.
    pub states: Vec<(i64, String)>,
    /// When it is active, in words: `at or above its limit for 5 s`.
    pub condition: String,
    /// What happens if nobody does anything.
    pub consequence: String,
    /// What the operator is to do.
    pub action: String,
    /// How long there is to do it, in s; 0 where nobody has said.
    pub respond_s: u32,
    /// The screen that shows where it is; empty for none.
    pub screen: String,
    /// The instance that it belongs to; empty for none.
    pub instance: String,
    /// The first-out group; empty for none.
    pub first_out: String,
    /// It has to be reset.
    pub latching: bool,
    /// Longest time on the shelf, in s; 0 where this user can't shelve it.
    pub shelve_max_s: u32,
    /// Whether this user may acknowledge and reset.
    pub may_operate: bool,
    /// Whether this user may take it out of service and suppress it.
    pub may_maintain: bool,
}

/// Where an alarm stands, and what is to be shown beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmNow {
    /// Its number.
    pub id: u32,
    /// The occurrence that an acknowledgement has to name.
    pub occurrence: u64,
    /// [`plantroom_model::AlarmState`] as a number.
    pub state: u8,
    /// [`plantroom_model::Hidden`].
    pub hidden: u8,
    /// [`plantroom_model::Marks`].
    pub marks: u8,
    /// When it came, ns UTC.
    pub came: i64,
    /// When something last happened to it, ns UTC.
    pub changed: i64,
    /// The source time of what made it come, ns UTC; 0 where no sample did.
    pub source_time: i64,
    /// The tag's value when it came.
    pub value: Value,
    /// The limit that was passed.
    pub limit: Option<f64>,
    /// When and by whom it was acknowledged.
    pub acknowledged: Option<(i64, String)>,
    /// When its shelf ends, ns UTC.
    pub shelved_until: Option<i64>,
    /// Who or what hides it, and why.
    pub hidden_by: Option<(String, String)>,
    /// A remark, or what a plugin says.
    pub comment: String,
    /// The likely cause that it was grouped under; empty for none.
    pub cause: String,
    /// The frame of its last event.
    pub frame: u64,
}

/// One alarm that something is to be done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmWish {
    /// Its name.
    pub alarm: String,
    /// What.
    pub verb: AlarmVerb,
}

/// A question to the alarm journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalAsk {
    /// From this time on, ns UTC.
    pub from: Option<i64>,
    /// Before this time, ns UTC.
    pub to: Option<i64>,
    /// Only this area.
    pub area: String,
    /// Only this alarm.
    pub alarm: String,
    /// Only these priorities: a bit each.
    pub priorities: Option<u8>,
    /// Only what this person did.
    pub user: String,
    /// Only rows with this text in name, message or comment; letters' case doesn't matter.
    pub text: String,
    /// The oldest first; otherwise the newest.
    pub oldest_first: bool,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// At most so many rows.
    pub limit: u32,
}

/// A row of the alarm journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmLine {
    /// When, ns UTC.
    pub at: i64,
    /// Source time, ns UTC; 0 for none.
    pub source_time: i64,
    /// The alarm's name.
    pub alarm: String,
    /// Its message then.
    pub message: String,
    /// Its area then.
    pub area: String,
    /// Its priority then.
    pub priority: u8,
    /// [`plantroom_model::AlarmEventKind`] as a number.
    pub kind: u8,
    /// Which time that it came.
    pub occurrence: u64,
    /// State before, and after.
    pub states: (u8, u8),
    /// What hid it before, and after.
    pub hidden: (u8, u8),
    /// The value, in words with unit.
    pub value: String,
    /// The limit, in words with unit; empty for none.
    pub limit: String,
    /// Who; empty where the plant did it.
    pub by: String,
    /// Why, or what was said.
    pub comment: String,
}

/// The key figures of a time (IEC 62682, FIELD.md).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AlarmFiguresNow {
    /// From, ns UTC.
    pub from: i64,
    /// To, ns UTC.
    pub to: i64,
    /// All operator positions of the plant.
    pub positions: Vec<String>,
    /// Whose figures these are.
    pub position: String,
    /// acceptable, manageable or overloaded.
    pub verdict: String,
    /// The figures one by one.
    pub figures: Vec<FigureNow>,
    /// Alarms in each 10 minutes: start in ns UTC, how many. Longer periods are summed up to hours or days.
    pub rates: Vec<(i64, u32)>,
    /// How long one entry of `rates` is, in s.
    pub rate_s: u32,
    /// Floods, the newest first.
    pub floods: Vec<FloodNow>,
    /// The alarms that came most often: name, message, how often, share in %.
    pub top: Vec<(String, String, u32, f64)>,
    /// Alarms that chatter: name, message, most in one minute.
    pub chattering: Vec<(String, String, u32)>,
    /// Alarms that have been active for more than 24 h: name, message, since in ns UTC.
    pub standing: Vec<(String, String, i64)>,
    /// How many came, by priority.
    pub split: [u32; 5],
    /// Times to acknowledge: up to so many s (0: longer than all others), how many.
    pub acknowledge: Vec<(u32, u32)>,
}

/// One figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FigureNow {
    /// What it is.
    pub name: String,
    /// In words with unit.
    pub value: String,
    /// What it should be, in words; empty for none.
    pub target: String,
    /// Whether it is as it should be; `None` where there is no target.
    pub good: Option<bool>,
}

/// A flood: more than 10 alarms in 10 minutes, until there are fewer than 5.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FloodNow {
    /// When it started, ns UTC.
    pub start: i64,
    /// When it ended, ns UTC; `None` while it goes on.
    pub end: Option<i64>,
    /// Alarms in all.
    pub alarms: u32,
    /// Most in 10 minutes.
    pub peak: u32,
    /// The alarm that came first.
    pub first: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ToConsole, decode, encode};
    use plantroom_model::Occurrence;

    #[test]
    fn a_full_batch_fits_into_a_message() {
        let long = || "ü".repeat(60);
        let info = |id| AlarmInfo {
            id,
            name: long(),
            message: long(),
            consequence: long(),
            action: long(),
            condition: long(),
            ..AlarmInfo::default()
        };
        let row = |id| AlarmNow {
            id,
            occurrence: u64::MAX,
            value: Value::Float(1e300),
            limit: Some(1e300),
            acknowledged: Some((i64::MIN, long())),
            hidden_by: Some((long(), long())),
            comment: long(),
            ..AlarmNow::default()
        };
        let all = 0..ALARM_ROWS as u32;
        let batch = AlarmBatch { infos: all.clone().map(info).collect(), rows: all.map(row).collect(), ..AlarmBatch::default() };
        let message = ToConsole::Alarms(Box::new(batch));
        let bytes = encode(&message);
        assert!(bytes.len() < crate::MESSAGE_BYTES / 2, "{} bytes", bytes.len());
        assert_eq!(decode::<ToConsole>(&bytes), Ok(message));
    }

    #[test]
    fn a_wish_names_its_occurrence() {
        let wish = AlarmWish { alarm: "a/b".into(), verb: AlarmVerb::Acknowledge { occurrence: Occurrence(7) } };
        let deed = crate::ToStation::Do { request: 1, deed: crate::Deed::Alarms { wishes: vec![wish], comment: String::new() } };
        assert_eq!(decode::<crate::ToStation>(&encode(&deed)), Ok(deed));
    }
}
