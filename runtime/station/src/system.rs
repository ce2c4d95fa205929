//! Where the station's own tags (`system/...`) are in the project's list.

use std::sync::Arc;

use plantroom_model::TagId;
use plantroom_project::Plant;

/// Tag ids of what the station says of itself. `None` where the project has no such tag.
#[derive(Clone, Debug, Default)]
pub struct SystemTags {
    /// One a connection: its state.
    pub connections: Vec<Option<TagId>>,
    /// One a plugin.
    pub plugins: Vec<PluginTags>,
    /// How long the last scan took, in ms.
    pub scan_last_ms: Option<TagId>,
    /// Inputs lost before the scan.
    pub inbox_lost: Option<TagId>,
    /// Source times that could not be true, and were replaced.
    pub implausible_times: Option<TagId>,
    /// Whether the audit trail can be written.
    pub audit_ok: Option<TagId>,
    /// Whether the disk takes everything that the station keeps.
    pub disk_ok: Option<TagId>,
    /// Why not.
    pub disk_message: Option<TagId>,
    /// What the project folder holds: 0 what runs, 1 a change that waits to be applied, 2 mistakes.
    pub project_state: Option<TagId>,
    /// The same in words.
    pub project_message: Option<TagId>,
    /// Number of the newest change.
    pub project_change: Option<TagId>,
}

/// What the station says of one plugin.
#[derive(Clone, Copy, Debug, Default)]
pub struct PluginTags {
    /// [`crate::inbox::PluginWord`] as a number.
    pub state: Option<TagId>,
    /// Faults since the start.
    pub faults: Option<TagId>,
    /// The last fault, in words.
    pub last_fault: Option<TagId>,
    /// On whose word it runs.
    pub origin: Option<TagId>,
}

impl SystemTags {
    /// Looks them up by name.
    pub fn of(plant: &Plant) -> Self {
        let connections: Vec<_> = plant.connections.iter().map(|connection| Arc::clone(&connection.name)).collect();
        let plugins: Vec<_> = plant.plugins.iter().map(|plugin| Arc::clone(&plugin.name)).collect();
        Self::named(&connections, &plugins, |name| plant.tag_ids.get(name).copied())
    }

    /// Those of these connections and plugins. One without a name is gone, and has none.
    pub fn named(connections: &[Arc<str>], plugins: &[Arc<str>], tag: impl Fn(&str) -> Option<TagId>) -> Self {
        let find = |name: String| tag(&name);
        let of_connection = |name: &str| find(format!("system/connections/{name}/state"));
        let of_plugin = |name: &str| PluginTags {
            state: find(format!("system/plugins/{name}/state")),
            faults: find(format!("system/plugins/{name}/faults")),
            last_fault: find(format!("system/plugins/{name}/last_fault")),
            origin: find(format!("system/plugins/{name}/origin")),
        };
        Self {
            connections: connections.iter().map(|name| of_connection(name)).collect(),
            plugins: plugins.iter().map(|name| of_plugin(name)).collect(),
            scan_last_ms: find("system/scan/last_ms".to_owned()),
            implausible_times: find("system/scan/implausible_times".to_owned()),
            inbox_lost: find("system/scan/inbox_lost".to_owned()),
            audit_ok: find("system/audit/ok".to_owned()),
            disk_ok: find("system/disk/ok".to_owned()),
            disk_message: find("system/disk/message".to_owned()),
            project_state: find("system/project/state".to_owned()),
            project_message: find("system/project/message".to_owned()),
            project_change: find("system/project/change".to_owned()),
        }
    }
}
