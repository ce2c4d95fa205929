//! Speaking of alarms.

use std::cell::RefCell;

use super::event::standings;
use super::{Alarm, AlarmEvents, Condition, Standing};
use crate::executor::{self, Pump};
use crate::raw::{AlarmWords, verb};
use crate::{Io, Status, Value, port};

/// Rows after which a batch goes out before the end of its step; the contract takes 65,536.
const BATCH_ROWS: usize = 16_384;
/// Text after which a batch goes out before the end of its step, in bytes; the contract takes 1 MiB.
const BATCH_TEXT_BYTES: usize = 512 << 10;
/// Longest detail, in bytes: what the contract keeps.
const DETAIL_BYTES: usize = 512;
/// Alarms that are asked about at once; the contract takes 65,536.
const ASKED: usize = 65_536;

impl Io {
    /// Says that a condition holds, since now. Said again while it holds, it changes nothing but the value.
    pub fn raise(&self, condition: &Condition, value: impl Into<Value>) {
        self.raise_as(condition, value, 0, "");
    }

    /// Says that a condition holds, since when (ns UTC; 0 for now), and what is to be added to the alarm's message. Said again
    /// while it holds, value and detail take the place of the old ones.
    pub fn raise_as(&self, condition: &Condition, value: impl Into<Value>, utc_ns: i64, detail: &str) {
        say(condition.handle(), verb::RAISE, &value.into(), Status::GOOD, utc_ns, detail);
    }

    /// Says that a condition doesn't hold any more.
    pub fn clear(&self, condition: &Condition, value: impl Into<Value>) {
        say(condition.handle(), verb::CLEAR, &value.into(), Status::GOOD, 0, "");
    }

    /// Says that it can't be told whether a condition holds, and why. The alarm keeps its state, marked.
    pub fn unknown(&self, condition: &Condition, why: Status) {
        say(condition.handle(), verb::UNKNOWN, &Value::Null, why, 0, "");
    }

    /// Hides an alarm that makes no sense in the plant's present state; operators are told why.
    pub fn suppress(&self, alarm: &Alarm, why: &str) {
        let why = if why.trim().is_empty() { "its plugin gives no reason" } else { why };
        say(alarm.handle(), verb::SUPPRESS, &Value::Null, Status::GOOD, 0, why);
    }

    /// Hides an alarm no more.
    pub fn unsuppress(&self, alarm: &Alarm) {
        say(alarm.handle(), verb::UNSUPPRESS, &Value::Null, Status::GOOD, 0, "");
    }

    /// Says that an alarm is, or is not any more, the first of its group.
    pub fn mark_first(&self, alarm: &Alarm, is_first: bool) {
        let verb = if is_first { verb::FIRST } else { verb::NOT_FIRST };
        say(alarm.handle(), verb, &Value::Null, Status::GOOD, 0, "");
    }

    /// Says which likely cause an alarm has, and whether it is the first of those that have it.
    pub fn group(&self, alarm: &Alarm, cause: &str, leads: bool) {
        let verb = if leads { verb::LEADER } else { verb::MEMBER };
        say(alarm.handle(), verb, &Value::Null, Status::GOOD, 0, cause);
    }

    /// Takes an alarm out of the group that it was in.
    pub fn ungroup(&self, alarm: &Alarm) {
        self.group(alarm, "", false);
    }

    /// Waits for something to happen to the plugin's own alarms or to those granted for reading. One task at a time can wait.
    pub async fn alarm_events(&self) -> AlarmEvents {
        super::next().await
    }

    /// How many events were lost since the plugin started, because it took them too slowly.
    pub fn alarm_events_lost(&self) -> u64 {
        port::alarm_events_lost()
    }

    /// Where an alarm stands. It must be the plugin's own or granted for reading.
    pub fn stand(&self, alarm: &Alarm) -> Standing {
        self.stand_all(std::slice::from_ref(alarm)).pop().unwrap_or_default()
    }

    /// Where alarms stand, in the order asked.
    pub fn stand_all(&self, alarms: &[Alarm]) -> Vec<Standing> {
        let handles: Vec<u32> = alarms.iter().map(Alarm::handle).collect();
        let mut told = Vec::with_capacity(alarms.len());
        for some in handles.chunks(ASKED) {
            told.extend(standings(&port::alarms_stand(some), some.len()));
        }
        told
    }
}

thread_local! {
    static WORDS: RefCell<AlarmWords> = RefCell::default();
}

static PUMP: Pump = Pump { name: "conditions", before: || {}, after: flush, reset };

fn say(alarm: u32, verb: u8, value: &Value, status: Status, utc_ns: i64, detail: &str) {
    let full = WORDS.with(|words| {
        let mut words = words.borrow_mut();
        if words.is_empty() {
            executor::register(&PUMP);
        }
        let range = place(&mut words, cut(detail));
        words.rows.push(alarm, value, status, utc_ns);
        words.verbs.push(verb);
        words.details.push(range);
        words.len() >= BATCH_ROWS || words.rows.text.len() >= BATCH_TEXT_BYTES
    });
    if full {
        flush();
    }
}

/// Where a detail is in the batch's text. Words about many alarms in a row have the same one.
fn place(words: &mut AlarmWords, detail: &str) -> u64 {
    match words.details.last() {
        _ if detail.is_empty() => 0,
        Some(last) if words.detail(words.details.len() - 1) == detail => *last,
        _ => {
            let offset = words.rows.text.len() as u64;
            words.rows.text.extend_from_slice(detail.as_bytes());
            (offset << 32) | detail.len() as u64
        }
    }
}

fn cut(detail: &str) -> &str {
    let mut end = detail.len().min(DETAIL_BYTES);
    while !detail.is_char_boundary(end) {
        end -= 1;
    }
    &detail[..end]
}

fn flush() {
    WORDS.with(|words| {
        let mut words = words.borrow_mut();
        if !words.is_empty() {
            port::say(&words);
            words.clear();
        }
    });
}

fn reset() {
    WORDS.with(|words| words.borrow_mut().clear());
}
