//! Alarms in words, as operators read them.

use plantroom_model::{Hidden, Marks, Priority, Utc, Value};
use plantroom_scene::Facts;
use plantroom_wire::{AlarmInfo, AlarmNow};

use super::table::Alarm;
use crate::look::Look;
use crate::words::with_unit;

/// The priority of an alarm.
pub fn priority(info: &AlarmInfo) -> Priority {
    Priority::from_u8(info.priority).unwrap_or_default()
}

/// A value in the words of the alarm's tag, with unit.
pub fn value(info: &AlarmInfo, value: &Value) -> String {
    if *value == Value::Null {
        return String::new();
    }
    let facts = Facts { decimals: info.decimals, states: info.states.clone(), ..Facts::default() };
    let unit = if matches!(value, Value::Bool(_) | Value::Text(_)) { "" } else { &info.unit };
    with_unit(&facts.words(value), unit)
}

/// The limit that was passed, with unit; nothing where there is none.
pub fn limit(info: &AlarmInfo, limit: Option<f64>) -> String {
    limit.map_or_else(String::new, |limit| value(info, &Value::Float(limit)))
}

/// Where it stands, with what is to be known beside.
pub fn state(look: &Look, alarm: &Alarm<'_>) -> String {
    let mut words = look.say(alarm.state().word()).to_owned();
    let hidden = alarm.hidden();
    let marks = alarm.marks();
    let more = [
        (hidden.has(Hidden::SHELVED), "shelved"),
        (hidden.has(Hidden::SUPPRESSED), "suppressed"),
        (hidden.has(Hidden::OUT_OF_SERVICE), "out of service"),
        (marks.has(Marks::UNKNOWN), "not known now"),
        (marks.has(Marks::FIRST_OUT), "first"),
        (marks.has(Marks::ORDER_UNDETERMINED), "order undetermined"),
        (marks.has(Marks::CHATTERING), "chatters"),
        (marks.has(Marks::STANDING), "for over 24 h"),
        (marks.has(Marks::RE_ALARMED), "again"),
        (alarm.unrecorded, "not recorded yet"),
    ];
    for (_, word) in more.into_iter().filter(|(is, _)| *is) {
        words.push_str(", ");
        words.push_str(look.say(word));
    }
    words
}

/// Seconds as `4:05` or `2:04:05`.
pub fn clock(seconds: i64) -> String {
    let (h, m, s) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// What is left until then: `4:05`; nothing where the time isn't known.
pub fn left(until: i64, now: Option<Utc>) -> String {
    now.map_or_else(String::new, |now| clock((until - now.0).max(0) / 1_000_000_000))
}

/// How much of the time to respond is left, in s; negative when it is over. Nothing where there is none, or nothing to do.
pub fn to_respond(alarm: &Alarm<'_>, now: Option<Utc>) -> Option<i64> {
    let now = now?;
    let open = alarm.info.respond_s > 0 && alarm.state().is_active() && alarm.now.came > 0;
    open.then(|| i64::from(alarm.info.respond_s) - (now.0 - alarm.now.came) / 1_000_000_000)
}

/// Who or what hides it, and why; what a plugin or a script does is said by its reason alone.
pub fn hidden_by(look: &Look, now: &AlarmNow) -> String {
    let Some((who, why)) = &now.hidden_by else { return String::new() };
    let why = look.texts.translated(why);
    match (who.is_empty(), why.is_empty()) {
        (true, _) => why.into_owned(),
        (false, true) => who.clone(),
        (false, false) => format!("{who}: {why}"),
    }
}
