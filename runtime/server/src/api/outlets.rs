//! Outlets: how they are, what went out, a trial.

use axum::response::Response;
use plantroom_model::Door;
use serde::Deserialize;

use super::json;
use crate::door::Call;
use crate::error::ApiError;
use crate::outlets::DeliveryAsk;
use crate::views::{DeliveriesView, OutcomeView, OutletTryBody, OutletsView};

/// Deliveries of one answer where nobody says, and the most.
const ROWS: (usize, usize) = (100, 10_000);

pub(crate) async fn list(call: Call) -> Result<Response, ApiError> {
    json(OutletsView { outlets: call.app.station.outlets().outlets() })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliveryQuery {
    outlet: Option<String>,
    state: Option<String>,
    text: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<usize>,
}

pub(crate) async fn deliveries(call: Call) -> Result<Response, ApiError> {
    let query: DeliveryQuery = call.query()?;
    let ask = DeliveryAsk {
        outlet: query.outlet,
        state: query.state,
        text: query.text,
        since: query.since.as_deref().map(super::audit::time).transpose()?,
        until: query.until.as_deref().map(super::audit::time).transpose()?,
        limit: query.limit.unwrap_or(ROWS.0).min(ROWS.1),
    };
    let door = call.app.station.outlets();
    let rows = tokio::task::spawn_blocking(move || door.deliveries(&ask)).await.map_err(|_| ApiError::stopping())?;
    json(DeliveriesView { deliveries: rows.map_err(|why| ApiError::bad_request(why, ""))? })
}

pub(crate) async fn try_out(call: Call) -> Result<Response, ApiError> {
    let body: OutletTryBody = if call.has_body() { call.json()? } else { OutletTryBody::default() };
    let name = call.path("name").to_owned();
    let session = call.session()?.clone();
    let trying = call.app.station.outlets().try_out((session, Door::Api), name, body.to);
    let outcome = tokio::spawn(trying).await.map_err(|_| ApiError::stopping())?;
    json(OutcomeView::from(outcome))
}
