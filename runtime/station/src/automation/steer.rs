//! A person's word to an automation: stop, start, restart. Authorised, audited, and a stop outlives a restart of the
//! station: what somebody has stopped by hand must not go on because the power failed.
//!
//! Who may: to stop one, and to start it again after that, is an operator's business (the plant is to be run by hand);
//! to restart one that has failed is an engineer's, because why it failed is to be looked at first.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use plantroom_access::{Act, Category};
use plantroom_model::{AutomationVerb, Outcome, OutcomeKind, Role, Utc, limits};
use plantroom_project::AutomationSpec;
use plantroom_server::time_text;
use plantroom_store::{RealDisk, read_file, replace_file};
use serde::{Deserialize, Serialize};

use super::journal::Happened;
use super::{Automations, State};
use crate::command::{Who, refused, stopping};

/// Largest file that is read back, in bytes.
const FILE_BYTES: u64 = 16 << 20;
/// Where stops are kept, in a folder of its own: beside it lie files that are named like automations.
const FILE: &str = "by-hand/stopped.json";

/// An automation that a person has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Halt {
    user: String,
    reason: String,
    since: Utc,
}

impl Halt {
    /// As its last error tells it.
    pub(super) fn words(&self) -> String {
        let since = time_text(self.since);
        let since = since.split_once('.').map_or(since.clone(), |(seconds, _)| format!("{seconds}Z"));
        format!("stopped by {} since {since}: {}", self.user, self.reason)
    }
}

/// What was stopped before the station's last start.
pub(super) fn load(folder: &Path) -> BTreeMap<Arc<str>, Halt> {
    let path = folder.join(FILE);
    let bytes = match read_file(&RealDisk, &path, FILE_BYTES) {
        Ok(bytes) => bytes.unwrap_or_else(|| b"{}".to_vec()),
        Err(error) => {
            tracing::error!("automations that were stopped by hand are not known any more and run: {error}");
            return BTreeMap::new();
        }
    };
    serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        tracing::error!("automations that were stopped by hand are not known any more and run: {error}: {}", path.display());
        BTreeMap::new()
    })
}

impl Automations {
    /// Stops, starts or restarts an automation, or says why not.
    pub(crate) async fn steer(self: Arc<Self>, who: Who, name: String, verb: AutomationVerb, reason: String) -> Outcome {
        let (now, plant, user) = (self.commands.clock.now(), self.commands.plant(), Arc::clone(who.user()));
        let (role, what) = match verb {
            AutomationVerb::Stop => (Role::Operate, "stop automation"),
            AutomationVerb::Start => (Role::Operate, "start automation"),
            AutomationVerb::Restart => (Role::Engineer, "restart automation"),
        };
        let permit = match self.commands.authorise(who, role, Act::new(Category::Request, what, &name), now).await {
            Some(Ok(permit)) => permit,
            Some(Err(refusal)) => return refused(&refusal),
            None => return stopping(),
        };
        let _turn = self.steering.lock().await;
        let spec = plant.automations.iter().find(|spec| *spec.name == *name);
        let spec = match spec.ok_or_else(|| format!("There is no automation {name}.")).and_then(|spec| {
            self.may(spec, verb, &reason)?;
            Ok(spec.clone())
        }) {
            Ok(spec) => spec,
            Err(why) => {
                let note = format!("refused: {why}");
                self.commands.blocking(move |access| access.audit().note(permit, &note, now)).await;
                return refused(&why);
            }
        };
        let (comment, new) =
            (reason.clone(), serde_json::Value::from(if verb == AutomationVerb::Stop { "stopped" } else { "runs" }));
        let begun =
            match self.commands.blocking(move |access| access.audit().begin(permit, (None, Some(new)), &comment, now)).await {
                Some(Ok(begun)) => begun,
                Some(Err(error)) => return refused(&error),
                None => return stopping(),
            };
        let audit = begun.number();
        let halt =
            (verb == AutomationVerb::Stop).then(|| Halt { user: user.to_string(), reason: reason.clone(), since: now.utc });
        let done = self.put(&spec, verb, halt, &user, &reason).await;
        let (kind, message) = match done {
            Ok(message) => (OutcomeKind::Done, message),
            Err(why) => (OutcomeKind::Refused, why),
        };
        let (result, at) =
            (if kind == OutcomeKind::Done { "done".to_owned() } else { message.clone() }, self.commands.clock.now());
        self.commands.blocking(move |access| access.audit().finish(begun, &result, at)).await;
        Outcome { kind, message, audit }
    }

    /// Whether a word makes sense.
    fn may(&self, spec: &AutomationSpec, verb: AutomationVerb, reason: &str) -> Result<(), String> {
        let name = &spec.name;
        let halted = self.halts.lock().contains_key(name);
        if *self.stopped.lock() {
            return Err("The station is stopping; nothing was changed.".to_owned());
        }
        if reason.len() > limits::COMMENT_BYTES {
            return Err(format!("The reason is too long; at most {} bytes.", limits::COMMENT_BYTES));
        }
        match verb {
            AutomationVerb::Stop if halted => Err(format!("{name} is stopped already.")),
            AutomationVerb::Stop if reason.trim().is_empty() => {
                Err("Say why: a reason is kept with it, and shown to everybody who looks at the automation.".to_owned())
            }
            AutomationVerb::Start if !halted => {
                Err(format!("Nobody has stopped {name}. If it has failed, an engineer can restart it."))
            }
            _ => Ok(()),
        }
    }

    /// On the disk first, then in force.
    async fn put(
        &self,
        spec: &AutomationSpec,
        verb: AutomationVerb,
        halt: Option<Halt>,
        user: &str,
        reason: &str,
    ) -> Result<String, String> {
        let mut next = self.halts.lock().clone();
        match &halt {
            Some(halt) => next.insert(Arc::clone(&spec.name), halt.clone()),
            None => next.remove(&spec.name),
        };
        let (path, kept) = (self.folder.join(FILE), next.clone());
        let saved = tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(path.parent().unwrap_or(&path)).ok();
            let mut bytes = serde_json::to_vec_pretty(&kept).unwrap_or_default();
            bytes.push(b'\n');
            replace_file(&RealDisk, &path, &bytes)
        });
        match saved.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(format!("The station's disk does not take it: {error}.")),
            Err(_) => return Err("The station is stopping; nothing was changed.".to_owned()),
        }
        *self.halts.lock() = next;
        if let Some((_, task)) = self.running.lock().remove(&spec.name) {
            task.abort();
        }
        let because = if reason.trim().is_empty() { String::new() } else { format!(": {reason}") };
        let cause = format!("{} by {user}", verb.word());
        let own = self.own(spec.clone());
        let name = &spec.name;
        match halt {
            Some(halt) => {
                own.note(&cause, Happened::Line(format!("stopped by hand{because}")));
                own.state(State::Stopped, &halt.words());
                Ok(format!("{name} is stopped. A request that was under way is followed to its end."))
            }
            None => {
                own.note(&cause, Happened::Line(format!("begins anew{because}")));
                self.apply(&self.commands.plant());
                Ok(format!("{name} begins anew."))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_there_again_after_a_restart_and_a_damaged_file_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load(folder.path()).is_empty());
        let halt = Halt { user: "ada".into(), reason: "pump is being serviced".into(), since: Utc(1_790_000_000_500_000_000) };
        let kept = BTreeMap::from([(Arc::<str>::from("refill"), halt.clone())]);
        std::fs::create_dir(folder.path().join("by-hand")).unwrap();
        std::fs::write(folder.path().join(FILE), serde_json::to_vec(&kept).unwrap()).unwrap();
        assert_eq!(load(folder.path()), kept);
        assert_eq!(halt.words(), "stopped by ada since 2026-09-21T14:13:20Z: pump is being serviced");
        std::fs::write(folder.path().join(FILE), b"{ half").unwrap();
        assert!(load(folder.path()).is_empty());
    }
}
