//! The interface `conditions` without a sandbox: staged and checked as the host does it.

use std::cell::RefCell;

use plantroom_model::{AlarmEvent, AlarmId, Columns, ConditionWord, Standing, Status};
use plantroom_sdk::raw::{self, verb};

use super::to_guest;
use crate::spec::SpecAlarm;

/// Bytes kept of a detail, as the host keeps them.
const DETAIL_BYTES: usize = 512;

/// What the bench's project grants, by handle, and what the plugin hasn't taken yet.
pub(crate) struct AlarmSide {
    rights: Vec<SpecAlarm>,
    events: RefCell<raw::AlarmEventColumns>,
    standings: RefCell<Vec<(Standing, i64)>>,
}

impl AlarmSide {
    pub fn new(alarms: &[SpecAlarm]) -> Self {
        let standings = vec![(Standing::default(), 0); alarms.len()];
        Self { rights: alarms.to_vec(), events: RefCell::default(), standings: RefCell::new(standings) }
    }

    /// Something happened to an alarm.
    pub fn event(&self, event: &AlarmEvent) {
        let handle = event.alarm.0;
        if !self.rights.get(handle as usize).is_some_and(|alarm| alarm.read || alarm.raise) {
            return;
        }
        if let Some(slot) = self.standings.borrow_mut().get_mut(handle as usize) {
            *slot = (event.to, event.at.utc.0);
        }
        let mut events = self.events.borrow_mut();
        let status = plantroom_sdk::Status(event.status.0);
        events.rows.push(handle, &to_guest(&event.value), status, event.source_time.0);
        events.kinds.push(event.kind as u8);
        events.occurrences.push(event.occurrence.0);
        events.states.push(event.to.state as u8);
        events.hidden.push(event.to.hidden.0 & 7);
        events.marks.push(event.to.marks.0);
        events.decided.push(event.at.utc.0);
    }

    pub fn take_events(&self) -> raw::AlarmEventColumns {
        self.events.take()
    }

    /// Where alarms stand; a sentence where one isn't granted.
    pub fn stand(&self, alarms: &[u32]) -> Result<raw::StandingColumns, String> {
        let mut told = raw::StandingColumns::default();
        let standings = self.standings.borrow();
        for handle in alarms {
            if !self.rights.get(*handle as usize).is_some_and(|alarm| alarm.read || alarm.raise) {
                return Err(format!("it asked for alarm handle {handle}, which it was not granted"));
            }
            let (standing, decided) = standings.get(*handle as usize).copied().unwrap_or_default();
            told.occurrences.push(standing.occurrence.0);
            told.states.push(standing.state as u8);
            told.hidden.push(standing.hidden.0 & 7);
            told.marks.push(standing.marks.0);
            told.decided.push(decided);
        }
        Ok(told)
    }

    /// What a batch says; a sentence where it breaks the contract.
    pub fn words(&self, words: &raw::AlarmWords) -> Result<Vec<(AlarmId, ConditionWord)>, String> {
        let raw::Columns { handles, kinds, values, statuses, times, text } = words.rows.clone();
        let rows = Columns { handles, kinds, values, statuses, times, text };
        rows.check().map_err(|wrong| wrong.to_string())?;
        if words.verbs.len() != rows.len() || words.details.len() != rows.len() {
            return Err("it spoke of alarms in columns that differ in length".to_owned());
        }
        let each = rows.rows().zip(&words.verbs).enumerate().map(|(at, (row, verb))| {
            let detail: std::sync::Arc<str> = words.detail(at).into();
            if detail.len() > DETAIL_BYTES {
                return Err("it said more beside an alarm than is kept".to_owned());
            }
            let alarm = self.rights.get(row.handle as usize).filter(|alarm| match *verb {
                verb::RAISE | verb::CLEAR | verb::UNKNOWN => alarm.raise,
                verb::SUPPRESS | verb::UNSUPPRESS => alarm.suppress,
                _ => alarm.mark,
            });
            if alarm.is_none() {
                return Err(format!("it spoke of alarm handle {} with verb {verb}, which it was not granted", row.handle));
            }
            let word = match *verb {
                verb::RAISE => ConditionWord::Raise { value: row.value, source_time: row.time, detail },
                verb::CLEAR => ConditionWord::Clear { value: row.value },
                verb::UNKNOWN => ConditionWord::Unknown(if row.status.is_good() { Status::UNCERTAIN } else { row.status }),
                verb::SUPPRESS if detail.trim().is_empty() => return Err("it suppressed an alarm without a reason".to_owned()),
                verb::SUPPRESS => ConditionWord::Suppress { reason: detail },
                verb::UNSUPPRESS => ConditionWord::Unsuppress,
                verb::FIRST | verb::NOT_FIRST => ConditionWord::First(*verb == verb::FIRST),
                verb::MEMBER | verb::LEADER => ConditionWord::Group { cause: detail, first: *verb == verb::LEADER },
                other => return Err(format!("it spoke of an alarm with verb {other}, which does not exist")),
            };
            Ok((AlarmId(row.handle), word))
        });
        each.collect()
    }
}
