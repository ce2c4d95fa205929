//! Tags taken over, why a tag is as it is, and automations.

use axum::response::Response;
use plantroom_model::{AutomationVerb, Door, ModeRequest, TagMode, limits as model_limits};
use serde::Deserialize;

use super::json;
use super::tags::find;
use crate::door::Call;
use crate::error::ApiError;
use crate::views::{
    AutomationLogView, AutomationsView, ModeBody, OutcomeView, OverrideView, OverridesView, ReasonBody, RegistersView, time,
    value_from_json, value_json,
};

/// Entries of the automations' journal in one answer where nobody says, and the most.
const ENTRIES: (usize, usize) = (100, 10_000);

pub(crate) async fn set_mode(call: Call) -> Result<Response, ApiError> {
    let body: ModeBody = call.json()?;
    let plant = call.app.station.plant();
    let (tag, spec) = find(&plant, call.path("name"))?;
    let mode = TagMode::from_word(&body.mode).ok_or_else(|| {
        ApiError::bad_request(format!("`{}` is not a mode of a tag", body.mode), "normal, off-scan, substituted or simulated")
    })?;
    let value = body.value.as_ref().filter(|value| !value.is_null()).map(|value| value_from_json(value, spec.kind)).transpose();
    let value = value
        .map_err(|fits| ApiError::bad_request(format!("the value doesn't fit `{}` ({})", spec.name, spec.kind.word()), fits))?;
    if body.reason.len() > model_limits::COMMENT_BYTES {
        return Err(ApiError::bad_request("the reason is too long", format!("at most {} bytes", model_limits::COMMENT_BYTES)));
    }
    let session = call.session()?.clone();
    let asked = ModeRequest { tag, mode, value, reason: body.reason };
    let changing = call.app.station.set_mode(session, Door::Api, asked);
    let outcome = tokio::spawn(changing).await.map_err(|_| ApiError::stopping())?;
    json(OutcomeView::from(outcome))
}

pub(crate) async fn why(call: Call) -> Result<Response, ApiError> {
    let plant = call.app.station.plant();
    let (tag, _) = find(&plant, call.path("name"))?;
    let station = call.app.station.clone();
    // A driver is asked, and may take its time.
    let why = tokio::task::spawn_blocking(move || station.why(tag)).await.map_err(|_| ApiError::stopping())?;
    json(why)
}

pub(crate) async fn overrides(call: Call) -> Result<Response, ApiError> {
    let overrides = call.app.station.overrides().into_iter().map(|over| OverrideView {
        tag: over.tag,
        mode: over.mode.word().to_owned(),
        value: over.value.as_ref().map_or(serde_json::Value::Null, value_json),
        reason: over.reason,
        user: over.user,
        since: time(over.since),
    });
    json(OverridesView { overrides: overrides.collect() })
}

/// Tags of one answer with raw registers: a screenful of the largest device.
const REGISTERS: usize = 2_000;

pub(crate) async fn registers(call: Call) -> Result<Response, ApiError> {
    let plant = call.app.station.plant();
    let name = call.path("name").to_owned();
    let Some((connection, _)) = plant.connection(&name) else {
        let shown: String = name.chars().take(model_limits::TAG_NAME_BYTES).collect();
        return Err(ApiError::not_found(format!("there is no connection `{shown}`"), "GET /api/v1/connections lists them all"));
    };
    let station = call.app.station.clone();
    let registers = tokio::task::spawn_blocking(move || station.registers(connection, REGISTERS)).await;
    json(RegistersView { registers: registers.map_err(|_| ApiError::stopping())? })
}

pub(crate) async fn automations(call: Call) -> Result<Response, ApiError> {
    json(AutomationsView { automations: call.app.station.automations() })
}

pub(crate) async fn steer(call: Call) -> Result<Response, ApiError> {
    let ReasonBody { reason } = if call.has_body() { call.json()? } else { ReasonBody::default() };
    let (name, word) = (call.path("name").to_owned(), call.path("verb").to_owned());
    let verb = AutomationVerb::from_word(&word)
        .ok_or_else(|| ApiError::not_found("there is no such verb for automations", "start, stop or restart"))?;
    let session = call.session()?.clone();
    let steering = call.app.station.steer(session, Door::Api, name, verb, reason);
    let outcome = tokio::spawn(steering).await.map_err(|_| ApiError::stopping())?;
    json(OutcomeView::from(outcome))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    name: Option<String>,
    limit: Option<usize>,
}

pub(crate) async fn automation_log(call: Call) -> Result<Response, ApiError> {
    let query: LogQuery = call.query()?;
    let plant = call.app.station.plant();
    if let Some(name) = &query.name
        && !plant.automations.iter().any(|automation| *automation.name == **name)
    {
        let shown: String = name.chars().take(model_limits::TAG_NAME_BYTES).collect();
        return Err(ApiError::not_found(format!("there is no automation `{shown}`"), "GET /api/v1/automations lists them all"));
    }
    let most = query.limit.unwrap_or(ENTRIES.0).min(ENTRIES.1);
    json(AutomationLogView { entries: call.app.station.automation_log(query.name.as_deref(), most) })
}
