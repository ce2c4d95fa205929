//! The tags that the station itself says: `system/...`.

use plantroom_model::{Origin, TagSpec, ValueKind};

const LINK_STATES: &[&str] = &["connecting", "up", "silent", "down"];
/// In the order of the station's numbers for them.
const AUTOMATION_STATES: &[&str] = &["waiting", "running", "stopped"];
const PROJECT_STATES: &[&str] = &["current", "change waits", "change refused"];
const PLUGIN_STATES: &[&str] = &["starting", "running", "restarting", "quarantined", "stopped"];

/// Every system tag of a plant with these connections, plugins, automations and outlets.
pub(crate) fn system_tags<'a>(
    connections: impl Iterator<Item = &'a str>,
    plugins: impl Iterator<Item = &'a str>,
    automations: impl Iterator<Item = &'a str>,
    outlets: impl Iterator<Item = &'a str>,
) -> Vec<TagSpec> {
    let mut tags = vec![
        tag("system/scan/last_ms", ValueKind::Float, "how long the last scan took", "ms", 2),
        tag("system/scan/inbox_lost", ValueKind::Uint, "inputs lost since the start because the inbox was full", "", 0),
        tag(
            "system/scan/implausible_times",
            ValueKind::Uint,
            "source times since the start that could not be true, and were replaced by the station's",
            "",
            0,
        ),
        tag("system/audit/ok", ValueKind::Bool, "the audit trail can be written", "", 0),
    ];
    if let Some(audit) = tags.last_mut() {
        audit.states = states(&["failed", "ok"]);
    }
    let mut disk = tag("system/disk/ok", ValueKind::Bool, "the disk takes everything that the station keeps", "", 0);
    disk.states = states(&["full or failing", "ok"]);
    tags.push(disk);
    tags.push(tag("system/disk/message", ValueKind::Text, "what the disk doesn't take, and what to do", "", 0));
    let mut project = tag("system/project/state", ValueKind::Uint, "whether the project folder holds what runs", "", 0);
    project.states = states(PROJECT_STATES);
    tags.push(project);
    tags.push(tag("system/project/message", ValueKind::Text, "how the project folder stands to what runs", "", 0));
    tags.push(tag("system/project/change", ValueKind::Uint, "number of the newest change of the project", "", 0));
    tags.push(tag("system/overrides", ValueKind::Uint, "tags that a person has taken over", "", 0));
    for name in connections {
        let mut state = tag(&format!("system/connections/{name}/state"), ValueKind::Uint, &format!("link of {name}"), "", 0);
        state.states = states(LINK_STATES);
        tags.push(state);
    }
    for name in plugins {
        let mut state = tag(&format!("system/plugins/{name}/state"), ValueKind::Uint, &format!("plugin {name}"), "", 0);
        state.states = states(PLUGIN_STATES);
        tags.push(state);
        let words = format!("faults of plugin {name} since the start");
        tags.push(tag(&format!("system/plugins/{name}/faults"), ValueKind::Uint, &words, "", 0));
        let words = format!("the last fault of plugin {name}");
        tags.push(tag(&format!("system/plugins/{name}/last_fault"), ValueKind::Text, &words, "", 0));
        let words = format!("on whose word plugin {name} runs");
        tags.push(tag(&format!("system/plugins/{name}/origin"), ValueKind::Text, &words, "", 0));
    }
    for name in automations {
        let path = |last: &str| format!("system/automations/{name}/{last}");
        let mut state = tag(&path("state"), ValueKind::Uint, &format!("automation {name}"), "", 0);
        state.states = states(AUTOMATION_STATES);
        tags.push(state);
        tags.push(tag(&path("last_run"), ValueKind::Text, &format!("when automation {name} last ran"), "", 0));
        tags.push(tag(&path("last_action"), ValueKind::Text, &format!("what automation {name} last did, and why"), "", 0));
        tags.push(tag(&path("last_error"), ValueKind::Text, &format!("why automation {name} has stopped"), "", 0));
    }
    for name in outlets {
        let path = |last: &str| format!("system/outlets/{name}/{last}");
        let mut ok = tag(&path("ok"), ValueKind::Bool, &format!("notifications through {name} get out"), "", 0);
        ok.states = states(&["failed", "ok"]);
        tags.push(ok);
        let count = |last: &str, words: &str| tag(&path(last), ValueKind::Uint, &format!("{words} through {name}"), "", 0);
        tags.push(count("sent", "messages since the start that got out"));
        tags.push(count("waiting", "notifications that have not got out yet"));
        tags.push(count("given_up", "messages since the start that never got out"));
        tags.push(tag(&path("last_error"), ValueKind::Text, &format!("why a message through {name} last failed"), "", 0));
    }
    tags
}

fn tag(name: &str, kind: ValueKind, description: &str, unit: &str, decimals: u8) -> TagSpec {
    let mut tag = TagSpec::new(name, kind, Origin::System);
    tag.description = description.into();
    tag.unit = unit.to_owned();
    tag.decimals = decimals;
    tag
}

fn states(words: &[&str]) -> Vec<(i64, String)> {
    (0..).zip(words.iter().map(|word| (*word).to_owned())).collect()
}
