//! What the API's JSON looks like. The only place where the model's types become JSON and back.

mod alarms;
mod control;
mod outlets;
mod project;
mod value;

use plantroom_access::{AuditRecord, AuditReport, UserInfo};
use plantroom_model::{Outcome, Quality, Role, Sample, TagSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

pub(crate) use alarms::{
    AlarmActBody, AlarmActOn, AlarmActsBody, AlarmJournalView, AlarmLineView, AlarmOutcomeView, AlarmOutcomesView, AlarmView,
    AlarmsView, state_word,
};
pub(crate) use control::*;
pub(crate) use outlets::{DeliveriesView, OutletTryBody, OutletsView};
pub(crate) use project::{
    ChangeBody, ChangeDoneView, ChangeView, ChangesView, DiagnosticView, MessageView, ProjectFileView, ProjectFilesView,
    ProjectView, RollbackBody,
};
pub(crate) use value::{time, value_from_json, value_json};

/// Why something can't be done.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorView {
    /// What is wrong, in a sentence.
    pub(crate) error: String,
    /// What to do; may be empty.
    pub(crate) help: String,
}

/// That it was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct DoneView {
    /// Always true.
    pub(crate) done: bool,
}

/// What a user may do; each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleWord {
    View,
    Operate,
    Engineer,
}

impl From<Role> for RoleWord {
    fn from(role: Role) -> Self {
        match role {
            Role::View => Self::View,
            Role::Operate => Self::Operate,
            Role::Engineer => Self::Engineer,
        }
    }
}

impl From<RoleWord> for Role {
    fn from(role: RoleWord) -> Self {
        match role {
            RoleWord::View => Self::View,
            RoleWord::Operate => Self::Operate,
            RoleWord::Engineer => Self::Engineer,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// Who is logged in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    pub(crate) user: String,
    pub(crate) role: RoleWord,
    /// The token to send with every request; only in the answer to a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// The plant's name.
    pub(crate) plant: String,
    /// IANA name.
    pub(crate) time_zone: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnPasswordBody {
    /// The password until now.
    pub(crate) current: String,
    /// The new one, at least 10 characters.
    pub(crate) password: String,
}

/// One page of tags, in the order of the project.
#[derive(Serialize, ToSchema)]
pub(crate) struct TagsView {
    /// How many match the filter.
    pub(crate) total: usize,
    /// How many were left out before these.
    pub(crate) offset: usize,
    pub(crate) tags: Vec<TagView>,
}

/// A tag and what it holds now.
#[derive(Serialize, ToSchema)]
pub(crate) struct TagView {
    pub(crate) name: String,
    /// bool, int, uint, float or text.
    pub(crate) kind: String,
    /// Engineering unit; may be empty.
    pub(crate) unit: String,
    pub(crate) description: String,
    /// In engineering units; null while there is none; `"NaN"`, `"inf"` and `"-inf"` for what JSON has no number for.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Json,
    /// The same in the tag's own words: its state, or the number with its digits, without the unit; empty while there is none.
    pub(crate) shown: String,
    /// good, uncertain or bad.
    pub(crate) quality: String,
    /// OPC UA status code.
    pub(crate) status: u32,
    /// The status in words.
    pub(crate) reason: String,
    /// When the source says it came to be (RFC 3339); null while not known.
    pub(crate) source_time: Option<String>,
    /// When the station took it in (RFC 3339); null while not known.
    pub(crate) server_time: Option<String>,
    /// Whether the user of this request may write it.
    pub(crate) writable: bool,
    /// What must be said yes to (`confirmed`) when it is written; null for nothing.
    pub(crate) confirmation: Option<String>,
    /// Lowest and highest value in engineering units.
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) limits: LimitsView,
    /// Digits after the point on screens.
    pub(crate) decimals: u8,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LimitsView {
    pub(crate) high_high: Option<f64>,
    pub(crate) high: Option<f64>,
    pub(crate) low: Option<f64>,
    pub(crate) low_low: Option<f64>,
}

impl TagView {
    pub(crate) fn new(spec: &TagSpec, sample: &Sample, role: Option<Role>) -> Self {
        let limits = spec.limits;
        Self {
            name: spec.name.to_string(),
            kind: spec.kind.word().to_owned(),
            unit: spec.unit.clone(),
            description: spec.description.to_string(),
            value: value_json(&sample.value),
            shown: value::shown(spec, &sample.value),
            quality: match sample.status.quality() {
                Quality::Good => "good",
                Quality::Uncertain => "uncertain",
                Quality::Bad => "bad",
            }
            .to_owned(),
            status: sample.status.0,
            reason: sample.status.words().to_owned(),
            source_time: time(sample.source_time),
            server_time: time(sample.server_time),
            writable: spec.write.as_ref().is_some_and(|write| role.is_some_and(|role| role >= write.role)),
            confirmation: spec.write.as_ref().and_then(|write| write.confirmation.clone()),
            range: spec.range,
            limits: LimitsView { high_high: limits.high_high, high: limits.high, low: limits.low, low_low: limits.low_low },
            decimals: spec.decimals,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteBody {
    /// In engineering units: a number, true or false, or text, as the tag's kind asks.
    #[schema(value_type = serde_json::Value)]
    pub(crate) value: Json,
    /// Why; goes into the audit trail.
    #[serde(default)]
    pub(crate) comment: String,
    /// Yes to the tag's own question (`confirmation` of the tag), where it has one.
    #[serde(default)]
    pub(crate) confirmed: bool,
}

/// How a write ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutcomeView {
    /// confirmed, done, mismatch, unknown, refused or not-sent. After `unknown`, look before trying again.
    pub(crate) kind: String,
    /// For the operator.
    pub(crate) message: String,
    /// Number of its audit record; 0 if there is none.
    pub(crate) audit: u64,
}

impl From<Outcome> for OutcomeView {
    fn from(outcome: Outcome) -> Self {
        Self { kind: word(&outcome.kind), message: outcome.message, audit: outcome.audit }
    }
}

/// All screen scripts.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScreensView {
    /// Counts changes.
    pub(crate) revision: u64,
    /// The screen to open first.
    pub(crate) home: String,
    pub(crate) files: Vec<ScreenView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ScreenView {
    /// Path below `screens/`.
    pub(crate) path: String,
    /// Rhai source.
    pub(crate) text: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct UsersView {
    pub(crate) users: Vec<UserView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct UserView {
    pub(crate) name: String,
    pub(crate) role: RoleWord,
    /// RFC 3339.
    pub(crate) created: Option<String>,
    /// When role or password last changed (RFC 3339).
    pub(crate) changed: Option<String>,
    pub(crate) tokens: Vec<TokenView>,
}

/// An API token, without its secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    pub(crate) id: String,
    pub(crate) label: String,
    /// The most it may do.
    pub(crate) role: RoleWord,
    /// RFC 3339.
    pub(crate) created: Option<String>,
}

impl From<UserInfo> for UserView {
    fn from(user: UserInfo) -> Self {
        let tokens = user.tokens.into_iter().map(|token| TokenView {
            id: token.id,
            label: token.label,
            role: token.role.into(),
            created: time(token.created),
        });
        Self {
            name: user.name,
            role: user.role.into(),
            created: time(user.created),
            changed: time(user.changed),
            tokens: tokens.collect(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserBody {
    pub(crate) name: String,
    /// At least 10 characters.
    pub(crate) password: String,
    pub(crate) role: RoleWord,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// At least 10 characters.
    pub(crate) password: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleBody {
    pub(crate) role: RoleWord,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    /// The user it acts for.
    pub(crate) user: String,
    /// What it is for.
    pub(crate) label: String,
    /// The most it may do; without it, what its user may.
    pub(crate) role: Option<RoleWord>,
}

/// A new API token.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewTokenView {
    /// For revoking it.
    pub(crate) id: String,
    /// The secret; shown only now.
    pub(crate) token: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditView {
    /// Newest first.
    pub(crate) records: Vec<AuditRecordView>,
}

/// One record of the audit trail.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditRecordView {
    pub(crate) number: u64,
    /// RFC 3339.
    pub(crate) time: Option<String>,
    /// open (is about to happen), close (how it ended) or note.
    pub(crate) entry: String,
    /// The record that this one closes.
    pub(crate) of: Option<u64>,
    /// console, api, cli, station or script.
    pub(crate) door: String,
    /// The address it came from.
    pub(crate) source: String,
    pub(crate) user: String,
    /// access, request, configuration, backup, audit or station.
    pub(crate) category: String,
    pub(crate) act: String,
    /// The tag or user acted upon.
    pub(crate) target: String,
    #[schema(value_type = Option<serde_json::Value>)]
    pub(crate) old: Option<Json>,
    #[schema(value_type = Option<serde_json::Value>)]
    pub(crate) new: Option<Json>,
    pub(crate) comment: String,
    pub(crate) result: String,
}

impl From<AuditRecord> for AuditRecordView {
    fn from(record: AuditRecord) -> Self {
        Self {
            number: record.number,
            time: time(record.at),
            entry: word(&record.entry),
            of: record.of,
            door: word(&record.door),
            source: record.source,
            user: record.user,
            category: word(&record.category),
            act: record.act,
            target: record.target,
            old: record.old,
            new: record.new,
            comment: record.comment,
            result: record.result,
        }
    }
}

/// What checking the audit trail has found.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditReportView {
    pub(crate) intact: bool,
    pub(crate) records: u64,
    /// Number of the newest record.
    pub(crate) last: u64,
    /// SHA-256 of the newest record; keep it elsewhere to be able to tell that the end was not cut off.
    pub(crate) head: String,
    /// The first place where the chain is broken, in a sentence.
    pub(crate) broken: Option<String>,
    /// Records that were opened and not yet closed.
    pub(crate) open: Vec<u64>,
}

impl From<AuditReport> for AuditReportView {
    fn from(report: AuditReport) -> Self {
        let broken = report.broken.as_ref();
        Self {
            intact: report.intact(),
            records: report.records,
            last: report.last,
            head: report.head,
            broken: broken.map(|broken| format!("{}, byte {}: {}", broken.file.display(), broken.offset, broken.what)),
            open: report.open,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionsView {
    pub(crate) connections: Vec<ConnectionView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionView {
    pub(crate) name: String,
    /// The plugin that drives it.
    pub(crate) driver: String,
    /// host:port
    pub(crate) address: String,
    /// connecting, up, silent or down; null while not known.
    pub(crate) state: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PluginsView {
    pub(crate) plugins: Vec<PluginView>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PluginView {
    pub(crate) name: String,
    /// The component it runs.
    pub(crate) component: String,
    /// starting, running, restarting, quarantined or stopped; null while not known.
    pub(crate) state: Option<String>,
    /// Faults since the station started.
    #[schema(value_type = serde_json::Value)]
    pub(crate) faults: Json,
    /// The last one in a sentence.
    #[schema(value_type = serde_json::Value)]
    pub(crate) last_fault: Json,
    /// On whose word it runs: "signed by ...", "comes with this installation", "unsigned: ...".
    #[schema(value_type = serde_json::Value)]
    pub(crate) origin: Json,
}

/// How the station is.
#[derive(Serialize, ToSchema)]
pub(crate) struct HealthView {
    /// Whether the scan runs and the audit trail can be written.
    pub(crate) ok: bool,
    /// Age of the newest scan, in ms.
    pub(crate) scan_age_ms: u64,
    pub(crate) audit_ok: bool,
    pub(crate) plugins_running: u32,
    pub(crate) plugins: u32,
    pub(crate) connections_up: u32,
    pub(crate) connections: u32,
}

/// The word that serde writes for a plain enum.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(word)) => word,
        _ => String::new(),
    }
}
