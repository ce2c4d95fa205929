//! Words about alarms, within the grant; and what is heard of them.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_model::{Columns, ConditionWord, Row, Status, limits as shared};

use crate::alarm_rights::May;
use crate::bindings::conditions;
use crate::limits;
use crate::stage::{StepState, breach, one_line};

/// The verbs of the contract.
const RAISE: u8 = 1;
const CLEAR: u8 = 2;
const UNKNOWN: u8 = 3;
const SUPPRESS: u8 = 4;
const UNSUPPRESS: u8 = 5;
const FIRST: u8 = 6;
const NOT_FIRST: u8 = 7;
const MEMBER: u8 = 8;
const LEADER: u8 = 9;

impl conditions::Host for StepState {
    fn say(&mut self, batch: conditions::Words) -> wasmtime::Result<()> {
        let conditions::Words { rows, verbs, details } = batch;
        let rows = Columns::from(rows);
        if let Err(error) = rows.check() {
            return breach(format!("it spoke of alarms in a malformed batch: {error}"));
        }
        if verbs.len() != rows.len() || details.len() != rows.len() {
            return breach("it spoke of alarms in columns that differ in length");
        }
        if self.staged.words.len() + rows.len() > limits::WORDS_A_STEP {
            return breach(format!("it said more than {} words about alarms in one step", limits::WORDS_A_STEP));
        }
        // Hundreds of alarms of one cause have one text.
        let mut texts: HashMap<u64, Arc<str>> = HashMap::new();
        for ((row, verb), detail) in rows.rows().zip(verbs).zip(details) {
            let detail = match texts.get(&detail) {
                Some(text) => Arc::clone(text),
                None => {
                    let Some(text) = text_at(&rows.text, detail) else {
                        return breach("it named a detail that is not in its batch or is not UTF-8");
                    };
                    let text: Arc<str> = one_line(text, limits::ALARM_DETAIL_BYTES).into();
                    texts.insert(detail, Arc::clone(&text));
                    text
                }
            };
            let handle = row.handle;
            let (may, word) = match word(verb, row, detail) {
                Ok(word) => word,
                Err(message) => return breach(message),
            };
            let Some(alarm) = self.rights.alarms.granted(handle, may) else {
                let right = may.word();
                return breach(format!(
                    "it spoke of alarm handle {handle} with verb {verb}, which it was not granted (`alarms.{right}` in \
                     plugins.toml)"
                ));
            };
            self.staged.words.push((alarm, word));
        }
        Ok(())
    }

    fn take_events(&mut self) -> wasmtime::Result<conditions::Events> {
        Ok(self.news.take())
    }

    fn lost(&mut self) -> wasmtime::Result<u64> {
        Ok(self.news.lost())
    }

    fn stand(&mut self, alarms: Vec<u32>) -> wasmtime::Result<conditions::Standings> {
        if alarms.len() > limits::ALARMS_ASKED {
            return breach(format!("it asked for more than {} alarms in one call", limits::ALARMS_ASKED));
        }
        if let Some(handle) = alarms.iter().find(|handle| self.rights.alarms.granted(**handle, May::READ).is_none()) {
            return breach(format!(
                "it asked for alarm handle {handle}, which it was not granted (`alarms.read` in plugins.toml)"
            ));
        }
        Ok(self.news.stand(&alarms))
    }
}

fn text_at(text: &[u8], range: u64) -> Option<&str> {
    let (offset, len) = ((range >> 32) as usize, (range & 0xFFFF_FFFF) as usize);
    std::str::from_utf8(text.get(offset..offset.checked_add(len)?)?).ok()
}

/// What a row says, and the right that it needs.
fn word(verb: u8, row: Row, detail: Arc<str>) -> Result<(May, ConditionWord), String> {
    let Row { value, status, time, .. } = row;
    Ok(match verb {
        RAISE => (May::RAISE, ConditionWord::Raise { value, source_time: time, detail: detail }),
        CLEAR => (May::RAISE, ConditionWord::Clear { value }),
        // Whoever says "unknown" with a good status contradicts itself; the mark is what it asks for.
        UNKNOWN => (May::RAISE, ConditionWord::Unknown(if status.is_good() { Status::UNCERTAIN } else { status })),
        SUPPRESS if detail.trim().is_empty() => {
            return Err("it suppressed an alarm without a reason; operators must be told why".to_owned());
        }
        SUPPRESS => (May::SUPPRESS, ConditionWord::Suppress { reason: detail }),
        UNSUPPRESS => (May::SUPPRESS, ConditionWord::Unsuppress),
        FIRST | NOT_FIRST => (May::MARK, ConditionWord::First(verb == FIRST)),
        MEMBER | LEADER => (May::MARK, ConditionWord::Group { cause: detail, first: verb == LEADER }),
        other => return Err(format!("it spoke of an alarm with verb {other}, which does not exist")),
    })
}

// A batch fits into what a call may bring, so that its rows are refused for what they say and not for their size.
const _: () = assert!(shared::BATCH_ROWS * 46 < limits::HOSTCALL_BYTES);
