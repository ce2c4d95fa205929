//! Automations as the server tells of them.

use plantroom_model::Value;
use plantroom_project::AutomationWork;
use plantroom_server::{AutomationEntry, AutomationNow, time_text};

use super::{Automations, Entry, Happened, outcome_word};
use crate::target;

impl Automations {
    /// What the plant's automations are, and how they are.
    pub(crate) fn now(&self) -> Vec<AutomationNow> {
        let plant = self.commands.plant();
        let snapshot = self.commands.snapshots.borrow().clone();
        let each = plant.automations.iter().map(|spec| {
            let last = |last: &str| {
                let found = plant.tag(&format!("system/automations/{}/{last}", spec.name));
                let told = found.and_then(|(tag, spec)| Some((spec, snapshot.get(tag)?)));
                let told = told.filter(|(_, sample)| sample.value != Value::Null);
                told.map(|(spec, sample)| target::shown(spec, &sample.value)).unwrap_or_default()
            };
            AutomationNow {
                name: spec.name.to_string(),
                description: spec.description.clone(),
                does: match &spec.work {
                    AutomationWork::Script(work) => work.file.to_string(),
                    AutomationWork::Copies { plugin, copies } => format!("{} outputs of the plugin {plugin}", copies.len()),
                },
                user: spec.user.to_string(),
                write: spec.write.iter().map(ToString::to_string).collect(),
                state: last("state"),
                last_run: last("last_run"),
                last_action: last("last_action"),
                last_error: last("last_error"),
                by_person: self.halts.lock().contains_key(&spec.name),
            }
        });
        each.collect()
    }

    /// What they did and why, newest first.
    pub(crate) fn log(&self, automation: Option<&str>, most: usize) -> Vec<AutomationEntry> {
        self.journal.newest(automation, most).into_iter().map(told).collect()
    }
}

fn told(entry: Entry) -> AutomationEntry {
    let head = AutomationEntry {
        time: time_text(entry.at),
        at: entry.at,
        automation: entry.automation,
        cause: entry.cause,
        ..AutomationEntry::default()
    };
    let plain = |what: &str, message: String| AutomationEntry { what: what.to_owned(), message, ..head.clone() };
    match entry.what {
        Happened::Line(line) => plain("line", line),
        Happened::Held(why) => plain("held", why),
        Happened::Error(error) => plain("error", error),
        Happened::Request { tag, value, why, kind, message, audit } => {
            let outcome = outcome_word(kind).replace(' ', "-");
            AutomationEntry { tag, value, why, outcome, audit, ..plain("request", message) }
        }
    }
}
