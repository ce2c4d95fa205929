//! What an operator does to alarms, as wishes for the station; and what can't be done, with the reason.
//!
//! Pure. The station has the last word; what is left out here is what would be refused there anyway.

use plantroom_model::{AlarmVerb, Hidden, Occurrence};
use plantroom_wire::{ALARM_ACTS, AlarmWish, Deed};

use super::table::Alarm;
use crate::commands::Wish;
use crate::look::Look;

/// What is to be done to what is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Acknowledge the occurrence that is shown.
    Acknowledge,
    /// Reset a latched one.
    Reset,
    /// Hide it for so long, in s.
    Shelve {
        /// How long, in s.
        for_s: u32,
        /// At most until it returns.
        one_shot: bool,
    },
    /// Take it from the shelf.
    Unshelve,
    /// Hide it by hand.
    Suppress,
    /// Hide it no more.
    Unsuppress,
    /// Take it out of service.
    OutOfService,
    /// Put it back in service.
    InService,
    /// Write a remark.
    Remark,
}

impl Act {
    /// What its key says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "Acknowledge",
            Self::Reset => "Reset alarm",
            Self::Shelve { .. } => "Shelve",
            Self::Unshelve => "Unshelve",
            Self::Suppress => "Suppress",
            Self::Unsuppress => "Unsuppress",
            Self::OutOfService => "Out of service",
            Self::InService => "In service",
            Self::Remark => "Remark",
        }
    }

    /// Whether it takes a reason.
    pub fn takes_reason(self) -> bool {
        matches!(self, Self::Shelve { .. } | Self::Suppress | Self::OutOfService | Self::Remark)
    }

    /// Whether it is asked for once more: it hides alarms, or shows them again.
    pub fn takes_two_steps(self) -> bool {
        !matches!(self, Self::Acknowledge | Self::Remark | Self::Reset)
    }

    /// Why it can't be done to this alarm by this user, if it can't.
    pub fn refused(self, alarm: &Alarm<'_>) -> Option<&'static str> {
        let (info, hidden) = (alarm.info, alarm.hidden());
        let needs = |may: bool, is: bool, not: &'static str| match (may, is) {
            (false, _) => Some("You may not do this to it; ask somebody who may."),
            (true, false) => Some(not),
            (true, true) => None,
        };
        let (operate, maintain) = (info.may_operate, info.may_maintain);
        let is = |which: Hidden| hidden.has(which);
        match self {
            Self::Acknowledge => needs(operate, alarm.state().is_unacknowledged(), "It is acknowledged already."),
            Self::Reset => needs(operate, info.latching && alarm.state().is_active(), "It isn't latched: it needs no reset."),
            Self::Shelve { for_s, .. } => match info.shelve_max_s {
                0 => Some("It can't be shelved, or not by you."),
                most if for_s > most => Some("It can't be shelved for so long."),
                _ => None,
            },
            Self::Unshelve => needs(operate, is(Hidden::SHELVED), "It isn't on the shelf."),
            Self::Suppress => needs(maintain, true, ""),
            Self::Unsuppress => needs(maintain, is(Hidden::SUPPRESSED), "It isn't suppressed."),
            Self::OutOfService => needs(maintain, !is(Hidden::OUT_OF_SERVICE), "It is out of service already."),
            Self::InService => needs(maintain, is(Hidden::OUT_OF_SERVICE), "It is in service."),
            Self::Remark => needs(operate, true, ""),
        }
    }

    fn verb(self, alarm: &Alarm<'_>) -> AlarmVerb {
        match self {
            Self::Acknowledge => AlarmVerb::Acknowledge { occurrence: Occurrence(alarm.now.occurrence) },
            Self::Reset => AlarmVerb::Reset,
            Self::Shelve { for_s, one_shot } => AlarmVerb::Shelve { for_s, one_shot },
            Self::Unshelve => AlarmVerb::Unshelve,
            Self::Suppress => AlarmVerb::Suppress,
            Self::Unsuppress => AlarmVerb::Unsuppress,
            Self::OutOfService => AlarmVerb::OutOfService,
            Self::InService => AlarmVerb::InService,
            Self::Remark => AlarmVerb::Remark,
        }
    }
}

/// What the station is to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// One for each [`ALARM_ACTS`] alarms.
    pub wishes: Vec<Wish>,
    /// How many alarms it is about.
    pub alarms: usize,
    /// How many of the selected ones it can't be done to.
    pub left_out: usize,
    /// Why it can't, of the first of them.
    pub why: Option<&'static str>,
    /// The alarm, where it is only one.
    pub one: Option<String>,
}

impl Plan {
    /// What is to be done to which of these alarms.
    pub fn of<'a>(act: Act, alarms: impl Iterator<Item = Alarm<'a>>, comment: &str) -> Self {
        let (mut able, mut left_out, mut why) = (Vec::new(), 0, None);
        for alarm in alarms {
            match act.refused(&alarm) {
                None => able.push(AlarmWish { alarm: alarm.info.name.clone(), verb: act.verb(&alarm) }),
                Some(reason) => {
                    left_out += 1;
                    why.get_or_insert(reason);
                }
            }
        }
        let deed = |part: &[AlarmWish]| Wish::Deed(Deed::Alarms { wishes: part.to_vec(), comment: comment.trim().to_owned() });
        let wishes = able.chunks(ALARM_ACTS).map(deed).collect();
        let one = if able.len() == 1 { able.first().map(|wish| wish.alarm.clone()) } else { None };
        Self { wishes, alarms: able.len(), left_out, why, one }
    }

    /// What its outcome calls it: `Acknowledge high_lift/p1/tripped`, `Acknowledge: 12 alarms`.
    pub fn called(&self, look: &Look, act: Act) -> String {
        match &self.one {
            Some(name) => format!("{} {name}", look.say(act.name())),
            None => format!("{}: {}", look.say(act.name()), look.fill("{} alarms", &[&self.alarms.to_string()])),
        }
    }
}
