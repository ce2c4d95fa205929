//! The alarms that the station has by itself: devices that don't answer, the disk, the audit trail, plugins, automations.
//! A project changes them by their names (`[[alarm]] name = "system/disk"`), and takes them away with `remove = true`.

use std::borrow::Cow;

use crate::alarms::Alarms;
use crate::alarms::keys::ALARM;
use crate::alarms::read::{Around, read};
use crate::automations::AutomationDecl;
use crate::connections::ConnectionDecl;
use crate::fields::Fields;
use crate::names::Names;
use crate::report::{Report, Spot, suggestion};
use crate::shape::check_table;
use crate::tree::{Entries, Entry, Item, Raw};

/// Alarms that the station itself raises, through [`plantroom_model::Conditions`]; they are there in every project whose
/// plant.toml doesn't say `station = false`.
pub const SYSTEM_ALARMS: [&str; 2] = ["system/alarms/journal", "system/alarms/scripts"];

/// One of the station's alarms: name, message, priority, when, consequence, action.
struct Own {
    name: String,
    message: String,
    priority: &'static str,
    when: When,
    consequence: &'static str,
    action: &'static str,
}

enum When {
    /// A system tag has one of these numbers.
    State(String, &'static [i64]),
    /// A system tag counts something; active for a minute after each.
    Counts(String),
    /// A device, or a connection.
    Silent(String, Option<String>),
    /// The station says when.
    Told,
}

/// What of a plant has alarms of the station.
pub(crate) struct Parts<'a> {
    pub connections: &'a [ConnectionDecl],
    pub plugins: &'a Names,
    pub automations: &'a [AutomationDecl],
    pub outlets: &'a [String],
}

impl Alarms {
    /// Adds them; those that the project says otherwise are changed or left out.
    pub fn add_of_station(&mut self, parts: &Parts<'_>, report: &mut Report) {
        let mut own = Vec::new();
        if self.settings.communication {
            own.extend(self.silent_devices(parts.connections));
        }
        if self.settings.station {
            own.extend(of_station(parts));
        }
        let said = std::mem::take(&mut self.of_station);
        let names: Vec<&str> = own.iter().map(|one| one.name.as_str()).collect();
        for (name, _, spot) in said.iter().filter(|(name, ..)| !names.contains(&name.as_str())) {
            let help = suggestion(
                name,
                names.iter().copied(),
                "choose another first part, or write plantroom alarm list for their names",
            );
            report.error(*spot, format!("the station has no alarm `{name}`; names under system/ are its own"), help);
        }
        for one in own {
            let changed = said.iter().find(|(name, ..)| *name == one.name);
            self.add_own(&one, changed.map(|(_, item, spot)| (item, *spot)), report);
        }
    }

    /// Devices that no alarm of the project is about.
    fn silent_devices(&self, connections: &[ConnectionDecl]) -> Vec<Own> {
        let mut own = Vec::new();
        for connection in connections {
            let devices = connection.devices.iter().map(|device| Some(device.name.to_string()));
            let each: Vec<Option<String>> = if connection.devices.is_empty() { vec![None] } else { devices.collect() };
            for device in each.into_iter().filter(|device| !self.has_communication(&connection.name, device.as_deref())) {
                let (name, what) = match &device {
                    Some(device) => (format!("{}/{device}", connection.name), format!("{device} ({})", connection.name)),
                    None => (connection.name.clone(), connection.name.clone()),
                };
                own.push(Own {
                    name: format!("system/communication/{name}"),
                    message: format!("No communication with {what}"),
                    priority: "medium",
                    when: When::Silent(connection.name.clone(), device),
                    consequence: "Its values are the last known ones, and its alarms can't come",
                    action: "Check the device's power and network; until it is back, watch the unit on site",
                });
            }
        }
        own
    }

    fn has_communication(&self, connection: &str, device: Option<&str>) -> bool {
        use crate::alarms::decl::ConditionDecl::Communication;
        let text = |number: u32| self.kept.texts.get(number);
        self.decls.iter().chain(&self.list).any(|decl| match &decl.condition {
            Communication { connection: said, device: of } => {
                text(said.text) == connection && of.is_none_or(|of| Some(text(of.text)) == device)
            }
            _ => false,
        })
    }

    fn add_own(&mut self, own: &Own, changed: Option<(&Item, Spot)>, report: &mut Report) {
        let mut entries = entries_of(own);
        let mut spot = Spot::NOWHERE;
        if let Some((item, at)) = changed {
            spot = at;
            for entry in item.entries().into_iter().flatten().filter(|entry| entry.key != "name") {
                if entry.key == "remove" && entry.item.flag() == Some(true) {
                    return;
                }
                entries.retain(|known| known.key != entry.key);
                entries.push(entry.clone());
            }
            entries.retain(|entry| entry.key != "remove");
            check_table(&entries, spot, &ALARM, report);
        }
        let around = Around { name: Some(&own.name), ..Around::default() };
        if let Some(mut decl) = read(Fields::new(&entries, &ALARM, spot), around, self, report) {
            if matches!(own.when, When::Told) {
                decl.condition = crate::alarms::decl::ConditionDecl::System;
            }
            self.add_decl(decl, report);
        }
    }
}

/// The station's alarms that are there once: name, message, priority, tag and how it is looked at, consequence, action.
const ONCE: [(&str, &str, &str, Look, &str, &str); 6] = [
    (
        "disk",
        "The station's disk is full or fails",
        "high",
        Look::Is("disk/ok", &[0]),
        "Audit trail, journal and history are not written; later only essential writes pass",
        "Make room on the disk, or have it replaced; system/disk/message says more",
    ),
    (
        "audit",
        "The audit trail can't be written",
        "high",
        Look::Is("audit/ok", &[0]),
        "When its reserve is spent, only writes marked essential pass",
        "Make room on the disk; keep control to what is needed until then",
    ),
    (
        "scan/inbox_lost",
        "The station has lost inputs",
        "medium",
        Look::Counts("scan/inbox_lost"),
        "Samples were dropped; the tags concerned are marked uncertain",
        "Find out which driver sends too much: plantroom tag list 'system/plugins/*'",
    ),
    (
        "scan/implausible_times",
        "A device sends times that can't be true",
        "low",
        Look::Counts("scan/implausible_times"),
        "Values stay live, at the station's time; the order of events may be wrong",
        "Set the clock of the device, or replace its battery",
    ),
    (
        "alarms/journal",
        "The alarm journal can't be written",
        "high",
        Look::Told,
        "Alarms go on, but what happens to them is not kept",
        "Make room on the disk, or have it replaced",
    ),
    (
        "alarms/scripts",
        "An alarm script or a rule of notifications has an error",
        "medium",
        Look::Told,
        "A script's alarms stay as they were, marked unknown; of what a rule fails at, nobody is told",
        "Tell the engineer; the detail names file and line",
    ),
];

/// How a system tag, named without `system/`, is looked at.
enum Look {
    Is(&'static str, &'static [i64]),
    Counts(&'static str),
    Told,
}

fn of_station(parts: &Parts<'_>) -> Vec<Own> {
    let tag = |name: &str| format!("system/{name}");
    let own = |name: String, message: String, priority, when, consequence, action| Own {
        name: tag(&name),
        message,
        priority,
        when,
        consequence,
        action,
    };
    let once = ONCE.iter().map(|(name, message, priority, look, consequence, action)| {
        let when = match look {
            Look::Is(of, is) => When::State(tag(of), is),
            Look::Counts(of) => When::Counts(tag(of)),
            Look::Told => When::Told,
        };
        own((*name).to_owned(), (*message).to_owned(), priority, when, consequence, action)
    });
    let mut all: Vec<Own> = once.collect();
    for name in parts.plugins.all() {
        let fault = When::Counts(tag(&format!("plugins/{name}/faults")));
        let words = format!("Plugin {name} had a fault and was started again");
        let (then, act) = ("Its tags were bad for a moment", "Tell the engineer if it happens again");
        all.push(own(format!("plugins/{name}/fault"), words, "low", fault, then, act));
        let quarantine = When::State(tag(&format!("plugins/{name}/state")), &[3]);
        let then = "All its tags are bad, and nothing is written through it";
        let act = "Watch the unit on site; the engineer starts it again: plantroom plugin release";
        let words = format!("Plugin {name} is quarantined");
        all.push(own(format!("plugins/{name}/quarantined"), words, "high", quarantine, then, act));
    }
    for name in parts.automations.iter().map(AutomationDecl::name) {
        let stopped = When::State(tag(&format!("automations/{name}/state")), &[2]);
        let then = "What it does by itself has to be done by hand";
        let words = format!("Automation {name} has stopped");
        all.push(own(
            format!("automations/{name}"),
            words,
            "medium",
            stopped,
            then,
            "Read why in its last error, then start it again",
        ));
    }
    for name in parts.outlets {
        let then = "People who are not at a console are not told of alarms";
        let act = "Tell them by telephone; check the outlet's server and password";
        let words = format!("Notifications through {name} don't get out");
        all.push(own(format!("outlets/{name}"), words, "medium", When::Told, then, act));
    }
    all
}

/// As its table would say it.
fn entries_of(own: &Own) -> Entries {
    let at = u32::MAX;
    let entry = |key: &'static str, raw: Raw| Entry { key: Cow::Borrowed(key), at, item: Item { raw, at } };
    let text = |key: &'static str, text: &str| entry(key, Raw::Text(text.to_owned()));
    let mut entries = vec![
        text("message", &own.message),
        text("priority", own.priority),
        text("area", "system"),
        text("consequence", own.consequence),
        text("action", own.action),
    ];
    match &own.when {
        When::State(tag, is) => {
            let is = is.iter().map(|number| Item { raw: Raw::Whole(i128::from(*number)), at }).collect();
            entries.extend([text("tag", tag), entry("is", Raw::List(is))]);
        }
        When::Counts(tag) => {
            entries.extend([text("tag", tag), entry("change", Raw::Flag(true)), text("off_delay", "60 s")]);
        }
        When::Silent(connection, device) => {
            let mut inner = vec![text("connection", connection)];
            inner.extend(device.as_deref().map(|device| text("device", device)));
            entries.push(entry("communication", Raw::Table(inner)));
        }
        // Any condition; the station's own word takes its place.
        When::Told => entries.push(text("plugin", "station")),
    }
    entries
}
