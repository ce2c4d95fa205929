//! Tags taken over, and automations, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::control::{AutomationEntry, AutomationNow, RegisterNow};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModeBody {
    /// normal, off-scan, substituted or simulated.
    pub(crate) mode: String,
    /// In engineering units, for substituted and simulated; without one the present value stands.
    #[schema(value_type = Option<serde_json::Value>)]
    pub(crate) value: Option<Json>,
    /// Why; shown to everybody who looks at the tag.
    pub(crate) reason: String,
}

/// Why something is wanted.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    /// Shown to everybody who looks; a stop must have one.
    #[serde(default)]
    pub(crate) reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OverridesView {
    pub(crate) overrides: Vec<OverrideView>,
}

/// A tag that somebody has taken over.
#[derive(Serialize, ToSchema)]
pub(crate) struct OverrideView {
    pub(crate) tag: String,
    /// off-scan, substituted or simulated.
    pub(crate) mode: String,
    /// What stands in for the source's value; null off scan.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Json,
    pub(crate) reason: String,
    pub(crate) user: String,
    /// RFC 3339.
    pub(crate) since: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RegistersView {
    /// In the order of the project.
    pub(crate) registers: Vec<RegisterNow>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AutomationsView {
    pub(crate) automations: Vec<AutomationNow>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AutomationLogView {
    /// Newest first.
    pub(crate) entries: Vec<AutomationEntry>,
}
