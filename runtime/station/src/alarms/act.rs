//! Acts on alarms, top to bottom in the order things happen:
//!
//! ```text
//! wish -> authorise -> Permit -> audit.begin -> inbox -> scan decides -> reply -> journal on the disk -> audit.finish -> outcome
//! ```
//!
//! Nobody is told that an act is done before it would survive a power cut.

use std::sync::Arc;
use std::time::Duration;

use plantroom_access::{Act, Category};
use plantroom_model::{AlarmAct, AlarmId, AlarmSpec, AlarmVerb, Outcome, OutcomeKind, Role, limits};
use plantroom_wire::AlarmWish;

use super::Alarms;
use crate::command::{Who, refused, sentence, stopping};
use crate::inbox::What;

/// How long the scan may take to decide, beyond its longest pause, in ms.
const DECIDED_MS: u64 = 2_000;
/// How long the disk may take to record what was decided, in ms. The act stands even where it takes longer.
const RECORDED_MS: u64 = 5_000;

impl Alarms {
    /// Carries an act out, or says why not.
    pub(super) async fn act_on(self: Arc<Self>, who: Who, wish: AlarmWish, comment: Arc<str>) -> Outcome {
        let (path, plant) = (&self.commands, self.commands.plant());
        let now = path.clock.now();
        let found = plant.alarm(&wish.alarm);
        let role = found.map_or(Role::Operate, |(_, spec)| needed(&wish.verb, spec));
        let name: String = wish.alarm.chars().take(limits::TAG_NAME_BYTES).collect();
        let user = Arc::clone(who.user());
        let permit = match path.authorise(who, role, Act::new(Category::Request, words(&wish.verb), &name), now).await {
            Some(Ok(permit)) => permit,
            Some(Err(refusal)) => return refused(&refusal),
            None => return stopping(),
        };
        let judged = found.ok_or_else(|| format!("There is no alarm {name} in this plant."));
        let (id, spec) = match judged.and_then(|(id, spec)| judge(spec, &wish.verb, &comment).map(|()| (id, spec.clone()))) {
            Ok(found) => found,
            Err(reason) => {
                let note = format!("refused: {reason}");
                path.blocking(move |access| access.audit().note(permit, &note, now)).await;
                return refused(&reason);
            }
        };
        let values = (None, Some(told(&wish.verb)));
        let reason = comment.to_string();
        let begun = match path.blocking(move |access| access.audit().begin(permit, values, &reason, now)).await {
            Some(Ok(begun)) => begun,
            Some(Err(error)) => return refused(&error),
            None => return stopping(),
        };
        let audit = begun.number();
        let (kind, message) = self.decided(id, &spec, wish.verb, user, comment).await;
        let result = if kind == OutcomeKind::Done { "done".to_owned() } else { message.clone() };
        let at = path.clock.now();
        path.blocking(move |access| access.audit().finish(begun, &result, at)).await;
        Outcome { kind, message, audit }
    }

    /// Hands the act to the scan, and waits until what it decided is on the disk.
    async fn decided(
        &self,
        alarm: AlarmId,
        spec: &AlarmSpec,
        verb: AlarmVerb,
        by: Arc<str>,
        comment: Arc<str>,
    ) -> (OutcomeKind, String) {
        let (request, reply) = self.asked.ask();
        let act = AlarmAct { request, alarm, verb, by, comment };
        if !self.commands.inbox.try_put(self.commands.clock.now(), &What::Alarm(act)) {
            self.asked.forget(request);
            return (
                OutcomeKind::Refused,
                "The station has too much to do at the moment; nothing was done. Try again.".to_owned(),
            );
        }
        let limit = Duration::from_millis(u64::from(self.commands.plant().scan.max_ms) + DECIDED_MS);
        let Ok(Ok((frame, done))) = tokio::time::timeout(limit, reply).await else {
            self.asked.forget(request);
            let message = "The station did not decide in time; look at the alarm before you try again.";
            return (OutcomeKind::Unknown, message.to_owned());
        };
        if let Err(reason) = done {
            return (OutcomeKind::Refused, sentence(&reason));
        }
        let mut recorded = self.recorded.clone();
        let waiting = recorded.wait_for(|recorded| *recorded >= frame);
        match tokio::time::timeout(Duration::from_millis(RECORDED_MS), waiting).await {
            Ok(Ok(_)) => (OutcomeKind::Done, done_words(spec, verb)),
            _ => {
                let message = "It is done and in force, but the alarm journal's disk has not recorded it yet; it would be lost \
                               with a power cut. Tell an engineer.";
                (OutcomeKind::Unknown, message.to_owned())
            }
        }
    }
}

/// The lowest role that may do this.
fn needed(verb: &AlarmVerb, spec: &AlarmSpec) -> Role {
    match verb {
        AlarmVerb::Acknowledge { .. } | AlarmVerb::Reset | AlarmVerb::Remark => Role::Operate,
        AlarmVerb::Shelve { .. } | AlarmVerb::Unshelve => spec.shelve_role.max(Role::Operate),
        AlarmVerb::Suppress | AlarmVerb::Unsuppress | AlarmVerb::OutOfService | AlarmVerb::InService => Role::Engineer,
    }
}

/// As the audit trail calls it.
fn words(verb: &AlarmVerb) -> &'static str {
    match verb {
        AlarmVerb::Acknowledge { .. } => "acknowledge alarm",
        AlarmVerb::Reset => "reset alarm",
        AlarmVerb::Shelve { .. } => "shelve alarm",
        AlarmVerb::Unshelve => "unshelve alarm",
        AlarmVerb::Suppress => "suppress alarm",
        AlarmVerb::Unsuppress => "unsuppress alarm",
        AlarmVerb::OutOfService => "take alarm out of service",
        AlarmVerb::InService => "put alarm in service",
        AlarmVerb::Remark => "remark on alarm",
    }
}

/// Its particulars, for the audit record.
fn told(verb: &AlarmVerb) -> serde_json::Value {
    match verb {
        AlarmVerb::Acknowledge { occurrence } => format!("occurrence {}", occurrence.0).into(),
        AlarmVerb::Shelve { for_s, one_shot: true } => format!("for {for_s} s, or until it returns to normal").into(),
        AlarmVerb::Shelve { for_s, one_shot: false } => format!("for {for_s} s").into(),
        _ => serde_json::Value::Null,
    }
}

/// What can be refused without asking the scan. The rest is the engine's.
fn judge(spec: &AlarmSpec, verb: &AlarmVerb, comment: &str) -> Result<(), String> {
    if comment.len() > limits::COMMENT_BYTES {
        return Err(format!("The comment is too long; at most {} bytes.", limits::COMMENT_BYTES));
    }
    let takes_reason =
        matches!(verb, AlarmVerb::Shelve { .. } | AlarmVerb::Suppress | AlarmVerb::OutOfService | AlarmVerb::Remark);
    if takes_reason && comment.trim().is_empty() {
        return Err("Say why: the reason is kept in the journal, and shown to everybody who looks at the alarm.".to_owned());
    }
    if let AlarmVerb::Shelve { for_s, .. } = verb {
        let most = spec.shelve_max_s;
        if most == 0 {
            return Err(format!("{} can't be shelved; the project doesn't allow it.", spec.name));
        }
        if *for_s == 0 || *for_s > most {
            return Err(format!("{} can be shelved for at most {}.", spec.name, time_words(most)));
        }
    }
    Ok(())
}

fn done_words(spec: &AlarmSpec, verb: AlarmVerb) -> String {
    let name = &spec.name;
    match verb {
        AlarmVerb::Acknowledge { .. } => format!("{name} is acknowledged."),
        AlarmVerb::Reset => format!("{name} is reset."),
        AlarmVerb::Shelve { for_s, one_shot } => {
            let until = if one_shot { ", or until it returns to normal" } else { "" };
            format!("{name} is shelved for {}{until}.", time_words(for_s))
        }
        AlarmVerb::Unshelve => format!("{name} is taken from the shelf."),
        AlarmVerb::Suppress => format!("{name} is suppressed."),
        AlarmVerb::Unsuppress => format!("{name} is not suppressed any more by hand."),
        AlarmVerb::OutOfService => format!("{name} is out of service."),
        AlarmVerb::InService => format!("{name} is in service again."),
        AlarmVerb::Remark => format!("The remark on {name} is in the journal."),
    }
}

/// A time as people say it: 90 s, 10 min, 8 h.
fn time_words(s: u32) -> String {
    match s {
        s if s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_do() {
        assert_eq!([90, 600, 28_800].map(time_words), ["90 s", "10 min", "8 h"]);
    }
}
