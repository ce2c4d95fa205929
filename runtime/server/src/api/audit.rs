//! The audit trail, for engineers; reading it is recorded in it.

use axum::response::Response;
use plantroom_access::{AuditFilter, Category};
use plantroom_model::Utc;
use serde::Deserialize;

use super::json;
use crate::door::Call;
use crate::error::ApiError;
use crate::views::{AuditRecordView, AuditReportView, AuditView};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    before: Option<u64>,
    since: Option<String>,
    until: Option<String>,
    user: Option<String>,
    target: Option<String>,
    category: Option<Category>,
    limit: Option<usize>,
}

pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    let query: AuditQuery = call.query()?;
    let filter = AuditFilter {
        before: query.before,
        since: query.since.as_deref().map(time).transpose()?,
        until: query.until.as_deref().map(time).transpose()?,
        user: query.user,
        target: query.target,
        category: query.category,
        limit: query.limit.unwrap_or(0),
    };
    let records = call.blocking(move |access| access.audit().list(&filter)).await??;
    note(call)?;
    json(AuditView { records: records.into_iter().map(AuditRecordView::from).collect() })
}

pub(crate) async fn verify(call: Call) -> Result<Response, ApiError> {
    let report = call.blocking(|access| access.audit().verify()).await??;
    note(call)?;
    json(AuditReportView::from(report))
}

fn note(call: Call) -> Result<(), ApiError> {
    let station = call.app.station.clone();
    let (_, permit) = call.into_login()?;
    station.access().audit().note(permit, "read", station.now());
    Ok(())
}

/// A moment that somebody has written.
pub(crate) fn time(text: &str) -> Result<Utc, ApiError> {
    let parsed = text.parse::<jiff::Timestamp>().ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok());
    parsed.map(Utc).ok_or_else(|| {
        ApiError::bad_request(format!("`{text}` is not a time"), "write it like 2026-01-31T08:00:00Z, with `+` as %2B")
    })
}
