//! Where the station's own tags (`system/...`) are in the project's list.

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
    /// Whether the audit trail can be written.
    pub audit_ok: Option<TagId>,
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
}

impl SystemTags {
    /// Looks them up by name.
    pub fn of(plant: &Plant) -> Self {
        let find = |name: String| plant.tag_ids.get(name.as_str()).copied();
        let of_connection = |name: &str| find(format!("system/connections/{name}/state"));
        let of_plugin = |name: &str| PluginTags {
            state: find(format!("system/plugins/{name}/state")),
            faults: find(format!("system/plugins/{name}/faults")),
            last_fault: find(format!("system/plugins/{name}/last_fault")),
        };
        Self {
            connections: plant.connections.iter().map(|connection| of_connection(&connection.name)).collect(),
            plugins: plant.plugins.iter().map(|plugin| of_plugin(&plugin.name)).collect(),
            scan_last_ms: find("system/scan/last_ms".to_owned()),
            inbox_lost: find("system/scan/inbox_lost".to_owned()),
            audit_ok: find("system/audit/ok".to_owned()),
        }
    }
}
