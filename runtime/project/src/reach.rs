//! What a plugin could reach in a plant, in sentences that an auditor can sign: what it asks for and is granted.

use plantroom_archive::Ask;
use plantroom_model::{AlarmId, TagId};

use crate::{AutomationWork, ConnectionSpec, Plant, PluginSpec};

/// What a plugin could reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What it can do, one thing each.
    pub can: Vec<ReachItem>,
    /// What it is granted and doesn't ask for, so that it has no way to use it.
    pub unused: Vec<&'static str>,
    /// What it may use, one thing each.
    pub limits: Vec<String>,
    /// What it can't, one sentence each.
    pub cannot: Vec<String>,
}

/// One thing that a plugin can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachItem {
    /// A sentence: "It takes write orders for 2 tags."
    pub sentence: String,
    /// To what, by name.
    pub names: Vec<String>,
}

/// What a plugin that asks for this could reach in this plant.
pub fn reach(plant: &Plant, spec: &PluginSpec, ask: &Ask) -> Reach {
    let mut reach = Reach::default();
    let grant = &spec.grant;
    let asks = |import: &str| ask.imports.contains(import);
    let mut used = Vec::new();
    let mut add = |import: &'static str, key: &'static str, sentence: String, names: Vec<String>| {
        if !names.is_empty() && asks(import) {
            reach.can.push(ReachItem { sentence, names });
            used.push(import);
        } else if !names.is_empty() {
            reach.unused.push(key);
        }
    };
    let connections = grant.connections.iter().filter_map(|id| plant.connections.get(id.0 as usize)).filter(|c| !c.is_gone());
    let connections: Vec<String> = connections.map(connection).collect();
    let sentence = format!(
        "It sends Modbus requests to {}: any that read, and those that write while it carries out an order.",
        count(connections.len(), "connection")
    );
    add("modbus", "connections", sentence, connections);
    let of_tags = |tags: &[TagId]| tag_names(plant, tags);
    let written = of_tags(&grant.write);
    let sentence =
        format!("It takes write orders for {}: those that a person or an automation was permitted.", count(written.len(), "tag"));
    add("orders", "write", sentence, written);
    let published = of_tags(&grant.publish);
    add("samples", "publish", format!("It says what {} hold.", count(published.len(), "tag")), published);
    let read = of_tags(&grant.read);
    add("tags", "read", format!("It reads {}.", count(read.len(), "tag")), read);
    let alarms = &grant.alarms;
    for (ids, words) in [
        (&alarms.raise, "It says when {} hold that are its own."),
        (&alarms.suppress, "It suppresses {}, with a reason that operators read."),
        (&alarms.mark, "It marks {} as first or with a likely cause."),
        (&alarms.read, "It hears what happens to {}."),
    ] {
        let names = alarm_names(plant, ids);
        add("conditions", "alarms", words.replace("{}", &count(names.len(), "alarm")), names);
    }
    reach.unused.dedup();
    for (sentence, names) in automations(plant, spec) {
        reach.can.push(ReachItem { sentence, names });
        used.push("automation");
    }
    if asks("memory") && grant.store_bytes > 0 {
        let sentence = format!("It keeps up to {} KiB of its own over a restart.", grant.store_bytes >> 10);
        reach.can.push(ReachItem { sentence, names: Vec::new() });
    }
    reach.limits = limits(spec, ask);
    reach.cannot = cannot(&used);
    reach
}

/// What the project has written in a plugin's name: it can't ask for that itself, but its values are what is written.
fn automations(plant: &Plant, spec: &PluginSpec) -> Vec<(String, Vec<String>)> {
    let copies = plant.automations.iter().filter_map(|automation| match &automation.work {
        AutomationWork::Copies { plugin, copies } if *plugin == spec.name => Some((automation, copies)),
        _ => None,
    });
    let told = copies.map(|(automation, copies)| {
        let sentence = format!(
            "The station writes its values to {}, as the automation `{}` with the rights of `{}`.",
            count(copies.len(), "tag"),
            automation.name,
            automation.user
        );
        (sentence, copies.iter().map(|copy| format!("{} from {}", copy.to, copy.from)).collect())
    });
    told.collect()
}

fn limits(spec: &PluginSpec, ask: &Ask) -> Vec<String> {
    let grant = &spec.grant;
    let mut limits = vec![
        format!("{} MiB of memory", grant.memory_bytes >> 20),
        format!(
            "{} % of one core in the long run; a step is told after {} ms and ended after {} ms",
            grant.cpu_pct, grant.soft_ms, grant.hard_ms
        ),
    ];
    for (import, number, words) in [
        ("samples", grant.samples_per_s, "samples a second"),
        ("log", grant.log_lines_per_s, "log lines a second"),
        ("conditions", grant.alarms.words_per_s, "words about alarms a second"),
    ] {
        if ask.imports.contains(import) {
            limits.push(format!("{number} {words}"));
        }
    }
    limits
}

fn cannot(used: &[&str]) -> Vec<String> {
    let all = [
        ("modbus", "It reaches no device."),
        ("orders", "It writes to nothing: it is handed no write order."),
        ("tags", "It reads no tag."),
        ("conditions", "It says nothing of alarms, and hears of none."),
    ];
    let is_written_for = |import: &str| import == "orders" && used.contains(&"automation");
    let missing =
        all.iter().filter(|(import, _)| !used.contains(import) && !is_written_for(import)).map(|(_, sentence)| *sentence);
    let always =
        "It has no way to files, to other machines, to the clock, to other plugins, or to anything that isn't named here.";
    missing.chain([always]).map(str::to_owned).collect()
}

fn connection(spec: &ConnectionSpec) -> String {
    match spec.devices.len() {
        0 => format!("{} ({})", spec.name, spec.link),
        devices => format!("{} ({}, {})", spec.name, spec.link, count(devices, "device")),
    }
}

fn tag_names(plant: &Plant, ids: &[TagId]) -> Vec<String> {
    ids.iter().filter_map(|id| plant.tags.get(id.0 as usize)).map(|tag| tag.name.to_string()).collect()
}

fn alarm_names(plant: &Plant, ids: &[AlarmId]) -> Vec<String> {
    ids.iter().filter_map(|id| plant.alarms.get(id.0 as usize)).map(|alarm| alarm.name.to_string()).collect()
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
